"""Request messages: groups of typed values, as clients put them into the body of a PUT (specification 2.1)."""

from __future__ import annotations

from fakturahub.errors import BadRequest, EmptyBody, TransferUnreadable
from fakturahub.intake.limits import MIB, TEXT
from fakturahub.intake.xml import parse

#: bytes of a Request message
BODY = 1 * MIB
#: groups of one, and values of a group
GROUPS, VALUES = 1_000, 100

Stated = dict[str, str]


def groups_of(body: bytes) -> list[Stated]:
    """The groups of a Request message, each with its values by their types, in the order of the message.

    Of a type that stands twice in a group, the first value counts; an empty one is as good as none, and an e-mail
    address that is empty is told from one that is missing by the caller: empty values are kept. Blanks around a value
    are no part of it. Leading blanks and a byte order mark before the message are tolerated.

    Raises `BadRequest` for what is no Request message, and for one beyond the limits.
    """
    try:
        root = parse(body.lstrip(b" \t\r\n"))
    except EmptyBody as error:
        raise BadRequest("The request has no body; a Request message is expected.") from error
    except TransferUnreadable as error:
        raise BadRequest(f"The body is no Request message: {error.reason}", place=error.place) from error
    if root.tag != "Request":
        raise BadRequest(f"The body is no Request message: its root element is {str(root.tag)[:100]!r}.")
    groups: list[Stated] = []
    for group in root.iterfind("Content/Group"):
        if len(groups) == GROUPS:
            raise BadRequest(f"The Request message has more than {GROUPS:,} groups.")
        stated: Stated = {}
        for count, value in enumerate(group.iterfind("Value")):
            if count == VALUES:
                raise BadRequest(f"A group of the Request message has more than {VALUES} values.")
            text = (value.text or "").strip()
            name = (value.get("type") or "").strip()
            if len(text) > TEXT.text or len(name) > TEXT.identifier:
                raise BadRequest(f"A value of the Request message has more than {TEXT.text:,} characters.")
            if name:
                stated.setdefault(name, text)
        groups.append(stated)
    if not groups:
        raise BadRequest("The Request message has no group.")
    return groups
