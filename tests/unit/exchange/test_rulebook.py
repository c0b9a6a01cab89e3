"""Which packs a document is checked with, what a pack is compiled to and kept as, and what is never trusted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from fakturahub.errors import NotFound, PackUnusable
from fakturahub.exchange import packs, rulebook
from fakturahub.exchange.installed import Broken, Installed, Known
from fakturahub.exchange.rulebook import BUNDLED, Rulebook, bundled
from fakturahub.model import Recognition
from fakturahub.storage.pack_cache import PackCache
from tests.rules import small

EN = "urn:cen.eu:en16931:2017"
PEPPOL = f"{EN}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
XRECHNUNG = f"{EN}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
UBL, CII = "{urn:ubl}Invoice", "{urn:cii}CrossIndustryInvoice"
DAY = date(2026, 11, 20)
LATER, EARLIER = DAY + timedelta(days=30), DAY - timedelta(days=30)


def pack(
    name: str,
    profile: str | None = "en16931",
    valid_from: date | None = None,
    roots: tuple[str, ...] = (UBL,),
    *,
    comes_with_the_program: bool = False,
) -> Installed:
    made = small.made()
    return Installed(
        name=name,
        digest="",
        profile=profile,
        valid_from=valid_from,
        roots=roots,
        bundled=comes_with_the_program,
        pack=made.pack,
        contents=made.contents,
    )


def of(syntax: str, stated: str | None) -> Recognition:
    return Recognition(syntax, profile=stated)


OURS = pack("en16931-ubl-1.3.16", comes_with_the_program=True)

PROFILES = [
    ("a pack of EN 16931 for its own identifier", "en16931", of("ubl-2.1", EN), True),
    ("and for all that is built on it", "en16931", of("xrechnung-3", XRECHNUNG), True),
    ("also in CII", "en16931", of("cii", EN), True),
    ("not without an identifier", "en16931", of("ubl-2.1", None), False),
    ("not for another one", "en16931", of("oioubl-2.1", "OIOUBL-2.1"), False),
    ("not for one that only has it inside", "en16931", of("ubl-2.1", f"urn:other#{EN}"), False),
    ("Peppol", "peppol-bis-3", of("peppol-bis-3", PEPPOL), True),
    ("EHF is Peppol", "peppol-bis-3", of("ehf-3", PEPPOL), True),
    ("Peppol in CII", "peppol-bis-3", of("cii", PEPPOL), True),
    ("a reminder in the shape of Peppol is none", "peppol-bis-3", of("ehf-reminder", PEPPOL), False),
    ("Peppol is not for XRechnung", "peppol-bis-3", of("xrechnung-3", XRECHNUNG), False),
    ("XRechnung", "xrechnung-3", of("xrechnung-3", XRECHNUNG), True),
    ("XRechnung in CII", "xrechnung-3", of("cii", XRECHNUNG), True),
    ("XRechnung is not for EN 16931", "xrechnung-3", of("ubl-2.1", EN), False),
    ("an identifier of one's own", "urn:acme:", of("ubl-2.1", "urn:acme:billing:2"), True),
    ("which others do not begin with", "urn:acme:", of("ubl-2.1", EN), False),
    ("no profile, no document", None, of("ubl-2.1", EN), False),
]


@pytest.mark.parametrize(("why", "profile", "recognition", "chosen"), PROFILES)
def test_profiles(why: str, profile: str | None, recognition: Recognition, chosen: bool) -> None:
    book = Rulebook([pack("one-1", profile)])
    assert bool(book.chosen(recognition, UBL, DAY)) == chosen, why


VERSIONS: list[tuple[str, list[Installed], str | None, str | None]] = [
    ("one", [OURS], OURS.name, OURS.name),
    ("the higher version", [pack("en-1.9"), pack("en-1.10")], "en-1.10", "en-1.10"),
    ("a version is numbers", [pack("en-3.0.9"), pack("en-3.0.19"), pack("en-3.0.2")], "en-3.0.19", "en-3.0.19"),
    ("a name without a version is the lowest", [pack("rules"), pack("en-0.1")], "en-0.1", "en-0.1"),
    ("an installed one before ours", [OURS, pack("mine-1.3.16")], "mine-1.3.16", "mine-1.3.16"),
    ("ours before an older one that was installed", [OURS, pack("mine-1.3.15")], OURS.name, OURS.name),
    ("a date before a version", [pack("en-2"), pack("en-1", valid_from=EARLIER)], "en-1", "en-2"),
    ("not before its day", [pack("en-1"), pack("en-2", valid_from=LATER)], "en-1", "en-2"),
    ("from that day on", [pack("en-1"), pack("en-2", valid_from=DAY)], "en-2", "en-2"),
    ("the latest date that has come", [pack("en-3", valid_from=EARLIER), pack("en-2", valid_from=DAY)], "en-2", "en-3"),
    ("none yet, one to come", [pack("en-2", valid_from=LATER)], None, "en-2"),
    (
        "the next date, not the last, and its highest version",
        [
            pack("en-1"),
            pack("en-2", valid_from=LATER),
            pack("en-2.1", valid_from=LATER),
            pack("en-9", valid_from=LATER + timedelta(days=1)),
        ],
        "en-1",
        "en-2.1",
    ),
    ("of another kind of document", [pack("cii-9", roots=(CII,)), pack("en-1")], "en-1", "en-1"),
    ("one that does not tell what it is for", [pack("en-1", roots=())], "en-1", "en-1"),
]


@pytest.mark.parametrize(("there", "now", "then"), [row[1:] for row in VERSIONS], ids=[row[0] for row in VERSIONS])
def test_versions(there: list[Installed], now: str | None, then: str | None) -> None:
    """Whatever the order in which they are found."""
    for order in (there, there[::-1]):
        book = Rulebook(order)
        document = of("ubl-2.1", EN)
        assert [one.name for one in book.chosen(document, UBL, DAY)] == ([now] if now else [])
        assert [one.name for one in book.chosen(document, UBL, DAY, next=True)] == ([then] if then else [])


def test_a_document_is_checked_with_all_that_it_claims() -> None:
    book = Rulebook([pack("b-1", "urn:cen.eu"), pack("peppol-1", "peppol-bis-3"), OURS, pack("a-1", "urn:cen.eu")])
    chosen = book.chosen(of("peppol-bis-3", PEPPOL), UBL, DAY)
    # rules of one's own do not take each other's place
    assert [one.name for one in chosen] == [OURS.name, "peppol-1", "a-1", "b-1"]
    assert book.chosen(of("peppol-bis-3", PEPPOL), CII, DAY) == ()


def test_named_packs() -> None:
    book = Rulebook([OURS, pack("a-1", None)])
    assert [one.name for one in book.named(["a-1", OURS.name, "a-1"])] == ["a-1", OURS.name]
    with pytest.raises(NotFound, match=r"'b'; there are: a-1, en16931-ubl-1\.3\.16"):
        book.named(["a-1", "b"])
    assert book.get("b") is None


def broken(one: Installed) -> Broken:
    return Broken(**one.as_facts(), reason="it is damaged.")


def test_what_cannot_be_used_is_never_passed_over() -> None:
    bad = broken(pack("en-2", valid_from=EARLIER))
    book = Rulebook([OURS, bad])
    with pytest.raises(PackUnusable, match=r"en-2 cannot be used: it is damaged"):
        book.chosen(of("ubl-2.1", EN), UBL, DAY)
    with pytest.raises(PackUnusable):
        book.named(["en-2"])
    assert book.get("en-2") is None
    assert book.broken == (bad,)
    assert [one.name for one in book] == [OURS.name]
    # others are none of its business
    assert book.chosen(of("ubl-2.1", EN), CII, DAY) == ()
    assert [one.name for one in book.chosen(of("ubl-2.1", EN), UBL, EARLIER - timedelta(days=1))] == [OURS.name]


@pytest.mark.parametrize(
    ("name", "family", "version"),
    [
        ("en16931-ubl-1.3.16", "en16931-ubl", "1.3.16"),
        ("peppol-bis3-3.0.19", "peppol-bis3", "3.0.19"),
        ("rules", "rules", None),
        ("en16931", "en16931", None),
        ("a-b", "a-b", None),
    ],
)
def test_a_name_tells_family_and_version(name: str, family: str, version: str | None) -> None:
    known = Known(name=name, digest="", profile=None)
    assert (known.family, known.version) == (family, version)


# --- the pack of a fresh machine ------------------------------------------------------------------------------------


def test_a_fresh_machine_has_rules() -> None:
    (ours,) = bundled()
    assert (ours.name, ours.version, ours.profile, ours.bundled) == (BUNDLED, "1.3.16", "en16931", True)
    assert len(ours.pack.checks) == 979
    assert len(ours.asked) == 979
    assert ours.asked["BR-CO-15"].test.startswith("every $Currency in cbc:DocumentCurrencyCode satisfies")
    assert ours.namespaces["cac"].endswith("CommonAggregateComponents-2")
    invoice = "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice"
    assert bundled().chosen(of("ubl-2.1", EN), invoice, DAY) == (ours,)


def test_ours_with_other_bytes_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulebook, "_BUNDLED_DIGEST", "0" * 64)
    book = bundled(PackCache(None))
    assert not list(book)
    assert "holds other rules" in book.broken[0].reason


# --- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "en16931-ubl-1.3.16", "A.b-C", "1", "x" * 100])
def test_names(name: str) -> None:
    packs.check_name(name)


@pytest.mark.parametrize("name", ["", "-a", ".a", "a-", "a.", "a..b", "a/b", "a b", "ä", "a\n", "x" * 101])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        packs.check_name(name)


@pytest.mark.parametrize("profile", ["peppol", "", "urn: x", "urn:\n", "urn:" + "x" * 255])
def test_what_is_no_profile(profile: str) -> None:
    with pytest.raises(ValueError, match="en16931, peppol-bis-3, xrechnung-3, none"):
        packs.check_profile(profile)
