"""One hub for the pages: started as ``make serve`` does, and taken through the README's tour before anything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.docs.pages import README, blocks
from tests.docs.scratch import Done, Scratch, scratch_hub


@dataclass
class Tour:
    """What each block of the README's tour did."""

    scratch: Scratch
    posting: Done
    posting_again: Done
    conflict: Done
    listing: Done
    #: of the first id in the list, as the text has it
    document: Done
    fetching: Done
    doctor: Done


@pytest.fixture(scope="session")
def tour() -> Iterator[Tour]:
    with scratch_hub() as scratch:
        posting, conflict, listing, fetching_list, fetching, doctor = blocks(README, "sh")
        first, again, other = scratch.run(posting), scratch.run(posting), scratch.run(conflict)
        scratch.until_delivered()
        listed = scratch.run(listing)
        found = listed.output.splitlines()[1].split()[0]
        # One shell runs the two blocks of fetching: the second uses names that the first one set.
        commands = (f".venv/bin/fakturahub document {found}", fetching_list.text + fetching.text, doctor)
        yield Tour(scratch, first, again, other, listed, *map(scratch.run, commands))


@pytest.fixture(scope="session")
def scratch(tour: Tour) -> Scratch:
    """The hub and its folder after the tour: one document, delivered and received."""
    return tour.scratch
