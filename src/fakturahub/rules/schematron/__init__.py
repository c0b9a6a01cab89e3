"""ISO Schematron (ISO/IEC 19757-3) as a tree of rules.

Read are schemas of the query binding ``xslt2`` or ``xpath2``. Refused, since their rules would mean something else
here: ``xslt`` and ``xpath`` of version 1 (also where nothing is stated: that means ``xslt``), version 3, ``exslt``, and
the namespace of Schematron 1.5. XSLT in a schema is known as ``xsl:function`` and ``xsl:key`` just below the root.
"""

from __future__ import annotations

from collections.abc import Mapping

from fakturahub.errors import PackRefused
from fakturahub.rules import instructions
from fakturahub.rules.markup import BLANK, ELEMENTS, XSL, Element, Reasons, refusal
from fakturahub.rules.schematron.includes import NAMESPACE, includes, whole
from fakturahub.rules.schematron.parameters import Budget, Parameters
from fakturahub.rules.schematron.patterns import Patterns, known, let, once, one_line
from fakturahub.rules.tree import Function, Key, Let, Phase, Schema

__all__ = ["NAMESPACE", "OLD_NAMESPACE", "includes", "old", "read"]

#: of Schematron 1.5
OLD_NAMESPACE = "http://www.ascc.net/xml/schematron"
#: what XSLT generated from a schema declares of itself; a schema may use these prefixes without saying so
XS = "http://www.w3.org/2001/XMLSchema"
PREDECLARED: Mapping[str, str] = {"xs": XS, "xsd": XS}

_BINDINGS = frozenset({"xslt2", "xpath2"})
_SCHEMA = ("id", "schemaVersion", "queryBinding", "defaultPhase", "see", "icon", "fpi")


def read(roots: Mapping[str, Element], main: str) -> Schema:
    """The schema in the file *main* of the pack, with all that it includes from the others.

    Raises ``PackRefused`` with every reason found, each with the file and the line.
    """
    root = roots[main]
    binding = _binding(root)
    root.only(*_SCHEMA)
    reasons = Reasons(main)
    schema = whole(root, roots)
    budget = Budget(ELEMENTS)
    none = Parameters([], budget)
    namespaces: dict[str, str] = {}
    lets: list[Let] = []
    functions: list[Function] = []
    keys: list[Key] = []
    phases: list[Phase] = []
    title = None
    for child in schema.elements():
        with reasons.kept():
            if child.namespace == XSL:
                if child.name == "function":
                    functions.append(instructions.function(child))
                elif child.name == "key":
                    keys.append(instructions.key(child))
                else:
                    raise instructions.unknown(child)
            elif child.namespace != NAMESPACE:
                # A remark in another vocabulary (19757-3, 5.2); no generator takes it for a rule.
                continue
            elif child.name == "ns":
                _declare(child, namespaces)
            elif child.name == "let":
                lets.append(let(child, none))
            elif child.name == "phase":
                phases.append(_phase(child, none))
            elif child.name == "title":
                title = one_line(child.text())
            elif child.name not in ("p", "pattern", "diagnostics", "properties"):
                raise refusal(child.place, f"{child.name} stands in a schema")
    with reasons.kept():
        once(lets)
    with reasons.kept():
        _take_prefixes(schema, namespaces)
    with reasons.kept():
        patterns = Patterns(schema, frozenset(one.name for one in lets), budget, reasons).read()
        default = _default(root, phases, frozenset(pattern.id or "" for pattern in patterns))
    reasons.tell()
    return Schema(
        main,
        title,
        binding,
        {**PREDECLARED, **namespaces},
        tuple(lets),
        patterns,
        tuple(functions),
        tuple(keys),
        tuple(phases),
        default,
    )


def old(root: Element) -> PackRefused:
    """The error for a schema of Schematron 1.5."""
    return refusal(root.place, f"it is Schematron 1.5; only ISO Schematron ({NAMESPACE}) is read")


def _binding(root: Element) -> str:
    written = root.attributes.get("queryBinding")
    if written is None:
        raise refusal(root.place, "the schema states no queryBinding, which means XSLT 1.0; xslt2 and xpath2 are known")
    if written.strip(BLANK).lower() not in _BINDINGS:
        raise refusal(root.place, f"the queryBinding is {written!r}; xslt2 and xpath2 are known")
    return written


def _declare(element: Element, namespaces: dict[str, str]) -> None:
    element.only("prefix", "uri")
    prefix, uri = element.required("prefix"), element.required("uri")
    if namespaces.setdefault(prefix, uri) != uri:
        raise refusal(element.place, f"the prefix {prefix!r} is declared for two namespaces")


def _take_prefixes(schema: Element, namespaces: dict[str, str]) -> None:
    """Take over the prefixes that functions and keys have from where they stand.

    In generated XSLT they hold in the function only; here they hold everywhere, so one that means something else
    outside is refused.
    """
    for child in schema.elements():
        if child.namespace == XSL:
            for prefix, uri in child.prefixes.items():
                known_uri = namespaces.get(prefix, PREDECLARED.get(prefix, uri))
                if known_uri != uri:
                    raise refusal(child.place, f"the prefix {prefix!r} is declared for two namespaces")
                if prefix:
                    namespaces.setdefault(prefix, uri)


def _phase(element: Element, none: Parameters) -> Phase:
    element.only("id", "see", "icon", "fpi", "role")
    active: list[str] = []
    lets: list[Let] = []
    for child in known(element):
        if child.name == "active":
            active.append(child.required("pattern"))
        elif child.name == "let":
            lets.append(let(child, none))
        elif child.name != "p":
            raise refusal(child.place, f"{child.name} stands in a phase")
    once(lets)
    return Phase(element.required("id"), tuple(active), tuple(lets))


def _default(root: Element, phases: list[Phase], patterns: frozenset[str]) -> str | None:
    name = root.attributes.get("defaultPhase")
    if name is None or name == "#ALL":
        return None
    phase = next((phase for phase in phases if phase.id == name), None)
    if phase is None:
        raise refusal(root.place, f"there is no phase {name!r}")
    missing = [pattern for pattern in phase.patterns if pattern not in patterns]
    if missing:
        raise refusal(root.place, f"the phase {name!r} activates {missing[0]!r}, which is no pattern")
    return name
