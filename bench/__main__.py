"""``make bench`` runs all measurements; ``BENCH="submit"`` only those named."""

from __future__ import annotations

import importlib
import sys

#: in the order in which they run
MEASUREMENTS = ("submit", "apix", "tokens", "push", "lists", "convert", "rules", "render")


def main(names: list[str]) -> None:
    unknown = set(names) - set(MEASUREMENTS)
    if unknown:
        sys.exit(f"There is no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}.")
    failed = [name for name in names or MEASUREMENTS if not importlib.import_module(f"bench.{name}").run()]
    if failed:
        sys.exit(f"Below what was promised: {', '.join(failed)}")


main(sys.argv[1:])
