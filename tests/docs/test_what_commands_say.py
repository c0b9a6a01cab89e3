"""What the reference says of exit codes and messages, and of the level that is logged from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakturahub import __version__, cli, printing, start
from fakturahub.errors import FakturahubError, MasterKeyError, OperatorError, PayloadStoreUnavailable, Refused
from fakturahub.opened import Place
from tests.docs.scratch import Scratch

NOBODY = "01a00000-0000-7000-8000-000000000000"


class Said:
    """Runs a command inside this process, where starting a program for each would take most of the time."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        with pytest.raises(SystemExit) as left:
            cli.main(list(arguments))
        printed = self._capsys.readouterr()
        return int(left.value.code or 0), printed.out, printed.err


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Said:
    monkeypatch.setattr(cli.telemetry, "set_up_logs", lambda *_, **__: None)
    return Said(capsys)


def test_done(said: Said) -> None:
    assert said("--version") == (0, f"fakturahub {__version__}\n", "")


def test_nothing_under_an_id(said: Said, scratch: Scratch) -> None:
    status, output, errors = said("document", NOBODY, "--data", str(scratch.folder / "var"))
    assert (status, output) == (1, "")
    sentence, advice = errors.splitlines()
    assert sentence == f"fakturahub: There is no document with the id {NOBODY}."
    assert advice.startswith("What to do: ")
    assert advice.endswith("(error code not-found)")


def test_misused(said: Said) -> None:
    status, output, errors = said("document", "nonsense")
    assert (status, output) == (2, "")
    assert "nonsense" in errors or "UUID" in errors


def test_one_trouble_is_told_once(said: Said, tmp_path: Path) -> None:
    """Without its database ``doctor`` cannot look at most things; it says so once, why, and what to do."""
    where = ("--data", str(tmp_path / "data"), "--database", "postgresql://hub@127.0.0.1:1/hub")
    status, output, _ = said("doctor", *where)
    assert status == 1
    bad = [line for line in output.splitlines() if line.startswith("BAD")]
    assert len(bad) == 1, output
    assert bad[0].startswith("BAD  database ")
    assert "Connect call failed" in bad[0]
    assert "What to do: See whether it runs and whether its address is right." in output


@pytest.mark.parametrize("error", [Refused("This was asked."), OperatorError("This is wrong.")])
def test_advice_that_is_for_somebody_else_is_not_given(error: FakturahubError) -> None:
    assert printing.advice(error) == ""


def test_advice_of_its_own_is_given() -> None:
    assert printing.advice(MasterKeyError("It does not fit.")) == MasterKeyError.advice


def test_the_cause_is_told_without_what_may_be_a_key() -> None:
    error = PayloadStoreUnavailable("The payload store cannot be written.")
    error.__cause__ = OSError("PUT https://store.example/a/b?sig=secret HTTP/1.1 403\n\nDebug source: secret")
    assert printing.reason(error) == (
        "The payload store cannot be written. (PUT https://store.example/a/b HTTP/1.1 403)"
    )


@pytest.mark.parametrize("level", ["debug", "WARNING"])
def test_the_level_that_is_logged_from(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKTURAHUB_LOG_LEVEL", level)
    assert cli._log_level() == level.lower()


def test_a_level_that_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKTURAHUB_LOG_LEVEL", "loud")
    with pytest.raises(OperatorError, match="debug, info, warning, error, critical"):
        cli._log_level()


def test_the_level_reaches_the_processes(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Any] = []

    class Supervisor:
        def __init__(self, plan: object, *_: object) -> None:
            plans.append(plan)

        async def run(self, _: object) -> None:
            return

    monkeypatch.setattr(start, "Supervisor", Supervisor)
    sock = start.listen("127.0.0.1", 0)
    monkeypatch.setattr(start, "listen", lambda *_: sock)
    options = start.Options(
        companies=None, host="127.0.0.1", port=0, processes=1, account_rate=0, address_rate=0, log_level="warning"
    )
    with sock:
        start.run(Place(tmp_path / "data", database), options, lambda _: None)
    assert [plan.settings.log_level for plan in plans] == ["warning"]
