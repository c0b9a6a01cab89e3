"""The kinds of values that settings are made of: a Python type with the form it takes in the file.

Settings types, those of the dialects among them, annotate their fields with these; see :mod:`fakturahub.config.shape`.
"""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from msgspec import Meta

from fakturahub.config import forms
from fakturahub.config.logo import LOGO, Logo
from fakturahub.config.secret import Secret

#: one line of text that is not empty
Text = Annotated[str, Meta(extra={"form": forms.TEXT})]
#: one line of text, may be empty
Line = Annotated[str, Meta(extra={"form": forms.LINE})]
#: letters, digits, dots, hyphens and underscores
Name = Annotated[str, Meta(extra={"form": forms.NAME})]
#: visible ASCII without blanks
Token = Annotated[str, Meta(extra={"form": forms.TOKEN})]
#: a user name of Basic authentication
Username = Annotated[str, Meta(extra={"form": forms.USERNAME})]
Email = Annotated[str, Meta(extra={"form": forms.EMAIL})]
#: ``Name <name@firm.example>``
Mailbox = Annotated[str, Meta(extra={"form": forms.MAILBOX})]
#: http or https, without credentials and fragment
Url = Annotated[str, Meta(extra={"form": forms.URL})]
RedirectUri = Annotated[str, Meta(extra={"form": forms.REDIRECT_URI})]
#: a host name, claimed by one dialect
HostName = Annotated[str, Meta(extra={"form": forms.HOST, "unique": "host"})]
#: ISO 3166-1 alpha-2
Country = Annotated[str, Meta(extra={"form": forms.COUNTRY})]
#: ISO 639-1
Language = Annotated[str, Meta(extra={"form": forms.LANGUAGE})]
#: a key of the IANA time zone database
Timezone = Annotated[str, Meta(extra={"form": forms.TIMEZONE})]
#: ``scheme:value`` as stated, blanks removed; compare by :func:`~fakturahub.config.forms.routing_form`
Address = Annotated[str, Meta(extra={"form": forms.ADDRESS, "unique": "address"})]
Network = Annotated[IPv4Network | IPv6Network, Meta(extra={"form": forms.NETWORK})]
Duration = Annotated[timedelta, Meta(extra={"form": forms.DURATION})]
#: a time of day without seconds, in the zone of whoever it concerns
ClockTime = Annotated[time, Meta(extra={"form": forms.CLOCK_TIME})]
#: a number of credits, not negative, at most 4 decimals
Amount = Annotated[Decimal, Meta(extra={"form": forms.AMOUNT})]
#: the credits a prepaid company starts with, or ``postpaid``: no limit
Credits = Annotated[Decimal | Literal["postpaid"], Meta(extra={"form": forms.CREDITS})]
StatusCodes = Annotated[forms.StatusCodes, Meta(extra={"form": forms.STATUS_CODES})]
HeaderName = Annotated[str, Meta(extra={"form": forms.HEADER_NAME})]
#: a path into the heading of a document: ``number``, ``seller.name``
Term = Annotated[str, Meta(extra={"form": forms.TERM})]
MediaType = Annotated[str, Meta(extra={"form": forms.MEDIA_TYPE})]
#: the sign-in name of a person, of the hub or of a company
Login = Annotated[str, Meta(extra={"form": forms.EMAIL, "unique": "login"})]
#: the id of a client of the hub's OAuth2 server
ClientId = Annotated[str, Meta(extra={"form": forms.TOKEN, "unique": "client id"})]
#: text that is no secret and is usually kept in a file of its own: a certificate, a public key
Sourced = Annotated[str, Meta(extra={"form": forms.BLOCK, "sourced": True})]
#: a logo: PNG, JPEG or SVG
Picture = Annotated[Logo, Meta(extra={"form": LOGO, "picture": True})]
#: ``#rrggbb``
Colour = Annotated[str, Meta(extra={"form": forms.COLOUR})]
#: a line at the foot of a page
Foot = Annotated[str, Meta(extra={"form": forms.FOOT})]
#: a secret the hub only compares; hashed at rest
Hashed = Annotated[Secret, Meta(extra={"form": forms.BLOCK, "secret": "hashed"})]
#: a secret the hub needs in plain; sealed with the master key at rest
Sealed = Annotated[Secret, Meta(extra={"form": forms.BLOCK, "secret": "sealed"})]
#: a secret that is not stored at all
Withheld = Annotated[Secret, Meta(extra={"form": forms.BLOCK, "secret": "withheld"})]
