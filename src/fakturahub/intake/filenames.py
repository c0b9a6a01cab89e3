"""File names that come from outside, made fit for a ZIP member, a file on any system and a mail header."""

from __future__ import annotations

import unicodedata

from fakturahub.intake.limits import TEXT

# Names that Windows gives to devices, with and without an extension.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789¹²³"}
)
# What Windows does not take in a name, and the quotes and signs that shells and headers trip over.
_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"|?*/\\', "_"))
# Controls, invisible marks that turn the direction of writing round, surrogates, private use, unassigned.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BLANK = frozenset({"Zs", "Zl", "Zp"})
_LONGEST_EXTENSION = 16


def safe_member_name(name: str, taken: set[str]) -> str:
    """A flat file name made of *name*: its last part, without folders, controls and names that a system reserves.

    Letters of any script stay, in Unicode normal form C, and so does the extension; the name is cut to
    ``TEXT.file_name`` UTF-8 bytes. It differs from every name in *taken* whatever the case (``-2``, ``-3`` … are put
    before the extension) and is added to it. A name of which nothing is left becomes ``attachment``.
    """
    # Cut before normalising: what lies beyond can never be part of the result, and normalising costs time.
    last = name.replace("\\", "/").rstrip("/. \t\r\n").rpartition("/")[2][-1024:]
    kept = []
    for character in unicodedata.normalize("NFC", last):
        category = unicodedata.category(character)
        if category in _BLANK:
            kept.append(" ")
        elif category not in _UNSEEN:
            kept.append(character)
    # A leading dot hides a file, a leading hyphen is read as an option; Windows drops dots and blanks at the end.
    flat = "".join(kept).translate(_FORBIDDEN).lstrip(" .-").rstrip(" .")
    stem, extension = _split(flat or "attachment")
    if stem.casefold().partition(".")[0].rstrip() in _DEVICES:
        stem = f"_{stem}"
    used = {unicodedata.normalize("NFC", other).casefold() for other in taken}
    count = 1
    while True:
        suffix = extension if count == 1 else f"-{count}{extension}"
        candidate = _cut(stem, TEXT.file_name - len(suffix.encode())) + suffix
        if unicodedata.normalize("NFC", candidate).casefold() not in used:
            taken.add(candidate)
            return candidate
        count += 1


def _split(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    if not stem or not dot or len(extension) > _LONGEST_EXTENSION or " " in extension:
        return name, ""
    return stem.rstrip(" ."), f".{extension}"


def _cut(stem: str, size: int) -> str:
    """*stem* in at most *size* UTF-8 bytes, not cut inside a character."""
    return stem.encode()[:size].decode(errors="ignore").rstrip(" .")
