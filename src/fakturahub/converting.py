"""Converting files for a command: one document, or all that files hold, each into a file named after it."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from fakturahub import formats, placing, printing
from fakturahub.errors import ConversionLoss, FakturahubError, OperatorError
from fakturahub.exchange.convert import ORIGINAL, Converted, Report
from fakturahub.exchange.convert import convert as convert_bytes
from fakturahub.given import Given, shown
from fakturahub.intake.filenames import FlatNames, safe_member_name
from fakturahub.intake.zip import is_zip
from fakturahub.model import Attachment, Loss
from fakturahub.model.terms import TERM

#: characters of a source's name that go into the names of what is made of it; room is left for the syntax's
_STEM = 80
#: lines that tell which terms were lost, and how many more there are is said
_TERMS = 12
_PLACE_OF_LINE = re.compile(r", line \d+")


class Wish(msgspec.Struct, frozen=True):
    """What is asked for, of each document alike."""

    to: str
    allow_loss: bool
    #: whether files that exist may be replaced
    force: bool
    #: whether a report is written, with all that is lost
    reported: bool


def convert(data: bytes, wish: Wish, *, alone: bool) -> Converted:
    """The one document in *data* as *wish* has it; raises what ``exchange.convert.convert`` raises.

    *alone* is for a stream, which takes the document and nothing beside it: the files beside it are losses then.
    """
    converted = convert_bytes(data, wish.to, allow_loss=wish.allow_loss)
    if not alone or not converted.files:
        return converted
    unplaced = tuple(map(_unplaced, converted.files))
    report = msgspec.structs.replace(converted.report, not_written=converted.report.not_written + unplaced, files=())
    if not wish.allow_loss:
        names = ", ".join(file.name for file in converted.files[:8])
        raise ConversionLoss(
            f"A stream has no place for the files beside the document; with a file as --output they are kept: {names}.",
            report=report.as_data(),
        )
    return Converted(converted.data, report)


def beside(place: Path, converted: Converted) -> list[tuple[Path, bytes]]:
    """What is written for a document whose own place is *place*: the files beside it, and it, last.

    Raises ``OperatorError`` for a file of the document's own name: under another, no ``file://`` would lead to it.
    """
    names = FlatNames()
    files = [(place.with_name(names.of(file.name)), file.content) for file in converted.files]
    if any(path.name.casefold() == place.name.casefold() for path, _ in files):
        raise OperatorError(f"A file beside the document is called {place.name} as well; choose another --output.")
    return [*files, (place, converted.data)]


def refused(refusal: FakturahubError) -> dict[str, Any]:
    """What a report says of a document that was not written; with what would have been lost, where that is why."""
    report = refusal.report if isinstance(refusal, ConversionLoss) else {}
    return {**report, "error": {"code": refusal.code, "reason": str(refusal)}}


class Folder:
    """Documents converted into a folder, one after the other.

    A document with files beside it gets a folder of its own there, so that files of one name stay apart and the
    document's ``file://`` addresses lead to them.
    """

    def __init__(self, path: Path, wish: Wish) -> None:
        self.path = path
        self._wish = wish
        self._names = FlatNames()
        #: for a report: one object of JSON for each document, or for each file that is none
        self.entries: list[dict[str, Any]] = []
        self.written = 0
        self.refused = 0
        #: whether a loss was among the reasons
        self.lossy_refused = False
        #: how often each term was lost in what was written
        self.terms: Counter[str] = Counter()

    def convert(self, given: Given) -> Iterator[tuple[FakturahubError, str]]:
        """Convert all documents of *given*; each refusal, and what is left out, with its name, as it comes."""
        # Before anything is refused, so that what it is called does not hang on what becomes of the others.
        stem = self._names.of(_short(given.stem))
        try:
            documents, unclaimed = _documents(given.read())
        except FakturahubError as refusal:
            yield self._refuse(refusal, {"file": given.name}), given.name
            return
        several = len(documents) > 1
        names = [self._names.of(f"{stem}-{number}") for number in range(1, len(documents) + 1)] if several else [stem]
        for number, data in enumerate(documents, 1):
            name = f"{given.name}, document {number}" if several else given.name
            told: dict[str, Any] = {"file": given.name, **({"document": number} if several else {})}
            try:
                self._write(data, names[number - 1], told)
            except FakturahubError as refusal:
                yield self._refuse(refusal, told), name
        if unclaimed:
            loss = _left_out(unclaimed, len(documents))
            if self._wish.allow_loss:
                self._note({"file": given.name, **loss.report})
            else:
                self._refuse(loss, {"file": given.name})
            yield loss, given.name

    def _write(self, data: bytes, stem: str, told: dict[str, Any]) -> None:
        converted = convert(data, self._wish, alone=False)
        report = converted.report
        syntax = report.target if self._wish.to == ORIGINAL else self._wish.to
        place = self.path / f"{stem}.{syntax}.xml"
        if converted.files:
            place = self.path / f"{stem}.{syntax}" / place.name
            placing.make_folder(place.parent)
        placing.write(beside(place, converted), replace=self._wish.force)
        self._note({**told, "output": shown(place), **report.as_data()})
        self.written += 1
        self.terms.update(term(loss.term) for loss in report.losses)

    def _note(self, entry: dict[str, Any]) -> None:
        if self._wish.reported:
            self.entries.append(entry)

    def _refuse(self, refusal: FakturahubError, told: dict[str, Any]) -> FakturahubError:
        self._note({**told, "output": None, **refused(refusal)})
        self.refused += 1
        self.lossy_refused = self.lossy_refused or isinstance(refusal, ConversionLoss)
        return refusal


def _left_out(files: Sequence[Attachment], documents: int) -> ConversionLoss:
    """Files of an archive that belong to none of its documents: there is nothing that they could go with."""
    names = ", ".join(file.name for file in files[:8])
    losses = [msgspec.to_builtins(_unplaced(file)) for file in files]
    return ConversionLoss(
        f"Files in the archive that belong to none of its {documents:,} documents are left out: {names}.",
        report={"not_written": losses},
    )


def _unplaced(file: Attachment) -> Loss:
    return Loss("BT-125", f"{file.name} ({file.mime}, {len(file.content):,} bytes)", "no-place")


def _short(stem: str) -> str:
    return safe_member_name(stem, set())[:_STEM].rstrip(" .")


def _documents(data: bytes) -> tuple[Sequence[bytes], tuple[Attachment, ...]]:
    """The documents in *data*, each with its files if it has any, and the files that are none's."""
    if not is_zip(data):
        return formats.documents(data), ()
    envelope = formats.open_envelope(data)
    if len(envelope.documents) == 1:
        return (data,), ()
    documents = [_packed(one) if one.files else one.data for one in envelope.documents]
    return documents, envelope.unclaimed


def _packed(enclosed: formats.Enclosed) -> bytes:
    """A document and its files as an envelope of their own, which is converted as one that came so."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(safe_member_name("document.xml", {file.name for file in enclosed.files}), enclosed.data)
        for file in enclosed.files:
            archive.writestr(file.name, file.content)
    return data.getvalue()


# --- what was lost, for a person ------------------------------------------------------------------------------------


def term(stated: str) -> str:
    """The term of a loss: a number of EN 16931, or the path in the source, without the line that it stood in."""
    return printing.visible(_PLACE_OF_LINE.sub("", stated))[:200]


def terms(lost: Iterable[str] | Mapping[str, int]) -> list[str]:
    """A line for each of the most frequent terms of losses, with its name where it has one."""
    names = {number: path.replace(".", " ").replace("_", " ") for path, number in TERM.items()}
    counted = Counter(lost)
    lines = []
    for one, times in counted.most_common(_TERMS):
        name = f"{one} {names[one]}" if one in names else one
        lines.append(f"  {name}" + (f", {times:,} times" if times > 1 else ""))
    more = len(counted) - len(lines)
    return [*lines, f"  and {more:,} more"] if more else lines


def terms_of(refusal: ConversionLoss) -> list[str]:
    """The same of what a refused conversion would have lost."""
    report: Mapping[str, Any] = refusal.report
    return terms(term(loss["term"]) for key in ("not_read", "not_written") for loss in report.get(key, ()))


def lost(report: Report, wish: Wish) -> list[str]:
    """What a conversion that was done has lost and noticed, in lines."""
    lines = []
    if report.losses:
        count = len(report.losses)
        values = "1 value was" if count == 1 else f"{count:,} values were"
        lines = [f"{values} lost between {report.source} and {report.target}:"]
        lines += terms(term(loss.term) for loss in report.losses)
    if report.findings:
        count = len(report.findings)
        lines.append(f"{count:,} remark{'' if count == 1 else 's'} on what the sender stated; nothing was changed.")
    if report.remarks:
        count = len(report.remarks)
        lines.append(f"{count:,} value{' stands' if count == 1 else 's stand'} in another form, such as a free text.")
    return lines if wish.reported else [*lines, "--report FILE lists all of it with the values."]


def allowing(wish: Wish) -> str:
    """What to do about a loss that was not allowed."""
    report = "the report" if wish.reported else "--report FILE"
    return f"--allow-loss writes documents all the same, and {report} lists every value that is lost."


def summary(into: Folder) -> list[str]:
    """What came of converting several files, in lines."""
    documents = "1 document" if into.written == 1 else f"{into.written:,} documents"
    lines = [f"{documents} written to {printing.visible(shown(into.path))}."]
    if into.terms:
        count = into.terms.total()
        lines += ["1 value was lost:" if count == 1 else f"{count:,} values were lost:", *terms(into.terms)]
    if into.refused:
        lines.append(f"{into.refused:,} {'was' if into.refused == 1 else 'were'} refused.")
    return lines
