"""What packs do with documents of a shape that is met for the first times: what the paths' names tell, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fakturahub.rules.pack import Pack
from fakturahub.rules.plans import Hit, Plan, grouped, plan, ran, root_of, suspected
from fakturahub.rules.runtime.document import Document, by_name
from fakturahub.rules.runtime.records import Record


class Glance:
    """The same as ``shapes.Shape``, made in a fraction of its time: it calls for more checks, and lets all be matched.

    A shape pays from some twenty documents on.
    """

    def __init__(self, packs: Sequence[Pack], records: Sequence[Record]) -> None:
        root = root_of(records)
        #: for every pack whether it is for such documents, and how many of its checks
        self.ran = tuple(ran(pack, number, root, records) for number, pack in enumerate(packs))
        self.by_name = by_name(records)
        #: documents that were met
        self.met = 0
        rows: list[dict[Any, list[Record]]] = []
        hits: list[Hit] = []
        for number, pack in enumerate(packs):
            force = pack.in_force(root)
            row: dict[Any, tuple[Any, list[Record]]] = {}
            rules: set[tuple[int, int]] = set()
            for record in records:
                entries, called = record.plan[number] or ((), {})
                hits.extend([(number, *hit) for of_trigger in called.values() for hit in of_trigger])
                for entry in entries:
                    pattern, candidates = entry
                    if force is None or pattern in force:
                        # equal entries are one object
                        row.setdefault((id(entry), record.is_attribute), (entry, []))[1].append(record)
                        rules.update((pattern, rule) for rule, _ways in candidates)
            missing = [of_path for rule in rules for _path, of_path in pack.guards.missing.get(rule, ())]
            hits.extend([(number, *hit) for of_path in missing for hit in of_path])
            rows.append({(one[0], attributes, one[1]): members for (_, attributes), (one, members) in row.items()})
        suspects = suspected(packs, hits)
        self._plans = tuple(plan(grouped(pack, number, rows[number], suspects)) for number, pack in enumerate(packs))

    def plans(self, _document: Document) -> tuple[Plan, ...]:
        """What every pack does with a document of this shape."""
        return self._plans
