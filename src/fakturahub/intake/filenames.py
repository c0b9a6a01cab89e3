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
# Bytes of a number and an extension at the end of a file name.
_LONGEST_ENDING = 40

#: the type of a file of which nothing is known
UNKNOWN_TYPE = "application/octet-stream"
#: extension of a file name in lower case -> MIME type; the types that pagero.md 6 lists. Of two extensions of a type
#: the first is the usual one.
MIME = {
    "bmp": "image/bmp",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "eml": "message/rfc822",
    "gif": "image/gif",
    "html": "text/html",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "p7b": "application/x-pkcs7-certificates",
    "p7m": "application/pkcs7-mime",
    "p7s": "application/pkcs7-signature",
    "pdf": "application/pdf",
    "png": "image/png",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "ps": "application/postscript",
    "rtf": "application/rtf",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "txt": "text/plain",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}
#: types that senders write which are none, and older names of types
_ALIASES = {"image/jpg": "jpg", "text/txt": "txt", "text/xml": "xml"}
_EXTENSIONS = {**{mime: extension for extension, mime in reversed(MIME.items())}, **_ALIASES}


def type_of(name: str) -> str:
    """The MIME type of a file by the extension of its *name*; ``UNKNOWN_TYPE`` for one that is not in the table."""
    return MIME.get(name.rpartition(".")[2].lower(), UNKNOWN_TYPE)


def extension_of(mime: str) -> str:
    """The usual extension of the type *mime* with its dot; ``.bin`` for one that is not in the table."""
    return f".{_EXTENSIONS.get(mime.lower(), 'bin')}"


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


class FlatNames:
    """Flat file names, safe and unique whatever the case, for any number of files in a time linear in it."""

    def __init__(self) -> None:
        #: name in the form that is compared -> the number that its last namesake got
        self._taken: dict[str, int] = {}

    def of(self, path: str) -> str:
        """A name for the file at *path*: its last part made safe, ``-2``, ``-3`` … before the extension if taken."""
        name = safe_member_name(path, set())
        key = name.casefold()
        while key in self._taken:
            self._taken[key] += 1
            stem, dot, extension = name.rpartition(".")
            stem, extension = (stem, dot + extension) if stem else (name, "")
            cut = stem.encode()[: TEXT.file_name - _LONGEST_ENDING].decode(errors="ignore")
            numbered = safe_member_name(f"{cut}-{self._taken[key]}{extension[-_LONGEST_ENDING // 2 :]}", set())
            if numbered.casefold() not in self._taken:
                name, key = numbered, numbered.casefold()
        self._taken[key] = 1
        return name
