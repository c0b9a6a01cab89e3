"""Ways in which a document is damaged, each by chance: what a reader has to refuse, or to read all the same."""

from __future__ import annotations

import random
from collections.abc import Callable

#: values that are none of a date, a number, a code
ODD = (
    b"",
    b" ",
    b"NaN",
    b"Infinity",
    b"1e400",
    b"-0",
    b"9" * 60,
    b"9" * 5000,
    b"1.2.3",
    b"1,5",
    b"1 000,00",
    b"2026-02-30",
    b"20260230",
    b"0000-00-00",
    b"-2026-11-20",
    b"2026-11-20T10:00:00",
    b"99999999",
    b"&#0;",
    b"&#xD;",
    b"&lt;a&gt;",
    b"<![CDATA[x]]>",
    "\u0663\u0661".encode(),
    "\u202e".encode(),
    b"\xff\xfe",
    b"x" * 3000,
)


def flip(data: bytes, chance: random.Random) -> bytes:
    copy = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        copy[chance.randrange(len(copy))] = chance.randrange(256)
    return bytes(copy)


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def drop(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randint(1, 400) :]


def repeat(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    end = at + chance.randint(1, 400)
    return data[:end] + data[at:end] * chance.randint(1, 20) + data[end:]


def value(data: bytes, chance: random.Random) -> bytes:
    at = data.find(b">", chance.randrange(len(data)))
    end = data.find(b"<", at)
    return data if at < 0 or end < 0 else data[: at + 1] + chance.choice(ODD) + data[end:]


def attribute(data: bytes, chance: random.Random) -> bytes:
    at = data.find(b'="', chance.randrange(len(data)))
    end = data.find(b'"', at + 2)
    odd = chance.choice(ODD).replace(b"<", b"").replace(b'"', b"")
    return data if at < 0 or end < 0 else data[: at + 2] + odd + data[end:]


def element(data: bytes, chance: random.Random) -> bytes:
    """One element without its content and children."""
    start = data.find(b"<", chance.randrange(len(data)))
    end = data.find(b"</", start)
    close = data.find(b">", end)
    return data if min(start, end, close) < 0 else data[:start] + data[close + 1 :]


def recode(data: bytes, chance: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(chance.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7")), "replace")


def declare(data: bytes, chance: random.Random) -> bytes:
    label = chance.choice((b"UTF-16", b"ISO-8859-15", b"US-ASCII", b"windows-1252", b"EBCDIC", b"utf-7"))
    return data.replace(b"UTF-8", label, 1).replace(b"utf-8", label, 1)


#: each in one of many ways, by chance; values are damaged twice as often, for readers look at them most
DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flip,
    cut,
    drop,
    repeat,
    value,
    value,
    attribute,
    element,
    recode,
    declare,
)
