"""Pagero's PUF and Vertex's VRBL: what they have beside UBL."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace

from fakturahub.errors import UnwritableDocument
from fakturahub.formats.ubl.write import WRITERS
from fakturahub.model import Attachment, Identifier
from fakturahub.model.invoice import Invoice, Party, SupportingDocument
from tests.unit.formats.ubl.corpus import read
from tests.unit.formats.ubl.parts import LEAST, document, losses_in, party, puf, vrbl

URI = "urn:pagero:ExtensionComponent:1.0:PageroExtension:"
PDF = Attachment("a.pdf", "application/pdf", b"%PDF-1.4")
PICTURE = SupportingDocument(reference="1", attachment=PDF, is_picture=True)


def extension(name: str, content: str = "", uri: str = URI) -> str:
    return (
        f"<ext:UBLExtensions><ext:UBLExtension><ext:ExtensionURI>{uri}{name}</ext:ExtensionURI><ext:ExtensionContent>"
        f"<puf:PageroExtension>{content or f'<puf:{name}>x</puf:{name}>'}</puf:PageroExtension></ext:ExtensionContent>"
        "</ext:UBLExtension></ext:UBLExtensions>"
    )


def noun(data: bytes) -> Invoice:
    found = read(data).noun
    assert isinstance(found, Invoice)
    return found


def kept(invoice: Invoice) -> list[tuple[str, str]]:
    return [(one.name, one.place) for one in invoice.extensions]


class TestExtensions:
    def test_they_are_kept_with_the_part_they_belong_to(self) -> None:
        lines = "".join(
            f"<cac:InvoiceLine>{extension('LineExtension')}<cbc:ID>{number}</cbc:ID><cac:Item>"
            f"{extension('ItemExtension')}<cbc:Name>a</cbc:Name></cac:Item><cac:Price>{extension('PriceExtension')}"
            f'<cbc:PriceAmount currencyID="EUR">1</cbc:PriceAmount></cac:Price></cac:InvoiceLine>'
            for number in (1, 2)
        )
        subtotal = (
            f'<cac:TaxSubtotal>{extension("TaxSubtotalExtension")}<cbc:TaxAmount currencyID="EUR">1</cbc:TaxAmount>'
            "</cac:TaxSubtotal>"
        )
        data = puf(
            f"<cac:OrderReference>{extension('OrderReferenceExtension')}<cbc:ID>1</cbc:ID></cac:OrderReference>"
            + party(extension("PartyExtension") + "<cbc:EndpointID>1</cbc:EndpointID>")
            + party(extension("PartyExtension") + "<cbc:EndpointID>1</cbc:EndpointID>", "AccountingCustomerParty")
            + f"<cac:PaymentTerms>{extension('PaymentTermsExtension')}<cbc:Note>n</cbc:Note></cac:PaymentTerms>"
            + f'<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">1</cbc:TaxAmount>{subtotal * 2}</cac:TaxTotal>'
            + f"<cac:LegalMonetaryTotal>{extension('LegalMonetaryTotalExtension')}</cac:LegalMonetaryTotal>"
            + lines,
            before=extension("InvoiceSeries"),
        )
        assert losses_in(data) == []
        assert kept(noun(data)) == [
            ("puf:InvoiceSeries", ""),
            ("puf:OrderReferenceExtension", "order"),
            ("puf:PartyExtension", "seller"),
            ("puf:PartyExtension", "buyer"),
            ("puf:PaymentTermsExtension", "payment_terms"),
            ("puf:TaxSubtotalExtension", "vat[0]"),
            ("puf:TaxSubtotalExtension", "vat[1]"),
            ("puf:LegalMonetaryTotalExtension", "totals"),
            ("puf:LineExtension", "lines[0]"),
            ("puf:ItemExtension", "lines[0].item"),
            ("puf:PriceExtension", "lines[0].price"),
            ("puf:LineExtension", "lines[1]"),
            ("puf:ItemExtension", "lines[1].item"),
            ("puf:PriceExtension", "lines[1].price"),
        ]

    @pytest.mark.parametrize(
        "unknown",
        [
            extension("A").replace(URI, "urn:somebody:else:"),
            extension("A").replace("puf:", "cac:"),
            extension("A B", "<puf:A>x</puf:A>"),
            extension("A").replace(
                "<ext:ExtensionContent>", "<ext:ExtensionReason>r</ext:ExtensionReason><ext:ExtensionContent>"
            ),
            extension("A").replace("<puf:PageroExtension>", "<puf:PageroExtension/><puf:PageroExtension>"),
            extension("A").replace("<ext:UBLExtension>", '<ext:UBLExtension lang="x">'),
            # texts between elements
            extension("A", "<puf:A>x</puf:A>between"),
            # a namespace that canonical XML does not have
            extension("A", '<a:A xmlns:a="1,5">x</a:A>'),
        ],
    )
    def test_those_of_another_shape_are_reported(self, unknown: str) -> None:
        data = document("", before=unknown)
        assert noun(data).extensions == ()
        said = {value for _, value, _ in losses_in(data)}
        assert "x" in said
        assert any("A" in value for value in said)

    def test_they_come_back_where_they_were(self, shared: Path) -> None:
        for path in sorted((shared / "samples/puf").glob("PUF_*_with_extension*.xml")):
            first = noun(path.read_bytes())
            assert len(first.extensions) >= 8
            root = etree.fromstring(WRITERS["puf-billing-2.0"](first).data)
            source = etree.fromstring(path.read_bytes())
            count = "count(//*[local-name()='PartyExtension']/ancestor::*[local-name()='AccountingSupplierParty'])"
            assert root.xpath(count) == source.xpath(count) == 1


class TestPuf:
    def test_missing_totals_are_noticed_and_not_computed(self) -> None:
        content = (
            '<cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="EUR">10</cbc:PayableAmount>'
            '</cac:LegalMonetaryTotal><cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:LineExtensionAmount currencyID="EUR">8'
            "</cbc:LineExtensionAmount></cac:InvoiceLine>"
        )
        reading = read(puf(content))
        assert [(one.rule, one.term) for one in reading.findings] == [
            ("missing-term", term) for term in ("BT-106", "BT-109", "BT-112", "BG-23")
        ]
        assert noun(puf(content)).totals == replace(LEAST.totals, payable=Decimal(10))
        assert read(document(content)).findings == ()

    def test_self_billing_is_an_extension(self) -> None:
        said = extension("SelfBilled", "<puf:SelfBilled>true</puf:SelfBilled>")
        for root, plain, self_billed in (("Invoice", "380", "389"), ("CreditNote", "381", "261")):
            code = f"<cbc:{root}TypeCode>{plain}</cbc:{root}TypeCode>"
            found = noun(puf(code, root, before=said))
            assert (found.type_code, found.extensions) == (self_billed, ())
            assert noun(puf(code, root)).type_code == plain
            writing = WRITERS["puf-billing-2.0"](replace(LEAST, type_code=self_billed))
            assert writing.losses == ()
            assert b"<puf:SelfBilled>true</puf:SelfBilled>" in writing.data
            assert noun(writing.data).type_code == self_billed
        no = extension("SelfBilled", "<puf:SelfBilled>false</puf:SelfBilled>")
        not_so = noun(puf("<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", before=no))
        assert (not_so.type_code, kept(not_so)) == ("380", [("puf:SelfBilled", "")])

    @pytest.mark.parametrize(
        ("stated", "root", "written"),
        [("326", "Invoice", "380"), ("383", "Invoice", "383"), ("396", "CreditNote", "381")],
    )
    def test_type_codes(self, stated: str, root: str, written: str) -> None:
        writing = WRITERS["puf-billing-2.0"](replace(LEAST, type_code=stated))
        assert noun(writing.data).type_code == written
        assert f"urn:pagero:PageroUniversalFormat:{root}:1.0".encode() in writing.data
        assert [loss.term for loss in writing.losses] == ([] if stated == written else ["BT-3"])

    def test_the_name_stands_for_the_trading_name(self) -> None:
        data = WRITERS["puf-billing-2.0"](LEAST).data
        assert data.count(b"<cbc:Name>Skog AB</cbc:Name>") == 1
        assert data.count(b"<cbc:RegistrationName>Skog AB</cbc:RegistrationName>") == 1
        # What a document in PUF states stays stated, though it may be its writer's repetition.
        assert noun(data).seller == replace(LEAST.seller, trading_name="Skog AB")
        repeated = replace(LEAST, seller=Party(name="Skog AB", trading_name="Skog AB"))
        assert noun(WRITERS["puf-billing-2.0"](repeated).data).seller == repeated.seller
        named = replace(LEAST, seller=Party(name="Skog AB", trading_name="Skog"))
        assert noun(WRITERS["puf-billing-2.0"](named).data).seller == named.seller

    def test_the_picture_is_told_by_its_description(self) -> None:
        for code, description in (("380", b"Commercial Invoice"), ("381", b"Credit Note")):
            writing = WRITERS["puf-billing-2.0"](replace(LEAST, type_code=code, supporting=(PICTURE,)))
            assert writing.files == ()
            assert b"<cbc:DocumentDescription>" + description + b"<" in writing.data
            (found,) = noun(writing.data).supporting
            assert found.is_picture
            assert found.description is None
            assert found.attachment is not None
            assert found.attachment.content == PDF.content
        ours = replace(PICTURE, description="Our picture")
        writing = WRITERS["puf-billing-2.0"](replace(LEAST, supporting=(ours,)))
        assert [(loss.term, loss.value) for loss in writing.losses] == [("BT-123", "Our picture")]
        # Nor is a document of somebody else's a picture because of its description.
        other = replace(PICTURE, is_picture=False, description="Commercial Invoice")
        writing = WRITERS["puf-billing-2.0"](replace(LEAST, supporting=(other,)))
        assert [(loss.term, loss.value) for loss in writing.losses] == [("BT-123", "Commercial Invoice")]
        assert not noun(writing.data).supporting[0].is_picture
        # In UBL of others these words mean nothing.
        plain = WRITERS["ubl-2.1"](
            replace(LEAST, supporting=(replace(ours, is_picture=False, description="Credit Note"),))
        )
        assert not noun(plain.data).supporting[0].is_picture


class TestVrbl:
    PARTIES = replace(
        LEAST,
        seller=Party(name="A", vat_id="ATU00000001", endpoint=Identifier("7300010000001", "0088")),
        buyer=Party(name="B", vat_id="ATU00000002"),
    )

    def test_routing_is_made_of_the_addresses(self) -> None:
        writing = WRITERS["vrbl"](self.PARTIES)
        assert (
            b"<vrbl:Sender>0088:7300010000001</vrbl:Sender><vrbl:Receiver>ATU00000002</vrbl:Receiver>" in writing.data
        )
        assert writing.losses == ()
        # It says what the parties say, so it is not kept.
        assert noun(writing.data).extensions == ()

    def test_routing_of_others_is_kept(self, shared: Path) -> None:
        for path in sorted((shared / "samples/vertex/synthetic").glob("vrbl_*.xml")):
            first = noun(path.read_bytes())
            assert kept(first) == [("vrbl:InvoiceExtension", "")]
            assert "VRBL_CORE" in first.extensions[0].content
            writing = WRITERS["vrbl"](first)
            assert writing.data.count(b"RoutingDetails>") == 2
            assert noun(writing.data) == first
            plain = WRITERS["peppol-bis-3"](first)
            assert plain.losses[0].term == "vrbl:InvoiceExtension"
            # The due date of a credit note stands with means of payment there, and this one names none.
            assert [loss.term for loss in plain.losses[1:]] == (["BT-81"] if first.is_credit_note else [])

    def test_a_party_that_nobody_could_find(self) -> None:
        with pytest.raises(UnwritableDocument, match="routes by an address"):
            WRITERS["vrbl"](replace(LEAST, seller=Party()))

    def test_types_that_are_none(self) -> None:
        def embedded(mime: str) -> str:
            return (
                "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject "
                f'mimeCode="{mime}" filename="a.x">YWJj</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>'
                "</cac:AdditionalDocumentReference>"
            )

        for stated, meant in (("image/jpg", "image/jpeg"), ("text/txt", "text/plain"), ("a/b", "a/b")):
            (one,) = noun(vrbl(embedded(stated))).supporting
            assert one.attachment is not None
            assert one.attachment.mime == meant
            told = [value for _, value, _ in losses_in(vrbl(embedded(stated)))]
            assert told == ([] if stated == meant else [stated])
        (one,) = noun(document(embedded("image/jpg"))).supporting
        assert one.attachment is not None
        assert one.attachment.mime == "image/jpg"

    def test_pictures_are_embedded(self) -> None:
        writing = WRITERS["vrbl"](replace(self.PARTIES, supporting=(PICTURE,)))
        assert writing.files == ()
        (one,) = noun(writing.data).supporting
        assert one.attachment == PDF
