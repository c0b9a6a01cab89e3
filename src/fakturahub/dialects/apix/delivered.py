"""The document of a storage as its reader gets it: one well-formed document that names real files (specification 7.2).

What is stored stays as it came. On the way out three things change, where there is anything to change: blanks and a
SOAP frame before the document go, for clients parse the bytes of ``invoice.xml`` as they are (a company whose settings
ask for the frame gets it); and in a Finvoice every link ``file://…`` to a file that lies in the ZIP gets the name that
the file has there, for a client opens the member of that name. A link to an archive of attachments that was opened
becomes one link for each file that was in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from fakturahub import formats
from fakturahub.dialects.apix.links import ATTACHMENT, FILE, Element, Link, elements, file_of, key_of
from fakturahub.intake import charsets

_BLANK = b" \t\r\n"


def as_delivered(data: bytes, syntax: str, beside: Mapping[str, str], *, framed: bool = False) -> bytes:
    """*data*, a document in *syntax*, as it is delivered; with its frame where the receiver wants it *framed*.

    *beside*: the name of each file beside it as the document may state it -> its name in the ZIP.
    """
    data = formats.unframed(data) if syntax.startswith("finvoice") and not framed else data
    if data[:1] in (b" ", b"\t", b"\r", b"\n"):
        data = data.lstrip(_BLANK)
    return _linked(data, beside) if beside and syntax.startswith("finvoice") else data


def _linked(data: bytes, beside: Mapping[str, str]) -> bytes:
    codec = formats.recognise(data).charset
    if codec in charsets.WIDE:
        return data  # nothing that Finnish programs write; its links stay as they are
    names, texts = elements(data, codec)
    real = {key_of(stated): name for stated, name in beside.items()}
    targets = [_target(element.text, real) for element in texts]
    unlinked = [name for name in beside.values() if name not in targets]
    written: list[tuple[Element, str, list[str]]] = []
    for place, (element, target) in enumerate(zip(texts, targets, strict=True)):
        if target is not None:
            written.append((element, "InvoiceUrlText", [FILE + target]))
        elif unlinked and _is_archive(element.text, names[place].text if place < len(names) else ""):
            written.append((element, "InvoiceUrlText", [FILE + name for name in unlinked]))
            if place < len(names):
                written.append((names[place], "InvoiceUrlNameText", [names[place].text] * len(unlinked)))
            unlinked = []
    for element, tag, values in sorted(written, key=lambda one: one[0].start, reverse=True):
        if values != [element.text]:
            made = "".join(f"<{tag}>{escape(value)}</{tag}>" for value in values)
            data = data[: element.start] + made.encode(codec, "xmlcharrefreplace") + data[element.end :]
    return data


def _target(text: str, real: Mapping[str, str]) -> str | None:
    """The name in the ZIP of the file that a link names, None where it names none that is there."""
    stated = file_of(text)
    if stated is None:
        return None
    return next((real[name] for name in Link("", stated).names if name in real), None)


def _is_archive(text: str, role: str) -> bool:
    stated = file_of(text)
    return stated is not None and (stated.casefold().endswith(".zip") or role == ATTACHMENT)
