"""Why a pack was refused."""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """One expression that has no exact translation."""

    #: below the pack's folder
    file: str
    #: counted from 1
    line: int
    expression: str
    #: a sentence
    why: str

    def __str__(self) -> str:
        shown = " ".join(self.expression.split())
        if len(shown) > 120:
            shown = shown[:117] + "…"
        return f"{self.file}:{self.line}: {shown}: {self.why}"
