"""What commands print: tables and lines for a person, JSON for a program."""

from __future__ import annotations

import os
import pwd
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text as StyledText

from fakturahub.errors import FakturahubError, OperatorError, Refused, RenderingFailed, Unavailable

if TYPE_CHECKING:
    from fakturahub.doctor import Examined
    from fakturahub.model import Recognition
    from fakturahub.provision import Report
    from fakturahub.storage.documents import DeliveryListed, DeliveryShown, Listed, Whole

_COLOUR = {
    "delivered": "green",
    "routed": "cyan",
    "pending": "cyan",
    "sending": "cyan",
    "retrying": "yellow",
    "held": "yellow",
    "unroutable": "yellow",
    "partly-delivered": "yellow",
    "rejected": "red",
    "failed": "red",
    "cancelled": "dim",
    "withdrawn": "dim",
}


def who() -> str:
    """The operating system's name for the person at the command line, for the record."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"


def reason(error: FakturahubError) -> str:
    """What happened, for whoever runs the hub: with the cause where the database or the payload store is away."""
    cause = str(error.__cause__ or "").partition("\n")[0] if isinstance(error, Unavailable) else ""
    # What follows a question mark in the address of a store may be a key.
    return f"{error} ({re.sub(r'[?][^ ]+', '', cause)})" if cause else str(error)


def advice(error: FakturahubError) -> str:
    """What whoever runs the hub can do about *error*; empty where its message says it all.

    The error's own advice is for callers where the hub is not available and where they are refused, and that of
    `OperatorError` sends to `doctor`, which says the same again.
    """
    if isinstance(error, Unavailable) and not isinstance(error, RenderingFailed):
        return "See whether it runs and whether its address is right."
    return "" if error.advice in (Refused.advice, OperatorError.advice) else error.advice


def _console() -> Console:
    # Cut off at a terminal's edge; in a file or a pipe nothing is cut.
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 1000, soft_wrap=False, highlight=False)


def json_of(value: Any) -> bytes:
    """*value* as indented JSON with a line's end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def as_json(value: Any) -> None:
    """Print *value* as indented JSON."""
    sys.stdout.write(json_of(value).decode())


def visible(text: str) -> str:
    """*text* from outside in one line that cannot steer a terminal: a mark for each control and format character."""
    hidden = {one for one in set(text) if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    return text.translate({ord(one): " " if one in "\t\r\n" else "\N{REPLACEMENT CHARACTER}" for one in hidden})


class Text(StyledText):
    """A text with nothing in it that could steer a terminal, whoever it came from; lines stay lines."""

    def __init__(self, text: str = "", style: str = "") -> None:
        super().__init__("\n".join(visible(line) for line in text.splitlines()), style)


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _state(state: str) -> Text:
    return Text(state, style=_COLOUR.get(state, ""))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True, overflow="ellipsis", justify="right" if column == "amount" else "left")
    return table


def documents(listed: Sequence[Listed], json: bool) -> None:
    if json:
        as_json(listed)
        return
    if not listed:
        _console().print("No documents.")
        return
    table = _table("id", "received (UTC)", "state", "mode", "from", "to", "kind", "number", "amount", "by", "syntax")
    for one in listed:
        amount = "" if one.payable is None else f"{one.payable:f} {one.currency or ''}".strip()
        cells = (one.mode, one.sender, one.receiver or "–", one.kind, one.number or "–", amount, one.dialect)
        table.add_row(
            Text(str(one.id)), _when(one.created_at), _state(one.state), *map(Text, cells), Text(one.syntax or "–")
        )
    _console().print(table)


def deliveries(listed: Sequence[DeliveryListed], json: bool) -> None:
    if json:
        as_json(listed)
        return
    if not listed:
        _console().print("No deliveries.")
        return
    table = _table("id", "document", "since (UTC)", "state", "channel", "to", "address", "tries", "last error")
    for one in listed:
        cells = (one.channel, one.receiver or "–", one.address, str(one.attempts), one.last_error or "")
        table.add_row(
            Text(str(one.id)), str(one.document_id), _when(one.changed_at), _state(one.state), *map(Text, cells)
        )
    _console().print(table)


def document(whole: Whole, json: bool) -> None:
    if json:
        as_json(whole)
        return
    console = _console()
    listed = whole.listed
    heading: dict[str, Any] = whole.facts.get("heading") or {}
    recognition: dict[str, Any] = whole.facts.get("recognition") or {}
    lines: list[tuple[str, object]] = [
        ("document", listed.id),
        ("state", _state(listed.state)),
        ("mode", listed.mode),
        ("received", f"{_when(listed.created_at)} UTC through {listed.dialect}"),
        ("submission", whole.submission_id),
        ("sender's key", whole.request.get("key")),
        ("request", whole.request.get("request_id")),
        ("headers", "; ".join(f"{name}: {value}" for name, value in sorted(whole.request.get("headers", {}).items()))),
        ("syntax", f"{listed.syntax}: {recognition.get('why')}" if listed.syntax else "not recognised"),
        ("kind, number", f"{listed.kind} {listed.number or '–'}"),
        ("dates", f"issued {heading.get('issue_date', '–')}, due {heading.get('due_date', '–')}"),
        ("amount due", f"{listed.payable} {listed.currency}" if listed.payable is not None else None),
        ("seller", _party(heading.get("seller"))),
        ("buyer", _party(heading.get("buyer"))),
        ("attachments", ", ".join(one.get("name") or one.get("uri") or "–" for one in heading.get("attachments", ()))),
        ("validation", _verdict(whole.facts)),
        ("routing", whole.facts.get("route")),
        ("payload", f"{whole.size} bytes, SHA-256 {whole.sha256}"),
    ]
    for name, value in lines:
        if value not in (None, ""):
            console.print(Text(f"{name:<14}", style="bold"), value if isinstance(value, Text) else Text(str(value)))
    for line in _findings(whole.facts):
        console.print(*line)
    for one in whole.deliveries:
        console.print(Text("delivery      ", style="bold"), Text(str(one.id)), _state(one.state))
        if one.channel == "acknowledgement":
            console.print(Text(f"               to its sender, {one.address or 'erased'}: {one.why}"))
            if one.last_error:
                console.print(Text(f"               {one.last_error}"))
            continue
        console.print(Text(f"               {one.channel} to {one.receiver or '–'}: {one.why}"))
        console.print(Text(f"               {delivered_as(one)}"))
    for attempt in whole.attempts:
        console.print(
            Text("attempt       ", style="bold"),
            Text(
                f"{_when(attempt.started_at)} {attempt.outcome} in {attempt.seconds * 1000:.1f} ms"
                f" {_plain(attempt.detail)}"
            ),
        )
    for entry in whole.entries:
        received = f"received {_when(entry.received_at)}" if entry.received_at else "not received yet"
        console.print(
            Text("inbox         ", style="bold"), Text(f"{entry.id} arrived {_when(entry.arrived_at)}, {received}")
        )
    for event in whole.events:
        console.print(
            Text("event         ", style="bold"), Text(f"{_when(event.at)} {event.kind} {_plain(event.data)}")
        )


def _verdict(facts: dict[str, Any]) -> str | None:
    """The verdict, and which packs with how many rules it is by."""
    packs = ", ".join(f"{one['name']} ({one['rules']:,} rules)" for one in facts.get("packs") or ())
    verdict = facts.get("verdict")
    return f"{verdict}: {packs}" if packs else verdict


def _findings(facts: dict[str, Any]) -> Iterator[tuple[Text, Text]]:
    """A line for each finding that is stored, its place and what it means below it, and how many more there were."""
    from fakturahub.rules.explanations import explain

    findings = facts.get("findings") or ()
    for one in findings:
        yield Text(f"{one['severity']:<14}", style="bold"), Text(visible(f"{one['rule']}: {one['message']}"))
        line = f", line {one['line']}" if one.get("line") is not None else ""
        if one.get("path") is not None:
            yield Text(" " * 14), Text(visible(f"at {one['path']}{line}"))
        explanation = explain(one["rule"], "en") if one.get("pack") is not None else None
        if explanation is not None:
            yield Text(" " * 14), Text(explanation)
    more = (facts.get("findings_in_all") or 0) - len(findings)
    if more > 0:
        yield Text(" " * 14), Text(f"… and {more:,} more findings, which are not stored.")


def delivered_as(one: DeliveryShown) -> str:
    """In which syntax a document is delivered, and what became of the wish of its receiver for another."""
    report = one.report or {}
    if one.wanted_syntax == "original" or (one.delivered_syntax == one.wanted_syntax and not report):
        return f"in {one.delivered_syntax or 'its original syntax'}, as the receiver wants it"
    if one.delivered_syntax is None:
        why = f"not converted: {one.last_error}" if one.last_error else "not converted yet"
        return f"the receiver wants {one.wanted_syntax}; {why}"
    if report.get("unchanged") and report.get("target") == report.get("source"):
        return f"in {one.delivered_syntax}, as the receiver wants it"
    if report.get("unchanged"):
        return f"in {one.delivered_syntax}, as it came: it is not written as {one.wanted_syntax}"
    lost = [*report.get("not_read", ()), *report.get("not_written", ())]
    terms = ", ".join(visible(term[:60]) for term in list(dict.fromkeys(loss["term"] for loss in lost))[:8])
    what = f"lost {len(lost):,} {'value' if len(lost) == 1 else 'values'}: {terms}" if lost else "nothing was lost"
    return f"converted from {report.get('source')} to {one.delivered_syntax}, as the receiver wants it; {what}"


def _party(party: dict[str, Any] | None) -> str | None:
    if not party:
        return None
    endpoint = party.get("endpoint") or {}
    business = party.get("business_id") or {}
    parts = [
        party.get("name"),
        endpoint and f"{endpoint.get('scheme') or '?'}:{endpoint['value']}",
        business.get("value"),
    ]
    return ", ".join(str(part) for part in (*parts, party.get("vat_id")) if part)


def _plain(data: dict[str, Any]) -> str:
    """*data* in lines that stand below one another: an attempt shows heads of requests and answers."""
    said = "; ".join(f"{key}: {value}" for key, value in data.items() if value is not None)
    return ("\n" + " " * 15).join(said.splitlines())


def report(applied: Report, json: bool) -> None:
    if json:
        as_json(applied)
        return
    console = _console()
    for name, entries in (("created", applied.created), ("changed", applied.changed)):
        for entry in entries:
            console.print(Text(f"{name:<10}", style="green"), Text(entry))
    for entry in applied.kept:
        console.print(Text("kept      ", style="yellow"), Text(f"{entry}: no longer in the file; what is stored stays"))
    if not applied.created and not applied.changed:
        console.print(f"Nothing changed; {len(applied.unchanged)} tables are as the file says.")


def examination(findings: Sequence[Examined], json: bool) -> None:
    if json:
        as_json(findings)
        return
    console = _console()
    for finding in findings:
        mark, style = ("ok  ", "green") if finding.ok else ("BAD ", "bold red")
        console.print(Text(mark, style=style), Text(f"{finding.name:<14}", style="bold"), Text(finding.detail))
        if finding.advice:
            console.print(Text(f"                    What to do: {finding.advice}"))


class Detections:
    """What files were found to be: JSON as it comes, a table for a person at the end."""

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._count = 0
        self._table = _table("file", "syntax", "version", "charset", "documents")
        self._table.add_column("why", overflow="fold")
        #: whether something is printed on a terminal before the end
        self.streams_to_terminal = json and sys.stdout.isatty()

    def add(self, name: str, found: Recognition | FakturahubError) -> None:
        """The file *name* is *found*, or was refused."""
        self._count += 1
        if self._json:
            one = json_of(_detection(name, found)).decode().rstrip().replace("\n", "\n  ")
            sys.stdout.write(("[\n  " if self._count == 1 else ",\n  ") + one)
        elif isinstance(found, FakturahubError):
            why = f"{found} (error code {found.code})"
            self._table.add_row(Text(visible(name)), Text("–"), "–", "–", "–", Text(visible(why), style="red"))
        else:
            cells = (name, found.syntax, found.version or "–", found.charset, str(found.documents), found.why)
            self._table.add_row(*(Text(visible(cell)) for cell in cells))

    def end(self) -> None:
        """All files were added."""
        if self._json:
            sys.stdout.write("\n]\n" if self._count else "[]\n")
        else:
            _console().print(self._table if self._count else "No files.")


def _detection(name: str, found: Recognition | FakturahubError) -> dict[str, Any]:
    """One object of the list that `detect --json` prints; it has the same names whatever was found."""
    keys = ("syntax", "version", "profile", "charset")
    if isinstance(found, FakturahubError):
        error = {"code": found.code, "reason": str(found)}
        return {"file": name, **dict.fromkeys(keys), "documents": 0, "why": str(found), "error": error}
    told = {key: getattr(found, key) for key in keys}
    return {"file": name, **told, "documents": found.documents, "why": found.why}
