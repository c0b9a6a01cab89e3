"""Characters of an XPath expression to tokens."""

from __future__ import annotations

import re
from typing import NamedTuple


class XPathRefused(Exception):  # noqa: N818 - named for what happened, as the whole tree of errors
    """An expression is not XPath 2.0, or is more than is taken. *reason* is a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


#: characters of one expression; the longest code list of the official packs has about 12,000
LENGTH = 200_000


class Token(NamedTuple):
    #: number, string, name, wildcard, variable, symbol or end
    kind: str
    text: str
    position: int


_START = r"[A-Za-z_\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF]"  # noqa: E501 - the grammar's ranges
_NCNAME = _START + "(?:" + _START[:-1] + r".0-9\u00B7\u0300-\u036F\u203F-\u2040-])*"
_TOKEN = re.compile(
    rf"""
    (?P<space>[ \t\r\n]+)
  | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<string>"(?:[^"]|"")*"|'(?:[^']|'')*')
  | \$[ ]*(?P<variable>{_NCNAME}(?::{_NCNAME})?)
  | (?P<wildcard>\*:{_NCNAME}|{_NCNAME}:\*)
  | (?P<name>{_NCNAME}(?::{_NCNAME})?(?!:[A-Za-z_]))
  | (?P<axis>{_NCNAME}(?=::))
  | (?P<symbol>\.\.|::|//|<<|>>|<=|>=|!=|[()\[\],@|/<>=+*.?-])
    """,
    re.VERBOSE,
)


def tokens(expression: str) -> list[Token]:
    """The tokens of *expression*, an "end" token last.

    Raises:
        XPathRefused: a character that starts no token, a comment or string without end, an expression too long.
    """
    if len(expression) > LENGTH:
        raise XPathRefused(f"the expression has {len(expression)} characters; {LENGTH} are taken")
    found: list[Token] = []
    position = 0
    while position < len(expression):
        if expression.startswith("(:", position):
            position = _after_comment(expression, position)
            continue
        match = _TOKEN.match(expression, position)
        if match is None:
            raise XPathRefused(f"{expression[position : position + 20]!r} is not XPath 2.0 (character {position + 1})")
        kind = match.lastgroup or "symbol"
        if kind != "space":
            text = match.group(kind)
            after = expression[match.end() : match.end() + 1]
            if kind == "number" and re.match(_START, after):
                raise XPathRefused(f"a number runs into a name: {text + after!r} (character {position + 1})")
            found.append(Token("name" if kind == "axis" else kind, text, position))
        position = match.end()
    found.append(Token("end", "", len(expression)))
    return found


def _after_comment(expression: str, start: int) -> int:
    depth = 0
    position = start
    while position < len(expression):
        if expression.startswith("(:", position):
            depth += 1
            position += 2
        elif expression.startswith(":)", position):
            depth -= 1
            position += 2
            if depth == 0:
                return position
        else:
            position += 1
    raise XPathRefused(f"a comment has no end (character {start + 1})")
