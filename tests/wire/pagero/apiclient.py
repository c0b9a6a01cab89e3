"""A caller of the File API and the Document API."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from tests.running import INVOICE, Answer, Hub, invoice
from tests.wire.oauth.parties import ask, basic, told

#: electronic addresses of the companies of ``callers.API``
BUTIK, GROSSIST, BREVLADA = "7300009000118", "7300009000125", "7300009000149"
BOUNDARY = "7d1f8b3a-52e1-4b59-a3a0-0d9f7b0c2f11"


def form(*parts: tuple[str, str | bytes], file_name: str | None = "103034.xml", boundary: str = BOUNDARY) -> bytes:
    """A body of *parts*, in the order given; the part ``payload`` is a file."""
    body = b""
    for name, content in parts:
        head = f'Content-Disposition: form-data; name="{name}"'
        if name == "payload" and file_name is not None:
            head += f'; filename="{file_name}"'
        data = content if isinstance(content, bytes) else content.encode()
        body += f"--{boundary}\r\n{head}\r\n\r\n".encode() + data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()


#: access tokens by port and user: each is good for ten minutes, and fetching one costs a password check
_TOKENS: dict[tuple[int, str], tuple[float, str]] = {}


def token_of(hub: Hub, user: str) -> str:
    """An access token of the company *user*, by the password grant."""
    fetched, token = _TOKENS.get((hub.port, user), (0.0, ""))
    if time.monotonic() - fetched > 300:
        client = basic(f"{user}-erp", f"{user}-erp-secret")
        got = ask(hub, authorization=client, grant_type="password", username=user, password=f"{user}-password")
        fetched, token = time.monotonic(), str(told(got)["access_token"])
        _TOKENS[hub.port, user] = fetched, token
    return token


class Client:
    """One company's program."""

    def __init__(self, hub: Hub, user: str) -> None:
        self.hub = hub
        self.user = user
        self.token = token_of(hub, user)

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str | None) -> Answer:
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        for name, value in headers.items():
            if value is None:
                sent.pop(name.replace("_", "-"), None)
        return self.hub.request(method, f"/pagero{path}", body, sent)

    def get(self, path: str, status: int = 200, **headers: str | None) -> Any:
        answer = self.call("GET", path, **headers)
        assert answer.status == status, answer
        return json.loads(answer.body)

    def post(self, body: bytes, content_type: str | None = None) -> Answer:
        """POST a form to the File API."""
        kind = content_type or f'multipart/form-data; boundary="{BOUNDARY}"'
        return self.call("POST", "/file/v1/files", body, Accept="*/*", Content_Type=kind)

    def send(
        self, data: bytes, *, document_type: str = "Invoice", mode: str = "Production", reference: str = "7"
    ) -> str:
        """Hand in a file; its id."""
        answer = self.post(
            form(("payload", data), ("documentType", document_type), ("sendMode", mode), ("senderReference", reference))
        )
        assert answer.status == 201, answer
        return str(json.loads(answer.body)["id"])

    def parts(self, file_id: str, query: str = "?Status=AwaitingInteraction,Error") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/file/v1/files/{file_id}/fileparts{query}")["items"]
        return found

    def act(self, part_id: str, action: str) -> Answer:
        # as a client in the wild: without a JSON type
        body = json.dumps({"action": action}).encode()
        return self.call("POST", f"/file/v1/fileparts/{part_id}/action", body, Content_Type="text/plain; charset=utf-8")

    def documents(self, query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/document/v1/documents{query}")["items"]
        return found

    def received(self, number: str, *, wait: float = 20) -> dict[str, Any]:
        """The received document with this number, once it is there."""
        until = time.monotonic() + wait
        while True:
            found = self.documents(f"?direction=Received&documentIdentifier={number}")
            if found:
                return found[0]
            assert time.monotonic() < until, f"{number} did not arrive"
            time.sleep(0.05)

    def fetch(self, *ids: str) -> Answer:
        body = json.dumps({"ids": ids}).encode()
        return self.call("POST", "/document/v1/documents/fetch", body, Content_Type="application/json")

    def settled(self, file_id: str, *, wait: float = 20) -> None:
        """Wait until every part of a file is done with."""
        until = time.monotonic() + wait
        while self.parts(file_id, ""):
            assert time.monotonic() < until, self.parts(file_id, "")
            time.sleep(0.05)


def bill(number: str, to: str) -> bytes:
    """The example invoice under another number, for the company with the GLN *to*."""
    text = invoice(number, INVOICE)
    was = b'<cbc:EndpointID schemeID="0216">003727901319<'
    assert text.count(was) == 1
    return text.replace(was, f'<cbc:EndpointID schemeID="0088">{to}<'.encode())


def answer_to(number: str, to: str, code: str, own: str) -> bytes:
    """A buyer's answer to an invoice, as the connector of Dynamics 365 writes it."""
    party = (
        '<cac:{0}><cbc:EndpointID schemeID="0088">{1}</cbc:EndpointID><cac:PartyIdentification>'
        '<cbc:ID schemeID="0184">{1}</cbc:ID></cac:PartyIdentification><cac:PartyLegalEntity>'
        "<cbc:RegistrationName>{2}</cbc:RegistrationName></cac:PartyLegalEntity></cac:{0}>"
    )
    status = "<cac:Status><cbc:StatusReason>Wrong price</cbc:StatusReason></cac:Status>" if code == "RE" else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?><ApplicationResponse'
        ' xmlns="urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2"'
        ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
        ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
        ' xmlns:ext="urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"'
        ' xmlns:puf="urn:pagero:ExtensionComponent:1.0">'
        "<cbc:CustomizationID>urn:pagero.com:puf:invoice_response:1.0</cbc:CustomizationID>"
        "<cbc:ProfileID>urn:pagero.com:puf:invoice_response:1.0</cbc:ProfileID>"
        f"<cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-11-20</cbc:IssueDate><cbc:IssueTime>12:00:00</cbc:IssueTime>"
        f"<cbc:Note>Approve {number}</cbc:Note>"
        + party.format("SenderParty", own, "Sender")
        + party.format("ReceiverParty", to, "Receiver")
        + f"<cac:DocumentResponse><cac:Response><cbc:ResponseCode>{code}</cbc:ResponseCode>{status}</cac:Response>"
        f"<cac:DocumentReference><cbc:ID>{number}</cbc:ID><cbc:DocumentTypeCode>380</cbc:DocumentTypeCode>"
        "</cac:DocumentReference></cac:DocumentResponse></ApplicationResponse>"
    ).encode()


_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def masked(text: str | bytes) -> str:
    """A JSON body with ids, times and request ids replaced by words."""
    said = text.decode() if isinstance(text, bytes) else text
    said = re.sub(r'"requestId":"[0-9a-f]{32}"', '"requestId":"REQUEST"', said)
    return _TIME.sub("TIME", _UUID.sub("UUID", said))


def problem(answer: Answer, status: int) -> str:
    """What a refusal says: its code and its reason."""
    assert answer.status == status, answer
    assert answer.header("content-type") == "application/problem+json"
    body = json.loads(answer.body)
    assert set(body) == {"type", "title", "status", "detail", "code", "advice", "requestId"}
    assert body["status"] == status
    assert body["type"] == f"/errors/{body['code']}"
    assert body["requestId"] == answer.header("x-request-id")
    return f"{body['code']}: {body['detail']}"


def members(value: Any) -> set[str]:
    """The names of members, with those of the objects in them."""
    return {
        f"{name}.{inner}"
        for name in value
        for inner in (members(value[name]) if isinstance(value[name], dict) else ("",))
    }
