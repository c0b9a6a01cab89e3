"""The calls of programs that exist, with their bytes, and with what each does with the answer (specification 10).

How they send is in `test_sending_clients`.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from xml.etree import ElementTree

from tests.running import ROOT, Hub, stamp
from tests.wire.apix.terminal import Terminal, hashed, put, request
from tests.wire.companies import OFFICE, Reader, bill
from tests.wire.raw import RawAnswer, exchange, head

WITH_ATTACHMENT = ROOT / "examples" / "invoice-with-attachment.xml"

CURL = ("User-Agent: curl/7.88.1", "Accept: */*")
PHP = ("Accept: */*",)
REQUESTS = (
    "User-Agent: python-requests/2.31.0",
    "Accept-Encoding: gzip, deflate",
    "Accept: */*",
    "Connection: keep-alive",
)


def get(hub: Hub, target: str, fields: tuple[str, ...]) -> RawAnswer:
    return exchange(hub.port, head(f"GET /apix/{target} HTTP/1.1", *fields, host=f"127.0.0.1:{hub.port}"))


def sent(hub: Hub, reader: Reader, number: str) -> Terminal:
    assert hub.post(bill(number, reader, WITH_ATTACHMENT)).status == 200
    terminal = Terminal(hub, reader)
    terminal.waiting(1)
    return terminal


def as_requests_reads(answer: RawAnswer) -> str:
    """``response.text`` of the Python library: text without a charset is latin-1 for it."""
    assert answer.status == 200
    kind = answer.field("content-type") or ""
    assert kind.startswith("text/")
    return answer.body.decode("utf-8" if "utf-8" in kind.lower() else "iso-8859-1")


def test_the_shell_scripts_of_the_reference_clients(big_hub: Hub, reader: Reader) -> None:
    """ListInvoiceZIPs.bash and Download.bash: an encoded colon, and a download that marks nothing."""
    terminal = sent(big_hub, reader, "AC-1")
    now = stamp()
    digest = hashed(reader.transfer_id, now, reader.transfer_key)
    listed = get(big_hub, f"list2?TraID={reader.transfer_id}&t={now}&d=SHA-256%3A{digest}", CURL)
    assert b"<Status>OK</Status>" in listed.body
    (key,) = re.findall(r'"StorageKey">(\d{12})<', listed.text)
    (sid,) = re.findall(r'"StorageID">([^<]+)<', listed.text)
    digest = hashed("no", sid, now, key)
    target = f"download?SID={sid}&t={now}&markreceived=no&d=SHA-256%3A{digest}"
    fetched = get(big_hub, target, CURL).body
    assert zipfile.ZipFile(io.BytesIO(fetched)).namelist()[0] == "invoice.xml"
    assert terminal.status({"StorageID": sid}) == "UNRECEIVED"
    if shutil.which("curl"):
        done = subprocess.run(
            ["curl", "--silent", "-X", "GET", f"http://127.0.0.1:{big_hub.port}/apix/{target}"],
            capture_output=True,
            timeout=30,
            check=True,
        )
        assert done.stdout == fetched


def test_the_python_client_of_the_reference_clients(big_hub: Hub, reader: Reader) -> None:
    """Its clock writes the month for the minutes, and it looks for the status by its bytes."""
    sent(big_hub, reader, "AC-2")
    now = f"{datetime.now(UTC):%Y%m%d%H%m%S}"
    digest = hashed(reader.transfer_id, now, reader.transfer_key)
    answer = get(big_hub, f"list2?TraID={reader.transfer_id}&t={now}&d=SHA-256%3A{digest}", REQUESTS)
    assert "<Status>OK</Status>" in as_requests_reads(answer)


def test_the_odoo_connector_of_tawasta(big_hub: Hub, reader: Reader) -> None:
    """A bare colon; it wants three values in every group, and imports a file called exactly invoice.xml."""
    terminal = sent(big_hub, reader, "AC-3")
    now = stamp()
    digest = hashed(reader.transfer_id, now, reader.transfer_key)
    answer = get(big_hub, f"list2?TraID={reader.transfer_id}&t={now}&d=SHA-256:{digest}", REQUESTS)
    root = ElementTree.fromstring(as_requests_reads(answer).encode("utf-8"))  # noqa: S314 - our own hub's answer
    assert root.findtext("Status") == "OK"
    for group in root.iterfind("Content/Group"):
        values = {value.get("type", ""): value.text or "" for value in group.iterfind("Value")}
        assert values["StorageStatus"] == "UNRECEIVED"
        now = stamp()
        digest = hashed(values["StorageID"], now, values["StorageKey"])
        fetched = get(big_hub, f"download?SID={values['StorageID']}&t={now}&d=SHA-256:{digest}", REQUESTS)
        with zipfile.ZipFile(io.BytesIO(fetched.body)) as archive:
            assert "invoice.xml" in archive.namelist()
            ElementTree.fromstring(archive.read("invoice.xml"))  # noqa: S314 - our own example
    assert [one["StorageStatus"] for one in terminal.listed()] == ["RECEIVED"]


def test_the_odoo_connector_of_tawasta_signs_in(big_hub: Hub) -> None:
    """It sends the password besides, encodes nothing, decodes as latin-1, and takes the group that comes first."""
    now, hash_ = stamp(), hashed(OFFICE.password)
    digest = hashed(OFFICE.business_id, "y-tunnus", OFFICE.user, now, hash_)
    target = f"app-transferID?id={OFFICE.business_id}&idq=y-tunnus&uid={OFFICE.user}&ts={now}&d=SHA-256:{digest}"
    root = ElementTree.fromstring(as_requests_reads(get(big_hub, target, REQUESTS)).encode("latin-1"))  # noqa: S314
    values = {value.get("type"): value.text for value in root.iter("Value")}
    assert values["TransferKey"] == OFFICE.transfer_key
    digest = hashed(OFFICE.user, now, hash_)
    target = f"authuser?uid={OFFICE.user}&t={now}&d=SHA-256:{digest}&pass=secret"
    root = ElementTree.fromstring(as_requests_reads(get(big_hub, target, REQUESTS)).encode("latin-1"))  # noqa: S314
    values = {value.get("type"): value.text for value in root.findall("Content/Group")[0]}
    assert (values["Name"], values["UniqueCompanyID"]) == ("EsimerkkiToimisto Järvi Oy", OFFICE.unique_company_id)


def test_the_ruby_client(big_hub: Hub) -> None:
    """It signs with local time, raises on a value that app-transferID does not have, and indents its message."""
    now = f"{datetime.now(UTC) + timedelta(hours=3):%Y%m%d%H%M%S}"
    digest = hashed(OFFICE.business_id, "y-tunnus", OFFICE.user, now, hashed(OFFICE.password))
    target = (
        f"app-transferID?id={OFFICE.business_id}&idq=y-tunnus&uid={quote(OFFICE.user)}&ts={now}&d=SHA-256%3A{digest}"
    )
    answer = get(big_hub, target, ("Accept: */*; q=0.5, application/xml", "User-Agent: Ruby"))
    root = ElementTree.fromstring(answer.body)  # noqa: S314 - our own hub's answer
    assert [value.get("type") for value in root.iter("Value")] == ["TransferID", "TransferKey", "UniqueCompanyID"]
    digest = hashed(OFFICE.transfer_id, now, OFFICE.transfer_key)
    message = (
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n          <Request version="1.0">\n'
        b"            <Content>\n              <Group>\n"
        b'                <Value type="ReceiverYtunnus">2262882-7</Value>\n'
        b"              </Group>\n            </Content>\n          </Request>\n"
    )
    target = f"addressquery?TraID={OFFICE.transfer_id}&t={now}&d=SHA-256%3A{digest}"
    answer = put(big_hub, target, message, "Content-Type: application/octet-stream", "User-Agent: Ruby")
    assert "ReceiverOperatorId" in answer.text


def test_the_python_client_asks_about_the_company_and_its_mail(big_hub: Hub) -> None:
    """The month for the minutes again; its name of the parameter is TraID, where the page says uid."""
    now = f"{datetime.now(UTC):%Y%m%d%H%m%S}"
    signed = f"TraID={OFFICE.transfer_id}&t={now}&d=SHA-256%3A{hashed(OFFICE.transfer_id, now, OFFICE.transfer_key)}"
    assert "<Status>OK</Status>" in as_requests_reads(get(big_hub, f"getcompanyinfo?{signed}", REQUESTS))
    message = request({"Email": "a@toimisto.example", "DaysBeforeEmail": "0"})
    answer = put(big_hub, f"email?{signed}", message, *REQUESTS)
    assert "PreviousEmail" in as_requests_reads(answer)


def test_the_odoo_connector_of_ahkio(big_hub: Hub, reader: Reader) -> None:
    """It reads the text of every value, and crashes on one that has none; the mark stands first in its query."""
    terminal = sent(big_hub, reader, "AC-4")
    now = stamp()
    digest = hashed(reader.transfer_id, now, reader.transfer_key)
    answer = get(big_hub, f"list2?TraID={reader.transfer_id}&t={now}&d=SHA-256%3A{digest}", REQUESTS)
    root = ElementTree.fromstring(as_requests_reads(answer).encode())  # noqa: S314 - our own hub's answer
    assert root.tag == "Response"
    (file,) = [
        {value.attrib["type"]: (value.text or "")[0] + (value.text or "")[1:] for value in group}
        for group in root.iterfind("Content/Group")
    ]
    now = stamp()
    digest = hashed("yes", file["StorageID"], now, file["StorageKey"])
    target = f"download?markreceived=yes&SID={file['StorageID']}&t={now}&d=SHA-256%3A{digest}"
    with zipfile.ZipFile(io.BytesIO(get(big_hub, target, REQUESTS).body)) as archive:
        archive.read(file["DocumentName"])
        assert archive.read(file["ImageName"]).startswith(b"%PDF")
    assert terminal.status(file) == "RECEIVED"


def test_pupesoft_receives_until_nothing_comes(big_hub: Hub, reader: Reader) -> None:
    """PHP's curl without a User-Agent; the body is all it looks at, and each member is renamed into one folder."""
    numbers = [f"AC-5-{number}" for number in range(3)]
    terminal = Terminal(big_hub, reader)
    for count, number in enumerate(numbers, 1):
        assert big_hub.post(bill(number, reader, WITH_ATTACHMENT)).status == 200
        terminal.waiting(count)
    got = []
    for software in ("Pupesoft", "PupesoftEDI"):
        while True:
            now = stamp()
            digest = hashed(software, "1.0", reader.transfer_id, now, reader.transfer_key)
            target = f"receive?TraID={reader.transfer_id}&t={now}&soft={software}&ver=1.0&d=SHA-256:{digest}"
            response = get(big_hub, target, PHP).body
            if response == b"":
                break
            with zipfile.ZipFile(io.BytesIO(response)) as archive:
                assert not [name for name in archive.namelist() if "/" in name or "\\" in name]
                xml = [archive.read(name) for name in archive.namelist() if name.lower().endswith(".xml")]
            assert len(xml) == 1
            got += re.findall(rb"<cbc:ID>([^<]*)</cbc:ID>", xml[0])[:1]
    assert [number.decode() for number in got] == numbers
