"""A pack with a schema for each of several syntaxes: each runs on documents of its own, as its authority runs it."""

from __future__ import annotations

import pytest
from lxml import etree

from fakturahub.rules import engine, pack, sources
from fakturahub.rules.outcome import Outcome


def schema(root: str, *, test: str = "false()") -> bytes:
    return f"""<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">
      <ns prefix="u" uri="urn:town"/>
      <pattern><rule context="/u:{root}"><assert id="{root}-1" test="u:ID">It has a number.</assert></rule></pattern>
      <pattern>
        <rule context="//*[ends-with(name(), 'Amount')]"><assert id="{root}-2" test="{test}">Amounts.</assert></rule>
      </pattern></schema>""".encode()


def checked(document: str, *, optimise: bool) -> Outcome:
    files = {"bill.sch": schema("Bill"), "order.sch": schema("Order")}
    made = pack.compile_pack(sources.schemas(files), name="town-1", optimise=optimise).pack()
    (outcome,) = engine.check(etree.fromstring(document), [made])
    return outcome


@pytest.mark.parametrize("optimise", [True, False], ids=["rewritten", "as written"])
@pytest.mark.parametrize("root", ["Bill", "Order"])
def test_a_schema_runs_on_documents_of_its_own(root: str, optimise: bool) -> None:
    found = checked(f'<{root} xmlns="urn:town"><TaxAmount>1</TaxAmount></{root}>', optimise=optimise)
    assert (found.applicable, found.rules) == (True, 2)
    assert [one.id for one in found.fired] == [f"{root}-1", f"{root}-2"]


@pytest.mark.parametrize("optimise", [True, False], ids=["rewritten", "as written"])
def test_all_run_on_what_none_is_for(optimise: bool) -> None:
    found = checked('<Part xmlns="urn:town"><TaxAmount>1</TaxAmount></Part>', optimise=optimise)
    assert (found.applicable, found.rules) == (False, 0)
    assert [one.id for one in found.fired] == ["Bill-2", "Order-2"]
