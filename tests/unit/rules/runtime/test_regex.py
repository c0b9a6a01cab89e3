from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fakturahub.rules.runtime import regex
from fakturahub.rules.runtime.errors import EvaluationError, UnsupportedRegex

NO_BREAK_SPACE, ARABIC_THREE, LINE_SEPARATOR = "\u00a0", "\u0663", "\u2028"


@pytest.mark.parametrize(
    ("text", "pattern", "flags", "answer"),
    [
        ("xabcx", "abc", "", True),
        ("a\n", "a$", "", False),
        ("a\n", "a$", "m", True),
        ("a\nb", "^b", "", False),
        ("a\nb", "^b", "m", True),
        ("a\n", "^$", "m", False),
        ("a\n\n", "^$", "m", True),
        ("\r", "^.$", "", False),
        ("\n", "^.$", "", False),
        ("\r", "^.$", "s", True),
        (LINE_SEPARATOR, "^.$", "", True),
        (NO_BREAK_SPACE, r"\s", "", False),
        (NO_BREAK_SPACE, r"\S", "", True),
        ("\x85", r"\s", "", False),
        (ARABIC_THREE, r"\d", "", True),
        (ARABIC_THREE, "[0-9]", "", False),
        ("_", r"\w", "", False),
        ("é", r"\w", "", True),
        ("a-b", r"^\i\c*$", "", True),
        ("1a", r"^\i", "", False),
        ("Å", r"^\p{Lu}$", "", True),
        ("å", r"^[^\p{Lu}]$", "", True),
        ("e", "^[a-z-[aeiou]]$", "", False),
        ("f", "^[a-z-[aeiou]]$", "", True),
        ("-", "^[a-]$", "", True),
        ("-", "^[-a]$", "", True),
        ("^", "^[a^]$", "", True),
        ("*", "^[*+?{}()|.$]$", "", True),
        ("AB", "ab", "i", True),
        ("B", "[a-c]", "i", True),
        ("a", "[^A]", "i", False),
        ("ab", " a b ", "x", True),
        ("a b", "a[ ]b", "x", True),
        ("a.b", "a.b", "q", True),
        ("axb", "a.b", "q", False),
        ("a", "", "", True),
        ("a", "a|", "", True),
        ("aaa", "^a{3}$", "", True),
        ("aa", "^a{3,}$", "", False),
        ("aaaa", "^a{2,3}$", "", False),
        ("", "^a{0}$", "", True),
        ("ab", "^a??b$", "", True),
        ("x", "[a-[a]]", "", False),
    ],
)
def test_a_match(text: str, pattern: str, flags: str, answer: bool) -> None:
    assert regex.matches(text, pattern, flags) is answer
    walk = regex.Walk(regex.parse(pattern, flags)[0], multiline="m" in flags)
    if "i" not in flags:
        assert walk.finds(text) is answer


@pytest.mark.parametrize(
    "pattern",
    [
        "a**",
        "a*+",
        "a{1}{2}",
        "a{,3}",
        "a{",
        "a}",
        "]",
        "[]a]",
        "[^]",
        "[[]",
        r"[a-\d]",
        "(a",
        "a)",
        r"\a",
        r"\/",
        r"\ ",
        "(?=a)",
        "(?P<n>a)",
        "a{2,1}",
        "[z-a]",
        "[]",
        "+a",
        "(*a)",
        "[a-z&&[^b]]",
        r"\p{Zz}",
        r"\pL",
        "[+--]",
        "[a",
        "\\",
    ],
)
def test_no_expression(pattern: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        regex.compile_regex(pattern)
    assert caught.value.code == "FORX0002"


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        (r"(a)\1", ""),
        (r"\p{IsBasicLatin}", ""),
        ("(?:^a)*", ""),
        ("$?", ""),
        ("a*^", ""),
        (r"\p{Lu}", "i"),
        ("[a-z-[b]]", "i"),
        ("a", ";j"),
        ("a{5001}", ""),
        ("a" * 2001, ""),
        ("(" * 51 + "a" + ")" * 51, ""),
        ("(a{0,60}){0,60}", ""),
        ("(a|a)*b", "i"),
    ],
)
def test_what_is_not_translated_is_refused(pattern: str, flags: str) -> None:
    with pytest.raises(UnsupportedRegex) as caught:
        regex.compile_regex(pattern, flags)
    assert caught.value.reason
    with pytest.raises(EvaluationError, match="LIMIT"):
        regex.matches("a", pattern, flags)


def test_flags() -> None:
    with pytest.raises(EvaluationError, match="FORX0001"):
        regex.compile_regex("a", "g")
    assert regex.matches("A\n", "^a.$", "iss")


@pytest.mark.parametrize(
    ("text", "pattern", "tokens"),
    [
        ("a,b,,c", ",", ["a", "b", "", "c"]),
        (",a,", ",", ["", "a", ""]),
        ("a1b22c", "([0-9])+", ["a", "b", "c"]),
        ("a\r\nb\nc", r"(\r?\n)", ["a", "b", "c"]),
        ("", ",", []),
        ("abc", ",", ["abc"]),
        (f"a{NO_BREAK_SPACE}b c", r"\s", [f"a{NO_BREAK_SPACE}b", "c"]),
    ],
)
def test_tokens(text: str, pattern: str, tokens: list[str]) -> None:
    assert regex.tokenize(text, pattern) == tokens
    assert regex.compile_regex(pattern, "", "tokenize").tokenize(text) == tokens


def test_words() -> None:
    assert regex.tokenize_words(f" a \t b{NO_BREAK_SPACE}c\n") == ["a", f"b{NO_BREAK_SPACE}c"]
    assert regex.tokenize_words(" ") == []


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "result"),
    [
        ("abc", "b", "[$0]", "a[b]c"),
        ("abc", "(b)", "[$1]", "a[b]c"),
        ("abc", "(b)", "[$2]", "a[]c"),
        ("abc", "(b)", "[$12]", "a[b2]c"),
        ("abc", "(b)|(x)", "[$2]", "a[]c"),
        ("abcdefghijk", "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "$10$11", "ja1k"),
        ("abc", "b", r"\$\\", r"a$\c"),
        ("abc", "b", r"\\1", r"a\1c"),
        ("a b\u00a0c", r"([ \n\r\t\s])", "", "ab\u00a0c"),
        ("", "b", "x", ""),
    ],
)
def test_replacements(text: str, pattern: str, replacement: str, result: str) -> None:
    assert regex.replace(text, pattern, replacement) == result


def test_a_literal_replacement() -> None:
    assert regex.replace("a.c", ".", "$0\\", "q") == "a$0\\c"


@pytest.mark.parametrize("replacement", ["$", "a$b", "\\", r"\n"])
def test_no_replacement(replacement: str) -> None:
    with pytest.raises(EvaluationError, match="FORX0004"):
        regex.replace("abc", "b", replacement)


@pytest.mark.parametrize("pattern", ["", "x*", "a?", "^", "(b|)"])
def test_an_expression_that_matches_the_empty_string_splits_nothing(pattern: str) -> None:
    with pytest.raises(EvaluationError, match="FORX0003"):
        regex.tokenize("abc", pattern)
    with pytest.raises(EvaluationError, match="FORX0003"):
        regex.replace("abc", pattern, "x")


EVIL = [
    "^(a+)+$",
    "^(a|a)*$",
    "^(a|aa)+$",
    "(a*)*b",
    "^([a-z]+ ?)*$",
    r"^(\d+,?)+$",
    "a*a*a*a*b",
    ".*a.*b.*c.*d",
    "(x+x+)+y",
]
EVIL += ["".join(["(a|a)"] * 40) + "b", "a?" * 40 + "a" * 40, r"^(\w+\.)*\w+@(\w+\.)+\w+$", "(.|.|.|.)*b"]


@pytest.mark.parametrize("pattern", EVIL)
def test_a_hostile_text_takes_no_time(pattern: str) -> None:
    expression = regex.compile_regex(pattern)
    for text in ("a" * 20_000 + "!", "1" * 20_000 + "!", "x" * 20_000, "a" * 39 + "!", "abc" * 5_000, "a." * 9_000):
        begin = time.process_time()
        expression.matches(text)
        assert time.process_time() - begin < 5


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", "^([a-z]+ ?)*$"])
def test_an_exponential_expression_splits_nothing(pattern: str) -> None:
    for use in ("tokenize", "replace"):
        with pytest.raises(UnsupportedRegex, match="exponential"):
            regex.compile_regex(pattern, "", use)  # type: ignore[arg-type]


def test_a_text_too_long_to_split_is_told() -> None:
    expression = regex.compile_regex("#.+#", "", "tokenize")
    assert 1_000 < expression.bound < 10_000
    assert expression.tokenize("a#b#c" + "x" * (expression.bound - 5)) == ["a", "c" + "x" * (expression.bound - 5)]
    for call in (expression.tokenize, lambda text: expression.replace(text, "")):
        with pytest.raises(EvaluationError) as caught:
            call("#" * (expression.bound + 1))
        assert caught.value.code == "LIMIT"


def test_a_text_too_long_to_match_is_told() -> None:
    with pytest.raises(EvaluationError, match="LIMIT"):
        regex.matches("1" * (regex.TEXT + 1), r"^\d+$")
    with pytest.raises(EvaluationError, match="LIMIT"):
        regex.matches("a" * 100_000, "a+a+a+b", "i")


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d+$",
        r"^[0-9]{7,8}$",
        r"\s",
        r"(\r?\n)",
        r"^[^@\s]+@([^@.\s]+\.)+[^@.\s]+$",
        r"^[1-9]([0-9]*)",
        r"\s+",
        "a(b|[cd]+)?",
        r"^\s*(\d{4})(1[0-2]|0[1-9]){1}(3[01]|[12][0-9]|0[1-9]){1}\s*$",
        r"#(SKONTO)#TAGE=([0-9]+)#PROZENT=([0-9]+\.[0-9]{2})(#BASISBETRAG=-?[0-9]+\.[0-9]{2})?#$",
    ],
)
def test_expressions_of_the_official_packs_take_texts_of_any_sensible_length(pattern: str) -> None:
    assert regex.compile_regex(pattern).bound == regex.TEXT


@pytest.mark.parametrize("pattern", ["^(a|b)+c?$", "a{2,4}b", "(ab|a)(c|bcd)?", "[^a]b*", "^$", "(?:a|)b"])
def test_the_walk_and_the_search_agree(pattern: str) -> None:
    expression = regex.compile_regex(pattern)
    walk = regex.Walk(regex.parse(pattern, "")[0], multiline=False)
    texts = [""]
    for _ in range(5):
        texts += [text + letter for text in texts for letter in "abc"]
    for text in set(texts):
        assert walk.finds(text) is expression.matches(text), text


def test_threads_share_an_expression() -> None:
    expression = regex.compile_regex("^(a|b|ab)*c$")
    texts = ["ab" * length + ("c" if length % 2 else "d") for length in range(200)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(expression.matches, texts * 5)) == [bool(length % 2) for length in range(200)] * 5
