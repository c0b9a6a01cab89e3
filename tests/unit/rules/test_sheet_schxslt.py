"""XSLT of SchXslt 1 put back into rules. The sheets are made here, in the shape of its releases 1.5 to 1.10."""

from __future__ import annotations

import itertools

import pytest

from fakturahub.errors import PackRefused
from fakturahub.rules import sources
from fakturahub.rules.tree import Place, Schema, ValueOf

#: pattern -> its rules: context, variables, checks
RULES = {
    "P": [
        ("a[b]", [("one", "."), ("two", "$one + 1")], ['<assert id="A-1" test="$one = (1)" flag="fatal" role="r"/>']),
        ("a | @c", [], ['<report id="A-2" test="b or not(c)"/>', '<assert id="A-3" test="not(x) and not(y)"/>']),
    ],
    "Q": [("a", [], ['<assert test="true()"/>'])],
}
FIRST = '<xsl:variable name="one" select="."/><xsl:variable name="two" select="$one + 1"/>'


def finding(check: str) -> str:
    kind, _, rest = check[1:-2].partition(" ")
    parts = dict(item.split("=", 1) for item in rest.replace('" ', '"\n').split("\n"))
    test = parts.pop("test").strip('"')
    marks = " ".join(f"{name}={value}" for name, value in parts.items())
    name = {"assert": "failed-assert", "report": "successful-report"}[kind]
    asked = f"not({test})" if kind == "assert" else test
    return f"""<xsl:if test="{asked}">
<svrl:{name} xmlns:svrl="http://purl.oclc.org/dsdl/svrl" location="{{schxslt:location(.)}}" {marks}>
<xsl:attribute name="test">{test}</xsl:attribute>
<svrl:diagnostic-reference diagnostic="d"><svrl:text id="d">Got it.</svrl:text></svrl:diagnostic-reference>
<svrl:text>It is <xsl:value-of select="name()"/>.</svrl:text></svrl:{name}></xsl:if>"""


def rule(key: str, context: str, variables: list[tuple[str, str]], checks: list[str], priority: int) -> str:
    lets = "".join(f'<xsl:variable name="{name}" select="{value}"/>' for name, value in variables)
    return f"""<xsl:template match="{context}" priority="{priority}" mode="d1">
<xsl:param name="schxslt:patterns-matched" as="xs:string*"/>{lets}
<xsl:choose><xsl:when test="$schxslt:patterns-matched[. = '{key}']">
<schxslt:rule pattern="{key}"><xsl:comment>WARNING: shadowed</xsl:comment><svrl:suppressed-rule/></schxslt:rule>
<xsl:next-match>
<xsl:with-param name="schxslt:patterns-matched" as="xs:string*" select="$schxslt:patterns-matched"/>
</xsl:next-match>
</xsl:when><xsl:otherwise><schxslt:rule pattern="{key}"><svrl:fired-rule id="R{priority}">
<xsl:attribute name="context">{context}</xsl:attribute>
</svrl:fired-rule>{"".join(map(finding, checks))}</schxslt:rule>
<xsl:next-match>
<xsl:with-param name="schxslt:patterns-matched" as="xs:string*" select="($schxslt:patterns-matched, '{key}')"/>
</xsl:next-match>
</xsl:otherwise></xsl:choose></xsl:template>"""


def sheet() -> str:
    keys = {name: f"d1e{number}" for number, name in enumerate(RULES)}
    priorities = itertools.count(sum(map(len, RULES.values())) - 1, -1)
    announced = "".join(
        f"""<schxslt:pattern id="{key}">
<xsl:if test="exists(base-uri(/))"><xsl:attribute name="documents" select="base-uri(/)"/></xsl:if>
<xsl:for-each select="/"><svrl:active-pattern name="{name} by name" id="{name}">
<xsl:attribute name="documents" select="base-uri(.)"/>
</svrl:active-pattern></xsl:for-each></schxslt:pattern>"""
        for name, key in keys.items()
    )
    rules = "\n".join(rule(keys[name], *one, next(priorities)) for name, ones in RULES.items() for one in ones)
    return f"""<xsl:transform xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
 xmlns:schxslt="https://doi.org/10.5281/zenodo.1495494"
 xmlns:svrl="http://purl.oclc.org/dsdl/svrl" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:u="urn:u" version="2.0">
<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">SchXslt/1.10.1</rdf:Description>
<xsl:output indent="yes"/>
<xsl:param name="schxslt.validate.initial-document-uri" as="xs:string?"/>
<xsl:template name="schxslt.validate">
<xsl:apply-templates select="document($schxslt.validate.initial-document-uri)"/></xsl:template>
<xsl:key name="k" match="a" use="b"/><xsl:param name="all" select="/*"/><xsl:variable name="of-pattern" select="1"/>
<xsl:template match="root()"><xsl:param name="schxslt.validate.recursive-call" as="xs:boolean" select="false()"/>
<xsl:variable name="report" as="element(schxslt:report)">
<schxslt:report><xsl:call-template name="d1"/></schxslt:report></xsl:variable>
<svrl:schematron-output title="The rules"><xsl:sequence select="$report"/></svrl:schematron-output></xsl:template>
<xsl:template match="text() | @*" mode="#all" priority="-10"/>
<xsl:template match="/" mode="#all" priority="-10"><xsl:apply-templates mode="#current" select="node()"/></xsl:template>
<xsl:template match="*" mode="#all" priority="-10"><xsl:apply-templates mode="#current" select="@*"/>
<xsl:apply-templates mode="#current" select="node()"/></xsl:template>
<xsl:template name="d1">
<schxslt:document>{announced}<xsl:apply-templates mode="d1" select="/"/></schxslt:document></xsl:template>
{rules}
<xsl:function name="schxslt:location" as="xs:string">
<xsl:param name="node" as="node()"/><xsl:for-each select="$node"/></xsl:function>
</xsl:transform>"""


def read(text: str) -> Schema:
    (schema,) = sources.schemas({"rules.xslt": text.encode()})
    return schema


def test_a_sheet_is_the_rules_it_was_made_of() -> None:
    schema = read(sheet())
    assert schema.title == "The rules"
    assert [let.name for let in schema.lets] == ["all", "of-pattern"]
    assert [key.name for key in schema.keys] == ["k"]
    assert schema.functions == ()
    first, second = schema.patterns
    assert (first.id, first.name, second.id) == ("P", "P by name", "Q")
    assert first.attributes
    assert second.attributes
    assert [(one.context, one.id) for one in first.rules] == [("a[b]", "R2"), ("a | @c", "R1")]
    assert [(let.name, let.select) for let in first.rules[0].lets] == [("one", "."), ("two", "$one + 1")]
    (check,) = first.rules[0].checks
    assert (check.id, check.test, check.is_report, check.flag, check.role) == ("A-1", "$one = (1)", False, "fatal", "r")
    before, expression, after = check.message
    assert (before, after) == ("It is ", ".")
    assert isinstance(expression, ValueOf)
    assert expression.select == "name()"
    assert check.diagnostics == (("Got it.",),)
    report, other = first.rules[1].checks
    assert (report.test, report.is_report) == ("b or not(c)", True)
    assert (other.test, other.is_report) == ("not(x) and not(y)", False)
    (unnamed,) = second.rules[0].checks
    assert unnamed.place == Place("rules.xslt", unnamed.place.line)
    assert unnamed.id == f"Q:{unnamed.place.line}"


def test_the_order_is_that_of_the_priorities() -> None:
    text = sheet().replace('priority="2"', 'priority="0.5"')
    assert [one.context for one in read(text).patterns[0].rules] == ["a | @c", "a[b]"]


def test_a_compact_sheet_tells_of_no_rule() -> None:
    text = sheet()
    begin = text.index('<svrl:fired-rule id="R2">')
    end = text.index("</svrl:fired-rule>", begin) + len("</svrl:fired-rule>")
    compact = read(text[:begin] + text[end:])
    assert compact.patterns[0].rules[0].id is None
    assert [check.id for check in compact.patterns[0].rules[0].checks] == ["A-1"]


def test_documents_are_asked_for_in_either_way() -> None:
    assert read(sheet().replace('mode="d1" select="/"', 'mode="d1" select="root()"')) == read(sheet())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (' version="2.0"', ' version="3.0"', "the sheet is XSLT 3.0"),
        ("<xsl:output", '<xsl:include href="x.xsl"/><xsl:output', "xsl:include is not known"),
        ("<xsl:output", '<xsl:template match="b"/><xsl:output', "stands outside of all patterns"),
        ("<xsl:output", '<xsl:template match="b" mode="m" priority="1"/><xsl:output', "nothing applies the mode 'm'"),
        ("<xsl:output", '<xsl:template match="b" mode="#all" priority="-10"/><xsl:output', "way through the document"),
        ("<xsl:output", '<xsl:template name="d2"/><xsl:output', "the patterns are not called once each"),
        ('<xsl:call-template name="d1"/>', "", "the patterns are not called once each"),
        ('<xsl:call-template name="d1"/>', '<xsl:if test="a"><xsl:call-template name="d1"/></xsl:if>', "not called"),
        ("<svrl:suppressed-rule/>", "<svrl:failed-assert/>", "a rule that steps back writes a finding"),
        ('<xsl:template match="text() | @*" mode="#all" priority="-10"/>', "", "way through the document"),
        ('<xsl:template match="/" mode="#all" priority="-10">', '<xsl:template match="/" mode="#all">', "no priority"),
        ('<xsl:apply-templates mode="#current" select="@*"/>', "", "way through the document"),
        ('mode="d1" select="/"', 'mode="d1" select="document(.)"', "does not look at the document itself"),
        ("<schxslt:document>", '<xsl:for-each select="1"/><schxslt:document>', "does not look at the document itself"),
        ('<schxslt:pattern id="d1e1">', '<schxslt:pattern id="d1e0">', "two patterns have one key"),
        ('<schxslt:pattern id="d1e1">', '<schxslt:pattern id="d1e7">', "asks for another pattern"),
        ('<xsl:apply-templates mode="d1" select="/"/>', "", "announced and not applied"),
        ('priority="2"', 'priority="1"', "two rules of a pattern have one priority"),
        ('priority="2"', "", "template has no priority"),
        ("patterns-matched[. = 'd1e1']", "patterns-matched[. = 'd1e0']", "asks for another pattern"),
        ('select="$schxslt:patterns-matched"', 'select="()"', "does not hand the node on"),
        ("select=\"($schxslt:patterns-matched, 'd1e0')\"", 'select="$schxslt:patterns-matched"', "does not hand"),
        ("<xsl:next-match>", "<xsl:next-match><xsl:with-param name='x'/>", "does not hand the node on"),
        ("<xsl:param name=\"schxslt:patterns-matched\" as=\"xs:string*\"/>" + FIRST, FIRST, "does not begin"),
        (FIRST, "<xsl:message/>", "something else than variables"),
        (FIRST, FIRST + FIRST, "$one is declared twice"),
        ('<xsl:if test="not($one = (1))">', '<xsl:if test="not($one) = (1)">', "not tested as SchXslt tests one"),
        ('<xsl:if test="not($one = (1))">', '<xsl:if test="$one = (1)">', "not tested as SchXslt tests one"),
        ('<xsl:attribute name="test">$one = (1)</xsl:attribute>', "", "not tested as SchXslt tests one"),
        ("svrl:successful-report", "svrl:failed-assert", "not tested as SchXslt tests one"),
        ("It is <xsl:value-of", "It is <xsl:number/><xsl:value-of", "xsl:number stands in a message"),
    ],
)  # fmt: skip
def test_what_is_not_of_schxslt_is_refused(old: str, new: str, said: str) -> None:
    text = sheet()
    assert old in text
    with pytest.raises(PackRefused) as refused:
        read(text.replace(old, new))
    assert said in refused.value.reasons[0]
    assert refused.value.reasons[0].startswith("rules.xslt, line ")
