"""The calls of the E-Document connector for Pagero of Dynamics 365 Business Central, in its own order.

Seen in the wild: microsoft/BCApps, src/Apps/W1/EDocumentConnectors/Pagero/app: its requests, its forms, and what it
reads of an answer. Headers, boundaries and line ends are those that its runtime writes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.running import Answer, Hub
from tests.wire.companies import PAGERO_HOST
from tests.wire.oauth.parties import TOKEN, Browser, told
from tests.wire.pagero.apiclient import BUTIK, GROSSIST, Client, answer_to, bill, form

REDIRECT = "http://127.0.0.1:8091/OAuthLanding.htm"
FILE_API, FILEPARTS, DOCUMENT_API = (
    "/pagero/file/v1/files",
    "/pagero/file/v1/fileparts",
    "/pagero/document/v1/documents",
)
#: characters that its fields for the ids of files, parts and documents hold
FIELD = 50


class Connector:
    """What the connector does in one company."""

    def __init__(self, hub: Hub, company_id: str, token: str) -> None:
        self.hub = hub
        self.company_id = company_id
        self.bearer = f"Bearer {token}"

    def get(self, path: str) -> Any:
        answer = self.hub.request("GET", path, None, {"Authorization": self.bearer, "Accept": "application/json"})
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def send_file(self, document_type: str, document_no: str, entry_no: int, payload: bytes) -> Answer:
        boundary = "6B3A0C1E-7D52-4A0B-9C66-3F2E9A1D8B47"
        lines = [
            f"--{boundary}",
            f'Content-Disposition: form-data; name="payload"; filename="{document_no}.xml"',
            "",
            payload.decode(),
        ]
        for name, value in (
            ("documentType", document_type),
            ("sendMode", "Production"),
            ("sendingCompanyId", self.company_id),
            ("senderReference", str(entry_no)),
        ):
            lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{name}"', "", value]
        lines.append(f"--{boundary}--")
        body = "".join(f"{line}\r\n" for line in lines).encode()
        headers = {
            "Authorization": self.bearer,
            "Accept": "*/*",
            "Content-Type": f'multipart/form-data; boundary="{boundary}"',
        }
        return self.hub.request("POST", FILE_API, body, headers)

    def parts(self, file_id: str) -> list[dict[str, Any]]:
        items = self.get(f"{FILE_API}/{file_id}/fileparts?Status=AwaitingInteraction,Error")["items"]
        assert isinstance(items, list)
        return items

    def act(self, part_id: str, action: str) -> Answer:
        headers = {"Authorization": self.bearer, "Accept": "*/*", "Content-Type": "text/plain; charset=utf-8"}
        body = json.dumps({"action": action}, separators=(",", ":")).encode()
        return self.hub.request("POST", f"{FILEPARTS}/{part_id}/action", body, headers)

    def received(self) -> list[dict[str, Any]]:
        query = "direction=Received&documentType=Invoice&documentType=PaymentReminder&showFetchedOnly=false"
        items: list[dict[str, Any]] = self.get(f"{DOCUMENT_API}?{query}&companyId={self.company_id}")["items"]
        return items

    def responses(self, document_no: str) -> list[dict[str, Any]]:
        query = "documentType=ApplicationResponse&direction=Received&showFetchedOnly=false"
        items: list[dict[str, Any]] = self.get(
            f"{DOCUMENT_API}?{query}&referenceDocumentIdentifier={document_no}&companyId={self.company_id}"
        )["items"]
        return items

    def target(self, document_id: str) -> bytes:
        headers = {"Authorization": self.bearer, "Accept": "application/json"}
        answer = self.hub.request("GET", f"{DOCUMENT_API}/{document_id}/targetdocument", None, headers)
        assert answer.status == 200
        return answer.body

    def fetch(self, document_id: str) -> None:
        headers = {"Authorization": self.bearer, "Accept": "*/*", "Content-Type": "application/json"}
        answer = self.hub.request("POST", f"{DOCUMENT_API}/fetch", json.dumps({"ids": [document_id]}).encode(), headers)
        assert answer.status == 200


def signed_in(hub: Hub) -> str:
    """An access token by the code grant with PKCE, and one refreshed, as the connector fetches them."""
    browser, verifier = Browser(hub), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": "butik-erp",
        "redirect_uri": REDIRECT,
        "scope": "all",
        "state": "{0A9F}",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    browser.open(**asked)
    browser.sign_in("butik", "butik-password")
    answer = browser.submit("allow")
    location = answer.header("location") or ""
    assert location.startswith(f"{REDIRECT}?"), answer
    code = dict(one.split("=", 1) for one in location.partition("?")[2].split("&"))["code"]
    client = {"client_id": "butik-erp", "client_secret": "butik-erp-secret"}

    def token(**given: str) -> dict[str, Any]:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return told(hub.request("POST", TOKEN, urlencode({**client, **given}).encode(), headers))

    first = token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT, code_verifier=verifier)
    got = token(grant_type="refresh_token", refresh_token=first["refresh_token"], redirect_uri=REDIRECT)
    return str(got["access_token"])


@pytest.fixture(scope="module")
def butik(big_hub: Hub) -> Connector:
    sent = form(("payload", b"<a/>"), ("documentType", "Invoice"), ("sendMode", "Test"))
    own = json.loads(Client(big_hub, "butik").post(sent).body)["sendingCompany"]["id"]
    return Connector(big_hub, own, signed_in(big_hub))


@pytest.fixture
def grossist(big_hub: Hub) -> Client:
    return Client(big_hub, "grossist")


def test_an_invoice_that_its_buyer_answers(butik: Connector, grossist: Client) -> None:
    # sent, and its id kept
    answer = butik.send_file("Invoice", "CA-1", 1001, bill("CA-1", GROSSIST))
    assert answer.status // 100 == 2
    file_id = json.loads(answer.body)["id"]
    assert 0 < len(file_id) <= FIELD
    # asked after until no part is left, then the document of the file is looked up, and the first one taken
    assert butik.parts(file_id) == []
    document = butik.get(f"{DOCUMENT_API}?fileId={file_id}")["items"][0]
    assert len(document["id"]) <= FIELD
    assert document["documentInfo"]["documentIdentifier"] == "CA-1"
    # no answer yet, and the hub's own acknowledgement is not taken for one
    assert butik.responses("CA-1") == []
    received = grossist.received("CA-1")
    grossist.settled(grossist.send(answer_to("CA-1", BUTIK, "AP", GROSSIST), document_type="ApplicationResponse"))
    first = butik.responses("CA-1")[0]
    info = first["documentInfo"]
    assert (info["direction"], info["documentIdentifier"], info["documentType"], info["documentSubType"]) == (
        "Received",
        "CA-1",
        "ApplicationResponse",
        "RecipientAccept",
    )
    butik.fetch(first["id"])
    assert butik.responses("CA-1") == []
    assert received["documentInfo"]["documentIdentifier"] == "CA-1"


def test_what_went_wrong_is_shown_restarted_and_cancelled(butik: Connector) -> None:
    payload = bill("CA-2", GROSSIST).replace(GROSSIST.encode(), b"7399999999999").replace(b"2790131-9", b"0000000-0")
    payload = (
        payload.replace(b"FI27901319", b"FI00000000")
        .replace(b"laskut@virta.example", b"")
        .replace(b"<cbc:StreetName>Sinikalliontie 9</cbc:StreetName>", b"")
    )
    file_id = json.loads(butik.send_file("Invoice", "CA-2", 1002, payload).body)["id"]
    part = butik.parts(file_id)[0]
    assert part["status"] == "AwaitingInteraction"
    assert len(part["id"]) <= FIELD
    assert butik.act(part["id"], "Restart").status // 100 == 2
    assert butik.parts(file_id)[0]["id"] == part["id"]
    assert butik.act(part["id"], "Cancel").status // 100 == 2
    assert butik.parts(file_id) == []
    wrong = json.loads(butik.send_file("PaymentReminder", "CA-3", 1003, b"<a/>").body)["id"]
    part = butik.parts(wrong)[0]
    assert part["status"] == "Error"
    assert all(isinstance(one, str) for one in part["error"]["description"])


def test_what_was_received_is_downloaded_fetched_and_approved(butik: Connector, grossist: Client) -> None:
    data = bill("CA-4", BUTIK)
    grossist.settled(grossist.send(data))
    found = butik.received()
    item = next(one for one in found if one["documentInfo"]["documentIdentifier"] == "CA-4")
    assert all(0 < len(item[name]) <= FIELD for name in ("id", "fileId"))
    assert butik.target(item["id"]) == data
    butik.fetch(item["id"])
    assert item["id"] not in [one["id"] for one in butik.received()]
    # anything but exactly 201 leaves the document unapproved there
    answer = butik.send_file("ApplicationResponse", "CA-4", 1004, answer_to("CA-4", GROSSIST, "RE", BUTIK))
    assert answer.status == 201
    query = "?documentType=ApplicationResponse&direction=Received&referenceDocumentIdentifier=CA-4"
    file_id = json.loads(answer.body)["id"]
    Client(butik.hub, "butik").settled(file_id)
    assert grossist.documents(query)[0]["documentInfo"]["documentSubType"] == "RecipientReject"


def test_at_the_operators_host_names(butik: Connector) -> None:
    """Newer versions call no other host than the operator's: its name has to lead to the hub, without a prefix."""
    headers = {"Authorization": butik.bearer, "Accept": "application/json", "Host": PAGERO_HOST}
    answer = butik.hub.request("GET", "/document/v1/documents?direction=Received", None, headers)
    assert answer.status == 200
    assert json.loads(answer.body)["meta"]["offset"] == 0
    refused = butik.hub.request("POST", "/file/v1/files", b"", {"Host": PAGERO_HOST})
    assert (refused.status, refused.header("www-authenticate")) == (401, 'Bearer realm="Pagero File API"')
