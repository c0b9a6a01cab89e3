"""Supporting documents as links, and the files that travel beside the document (Apix 6.1).

Finvoice has no place for a file inside: it lies beside the document in a ZIP and is named by ``file://``. All names
stand before all addresses, and the n-th belongs to the n-th: so those without a name come last.
"""

from __future__ import annotations

from fakturahub.formats.finvoice.write.sheet import RECOMPUTED, Sheet
from fakturahub.intake.filenames import safe_member_name
from fakturahub.model import Attachment
from fakturahub.model.invoice import SupportingDocument

PICTURE, ATTACHMENT = "APIX_PDFFILE", "APIX_ATTACHMENT"
_FILE = "file://"
_LIMIT = 512


class Links:
    """What there is to link, in the order in which it is written."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str | None, str]] = []
        self._files: list[Attachment] = []

    @property
    def files(self) -> tuple[Attachment, ...]:
        """The files beside the document, under the names that it links."""
        return tuple(self._files)

    def add(self, name: str | None, address: str) -> None:
        self.pairs.append((name, address))

    def attach(self, attachment: Attachment, name: str) -> None:
        self._files.append(Attachment(name, attachment.mime, attachment.content, attachment.description))

    def write(self, sheet: Sheet) -> None:
        """The names, then the addresses."""
        pairs = [pair for pair in self.pairs if pair[0]] + [pair for pair in self.pairs if not pair[0]]
        for name, _ in pairs:
            if name:
                sheet.raw("InvoiceUrlNameText", name)
        for _, address in pairs:
            sheet.raw("InvoiceUrlText", address)


def links(sheet: Sheet, supporting: tuple[SupportingDocument, ...]) -> Links:
    """The links of the supporting documents; their numbers (BT-122) and a file's description are free texts."""
    made, taken = Links(), set[str]()
    for number, document in enumerate(supporting):
        place = f"supporting[{number}]"
        sheet.say_all({"reference": document.reference}, place)
        uri, description = document.uri, document.description
        if document.attachment is not None:
            name = safe_member_name(document.attachment.name, taken)
            if name != document.attachment.name:
                # Two files of one name, or a name that a file cannot have.
                sheet.lose(f"{place}.attachment", document.attachment.name, RECOMPUTED)
            kind = PICTURE if document.is_picture else ATTACHMENT
            made.attach(document.attachment, name)
            made.add(kind, f"{_FILE}{name}")
            sheet.say_all({"description": description}, place)
            description = None
            if uri is not None and uri.startswith(_FILE):
                # Where the file was found; it is there under its name.
                continue
        if uri is None or not uri.strip():
            if document.attachment is None:
                sheet.say_all({"description": description}, place)
        elif len(uri) > _LIMIT:
            # An address that is cut off leads nowhere.
            sheet.say(f"{place}.uri", uri)
            sheet.say_all({"description": description}, place)
        else:
            if description is not None and len(description) > _LIMIT:
                sheet.say(f"{place}.description", description)
                description = description[:_LIMIT]
            made.add(PICTURE if document.is_picture else description.strip() if description else None, uri)
    return made
