"""Which rules may match the elements of a path, decided by names; predicates are left for the document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from fakturahub.rules.runtime.records import Record

#: what has to hold of a node for one way of matching: (steps up from the node, names of the predicates' functions)
Conditions: TypeAlias = tuple[tuple[int, tuple[str, ...]], ...]


class Way(NamedTuple):
    """One way in which nodes may match a rule."""

    conditions: Conditions
    #: name of the function of all conditions for a list of nodes
    filter: str | None
    #: (name of a function, texts): only nodes match for which it gives one of the texts
    key: tuple[str, tuple[str, ...]] | None
    #: (steps up from the node, sets of triggers where it passes the predicates there, the same where it does not or
    #: None, names of functions of the document that are all true where it passes); see ``compiler.guards``
    guards: tuple[tuple[int, Any, Any, tuple[str, ...]], ...]


#: rules of one pattern that may match, in order: (number of the rule, ways of matching); None: it matches without
#: more ado
Candidates: TypeAlias = tuple[tuple[int, tuple[Way, ...] | None], ...]

#: ways in which one alternative may fit one path by names
WAYS = 200


class Matcher:
    """The contexts of one pattern's rules, by the last name of their paths."""

    def __init__(self, attributes: bool, rules: Sequence[Sequence[Any]]) -> None:
        self._attributes = attributes
        self._named: dict[str, list[tuple[int, Any]]] = {}
        self._other: list[tuple[int, Any]] = []
        for number, alternative in enumerate(rules):
            for one in alternative:
                self._add(number, one)

    def _add(self, number: int, alternative: Any) -> None:
        steps = alternative[2]
        if not steps:
            self._named.setdefault("", []).append((number, alternative))
            return
        _deep, kind, namespace, local, *_predicates = steps[-1]
        if namespace is None or local is None:
            self._other.append((number, alternative))
            return
        name = f"{{{namespace}}}{local}" if namespace else local
        self._named.setdefault("@" + name if kind == "attribute" else name, []).append((number, alternative))

    def candidates(self, record: Record) -> Candidates:
        """The rules that may match at *record*; what follows one that matches by name alone is left out."""
        if record.is_attribute and not self._attributes:
            return ()
        known = self._named.get(record.tag, ())
        if not known and not self._other:
            return ()
        found: dict[int, list[Way]] = {}
        path = record.path()
        for number, alternative in sorted([*known, *self._other], key=lambda pair: pair[0]):
            ways = _ways(alternative, path)
            if ways:
                found.setdefault(number, []).extend(ways)
        result: list[tuple[int, tuple[Way, ...] | None]] = []
        for number, ways in found.items():
            if any(not one.conditions for one in ways):
                result.append((number, None))
                break
            result.append((number, tuple(dict.fromkeys(ways))))
        return tuple(result)


def _ways(alternative: Any, path: tuple[str, ...]) -> list[Way]:
    anchored, _kind, steps, whole, key, guards = alternative
    if not steps:
        return [Way((), None, None, ())] if not path else []
    found: list[Way] = []

    def fit(step: int, at: int, conditions: tuple[tuple[int, int], ...]) -> None:
        deep, kind, namespace, local, tests, predicates = steps[step]
        if at < 0 or len(found) > WAYS or not fits(path[at], kind, namespace, local):
            return
        if not all(_passes(test, path[: at + 1]) for test in tests):
            return
        if predicates:
            conditions = (*conditions, (len(path) - 1 - at, step))
        if step == 0:
            if not anchored or deep or at == 0:
                names = tuple((levels, steps[one][5]) for levels, one in conditions)
                found.append(Way(names, whole, key, tuple((levels, *guards[one]) for levels, one in conditions)))
            return
        if not deep:
            fit(step - 1, at - 1, conditions)
            return
        for above in range(at - 1, -1, -1):
            fit(step - 1, above, conditions)

    fit(len(steps) - 1, len(path) - 1, ())
    return found


def fits(name: str, kind: str, namespace: str | None, local: str | None) -> bool:
    """Whether a name of a path passes a name test."""
    if (kind == "attribute") != name.startswith("@"):
        return False
    plain = name[1:] if kind == "attribute" else name
    space, _, rest = plain[1:].rpartition("}") if plain.startswith("{") else ("", "", plain)
    return (namespace is None or space == namespace) and (local is None or rest == local)


def _passes(test: Any, path: tuple[str, ...]) -> bool:
    """Whether the last name of *path* passes a test of names; see ``compiler.statics``."""
    word = test[0]
    if word == "not":
        return not _passes(test[1], path)
    if word == "and":
        return all(_passes(one, path) for one in test[1])
    if word == "or":
        return any(_passes(one, path) for one in test[1])
    if word == "ends":
        return path[-1].rpartition("}")[2].removeprefix("@").endswith(test[1])
    if word == "self":
        return fits(path[-1], "element", test[1], test[2])
    return any(fits(name, "element", test[1], test[2]) for name in path[:-1])


#: (pattern, rule, check, number of the set of triggers)
Hit: TypeAlias = tuple[int, int, int, int]
#: what is called for where a trigger of that kind and text holds of a path
Called: TypeAlias = dict[tuple[str, str], tuple[Hit, ...]]


class Guards:
    """Checks that need not be evaluated where of a set of triggers none holds, by the last names of the paths.

    A trigger comes with (pattern, rule, check, number of the set); see ``compiler.guards``.
    """

    def __init__(self, triggers: Iterable[tuple[int, int, int, int, tuple[str, tuple[str, ...], str]]]) -> None:
        self._by_name: dict[str, list[tuple[Hit, tuple[str, tuple[str, ...], str]]]] = {}
        missing: dict[tuple[int, int], dict[tuple[str, ...], list[Hit]]] = {}
        for *hit, trigger in triggers:
            pattern, rule, check, clause = hit
            kind, path, _text = trigger
            if kind == "missing":
                missing.setdefault((pattern, rule), {}).setdefault(path, []).append((pattern, rule, check, clause))
            else:
                self._by_name.setdefault(path[-1], []).append(((pattern, rule, check, clause), trigger))
        #: (pattern, rule) -> (path, what is called for where nothing stands there)
        self.missing: dict[tuple[int, int], tuple[tuple[tuple[str, ...], tuple[Hit, ...]], ...]] = {
            rule: tuple((path, tuple(hits)) for path, hits in paths.items()) for rule, paths in missing.items()
        }

    def at(self, record: Record, plans: Callable[[Record], Any]) -> Called:
        """What *record* calls for; *plans*: the candidates at a record above."""
        found: dict[tuple[str, str], dict[Hit, None]] = {}
        for hit, (kind, path, text) in self._by_name.get(record.tag, ()):
            above: Record | None = record
            anywhere = path[0] == "//"
            for name in reversed(path[1:] if anywhere else path):
                if above is None or above.tag != name:
                    above = None
                    break
                above = above.parent
            if above is not None and (anywhere or _may_match(plans(above), hit[0], hit[1])):
                found.setdefault((kind, text), {})[hit] = None
        return {trigger: tuple(hits) for trigger, hits in found.items()}


def _may_match(entries: Any, pattern: int, rule: int) -> bool:
    return any(one == pattern and any(known == rule for known, _ways in found) for one, found in entries)


def chains(patterns: Sequence[Any]) -> tuple[tuple[str, ...], ...]:
    """The names of elements, from the outermost in, that contexts name in full, without predicates; each once."""
    found: dict[tuple[str, ...], None] = {}
    for _attributes, rules in patterns:
        for alternative_list, *_rest in rules:
            for _starts, kind, steps, *_functions in alternative_list:
                plain = all(
                    not deep and one == "element" and namespace is not None and local is not None and not any(more)
                    for deep, one, namespace, local, *more in steps[1:]
                )
                if kind == "element" and plain and steps and steps[0][1] == "element" and steps[0][3] is not None:
                    names = [f"{{{step[2]}}}{step[3]}" if step[2] else step[3] for step in steps]
                    found[tuple(names)] = None
    return tuple(found)


def roots(patterns: Sequence[Any]) -> tuple[str, ...]:
    """The root elements that a pack addresses, as far as its contexts tell.

    Those named at the start of a path from the root; where there are none, the first names of relative paths that
    stand nowhere below another name.
    """
    anchored: dict[str, None] = {}
    first: dict[str, None] = {}
    below: set[str] = set()
    for _attributes, rules in patterns:
        for alternative_list, *_rest in rules:
            for starts, _kind, steps, *_functions in alternative_list:
                names = [
                    f"{{{namespace}}}{local}" if namespace else local
                    for _deep, kind, namespace, local, *_predicates in steps
                    if kind == "element" and namespace is not None and local is not None
                ]
                if not steps or steps[0][1] != "element" or steps[0][2] is None or steps[0][3] is None:
                    below.update(names)
                    continue
                below.update(names[1:])
                if starts and not steps[0][0]:
                    anchored[names[0]] = None
                elif not steps[0][0]:
                    first[names[0]] = None
    return tuple(anchored) or tuple(name for name in first if name not in below)
