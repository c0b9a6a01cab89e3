"""What two places of the provisioning file may not share, and how the fault names both."""

from __future__ import annotations

import pytest

from tests.unit.config.sections import COMPANY, faults_of

#: the line on which the keys that a test adds to the smallest company begin
NEXT = COMPANY.count("\n") + 1


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        (
            "addresses = ['0192:931415921']",
            "addresses = ['0088:5798000416642', '0192: 931415921 ']",
            ("addresses[1]", "0192:931415921", "addresses[0]"),
        ),
        ("addresses = ['0184:DK1']", "addresses = ['0184:dk1']", ("addresses[0]", "0184:dk1", "addresses[0]")),
        (
            "[[company.user]]\nemail = 'a@b.example'\npassword = 'x'",
            "[[company.user]]\nemail = 'A@B.example'\npassword = 'y'",
            ("user[A@B.example].email", "A@B.example", "user[a@b.example].email"),
        ),
        (
            "[company.apix]\ntransfer_id = 't'\ntransfer_key = 'x'",
            "[company.apix]\ntransfer_id = 't'\ntransfer_key = 'y'",
            ("apix.transfer_id", "t", "apix.transfer_id"),
        ),
        (
            "[company.pagero]\nusername = 'u'\npassword = 'x'",
            "[company.pagero]\nusername = 'u'\npassword = 'y'",
            ("pagero.username", "u", "pagero.username"),
        ),
        (
            "[company.pagero]\nclient_id = 'c'\nclient_secret = 'x'\nusername = 'u'\npassword = 'x'",
            "[company.vertex]\nclient_id = 'c'\nclient_secret = 'y'\ntenant_id = 't'",
            ("vertex.client_id", "c", "pagero.client_id"),
        ),
        (
            "[company.vertex]\ntenant_id = 't'\nclient_id = 'a'\nclient_secret = 'x'",
            "[company.vertex]\ntenant_id = 't'\nclient_id = 'b'\nclient_secret = 'x'",
            ("vertex.tenant_id", "t", "vertex.tenant_id"),
        ),
    ],
)
def test_what_two_companies_may_not_share(first: str, second: str, what: tuple[str, str, str]) -> None:
    other = COMPANY.replace("berg", "dal")
    here, value, there = what
    earlier = NEXT + (0 if first.startswith("addresses") else 1)
    later = earlier + first.count("\n") + NEXT
    assert faults_of(f"{COMPANY}{first}\n{other}{second}\n") == [
        f"line {later}: company.dal.{here}: `{value}` is used already in line {earlier} (company.berg.{there})"
    ]


def test_two_companies_may_not_have_one_key() -> None:
    assert faults_of(COMPANY + COMPANY) == [
        "line 8: company.berg.key: `berg` is used already in line 2 (company.berg.key)"
    ]


def test_an_api_key_given_twice_is_not_shown() -> None:
    section = "[company.farpay]\napi_key = 'very-secret'\n"
    (fault,) = faults_of(f"{COMPANY}{section}{COMPANY.replace('berg', 'dal')}{section}")
    assert fault == (
        "line 16: company.dal.farpay.api_key: this value is used already in line 8 (company.berg.farpay.api_key)"
    )


def test_one_company_may_not_repeat_itself() -> None:
    address = "[[company.address]]\ntype = 'Billing'\n"
    assert faults_of(f"{COMPANY}addresses = ['0192:1', '0192:1']\n{address}{address}") == [
        "line 7: company.berg.addresses[1]: `0192:1` is used already in line 7 (company.berg.addresses[0])",
        "line 11: company.berg.address.Billing.type: "
        "`Billing` is used already in line 9 (company.berg.address.Billing.type)",
    ]


def test_an_operator_may_not_sign_in_as_a_company() -> None:
    user = "email = 'a@b.example'\npassword = 'x'\n"
    assert faults_of(f"[[user]]\n{user}{COMPANY}[[company.user]]\n{user}") == [
        "line 11: company.berg.user[a@b.example].email: "
        "`a@b.example` is used already in line 2 (user[a@b.example].email)"
    ]


def test_a_host_belongs_to_one_dialect() -> None:
    text = "[dialects.apix]\nhosts = ['a.example']\n[dialects.pagero]\nhosts = ['A.example']\n"
    assert faults_of(text) == [
        "line 4: dialects.pagero.hosts[0]: `A.example` is used already in line 2 (dialects.apix.hosts[0])"
    ]
