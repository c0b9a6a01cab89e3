"""Patterns and rules of Schematron, abstract ones put into the place where they are used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set

import msgspec

from fakturahub.rules import instructions
from fakturahub.rules.markup import BLANK, XSL, Element, Reasons, refusal
from fakturahub.rules.schematron.includes import NAMESPACE
from fakturahub.rules.schematron.parameters import Budget, Parameters
from fakturahub.rules.tree import Check, Let, Message, Name, Pattern, Place, Rule, ValueOf

#: attributes that say something to a reader and nothing to a rule
_RICH = ("id", "see", "icon", "fpi")
_CHECK = (*_RICH, "test", "flag", "role", "diagnostics", "properties", "subject")
_RULE = (*_RICH, "context", "abstract", "flag", "role", "subject")
_PATTERN = (*_RICH, "abstract", "is-a", "name", "role", "documents")
_REMARKS = frozenset({"title", "p"})


class _Concrete(msgspec.Struct, frozen=True):
    """A pattern in force: what it holds, whose name it bears, and the values of its parameters."""

    #: the pattern itself, or the abstract one that it is made of
    content: Element
    bearer: Element
    parameters: Parameters
    #: counted in the order of the schema
    number: int


class _Scope(msgspec.Struct, frozen=True):
    """What the rules of a pattern share."""

    pattern: _Concrete
    #: names of the lets of the schema and of the pattern
    variables: Set[str]
    #: id -> diagnostic
    texts: Mapping[str, Element]
    #: whether a parameter of the pattern has the name of one of the variables
    clash: bool


class Patterns:
    """All patterns of one schema. *schema* holds everything that it includes; *variables* are the names of its lets."""

    def __init__(self, schema: Element, variables: frozenset[str], budget: Budget, reasons: Reasons) -> None:
        self._budget = budget
        self._reasons = reasons
        self._variables = variables
        self._diagnostics = diagnostics(schema)
        self._numbers: Counter[str] = Counter()
        elements = [child for child in schema.elements() if child.is_a(NAMESPACE, "pattern")]
        abstract: dict[str, Element] = {}
        for element in elements:
            with reasons.kept():
                if _is_abstract(element):
                    if element.required("id") in abstract:
                        raise refusal(element.place, f"there are two abstract patterns {element.required('id')!r}")
                    abstract[element.required("id")] = element
        self._patterns: list[_Concrete] = []
        for element in elements:
            with reasons.kept():
                element.only(*_PATTERN)
                if "documents" in element.attributes:
                    raise refusal(element.place, "a pattern looks into other documents")
                if not _is_abstract(element):
                    self._patterns.append(self._concrete(element, abstract))
                elif "is-a" in element.attributes:
                    raise refusal(element.place, "a pattern is abstract and made of an abstract one")
        #: abstract rules with the pattern they stand in, by their id: of all patterns, and of each by its number
        self._rules: dict[str | tuple[int, str], list[tuple[Element, _Concrete]]] = {}
        for pattern in self._patterns:
            for rule in pattern.content.elements():
                budget.spend(rule)
                if rule.is_a(NAMESPACE, "rule") and _is_abstract(rule) and "id" in rule.attributes:
                    name = rule.attributes["id"]
                    self._rules.setdefault(name, []).append((rule, pattern))
                    self._rules.setdefault((pattern.number, name), []).append((rule, pattern))

    def read(self) -> tuple[Pattern, ...]:
        """The patterns in force, in the order of the schema."""
        found = []
        for pattern in self._patterns:
            with self._reasons.kept():
                found.append(self._pattern(pattern))
        return tuple(found)

    def _concrete(self, element: Element, abstract: Mapping[str, Element]) -> _Concrete:
        if "is-a" not in element.attributes:
            return _Concrete(element, element, Parameters([], self._budget), len(self._patterns))
        content = abstract.get(element.required("is-a"))
        if content is None:
            raise refusal(element.place, f"there is no abstract pattern {element.required('is-a')!r}")
        params = []
        for child in element.elements():
            if child.is_a(NAMESPACE, "param"):
                params.append(child)
            elif child.namespace in (NAMESPACE, XSL) and child.name not in _REMARKS:
                raise refusal(child.place, f"{child.name} stands in a pattern made of an abstract one")
        return _Concrete(content, element, Parameters(params, self._budget), len(self._patterns))

    def _pattern(self, pattern: _Concrete) -> Pattern:
        content, bearer, parameters = pattern.content, pattern.bearer, pattern.parameters
        children = list(known(content))
        names = {child.attributes.get("name", "") for child in children if child.name == "let"} | self._variables
        scope = _Scope(
            pattern, names, {**self._diagnostics, **diagnostics(content)}, not names.isdisjoint(parameters.names)
        )
        lets: list[Let] = []
        rules: list[Rule] = []
        title = None
        for child in children:
            self._budget.spend(child)
            with self._reasons.kept():
                if child.name == "let":
                    lets.append(let(child, parameters, clash=scope.clash))
                elif child.name == "title":
                    title = one_line(child.text())
                elif child.name == "rule":
                    if not _is_abstract(child):
                        rules.append(self._rule(child, scope))
                elif child.name not in ("p", "diagnostics", "properties"):
                    raise refusal(child.place, f"{child.name} stands in a pattern")
        once(lets)
        return Pattern(
            bearer.attributes.get("id"),
            tuple(lets),
            tuple(rules),
            bearer.place,
            title or bearer.attributes.get("name") or content.attributes.get("name"),
        )

    def _rule(self, rule: Element, scope: _Scope) -> Rule:
        rule.only(*_RULE)
        context = scope.pattern.parameters.expression(rule.required("context"), rule.place)
        lets: list[Let] = []
        checks: list[Check] = []
        for child, parameters in self._parts(rule, scope.pattern, ()):
            with self._reasons.kept():
                if child.name == "let":
                    made = let(child, parameters, clash=scope.clash)
                    if checks and made.name in scope.variables:
                        # In XSLT the checks before it see the outer variable, those behind it this one.
                        raise refusal(child.place, f"${made.name} stands for two values in one rule")
                    lets.append(made)
                else:
                    checks.append(self._check(child, parameters, scope))
        once(lets)
        flag, role = rule.attributes.get("flag"), rule.attributes.get("role")
        return Rule(context, tuple(lets), tuple(checks), rule.place, rule.attributes.get("id"), flag, role)

    def _parts(self, rule: Element, pattern: _Concrete, chain: tuple[int, ...]) -> Iterator[tuple[Element, Parameters]]:
        """The lets and checks of a rule in their order, those of the rules it extends where ``extends`` stands."""
        for child in known(rule):
            self._budget.spend(child)
            if child.name in ("let", "assert", "report"):
                yield child, pattern.parameters
            elif child.name == "extends":
                base, home = self._base(child, pattern)
                if id(base) in chain or base is rule:
                    raise refusal(child.place, f"the rule {child.required('rule')!r} extends itself")
                yield from self._parts(base, home, (*chain, id(rule)))
            elif child.name not in _REMARKS:
                raise refusal(child.place, f"{child.name} stands in a rule")

    def _base(self, extends: Element, pattern: _Concrete) -> tuple[Element, _Concrete]:
        """The abstract rule that is meant: one of the same pattern, else the only one of that id in the schema."""
        extends.only("rule")
        name = pattern.parameters.text(extends.required("rule"), extends.place)
        near = self._rules.get((pattern.number, name)) or self._rules.get(name, [])
        if len(near) != 1:
            what = "is no abstract rule" if not near else "is more than one abstract rule"
            raise refusal(extends.place, f"there {what} {name!r}")
        if "context" in near[0][0].attributes:
            raise refusal(near[0][0].place, "an abstract rule has a context")
        return near[0]

    def _check(self, element: Element, parameters: Parameters, scope: _Scope) -> Check:
        element.only(*_CHECK)
        place = element.place
        test = parameters.expression(element.required("test"), place)
        given = element.attributes.get("id", "").strip(BLANK)
        found = []
        for name in element.attributes.get("diagnostics", "").split():
            if name not in scope.texts:
                raise refusal(place, f"there is no diagnostic {name!r}")
            found.append(message(scope.texts[name], parameters))
        return Check(
            given or self._made_id(scope.pattern.bearer.attributes.get("id"), place),
            test,
            message(element, parameters),
            place,
            element.name == "report",
            element.attributes.get("flag"),
            element.attributes.get("role"),
            tuple(found),
        )

    def _made_id(self, pattern: str | None, place: Place) -> str:
        name = f"{pattern or place.file}:{place.line}"
        self._numbers[name] += 1
        number = self._numbers[name]
        return name if number == 1 else f"{name}-{number}"


def known(element: Element) -> Iterator[Element]:
    """The children that are of Schematron. What other namespaces say of them is passed over, but for XSLT."""
    for child in element.elements():
        if child.namespace == NAMESPACE:
            yield child
        elif child.namespace == XSL:
            raise refusal(child.place, f"xsl:{child.name} stands in a {element.name}")


def let(element: Element, parameters: Parameters, *, clash: bool = False) -> Let:
    """A ``let``: its value is an expression in ``value``, or what is in it.

    *clash*: a parameter has the name of a variable in scope.
    """
    element.only("name", "value", "as")
    name = element.required("name")
    if "value" not in element.attributes:
        content = list(instructions.significant(element))
        if not content:
            raise refusal(element.place, f"${name} has no value")
        return Let(name, None, element.place, element.attributes.get("as"), instructions.body(element, content))
    if any(instructions.significant(element)):
        raise refusal(element.place, f"${name} has both an expression and a content")
    written = element.required("value")
    value = parameters.expression(written, element.place)
    if value != written and clash:
        # The skeleton leaves the values of lets alone: there $x would be the variable, elsewhere it is the parameter.
        raise refusal(element.place, f"a parameter of the pattern and a variable have one name, and ${name} uses one")
    return Let(name, value, element.place, element.attributes.get("as"))


def once(lets: list[Let]) -> None:
    """``PackRefused`` where two variables of one level have one name."""
    names: set[str] = set()
    for one in lets:
        if one.name in names:
            raise refusal(one.place, f"${one.name} is declared twice")
        names.add(one.name)


def message(element: Element, parameters: Parameters) -> Message:
    """The text of a check or diagnostic; ``emph``, ``dir``, ``span`` and foreign elements count as what is in them."""
    parts: list[str | ValueOf | Name] = []
    for part in _message(element, parameters):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return tuple(parts)


def _message(element: Element, parameters: Parameters) -> Iterator[str | ValueOf | Name]:
    for child in element.children:
        if isinstance(child, str):
            yield parameters.text(child, element.place)
        elif child.is_a(NAMESPACE, "value-of"):
            child.only("select")
            yield ValueOf(parameters.expression(child.required("select"), child.place), child.place)
        elif child.is_a(NAMESPACE, "name"):
            child.only("path")
            path = child.required("path") if "path" in child.attributes else None
            yield Name(path and parameters.expression(path, child.place), child.place)
        elif child.namespace == XSL or (child.namespace == NAMESPACE and child.name not in ("emph", "dir", "span")):
            raise refusal(child.place, f"{child.name} stands in a message")
        else:
            yield from _message(child, parameters)


def diagnostics(element: Element) -> dict[str, Element]:
    """id -> ``diagnostic``, of those just below *element*."""
    found: dict[str, Element] = {}
    for group in element.elements():
        if group.is_a(NAMESPACE, "diagnostics"):
            for child in known(group):
                if child.name != "diagnostic" or child.required("id") in found:
                    raise refusal(child.place, f"{child.name} stands twice or out of place in diagnostics")
                found[child.required("id")] = child
    return found


def one_line(text: str) -> str | None:
    """*text* with its white space made single blanks; None where nothing is left."""
    return " ".join(text.split()) or None


def _is_abstract(element: Element) -> bool:
    value = element.attributes.get("abstract", "false").strip(BLANK)
    if value not in ("true", "false"):
        raise refusal(element.place, f"abstract is {value!r}; it can be true or false")
    return value == "true"
