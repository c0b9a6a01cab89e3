"""The companies of the wire tests, besides the two of the README: many readers of Apix, and senders with a twist."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.running import COMPANIES, INVOICE, invoice
from tests.wire.callers import API

API_HOST = "api.hub.example"
TERMINAL_HOST = "terminal.hub.example"
TEST_HOST = "test-api.hub.example"
PUBLIC_URL = "https://hub.example/lasku"
PAGERO_HOST = "www.interchange.example"


@dataclass(frozen=True)
class Reader:
    """A company that receives through Apix."""

    key: str
    transfer_id: str
    transfer_key: str
    #: its electronic address of the scheme 0216
    endpoint: str
    contracts: str = '["send", "receive"]'
    credits: str = "postpaid"
    #: more lines of its table
    also: str = ""

    @property
    def table(self) -> str:
        return f"""
[[company]]
key = "{self.key}"
name = "Lukija {self.key} Oy"
country = "FI"
business_id = "{self.endpoint[4:11]}-{self.endpoint[11:]}"
addresses = ["0216:{self.endpoint}"]
email = "{self.key}@lukija.example"
contracts = {self.contracts}
credits = "{self.credits}"
{self.also}
  [company.apix]
  transfer_id = "{self.transfer_id}"
  transfer_key = "{self.transfer_key}"
"""


def _reader(number: int) -> Reader:
    return Reader(
        f"reader-{number}", f"0f6aa87f-ce1d-44ce-b025-{number:012d}", f"51300{number:06d}", f"0037{number:08d}"
    )


#: one for each test that wants an empty inbox
READERS = [_reader(number) for number in range(1, 181)]

#: receives nothing: it has no contract for it
MUTE = Reader("mute", "0f6aa87f-ce1d-44ce-b025-mute", "mute-key", "003799999999", '["send"]')

#: pays before, and prints in colour and first class
PAYER = Reader(
    "payer",
    "0f6aa87f-ce1d-44ce-b025-payer",
    "payer-key",
    "003799999997",
    credits="5",
    also="\n  [company.print]\n  class = 1\n  colour = true\n",
)
#: has a contract for receiving only
DEAF = Reader("deaf", "0f6aa87f-ce1d-44ce-b025-deaf", "deaf-key", "003799999998", '["receive"]')

_SENDERS = """
[[company]]
key = "lager"
name = "Lager AB"
country = "SE"
business_id = "556000-0001"
email = "faktura@lager.example"
contracts = ["receive"]
credits = "postpaid"

  [company.pagero]
  username = "lager"
  password = "lager-password"
  client_id = "lager-erp"
  client_secret = "lager-erp-secret"

[[company]]
key = "strikt"
name = "Strikt AB"
country = "SE"
business_id = "556000-0002"
email = "faktura@strikt.example"
contracts = ["send"]
credits = "postpaid"
seller_mismatch = "reject"

  [company.pagero]
  username = "strikt"
  password = "strikt-password"

[[company]]
key = "prov"
name = "Skog & Såg Prov AB"
country = "SE"
business_id = "556000-0003"
email = "faktura@prov.example"
contracts = ["send"]
credits = "postpaid"
test_mode = true

  [company.pagero]
  username = "prov"
  password = "lösen:ord"

[[company]]
key = "paket"
name = "Skog & Såg Paket AB"
country = "SE"
business_id = "556000-0011"
contracts = ["send"]
credits = "postpaid"
validation = "off"

  [company.pagero]
  username = "paket"
  password = "paket-password"
  several_documents = true
"""

#: is the receiver in samples of the operators and the authorities, of every document that is no invoice among them
COLLECTOR = Reader("samlare", "0f6aa87f-ce1d-44ce-b025-samlare", "samlare-key", "003799999996")
_COLLECTED = (
    "0088:5798009811578",
    "0088:5798000000124",
    "0088:7300010000001",
    "0088:7330001000000",
    "0088:7590000012347",
    "0184:DK16356706",
    "0192:123456785",
    "0192:987654325",
)


@dataclass(frozen=True)
class Office:
    """A company of which everything is stated, and the people who work for it."""

    key: str = "toimisto"
    transfer_id: str = "dfeaac7c-14f7-4983-acd3-afdaa7eb6b30"
    transfer_key: str = "51300348417"
    unique_company_id: str = "oqyok-2euuq-1289200485-2gwzbf7fg"
    business_id: str = "2066776-9"
    #: a plus sign, which some clients do not encode
    user: str = "raija+laskut@toimisto.example"
    password: str = "kissa & ko+ira % ä"
    reader: str = "luku@toimisto.example"
    reader_password: str = "lukija"


OFFICE = Office()

_OFFICE = f"""
[[company]]
key = "{OFFICE.key}"
name = "EsimerkkiToimisto Järvi Oy"
country = "FI"
business_id = "{OFFICE.business_id}"
addresses = ["0216:003720667769", "9918:FI2112345600000785"]
street = "aaaa"
post_code = "3453"
city = "Järvenpää"
email = "a@toimisto.example"
phone = "1234"
contact = "Raija Tarkka"
language = "fi"
www = "www.toimisto.example"
additional_name = "Toimisto"
customer_number = "7"
contracts = ["send", "receive"]
credits = "830.20"

  [[company.address]]
  type = "Visiting"
  city = "Espoo"

  [[company.address]]
  type = "Billing"
  street = "PL 1"
  street2 = "2 krs"
  post_code = "02601"
  city = "Espoo"

  [[company.user]]
  email = "{OFFICE.user}"
  password = "{OFFICE.password}"

  [[company.user]]
  email = "{OFFICE.reader}"
  password = "{OFFICE.reader_password}"
  role = "reader"

  [company.apix]
  transfer_id = "{OFFICE.transfer_id}"
  transfer_key = "{OFFICE.transfer_key}"
  unique_company_id = "{OFFICE.unique_company_id}"
"""

_PARTICIPANTS = """
[[participant]]
name = "Aalto Capital Oy"
business_id = "2262882-7"
country = "FI"
addresses = [
  { address = "003722628827", operator = "Itella Information Oy", operator_id = "003714377140" },
  { address = "FI0913783000220315", operator = "Nordea", operator_id = "NDEAFIHH" },
]

[[participant]]
name = "Aalto Kapital Ab"
addresses = [{ address = "TE003799998888" }]

[[participant]]
name = "Osoitteeton Oy"
business_id = "1234567-1"
"""

#: a company with 1 credit and one with none, where only mails have a price
_CREDITS = """
[[company]]
key = "penny"
name = "Skog & Såg Öre AB"
country = "SE"
business_id = "556000-0004"
email = "faktura@penny.example"
contracts = ["send"]
credits = "1"
validation = "off"

  [company.pagero]
  username = "penny"
  password = "penny-password"

[[company]]
key = "blank"
name = "Skog & Såg Noll AB"
country = "SE"
business_id = "556000-0005"
contracts = ["send"]
credits = "0"
validation = "off"

  [company.pagero]
  username = "blank"
  password = "blank-password"
  client_id = "blank-erp"
  client_secret = "blank-erp-secret"

[[price]]
channel = "email"
credits = "0.75"

[[price]]
channel = "print"
pages = 2
credits = "1"

[[price]]
channel = "print"
credits = "2.75"
"""

_HOSTS = f"""
[hub]
public_url = "{PUBLIC_URL}"

[dialects.apix]
registration = true
interfaces = ["PupesoftEDI"]
payslips_on_paper = ["02"]
operator = "Pohjoinen Oy"
operator_id = "00372332748700001"
hosts = ["{API_HOST}", "{TERMINAL_HOST}"]
test_hosts = ["{TEST_HOST}"]

[dialects.pagero]
hosts = ["{PAGERO_HOST}"]
"""


#: has acknowledgements posted; and another one, to an address in a network that nobody has said is trusted
_ACKNOWLEDGED = """
[[company]]
key = "kvitto"
name = "Skog & Såg Kvitto AB"
country = "SE"
business_id = "556000-0006"
contracts = ["send"]
credits = "postpaid"

  [company.pagero]
  username = "kvitto"
  password = "kvitto-password"
  acknowledgements_url = "{url}?token=s3cret-in-url"

  [company.pagero.push]
  url = "{origin}/documents"
  auth = "basic"
  username = "hub"
  password = "push-s3cret"
  headers = {{ X-Api-Key = "api-s3cret" }}

[[company]]
key = "inom"
name = "Skog & Såg Inom AB"
country = "SE"
business_id = "556000-0007"
contracts = ["send"]
credits = "postpaid"

  [company.pagero]
  username = "inom"
  password = "inom-password"
  acknowledgements_url = "http://10.1.2.3:9/acknowledgements"
"""


def write(folder: Path, acknowledgements: str = "http://127.0.0.1:9/acknowledgements") -> Path:
    """The provisioning file with all of them, in *folder*; *acknowledgements* is where one has them posted."""
    file = folder / "companies.toml"
    example = COMPANIES.read_text(encoding="utf-8")
    # Many of these tests are about documents that no rule would let pass, and are not about rules.
    before, skog, after = example.partition('key = "skog"\n')
    assert skog
    example = f'{before}{skog}validation = "warn"\n{after}'
    readers = "".join(one.table for one in [*READERS, MUTE, PAYER, DEAF])
    acknowledged = _ACKNOWLEDGED.format(url=acknowledgements, origin=acknowledgements.rpartition("/")[0])
    acknowledged += API.format(origin=acknowledgements.rpartition("/")[0])
    readers += COLLECTOR.table.replace("addresses = [", "addresses = [" + "".join(f'"{one}", ' for one in _COLLECTED))
    file.write_text(
        example + acknowledged + _SENDERS + _OFFICE + readers + _PARTICIPANTS + _CREDITS + _HOSTS, encoding="utf-8"
    )
    return file


def bill(number: str, to: Reader, source: Path = INVOICE) -> bytes:
    """An example document under another number, addressed to *to*."""
    text = invoice(number, source)
    was = b">003727901319<"
    assert text.count(was) == 1
    return text.replace(was, f">{to.endpoint}<".encode())


def by_mail(number: str) -> bytes:
    """The example invoice for somebody who is no company of the hub and has a mail address."""
    text = invoice(number)
    for known in (b"003727901319", b"2790131-9", b"FI27901319"):
        assert known in text
        text = text.replace(known, b"0" * len(known))
    return text


def with_attachments(text: bytes, *attachments: tuple[str, str | None, str]) -> bytes:
    """The invoice *text* with attachments of its own before the seller: MIME type, file name, content in base64."""
    references = "".join(
        f"<cac:AdditionalDocumentReference><cbc:ID>A{number}</cbc:ID><cac:Attachment>"
        f'<cbc:EmbeddedDocumentBinaryObject mimeCode="{mime}"{"" if name is None else f" filename={quoteattr(name)}"}>'
        f"{content}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>"
        for number, (mime, name, content) in enumerate(attachments, 1)
    )
    seller = b"<cac:AccountingSupplierParty>"
    assert text.count(seller) == 1
    return text.replace(seller, references.encode() + seller)
