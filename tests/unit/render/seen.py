"""What a reader finds on the pages of a PDF, held against what the document states.

Figures and dates are written here once more, without the code under test: from the tables of each language's customs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pypdfium2

from fakturahub.model import Attachment, Identifier
from fakturahub.model.invoice import Classification, Invoice
from fakturahub.model.terms import Stated, stated

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
#: decimal sign and sign between groups; blanks are not compared
SIGNS = {"nb": (",", ""), "sv": (",", ""), "fi": (",", ""), "da": (",", "."), "de": (",", "."), "en": (".", ",")}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: terms that no page shows as they are stated: codes that a word stands for or that only machines need (currencies
#: and units among them, which are shown in words), and the electronic address where it repeats an identifier
NOT_SHOWN = frozenset(
    {
        "BT-3", "BT-5", "BT-6", "BT-8", "BT-21", "BT-23", "BT-24", "BT-34", "BT-40", "BT-49", "BT-55", "BT-69", "BT-80",
        "BT-81", "BT-82", "BT-95", "BT-98", "BT-102", "BT-105", "BT-118", "BT-130", "BT-140", "BT-145", "BT-150",
        "BT-151", "BT-159",
        # Said by the ways to pay, which have tests of their own, in the form that each of them writes.
        "BT-83", "BT-84", "BT-85", "BT-86", "BT-87", "BT-88", "BT-89", "BT-90", "BT-91",
    }
)  # fmt: skip


def text_of(pdf: bytes) -> str:
    """The text of all pages without its blanks, which the breaking of lines adds and takes away."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    return bare("".join(pages))


def bare(text: str) -> str:
    """*text* in the characters that are compared."""
    # U+FFFE is what pdfium puts for a hyphen at the end of a line, U+200B a place to break at.
    text = text.replace("\ufffe", "-").replace("\u200b", "")
    return "".join(unicodedata.normalize("NFC", text).split())


def written(value: Decimal, language: str) -> tuple[str, ...]:
    """The forms that *value* may have on a page: with two decimals at least, and without needless zeros."""
    decimal, group = SIGNS[language]
    plain = f"{value.copy_abs():f}"
    whole, _, part = plain.partition(".")
    whole = f"{int(whole):,}".replace(",", group)
    part = part.rstrip("0")
    sign = "\u2212" if value < 0 else ""
    return f"{sign}{whole}{decimal}{part.ljust(2, '0')}", f"{sign}{whole}{decimal + part if part else ''}"


def day(value: date, language: str) -> str:
    if language == "sv":
        return value.isoformat()
    if language == "fi":
        return f"{value.day}.{value.month}.{value.year}"
    if language == "en":
        return f"{value.day}{MONTHS[value.month - 1]}{value.year}"
    return f"{value.day:02}.{value.month:02}.{value.year}"


def unseen(invoice: Invoice, text: str, language: str) -> list[Stated]:
    """The terms of *invoice* that are not found in *text* (of ``text_of``)."""
    zeros = {"BT-107", "BT-108", "BT-113", "BT-114"}
    pictures = [place for place, one in enumerate(invoice.supporting) if one.is_picture]
    return [
        one
        for one in stated(invoice)
        if one.term not in NOT_SHOWN
        # The sender's picture of the page is no attachment of the page.
        and not any(one.path.startswith(f"supporting[{place}].") for place in pictures)
        # A sum of no allowances at all, of nothing paid, is no line on a bill.
        and not (one.term in zeros and one.value == 0)
        # The sum of the lines is the total without VAT where nothing comes between them.
        and not (one.term == "BT-106" and not (invoice.totals.allowances or invoice.totals.charges))
        and not any(bare(form) in text for form in _forms(one, language))
    ]


def _forms(one: Stated, language: str) -> Iterator[str]:
    value = one.value
    if isinstance(value, Decimal):
        yield from written(value, language)
        # Allowances are taken away, and so is what is paid already.
        yield from written(value.copy_negate(), language)
    elif isinstance(value, date):
        yield day(value, language)
    elif isinstance(value, Identifier):
        yield value.value
    elif isinstance(value, Classification):
        yield value.code
    elif isinstance(value, Attachment):
        yield value.name
    else:
        yield " ".join(str(value).split())
