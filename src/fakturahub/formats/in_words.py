"""What one family of syntaxes carries beyond EN 16931, said in words for another.

A reader that keeps an extension says with it, in words, what stands in it. Where the document is written in a syntax of
another family, the words go where a person finds them: to the note of the line (BT-127), the terms of payment (BT-20)
or a note of the document (BT-22), as the place of the extension tells. Each is reported, as text.
"""

from __future__ import annotations

import re

import msgspec

from fakturahub.model import Loss
from fakturahub.model.invoice import Extension, Invoice, Line, Note, Noun

#: the ``why`` of a `Loss`
AS_TEXT = "as-text"
#: the place of an extension whose words are a part of the terms of payment
TERMS_PLACE = "payment_terms"

_LINE = re.compile(r"lines\[([0-9]+)\]")


def in_words(noun: Noun, family: str) -> tuple[Noun, tuple[Loss, ...]]:
    """*noun* as *family* writes it: extensions of other families that have words as those, with a report of each."""
    if not isinstance(noun, Invoice) or not noun.extensions:
        return noun, ()
    kept: list[Extension] = []
    losses: list[Loss] = []
    terms: list[str] = []
    notes: list[str] = []
    lines: dict[int, list[str]] = {}
    for number, extension in enumerate(noun.extensions):
        if extension.family == family or extension.words is None:
            kept.append(extension)
            continue
        if not extension.words:
            # It says nothing that the model does not say.
            continue
        line = _LINE.match(extension.place)
        if line is not None and int(line[1]) < len(noun.lines):
            lines.setdefault(int(line[1]), []).append(extension.words)
        else:
            (terms if extension.place == TERMS_PLACE else notes).append(extension.words)
        losses.append(Loss(extension.name, extension.words, AS_TEXT, f"extensions[{number}]"))
    if len(kept) == len(noun.extensions):
        return noun, ()
    made = msgspec.structs.replace(
        noun,
        extensions=tuple(kept),
        payment_terms=_joined(noun.payment_terms, terms),
        notes=(*noun.notes, Note(text="\n".join(notes))) if notes else noun.notes,
        lines=tuple(_line(line, lines.get(number)) for number, line in enumerate(noun.lines)),
    )
    return made, tuple(losses)


def _line(line: Line, words: list[str] | None) -> Line:
    return msgspec.structs.replace(line, note=_joined(line.note, words)) if words else line


def _joined(text: str | None, words: list[str]) -> str | None:
    return "\n".join([text, *words] if text else words) or None
