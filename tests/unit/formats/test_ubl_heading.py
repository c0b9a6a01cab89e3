"""The heading of a UBL invoice or credit note, term by term."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fakturahub import formats
from fakturahub.errors import BadValue, FakturahubError, MissingTerm, NotWellFormed, UnreadableAttachment, WrongCharset
from fakturahub.intake.limits import ATTACHMENT, TEXT, XML
from fakturahub.model import AttachmentHeading, Heading, Identifier, Kind, PartyHeading, PostalHeading

EXAMPLES = Path(__file__).parents[3] / "examples"
INVOICE = (EXAMPLES / "invoice.xml").read_bytes()
CREDIT_NOTE = (EXAMPLES / "credit-note.xml").read_bytes()
WITH_ATTACHMENT = (EXAMPLES / "invoice-with-attachment.xml").read_bytes()

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"

SKOG = PartyHeading(
    name="Skog & Såg AB",
    endpoint=Identifier("5561618033", "0007"),
    identifiers=(Identifier("9520000104276", "0088"),),
    business_id=Identifier("5561618033", "0007"),
    vat_id="SE556161803301",
    country="SE",
)
VIRTA = PartyHeading(
    name="Virta Sähkö Oy",
    endpoint=Identifier("003727901319", "0216"),
    identifiers=(Identifier("K-10427"),),
    business_id=Identifier("2790131-9", "0212"),
    vat_id="FI27901319",
    country="FI",
)
ESPOO = PostalHeading(lines=("Sinikalliontie 9",), city="Espoo", post_code="02630")


def document(content: str, root: str = "Invoice") -> bytes:
    return (
        f'<{root} xmlns="{UBL}{root}-2" xmlns:cac="{UBL}CommonAggregateComponents-2" '
        f'xmlns:cbc="{UBL}CommonBasicComponents-2">{content}</{root}>'
    ).encode()


def heading_of(content: str, root: str = "Invoice") -> Heading:
    return formats.read_heading(document(f"<cbc:ID>1</cbc:ID>{content}", root))


def test_an_invoice() -> None:
    assert formats.read_heading(INVOICE) == Heading(
        kind=Kind.INVOICE,
        number="2026-1107",
        issue_date=date(2026, 11, 2),
        due_date=date(2026, 12, 2),
        currency="EUR",
        net=Decimal("12000.00"),
        total=Decimal("15000.00"),
        payable=Decimal("15000.00"),
        seller=SKOG,
        buyer=VIRTA,
        payment_reference="20261107",
        account="SE4550000000058398257466",
        buyer_reference="Röbäck 7731",
        order_reference="PO-88213",
        seller_reference="SO-5120",
        buyer_email="laskut@virta.example",
        buyer_address=ESPOO,
    )


def test_a_credit_note_has_its_due_date_with_the_payment_means() -> None:
    assert formats.read_heading(CREDIT_NOTE) == Heading(
        kind=Kind.CREDIT_NOTE,
        number="2026-1131",
        issue_date=date(2026, 11, 12),
        due_date=date(2026, 12, 12),
        currency="EUR",
        net=Decimal("1757.50"),
        total=Decimal("2196.88"),
        payable=Decimal("2196.88"),
        seller=SKOG,
        buyer=VIRTA,
        payment_reference="20261131",
        account="SE4550000000058398257466",
        buyer_reference="Röbäck 7731",
        order_reference="PO-88213",
        seller_reference="SO-5120",
        buyer_email="laskut@virta.example",
        buyer_address=ESPOO,
    )


def test_attachments_stand_in_the_heading_without_their_content() -> None:
    assert formats.read_heading(WITH_ATTACHMENT).attachments == (
        AttachmentHeading(
            id="2026-4410",
            name="följesedel-2026-4410.pdf",
            mime="application/pdf",
            description="Följesedel",
            embedded=True,
        ),
        AttachmentHeading(
            id="terms", description="Leveransvillkor", uri="https://www.skog.example/leveransvillkor.html"
        ),
    )


def test_a_document_is_opened_once_for_all() -> None:
    opened = formats.open_document(WITH_ATTACHMENT)
    assert opened.recognition == formats.recognise(WITH_ATTACHMENT)
    assert opened.heading == formats.read_heading(WITH_ATTACHMENT)
    assert opened.attachments() == formats.attachments(WITH_ATTACHMENT)
    assert opened.root.tag == f"{{{UBL}Invoice-2}}Invoice"
    assert opened.syntax.family == "ubl"


def test_only_the_number_has_to_be_there() -> None:
    assert heading_of("") == Heading(kind=Kind.INVOICE, number="1")
    assert heading_of("", "CreditNote") == Heading(kind=Kind.CREDIT_NOTE, number="1")


@pytest.mark.parametrize(
    "content", ["", "<cbc:ID/>", "<cbc:ID> \n </cbc:ID>", "<cac:OrderReference><cbc:ID>1</cbc:ID></cac:OrderReference>"]
)
def test_without_a_number_it_is_refused(content: str) -> None:
    with pytest.raises(MissingTerm) as refused:
        formats.read_heading(document(content))
    assert refused.value.term == "BT-1"
    assert refused.value.place == "Invoice/ID"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-02", date(2026, 11, 2)),
        ("\n 2026-11-02 ", date(2026, 11, 2)),
        # A time zone is dropped and not applied.
        ("2026-11-02Z", date(2026, 11, 2)),
        ("2026-11-02+01:00", date(2026, 11, 2)),
        ("2026-11-02-11:30", date(2026, 11, 2)),
        ("2024-02-29", date(2024, 2, 29)),
        ("", None),
        (" ", None),
    ],
)
def test_dates(written: str, read: date | None) -> None:
    assert heading_of(f"<cbc:IssueDate>{written}</cbc:IssueDate>").issue_date == read


@pytest.mark.parametrize(
    "written",
    [
        *("20261102", "2026-W45-1", "2026-1-2", "02.11.2026", "2026-02-29", "2026-13-01", "0000-01-01", "today"),
        *("2026-11-02T00:00:00", "2026-11-02+1", "2026-11-02+15:00", "-2026-11-02", "12026-11-02", "x" * 300),
        "\u0662\u0660\u0662\u0666-\u0661\u0661-\u0660\u0662",  # Arabic digits
    ],
)
def test_a_bad_date_is_refused_with_term_and_place(written: str) -> None:
    with pytest.raises(BadValue) as refused:
        heading_of(f"\n<cbc:DueDate>{written}</cbc:DueDate>")
    assert refused.value.term == "BT-9"
    assert refused.value.place == "Invoice/DueDate, line 2"
    assert len(refused.value.reason) < 200


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("15000.00", "15000.00"),
        ("15000", "15000"),
        ("-12.5", "-12.5"),
        ("+12.5", "12.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("\n 1 ", "1"),
        ("0" * 25 + "1.50", "1.50"),
        ("1234567890123456789012345678.90", "1234567890123456789012345678.90"),
        ("-123456789012345678901234567.890", "-123456789012345678901234567.890"),
    ],
)
def test_amounts(written: str, read: str) -> None:
    total = heading_of(
        f"<cac:LegalMonetaryTotal><cbc:TaxInclusiveAmount currencyID='EUR'>{written}</cbc:TaxInclusiveAmount>"
        "</cac:LegalMonetaryTotal>"
    ).total
    assert str(total) == read


@pytest.mark.parametrize(
    "written",
    [
        *(
            "1e5",
            "1E5",
            "NaN",
            "INF",
            "-Infinity",
            "1_000",
            "1 000",
            "1,00",
            "1.000,00",
            "--1",
            ".",
            "-",
            "0x10",
            "1.2.3",
        ),
        *("1" * 31, "1" * 15 + "." + "1" * 16, "1" * 300, "12 EUR"),
        *("\u0661\u0662", "\uff11\uff12", "\u22121"),  # Arabic and full-width digits, the minus of typesetters
    ],
)
def test_a_bad_amount_is_refused_with_term_and_place(written: str) -> None:
    with pytest.raises(BadValue) as refused:
        heading_of(f"<cac:LegalMonetaryTotal><cbc:PayableAmount>{written}</cbc:PayableAmount></cac:LegalMonetaryTotal>")
    assert refused.value.term == "BT-115"
    assert refused.value.place == "Invoice/LegalMonetaryTotal/PayableAmount, line 1"
    assert len(refused.value.reason) < 200


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**24), max_value=10**24))
def test_an_amount_is_read_as_it_was_written(amount: Decimal) -> None:
    written = f"{amount:f}"
    read = heading_of(
        f"<cac:LegalMonetaryTotal><cbc:PayableAmount>{written}</cbc:PayableAmount></cac:LegalMonetaryTotal>"
    ).payable
    assert read == amount
    assert str(read) == written


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a<!-- x -->b", "ab"),
        ("a<?x y?>b", "ab"),
        ("<![CDATA[a & b]]>", "a & b"),
        ("&#228;&amp;", "ä&"),
        ("  a b  ", "a b"),
        ("a\n      b\t c", "a b c"),
        ("a&#10;b&#13;", "a b"),
        ("\u00a0a\u00a0", "a"),
        ("x" * TEXT.identifier, "x" * TEXT.identifier),
    ],
)
def test_texts(written: str, read: str) -> None:
    assert formats.read_heading(document(f"<cbc:ID>{written}</cbc:ID>")).number == read


@pytest.mark.parametrize(
    ("content", "term"),
    [
        ("<cbc:BuyerReference>{}</cbc:BuyerReference>", "BT-10"),
        ("<cbc:DocumentCurrencyCode>{}</cbc:DocumentCurrencyCode>", "BT-5"),
        ("<cbc:InvoiceTypeCode>{}</cbc:InvoiceTypeCode>", "BT-3"),
        ("<cac:OrderReference><cbc:ID>{}</cbc:ID></cac:OrderReference>", "BT-13"),
        ("<cac:PaymentMeans><cbc:PaymentID>{}</cbc:PaymentID></cac:PaymentMeans>", "BT-83"),
        (
            "<cac:AccountingSupplierParty><cac:Party><cbc:EndpointID schemeID='{}'>1</cbc:EndpointID></cac:Party>"
            "</cac:AccountingSupplierParty>",
            "BT-34",
        ),
        (
            "<cac:AccountingCustomerParty><cac:Party><cbc:EndpointID>{}</cbc:EndpointID></cac:Party>"
            "</cac:AccountingCustomerParty>",
            "BT-49",
        ),
        ("<cac:AdditionalDocumentReference><cbc:ID>{}</cbc:ID></cac:AdditionalDocumentReference>", "BT-122"),
    ],
)
def test_a_value_that_is_too_long_is_refused(content: str, term: str) -> None:
    with pytest.raises(BadValue, match=f"{TEXT.identifier + 1}") as refused:
        heading_of(content.format("x" * (TEXT.identifier + 1)))
    assert refused.value.term == term
    assert refused.value.place is not None


def test_a_number_of_a_megabyte_is_refused() -> None:
    with pytest.raises(BadValue, match="1,000,000 characters") as refused:
        formats.read_heading(document(f"<cbc:ID>{'1' * 1_000_000}</cbc:ID>"))
    assert refused.value.term == "BT-1"


def party(content: str, side: str = "Supplier") -> str:
    return f"<cac:Accounting{side}Party><cac:Party>{content}</cac:Party></cac:Accounting{side}Party>"


def test_a_name_is_the_registered_one_or_else_the_trading_name() -> None:
    trading = "<cac:PartyName><cbc:Name>Skog</cbc:Name></cac:PartyName>"
    registered = "<cac:PartyLegalEntity><cbc:RegistrationName>Skog AB</cbc:RegistrationName></cac:PartyLegalEntity>"
    assert heading_of(party(trading + registered)).seller.name == "Skog AB"
    assert heading_of(party(trading)).seller.name == "Skog"
    assert (
        heading_of(party(trading + "<cac:PartyLegalEntity><cbc:RegistrationName/></cac:PartyLegalEntity>")).seller.name
        == "Skog"
    )
    assert heading_of(party(trading, "Customer")).buyer.name == "Skog"


def tax(company: str, scheme: str) -> str:
    identifier = f"<cac:TaxScheme><cbc:ID>{scheme}</cbc:ID></cac:TaxScheme>" if scheme else ""
    return f"<cac:PartyTaxScheme><cbc:CompanyID>{company}</cbc:CompanyID>{identifier}</cac:PartyTaxScheme>"


@pytest.mark.parametrize(
    ("schemes", "vat"),
    [
        (tax("SE1", "VAT"), "SE1"),
        (tax("Foretaksregisteret", "TAX") + tax("NO1MVA", "VAT"), "NO1MVA"),
        (tax("NO1MVA", " vat ") + tax("Foretaksregisteret", "TAX"), "NO1MVA"),
        (tax("SE1", "VAT") + tax("SE2", "VAT"), "SE1"),
        (tax("F-skatt", "TAX"), None),
        (tax("SE1", ""), None),
        ("<cac:PartyTaxScheme><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>", None),
    ],
)
def test_the_vat_number_is_that_of_the_scheme_vat(schemes: str, vat: str | None) -> None:
    assert heading_of(party(schemes)).seller.vat_id == vat


def test_identifiers_of_a_party_without_that_of_a_direct_debit_creditor() -> None:
    identifications = "".join(
        f"<cac:PartyIdentification><cbc:ID{scheme}>{value}</cbc:ID></cac:PartyIdentification>"
        for scheme, value in [
            (" schemeID='0088'", "952"),
            (" schemeID='SEPA'", "SE97ZZZ"),
            ("", "17"),
            (" schemeID=''", ""),
        ]
    )
    assert heading_of(party(identifications)).seller.identifiers == (Identifier("952", "0088"), Identifier("17"))


def test_a_party_has_so_many_identifiers_and_no_more() -> None:
    one = "<cac:PartyIdentification><cbc:ID>1</cbc:ID></cac:PartyIdentification>"
    assert len(heading_of(party(one * TEXT.identifiers)).seller.identifiers) == TEXT.identifiers
    with pytest.raises(BadValue, match=str(TEXT.identifiers)):
        heading_of(party(one * (TEXT.identifiers + 1)))


def test_the_first_party_is_the_one() -> None:
    first, second = (f"<cac:PartyName><cbc:Name>{name}</cbc:Name></cac:PartyName>" for name in ("First", "Second"))
    assert heading_of(party(first) + party(second)).seller.name == "First"
    assert heading_of(party(first, "Customer") + party(second, "Customer")).buyer.name == "First"


def test_the_first_payment_means_that_states_it_is_taken() -> None:
    read = heading_of(
        "<cac:PaymentMeans><cbc:PaymentID> </cbc:PaymentID></cac:PaymentMeans>"
        "<cac:PaymentMeans><cbc:PaymentDueDate>2026-12-01</cbc:PaymentDueDate><cbc:PaymentID>1</cbc:PaymentID>"
        "<cac:PayeeFinancialAccount><cbc:ID>FI1</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>"
        "<cac:PaymentMeans><cbc:PaymentID>2</cbc:PaymentID>"
        "<cac:PayeeFinancialAccount><cbc:ID>FI2</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>"
    )
    assert (read.payment_reference, read.account, read.due_date) == ("1", "FI1", date(2026, 12, 1))


def test_the_due_date_of_the_document_wins_over_that_of_the_payment() -> None:
    payment = "<cac:PaymentMeans><cbc:PaymentDueDate>2026-12-31</cbc:PaymentDueDate></cac:PaymentMeans>"
    assert heading_of(f"<cbc:DueDate>2026-12-01</cbc:DueDate>{payment}").due_date == date(2026, 12, 1)


def reference(content: str, code: str = "") -> str:
    stated = f"<cbc:DocumentTypeCode>{code}</cbc:DocumentTypeCode>" if code else ""
    return f"<cac:AdditionalDocumentReference><cbc:ID>x</cbc:ID>{stated}{content}</cac:AdditionalDocumentReference>"


LINK = "<cac:Attachment><cac:ExternalReference><cbc:URI>https://a.example</cbc:URI></cac:ExternalReference></cac:Attachment>"


@pytest.mark.parametrize(
    ("root", "code", "content", "counts"),
    [
        ("Invoice", "", "", True),
        ("Invoice", "916", "", True),
        ("Invoice", "130", "", False),  # BT-18, the invoiced object
        ("Invoice", "50", "", True),
        ("CreditNote", "130", "", False),
        ("CreditNote", "50", "", False),  # BT-11, the project
        ("Invoice", "130", LINK, True),  # wrong by the book, but something is there
    ],
)
def test_which_references_are_attachments(root: str, code: str, content: str, counts: bool) -> None:
    assert bool(heading_of(reference(content, code), root).attachments) is counts


def test_an_old_description_of_an_attachment() -> None:
    old = "<cbc:DocumentType>Timesheet</cbc:DocumentType>"
    new = "<cbc:DocumentDescription>Hours</cbc:DocumentDescription>"
    assert heading_of(reference(old)).attachments[0].description == "Timesheet"
    assert heading_of(reference(old + new)).attachments[0].description == "Hours"


def test_a_document_has_so_many_attachments_and_no_more() -> None:
    assert len(heading_of(reference("") * ATTACHMENT.count).attachments) == ATTACHMENT.count
    with pytest.raises(UnreadableAttachment, match="1,000"):
        heading_of(reference("") * (ATTACHMENT.count + 1))


@pytest.mark.parametrize(
    "content",
    [
        # further away than the recognition looks
        f"<!-- {' ' * XML.look} --><cbc:CustomizationID>urn:x</cbc:CustomizationID>",
        # one that the recognition took for it
        "<cac:Signature><cbc:CustomizationID>urn:x</cbc:CustomizationID></cac:Signature>",
        "<cac:Signature><cbc:CustomizationID>urn:x</cbc:CustomizationID></cac:Signature>"
        "<cbc:CustomizationID>urn:y</cbc:CustomizationID>",
    ],
)
def test_a_document_that_is_not_what_it_was_recognised_as_is_refused(content: str) -> None:
    with pytest.raises(BadValue) as refused:
        heading_of(content)
    assert refused.value.term == "BT-24"


# --- character sets -------------------------------------------------------------------------------------------------

PLAIN = INVOICE.decode().rstrip()
DECLARED = 'encoding="UTF-8"'


@pytest.mark.parametrize(
    ("codec", "declared", "charset"),
    [
        ("utf-8", "UTF-8", "utf-8"),
        ("utf-8", None, "utf-8"),
        ("utf-8-sig", "UTF-8", "utf-8"),
        ("utf-16", "UTF-16", "utf-16le"),
        ("utf-16-le", "UTF-16", "utf-16le"),
        ("utf-16-be", "UTF-16", "utf-16be"),
        ("utf-16", "UTF-8", "utf-16le"),
        ("iso-8859-15", "ISO-8859-15", "iso-8859-15"),
        ("cp1252", "windows-1252", "windows-1252"),
    ],
)
@pytest.mark.parametrize("blank", ["", "\r\n\n"])
def test_the_heading_is_the_same_in_every_character_set(
    codec: str, declared: str | None, charset: str, blank: str
) -> None:
    label = f'encoding="{declared}"' if declared else ""
    data = (blank + PLAIN.replace(DECLARED, label)).encode(codec)
    if codec == "utf-16-be":
        data = b"\xfe\xff" + data
    elif codec == "utf-16-le" and blank:
        data = b"\xff\xfe" + data
    opened = formats.open_document(data)
    assert opened.heading == formats.read_heading(INVOICE)
    assert opened.recognition.charset == charset
    assert formats.recognise(data) == opened.recognition


@pytest.mark.parametrize(
    ("codec", "declared"),
    [("iso-8859-15", "UTF-8"), ("cp1252", "UTF-8"), ("utf-8", "US-ASCII"), ("iso-8859-15", "UTF-16")],
)
def test_a_wrong_declaration_is_refused(codec: str, declared: str) -> None:
    data = PLAIN.replace(DECLARED, f'encoding="{declared}"').encode(codec)
    with pytest.raises(WrongCharset) as refused:
        formats.open_document(data)
    assert refused.value.place is not None
    byte = int(refused.value.place.removeprefix("byte "))
    assert data[byte] >= 0x80
    assert data[:byte].isascii()


# --- damage ---------------------------------------------------------------------------------------------------------

# No line break at the end: without their last byte they are incomplete.
SAMPLES = [
    PLAIN.encode(),
    CREDIT_NOTE.rstrip(),
    WITH_ATTACHMENT.rstrip(),
    PLAIN.encode("utf-16"),
    PLAIN.replace(DECLARED, 'encoding="ISO-8859-15"').encode("iso-8859-15"),
]


def everything(data: bytes) -> None:
    """Ask all that this room answers; nothing but errors of the tree may come out."""
    try:
        opened = formats.open_document(data)
        opened.attachments()
    except FakturahubError as refused:
        if refused.code in ("fakturahub", "internal-fault"):
            raise
        return
    heading = opened.heading
    for text in (heading.number, heading.currency, heading.account, heading.buyer_reference, heading.order_reference):
        assert text is None or (0 < len(text) <= TEXT.identifier and text == text.strip() and "\n" not in text)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes(data: bytes) -> None:
    everything(data)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SAMPLES), st.floats(0, 1, exclude_max=True))
@example(PLAIN.encode(), 0.0)
@example(PLAIN.encode("utf-16"), 0.9999)
def test_a_cut_document_is_refused(sample: bytes, share: float) -> None:
    with pytest.raises(FakturahubError):
        formats.open_document(sample[: int(len(sample) * share)])


def test_a_document_cut_by_one_byte_is_refused() -> None:
    with pytest.raises(NotWellFormed):
        formats.open_document(PLAIN.encode()[:-1])


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_flipped_bytes(sample: bytes, flips: list[tuple[float, int]]) -> None:
    data = bytearray(sample)
    for share, byte in flips:
        data[int(len(data) * share)] = byte
    everything(bytes(data))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(SAMPLES[:3]),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=3),
)
def test_moved_pieces(sample: bytes, moves: list[tuple[float, float, float]]) -> None:
    data = sample
    for start, end, to in moves:
        first, last = sorted((int(len(data) * start), int(len(data) * end)))
        piece, rest = data[first:last], data[:first] + data[last:]
        at = int(len(rest) * to)
        data = rest[:at] + piece + rest[at:]
    everything(data)
