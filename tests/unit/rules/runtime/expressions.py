"""Expressions by chance, each as XPath for Saxon and as a call of the runtime, and both answers in one form."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from fakturahub.rules.runtime import aggregates, casts, compare, dates, numbers, regex, strings
from fakturahub.rules.runtime.errors import EvaluationError
from tests.unit.rules.runtime.saxon_xpath import Answer, answers

TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    Decimal: "decimal",
    float: "double",
    dates.Date: "date",
    dates.DateTime: "dateTime",
}


class Expression(NamedTuple):
    xpath: str
    ours: Callable[[], Any]


class Literal(NamedTuple):
    xpath: str
    value: Any
    kind: str


def _words(text: str) -> list[str]:
    return text.split()


NUMBER_TEXTS = _words(
    "0 1 -1 +3 007 5. .5 -.5 3.14 -2.5 2.5 0.5 100 100.00 19.995 0.005 1e2 1E-3 -1e0 INF -INF +INF NaN 1_0 ٣ 1.2.3 0x1 "
    "123456789012345678901234567890.12 0.0000001 1000000 999999.9 1e400 -0 -0.0 . - + e1 1e 1,5 1d nan inf Infinity"
)
DATE_TEXTS = _words(
    "2024-02-29 2023-02-29 2024-01-01Z 2024-01-01+01:00 2023-12-31-05:00 2024-1-1 10000-01-01 -0001-03-01 0000-02-29 "
    "2024-13-01 2024-00-10 2024-04-31 02024-01-01 2024-01-01+14:00 2024-01-01+15:00 20240101 2024-01-01T00:00:00"
)
TIME_TEXTS = _words(
    "2024-02-29T12:00:00 2024-01-01T24:00:00 2024-12-31T24:00:00Z 2024-01-01T23:59:59.120+01:00 2024-01-01T00:00:00. "
    "2024-01-01T23:59:60 2024-01-01T25:00:00Z 2024-01-01T10:00 2024-01-01T24:00:01 -0001-12-31T24:00:00"
)
BLANKS = ["", " ", "\t", "\n", "\u00a0", " \r\n "]
WORDS = [
    "",
    "a",
    "A",
    "abc",
    "Straße",
    "ﬁ",
    "ΣΑΣ",
    "İ",
    "a b  c",
    " x ",
    "é",
    "😀b",
    "0190",
    "a\u00a0b",
    "true",
    "1",
    "0",
]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Chance:
    """Draws operands and expressions; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self) -> str:
        pools = (NUMBER_TEXTS, DATE_TEXTS, TIME_TEXTS, WORDS, BLANKS)
        pool = self.random.choices(pools, (6, 2, 1, 4, 1))[0]
        text = self.random.choice(pool)
        # Saxon refuses a special value before white space
        if self.random.random() < 0.15 and "INF" not in text and text != "NaN":
            text = self.random.choice(BLANKS) + text + self.random.choice(BLANKS)
        return text

    def string(self) -> str:
        return "".join(self.random.choice("abB é-1\t😀") for _ in range(self.random.randrange(8)))

    def integer(self) -> Literal:
        large = [10**9, -(10**17)]
        value = self.random.choice([0, 1, -1, 2, 3, -7, 10, 97, 100, *large, self.random.randrange(-999, 999)])
        return Literal(f"({value})", value, "integer")

    def decimal(self) -> Literal:
        digits = self.random.choice([1, 2, 2, 2, 3, 6, 20])
        value = Decimal(self.random.randrange(-(10**6), 10**6)).scaleb(-digits)
        if self.random.random() < 0.2:
            value = Decimal(
                self.random.choice(["0.0", "0.5", "-0.5", "2.5", "-2.5", "1.0", "12345678901234567890.123456789"])
            )
        return Literal(f"xs:decimal('{value:f}')", value, "decimal")

    def double(self) -> Literal:
        value = self.random.choice(
            [0.0, -0.0, 0.5, -0.5, 1.5, -2.5, 1e7, 1e-7, 0.1, 38.0, float("inf"), float("-inf"), float("nan"), 1e300]
            + [round(self.random.uniform(-1000, 1000), self.random.randrange(6)) for _ in range(8)]
        )
        text = {"inf": "INF", "-inf": "-INF", "nan": "NaN"}.get(repr(value), repr(value))
        return Literal(f"xs:double('{text}')", value, "double")

    def number(self) -> Literal:
        return self.random.choice([self.integer, self.decimal, self.decimal, self.double])()

    def place(self) -> Literal:
        """A number for substring(): Saxon's own arithmetic overflows on finite ones very large or very small."""
        number = self.number()
        size = abs(float(number.value))
        return number if size in (0.0, float("inf")) or 1e-3 < size < 1e9 or size != size else self.place()

    def atom(self) -> Literal:
        draw = self.random.randrange(10)
        if draw < 3:
            return self.number()
        if draw < 6:
            text = self.text()
            return Literal(f"xs:untypedAtomic({_quoted(text)})", text, "untyped")
        if draw < 7:
            text = self.text()
            return Literal(f"xs:string({_quoted(text)})", text, "string")
        if draw < 8:
            value = self.random.random() < 0.5
            return Literal(f"{str(value).lower()}()", value, "boolean")
        text = self.random.choice(["2024-02-29", "2024-01-01Z", "2024-01-01+01:00", "-0001-03-01", "2023-12-31-05:00"])
        if draw < 9:
            return Literal(f"xs:date('{text}')", dates.date_of_string(text), "date")
        stamp = self.random.choice(["2024-01-01T00:00:00Z", "2023-12-31T23:30:00", "2024-01-01T01:00:00+01:00"])
        return Literal(f"xs:dateTime('{stamp}')", dates.date_time_of_string(stamp), "dateTime")

    def expression(self) -> Expression:
        kinds = [self.cast, self.castable, self.arithmetic, self.comparison, self.rounded, self.string_function]
        kinds += [self.aggregate, self.regex, self.as_string, self.ebv]
        return self.random.choice(kinds)()

    def cast(self) -> Expression:
        text = self.text()
        kind, ours = self.random.choice(
            [
                ("xs:decimal", casts.decimal_of_string),
                ("xs:integer", casts.integer_of_string),
                ("xs:double", casts.double_of_string),
                ("xs:boolean", casts.boolean_of_string),
                ("xs:date", dates.date_of_string),
                ("xs:dateTime", dates.date_time_of_string),
                ("number", casts.number_of_string),
            ]
        )
        return Expression(f"{kind}({_quoted(text)})", lambda: ours(text))

    def castable(self) -> Expression:
        text = self.text()
        kind, ours = self.random.choice(
            [
                ("xs:decimal", casts.is_decimal),
                ("xs:integer", casts.is_integer),
                ("xs:double", casts.is_double),
                ("xs:boolean", casts.is_boolean),
                ("xs:date", dates.is_date),
                ("xs:dateTime", dates.is_date_time),
            ]
        )
        return Expression(f"{_quoted(text)} castable as {kind}", lambda: ours(text))

    def arithmetic(self) -> Expression:
        left, right = self.number(), self.number()
        sign, ours = self.random.choice(
            [
                ("+", numbers.add),
                ("-", numbers.subtract),
                ("*", numbers.multiply),
                ("div", numbers.divide),
                ("div", numbers.divide),
                ("idiv", numbers.integer_divide),
                ("mod", numbers.modulo),
            ]
        )
        return Expression(f"{left.xpath} {sign} {right.xpath}", lambda: ours(left.value, right.value))

    def rounded(self) -> Expression:
        number = self.number()
        name, ours = self.random.choice(
            [
                ("round", numbers.round_number),
                ("round", numbers.round_number),
                ("round-half-to-even", numbers.round_half_to_even),
                ("abs", numbers.absolute),
                ("floor", numbers.floor),
                ("ceiling", numbers.ceiling),
                ("-", numbers.negate),
                ("xs:integer", casts.integer_of_number),
                ("xs:decimal", casts.decimal_of_number),
                ("xs:double", casts.double_of_number),
                ("xs:boolean", casts.boolean_of_number),
                ("number", casts.number_of),
            ]
        )
        if name.startswith("round") and self.random.random() < 0.5:
            precision = self.random.randrange(-3, 5)
            return Expression(f"{name}({number.xpath}, {precision})", lambda: ours(number.value, precision))  # type: ignore[operator]
        return Expression(f"{name}({number.xpath})", lambda: ours(number.value))  # type: ignore[operator]

    def as_string(self) -> Expression:
        atom = self.atom()
        return Expression(f"string({atom.xpath})", lambda: casts.string_of(atom.value))

    def ebv(self) -> Expression:
        atom = self.atom()
        return Expression(f"boolean({atom.xpath})", lambda: compare.effective_boolean([atom.value]))

    def comparison(self) -> Expression:
        op = self.random.choice(["eq", "ne", "lt", "le", "gt", "ge"])
        left, right = self.atom(), self.atom()
        numeric = {"integer", "decimal", "double"}
        kinds = {left.kind, right.kind}
        if kinds & numeric and "untyped" in kinds and re.search("NaN|'-0", left.xpath + right.xpath):
            # Saxon takes NaN for comparable there, and -0 for another number than 0: known deviations, see compare.py
            return self.comparison()
        if self.random.random() < 0.5:
            untyped = {"left_untyped": left.kind == "untyped", "right_untyped": right.kind == "untyped"}
            return Expression(
                f"{left.xpath} {op} {right.xpath}", lambda: compare.value(op, left.value, right.value, **untyped)
            )
        sign = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}[op]
        untyped = {"left_untyped": left.kind == "untyped", "right_untyped": right.kind == "untyped"}
        return Expression(
            f"{left.xpath} {sign} {right.xpath}", lambda: compare.general(op, [left.value], [right.value], **untyped)
        )

    def aggregate(self) -> Expression:
        name, ours = self.random.choice(
            [
                ("sum", aggregates.sum_values),
                ("avg", aggregates.average),
                ("min", aggregates.minimum),
                ("max", aggregates.maximum),
            ]
        )
        count = self.random.randrange(5)
        untyped = self.random.random() < 0.3
        if untyped:
            texts = [self.random.choice(NUMBER_TEXTS[:20]) for _ in range(count)]
            atoms = [Literal(f"xs:untypedAtomic({_quoted(text)})", text, "untyped") for text in texts]
        else:
            draw = self.random.choice([self.integer, self.decimal, self.double, self.number])
            atoms = [draw() for _ in range(count)]
        values = [atom.value for atom in atoms]
        return Expression(f"{name}(({', '.join(atom.xpath for atom in atoms)}))", lambda: ours(values, untyped=untyped))

    def string_function(self) -> Expression:
        a, b, c = (self.string() for _ in range(3))
        word = self.random.choice(WORDS)
        start, length = self.place(), self.place()
        codepoints = [self.random.choice([9, 65, 0x20AC, 0x1F600, 0, 11, 0xD800, 0xFFFE]) for _ in range(3)]
        return self.random.choice(
            [
                Expression(
                    f"normalize-space({_quoted(a + chr(160) + b)})", lambda: strings.normalize_space(a + chr(160) + b)
                ),
                Expression(f"upper-case({_quoted(word)})", lambda: strings.upper_case(word)),
                Expression(f"lower-case({_quoted(word)})", lambda: strings.lower_case(word)),
                Expression(f"string-length({_quoted(a)})", lambda: len(a)),
                Expression(
                    f"substring('motor😀car', {start.xpath})", lambda: strings.substring("motor😀car", start.value)
                ),
                Expression(
                    f"substring('motor😀car', {start.xpath}, {length.xpath})",
                    lambda: strings.substring("motor😀car", start.value, length.value),
                ),
                Expression(
                    f"substring-before({_quoted(a)}, {_quoted(b[:1])})", lambda: strings.substring_before(a, b[:1])
                ),
                Expression(
                    f"substring-after({_quoted(a)}, {_quoted(b[:1])})", lambda: strings.substring_after(a, b[:1])
                ),
                Expression(f"contains({_quoted(a)}, {_quoted(b[:1])})", lambda: strings.contains(a, b[:1])),
                Expression(f"starts-with({_quoted(a)}, {_quoted(b[:1])})", lambda: strings.starts_with(a, b[:1])),
                Expression(f"ends-with({_quoted(a)}, {_quoted(b[:1])})", lambda: strings.ends_with(a, b[:1])),
                Expression(f"translate({_quoted(a)}, {_quoted(b)}, {_quoted(c)})", lambda: strings.translate(a, b, c)),
                Expression(f"concat({_quoted(a)}, {_quoted(b)})", lambda: strings.concat(a, b)),
                Expression(
                    f"string-join(({_quoted(a)}, {_quoted(b)}), {_quoted(c)})", lambda: strings.string_join([a, b], c)
                ),
                Expression(f"string-to-codepoints({_quoted(a)})", lambda: strings.string_to_codepoints(a)),
                Expression(
                    f"codepoints-to-string(({', '.join(map(str, codepoints))}))",
                    lambda: strings.codepoints_to_string(codepoints),
                ),
                Expression(f"compare({_quoted(a)}, {_quoted(b)})", lambda: strings.compare(a, b)),
            ]
        )

    def regex(self) -> Expression:
        pattern = self.pattern(3)
        text = "".join(self.random.choice("aabAB01 -.\n\r\té٣_😀\u017f") for _ in range(self.random.randrange(7)))
        flags = self.random.choice(["", "", "", "i", "m", "s", "x", "ms", "q", "z"])
        if "i" in flags and ("[-a]" in pattern or "[a-]" in pattern):
            # with a hyphen at the edge of a class Saxon forgets about the flag
            flags = ""
        call = f"{_quoted(text)}, {_quoted(pattern)}"
        flag = f", '{flags}'" if flags else ""
        draw = self.random.randrange(4)
        if draw < 2:
            return Expression(f"matches({call}{flag})", lambda: regex.matches(text, pattern, flags))
        if draw == 2:
            return Expression(f"tokenize({call}{flag})", lambda: regex.tokenize(text, pattern, flags))
        replacement = self.random.choice(["", "x", "[$0]", "$1-$2", "$12", "\\$", "\\\\", "$", "\\", "a$b", "\\n"])
        return Expression(
            f"replace({call}, {_quoted(replacement)}{flag})", lambda: regex.replace(text, pattern, replacement, flags)
        )

    def pattern(self, depth: int) -> str:
        draw = self.random.randrange(12)
        if depth == 0 or draw < 5:
            atoms = _words(
                r"a b . \s \d \S \D \w \W [ab] [^a] [a-c0-9] \. - [\d\-_] \n [^\s] \i \c \p{L} \P{Lu} [\p{Nd}a]"
            )
            atoms += ["[a-z-[b]]", "^", "$", " ", "1", "[ a]", "[-a]", "[a-]"]
            return self.random.choice(atoms)
        if draw < 8:
            return self.pattern(depth - 1) + self.pattern(depth - 1)
        if draw < 9:
            return f"({self.pattern(depth - 1)}|{self.pattern(depth - 1)})"
        if draw < 10:
            return f"({self.pattern(depth - 1)})"
        if draw < 11:
            quantifier = self.random.choice(["?", "*", "+", "{2}", "{1,2}", "{0,}", "*?", "+?", "??"])
            return f"(?:{self.pattern(depth - 1)}){quantifier}"
        return self.random.choice(_words(r") (a [ a** a{2,1} \q a{ ] [b-a] (?=a) a{,2} \p{Zz}"))


def shown(value: Any) -> Answer:
    """A value of ours in the form of Saxon's answers."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [[TYPES[type(one)], casts.string_of(one)] for one in items]


def our_answer(expression: Expression) -> Answer:
    try:
        return shown(expression.ours())
    except EvaluationError as error:
        return error.code


def expressions(seed: int, count: int) -> Iterator[Expression]:
    chance = Chance(seed)
    for _ in range(count):
        yield chance.expression()


def _may_differ(ours: Answer, theirs: Answer) -> bool:
    """What is no difference: a fault of Saxon's own (it has no code), an error's reason, some forms of a number."""
    if isinstance(theirs, str) and re.fullmatch("[A-Z]{4}[0-9]{4}", theirs) is None:
        return True
    if {str(ours), str(theirs)} in ({"FORG0001", "FODT0001"}, {"FOAR0002", "FOCA0002"}):
        return True
    if not (isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs) == 1):
        return False
    (our_type, our_text), (their_type, their_text) = ours[0], theirs[0]
    if our_type == their_type == "double" and abs(float(our_text)) > 1e13:
        # the seventeenth digit, which Saxon prints where sixteen would do, and the other way round
        return math.isclose(float(our_text), float(their_text), rel_tol=5e-16)
    # where integers divide without a rest Saxon calls the quotient an integer
    return our_text == their_text and {our_type, their_type} == {"decimal", "integer"}


def differences(seed: int, count: int) -> tuple[int, list[tuple[str, Answer, Answer]]]:
    """How many of *count* expressions were compared, and (expression, ours, Saxon's) of those that differ."""
    drawn = list(expressions(seed, count))
    compared = 0
    found = []
    for expression, theirs in zip(drawn, answers([one.xpath for one in drawn]), strict=True):
        ours = our_answer(expression)
        if ours != "LIMIT":
            compared += 1
            if ours != theirs and not _may_differ(ours, theirs):
                found.append((expression.xpath, ours, theirs))
    return compared, found
