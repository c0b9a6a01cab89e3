"""What an abstract pattern gets from its ``param`` elements: text for text, ``$`` and the name replaced by the value.

The generators differ where names begin alike or a value names another parameter: the ISO skeleton replaces in the order
of declaration, others replace the longest name first. Where the two would give different expressions, the pack is
refused.

Of a parameter given twice the last value counts. The skeleton would take the first; EN 16931 for CII 1.3.16 gives
``CII-SR-282`` twice, and what its authority publishes as the expanded rules has the last.
"""

from __future__ import annotations

import itertools

from fakturahub.rules.markup import Element, refusal
from fakturahub.rules.tree import Place

#: characters of one expression after replacement; the longest official one has 15,000
LONGEST = 1_000_000
#: characters of all expressions of a schema
TOTAL = 32_000_000
#: parameters that are looked for, summed over all expressions
LOOKS = 3_000_000


class Budget:
    """How much one schema may grow while abstract patterns and rules are expanded."""

    def __init__(self, elements: int) -> None:
        self._elements = elements
        self._characters = TOTAL
        self._looks = LOOKS

    def spend(self, element: Element) -> None:
        """Count *element* once more. ``PackRefused`` where nothing is left."""
        self._elements -= 1
        if self._elements < 0:
            raise refusal(element.place, "abstract rules and patterns make the schema too large")

    def spend_text(self, place: Place, size: int) -> None:
        """Count the characters of an expression. ``PackRefused`` where they or all together are too many."""
        self._characters -= size
        if size > LONGEST or self._characters < 0:
            raise refusal(place, "the values of parameters make the expressions too long")

    def spend_looks(self, place: Place, count: int) -> None:
        """Count how many parameters are looked for in an expression. ``PackRefused`` where nothing is left."""
        self._looks -= count
        if self._looks < 0:
            raise refusal(place, "too many parameters stand in too many expressions")


class Parameters:
    """The parameters of one use of an abstract pattern; none for an ordinary pattern."""

    def __init__(self, params: list[Element], budget: Budget) -> None:
        self._budget = budget
        values: dict[str, str] = {}
        for param in params:
            param.only("name", "value")
            values[f"${param.required('name')}"] = param.attributes.get("value", "")
        self._declared = list(values.items())
        self._longest_first = sorted(self._declared, key=lambda pair: -len(pair[0]))
        names = sorted(values)
        alike = any(after.startswith(before) for before, after in itertools.pairwise(names))
        self._order_matters = alike or any("$" in value for value in values.values())
        #: without the ``$``
        self.names = frozenset(name[1:] for name in names)

    def expression(self, text: str, place: Place) -> str:
        """*text* with the values in it. Raises ``PackRefused`` where the order of replacement decides what it is."""
        made = self.text(text, place)
        if self._order_matters and "$" in text and made != self._replaced(text, self._longest_first, place):
            raise refusal(
                place, f"it depends on the order of the parameters what {_shortened(text)} is: names begin alike"
            )
        return made

    def text(self, text: str, place: Place) -> str:
        """*text* with the values in it, in the order of declaration."""
        return self._replaced(text, self._declared, place) if "$" in text else text

    def _replaced(self, text: str, pairs: list[tuple[str, str]], place: Place) -> str:
        self._budget.spend_looks(place, len(pairs))
        for name, value in pairs:
            count = text.count(name)
            if count:
                self._budget.spend_text(place, len(text) + count * (len(value) - len(name)))
                text = text.replace(name, value)
        return text


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}…")
