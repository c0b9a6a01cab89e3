"""Writing a message (RFC 5322, MIME) of texts that were not written by us. Pure.

Everything is written in ASCII, but addresses that are not: a text of a head field is a quoted string, else encoded
words (RFC 2047), and what could be read as an encoded word is one. No value ends a line. The same input gives the same
bytes: the boundaries are made of an id. (The standard library's writer leaves texts alone that look like encoded words,
and readers then show something else than what the document said.)
"""

from __future__ import annotations

import base64
import binascii
import re
import textwrap
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

import msgspec

from fakturahub.model import Attachment

#: bytes of a file's name; percent-encoded it stands in one line, which may have 998 (RFC 5322, 2.1.1)
MOST_OF_NAME = 180
#: bytes of UTF-8 in one encoded word, which may have 75 characters in all
_IN_WORD = 45
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_PLAIN = re.compile(r"(?!.*=\?)[\x20-\x7e]*")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
_LOCAL = re.compile(r"[^\x00-\x20\x7f-\xa0()<>\[\]:;@\\,\"\ud800-\udfff]{1,64}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


def address(text: str) -> str | None:
    """A plain address ``name@domain`` as it is written in an envelope, its domain in ASCII; None for what is none.

    Not taken are quoted names, comments and address literals, which no business's mailbox has.
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return None
    try:
        written = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    if not _DOMAIN.fullmatch(written) or len(local.encode()) > 64 or len(local.encode()) + len(written) > 253:
        return None
    return f"{local}@{written}"


def subaddress(mailbox: str, detail: str) -> str:
    """``bounces@firm.example`` and ``x`` as ``bounces+x@firm.example``; *mailbox* itself where that is too long."""
    local, _, domain = mailbox.rpartition("@")
    longer = f"{local}+{detail}"
    return f"{longer}@{domain}" if len(longer.encode()) <= 64 else mailbox


def phrase(text: str) -> str:
    """A display name: a quoted string, else encoded words."""
    line = _CONTROL.sub(" ", text).strip()
    if _PLAIN.fullmatch(line):
        escaped = re.sub(r'(["\\])', r"\\\1", line)
        return f'"{escaped}"'
    return _encoded(line)


def unstructured(text: str) -> str:
    """A text such as a subject: as it is where it is plain ASCII, folded at its blanks, else encoded words."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    if not _PLAIN.fullmatch(line):
        return _encoded(line)
    return "\r\n ".join(textwrap.wrap(line, 66, break_long_words=False, break_on_hyphens=False))


def _encoded(line: str) -> str:
    words, word = [], b""
    for character in line:
        more = character.encode()
        if len(word) + len(more) > _IN_WORD:
            words.append(word)
            word = b""
        word += more
    words.append(word)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(one).decode()}?=" for one in words)


class Head(msgspec.Struct, frozen=True):
    """What stands at the head of a message. Addresses are those that `address` gave."""

    from_name: str
    sender: str
    to: tuple[str, ...]
    reply_to: str | None
    subject: str
    language: str
    #: without angle brackets
    message_id: str
    date: datetime


def message(head: Head, text: str, html: str, files: Sequence[Attachment], *, boundary: str) -> bytes:
    """The whole message, lines ending in CRLF; plain ASCII but for addresses that are not.

    *boundary* is of letters and digits. MIME types of *files* that are none become ``application/octet-stream``.
    """
    outer, inner = f"=_{boundary}_m", f"=_{boundary}_a"
    fields = [
        f"Date: {format_datetime(head.date)}",
        f"From: {phrase(head.from_name)}\r\n <{head.sender}>",
        *([f"Reply-To: <{head.reply_to}>"] if head.reply_to else []),
        "To: " + ",\r\n ".join(f"<{one}>" for one in head.to),
        f"Subject: {unstructured(head.subject)}",
        f"Message-ID: <{head.message_id}>",
        "MIME-Version: 1.0",
        # RFC 3834: whoever is on holiday need not tell a machine. The second is what Exchange looks for.
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        f"Content-Language: {head.language}",
        f'Content-Type: multipart/mixed; boundary="{outer}"',
    ]
    alternative = f'--{outer}\r\nContent-Type: multipart/alternative; boundary="{inner}"\r\n\r\n'.encode()
    parts = [
        "\r\n".join([*fields, "", ""]).encode(),
        alternative,
        f"--{inner}\r\n".encode(),
        _text("plain", text),
        f"--{inner}\r\n".encode(),
        _text("html", html),
        f"--{inner}--\r\n".encode(),
    ]
    for file in files:
        parts += [f"--{outer}\r\n".encode(), _file(file)]
    parts.append(f"--{outer}--\r\n".encode())
    return b"".join(parts)


def _text(kind: str, text: str) -> bytes:
    lines = "\r\n".join(text.splitlines()).encode("utf-8", "replace")
    body = binascii.b2a_qp(lines + b"\r\n", istext=True)
    return (
        f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
        + body
    )


def _file(file: Attachment) -> bytes:
    name = _bounded(_CONTROL.sub(" ", file.name).strip()) or "attachment"
    # Both forms (RFC 6266, D): the first for old programs, some of which would read an encoded word in it.
    plain = re.sub(r'[^\x20-\x7e]|["\\%/]|=(?=\?)', "_", name)
    disposition = f'attachment;\r\n filename="{plain}"'
    if plain != name:
        disposition += f";\r\n filename*=utf-8''{quote(name, safe='')}"
    head = (
        f"Content-Type: {_media_type(file.mime)}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: {disposition}\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(file.content).replace(b"\n", b"\r\n")


def _bounded(name: str) -> str:
    """*name* in at most `MOST_OF_NAME` bytes, with what stands behind its last dot."""
    if len(name.encode()) <= MOST_OF_NAME:
        return name
    stem, dot, kind = name.rpartition(".")
    if not dot or len(kind.encode()) > 20:
        stem, dot, kind = name, "", ""
    return stem.encode()[: MOST_OF_NAME - len((dot + kind).encode())].decode(errors="ignore") + dot + kind


def _media_type(stated: str) -> str:
    kind, slash, subtype = stated.partition(";")[0].strip().partition("/")
    known = slash and _TOKEN.fullmatch(kind) and _TOKEN.fullmatch(subtype)
    # A message or a multipart has a structure that a file of bytes has not.
    return f"{kind}/{subtype}" if known and kind.lower() not in ("multipart", "message") else "application/octet-stream"
