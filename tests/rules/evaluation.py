"""What single expressions come to, by Saxon and by the engine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

from fakturahub.errors import PackRefused
from fakturahub.rules import pack, sources
from tests.rules import findings, stylesheet
from tests.rules.expressions import DOCUMENT, line_of, schema
from tests.rules.findings import Finding, difference
from tests.rules.parsing import parsed
from tests.rules.saxon import Saxon
from tests.rules.ways import checked

_FILE = "expressions.sch"
_DIGITS = re.compile(r"(\.\d{17})\d+")
_LINE = re.compile(rf"{re.escape(_FILE)}(?::|, line )(\d+)")


@dataclass
class Result:
    """Two sides compared, expression by expression."""

    equal: int = 0
    refused: int = 0
    #: expressions of `equal` in which something could not be evaluated
    faults: int = 0
    #: expression -> what only Saxon says, what only the engine says
    different: dict[str, tuple[list[Finding], list[Finding]]] = field(default_factory=dict)
    #: expressions that the engine does not evaluate somewhere where Saxon has a value: XPath lets a processor leave out
    #: what does not matter (2.3.4), and Saxon leaves out more
    stricter: list[str] = field(default_factory=list)


def compared(
    expressions: Sequence[str], saxon: Sequence[list[Finding] | None], engine: Sequence[list[Finding] | None]
) -> Result:
    """What `by_saxon` and `by_the_engine` say."""
    result = Result()
    for expression, theirs, ours in zip(expressions, saxon, engine, strict=True):
        if theirs is None or ours is None:
            result.refused += ours is None
            continue
        missing, extra = difference(_shortened(theirs), _shortened(ours))
        faulty = {(one.id, one.path) for one in extra if one.fault}
        if not missing and not extra:
            result.equal += 1
            result.faults += any(one.fault for one in theirs)
        elif all((one.id, one.path) in faulty for one in [*missing, *extra]) and not any(one.fault for one in missing):
            result.stricter.append(expression)
        else:
            result.different[expression] = missing, extra
    return result


def _shortened(found: Sequence[Finding]) -> list[Finding]:
    """Without the last digits of a quotient that has no end: of ``-1 div 30`` Saxon keeps 19, of ``1 div 30`` 18."""
    return [one._replace(message=_DIGITS.sub(r"\1", one.message)) for one in found]


def by_saxon(saxon: Saxon, expressions: Sequence[str], document: str = DOCUMENT) -> list[list[Finding] | None]:
    """What each expression tells as a value and as a test; None where Saxon refuses one of them as written."""
    sheets = {}
    for number, expression in enumerate(expressions):
        sheets[f"V{number}"] = _sheet(expression, values=True)
        sheets[f"T{number}"] = _sheet(expression, values=False)
    refused = saxon.compile(sheets)
    names = [name for name in sheets if name not in refused]
    (answers,) = saxon.run([(document, names)])
    told = dict(zip(names, answers, strict=True))
    outcomes: list[list[Finding] | None] = []
    for number in range(len(expressions)):
        both = told.get(f"V{number}"), told.get(f"T{number}")
        outcomes.append(None if None in both else [one for text in both for one in findings.of_lines(text or "")])
    return outcomes


def by_the_engine(
    expressions: Sequence[str], document: str = DOCUMENT, *, optimise: bool = True
) -> list[list[Finding] | None]:
    """The same; None where the compiler refuses the expression."""
    left = dict(enumerate(expressions))
    compiled = None
    while compiled is None:
        try:
            schemas = sources.schemas({_FILE: schema(left.values())})
            compiled = pack.compile_pack(schemas, name="expressions", optimise=optimise)
        except PackRefused as refused:
            numbers = list(left)
            lines = {int(line) for reason in refused.reasons for line in _LINE.findall(reason)[:1]}
            named = [number for at, number in enumerate(numbers) if line_of(at) in lines]
            if not named:
                raise
            for number in named:
                del left[number]
    (outcome,) = checked(parsed(document), [pack.load(compiled.as_bytes())])
    found: dict[int, list[Finding]] = {number: [] for number in left}
    numbers = list(left)
    for one in findings.of_outcome(outcome):
        found[numbers[int(one.id[1:])]].append(one._replace(id=f"{one.id[0]}0"))
    return [found.get(number) for number in range(len(expressions))]


def _sheet(expression: str, *, values: bool) -> bytes:
    return stylesheet.guarded(etree.fromstring(schema([expression], values=values, tests=not values)))
