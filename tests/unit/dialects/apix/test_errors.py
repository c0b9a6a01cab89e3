"""The codes of refusals, call by call, those of calls that no path leads to yet included (specification 2.3, 2.4)."""

from __future__ import annotations

import re

import pytest

from fakturahub.dialects.apix import errors as apix
from fakturahub.dialects.apix.auth import SIGNED
from fakturahub.errors import (
    BadRequest,
    ClockSkew,
    DatabaseUnavailable,
    FakturahubError,
    InternalFault,
    InvalidDocument,
    MissingFile,
    NoContract,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    UnknownPath,
    ZipUnsafe,
)

RESULTS: dict[type[FakturahubError], str] = {
    InvalidDocument: "01",
    MissingFile: "01",
    ZipUnsafe: "01",
    NoContract: "03",
    NotAuthenticated: "04",
    ClockSkew: "04",
    PermissionDenied: "04",
    NotFound: "05",
    BadRequest: "12",
    InternalFault: "99",
    DatabaseUnavailable: "99",
}
BEGINNINGS = {
    "/invoices": "10",
    "/print": "10",
    "/sendpayslip": "10",
    "/method": "7G",
    "/pricing": "7G",
    "/senderpayslip": "7PS",
    "/addressquery": "2A",
    "/metadata": "2A",
    "/list2": "27",
    "/getcompanyinfo": "5P",
    "/authuser": "50",
    "/registration": "50",
}


@pytest.mark.parametrize(("path", "beginning"), BEGINNINGS.items())
def test_a_code_is_the_calls_own_with_the_result(path: str, beginning: str) -> None:
    assert {apix._code(error("x"), path) for error in RESULTS} == {beginning + result for result in RESULTS.values()}
    for error, result in RESULTS.items():
        assert apix._code(error("x"), path) == beginning + result
    assert apix._code(UnknownPath("x"), path) == "9012"


def test_every_call_has_codes_and_saldo_that_of_the_live_service() -> None:
    assert set(apix.PREFIX) == {*SIGNED, "/saldo", "/registration"}
    assert apix._code(BadRequest("x"), "/saldo") == "7599"
    assert apix._code(NotAuthenticated("x"), "/saldo") == "5004"


def test_stamps_differ_within_a_second() -> None:
    stamps = [apix.incident("x") for _ in range(50)]
    assert len(set(stamps)) == 50
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\d{2,4}", one) for one in stamps)
