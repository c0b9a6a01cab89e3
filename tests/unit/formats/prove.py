"""Proofs that a reading loses nothing in silence, for every syntax of XML.

`unaccounted` compares values: each leaf of the source (the text of an element, an attribute) has to be in the noun, in
the report of losses, or be one of the constants that the syntax itself prescribes. It is quick and weak: a leaf that is
dropped hides behind another one of the same value.

`unheard` is not deceived by that: it changes one leaf after the other and reads again. A leaf whose change alters
neither the noun nor the report was never listened to. It reads the document at least once per leaf.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import msgspec
from lxml import etree

from fakturahub.errors import FakturahubError
from fakturahub.formats.syntax import Reading
from fakturahub.formats.walk import NOT_LISTED
from fakturahub.intake.xml import parse
from fakturahub.model.invoice import Extension


class Leaf(NamedTuple):
    """One value of a source document."""

    #: local names from the root on, ``Invoice/ID``; for an attribute ``Invoice/ID/@schemeID``
    path: str
    value: str
    line: int


#: whether a leaf says nothing but what the syntax prescribes, such as the tax scheme VAT; called with path and value
Prescribed = Callable[[str, str], bool]

# How xsi:schemaLocation and the like begin: they speak of schemas and not of the document.
_XML_SCHEMA = "{http://www.w3.org/2001/XMLS"


def _never(path: str, value: str) -> bool:
    return False


def leaves(root: etree._Element) -> Iterator[Leaf]:
    """Every text and attribute below *root* that is not blank."""
    for element, name in _places(root):
        yield _leaf(element, name)


def unaccounted(source: bytes, reading: Reading, *, prescribed: Prescribed = _never) -> list[Leaf]:
    """The leaves of *source* that are in *reading* neither as a value of the noun nor as a loss.

    Beyond the limits of a report as many may be missing as its last entry says; then nothing is proved of them.
    """
    texts, numbers, contents = _said(reading)
    missing = []
    for leaf in leaves(_tree(source)):
        text = _plain(leaf.value)
        if text in texts or prescribed(leaf.path, leaf.value):
            continue
        number = _number(text)
        if number is not None and abs(number) in numbers:
            continue
        if len(text) > 3 and _digest(leaf.value) in contents:
            continue
        missing.append(leaf)
    return missing if len(missing) > _not_listed(reading) else []


def _not_listed(reading: Reading) -> int:
    """How many values the report says that it does not name."""
    return sum(int(loss.value.split()[0].replace(",", "")) for loss in reading.losses if loss.why == NOT_LISTED)


def unheard(source: bytes, read: Callable[[bytes], Reading], *, prescribed: Prescribed = _never) -> list[Leaf]:
    """The leaves of *source* that can be changed without anything in what *read* makes of it changing."""
    root = _tree(source)
    before = _essence(read(etree.tostring(root, encoding="utf-8")))
    silent = []
    for element, name in list(_places(root)):
        leaf = _leaf(element, name)
        if prescribed(leaf.path, leaf.value):
            continue
        if not _is_heard(root, element, name, leaf.value, read, before):
            silent.append(leaf)
    return silent


def _is_heard(
    root: etree._Element, element: etree._Element, name: str | None, value: str, read: Any, before: bytes
) -> bool:
    """Whether another value makes another reading. The first that can be read at all decides; refusing all is hearing.

    A value that is looked at and then dropped would otherwise pass for heard, because nonsense in its place is refused.
    """
    try:
        for other in _others(value):
            _set(element, name, other)
            try:
                after = read(etree.tostring(root, encoding="utf-8"))
            except FakturahubError:
                continue
            return _essence(after) != before
    finally:
        _set(element, name, value)
    return True


def _tree(source: bytes) -> etree._Element:
    return deepcopy(parse(source, allow_external_doctype=True))


def _places(root: etree._Element) -> Iterator[tuple[etree._Element, str | None]]:
    for element in root.iter(etree.Element):
        for name, value in element.attrib.items():
            if str(value).strip() and not str(name).startswith(_XML_SCHEMA):
                yield element, str(name)
        if element.text and element.text.strip():
            yield element, None


def _leaf(element: etree._Element, name: str | None) -> Leaf:
    steps = [etree.QName(step).localname for step in (element, *element.iterancestors())][::-1]
    if name is not None:
        steps.append(f"@{etree.QName(name).localname}")
    return Leaf("/".join(steps), _get(element, name), element.sourceline or 0)


def _get(element: etree._Element, name: str | None) -> str:
    return (element.text or "") if name is None else str(element.get(name))


def _set(element: etree._Element, name: str | None, value: str) -> None:
    if name is None:
        element.text = value
    else:
        element.set(name, value)


def _others(value: str) -> Iterator[str]:
    """Values of the same kind that are not *value*, and one that is of no kind."""
    text = value.strip()
    if text in {"true", "false", "1", "0"}:
        yield {"true": "false", "false": "true", "1": "0", "0": "1"}[text]
    day = re.fullmatch(r"(20[0-9]{2})(-?)([0-9]{2})(-?)([0-9]{2})", text)
    if day:
        yield f"{int(day[1]) + 1}{day[2]}{day[3]}{day[4]}{'01' if day[5] != '01' else '02'}"
    if re.search(r"[0-9]", text):
        yield re.sub(r"[0-9](?=[^0-9]*\Z)", lambda digit: str((int(digit[0]) + 1) % 10), text)
    yield text[:-1] + ("q" if text[-1:] != "q" else "w")
    yield "zqzq"


def _essence(reading: Reading) -> bytes:
    """Everything that a reading says, in a form to compare."""
    return msgspec.msgpack.encode((reading.noun, reading.losses, reading.findings), enc_hook=repr)


def _said(reading: Reading) -> tuple[set[str], set[Decimal], set[str]]:
    texts: set[str] = set()
    numbers: set[Decimal] = set()
    contents: set[str] = set()
    for value in (*_values(reading.noun), *(loss.value for loss in reading.losses)):
        if isinstance(value, bytes):
            contents.add(hashlib.sha256(value).hexdigest())
        elif isinstance(value, date) and not isinstance(value, datetime):
            texts |= {value.isoformat(), value.strftime("%Y%m%d")}
        elif isinstance(value, datetime):
            texts |= {value.isoformat(), value.date().isoformat(), value.strftime("%Y%m%d")}
        elif isinstance(value, bool):
            texts.add(str(value).lower())
        elif isinstance(value, Decimal | int):
            numbers.add(abs(Decimal(value)))
            texts.add(str(value))
        else:
            texts.add(_plain(str(value)))
            # A value that the model holds in one field may stand in several elements, a line each.
            texts |= {_plain(line) for line in str(value).splitlines()}
    for value in list(texts):
        number = _number(value)
        if number is not None:
            numbers.add(abs(number))
    return texts, numbers, contents


def _values(value: object) -> Iterator[object]:
    if isinstance(value, Extension):
        # What is kept as it came: its leaves, and its names.
        yield from (value.family, value.name)
        yield from (leaf.value for leaf in leaves(etree.fromstring(value.content)))
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from _values(getattr(value, field))
    elif isinstance(value, tuple | list | frozenset):
        for member in value:
            yield from _values(member)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _values(key)
            yield from _values(member)
    elif value is not None:
        yield value


def _plain(text: str) -> str:
    return " ".join(text.split())


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _digest(text: str) -> str | None:
    try:
        return hashlib.sha256(base64.b64decode("".join(text.split()), validate=True)).hexdigest()
    except (binascii.Error, ValueError):
        return None
