"""The shared companies.toml is the contract: it loads as it is, and with every optional key it shows."""

from __future__ import annotations

import re
import tomllib
from datetime import time, timedelta
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path

import pytest

from fakturahub.config import Company, HttpPush, Letters, Provisioning, Secret
from fakturahub.dialects.apix.provision import ApixCompany, ApixHub
from fakturahub.dialects.farpay.provision import FarPayCompany
from fakturahub.dialects.pagero.provision import PageroCompany, PageroHub
from fakturahub.dialects.sendregning.provision import SendRegningCompany, SendRegningHub
from fakturahub.dialects.vertex.provision import VertexCompany, VertexHub
from tests.unit.config.sections import read, secrets_in

# "# key = value" or "# [table]"; the prose of the file never has a key and an equals sign at its beginning.
_OPTIONAL = re.compile(r"^(\s*)# (?=\[+[\w.]+\]+|\w+ = )", re.MULTILINE)
# Two lines of the file show several keys in one comment; this is what they say, as keys.
_BY_HAND = {
    "    # token_url, grant = ": """\
    token_url = "https://idp.example/token"
    grant = "client_credentials"
    client_id = "hub-at-skog"
    client_secret = "hub-at-skog-secret"
    scope = "invoices"
""",
    "    # cert, key, ca ": """\
    cert = "file:client.pem"
    key = "file:client.key"
    ca = "file:ca.pem"
""",
}
ENV = {"OPS_PASSWORD": "ops-password-of-the-test"}
FILES = {
    "master.key": "bWFzdGVyLWtleS1vZi10aGUtdGVzdC0zMi1ieXRlcy4=",
    "printhouse.pub": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 printhouse",
    "id_ed25519": "-----BEGIN OPENSSH PRIVATE KEY-----\nkey-of-the-hub\n-----END OPENSSH PRIVATE KEY-----",
    "client.pem": "-----BEGIN CERTIFICATE-----\nclient\n-----END CERTIFICATE-----",
    "client.key": "-----BEGIN PRIVATE KEY-----\nclient-private-key\n-----END PRIVATE KEY-----",
    "ca.pem": "-----BEGIN CERTIFICATE-----\nauthority\n-----END CERTIFICATE-----",
}


@pytest.fixture(scope="module")
def contract(shared: Path) -> str:
    return (shared / "demo" / "companies.toml").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
    return tmp_path


def with_everything(contract: str) -> str:
    """The file with every optional key in force."""
    text = contract
    for start, keys in _BY_HAND.items():
        text, count = re.subn(rf"^{re.escape(start)}.*\n", lambda _, keys=keys: keys, text, flags=re.MULTILINE)
        assert count == 1, start
    return _OPTIONAL.sub(r"\1", text)


def company(provisioning: Provisioning, key: str) -> Company:
    return next(one for one in provisioning.companies if one.key == key)


def test_the_file_loads_as_it_is(contract: str) -> None:
    provisioning = read(contract)
    assert [one.key for one in provisioning.companies] == ["virta", "skog", "havn", "fjord", "vertex-tenant"]
    assert provisioning.outbound.trusted_networks == (ip_network("127.0.0.1/32"),)
    assert provisioning.mail is None
    assert provisioning.letters is None

    virta = company(provisioning, "virta")
    assert (virta.country, virta.business_id, virta.addresses) == ("FI", "2790131-9", ("0216:003727901319",))
    assert virta.credits == Decimal(500)
    assert (virta.validation, virta.seller_mismatch, virta.allow_loss, virta.test_mode) == (
        "reject",
        "warn",
        True,
        False,
    )
    assert [(user.email, user.password.reveal(), user.role) for user in virta.users] == [
        ("aino@virta.example", "virta-password", "company")
    ]
    assert virta.section(ApixCompany) == ApixCompany(
        transfer_id="e4fb42c4-2e72-4e8c-80aa-3724e402c0a8",
        transfer_key=Secret("de6b8d40-f81b-4d51-b977-c998510b51bb"),
        unique_company_id="0f6aa87f-ce1d-44ce-b025-8b9801c8772c",
    )
    assert virta.section(PageroCompany) is None

    pagero = company(provisioning, "skog").section(PageroCompany)
    assert pagero is not None
    assert (pagero.username, pagero.password, pagero.client_id) == ("skog", Secret("skog-password"), "skog-erp")
    assert pagero.push == HttpPush(
        url="http://127.0.0.1:8089/inbound",
        auth="basic",
        username="hub",
        password=Secret("hub-password"),
        headers={"x-tenant": Secret("skog")},
        document_headers={"x-invoice-number": "number", "x-sender": "seller.name"},
    )

    assert company(provisioning, "skog").credits == "postpaid"
    assert company(provisioning, "havn").section(FarPayCompany) == FarPayCompany(
        api_key=Secret("farpay-havn-key-0123456789abcdef"),
        pbs_creditor="01234567",
        data_supplier="31415926",
        debtor_group="00001",
    )
    assert company(provisioning, "fjord").section(SendRegningCompany) == SendRegningCompany(
        first_invoice_no=1, kid="mod10"
    )
    assert company(provisioning, "vertex-tenant").section(VertexCompany) == VertexCompany(
        tenant_id="a58b4abb-49e2-43c2-bf70-a56f9cddd497",
        client_id="0oa2hl2inow5Uqc6c357",
        client_secret=Secret("kontor-tenant-secret"),
    )
    (application,) = provisioning.applications
    assert (application.scopes, application.tenants) == (("ips-vertex",), ())
    (participant,) = provisioning.participants
    assert [one.operator_id for one in participant.addresses] == ["003714377140", "NDEAFIHH"]


def test_what_the_file_leaves_out_has_its_default(contract: str) -> None:
    provisioning = read(contract)
    assert provisioning.dialects.section(ApixHub) == ApixHub(
        hosts=(), test_hosts=(), saldo=True, registration=False, clock_window=timedelta(hours=24)
    )
    assert provisioning.dialects.section(PageroHub).hosts == ()
    assert provisioning.dialects.section(VertexHub).replay_status == 200
    push = HttpPush(url="https://firm.example/")
    assert (push.auth, push.method, push.missing_header, push.attachments) == ("none", "POST", "omit", "embedded")
    assert (push.connect_timeout, push.read_timeout) == (timedelta(seconds=10), timedelta(seconds=60))
    assert [status in push.success for status in (199, 200, 299, 300)] == [False, True, True, False]


def test_everything_it_shows_loads(contract: str, folder: Path) -> None:
    provisioning = read(with_everything(contract), env=ENV, folder=folder)
    assert provisioning.hub.public_url == "https://hub.example"
    assert provisioning.hub.master_key == Secret(FILES["master.key"])
    (operator,) = provisioning.operators
    assert (operator.email, operator.password, operator.role) == (
        "ops@hub.example",
        Secret(ENV["OPS_PASSWORD"]),
        "operator",
    )
    apix = provisioning.dialects.section(ApixHub)
    assert (apix.hosts, apix.test_hosts) == (("api.hub.example", "terminal.hub.example"), ("test-api.hub.example",))
    assert provisioning.dialects.section(SendRegningHub).hosts == ("sws.hub.example",)
    (issuer,) = provisioning.dialects.section(VertexHub).issuers
    assert issuer.jwks_url == "https://idp.example/.well-known/jwks.json"
    (price,) = provisioning.prices
    assert (price.channel, price.pages, price.postal_class, price.colour, price.country, price.credits) == (
        "print",
        2,
        2,
        False,
        "FI",
        Decimal(1),
    )
    assert provisioning.mail is not None
    assert provisioning.mail.url == Secret("smtp://user:password@mail.example:587?tls=starttls")
    assert provisioning.mail.sender == "Fakturahub <hub@hub.example>"
    assert isinstance(provisioning.letters, Letters)
    assert provisioning.letters.cut_offs == (time(10), time(15))
    assert provisioning.letters.host_key == FILES["printhouse.pub"]
    assert provisioning.letters.key == Secret(FILES["id_ed25519"])

    virta = company(provisioning, "virta")
    assert (virta.www, virta.additional_name, virta.customer_number) == ("www.virta.example", "Virta", "1")
    assert virta.timezone == "Europe/Helsinki"
    (billing,) = virta.postal_addresses
    assert (billing.type, billing.street, billing.street2, billing.post_code) == ("Billing", "PL 1", "", "02601")
    assert (virta.letters.postal_class, virta.letters.colour, virta.letters.duplex) == (2, False, True)
    pagero = company(provisioning, "skog").section(PageroCompany)
    assert pagero is not None
    assert pagero.company_id == "…"
    assert pagero.acknowledgements_url == "https://skog.example/acks"
    assert pagero.push is not None
    assert pagero.push.client_secret == Secret("hub-at-skog-secret")
    assert pagero.push.cert == FILES["client.pem"]
    assert pagero.push.key == Secret(FILES["client.key"])
    assert pagero.push.proxy == Secret("http://proxy.example:3128")
    assert provisioning.applications[0].tenants == ("a58b4abb-49e2-43c2-bf70-a56f9cddd497",)


def test_each_optional_key_or_section_loads_alone(contract: str, folder: Path) -> None:
    """Every single key below a header that is in force, and every section whose header is a comment, by itself."""
    tried = 0
    place = 0
    while match := _OPTIONAL.search(contract, place):
        end = contract.index("\n", match.end())
        if contract[match.end()] == "[":  # the section goes on while the lines are optional ones
            while (following := _OPTIONAL.match(contract, end + 1)) and contract[following.end()] != "[":
                end = contract.index("\n", following.end())
        one = contract[: match.start()] + _OPTIONAL.sub(r"\1", contract[match.start() : end]) + contract[end:]
        assert read(one, env=ENV, folder=folder) != read(contract), one[match.start() : end]
        tried += 1
        place = end
    assert tried == 30


def test_every_optional_key_is_reached(contract: str) -> None:
    """The mechanical reading of comments above misses nothing: what is left of them has no key in it."""
    left = [line for line in with_everything(contract).splitlines() if re.match(r"\s*#", line)]
    assert not [line for line in left if re.match(r"\s*#\s*[\w.\[\]]+ *(=|$)", line)]
    assert "token_url" in with_everything(contract)


def test_no_secret_is_in_a_repr(contract: str, folder: Path) -> None:
    provisioning = read(with_everything(contract), env=ENV, folder=folder)
    plain = {secret.reveal() for secret in secrets_in(provisioning)}
    assert len(plain) == 18
    shown = repr(provisioning) + str(provisioning) + f"{provisioning.companies}"
    # "skog" is a header's value and a company's key as well
    assert [text for text in plain - {"skog"} if text in shown] == []


def test_stated_is_what_the_file_says(contract: str, folder: Path) -> None:
    """The keys of the file and no defaults, in the canonical text of each value."""
    text = with_everything(contract)
    for table, one in zip(tomllib.loads(text)["company"], read(text, env=ENV, folder=folder).companies, strict=True):
        assert one.stated.keys() == table.keys()
        assert one.stated["addresses"] == table["addresses"]
    push = company(read(text, env=ENV, folder=folder), "skog").stated["pagero"]["push"]
    assert (push["success"], push["connect_timeout"], push["read_timeout"]) == ("200-299", "10s", "1m")
