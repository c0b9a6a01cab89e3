"""Schematron as a tree: what is read, in what order, and what is refused with its line."""

from __future__ import annotations

import pytest

from fakturahub.errors import PackRefused
from fakturahub.rules import sources
from fakturahub.rules.tree import (
    Check,
    Choose,
    Key,
    Let,
    Name,
    Parameter,
    Phase,
    Place,
    Sequence,
    Text,
    ValueOf,
    When,
)
from tests.unit.rules.written import in_rule, read, reasons, rules


def test_a_schema_with_everything() -> None:
    schema = read(
        """<title> The
  rules </title>
<ns prefix="cbc" uri="urn:cbc"/>
<p>Some words.</p>
<let name="all" value="/*/b"/>
<pattern id="P"><title>First</title><let name="of-pattern" value="$all + 1"/>
<rule context="a[b]" id="R" role="r" flag="f">
<let name="one" value="."/>
<assert id="A-1" test="$one" flag="fatal" role="error">At <value-of select="$one"/>, <name/>, <name path="b"/>.</assert>
<report test="b">There <emph>is</emph> a <span class="x">b</span>.</report>
</rule></pattern>"""
    )
    assert schema.file == "main.sch"
    assert schema.title == "The rules"
    assert schema.query_binding == "xslt2"
    assert schema.namespaces["cbc"] == "urn:cbc"
    assert schema.lets == (Let("all", "/*/b", Place("main.sch", 6)),)
    (pattern,) = schema.patterns
    assert (pattern.id, pattern.name, pattern.attributes) == ("P", "First", True)
    assert pattern.lets == (Let("of-pattern", "$all + 1", Place("main.sch", 7)),)
    (rule,) = pattern.rules
    assert (rule.context, rule.id, rule.flag, rule.role, rule.place.line) == ("a[b]", "R", "f", "r", 8)
    assert rule.lets == (Let("one", ".", Place("main.sch", 9)),)
    asserted, reported = rule.checks
    place = Place("main.sch", 10)
    message = ("At ", ValueOf("$one", place), ", ", Name(None, place), ", ", Name("b", place), ".")
    assert asserted == Check("A-1", "$one", message, place, False, "fatal", "error")
    assert reported == Check("P:11", "b", ("There is a b.",), Place("main.sch", 11), True)


def test_checks_without_an_id_on_one_line_have_ids_of_their_own() -> None:
    (rule,) = rules(in_rule('<assert test="b"/><assert test="c"/><report test="d"/>'))
    assert [check.id for check in rule.checks] == ["main.sch:2", "main.sch:2-2", "main.sch:2-3"]


def test_prefixes_of_xml_schema_need_no_declaration() -> None:
    assert read("<pattern/>").namespaces == {
        "xs": "http://www.w3.org/2001/XMLSchema",
        "xsd": "http://www.w3.org/2001/XMLSchema",
    }


@pytest.mark.parametrize("binding", ["xslt2", "XSLT2", "xpath2"])
def test_query_bindings_of_version_2(binding: str) -> None:
    assert read("<pattern/>", f'queryBinding="{binding}"').query_binding == binding


@pytest.mark.parametrize("attributes", ["", *(f'queryBinding="{one}"' for one in ("xslt", "xslt3", "exslt", "xpath"))])
def test_other_query_bindings_are_refused(attributes: str) -> None:
    (reason,) = reasons("<pattern/>", attributes)
    assert reason.startswith("main.sch, line 1: ")
    assert "xslt2 and xpath2" in reason


def test_schematron_1_5_is_refused() -> None:
    with pytest.raises(PackRefused, match=r"old.sch, line 1: it is Schematron 1.5"):
        sources.schemas({"old.sch": b'<schema xmlns="http://www.ascc.net/xml/schematron"/>'})


# --- variables, diagnostics, phases ---------------------------------------------------------------------------------


def test_a_variable_may_hide_one_from_further_out() -> None:
    schema = read(
        '<let name="x" value="1"/><pattern><let name="x" value="2"/>'
        '<rule context="a"><let name="x" value="3"/><assert test="$x"/></rule></pattern>'
    )
    (pattern,) = schema.patterns
    assert [one.select for one in (*schema.lets, *pattern.lets, *pattern.rules[0].lets)] == ["1", "2", "3"]


def test_a_variable_with_a_content() -> None:
    (let,) = read("<let name='x'>\n some text </let><pattern/>").lets
    assert let == Let("x", None, Place("main.sch", 2), None, (Text("\n some text ", Place("main.sch", 2)),))
    (typed,) = read("<let name='x' as='xs:string*'><xsl:sequence select='1, 2'/></let><pattern/>").lets
    assert (typed.as_type, typed.body) == ("xs:string*", (Sequence("1, 2", Place("main.sch", 2)),))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<let name="x" value="1"/><let name="x" value="1"/>', "$x is declared twice"),
        ('<pattern><let name="x" value="1"/><let name="x" value="1"/></pattern>', "$x is declared twice"),
        (in_rule('<let name="x" value="1"/><let name="x" value="2"/>'), "$x is declared twice"),
        (
            '<let name="x" value="1"/>' + in_rule('<assert test="$x"/><let name="x" value="2"/><assert test="$x"/>'),
            "$x stands for two values in one rule",
        ),
        ('<let value="1"/>', "let has no name"),
        ('<let name="x"/>', "$x has no value"),
        ('<let name="x" value=" "/>', "let has no value"),
        ('<let name="x" value="1">2</let>', "both an expression and a content"),
        ('<let name="x"><b/></let>', "the element b is made"),
        (
            '<let name="p" value="1"/><pattern abstract="true" id="a"><let name="y" value="$p"/></pattern>'
            '<pattern is-a="a"><param name="p" value="2"/></pattern>',
            "have one name",
        ),
        (in_rule('<assert test="1" diagnostics="gone"/>'), "there is no diagnostic 'gone'"),
        ('<diagnostics><diagnostic id="d"/><diagnostic id="d"/></diagnostics>', "diagnostic stands twice"),
        ('<phase><active pattern="p"/></phase>', "phase has no id"),
        ('<phase id="p"><active/></phase>', "active has no pattern"),
        ('<phase id="p"><rule context="a"/></phase>', "rule stands in a phase"),
    ],
)
def test_variables_diagnostics_and_phases_that_are_refused(body: str, said: str) -> None:
    (reason, *_) = reasons(body + "<pattern/>")
    assert said in reason


def test_diagnostics_of_the_schema_and_of_the_pattern() -> None:
    (rule,) = rules(
        '<diagnostics><diagnostic id="d">Got <value-of select="b"/>.</diagnostic><diagnostic id="e">no</diagnostic>'
        '</diagnostics><pattern><diagnostics><diagnostic id="e">yes</diagnostic></diagnostics>'
        '<rule context="a"><assert test="1" diagnostics="e  d">x</assert></rule></pattern>'
    )
    assert rule.checks[0].diagnostics == (("yes",), ("Got ", ValueOf("b", Place("main.sch", 2)), "."))


def test_phases() -> None:
    schema = read(
        '<phase id="f"><p>w</p><let name="x" value="1"/><active pattern="P"/><active pattern="Q">words</active></phase>'
        '<phase id="g"/><pattern id="P"/><pattern id="Q"/>',
        'queryBinding="xslt2" defaultPhase="f"',
    )
    let = Let("x", "1", Place("main.sch", 2))
    assert schema.phases == (Phase("f", ("P", "Q"), (let,)), Phase("g", (), ()))
    assert schema.default_phase == "f"
    assert read("<pattern/>", 'queryBinding="xslt2" defaultPhase="#ALL"').default_phase is None


def test_a_default_phase_has_to_be_there_with_its_patterns() -> None:
    attributes = 'queryBinding="xslt2" defaultPhase="f"'
    assert "there is no phase 'f'" in reasons("<pattern/>", attributes)[0]
    found = reasons('<phase id="f"><active pattern="gone"/></phase><pattern id="P"/>', attributes)
    assert "the phase 'f' activates 'gone', which is no pattern" in found[0]


# --- XSLT -----------------------------------------------------------------------------------------------------------


def test_functions_and_keys() -> None:
    schema = read(
        """<xsl:key name="k" match="a" use="@id"/>
<xsl:function name="u:f" as="xs:boolean" xmlns:u="urn:u"><xsl:param name="a"/><xsl:param name="b" as="xs:string?"/>
<xsl:variable name="v">text</xsl:variable>
<xsl:choose><xsl:when test="$a"><xsl:sequence select="true()"/></xsl:when><xsl:otherwise>no</xsl:otherwise></xsl:choose>
<xsl:if test="$b"><xsl:value-of select="$b, $v" separator=","/><xsl:text> </xsl:text></xsl:if>
</xsl:function><pattern/>"""
    )
    assert schema.keys == (Key("k", "a", "@id", Place("main.sch", 2)),)
    (function,) = schema.functions
    assert (function.name, function.as_type, function.place.line) == ("u:f", "xs:boolean", 3)
    assert function.parameters == (Parameter("a", None), Parameter("b", "xs:string?"))
    variable, chosen, iffed = function.body
    assert variable == Let("v", None, Place("main.sch", 4), None, (Text("text", Place("main.sch", 4)),))
    line5, line6 = Place("main.sch", 5), Place("main.sch", 6)
    assert chosen == Choose(
        (When("$a", (Sequence("true()", line5),), line5), When(None, (Text("no", line5),), line5)), line5
    )
    assert iffed == Choose((When("$b", (ValueOf("$b, $v", line6, ","), Text(" ", line6)), line6),), line6)
    assert schema.namespaces["u"] == "urn:u"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<xsl:include href="x.xsl"/>', "xsl:include is not known"),
        ("<xsl:import-schema/>", "xsl:import-schema is not known"),
        ('<xsl:template match="/"/>', "xsl:template is not known"),
        ("<pattern><xsl:key name='k' match='a' use='b'/></pattern>", "xsl:key stands in a pattern"),
        (in_rule('<xsl:variable name="x" select="1"/>'), "xsl:variable stands in a rule"),
        (in_rule('<assert test="1"><xsl:value-of select="."/></assert>'), "value-of stands in a message"),
        ('<xsl:key name="k" match="a"/>', "key has no use"),
        ('<xsl:key name="k" match="a" use="b"><xsl:sequence select="1"/></xsl:key>', "a key has a content"),
        ('<xsl:key name="k" match="a" use="b" collation="c"/>', "the attribute collation of key is not known"),
        ('<xsl:function name="f"/>', "the name of a function has no prefix"),
        ('<xsl:function name="u:f" xpath-default-namespace="urn:x"/>', "xpath-default-namespace of function"),
        ('<xsl:function name="u:f"><xsl:param name="a"/><xsl:param name="a"/></xsl:function>', "have one name"),
        ('<xsl:function name="u:f"><xsl:param name="a" select="1"/></xsl:function>', "attribute select of param"),
        ('<xsl:function name="u:f">x<xsl:param name="a"/></xsl:function>', "behind the body"),
        ('<xsl:function name="u:f"><xsl:for-each select="1"/></xsl:function>', "xsl:for-each is not known"),
        ('<xsl:function name="u:f"><xsl:choose/></xsl:function>', "no branch with a test"),
        (
            '<xsl:function name="u:f"><xsl:choose><xsl:otherwise/><xsl:when test="1"/></xsl:choose></xsl:function>',
            "behind the last one",
        ),
        ('<xsl:function name="u:f"><xsl:choose>x</xsl:choose></xsl:function>', "something else than branches"),
        ('<xsl:function name="u:f"><xsl:if>x</xsl:if></xsl:function>', "if has no test"),
        ('<xsl:function name="u:f"><xsl:value-of>x</xsl:value-of></xsl:function>', "only one with select"),
        (
            '<xsl:function name="u:f"><xsl:value-of select="1" separator="{$x}"/></xsl:function>',
            "separator of a value-of is an expression",
        ),
        ('<xsl:function name="u:f"><a/></xsl:function>', "the element a is made"),
        ('<xsl:function name="u:f" xml:space="preserve"> </xsl:function>', "xml:space"),
        (
            '<xsl:function name="u:f"><xsl:text disable-output-escaping="yes"/></xsl:function>',
            "disable-output-escaping",
        ),
        (
            '<ns prefix="u" uri="urn:1"/><xsl:function name="u:f" xmlns:u="urn:2"/>',
            "'u' is declared for two namespaces",
        ),
        ('<ns prefix="u" uri="urn:1"/><ns prefix="u" uri="urn:2"/>', "'u' is declared for two namespaces"),
        ('<ns uri="urn:1"/>', "ns has no prefix"),
    ],
)
def test_xslt_and_namespaces_that_are_refused(body: str, said: str) -> None:
    (reason, *_) = reasons(body + "<pattern/>")
    assert said in reason
    assert reason.startswith("main.sch, line 2: ")


# --- what is not Schematron -----------------------------------------------------------------------------------------


def test_remarks_in_other_vocabularies_are_passed_over() -> None:
    (rule,) = rules(
        '<d:doc xmlns:d="urn:d"><rule context="no"/></d:doc><pattern><d:doc xmlns:d="urn:d">x</d:doc>'
        '<rule context="a"><d:doc xmlns:d="urn:d"/><assert test="1" d:more="x" xmlns:d="urn:d">'
        'See <b xmlns="urn:h">this <value-of xmlns="http://purl.oclc.org/dsdl/schematron" select="1"/></b>.</assert>'
        "</rule></pattern>"
    )
    assert rule.checks[0].message == ("See this ", ValueOf("1", Place("main.sch", 2)), ".")


@pytest.mark.parametrize(
    "body",
    [
        "<assert test='1'/>",
        "<rules/>",
        "<pattern><assert test='1'/></pattern>",
        "<pattern><wrong/></pattern>",
        "<pattern><rule context='a'><rule context='b'/></rule></pattern>",
        "<pattern><rule context='a'><assert test='1'><assert test='2'/></assert></rule></pattern>",
        "<pattern><rule context='a'><assert/></rule></pattern>",
        "<pattern><rule/></pattern>",
        "<pattern><rule context=''/></pattern>",
        "<pattern><rule context='a'><assert test='1'><value-of/></assert></rule></pattern>",
        "<pattern><rule context='a' visit-each='b'/></pattern>",
        "<pattern><rule context='a'><assert test='1' severity='x'/></rule></pattern>",
    ],
)
def test_what_is_out_of_place_is_refused(body: str) -> None:
    assert reasons(body)[0].startswith("main.sch, line 2: ")


def test_every_reason_is_told() -> None:
    found = reasons(
        """<wrong/>
<pattern><rule context="a"><assert/>
<report test="1" odd="1"/></rule>
<rule/></pattern>"""
    )
    assert found == (
        "main.sch, line 2: wrong stands in a schema",
        "main.sch, line 3: assert has no test",
        "main.sch, line 4: the attribute odd of report is not known",
        "main.sch, line 5: rule has no context",
    )


def test_reasons_end_at_a_hundred() -> None:
    assert len(reasons("<wrong/>\n" * 300)) == 100
