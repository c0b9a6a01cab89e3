"""Where the engine is meant to differ from Saxon. Each is proved by a test in tests/unit/rules/test_expressions.py.

There is one in the packs. Saxon holds ``cbc:PriceAmount >= 0`` and ``> 0`` for true where the text is ``NaN``, and
``number(cbc:PriceAmount) >= 0`` for false, as XPath 2.0 says of both (a comparison with NaN is false). The engine
follows XPath, so that a rule against negative amounts fires on NaN.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lxml.etree import _Element as Element

from tests.rules.findings import Finding

#: rules that compare a text with a whole number by ``>`` or ``>=``
_NOT_A_NUMBER = frozenset(
    ("BR-27", "BR-28", "PEPPOL-EN16931-R055", *(f"BR-{tax}-0{n}" for tax in ("S", "AF", "AG") for n in (5, 6, 7)))
)


def without(root: Element, extra: Sequence[Finding]) -> tuple[list[Finding], Counter[str]]:
    """The findings that only the engine has, less the known ones, and how often each of these was met."""
    rest = []
    known: Counter[str] = Counter()
    for one in extra:
        if one.id in _NOT_A_NUMBER and not one.fault and _has_nan(root):
            known["NaN"] += 1
        else:
            rest.append(one)
    return rest, known


def _has_nan(root: Element) -> bool:
    return any((one.text or "").strip() == "NaN" for one in root.iter("*"))
