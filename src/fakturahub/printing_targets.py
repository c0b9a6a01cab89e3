"""What the command about targets prints."""

from __future__ import annotations

from collections.abc import Sequence

from fakturahub.exchange.overview import TargetShown
from fakturahub.printing import Text, _console, _table, _when, as_json, visible

_COLOUR = {"open": "bold red", "trying": "yellow", "failing": "yellow", "coming back": "cyan", "fine": "green"}


def targets(listed: Sequence[TargetShown], json: bool) -> None:
    """The targets, with what waits for each."""
    if json:
        as_json(listed)
        return
    if not listed:
        _console().print("Nothing waits to leave the hub, and no target is in trouble.")
        return
    table = _table(
        "target", "receiver", "breaker", "until (UTC)", "waiting", "sending", "oldest (UTC)", "failing since"
    )
    table.add_column("last error", overflow="fold")
    for one in listed:
        table.add_row(
            Text(one.key),
            Text(visible(one.receiver or "–")),
            Text(one.breaker, style=_COLOUR[one.breaker]),
            "–" if one.open_until is None else _when(one.open_until),
            f"{one.waiting:,}",
            f"{one.sending:,}",
            "–" if one.oldest is None else _when(one.oldest),
            "–" if one.failing_since is None else _when(one.failing_since),
            Text(visible(one.last_error or "")),
        )
    _console().print(table)
