"""``doctor``: everything in order, or what is not, and what to do about it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from joserfc.jwk import RSAKey

from fakturahub import doctor
from fakturahub.identity.sealing import MasterKey
from fakturahub.storage.schema import newest_revision
from tests.peers.certificates import Authority
from tests.peers.mail import mail_server
from tests.peers.sftp import print_house, public
from tests.running import COMPANIES
from tests.storage.conftest import url_of
from tests.unit.cli.conftest import Filled, Run, parsed

Where = tuple[str, str, str, str]

ALL = [
    "data folder",
    "disk",
    "database",
    "schema",
    "clock",
    "payloads",
    "keys",
    "configuration",
    "rules",
    "deliveries",
    "targets",
    "credits",
    "mail",
    "letters",
    "signing keys",
    "certificate",
]


def examined(done: Any) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in msgspec.json.decode(done.out)}


def bad(done: Any) -> dict[str, tuple[str, str]]:
    """What is not in order: its details, and what to do."""
    assert done.status == 1, done
    assert "Traceback" not in done.err
    return {name: (one["detail"], one["advice"]) for name, one in examined(done).items() if not one["ok"]}


def execute(url: str, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


@pytest.fixture
def provisioned(fakturahub: Run, empty: Where) -> Where:
    assert fakturahub("apply", COMPANIES, *empty).status == 0
    return empty


def test_a_target_that_takes_nothing(fakturahub: Run, provisioned: Where) -> None:
    execute(
        provisioned[3],
        """INSERT INTO target (key, attempts, failures, window_started, opened, open_until, failing_since, pulling,
                               last_error, changed_at)
           SELECT 'http ' || n, 0, 0, now(), 1, now() + interval '1 minute', '2026-11-19 08:00+00', false,
                  E'refused \\x07by peer', now() FROM generate_series(1, 4) n""",
    )
    done = fakturahub("doctor", "--json", *provisioned)
    assert done.status == 0, "a receiver that is down is not the hub's fault"
    told = examined(done)["targets"]
    assert told["ok"]
    detail, advice = told["detail"], told["advice"]
    assert detail.startswith("4 take no deliveries: http 1, 0 waiting, since 2026-11-19 08:00 UTC: refused ")
    assert "\x07" not in detail
    assert detail.endswith("; and 1 more")
    assert "`fakturahub targets`" in advice
    printed = fakturahub("doctor", *provisioned).out
    assert "4 take no deliveries" in printed
    assert "What to do: See `fakturahub targets`" in printed


def test_signing_keys(fakturahub: Run, provisioned: Where) -> None:
    folder, url = Path(provisioned[1]), provisioned[3]
    values = f"('old', '{{}}', '{_sealed_key(folder, 'old')}', now() - interval '92 days', now())"
    execute(url, f"INSERT INTO oauth_key (kid, public, sealed, created_at, signs_from) VALUES {values}")  # noqa: S608
    detail, advice = bad(fakturahub("doctor", "--json", *provisioned))["signing keys"]
    assert "1 published, the newest is 92 days old" in detail
    assert "signing-keys --rotate" in advice
    execute(url, "UPDATE oauth_key SET created_at = now() - interval '10 days'")
    found = examined(fakturahub("doctor", "--json", *provisioned))["signing keys"]
    assert (found["ok"], found["detail"].partition(", the next")[0]) == (
        True,
        "1 published, the newest is 10 days old",
    )
    execute(url, "UPDATE oauth_key SET kid = 'another'")  # sealed for another name: no master key opens it
    detail, advice = bad(fakturahub("doctor", "--json", *provisioned))["signing keys"]
    assert advice


def _sealed_key(folder: Path, kid: str) -> str:
    pem = RSAKey.generate_key(2048).as_pem(private=True).decode()
    return MasterKey.kept_in(folder, create=False).seal(pem, f"oauth_key/{kid}")


def test_the_certificate(fakturahub: Run, provisioned: Where, tmp_path: Path) -> None:
    authority = Authority()
    cert, key = tmp_path / "hub.pem", tmp_path / "hub.key"
    named = ("--tls-cert", cert, "--tls-key", key)

    def show(days: int) -> None:
        own = authority.issue("hub.example", starts=timedelta(days=-9), ends=timedelta(days=days))
        cert.write_text(own.cert)
        key.write_text(own.key)
        key.chmod(0o600)

    show(90)
    found = examined(fakturahub("doctor", "--json", *named, *provisioned))["certificate"]
    assert (found["ok"], found["detail"][:24]) == (True, "for hub.example, until 2")
    for days, words in ((7, "ends on"), (-1, "ended on")):
        show(days)
        detail, advice = bad(fakturahub("doctor", "--json", *named, *provisioned))["certificate"]
        assert words in detail
        assert "Renew it" in advice
    key.unlink()
    detail, _ = bad(fakturahub("doctor", "--json", *named, *provisioned))["certificate"]
    assert "cannot be read" in detail
    detail, _ = bad(fakturahub("doctor", "--json", *named[:2], *provisioned))["certificate"]
    assert "go together" in detail


def test_a_healthy_hub(fakturahub: Run, provisioned: Where) -> None:
    found: Any = parsed(fakturahub("doctor", "--json", *provisioned))
    assert [one["name"] for one in found] == ALL
    assert all(set(one) == {"name", "ok", "detail", "advice"} for one in found)
    assert all(one["ok"] and one["detail"] and not one["advice"] for one in found)
    shown = fakturahub("doctor", *provisioned)
    assert shown.status == 0
    assert [line.split()[0] for line in shown.out.splitlines()] == ["ok"] * len(ALL)
    assert "PostgreSQL" in shown.out
    assert "2 companies" in shown.out
    assert "What to do" not in shown.out


def test_a_hub_without_companies(fakturahub: Run, empty: Where) -> None:
    assert bad(fakturahub("doctor", "--json", *empty))["configuration"] == (
        "no company is known",
        "Apply a file: fakturahub apply companies.toml",
    )
    shown = fakturahub("doctor", *empty).out
    assert "What to do: Apply a file: fakturahub apply companies.toml" in shown


def test_an_empty_database(fakturahub: Run, database: str, tmp_path: Path) -> None:
    """One fault, told once: what needs the schema is not looked at."""
    done = fakturahub("doctor", "--json", "--data", tmp_path / "data", "--database", database)
    assert bad(done) == {
        "schema": (
            f"The database has schema none; this program needs {newest_revision()}.",
            "Start `fakturahub serve` once, it upgrades the database.",
        )
    }
    assert set(examined(done)) == set(ALL) - {
        "keys",
        "configuration",
        "rules",
        "deliveries",
        "targets",
        "credits",
        "mail",
        "letters",
        "signing keys",
    }


def test_a_newer_database(fakturahub: Run, provisioned: Where) -> None:
    execute(provisioned[3], "UPDATE alembic_version SET version_num = '9999'")
    ((detail, advice),) = bad(fakturahub("doctor", "--json", *provisioned)).values()
    assert "9999" in detail
    assert "Run a version of the hub that is at least as new" in advice


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://somebody:hush-hush@127.0.0.1:1/none", ""),
        ("postgresql://somebody:hush-hush@no-such-host.invalid/none", ""),
        ("GONE", "does not exist"),
    ],
)
def test_a_database_that_cannot_be_reached(fakturahub: Run, postgres: str, tmp_path: Path, url: str, why: str) -> None:
    if url == "GONE":
        url = url_of(postgres, "nowhere")
    done = fakturahub("doctor", "--json", "--data", tmp_path / "data", "--database", url)
    found = bad(done)
    assert set(found) == {"database"}, "one fault is told once"
    detail, advice = found["database"]
    assert why in detail
    assert "address is right" in advice
    assert "hush-hush" not in done.out + done.err
    assert set(examined(done)) >= {"data folder", "disk", "payloads"}, "the rest is looked at"


def test_another_master_key(fakturahub: Run, provisioned: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKTURAHUB_MASTER_KEY", "22" * 32)
    ((detail, advice),) = bad(fakturahub("doctor", "--json", *provisioned)).values()
    assert detail == "The secrets in this database were sealed with another master key."
    assert advice.startswith("Give the hub the master key that this database was sealed with")


def test_a_key_that_was_swapped(fakturahub: Run, provisioned: Where) -> None:
    """The fingerprint fits, one sealed secret does not open."""
    execute(
        provisioned[3],
        """UPDATE company SET settings = jsonb_set(settings, '{apix,transfer_key}',
                                                 to_jsonb(settings #>> '{apix,transfer_key}' || 'x'))
           WHERE key = 'virta'""",
    )
    ((detail, _),) = bad(fakturahub("doctor", "--json", *provisioned)).values()
    assert "company/virta/apix.transfer_key" in detail


@pytest.mark.parametrize("text", ["no key", "", "ab" * 31])
def test_a_master_key_that_is_none(
    fakturahub: Run, provisioned: Where, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("FAKTURAHUB_MASTER_KEY", text)
    found = bad(fakturahub("doctor", "--json", *provisioned))
    assert set(found) == {"keys"}


def test_a_missing_key_file(fakturahub: Run, provisioned: Where) -> None:
    Path(provisioned[1], "keys", "master.key").unlink()
    ((detail, advice),) = bad(fakturahub("doctor", "--json", *provisioned)).values()
    assert "there is no master key in" in detail
    assert "it cannot be made anew" in advice


def test_a_key_file_that_others_can_read(fakturahub: Run, provisioned: Where) -> None:
    file = Path(provisioned[1], "keys", "master.key")
    file.chmod(0o644)
    found = bad(fakturahub("doctor", "--json", *provisioned))
    (detail, _), *_ = found.values()
    assert str(file) in detail
    assert "chmod" in detail
    assert "doctor" not in detail
    assert all("doctor" not in advice for _, advice in found.values()), "who runs doctor needs no advice to do so"


def test_a_disk_that_is_nearly_full(fakturahub: Run, provisioned: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(free=doctor.LEAST_DISK - 1))
    assert bad(fakturahub("doctor", "--json", *provisioned)) == {
        "disk": ("2.0 GiB free", "Make room: a full disk stops every acceptance.")
    }


def test_a_folder_that_is_none(fakturahub: Run, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    ((detail, advice),) = bad(fakturahub("doctor", "--json", "--data", missing)).values()
    assert detail == (
        f"{missing} is no data folder of a hub. Start `fakturahub serve --data {missing}` once, or name another."
    )
    assert "doctor" not in advice
    assert not missing.exists()


def test_a_file_where_the_folder_should_be(fakturahub: Run, postgres: str, tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("a file")
    ((detail, _),) = bad(fakturahub("doctor", "--json", "--data", file, "--database", postgres)).values()
    assert "A file stands where a folder is needed" in detail


def test_a_payload_store_that_cannot_be_written(fakturahub: Run, provisioned: Where, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = bad(fakturahub("doctor", "--json", *provisioned, "--payloads", tmp_path / "file"))
    assert len(found) == 1
    ((detail, advice),) = found.values()
    assert "payload store" in detail
    assert advice
    (detail, _), *_ = bad(
        fakturahub("doctor", "--json", *provisioned, "--payloads", "nonsense://x?key=hush-hush")
    ).values()
    assert "hush-hush" not in detail


def test_a_clock_that_is_off(fakturahub: Run, provisioned: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MOST_SKEW", -1.0)
    ((detail, advice),) = bad(fakturahub("doctor", "--json", *provisioned)).values()
    assert "between the database's clock and the hub's" in detail
    assert "NTP" in advice


def test_deliveries_that_nobody_does(fakturahub: Run, filled: Filled) -> None:
    execute(filled.database, "UPDATE delivery SET due_at = now() - interval '1 hour' WHERE state = 'pending'")
    found = bad(fakturahub("doctor", "--json", *filled.where))
    assert set(found) == {"deliveries"}
    detail, advice = found["deliveries"]
    assert "open, the oldest due for" in detail
    assert "whether `fakturahub serve` runs" in advice


def test_a_receiver_without_an_address(fakturahub: Run, empty: Where, tmp_path: Path) -> None:
    file = tmp_path / "companies.toml"
    mute = ('key = "mute"', 'name = "Mute"', 'country = "FI"', 'business_id = "1"', 'contracts = ["receive"]')
    file.write_text("\n".join(["[[company]]", *mute]))
    fakturahub("apply", file, *empty)
    assert bad(fakturahub("doctor", "--json", *empty))["configuration"] == (
        "1 companies, settings version 1; without an electronic address: mute",
        "Give each company that receives an entry in `addresses`.",
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    # not under pytest's own folder: as root the server's user has to pass through every folder above
    with tempfile.TemporaryDirectory(prefix="fakturahub-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name) / "data"


def test_a_hub_with_a_server_of_its_own(fakturahub: Run, folder: Path) -> None:
    """From nothing: `apply` makes the folder, the server, the schema and the key; the other commands find them."""
    assert fakturahub("apply", COMPANIES, "--data", folder).status == 0
    key = folder / "keys" / "master.key"
    assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert MasterKey.kept_in(folder, create=False).id
    done = fakturahub("doctor", "--json", "--data", folder)
    assert done.status == 0, done
    assert "the private server of the data folder" in examined(done)["database"]["detail"]
    assert fakturahub("documents", "--data", folder).out == "No documents.\n"


def test_accounts_are_the_sums_of_their_ledgers(fakturahub: Run, provisioned: Where) -> None:
    fakturahub("credits", "virta", "--add", "5", "--why", "a test", *provisioned)
    execute(provisioned[3], "UPDATE account SET prepaid = true, balance = 506")
    ((detail, advice),) = bad(fakturahub("doctor", "--json", *provisioned)).values()
    assert detail == (
        "the account of virta is not the sum of its ledger: 506 credits, entered 505; 0 reserved, entered 0"
    )
    assert "changed the tables by hand" in advice
    execute(provisioned[3], "UPDATE account SET balance = 505, reserved = 505")
    execute(provisioned[3], "UPDATE account_entry SET held = amount")
    told = examined(fakturahub("doctor", "--json", *provisioned))["credits"]
    assert told["ok"]
    assert told["detail"] == (
        "every account is the sum of its ledger; 1 company pays before; nothing left to spend: virta"
    )


def with_mail(tmp_path: Path, port: int, more: str = "") -> Path:
    file = tmp_path / "companies.toml"
    mail = f'[mail]\nurl = "smtp://hub:secret@127.0.0.1:{port}?tls=none"\nsender = "Hub <hub@hub.example>"\n{more}'
    file.write_text(f"{COMPANIES.read_text(encoding='utf-8')}\n{mail}", encoding="utf-8")
    return file


def test_a_mail_server_that_lets_the_hub_in(fakturahub: Run, empty: Where, tmp_path: Path) -> None:
    with mail_server(users={"hub": "secret"}) as peer:
        fakturahub("apply", with_mail(tmp_path, peer.port), *empty)
        found = examined(fakturahub("doctor", "--json", *empty))["mail"]
        assert found["ok"]
        assert found["detail"] == f"127.0.0.1:{peer.port} lets the hub in; mails are not signed"
        peer.users = {"hub": "another"}
        detail, advice = bad(fakturahub("doctor", "--json", *empty))["mail"]
    assert "refused the login" in detail
    assert "secret" not in detail
    assert "`[mail]`" in advice
    assert "MAIL" not in peer.commands
    detail, _ = bad(fakturahub("doctor", "--json", *empty))["mail"]
    assert "refused the connection" in detail


def test_a_key_that_mails_cannot_be_signed_with(fakturahub: Run, empty: Where, tmp_path: Path) -> None:
    dkim = 'dkim_domain = "hub.example"\ndkim_selector = "s"\ndkim_key = "no key"\n'
    fakturahub("apply", with_mail(tmp_path, 25, dkim), *empty)
    detail, advice = bad(fakturahub("doctor", "--json", *empty))["mail"]
    assert "`dkim_key`" in detail
    assert "PEM" in advice


def test_a_print_house_that_lets_the_hub_in(fakturahub: Run, empty: Where, tmp_path: Path) -> None:
    file = tmp_path / "companies.toml"
    with print_house(tmp_path / "house") as house:
        url = f"sftp://hub:swordfish@127.0.0.1:{house.port}/inbox"
        host_key = public(house.host_key).strip()
        letters = f'[print]\nurl = "{url}"\nhost_key = "{host_key}"\n'
        file.write_text(f"{COMPANIES.read_text(encoding='utf-8')}\n{letters}", encoding="utf-8")
        fakturahub("apply", file, *empty)
        found = examined(fakturahub("doctor", "--json", *empty))["letters"]
        assert found["ok"]
        assert found["detail"] == "127.0.0.1 lets hub in and has the folder /inbox."
        house.inbox.rmdir()
        detail, advice = bad(fakturahub("doctor", "--json", *empty))["letters"]
        assert "/inbox" in detail
        assert "`[print]`" in advice
        house.passwords = {"hub": "another"}
        detail, _ = bad(fakturahub("doctor", "--json", *empty))["letters"]
        assert "does not let hub in" in detail
        assert "swordfish" not in detail
        assert not [one for one in house.operations if not one.startswith("stat")]
