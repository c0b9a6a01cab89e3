"""Danish payment slips (fællesindbetalingskort FIK and giro): the code line that a payer types.

BT-83 of a Danish invoice holds the type of the slip and, behind ``#``, the payment id; BT-84 the creditor. Source:
Peppol BIS Billing 3, rules DK-R-008 to DK-R-011; the slips +71 and +75 of Det fælles indbetalingssystem.
"""

from __future__ import annotations

import re

#: UNTDID 4461: giro slips, and FIK slips
GIRO, FIK = "50", "93"

# Type of the slip -> digits of its payment id; none for the slips on which the payer writes a message.
_IDS = {
    GIRO: {"01": 0, "04": 16, "15": 16},
    FIK: {"71": 15, "73": 0, "75": 16},
}
_STATED = re.compile(r"\s*\+?([0-9]{2})\s*[#<]?\s*([0-9]*)\s*")
_CREDITOR = {GIRO: re.compile(r"[0-9]{7,8}"), FIK: re.compile(r"8[0-9]{7}")}


def code_line(means_code: str, remittance: str, creditor: str) -> str | None:
    """The line of a slip, such as ``+71<709056716118001+85567595<``; None for what makes none.

    A payment id that is shorter than its type has is filled up with zeros, as the banks' forms do. Its check digit is
    the sender's and is not corrected.
    """
    types = _IDS.get(means_code)
    kind = remittance.partition("#")[0]
    # What follows the # of a slip without a payment id is a message to the receiver, which is no part of the line.
    stated = _STATED.fullmatch(kind if types and types.get(kind.strip()) == 0 else remittance)
    plain = creditor.replace(" ", "")
    if types is None or stated is None or _CREDITOR[means_code].fullmatch(plain) is None:
        return None
    length = types.get(stated[1])
    if length is None or len(stated[2]) > length or (length and not stated[2]):
        return None
    return f"+{stated[1]}<{stated[2].zfill(length) if length else ''}+{plain}<"


def account(registration: str | None, number: str) -> str | None:
    """A bank account as ``1234 0001234567``, registration number and account; None where it is not one."""
    plain = number.replace(" ", "").replace("-", "")
    branch = (registration or "").strip()
    if re.fullmatch(r"[0-9]{4}", branch) and re.fullmatch(r"[0-9]{1,10}", plain):
        return f"{branch} {plain.zfill(10)}"
    return None
