"""Account numbers and references as people read and type them: grouped, and never changed otherwise."""

from __future__ import annotations


def from_the_left(text: str, size: int = 4) -> str:
    """*text* in groups of *size*, the last one shorter: how an IBAN (ISO 13616) and an RF reference are printed."""
    plain = text.replace(" ", "")
    return " ".join(plain[place : place + size] for place in range(0, len(plain), size))


def from_the_right(digits: str, size: int = 5) -> str:
    """*digits* in groups of *size*, the first one shorter: the printed form of a Finnish reference.

    Source: Finance Finland, Forming a Finnish reference number.
    """
    plain = digits.replace(" ", "")
    first = len(plain) % size
    groups = [plain[place : place + size] for place in range(first, len(plain), size)]
    return " ".join([plain[:first], *groups] if first else groups)
