"""What is wrong with a provisioning file is told all at once, with line, key and what is expected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fakturahub.errors import ProvisioningError
from tests.unit.config.sections import COMPANY, faults_of, read

#: the line on which the keys that a test adds to the smallest company begin
NEXT = COMPANY.count("\n") + 1


def test_the_smallest_company_is_fine() -> None:
    assert read(COMPANY).companies[0].receive_as == "original"


def test_all_faults_are_told_by_line(shared: Path) -> None:
    """Several at once in the contract's own file, told in the order of its lines."""
    text = (shared / "demo" / "companies.toml").read_text(encoding="utf-8")
    text = text.replace('language = "fi"', 'langauge = "fi"').replace("[outbound]", "[outbuond]")
    text = text.replace('kid = "mod10" ', 'kid = "mod-10"').replace('tenant_id = "a58b', 'tenant_id = "a 58b')
    lines = text.splitlines()

    def line(start: str) -> int:
        return next(number for number, one in enumerate(lines, start=1) if one.strip().startswith(start))

    assert faults_of(text) == [
        f"line {line('[outbuond]')}: unknown key `outbuond`; did you mean `outbound`?",
        f"line {line('langauge')}: company.virta: unknown key `langauge`; did you mean `language`?",
        f"line {line('kid')}: company.fjord.sendregning.kid: "
        'expected one of "none", "mod10", "mod11"; did you mean "mod10"?',
        f"line {line('tenant_id')}: company.vertex-tenant.vertex.tenant_id: "
        "expected an identifier without blanks, at most 255 characters",
    ]


def test_the_error_names_the_file_and_has_a_line_for_each_fault() -> None:
    with pytest.raises(ProvisioningError) as caught:
        read("companies = 1\nkey = 2\n")
    assert str(caught.value) == (
        "companies.toml was not applied:\n  line 1: unknown key `companies`; did you mean `company`?\n"
        "  line 2: unknown key `key`"
    )


# What faults say is expected, where a test would be hard to read with all of it.
TEXT = "one line of text that is not empty"
TABLE = "a table, as under a header in single brackets or between braces"
TABLES = "a list, as under a header in double brackets"
CREDITS = '"postpaid", or a decimal number in quotes such as "500"'
COUNTRY = 'a country code of ISO 3166-1 such as "FI"'
ZONE = 'a time zone of the IANA database such as "Europe/Helsinki"'
NUMBER = "a whole number from 1 to 999999999"
ADDRESS = 'an electronic address "scheme:value" with the four digits of its EAS scheme, such as "0192:931415921"'
NESTED = "line 1: lists or tables in the file are nested too deeply"
URL = 'a URL of http or https such as "https://firm.example/path", without user name, password and fragment in it'
NETWORK = 'a network such as "10.1.0.0/16" or "fd00::/8", with no bits set behind its prefix'
FOLDER = 'a URL with a folder such as "sftp://user@host.example/inbox"'
CLOCK = 'a time of day in quotes such as "15:00"'
DURATION = 'a duration such as "24h", "5m" or "10s"'
STATUS = 'status codes such as "200-299" or "200,202"'
EMAIL = 'an e-mail address such as "name@firm.example"'
NAME = "a name of letters, digits, dots, hyphens and underscores"


@pytest.mark.parametrize(
    ("added", "place", "expected"),
    [
        # another type
        ("name = 1", "name", TEXT),
        ("test_mode = 1", "test_mode", "true or false"),
        ('test_mode = "false"', "test_mode", "true or false"),
        ('addresses = "0192:931415921"', "addresses", "a list"),
        ("addresses = {}", "addresses", "a list"),
        ('address = { type = "Billing" }', "address", TABLES),
        ("print = [{ class = 1 }]", "print", TABLE),
        ("print = { class = true }", "print.class", "one of 1, 2"),
        ("sendregning = { first_invoice_no = 1.0 }", "sendregning.first_invoice_no", NUMBER),
        ("sendregning = { first_invoice_no = true }", "sendregning.first_invoice_no", NUMBER),
        ("sendregning = { first_invoice_no = 0 }", "sendregning.first_invoice_no", NUMBER),
        ("credits = 500", "credits", CREDITS),
        # a value that does not fit
        ('contracts = ["recieve"]', "contracts[0]", 'one of "send", "receive"; did you mean "receive"?'),
        ('validation = "on"', "validation", 'one of "reject", "warn", "off"'),
        ('credits = "12,5"', "credits", CREDITS),
        ('credits = "-1"', "credits", CREDITS),
        ('country = "UK"', "country", COUNTRY),
        ('country = "no"', "country", COUNTRY),
        ('language = "norsk"', "language", 'a language code of ISO 639-1 such as "sv"'),
        ('timezone = "Europe/Bergen"', "timezone", ZONE),
        ('timezone = "Europe"', "timezone", ZONE),
        ('timezone = "../../etc/passwd"', "timezone", ZONE),
        ('email = "post at berg"', "email", EMAIL),
        ('name = "Berg\\nAS"', "name", TEXT),
        ('name = "  "', "name", TEXT),
        ('addresses = ["0192:1", "931415921"]', "addresses[1]", ADDRESS),
        ('addresses = ["192:931415921"]', "addresses[0]", ADDRESS),
        ('addresses = ["0192:9314 15921"]', "addresses[0]", ADDRESS),
        ("farpay = { api_key = 'k', pbs_creditor = '1234567' }", "farpay.pbs_creditor", "8 digits"),
    ],
)
def test_a_value_of_a_company(added: str, place: str, expected: str) -> None:
    key = added.partition(" =")[0]
    others = re.sub(rf"^{key} = .*\n", "# \n", COMPANY, flags=re.MULTILINE)
    assert faults_of(f"{others}{added}\n") == [f"line {NEXT}: company.berg.{place}: expected {expected}"]


def test_a_company_whose_key_does_not_fit() -> None:
    assert faults_of(COMPANY.replace('"berg"', '"a/b"')) == [f"line 2: company[a/b].key: expected {NAME}"]
    assert faults_of(COMPANY.replace('"berg"', '"a b"')) == [f"line 2: company[0].key: expected {NAME}"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[hub]\npublic_url = 'hub.example'", f"line 2: hub.public_url: expected {URL}"),
        ("[hub]\npublic_url = 'https://u:p@hub.example'", f"line 2: hub.public_url: expected {URL}"),
        ("[hub]\npublic_url = 'https://hub.example:99999'", f"line 2: hub.public_url: expected {URL}"),
        ("[hub]\nrefresh_grace = '61s'", 'line 2: hub.refresh_grace: expected a duration from "0s" to "60s"'),
        ("[hub]\nrefresh_grace = 30", 'line 2: hub.refresh_grace: expected a duration from "0s" to "60s"'),
        (
            "[[user]]\nemail = 'a@b.example'\npassword = 'x'\nrole = 'admin'",
            'line 4: user[a@b.example].role: expected one of "operator", "reader"',
        ),
        ("[user]", f"line 1: user: expected {TABLES}"),
        ("[[outbound]]", f"line 1: outbound: expected {TABLE}"),
        (
            "[outbound]\ntrusted_networks = [\n'10.0.0.0/8',\n# and\n'10.1.2.3/8']",
            f"line 5: outbound.trusted_networks[1]: expected {NETWORK}",
        ),
        ("[print]\ncut_offs = [10:00:00]", f"line 2: print.cut_offs[0]: expected {CLOCK}"),
        ("[print]\ncut_offs = ['24:00']", f"line 2: print.cut_offs[0]: expected {CLOCK}"),
        ("[print]\nurl = 'sftp://hub@host.example'", f"line 2: print.url: expected {FOLDER}"),
        ("[print]\ntimezone = 'Europe/Espoo'", f"line 2: print.timezone: expected {ZONE}"),
        (
            "[print]\nurl = 'sftp://hub:p@host.example/in'",
            "line 2: print.url: needs `host_key` as well: a server is known by its key",
        ),
        (
            "[print]\nurl = 'sftp://hub@host.example/in'\nhost_key = 'k'",
            "line 2: print.url: needs `key` as well, or a password",
        ),
        (
            "[print]\nurl = 'sftp://host.example/in'\nhost_key = 'k'\nkey = 'k'",
            "line 2: print.url: needs a user name, as in sftp://user@host.example/inbox",
        ),
        ("[print]\nhost_key = 'k'", "line 2: print.host_key: needs `url` as well"),
        ("[dialects.apix]\nclock_window = '1 day'", f"line 2: dialects.apix.clock_window: expected {DURATION}"),
        ("[dialects.apix]\nclock_window = '0s'", f"line 2: dialects.apix.clock_window: expected {DURATION}"),
        ("[dialects.vertex]\nreplay_status = '200'", "line 2: dialects.vertex.replay_status: expected one of 200, 201"),
        (
            "[dialects.pagero]\nhosts = ['https://hub.example']",
            'line 2: dialects.pagero.hosts[0]: expected a host name such as "api.hub.example"',
        ),
        (
            "[[price]]\ncredits = '1'\n[[price]]\ncredits = '1'\ncountry = 'NO'",
            'line 5: price[1].country: expected one of "FI", "EU", "OTHER"',
        ),
    ],
)
def test_a_value_of_the_hub(text: str, fault: str) -> None:
    assert faults_of(text) == [fault]


@pytest.mark.parametrize(
    ("added", "line", "fault"),
    [
        ("langauge = 1", 0, "company.berg: unknown key `langauge`; did you mean `language`?"),
        ("zzz = 1", 0, "company.berg: unknown key `zzz`"),
        ("'a b\tc' = 1", 0, "company.berg: unknown key `…`"),
        ("[company.peppol]", 0, "company.berg: unknown key `peppol`"),
        ("[company.pagreo]", 0, "company.berg: unknown key `pagreo`; did you mean `pagero`?"),
        ("sendregning.hosts = []", 0, "company.berg.sendregning: unknown key `hosts`"),
        # names of fields that are not keys of the file
        ("stated = {}", 0, "company.berg: unknown key `stated`"),
        ("sections = {}", 0, "company.berg: unknown key `sections`"),
        ("users = []", 0, "company.berg: unknown key `users`; did you mean `user`?"),
        (
            "[[company.user]]\nemail = 'a@b.example'\npassword = 'x'\npasswrod = 'x'",
            3,
            "company.berg.user[a@b.example]: unknown key `passwrod`; did you mean `password`?",
        ),
        ("[dialects.apix]\nhost = 'a'", 1, "dialects.apix: unknown key `host`; did you mean `hosts`?"),
        ("[dialects.peppol]", 0, "dialects: unknown key `peppol`"),
        (
            "[[participant]]\nname = 'x'\naddresses = [\n{ address = 'a' },\n{ adress = 'b', address = 'b' } ]",
            4,
            "participant[0].addresses[1]: unknown key `adress`; did you mean `address`?",
        ),
        # keys that have to be there
        (COMPANY.replace("berg", "dal").replace('name = "Berg AS"', ""), 0, "company.dal: `name` is missing"),
        ("[company.farpay]", 0, "company.berg.farpay: `api_key` is missing"),
        ("[[company.user]]\nemail = 'a@b.example'", 0, "company.berg.user[a@b.example]: `password` is missing"),
        ("[[company.user]]\npassword = 'x'", 0, "company.berg.user[0]: `email` is missing"),
        ("[mail]\nsender = 'a@b.example'", 0, "mail: `url` is missing"),
        (
            "[company.pagero]\nusername = 'u'\npassword = 'x'\nclient_id = 'c'",
            3,
            "company.berg.pagero.client_id: needs `client_secret` as well",
        ),
    ],
)
def test_a_key_that_is_unknown_or_missing(added: str, line: int, fault: str) -> None:
    assert faults_of(f"{COMPANY}{added}\n") == [f"line {NEXT + line}: {fault}"]


@pytest.mark.parametrize(
    ("push", "fault"),
    [
        ("auth = 'basic'\nusername = 'hub'", 'auth: "basic" needs `password` as well'),
        ("auth = 'oauth2'\nclient_id = 'a'\nclient_secret = 'b'", 'auth: "oauth2" needs `token_url` as well'),
        ("auth = 'bearer'", 'auth: expected one of "none", "basic", "oauth2", "mtls"'),
        (
            "headers = { 'x a' = '1' }",
            'headers[x a]: expected the name of an HTTP header such as "x-tenant" as the key',
        ),
        ('headers = { x = "a\\ny: z" }', "headers.x: expected the value of an HTTP header: visible ASCII and blanks"),
        ("headers = { x = '1', X = '2' }", "headers.X: the same name as `x`"),
        (
            "document_headers = { x = 'Seller Name' }",
            'document_headers.x: expected a term of the document such as "number", "seller.name" or "BT-1", or an '
            'XPath such as "xpath:/*/cbc:ID"',
        ),
        ("success = '2xx'", f"success: expected {STATUS}"),
        ("success = '299-200'", f"success: expected {STATUS}"),
        ("method = 'GET'", 'method: expected one of "POST", "PUT"'),
        ("username = 'a:b'", "username: expected a user name without blanks and colons"),
        ("token_url = 'https://u:p@idp.example/'", f"token_url: expected {URL}"),
        ("proxy = 'socks5://proxy.example'", 'proxy: expected a URL of http such as "http://proxy.example:3128"'),
        ("proxy = 'https://proxy.example'", 'proxy: expected a URL of http such as "http://proxy.example:3128"'),
        ("retry = ['5s', '8d']", 'retry[1]: expected a duration from "1s" to "7d"'),
        ("retry = '5s'", "retry: expected a list"),
        ("retry = []", "retry: has to have 1 to 20 pauses"),
        (f"retry = {['5s'] * 21}", "retry: has to have 1 to 20 pauses"),
        ("give_up_after = '31d'", 'give_up_after: expected a duration from "1s" to "30d"'),
        ("at_once = 0", "at_once: expected a whole number from 1 to 64"),
        ("at_once = 65", "at_once: expected a whole number from 1 to 64"),
        ("connect_timeout = '2m'", 'connect_timeout: expected a duration from "1s" to "1m"'),
        ("read_timeout = '6m'", 'read_timeout: expected a duration from "1s" to "5m"'),
        ("client_auth = 'jwt'", 'client_auth: expected one of "auto", "body", "basic"'),
        ("cert = 'PEM'", "cert: needs `key` as well"),
        ("key = 'PEM'", "key: needs `cert` as well"),
    ],
)
def test_a_key_of_push(push: str, fault: str) -> None:
    assert faults_of(f"{PUSH}{push}\n") == [f"line {NEXT + 5}: company.berg.pagero.push.{fault}"]


PUSH = (
    f"{COMPANY}[company.pagero]\nusername = 'berg'\npassword = 'x'\n[company.pagero.push]\nurl = 'http://a.example'\n"
)


@pytest.mark.parametrize(
    ("keys", "faults"),
    [
        (
            "auth = 'mtls'\ncert = 'PEM'",
            ['auth: "mtls" needs `key` as well', 'url: has to begin with https where `auth` is "mtls"'],
        ),
        ("headers = { Host = 'x' }", ["headers: `Host` is the hub's own to set"]),
        ("headers = { content-length = '1' }", ["headers: `content-length` is the hub's own to set"]),
        ("headers = { Idempotency-Key = '1' }", ["headers: `Idempotency-Key` is the hub's own to set"]),
        ("headers = { Content-Type = 'a/b' }", ["headers: `Content-Type` is set by `content_type`"]),
        (
            "auth = 'basic'\nusername = 'a'\npassword = 'b'\nheaders = { Authorization = 'x' }",
            ["headers: `Authorization` is set by `auth`"],
        ),
        (
            "document_headers = { X-Delivery-Id = 'number' }",
            ["document_headers: `X-Delivery-Id` is the hub's own to set"],
        ),
        ("document_headers = { authorization = 'number' }", ["document_headers: `authorization` is set by `auth`"]),
    ],
)
def test_keys_of_push_that_do_not_go_together(keys: str, faults: list[str]) -> None:
    told = [one.partition("company.berg.pagero.push.")[2] for one in faults_of(f"{PUSH}{keys}")]
    assert sorted(told) == sorted(faults)


def test_headers_that_may_be_set() -> None:
    names = ("X-Interchange-Id", "User-Agent", "Authorization", "X-Api-Key")
    assert read(PUSH + "headers = { " + ", ".join(f"{name} = 'x'" for name in names) + " }").companies


@pytest.mark.parametrize(
    ("term", "fault"),
    [
        ("numbr", "is no term of a document"),
        ("BT-999", "is no term of a document"),
        ("xpath:/[", "is no XPath 1.0"),
        ("number", None),
        ("buyer.address.line1", None),
        ("BT-115", None),
        ("xpath:/ubl:Invoice/cbc:ID", None),
    ],
)
def test_terms_that_headers_are_taken_from(term: str, fault: str | None) -> None:
    text = f"{PUSH}document_headers = {{ X-Number = '{term}' }}"
    if fault is None:
        assert read(text).companies
    else:
        (told,) = faults_of(text)
        assert told.endswith(f"pagero.push: `document_headers`: what `X-Number` is taken from {fault}")


def test_a_header_is_either_fixed_or_from_the_document() -> None:
    assert faults_of(f"{PUSH}headers = {{ x = '1' }}\ndocument_headers = {{ X = 'number' }}") == [
        f"line {NEXT + 6}: company.berg.pagero.push.document_headers: `X` is set by `headers` already"
    ]


def test_the_password_grant_needs_a_user() -> None:
    client = "token_url = 'https://idp.example/'\nclient_id = 'a'\nclient_secret = 'b'"
    assert read(f"{PUSH}auth = 'oauth2'\n{client}").companies
    assert faults_of(f"{PUSH}auth = 'oauth2'\ngrant = 'password'\n{client}") == [
        f'line {NEXT + 5}: company.berg.pagero.push.auth: "oauth2" needs `username` as well',
        f'line {NEXT + 5}: company.berg.pagero.push.auth: "oauth2" needs `password` as well',
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[hub]\npublic_url = \n", "line 2: Invalid value at column 14"),
        ("[hub]\n\n[hub]\n", "line 3: Cannot declare ('hub',) twice at column 5"),
        ("a = 1\na = 2\n", "line 2: Cannot overwrite a value at column 6"),
        ("[hub]\npublic_url = 'x", 'line 2: Expected "\'" at the end of the file'),
        ("[hub\n", "line 1: Expected ']' at the end of a table declaration at column 5"),
        ("a = " + "[" * 5_000, NESTED),
        ("a = " + "[" * 101 + "]" * 101, NESTED),
        ("a" + ".a" * 5_000 + " = 1", NESTED),
        ("[" + "a." * 5_000 + "a]", NESTED),
        ("a = " + "9" * 5_000, "line 1: a number in the file has too many digits"),
    ],
)
def test_what_is_not_toml(text: str, fault: str) -> None:
    assert faults_of(text) == [fault]


def test_a_byte_order_mark_and_the_line_ends_of_windows_do_not_matter() -> None:
    text = "\ufeff" + f"{COMPANY}zzz = 1\n".replace("\n", "\r\n")
    assert faults_of(text) == [f"line {NEXT}: company.berg: unknown key `zzz`"]
