"""The forms that values of the provisioning file take: how each is read, written back, compared and described.

A form reads what TOML gave and writes the canonical text of the value, which is what is stored: reading what was
written gives the same value again. ``read`` raises ValueError; what the fault says is ``expected``, never the value,
which may be a secret at the wrong key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from fakturahub.config.codes import COUNTRIES, LANGUAGES


def _as_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Form:
    """How one kind of value is read from TOML, written back, and compared with others of its kind."""

    #: completes "expected …"
    expected: str
    read: Callable[[object], Any]
    write: Callable[[Any], object] = _as_is
    #: two values that give the same text here count as equal
    same: Callable[[Any], str] = str
    #: the values of an enumeration
    choices: tuple[str, ...] = ()


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: the longest text a setting may be, in characters
TEXT_LIMIT = 2_000
#: the longest secret or key file, in characters or bytes
SECRET_LIMIT = 65_536


def one_line(value: object) -> str:
    """Text without line breaks and other control characters, blanks at both ends removed; may be empty."""
    if not isinstance(value, str) or len(value) > TEXT_LIMIT or _CONTROL.search(value):
        raise ValueError
    return value.strip()


def text_form(expected: str, pattern: str, *, same: Callable[[str], str] = str) -> Form:
    """A form of one line of text that *pattern* matches whole."""
    fits = re.compile(pattern)

    def read(value: object) -> str:
        text = one_line(value)
        if not fits.fullmatch(text):
            raise ValueError
        return text

    return Form(expected, read, same=same)


def choice(values: tuple[str | int, ...]) -> Form:
    """A form that takes one of *values*, of the same type."""

    def read(value: object) -> str | int:
        for known in values:
            if type(value) is type(known) and value == known:
                return known
        raise ValueError

    words = [f'"{value}"' if isinstance(value, str) else str(value) for value in values]
    return Form(f"one of {', '.join(words)}", read, choices=tuple(value for value in values if isinstance(value, str)))


def whole_number(lowest: int, highest: int) -> Form:
    """A form that takes a whole number between *lowest* and *highest*, both included."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise ValueError
        return value

    return Form(f"a whole number from {lowest} to {highest}", read)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _secret_text(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > SECRET_LIMIT or "\0" in value:
        raise ValueError
    return value


FLAG = Form("true or false", _flag)
LINE = Form("one line of text", one_line)
TEXT = text_form("one line of text that is not empty", r".+")
#: a secret, a certificate, a key file: kept as it is, line breaks included
BLOCK = Form("text that is not empty", _secret_text)
NAME = text_form("a name of letters, digits, dots, hyphens and underscores", r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
TOKEN = text_form("an identifier without blanks, at most 255 characters", r"[\x21-\x7e]{1,255}")
#: RFC 7617: a colon ends the user name of Basic authentication
USERNAME = text_form("a user name without blanks and colons", r"[^\s:]{1,255}")

EMAIL = text_form(
    'an e-mail address such as "name@firm.example"',
    r"(?=.{3,254}$)[^@\s<>()\[\],;:\\\"]+@[\w-]+(?:\.[\w-]+)*",
    same=str.casefold,
)
#: RFC 5321, 4.5.3.1.1: 64 octets before the @, of which the id of a delivery takes 33
BOUNCES = text_form(
    'an e-mail address with at most 31 ASCII characters before the @, such as "bounces@firm.example"',
    r"[A-Za-z0-9!#$%&'*/=?^_`{|}~.-]{1,31}@[\w-]+(?:\.[\w-]+)*",
    same=str.casefold,
)
MAILBOX = text_form(
    'a sender such as "Firm <name@firm.example>"',
    r"[^@\s<>]+@[\w.-]+|[^<>]*<[^@\s<>]+@[\w.-]+>",
)
HOST = text_form(
    'a host name such as "api.hub.example"',
    r"(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
    same=str.casefold,
)
#: RFC 9110, 5.6.2
HEADER_NAME = text_form('the name of an HTTP header such as "x-tenant"', r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = text_form("the value of an HTTP header: visible ASCII and blanks", r"[\x20-\x7e]*")
COLOUR = text_form('a colour such as "#1f3a5f"', r"#[0-9A-Fa-f]{6}", same=str.casefold)
#: a line at the foot of a page
FOOT = text_form("one line of text of at most 200 characters that is not empty", r".{1,200}")
TERM = text_form(
    'a term of the document such as "number", "seller.name" or "BT-1", or an XPath such as "xpath:/*/cbc:ID"',
    r"[a-z_0-9]+(?:\.[a-z_0-9]+){0,3}|BT-[0-9]{1,3}|xpath:\S.*",
)
_TYPE = r"[A-Za-z0-9!#$&^_+.-]+"
MEDIA_TYPE = text_form('a media type such as "application/xml"', rf"{_TYPE}/{_TYPE}(?: *;[\x20-\x7e]*)?")


def _code(codes: frozenset[str], value: object) -> str:
    text = one_line(value)
    if text not in codes:
        raise ValueError
    return text


COUNTRY = Form('a country code of ISO 3166-1 such as "FI"', lambda value: _code(COUNTRIES, value))
LANGUAGE = Form('a language code of ISO 639-1 such as "sv"', lambda value: _code(LANGUAGES, value))


def _timezone(value: object) -> str:
    text = one_line(value)
    try:
        return ZoneInfo(text).key
    except (OSError, KeyError) as error:  # not found, or a folder of the time zone database
        raise ValueError from error


TIMEZONE = Form('a time zone of the IANA database such as "Europe/Helsinki"', _timezone)

#: what a template of a mail may have filled in from the document
MAIL_TERMS = ("document", "number", "seller", "buyer", "issue_date", "due_date", "amount", "reference")
#: a blank to fill in, or a brace that is meant as one
MAIL_BLANK = re.compile(r"\{\{|\}\}|\{([a-z_]+)\}")
_MAIL_BODY_LIMIT = 20_000


def _mail_words(value: object, limit: int, controls: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > limit or controls.search(value):
        raise ValueError
    rest = MAIL_BLANK.sub("", value)
    if "{" in rest or "}" in rest or any(blank[1] not in (None, *MAIL_TERMS) for blank in MAIL_BLANK.finditer(value)):
        raise ValueError
    return value.strip()


_MAIL_BLANKS = ", ".join(f"{{{name}}}" for name in MAIL_TERMS)
MAIL_SUBJECT = Form(
    f"one line of text, in which these are filled in: {_MAIL_BLANKS}",
    lambda value: _mail_words(value, 200, _CONTROL),
)
MAIL_BODY = Form(
    f"plain text, in which these are filled in: {_MAIL_BLANKS}",
    lambda value: _mail_words(value, _MAIL_BODY_LIMIT, re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")),
)

# --- addresses on networks ------------------------------------------------------------------------------------------


def _url(schemes: tuple[str, ...], *, credentials: bool = False, path: bool = False) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = one_line(value)
        parts = urlsplit(text)
        fits = (
            parts.scheme in schemes
            and parts.hostname
            and parts.port != 0  # raises ValueError for a port that is no number
            and not re.search(r"[\s\\]", text)
            and (credentials or "@" not in parts.netloc)
            and (parts.path.strip("/") or not path)
            and not parts.fragment
        )
        if not fits:
            raise ValueError
        return text

    return read


_NO_CREDENTIALS = "without user name, password and fragment in it"
URL = Form(f'a URL of http or https such as "https://firm.example/path", {_NO_CREDENTIALS}', _url(("https", "http")))
PROXY_URL = Form('a URL of http such as "http://proxy.example:3128"', _url(("http",), credentials=True))


def _smtp_url(value: object) -> str:
    text = _url(("smtp", "smtps"), credentials=True)(value)
    parts = urlsplit(text)
    tls = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    allowed = ("tls",) if parts.scheme == "smtps" else ("starttls", "tls", "none")
    if parts.path.strip("/") or len(tls) > 1 or any(name != "tls" or way not in allowed for name, way in tls):
        raise ValueError
    return text


SMTP_URL = Form(
    'a URL such as "smtp://user:password@mail.example:587?tls=starttls", where tls is starttls, tls or none',
    _smtp_url,
)
SFTP_URL = Form(
    'a URL with a folder such as "sftp://user@host.example/inbox"', _url(("sftp",), credentials=True, path=True)
)


def _redirect(value: object) -> str:
    text = one_line(value)
    scheme = urlsplit(text).scheme
    if "." in scheme:  # RFC 8252, 7.1: a native application's own scheme is a reversed domain name
        if re.search(r"[\s\\#]", text):
            raise ValueError
        return text
    return _url(("https", "http"))(value)


REDIRECT_URI = Form(f'a redirect URI such as "https://erp.example/callback", {_NO_CREDENTIALS}', _redirect)


def _network(value: object) -> IPv4Network | IPv6Network:
    return ip_network(one_line(value))


NETWORK = Form('a network such as "10.1.0.0/16" or "fd00::/8", with no bits set behind its prefix', _network, str)


def routing_form(address: str) -> str:
    """The form in which two spellings of an address are the same: that of ``0184:DK31415926`` is ``0184:dk31415926``.

    Source: Peppol Policy for use of Identifiers 4.4: the value of a participant identifier is case-insensitive.
    """
    return address.casefold()


_ADDRESS = re.compile(r"([0-9]{4})\s*:\s*(\S{1,135})")


def _address(value: object) -> str:
    match = _ADDRESS.fullmatch(one_line(value))
    if match is None:
        raise ValueError
    return ":".join(match.groups())


ADDRESS = Form(
    'an electronic address "scheme:value" with the four digits of its EAS scheme, such as "0192:931415921"',
    _address,
    same=routing_form,
)

# --- amounts and times ----------------------------------------------------------------------------------------------


def _decimal(value: object) -> Decimal:
    text = one_line(value)
    if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,4})?", text):
        raise ValueError
    return Decimal(text)


def _credits(value: object) -> Decimal | Literal["postpaid"]:
    return "postpaid" if value == "postpaid" else _decimal(value)


AMOUNT = Form('a decimal number in quotes such as "1" or "2.75"', _decimal, str)
CREDITS = Form('"postpaid", or a decimal number in quotes such as "500"', _credits, str)

_UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}


def _span(value: object) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,6})([dhms])", one_line(value))
    if match is None:
        raise ValueError
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _duration(value: object) -> timedelta:
    span = _span(value)
    if not span:
        raise ValueError
    return span


def _duration_text(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    if not seconds:
        return "0s"
    # a day stays "24h"
    unit = next(name for name, size in _UNITS.items() if seconds % size == 0 and (name != "d" or seconds > size))
    return f"{seconds // _UNITS[unit]}{unit}"


DURATION = Form('a duration such as "24h", "5m" or "10s"', _duration, _duration_text)


def duration(shortest: str, longest: str) -> Form:
    """A form that takes a duration between *shortest* and *longest*, both included and written as in the file.

    *shortest* may be ``0s``; other forms take no duration of nothing.
    """
    least, most = _span(shortest), _span(longest)

    def read(value: object) -> timedelta:
        span = _span(value)
        if not least <= span <= most:
            raise ValueError
        return span

    return Form(f'a duration from "{shortest}" to "{longest}"', read, _duration_text)


def _clock_time(value: object) -> time:
    text = one_line(value)
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}", text):
        raise ValueError
    return time.fromisoformat(text)


CLOCK_TIME = Form('a time of day in quotes such as "15:00"', _clock_time, lambda value: f"{value:%H:%M}")


class StatusCodes(msgspec.Struct, frozen=True):
    """HTTP status codes as ranges, both ends included: ``201 in codes``."""

    ranges: tuple[tuple[int, int], ...]

    def __contains__(self, status: int) -> bool:
        return any(first <= status <= last for first, last in self.ranges)

    def __str__(self) -> str:
        return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in self.ranges)


def status_codes(value: object) -> StatusCodes:
    """``"200-299"`` or ``"200,202"`` as :class:`StatusCodes`; ValueError for any other form."""
    ranges = []
    for part in one_line(value).split(","):
        match = re.fullmatch(r"\s*([1-5][0-9]{2})\s*(?:-\s*([1-5][0-9]{2})\s*)?", part)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise ValueError
        ranges.append((int(match[1]), int(match[2] or match[1])))
    return StatusCodes(tuple(ranges))


STATUS_CODES = Form('status codes such as "200-299" or "200,202"', status_codes, str)
