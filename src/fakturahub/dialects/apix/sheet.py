"""What somebody needs who connects a program to this hub as Apix."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fakturahub.dialects.apix.auth import SIGNED
from fakturahub.dialects.apix.errors import HTTP_STATUS
from fakturahub.dialects.sheet import COMMON, Asked, Section, Sheet, code, hidden, listed
from fakturahub.exchange.inbox import LEASE
from fakturahub.intake.limits import BODY_LIMIT, MIB, ZIP

_TABLE = "[company.apix]"
#: how each call that is signed is called
METHODS: Mapping[str, str] = {
    "/email": "PUT",
    "/addressquery": "PUT",
    "/invoices": "PUT",
    "/print": "PUT",
    "/sendpayslip": "PUT",
    "/method": "PUT",
    "/pricing": "PUT",
    "/senderpayslip": "DELETE",
}
#: what a caller does about each status of HTTP but 200
TO_DO = {
    404: "no such call",
    405: "another method",
    429: "too many: the same after `Retry-After` seconds",
    503: "nothing was decided: the same after `Retry-After` seconds",
}
#: whose secret signs a call where it is not the TransferKey
_OTHER_SECRETS = {
    "/authuser": "the user's password",
    "/app-transferID": "the user's password",
    "/download": "StorageKey",
}


def sheet(asked: Asked) -> Sheet:
    """The sheet of the dialect."""
    sections = [_addresses(asked), _signing_in(asked), _calls(), _sending(asked), _answers(), _limits(asked)]
    sections += [_receiving(), *_examples(asked)]
    return Sheet("Apix", tuple(sections))


def _addresses(asked: Asked) -> Section:
    facts = [("Every call", f"{code(asked.base + '/')}, and its name behind it")]
    if asked.hosts:
        facts.append(("The same without `/apix`", listed(asked.at(asked.hosts))))
    if asked.test_hosts:
        facts.append(("For tests, which are judged and priced and not delivered", listed(asked.at(asked.test_hosts))))
    else:
        facts.append(("For tests", "no host: the hub's operator can name one in `test_hosts` of `[dialects.apix]`"))
    if asked.company.test_mode:
        facts.append(("Test mode", "the company is in it: nothing that it sends is delivered"))
    return Section("Addresses", tuple(facts))


def _signing_in(asked: Asked) -> Section:
    people = [user["email"] for user in asked.company.users]
    facts = [
        ("TransferID", code(asked.section["transfer_id"])),
        ("TransferKey", hidden("transfer_key", _TABLE, kept="it sealed with the master key")),
        ("UniqueCompanyID", code(asked.section.get("unique_company_id") or asked.company.id)),
        ("Users, for `authuser` and `app-transferID`", listed(people) or "none: give the company a `[[company.user]]`"),
        ("`t`", f"the time in UTC, `CCYYMMDDHHMMSS`; it may be {_window(asked.hub)} off"),
        ("`d`", "`SHA-256:` and the hexadecimal SHA-256 over the values of the call, joined with `+`, the secret last"),
    ]
    return Section("How to sign in", tuple(facts))


def _window(hub: Mapping[str, Any]) -> str:
    return str(hub.get("clock_window") or "24h")


def _calls() -> Section:
    facts = []
    for path, values in SIGNED.items():
        order = "+".join(" or ".join(names) if names[0] in ("TraID", "uid") else names[0] for names in values)
        secret = _OTHER_SECRETS.get(path, "TransferKey")
        facts.append((f"`{METHODS.get(path, 'GET')} {path}`", f"`{order}+` and {secret}"))
    return Section(
        "Calls, and what their digests are made of",
        tuple(facts),
        notes=(
            "Of the user's password its SHA-256 in lower-case hexadecimal. With `markreceived`, its value comes first "
            "in `download`. `GET /saldo` is not signed.",
        ),
    )


def _sending(asked: Asked) -> Section:
    taken = "`Content-Type` is not looked at"
    facts = [
        ("Invoices, letters, payslips", "one ZIP a call, as the body; of payslips each ZIP has its own picture"),
        ("Headers", taken),
        ("The same again", "the same bytes within a day are a repeat: the first answer comes again"),
    ]
    interfaces = asked.hub.get("interfaces") or ()
    if interfaces:
        facts.append(("Without a ZIP", f"for programs that call themselves (`soft`) {listed(list(interfaces))}"))
    return Section("What is sent", tuple(facts))


def _answers() -> Section:
    facts = [("200", "also for refusals: `<Status>` is `OK` or `ERR`, `<StatusCode>` and the texts say why")]
    facts += [(str(status), TO_DO[status]) for _, status in HTTP_STATUS]
    return Section(
        "Answers, and when to send again",
        tuple(facts),
        notes=("`receive` and `download` answer with an empty body where there is nothing, and for a wrong digest.",),
    )


def _limits(asked: Asked) -> Section:
    return Section(
        "Limits",
        (
            ("A body", f"{BODY_LIMIT['apix'] // MIB} MiB"),
            ("Files in a ZIP", f"{ZIP.members:,}, {ZIP.one // MIB} MiB each, {ZIP.total // MIB} MiB together"),
            *COMMON,
        ),
    )


def _receiving() -> Section:
    return Section(
        "What arrives",
        (
            ("Nothing is posted", "fetch it: `list2` and `download`, or `receive` until its body is empty"),
            (
                "A storage",
                f"that `receive` handed out is kept from others for {int(LEASE.total_seconds()) // 60} minutes",
            ),
        ),
    )


def _examples(asked: Asked) -> list[Section]:
    id_ = asked.section["transfer_id"]
    in_url = quote(id_, safe="")
    key = "APIX_TRANSFER_KEY"
    stamp = "t=$(date -u +%Y%m%d%H%M%S)"
    digest = "| sha256sum | cut -d' ' -f1)"
    listing = (
        f"{stamp}\n"
        f'd=$(printf \'%s+%s+%s\' {shlex.quote(id_)} "$t" "${key}" {digest}\n'
        f'curl --fail-with-body "{asked.base}/list2?TraID={in_url}&t=$t&d=SHA-256:$d"'
    )
    tests = asked.at(asked.test_hosts)
    target = tests[0] if tests else f"{asked.base}"
    real = () if tests or asked.company.test_mode else ("There is no host for tests: this sends for real.",)
    sending = (
        "python3 -m zipfile --create batch.zip invoice.xml\n"
        f"{stamp}\n"
        f'd=$(printf \'%s+%s+%s+%s+%s\' MyProgram 1.0 {shlex.quote(id_)} "$t" "${key}" {digest}\n'
        "curl --fail-with-body --upload-file batch.zip --header 'Content-Type: application/octet-stream' \\\n"
        f'  "{target}/invoices?soft=MyProgram&ver=1.0&TraID={in_url}&t=$t&d=SHA-256:$d"'
    )
    return [
        Section("Example: what lies in the inbox", example=listing),
        Section("Example: an invoice is sent", notes=real, example=sending),
    ]
