"""Several accounts of one payee: who has five banks asks for one payment, and the page says the rest only once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fakturahub.render.payment.ways import Value, Way

_ACCOUNT = frozenset({"iban", "account", "bic"})


def together(found: Sequence[Way]) -> tuple[Way, ...]:
    """*found* with plain transfers that differ in nothing but the account made into one, in the place of the first.

    An account with a code of its own (a bar code, a QR code, a giro) keeps its block.
    """
    alike: dict[tuple[tuple[str, Value], ...], list[Way]] = {}
    for way in found:
        if _is_plain(way):
            alike.setdefault(_rest(way, bare=True), []).append(way)
    made = []
    for way in found:
        group = alike.get(_rest(way, bare=True), []) if _is_plain(way) else []
        if len(group) < 2:
            made.append(way)
        elif way is group[0]:
            made.append(_one_of(group))
    return tuple(made)


def _is_plain(way: Way) -> bool:
    return way.kind == "transfer" and not (way.lines or way.digits or way.bars or way.matrix)


def _rest(way: Way, *, bare: bool) -> tuple[tuple[str, Value], ...]:
    """All but the account; *bare* without the blanks by which a Finnish account groups the reference."""
    return tuple(
        (name, value.replace(" ", "") if bare and isinstance(value, str) else value)
        for name, value in way.fields
        if name not in _ACCOUNT
    )


def _one_of(group: list[Way]) -> Way:
    # A reference in groups is easier to type than the same in one piece.
    told = max(
        group, key=lambda way: sum(value.count(" ") for _, value in _rest(way, bare=False) if type(value) is str)
    )
    accounts = tuple(tuple(field for field in way.fields if field[0] in _ACCOUNT) for way in group)
    return msgspec.structs.replace(group[0], fields=_rest(told, bare=False), accounts=accounts)
