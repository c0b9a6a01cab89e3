"""Single expressions of XPath 2.0, each a rule of a small Schematron file: what they come to, by Saxon and by us.

`TRAPS` are written by hand, one or more for each trap of which the design of the engine speaks. Every expression is
evaluated at every element ``c`` of `DOCUMENT`; its value is told in a message, or its error as a fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

DOCUMENT = """<r id="root" n="12">
 <c id="c1" n="5" e=""><a>1.10</a><b k="x">2</b><d>text  with
 blanks </d><t>true</t><when>2026-01-31</when><u>S</u></c>
 <c id="c2" n="1e2"><a>3</a><a>4.005</a><b k="y">NaN</b><b k="x">-0</b><d/><t> false </t><when>2026-02-30</when><u>s </u></c>
 <c id="c3" n=" 7 "><a> 2.5 </a><b>a<!-- comment -->b</b><d>\u00a0</d><t>0</t><when>2024-02-29Z</when><u>AE</u></c>
 <c id="c4"/>
 <c id="c5" n="-2.5"><a>-2.5</a><b k="z">INF</b><d>mixed<a>9</a>tail</d><t>no</t><when> 2026-12-01 </when><u>\u00c4\U0001f600z</u></c>
 <c id="c6" n="12345678901234567890"><a>12345678901234567890.123456789</a><b>5.</b><b>.5</b><b>+3</b><b>1_0</b><d>one,two;three|</d>
 <t>1</t><u>2026</u></c>
</r>"""  # noqa: E501

#: the same without the text that Saxon compares wrongly, see tests.rules.deviations
WITHOUT_NAN = DOCUMENT.replace(">NaN<", ">n.a.<")

TRAPS = (
    # nodes, text, comments
    "not(b/*)", "count(b/text())", "normalize-space(b/text())", "string(b)", "b", "d", "string(.)",
    "normalize-space(d)", "normalize-space()", "string-length(.)", "d = ''", "normalize-space(d) != ''", "exists(d)",
    "not(*)", "count(node())", "count(.//a)", "count(//a)", "name(*[1])", "name(..)", "local-name(b[last()])",
    "name(@n)", "count(../c)", "../../r/@id", "/r/@n", "/*/@n", "//c[@n][2]/@id", "(//c)[2]/@id", "c", "@e",
    "@e = ''", "exists(@e)", "@missing = ''", "not(@e)", "a[1]", "a[last()]", "a[2]", "a[position() > 1]",
    "count(a[. > 1])", "b[@k = 'x']", "b[not(@k)]", "(a | b)[1]", "count(a | b | a)", "string-join(a | b, '|')",
    "count(preceding-sibling::c)", "following-sibling::c[1]/@id", "ancestor::r/@id", "ancestor-or-self::*/name()",
    "self::c/@id", "count(//u[not(preceding::u = .)])", "count(distinct-values(//u))", "../c[u = current()/u]/@id",
    "*/name()", "count(descendant::*)", "d/a/../../@id",
    # cardinality and types
    "string(a)", "number(a)", "normalize-space(u)", "upper-case(u)", "a = 3", "a != 3", "not(a = 3)", "a > 2",
    "a < 3.0", "b = 2", "b = 'x'", "b = '2'", "b > 0", "b >= 1", "@n = 5", "@n = '5'", "@n = 7", "@n = 100", "@n > 3",
    "@n = (5, 100)", "u = ('S', 'AE')", "t = true()", "t = false()", "t = 'true'", "boolean(t)", "boolean(@e)",
    "not(t = true())", "a = a", "a != a", "a = b", "a < b", "xs:decimal(a)", "xs:decimal(b)", "xs:integer(@n)",
    "xs:double(@n)", "xs:decimal(@n)", "xs:date(when)", "xs:boolean(t)", "xs:string(@n)", "a castable as xs:decimal",
    "b castable as xs:decimal", "@n castable as xs:integer", "when castable as xs:date", "t castable as xs:boolean",
    "b castable as xs:double", "@missing castable as xs:decimal?", "@missing castable as xs:decimal",
    "b[1] castable as xs:integer", "'' castable as xs:decimal", "u castable as xs:integer", "xs:integer('12 ')",
    "xs:decimal('1e2')", "when > '2026-01-01'", "xs:date(when) > xs:date('2026-01-15')",
    "xs:date(when) <= xs:date('2026-01-31')", "string(xs:date(when))",
    # numbers
    "a + 1", "a[1] + 1", "a[1] * 1.10", "sum(a)", "sum(b)", "sum(//a)", "sum(())", "sum((1, 2.5))", "number(b[1])",
    "number(@e)", "round(2.5)", "round(-2.5)", "round(0.5)", "round(-0.5)", "round(1.005 * 100) div 100",
    "round(a[1] * 10 * 10) div 100", "floor(-1.5)", "ceiling(-1.5)", "abs(-3.10)", "abs(a[1])", "10 div 4", "1 div 3",
    "10 div 3.0", "2 div 3.000", "1.10 + 2.20", "1.1 * 1.1", "7 mod 3", "-7 mod 3", "7 mod -3", "-7 idiv 2",
    "7 idiv -2", "5.5 mod 2", "1 idiv 0", "1 div 0", "1 div 0.0", "1e0 div 0", "1 mod 0", "0.1 + 0.2",
    "0.1e0 + 0.2e0", "1e2", "1e6", "1e21", "1e-7", "123456789012345678901234567890 + 1", "xs:decimal('0.10')",
    "xs:decimal('5.')", "xs:decimal('.5')", "xs:decimal(' 1 ')", "number('1e2')", "number(' 12 ')", "number('x')",
    "number('INF')", "number(())", "xs:double('INF')", "xs:decimal(1.5e0)", "xs:decimal(a[1] - 1)", "-a[1]", "+1",
    "1 = 1.0", "1 = 1e0", "0.1 = 0.1e0", "xs:decimal('0.1') = 0.1e0", "1 + 1 = 2", "number('NaN') = number('NaN')",
    "number('NaN') != number('NaN')", "max(a)", "min(a)", "max((1, 2.5))", "avg((1, 2))", "count(())", "string(1.0)",
    "string(1.50)", "string(100000000)", "string(1e15)", "string(0.000001e0)", "string(-0e0)", "1 to 3",
    "count(3 to 1)", "(1, 2, 3)[2]", "round-half-to-even(2.5)", "round-half-to-even(1.005, 2)",
    "format-number(1234.5, '0.00')",
    # texts
    "substring('12345', 2)", "substring('12345', 0, 3)", "substring('12345', 1.5, 2.6)",
    "substring('12345', -42, 1 div 0e0)", "substring('12345', number('x'))", "substring('12345', 2, 0)",
    "substring(u, 1, 1)", "string-length(u)", "upper-case('stra\u00dfe')", "upper-case('\u0131')",
    "lower-case('\u0130')", "translate('abc', 'ab', 'x')", "translate(u, 'Sz', '')", "concat(a[1], '|', b[1])",
    "concat(@missing, 'x')", "concat(a, 'x')", "contains('abc', '')", "contains((), '')", "contains(d, 'x')",
    "starts-with(u, 'S')", "ends-with(@id, '3')", "substring-before('a.b', '.')", "substring-after('ab', '.')",
    "substring-after(a[1], '.')", "string-length(substring-after(a[1], '.')) <= 2", "string-join(('a', 'b'), '-')",
    "string-join(b, '')", "string-join((), 'x')", "tokenize('a b  c', '\\s')", "count(tokenize('', ','))",
    "tokenize(d, '[,;]')", "tokenize('a1b2', '([0-9])')", "count(tokenize(u, ''))", "matches('ab\n', '^ab$')",
    "matches('a\u00a0b', 'a\\sb')", "matches('\u0663', '\\d')", "matches('abc', 'b')", "matches('a\nb', 'a.b')",
    "matches(u, '^[A-Z]+$')", "matches('a.b', 'a\\.b')", "matches('x', '')", "replace('abc', 'b', '-')",
    "replace('aaa', 'a{2}', 'b')", "replace(d, '\\s', '')", "replace('a', '(a)', '$1$1')",
    "replace('abc', '[^a]', '')", "normalize-space('\u00a0 a  b\t\u00a0')", "string-to-codepoints('a\U0001f600')",
    "codepoints-to-string((97, 228))", "reverse((1, 2, 3))", "string-to-codepoints('')", "compare('a', 'b')",
    "'a' < 'b'", "'Z' < 'a'", "'10' < '9'", "deep-equal(a, a)", "lower-case(u)", "string('')", "xs:string(1.10)",
    "contains(concat(' ', 'S AE', ' '), concat(' ', normalize-space(u), ' '))", "starts-with(d, '')",
    "codepoint-equal('a', 'a')", "encode-for-uri('a b')", "subsequence((1, 2, 3), 2)", "index-of((1, 2, 1), 1)",
    "insert-before((1, 2), 2, 9)", "remove((1, 2), 1)",
    # sequences, conditions
    "some $x in a satisfies $x > 2", "every $x in a satisfies $x > 2", "some $x in () satisfies true()",
    "every $x in () satisfies false()", "for $x in a return $x * 2", "for $x in 1 to 3, $y in 1 to 2 return $x * $y",
    "if (a) then 'yes' else 'no'", "if (@e) then 1 else 2", "if (count(a) = 1) then xs:decimal(a) else 0",
    "some $x in ('S', 'AE') satisfies u = $x", "exists(())", "empty(a)", "a eq '3'", "count(a) eq 2", "count(a) gt 1",
    "@id eq 'c2'", "u eq 'S'", "() = ()", "() eq 1", "not(())", "not('')", "not(0)", "not('false')",
    "not(number('x'))", "boolean((1, 2))", "boolean(('', ''))", "boolean(a)", "true() and false()",
    "true() or (1 idiv 0 = 1)", "false() and (1 idiv 0 = 1)", "a[. = 3]/../@id", "b[normalize-space(.) = 'NaN']/@k",
    "d/a", "*[ends-with(name(), 'n')]", "a[b]", "c[(normalize-space(u) = 'S')]",
    "../c[u/(normalize-space(upper-case(.)) = 'S')]/@id", "a/(. * 2)", "a/string-length(.)", "(a, b)/name()",
    "(if (a) then a else b)/name()", "zero-or-one(a)", "exactly-one(a)", "one-or-more(a)", "a/position()", "a/last()",
    "*[self::a or self::b]/name()", "*[position() = last()]/name()", "//c[last()]/@id", "(//a)[last()]", "//a[1]",
    "a[true()]", "a['']", "a[number(@k)]", "a[1.0]", "a[1.5]", "a[0]", "a[xs:integer('1')]", "b[@k = ../b[1]/@k]",
    "../c/a[1]", "../c[a = 3]/b[1]/@k", "a is a[1]", "a[1] << b[1]", "a intersect a[1]", "* except a",
    "count(a union b)", "a instance of element()+", "1 instance of xs:integer", "'1' cast as xs:integer",
    "a[1] cast as xs:decimal", "@missing cast as xs:decimal?", "xs:date('2026-01-01') + xs:dayTimeDuration('P1D')",
    "year-from-date(xs:date('2026-01-31'))", "current()/@id", "position()", "last()", "namespace-uri(.)",
    "node-name(.)", "root(.)/r/@id", "document-uri(/)", "base-uri(.)", "generate-id(.) = generate-id(.)",
    "lang('en')", "id('c1')", "string(data(@n))", "nilled(.)",
    # what is evaluated before what, and what is not evaluated at all
    "not(zz = xs:decimal(b[1]))", "not(b[xs:decimal(.) = 1]/zz)", "not(exists(//b[. = 1]/zz))",
    "not(exists(//c[xs:decimal(b) = 1]/zz/y))", "not(some $q in //b[. = 1]/zz satisfies $q = 1)",
    "count(b[. = 1]/zz) = 0", "not(upper-case((b, a)) = zz)", "not(xs:decimal(b[1]) = zz)",
    "not(b[xs:decimal(.) = 1][zz])", "empty(b[xs:date(.) = 1]/zz)", "xs:decimal(zz) = xs:decimal(b[1])",
    "xs:decimal(b[1]) = xs:decimal(zz)", "not(xs:decimal(zz) = xs:decimal(b[1]))",
    "xs:decimal(zz) eq xs:decimal(b[1])", "xs:decimal(zz) < round(xs:decimal(b[1]) * 10) div 10",
    "xs:decimal(zz) + xs:decimal(b[1])", "xs:decimal(b[1]) + xs:decimal(zz)", "b[1] + 1 = zz", "zz = b[1] + 1",
    "* = //u[.. = 2.5]", "zz = //u[xs:decimal(.) = 1]", "@zz = //u[.. = 2.5]", "//u[.. = 2.5] = @zz",
    "zz[1] = //u[.. = 2.5]", "zz != //u[.. = 2.5]", "@zz != //u[.. = 2.5]", "zz < //u[.. = 2.5]",
    "zz < //u/xs:decimal(.)", "zz/xs:decimal(.) <= //u[.. = 2.5]", "//u/xs:decimal(.) > zz", "//u[.. = 2.5] >= zz",
    "xs:decimal(b[1]) = 3 and zz", "zz and xs:decimal(b[1]) = 3", "xs:decimal(b[1]) = 1 or true()",
    "xs:decimal(b[1]) = 1 or a", "a or xs:decimal(b[1]) = 1", "xs:decimal(b[1]) = 1 and a", "(t, 'x') = true()",
    "a[. = 3] or b[. = 2] or t = 'true'", "not(xs:decimal(b[1]) = 3 and zz)",
)  # fmt: skip


def schema(expressions: Iterable[str], *, values: bool = True, tests: bool = True) -> bytes:
    """A Schematron file: each expression in a message, and as a test, on a line of its own."""
    lines = [
        '<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">'
        '<ns prefix="xs" uri="http://www.w3.org/2001/XMLSchema"/><pattern><rule context="c">'
    ]
    for number, expression in enumerate(expressions):
        written = quoteattr(expression)
        line = ""
        if values:
            line += f'<assert id="V{number}" flag="fatal" test="false()"><value-of select={written}/></assert>'
        if tests:
            line += f'<assert id="T{number}" flag="fatal" test={written}>it is false</assert>'
        lines.append(line)
    return "\n".join([*lines, "</rule></pattern></schema>"]).encode()


def line_of(number: int) -> int:
    """Where expression `number` stands in the file of `schema`, counted from 1."""
    return number + 2
