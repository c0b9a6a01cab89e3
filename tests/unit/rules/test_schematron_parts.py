"""Schematron in parts: what comes from other files, from abstract patterns and from abstract rules."""

from __future__ import annotations

import re

import pytest

from fakturahub.errors import PackRefused
from fakturahub.rules import sources
from fakturahub.rules.tree import Name, Place, ValueOf
from tests.unit.rules.written import ISO, in_rule, read, reasons, rules, written

# --- includes -------------------------------------------------------------------------------------------------------


def test_a_pattern_a_rule_and_a_let_come_from_other_files() -> None:
    pattern = f'<pattern xmlns="{ISO}" id="P">\n<include href="../rules/r.sch"/></pattern>'
    rule = f'<rule xmlns="{ISO}" context="a">\n<include href="../rules/c.sch#second"/></rule>'
    checks = f'<x xmlns:s="{ISO}"><s:assert id="first" test="1"/>\n\n<s:assert id="second" test="2"/></x>'
    schema = read(
        '<include href="parts/p.sch"/><include href="parts%2Flets.sch"/>',
        parts__p=pattern,
        rules__r=rule,
        rules__c=checks,
        parts__lets=f'<x xmlns:s="{ISO}">words<s:let name="a" value="1"/><y/><s:let name="b" value="2"/></x>',
    )
    (read_rule,) = schema.patterns[0].rules
    assert [(check.id, check.place) for check in read_rule.checks] == [("second", Place("rules/c.sch", 3))]
    assert read_rule.place == Place("rules/r.sch", 1)
    assert [one.name for one in schema.lets] == ["a", "b"]


def test_a_fragment_of_the_same_file_is_included() -> None:
    body = (
        in_rule('<assert id="a" test="1"/>') + '<pattern id="Q"><rule context="b"><include href="#a"/></rule></pattern>'
    )
    first, second = rules(body)
    assert first.checks == second.checks


def test_a_rule_is_extended_by_a_rule_of_another_file() -> None:
    other = f'<rule xmlns="{ISO}" abstract="true" id="base"><let name="x" value="1"/><assert id="b" test="$x"/></rule>'
    (rule,) = rules(in_rule('<assert id="a" test="1"/><extends href="base.sch"/><assert id="c" test="1"/>'), base=other)
    assert [check.id for check in rule.checks] == ["a", "b", "c"]
    assert [one.name for one in rule.lets] == ["x"]


@pytest.mark.parametrize(
    ("href", "said"),
    [
        ("", "include has no href"),
        ("gone.sch", "there is no file 'gone.sch' in the pack"),
        ("../main.sch", "leads out of the pack"),
        ("a/../../x.sch", "leads out of the pack"),
        ("..", "leads out of the pack"),
        ("%2e%2e/x.sch", "leads out of the pack"),
        ("..\\x.sch", "leads out of the pack"),
        ("/etc/passwd", "leads out of the pack"),
        ("//host/x.sch", "leads out of the pack"),
        ("file:///etc/passwd", "leads out of the pack"),
        ("FILE:x.sch", "leads out of the pack"),
        ("http://example.com/x.sch", "leads out of the pack"),
        ("%66ile:x.sch", "leads out of the pack"),
        ("part.sch?x", "leads out of the pack"),
        ("part.sch#gone", "there is no element with the id 'gone' in 'part.sch'"),
        ("part.sch#twice", "there is more than one element with the id 'twice'"),
        ("whole.sch", "'whole.sch' is a whole schema"),
        ("main.sch", "'main.sch' includes itself"),
        ("#self", "includes itself"),
        ("empty.sch", "there is nothing of Schematron in 'empty.sch'"),
        ("loop.sch", "'loop.sch' includes itself"),
    ],
)
def test_includes_that_are_refused(href: str, said: str) -> None:
    found = reasons(
        f'<pattern id="self">\n<include href="{href}"/></pattern>',
        part=f'<pattern xmlns="{ISO}"><rule id="twice" context="a"/><rule id="twice" context="b"/></pattern>',
        whole=written("<pattern/>", 'queryBinding="xslt2"').decode(),
        empty="<x><y/></x>",
        loop=f'<rule xmlns="{ISO}" context="a"><include href="again.sch"/></rule>',
        again=f'<let xmlns="{ISO}" name="a"><include href="loop.sch"/></let>',
    )
    assert said in found[0]
    assert re.match(r"(main|again)\.sch, line \d: ", found[0])


def test_schemas_that_include_one_another_are_no_main_files() -> None:
    one, two = written('<include href="two.sch"/>'), written('<include href="one.sch"/>')
    with pytest.raises(PackRefused, match=r"one.sch, two.sch each is included by another one"):
        sources.schemas({"one.sch": one, "two.sch": two})


# --- abstract patterns and rules ------------------------------------------------------------------------------------

_ABSTRACT = """<pattern abstract="true" id="table"><title>T</title>
<let name="limit" value="$most"/>
<rule context="$row "><let name="x" value="$cell"/>
<assert id="r" test="count($cell) &lt; $limit and $x">$row: <value-of select="$cell"/>, <name path="$row"/></assert>
</rule></pattern>"""


def test_an_abstract_pattern_is_filled_in() -> None:
    schema = read(
        _ABSTRACT
        + """<pattern is-a="table" id="html"><param name="row" value="h:tr"/><param name="cell" value="h:td"/>
<param name="most" value="7"/></pattern>
<pattern is-a="table" id="calst"><p>Words.</p><param name="row" value="row"/><param name="cell" value="entry"/>
<param name="most" value="8"/></pattern>"""
    )
    html, cals = schema.patterns
    assert (html.id, cals.id, html.name) == ("html", "calst", "T")
    assert [one.select for one in html.lets] == ["7"]
    (rule,) = html.rules
    assert rule.context == "h:tr "
    assert [one.select for one in rule.lets] == ["h:td"]
    (check,) = rule.checks
    assert check.test == "count(h:td) < $limit and $x"
    place = Place("main.sch", 5)
    assert check.message == ("h:tr: ", ValueOf("h:td", place), ", ", Name("h:tr", place))
    assert cals.rules[0].checks[0].test == "count(entry) < $limit and $x"


def test_values_are_put_in_as_text_in_the_order_of_declaration() -> None:
    """As the skeleton does it: an earlier value may name a later parameter, and ``$longer`` begins with ``$long``."""
    (rule,) = rules(
        '<pattern abstract="true" id="x"><rule context="$a"><assert test="$long and $longer"/></rule></pattern>'
        '<pattern is-a="x"><param name="a" value="$b/c"/><param name="longer" value="2"/>'
        '<param name="b" value="d"/><param name="long" value="1"/></pattern>'
    )
    assert rule.context == "d/c"
    assert rule.checks[0].test == "1 and 2"


def test_where_the_order_of_parameters_decides_the_pack_is_refused() -> None:
    found = reasons(
        '<pattern abstract="true" id="x">\n<rule context="a"><assert test="$long and $longer"/></rule></pattern>'
        '<pattern is-a="x"><param name="long" value="1"/><param name="longer" value="2"/></pattern>'
    )
    assert found == (
        "main.sch, line 3: it depends on the order of the parameters what '$long and $longer' is: names begin alike",
    )


def test_names_that_begin_alike_are_no_harm_where_the_order_decides_nothing() -> None:
    (rule,) = rules(
        '<pattern abstract="true" id="x"><rule context="a"><assert test="$long and $other"/></rule></pattern>'
        '<pattern is-a="x"><param name="long" value="1"/><param name="longer" value="2"/></pattern>'
    )
    assert rule.checks[0].test == "1 and $other"


def test_of_a_parameter_given_twice_the_last_value_counts() -> None:
    (rule,) = rules(
        '<pattern abstract="true" id="x"><rule context="$a"/></pattern>'
        '<pattern is-a="x"><param name="a" value="first"/><param name="a" value="last"/></pattern>'
    )
    assert rule.context == "last"


def test_an_abstract_rule_stands_where_it_is_extended() -> None:
    (rule,) = rules(
        """<pattern><rule abstract="true" id="base"><let name="x" value="1"/><assert id="b" test="$x"/></rule>
<rule abstract="true" id="more"><extends rule="base"/><report id="c" test="2"/></rule>
<rule context="a"><assert id="a" test="0"/><extends rule="more"/>
<let name="y" value="3"/><assert id="d" test="$y"/></rule>
</pattern>"""
    )
    assert [check.id for check in rule.checks] == ["a", "b", "c", "d"]
    assert [one.name for one in rule.lets] == ["x", "y"]


def test_an_abstract_rule_of_the_same_pattern_comes_first_then_one_of_another() -> None:
    base = '<rule abstract="true" id="base"><assert id="{}" test="1"/></rule>'
    first, second = rules(
        f'<pattern>{base.format("one")}<rule context="a"><extends rule="base"/></rule></pattern>'
        f'<pattern>{base.format("two")}<rule context="b"><extends rule="base"/></rule></pattern>'
    )
    assert (first.checks[0].id, second.checks[0].id) == ("one", "two")
    (elsewhere,) = rules(f"<pattern>{base.format('one')}</pattern>" + in_rule('<extends rule="base"/>'))
    assert elsewhere.checks[0].id == "one"


def test_an_abstract_rule_in_an_abstract_pattern_gets_the_values_of_its_own_pattern() -> None:
    abstract = (
        '<pattern abstract="true" id="x"><rule abstract="true" id="base"><assert test="$v"/></rule>'
        '<rule context="$c"><extends rule="base"/></rule></pattern>'
    )
    use = '<pattern is-a="x"><param name="c" value="{0}"/><param name="v" value="{0} = 1"/></pattern>'
    first, second = rules(abstract + use.format("a") + use.format("b"))
    assert (first.context, first.checks[0].test) == ("a", "a = 1")
    assert (second.context, second.checks[0].test) == ("b", "b = 1")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<pattern is-a="gone"/>', "there is no abstract pattern 'gone'"),
        ('<pattern id="p"/><pattern is-a="p"/>', "there is no abstract pattern 'p'"),
        ('<pattern abstract="true"/>', "pattern has no id"),
        ('<pattern abstract="yes"/>', "abstract is 'yes'"),
        ('<pattern abstract="true" id="a"/><pattern abstract="true" id="a"/>', "two abstract patterns 'a'"),
        ('<pattern abstract="true" id="a" is-a="b"/>', "abstract and made of an abstract one"),
        (
            '<pattern abstract="true" id="a"/><pattern is-a="a"><rule context="b"/></pattern>',
            "rule stands in a pattern made of",
        ),
        ('<pattern documents="doc.xml"/>', "looks into other documents"),
        (in_rule('<extends rule="gone"/>'), "there is no abstract rule 'gone'"),
        (in_rule('<extends href="main.sch#r"/>'), "there is no element with the id 'r'"),
        (
            '<pattern><rule id="b" context="c"/><rule context="a"><extends rule="b"/></rule></pattern>',
            "no abstract rule",
        ),
        (
            '<pattern><rule abstract="true" id="b" context="c"/><rule context="a"><extends rule="b"/></rule></pattern>',
            "an abstract rule has a context",
        ),
        (
            '<pattern><rule abstract="true" id="b"><extends rule="b"/></rule>'
            '<rule context="a"><extends rule="b"/></rule></pattern>',
            "extends itself",
        ),
        (
            '<pattern><rule abstract="true" id="b"><extends rule="c"/></rule>'
            '<rule abstract="true" id="c"><extends rule="b"/></rule>'
            '<rule context="a"><extends rule="b"/></rule></pattern>',
            "extends itself",
        ),
        (
            '<pattern><rule abstract="true" id="b"/></pattern><pattern><rule abstract="true" id="b"/></pattern>'
            + in_rule('<extends rule="b"/>'),
            "more than one abstract rule 'b'",
        ),
    ],
)
def test_abstract_things_that_are_refused(body: str, said: str) -> None:
    (reason, *_) = reasons(body)
    assert said in reason
    assert reason.startswith("main.sch, line 2: ")
