"""The tables of the provisioning file as types.

A field without a default has to be in the file. Names are those of the file; a field that could not carry its name in
Python says which one it has there. Sections of dialects (``[company.apix]``, ``[dialects.apix]``) are types of the
dialects, handed to :func:`~fakturahub.config.load` by whoever wires the hub together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, field

from fakturahub.config import forms
from fakturahub.config.kinds import (
    Address,
    Amount,
    ClientId,
    ClockTime,
    Colour,
    Country,
    Credits,
    Email,
    Foot,
    Hashed,
    HostName,
    Language,
    Line,
    Login,
    Mailbox,
    Network,
    Picture,
    Sealed,
    Sourced,
    Text,
    Timezone,
    Token,
    Url,
    Withheld,
)

#: The syntaxes in which a company may want its documents: those the hub writes or passes on, those that later versions
#: will write (until then they go as they came), and ``original``, which keeps every document.
SYNTAXES = (
    "original",
    "ubl-2.1",
    "peppol-bis-3",
    "ehf-3",
    "xrechnung-3",
    "puf-billing-2.0",
    "vrbl",
    "cii",
    "finvoice-3.0",
    "finvoice-3.0-soap",
    "letters-1.0",
    "payslip-2.0",
    "oioubl-2.1",
    "oioubl-2.02",
    "oioxml-0.71",
    "farpay-bill",
    "sendregning",
    "bs-0601",
    "factur-x",
)
Syntax = Annotated[str, Meta(extra={"form": forms.choice(SYNTAXES)})]
#: the longest time for which a refresh token can be allowed a second use
REFRESH_GRACE = timedelta(seconds=60)
#: lines at the foot of a page
FOOT_LINES = 4
#: 1 is first class, 2 is economy
PostalClass = Annotated[int, Meta(extra={"form": forms.choice((1, 2))})]

Struct = TypeVar("Struct", bound=msgspec.Struct)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the file that is stored by itself.

    ``stated`` holds what the file says and nothing else: no defaults, values in their canonical text, secrets wrapped.
    It is what tells a setting that was left out from one that was set to its default.
    """

    stated: Annotated[Mapping[str, Any], Meta(extra={"internal": True})] = field(default_factory=dict)


class Hub(Entry, frozen=True, kw_only=True):
    """``[hub]``. Without ``public_url`` the hub is known by the address it listens on. The key is never stored."""

    public_url: Url | None = None
    #: for how long a refresh token that was used is answered once more; zero: it is good for a single use
    refresh_grace: Annotated[timedelta, Meta(extra={"form": forms.duration("0s", f"{REFRESH_GRACE.seconds}s")})] = (
        timedelta(0)
    )
    master_key: Withheld | None = None


class Operator(Entry, frozen=True, kw_only=True):
    """``[[user]]``: a person who runs the hub. A reader changes nothing."""

    email: Login
    password: Hashed
    role: Literal["operator", "reader"] = "operator"


class DialectSection(Entry, frozen=True, kw_only=True):
    """``[dialects.<name>]``: what every dialect takes. At the root of ``hosts`` it answers without its prefix."""

    hosts: tuple[HostName, ...] = ()


class Sections(NamedTuple):
    """The types of one dialect: ``[company.<name>]`` and ``[dialects.<name>]``."""

    company: type[msgspec.Struct]
    hub: type[DialectSection]


Section = TypeVar("Section", bound=DialectSection)


class Dialects(msgspec.Struct, frozen=True, kw_only=True):
    """``[dialects]``: the sections by the name of the dialect."""

    sections: Annotated[Mapping[str, Any], Meta(extra={"internal": True})] = field(default_factory=dict)

    def section(self, of: type[Section]) -> Section:
        """The section of that type; its defaults where the file has none."""
        return next((section for section in self.sections.values() if isinstance(section, of)), of())


class Price(Entry, frozen=True, kw_only=True):
    """``[[price]]``: what a delivery costs. A condition left out fits everything; the first line that fits wins."""

    credits: Amount
    channel: Literal["network", "print", "email", "http"] | None = None
    #: up to so many
    pages: Annotated[int, Meta(extra={"form": forms.whole_number(1, 10_000)})] | None = None
    postal_class: PostalClass | None = field(name="class", default=None)
    colour: bool | None = None
    #: where the letter goes, seen from the sender's country
    country: Literal["FI", "EU", "OTHER"] | None = None


class Outbound(Entry, frozen=True, kw_only=True):
    """``[outbound]``: the private networks that calls may go to."""

    trusted_networks: tuple[Network, ...] = ()


class Mail(Entry, frozen=True, kw_only=True):
    """``[mail]``: the mail server. ``url`` is ``smtp://user:password@host:port?tls=starttls``."""

    url: Annotated[Sealed, Meta(extra={"form": forms.SMTP_URL})]
    sender: Mailbox
    #: where mails that come back go, each to a subaddress of its own; without one, the sender's address
    bounces: Annotated[str, Meta(extra={"form": forms.BOUNCES})] | None = None
    #: the authority that signed the server's certificate, PEM
    ca: Sourced | None = None
    #: the hub signs its mails (RFC 6376) where these three are given; the key is an RSA key, PEM
    dkim_domain: Annotated[str, Meta(extra={"form": forms.HOST})] | None = None
    dkim_selector: Annotated[str, Meta(extra={"form": forms.HOST})] | None = None
    dkim_key: Sealed | None = None

    def contradictions(self) -> list[tuple[str, str]]:
        """Keys that do not go together: the key at fault, and what is wrong with it."""
        dkim = {name: getattr(self, name) for name in ("dkim_domain", "dkim_selector", "dkim_key")}
        given = [name for name, value in dkim.items() if value is not None]
        found = [(given[0], f"needs `{name}` as well") for name, value in dkim.items() if given and value is None]
        if self.bounces is None:
            try:
                forms.BOUNCES.read(self.sender.rpartition("<")[2].rstrip("> "))
            except ValueError:
                found.append(("sender", f"needs `bounces` as well, {forms.BOUNCES.expected}"))
        return found


class Letters(Entry, frozen=True, kw_only=True):
    """``[print]``: the printing house. ``cut_offs`` are times of day; ``url`` is ``sftp://user@host/folder``."""

    cut_offs: tuple[ClockTime, ...] = ()
    #: whose clock the cut-offs are by; default: that of each sending company
    timezone: Timezone | None = None
    url: Annotated[Sealed, Meta(extra={"form": forms.SFTP_URL})] | None = None
    #: the server's public key
    host_key: Sourced | None = None
    #: the hub's private key
    key: Sealed | None = None

    def contradictions(self) -> list[tuple[str, str]]:
        """Keys that do not go together: the key at fault, and what is wrong with it."""
        if self.url is None:
            return [(name, "needs `url` as well") for name in ("host_key", "key") if getattr(self, name) is not None]
        url = urlsplit(self.url.reveal())
        found = []
        if not url.username:
            found.append(("url", "needs a user name, as in sftp://user@host.example/inbox"))
        if not url.password and self.key is None:
            found.append(("url", "needs `key` as well, or a password"))
        if self.host_key is None:
            found.append(("url", "needs `host_key` as well: a server is known by its key"))
        return found


class PostalAddress(msgspec.Struct, frozen=True, kw_only=True):
    """``[[company.address]]``: one of each type; the company's own fields are the official one."""

    type: Literal["Official", "Billing", "Visiting"]
    street: Line | None = None
    street2: Line | None = None
    post_code: Line | None = None
    city: Line | None = None


class LetterStyle(msgspec.Struct, frozen=True, kw_only=True):
    """``[company.print]``: how the company's letters are printed unless a letter says otherwise."""

    postal_class: PostalClass = field(name="class", default=2)
    colour: bool = False
    duplex: bool = True


class PageStyle(msgspec.Struct, frozen=True, kw_only=True):
    """``[company.style]``: what the pages of the company's documents have of its own."""

    logo: Picture | None = None
    colour: Colour | None = None
    #: lines at the foot of each page, instead of what the document says of the seller
    footer: tuple[Foot, ...] = ()
    #: which side the window of the company's envelopes is at; the country's usual one where it is not said
    window: Literal["left", "right"] | None = None

    def contradictions(self) -> list[tuple[str, str]]:
        """Keys that do not go together: the key at fault, and what is wrong with it."""
        if len(self.footer) > FOOT_LINES:
            return [("footer", f"at most {FOOT_LINES} lines stand at the foot of a page")]
        return []


#: the languages that a mail to a receiver can be in
MAIL_LANGUAGES = ("nb", "sv", "da", "fi", "de", "en")
_BY_LANGUAGE = Meta(extra={"names": forms.choice(MAIL_LANGUAGES)})


class MailStyle(msgspec.Struct, frozen=True, kw_only=True):
    """``[company.mail]``: the mails that the company's documents go out in."""

    #: the name that a mail comes from, without one that of the company; the address is the hub's
    from_name: Text | None = None
    #: where answers go, without one the company's ``email``
    reply_to: Email | None = None
    #: by language; without one for the receiver's language the hub's own words
    subject: Annotated[dict[str, Annotated[str, Meta(extra={"form": forms.MAIL_SUBJECT})]], _BY_LANGUAGE] = field(
        default_factory=dict
    )
    body: Annotated[dict[str, Annotated[str, Meta(extra={"form": forms.MAIL_BODY})]], _BY_LANGUAGE] = field(
        default_factory=dict
    )
    #: the document goes along as it came, beside its page
    attach_xml: bool = False


class User(msgspec.Struct, frozen=True, kw_only=True):
    """``[[company.user]]``: a person who works for the company. A reader changes nothing."""

    email: Login
    password: Hashed
    role: Literal["company", "reader"] = "company"


class Company(Entry, frozen=True, kw_only=True):
    """``[[company]]``: whoever sends and receives through the hub."""

    key: Annotated[str, Meta(extra={"form": forms.NAME, "unique": "company"})]
    name: Text
    country: Country
    #: the number of the company in its country's register; check digits are not verified
    business_id: Text
    vat_id: Text | None = None
    #: electronic addresses; the first is the default
    addresses: tuple[Address, ...] = ()
    street: Line | None = None
    post_code: Line | None = None
    city: Line | None = None
    email: Email | None = None
    phone: Line | None = None
    contact: Line | None = None
    language: Language = "en"
    iban: Text | None = None
    bic: Text | None = None
    contracts: tuple[Literal["send", "receive"], ...]
    credits: Credits = "postpaid"
    receive_as: Syntax = "original"
    #: how its documents may leave: to receivers of a network, of this hub among them, by e-mail, on paper; none: all
    ways: tuple[Literal["network", "email", "print"], ...] = ()
    www: Line | None = None
    additional_name: Line | None = None
    customer_number: Line | None = None
    #: default: that of the country, see :func:`fakturahub.clock.zone_for`
    timezone: Timezone | None = None
    #: everything but the delivery
    test_mode: bool = False
    #: for documents that rules exist for
    validation: Literal["reject", "warn", "off"] = "reject"
    #: what happens where the seller in the document is not this company
    seller_mismatch: Literal["warn", "reject"] = "warn"
    #: a conversion may lose what the target cannot carry; it is reported
    allow_loss: bool = True
    postal_addresses: Annotated[tuple[PostalAddress, ...], Meta(extra={"keyed_by": "type"})] = field(
        name="address", default=()
    )
    letters: LetterStyle = field(name="print", default=LetterStyle())
    style: PageStyle = PageStyle()
    mail: MailStyle = MailStyle()
    users: Annotated[tuple[User, ...], Meta(extra={"keyed_by": "email"})] = field(name="user", default=())
    #: the sections of dialects, by name
    sections: Annotated[Mapping[str, Any], Meta(extra={"internal": True})] = field(default_factory=dict)

    def section(self, of: type[Struct]) -> Struct | None:
        """The section of that type, None where the company does not speak that dialect."""
        return next((section for section in self.sections.values() if isinstance(section, of)), None)


class Application(Entry, frozen=True, kw_only=True):
    """``[[application]]``: a program that may call the Vertex API. ``tenants``: it sees only these; empty means any."""

    client_id: ClientId
    client_secret: Hashed
    audiences: tuple[Text, ...] = ()
    scopes: tuple[Token, ...] = ()
    tenants: tuple[Token, ...] = ()


class ParticipantAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a participant outside this hub is reached, in the words of its operator."""

    address: Text
    operator: Text | None = None
    operator_id: Text | None = None


class Participant(Entry, frozen=True, kw_only=True):
    """``[[participant]]``: a receiver outside this hub."""

    name: Text
    business_id: Text | None = None
    country: Country | None = None
    addresses: tuple[ParticipantAddress, ...] = ()


class Provisioning(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    hub: Hub = Hub()
    operators: Annotated[tuple[Operator, ...], Meta(extra={"keyed_by": "email"})] = field(name="user", default=())
    dialects: Dialects = Dialects()
    prices: tuple[Price, ...] = field(name="price", default=())
    outbound: Outbound = Outbound()
    mail: Mail | None = None
    letters: Letters | None = field(name="print", default=None)
    companies: Annotated[tuple[Company, ...], Meta(extra={"keyed_by": "key"})] = field(name="company", default=())
    applications: Annotated[tuple[Application, ...], Meta(extra={"keyed_by": "client_id"})] = field(
        name="application", default=()
    )
    participants: tuple[Participant, ...] = field(name="participant", default=())
