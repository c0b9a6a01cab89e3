"""What somebody needs who connects a program to this hub as Pagero."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from fakturahub.dialects.pagero import wire
from fakturahub.dialects.pagero.document_types import DOCUMENT_TYPES
from fakturahub.dialects.pagero.errors import STATUS
from fakturahub.dialects.pagero.files import company_id
from fakturahub.dialects.pagero.settings import MODES
from fakturahub.dialects.sheet import COMMON, Asked, Section, Sheet, code, hidden, listed, shown_url, with_secret
from fakturahub.exchange.schedule import SCHEDULES
from fakturahub.intake.limits import BODY_LIMIT, MIB, XML
from fakturahub.model import Mode

_TABLE = "[company.pagero]"
#: where tokens come from: the first path of each is the one that the metadata names
_AUTHORIZE, _TOKEN, _REVOKE = "/oauth/v2/oauth-authorize", "/oauth/v2/oauth-token", "/oauth/v2/oauth-revoke"
_METADATA = "/.well-known/oauth-authorization-server"

#: what a sender does about each status that a refusal can have
TO_DO = {
    400: "the transfer cannot be read: put it right, then send it",
    401: "credentials are missing or wrong; with a token: fetch another",
    402: "the account does not cover it: have credits added, then send the same",
    403: "the company may not do this: ask the hub's operator",
    404: "no such path, document type or send mode",
    405: "the path takes another method, which `Allow` names: the Interchange only POST",
    406: "File and Document API: the answer is `application/json`, which `Accept` has to allow",
    409: "the interchange id was used for other bytes: the first submission is named",
    413: "too large",
    415: "File API: a file is sent as `multipart/form-data`",
    429: "too many: send the same after `Retry-After` seconds",
    500: "a defect of the hub: send the same later, with the same interchange id",
    503: "nothing was stored: send the same after `Retry-After` seconds, with the same interchange id",
}


def known_words(hub: Mapping[str, Any]) -> tuple[tuple[str, ...], Mapping[str, Mode]]:
    """Document types and send modes of the paths, by the hub's settings where they have their own."""
    types = hub.get("document_types") or DOCUMENT_TYPES
    modes = {word: Mode(mode) for word, mode in (hub.get("send_modes") or MODES).items()}
    return tuple(sorted(types)), modes


def sheet(asked: Asked) -> Sheet:
    """The sheet of the dialect."""
    types, modes = known_words(asked.hub)
    sections = [_addresses(asked), _signing_in(asked), _sending(asked, types, modes), _answers(), _limits()]
    sections += _arriving(asked)
    sections += _examples(asked, types, modes)
    return Sheet("Pagero", tuple(sections))


def _addresses(asked: Asked) -> Section:
    facts = [
        ("Interchange, Basic", code(f"{asked.base}/incoming/default/{{documentType}}/{{sendMode}}")),
        ("Interchange, access token", code(f"{asked.base}{wire.TOKEN_PATH}/default/{{documentType}}/{{sendMode}}")),
    ]
    if asked.hosts:
        facts.append(("The same without `/pagero`", listed(asked.at(asked.hosts))))
    facts += [
        ("File API", code(f"{asked.base}/file/v1")),
        ("Document API", code(f"{asked.base}/document/v1")),
        ("Tokens", code(asked.url + _TOKEN)),
        ("A user lets a program in", code(asked.url + _AUTHORIZE)),
        ("Revoking tokens", code(asked.url + _REVOKE)),
        ("All of OAuth2, for libraries", code(asked.url + _METADATA)),
    ]
    return Section("Addresses", tuple(facts))


def _signing_in(asked: Asked) -> Section:
    section = asked.section
    facts = [("User name", code(section["username"])), ("Its password", hidden("password", _TABLE))]
    if section.get("client_id"):
        facts += [
            ("OAuth2 `client_id`", code(section["client_id"])),
            ("Its `client_secret`", hidden("client_secret", _TABLE)),
            ("Grants", "`password`, `refresh_token`, `authorization_code` (with PKCE S256 or without)"),
            ("Scope", "`all`, which is also what is granted unasked; `openid` besides"),
            ("Redirect addresses", listed(section.get("redirect_uris", ())) or "none: no grant by code"),
        ]
        people = [user["email"] for user in asked.company.users if user.get("role") != "reader"]
        facts.append(("Users who can let it in", listed([section["username"], *people])))
    else:
        facts.append(("OAuth2", f"no client yet: give {code(_TABLE)} a `client_id` and a `client_secret`"))
    facts.append(("`sendingCompanyId` of the File API", code(company_id(asked.company))))
    crossed = asked.hub.get("crossed_authentication")
    return Section(
        "How to sign in",
        tuple(facts),
        notes=() if crossed else ("Basic on the paths with `tokenauth`, and a token on the others, is 401.",),
    )


def _sending(asked: Asked, types: tuple[str, ...], modes: Mapping[str, Mode]) -> Section:
    means = {Mode.PROD: "delivers", Mode.TEST: "does everything but the delivery", Mode.CERT: "the same, to certify"}
    several = asked.section.get("several_documents")
    return Section(
        "What is sent",
        (
            ("Method", "`POST`, the document itself as the body, or a ZIP of it and the files that belong to it"),
            (
                "Several documents in a ZIP",
                "each is judged for itself" if several else "are rejected: send one in each",
            ),
            ("`documentType`", f"{listed(types)}; `invoice` carries credit notes as well"),
            ("`sendMode`", "; ".join(f"{code(word)} {means[mode]}" for word, mode in modes.items())),
            ("`x-interchange-id`", "the sender's own id of the transfer, 1 to 255 visible ASCII characters; send it"),
            ("`Content-Type`", "`application/xml`; what the body is, its bytes decide"),
            ("Other headers", "are ignored; those that begin with `x-` are kept with the submission"),
        ),
    )


def _answers() -> Section:
    statuses = [("200", "stored; whether the document is good, the page says: keep it, the hub has the document now")]
    statuses += [(str(status), TO_DO[status]) for status in sorted({status for _, status in STATUS})]
    return Section(
        "Answers, and when to send again",
        tuple(statuses),
        notes=(
            "Where no answer came, send the same bytes with the same `x-interchange-id`: the first answer comes again, "
            "and the document is taken once.",
            "Every refusal is a small page with a code, in the APIs a JSON object; `/errors/<code>` explains it.",
        ),
    )


def _limits() -> Section:
    return Section(
        "Limits",
        (
            ("A body", f"{BODY_LIMIT['pagero'] // MIB} MiB"),
            ("One text in the XML, such as an attachment in base64", f"{XML.text:,} bytes"),
            *COMMON,
        ),
    )


def _arriving(asked: Asked) -> list[Section]:
    """What the hub posts to the company, and what it does not."""
    company, push = asked.company, asked.section.get("push")
    facts: list[tuple[str, str]] = [("As what", code(company.receive_as))]
    if company.test_mode:
        facts.append(("Test mode", "the company is in it: whatever mode it sends in, nothing is delivered"))
    if push is None:
        facts.append(("Received documents", "are not posted: there is no `[company.pagero.push]`"))
    else:
        facts += _pushed(push)
    url = asked.section.get("acknowledgements_url")
    told = "not posted: there is no `acknowledgements_url`" if url is None else f"posted to {shown_url(url)}"
    facts.append(("Technical Acknowledgements", told))
    return [Section("What the hub sends", tuple(facts))]


def _pushed(push: Mapping[str, Any]) -> list[tuple[str, str]]:
    schedule = SCHEDULES["http"]
    pauses = push.get("retry") or [_span(int(one.total_seconds())) for one in schedule.pauses]
    ends = push.get("give_up_after") or _span(int(schedule.gives_up_after.total_seconds()))
    facts = [
        ("Received documents", f"`{push.get('method', 'POST')}` to {shown_url(push['url'])}, one a request"),
        ("How the hub signs in there", code(push.get("auth", "none"))),
        ("Statuses that mean delivered", code(push.get("success", "2xx"))),
        ("Tried again after", f"{', '.join(pauses)}; given up {ends} after the first time"),
        ("Each has", "`x-interchange-id` and `Idempotency-Key`, the same whenever it is tried"),
        ("Attachments", code(push.get("attachments", "embedded"))),
    ]
    if push.get("headers"):
        facts.append(("Headers of your own", f"{listed(sorted(push['headers']))}; values are not shown"))
    if push.get("document_headers"):
        named = [f"{code(name)} from {code(term)}" for name, term in sorted(push["document_headers"].items())]
        facts.append(("Headers from the document", ", ".join(named)))
    return facts


def _span(seconds: int) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % length == 0 and seconds > length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _examples(asked: Asked, types: tuple[str, ...], modes: Mapping[str, Mode]) -> list[Section]:
    kind = "invoice" if "invoice" in types else types[0]
    mode = next((word for word, one in modes.items() if one is Mode.TEST), next(iter(modes)))
    user, client = asked.section["username"], asked.section.get("client_id")
    path = f"default/{kind}/{mode}"
    sent = "  --header 'Content-Type: application/xml' --data-binary @invoice.xml"
    basic = (
        f"curl --fail-with-body --user {with_secret(user + ':', 'PAGERO_PASSWORD')}"
        f" --header 'x-interchange-id: first-1' \\\n{sent} \\\n  {shlex.quote(f'{asked.base}/incoming/{path}')}"
    )
    found = [Section("Example: a document with Basic", example=basic)]
    if client:
        fetched = (
            f"token=$(curl --silent --fail --user {with_secret(client + ':', 'PAGERO_CLIENT_SECRET')} \\\n"
            f"  --data grant_type=password --data-urlencode {shlex.quote(f'username={user}')} \\\n"
            f'  --data-urlencode "password=$PAGERO_PASSWORD" {shlex.quote(asked.url + _TOKEN)} \\\n'
            """  | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')\n"""
        )
        bearer = (
            f'{fetched}curl --fail-with-body --header "Authorization: Bearer $token" \\\n'
            f"  --header 'x-interchange-id: first-2' \\\n{sent} \\\n"
            f"  {shlex.quote(f'{asked.base}{wire.TOKEN_PATH}/{path}')}"
        )
        file = (
            f'{fetched}curl --fail-with-body --header "Authorization: Bearer $token" \\\n'
            f"  --form payload=@invoice.xml --form documentType=Invoice --form sendMode=Test \\\n"
            f"  {shlex.quote(f'{asked.base}/file/v1/files')}"
        )
        found.append(Section("Example: the same with an access token", example=bearer))
        found.append(Section("Example: a file for the File API", example=file))
    return found
