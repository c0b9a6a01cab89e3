"""A rule pack of a town of its own: small enough to be compiled for every test."""

from __future__ import annotations

from functools import cache

from fakturahub.exchange import compilation
from fakturahub.exchange.compilation import Made
from fakturahub.rules.sources import Files
from fakturahub.storage.pack_cache import PackCache

NAMESPACE = "urn:town"
#: a document that the rules of `schema` are broken by, and one that keeps to them
BAD = b'<Bill xmlns="urn:town"/>'
GOOD = b'<Bill xmlns="urn:town"><ID>7</ID><Sum>9</Sum></Bill>'


def schema(
    *,
    root: str = "Bill",
    test: str = "u:ID",
    flag: str = "fatal",
    rule: str = "TOWN-1",
    message: str = "A bill has a number.",
) -> bytes:
    """A schema of two rules, the first as it is asked for, the second a warning."""
    return f"""<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">
  <title>Rules of the town</title>
  <ns prefix="u" uri="{NAMESPACE}"/>
  <pattern>
    <rule context="/u:{root}">
      <assert id="{rule}" flag="{flag}" test="{test}">{message}</assert>
      <assert id="TOWN-2" flag="warning" test="u:Sum">The sum of <value-of select="name()"/> is missing.</assert>
    </rule>
  </pattern>
</schema>
""".encode()


def files(**parts: str) -> Files:
    """The same as the one file of a pack."""
    return {"town.sch": schema(**parts)}


@cache
def made(name: str = "town-1.0") -> Made:
    """The pack, compiled once."""
    return compilation.make(files(), name, PackCache(None))
