"""Technical Acknowledgements as they are written, and what of the document they are about stands in them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from lxml import etree

from fakturahub import formats
from fakturahub.formats.acknowledging import Referred, referred, write_acknowledgement
from fakturahub.model import Kind
from fakturahub.model.acknowledgement import Acknowledgement

ID = UUID("0d4f2f60-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 20, 8, 5, 9, 123456, tzinfo=UTC)
ACCEPTED = Acknowledgement(
    id=ID,
    at=AT,
    accepted=True,
    number="ecc98425-5f62-4a41-b71e-cb68347f8bd6-0100000",
    type_code="388",
    interchange_id="123456789",
    distribution="Electronic",
)
REFUSED = Acknowledgement(
    id=ID,
    at=AT,
    accepted=False,
    number="INV001",
    type_code="388",
    interchange_id="123456789",
    classification="27200",
    description="[BR-10]-An Invoice shall contain the Buyer postal address (BG-8).\n[BR-KSA-63]-further",
)
SAMPLES = {
    "PUF_techical_acknowledgement_approved_AP_RECEIVE.xml": ACCEPTED,
    "PUF_techical_acknowledgement_rejected_RE_RECEIVE.xml": REFUSED,
}
#: what differs from one acknowledgement to the next
OWN = {"ID", "IssueDate", "IssueTime", "Description"}


def shape(root: etree._Element) -> list[tuple[str, str]]:
    """Every element in its order with the path of its qualified names, and its text where that is fixed."""
    found = []
    for element in root.iter(etree.Element):
        path = "/".join(str(one.tag) for one in [*reversed(list(element.iterancestors())), element])
        name = etree.QName(element).localname
        free = name in OWN and not str(element.getparent().tag).endswith("ReferencedDocumentInterchangeID")
        found.append((path, "" if free else (element.text or "").strip()))
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_the_shape_of_the_operators_own_examples(shared: Path, name: str) -> None:
    theirs = etree.parse(shared / "samples" / "puf" / name).getroot()
    ours = etree.fromstring(write_acknowledgement(SAMPLES[name]))
    assert shape(ours) == shape(theirs)
    assert ours.nsmap == theirs.nsmap


def test_the_whole_bytes_of_one_with_everything() -> None:
    everything = Acknowledgement(
        id=ID,
        at=AT,
        accepted=False,
        number="A & B <1>",
        issue_date=date(2026, 11, 1),
        type_code="380",
        interchange_id="X-1",
        classification="18100",
        description="first\nsecond\x00",
        distribution="None",
        restricted=(("returnInResponse_batch", "7 < 8"), ("returnInResponse_user", "Åsa")),
    )
    assert write_acknowledgement(everything).decode() == EVERYTHING


EVERYTHING = """\
<?xml version="1.0" encoding="UTF-8"?>
<ApplicationResponse xmlns="urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2" \
xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" \
xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2" \
xmlns:ext="urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2" \
xmlns:puf="urn:pagero:ExtensionComponent:1.0">
  <cbc:CustomizationID>urn:pagero.com:puf:technical_acknowledgement:1.0</cbc:CustomizationID>
  <cbc:ProfileID>urn:pagero.com:puf:technical_acknowledgement:1.0</cbc:ProfileID>
  <cbc:ID>0d4f2f60-0000-7000-8000-000000000001</cbc:ID>
  <cbc:IssueDate>2026-11-20</cbc:IssueDate>
  <cbc:IssueTime>08:05:09</cbc:IssueTime>
  <cac:SenderParty/>
  <cac:ReceiverParty/>
  <cac:DocumentResponse>
    <cac:Response>
      <ext:UBLExtensions>
        <ext:UBLExtension>
          <ext:ExtensionURI>urn:pagero:ExtensionComponent:1.0:PageroExtension:ResponseExtension</ext:ExtensionURI>
          <ext:ExtensionContent>
            <puf:PageroExtension>
              <puf:ResponseExtension>
                <puf:RestrictedInformation>
                  <puf:Key>returnInResponse_batch</puf:Key>
                  <puf:Value>7 &lt; 8</puf:Value>
                </puf:RestrictedInformation>
                <puf:RestrictedInformation>
                  <puf:Key>returnInResponse_user</puf:Key>
                  <puf:Value>Åsa</puf:Value>
                </puf:RestrictedInformation>
                <puf:ReferencedDocumentInterchangeID>
                  <cbc:ID>X-1</cbc:ID>
                </puf:ReferencedDocumentInterchangeID>
                <puf:ErrorClassificationCode>18100</puf:ErrorClassificationCode>
              </puf:ResponseExtension>
            </puf:PageroExtension>
          </ext:ExtensionContent>
        </ext:UBLExtension>
      </ext:UBLExtensions>
      <cbc:ResponseCode>RE</cbc:ResponseCode>
      <cbc:Description>first
second</cbc:Description>
    </cac:Response>
    <cac:DocumentReference>
      <ext:UBLExtensions>
        <ext:UBLExtension>
          <ext:ExtensionURI>urn:pagero:ExtensionComponent:1.0:PageroExtension:DocumentReferenceExtension\
</ext:ExtensionURI>
          <ext:ExtensionContent>
            <puf:PageroExtension>
              <puf:DocumentReferenceExtension>
                <puf:DistributionMethod>None</puf:DistributionMethod>
              </puf:DocumentReferenceExtension>
            </puf:PageroExtension>
          </ext:ExtensionContent>
        </ext:UBLExtension>
      </ext:UBLExtensions>
      <cbc:ID>A &amp; B &lt;1&gt;</cbc:ID>
      <cbc:IssueDate>2026-11-01</cbc:IssueDate>
      <cbc:DocumentTypeCode>380</cbc:DocumentTypeCode>
    </cac:DocumentReference>
  </cac:DocumentResponse>
</ApplicationResponse>
"""


def test_one_without_a_key_of_its_sender_has_no_extension() -> None:
    plain = Acknowledgement(id=ID, at=AT, accepted=True, number="1")
    written = write_acknowledgement(plain)
    assert b"UBLExtensions" not in written
    assert b"    <cac:Response>\n      <cbc:ResponseCode>AP</cbc:ResponseCode>\n    </cac:Response>\n" in written


def test_the_hub_reads_its_own_as_a_response() -> None:
    opened = formats.open_document(write_acknowledgement(REFUSED))
    assert opened.heading.kind is Kind.RESPONSE
    assert opened.heading.number == str(ID)


def test_what_is_taken_from_the_document_it_is_about(shared: Path) -> None:
    sample = (shared / "samples" / "puf" / "PUF_Invoice_with_extension.xml").read_bytes()
    assert referred(sample).type_code == "380"
    wanted = _with_information(sample, [("returnInResponse_batch", "7"), ("secret", "no"), ("returnInResponse_x", "")])
    assert referred(wanted) == Referred("380", (("returnInResponse_batch", "7"),))
    many = _with_information(sample, [(f"returnInResponse_{n}", "v") for n in range(60)])
    assert [value for _, value in referred(many).restricted] == ["v"] * 50
    long = _with_information(sample, [("returnInResponse_a", "v" * 1_001), ("returnInResponse_b", "v" * 1_000)])
    assert [key for key, _ in referred(long).restricted] == ["returnInResponse_b"]


def _with_information(document: bytes, entries: list[tuple[str, str]]) -> bytes:
    """*document* with an extension of its own that holds *entries*."""
    ext = "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"
    puf = "urn:pagero:ExtensionComponent:1.0"
    root = etree.fromstring(document)
    inside = "".join(
        f"<p:RestrictedInformation><p:Key>{key}</p:Key><p:Value>{value}</p:Value></p:RestrictedInformation>"
        for key, value in entries
    )
    extension = etree.fromstring(
        f'<e:UBLExtensions xmlns:e="{ext}" xmlns:p="{puf}"><e:UBLExtension>'
        f"<e:ExtensionURI>{puf}:PageroExtension:RestrictedInformation"
        f"</e:ExtensionURI><e:ExtensionContent><p:PageroExtension>{inside}</p:PageroExtension></e:ExtensionContent>"
        f"</e:UBLExtension></e:UBLExtensions>"
    )
    root.insert(0, extension)
    return etree.tostring(root)


@pytest.mark.parametrize(
    "data", [b"", b"no document", b"PK\x03\x04", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"<a/>"]
)
def test_what_is_no_document_says_nothing(data: bytes) -> None:
    assert referred(data) == Referred()
