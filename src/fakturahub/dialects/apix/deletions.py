"""``senderpayslip``: which payslip is to be deleted (specification 7.5).

``hash`` is MD5 over the person's id, ``date`` the day and the id of the payslip: ``20200515-7645849``. MD5 is the
operator's choice; of ids with so few possible values it hides nothing, so it is treated as the id itself: never logged.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date

import msgspec

from fakturahub.errors import BadRequest

#: what is answered, with the code 7PS00
DELETED = [("StorageQuota", "9999999")]

_HASH = re.compile(r"[0-9a-fA-F]{32}")
_DATE_ID = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})-(.{1,255})")


class Deletion(msgspec.Struct, frozen=True):
    """What is to be deleted. It shows neither its hash nor its id."""

    receiver_hash: str
    day: date
    payslip_id: str

    def __repr__(self) -> str:
        return f"Deletion(day={self.day})"


def deletion_of(receiver_hash: str, date_id: str) -> Deletion:
    """What the parameters ``hash`` and ``date`` name. Raises `BadRequest`, which quotes neither."""
    if not _HASH.fullmatch(receiver_hash):
        raise BadRequest("hash is an MD5 in 32 hexadecimal digits.")
    match = _DATE_ID.fullmatch(date_id)
    try:
        if match is None:
            raise ValueError
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise BadRequest("date is a day and the id of a payslip, such as 20200515-7645849.") from None
    return Deletion(receiver_hash.lower(), day, match[4])


def receiver_hash(person_id: str) -> str:
    """The hash under which a person's payslips are deleted: MD5 over the id as the payslip states it [inferred]."""
    return hashlib.md5(person_id.encode(), usedforsecurity=False).hexdigest()
