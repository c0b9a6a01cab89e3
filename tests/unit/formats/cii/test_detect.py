"""Recognition of the Cross Industry Invoice."""

from __future__ import annotations

import pytest

from fakturahub.errors import UnknownDocument
from fakturahub.formats import cii
from fakturahub.intake.xml import sniff
from fakturahub.model import Recognition
from tests.unit.formats.cii.documents import STANDARD, document


def detect(data: bytes) -> Recognition | None:
    return cii.detect(sniff(data))


@pytest.mark.parametrize(
    ("guideline", "named"),
    [
        ("urn:cen.eu:en16931:2017", "EN 16931"),
        ("urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0", "XRechnung 3.0"),
        ("urn:cen.eu:en16931:2017#compliant#urn:xoev-de:kosit:standard:xrechnung_2.3", "earlier version"),
        ("urn:factur-x.eu:1p0:minimum", "MINIMUM"),
        ("urn:factur-x.eu:1p0:basicwl", "BASIC WL"),
        ("urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic", "profile BASIC"),
        ("urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended", "EXTENDED"),
        ("urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "Peppol BIS Billing 3"),
        ("urn:example:own", "urn:example:own"),
    ],
)
def test_the_guideline_is_the_profile_and_is_named(guideline: str, named: str) -> None:
    recognition = detect(document(guideline=guideline))
    assert recognition is not None
    assert (recognition.syntax, recognition.version, recognition.profile) == ("cii", "D16B", guideline)
    assert named in recognition.why


def test_a_guideline_behind_comments_and_references() -> None:
    recognition = detect(document(guideline="<!-- <ram:ID>no</ram:ID> -->urn:a&amp;b"))
    assert recognition is not None
    assert recognition.profile == "urn:a&b"


def test_without_a_guideline() -> None:
    recognition = detect(document(guideline=""))
    assert recognition is not None
    assert recognition.profile is None
    assert "no guideline" in recognition.why


def test_the_character_set_is_told() -> None:
    data = document().decode().replace("UTF-8", "ISO-8859-1").replace("Kunden", "Künd").encode("iso-8859-1")
    recognition = detect(data)
    assert recognition is not None
    assert recognition.charset == "iso-8859-1"


@pytest.mark.parametrize(
    ("root", "namespace", "reason"),
    [
        ("rsm:CrossIndustryDocument", "urn:ferd:CrossIndustryDocument:invoice:1p0", "ZUGFeRD 1"),
        ("rsm:SCRDMCCBDACIOMessageStructure", f"{STANDARD}SCRDMCCBDACIOMessageStructure:100", "SCRDM"),
        ("rsm:CrossIndustryInvoice", f"{STANDARD}CrossIndustryInvoice:2", "CrossIndustryInvoice:2"),
    ],
)
def test_relatives_are_unknown_with_the_reason(root: str, namespace: str, reason: str) -> None:
    with pytest.raises(UnknownDocument, match=reason):
        detect(document(root=root, namespace=namespace))


@pytest.mark.parametrize("data", [b"<Invoice/>", b'<a xmlns="urn:oasis:names:specification:ubl"/>'])
def test_other_documents_are_left_to_others(data: bytes) -> None:
    assert detect(data) is None
