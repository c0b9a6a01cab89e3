"""The types of settings, and the provisioning file that they are read from.

``tables`` has the file's tables, ``kinds`` the kinds of values they are made of (dialects make their sections from the
same), ``forms`` how each value is written; ``shape`` and ``reading`` turn TOML into these types, ``lines`` knows the
line of every key, ``loading`` reads a whole file. Nothing here opens a connection, a database or a log.
"""

from fakturahub.config.forms import StatusCodes, routing_form, status_codes
from fakturahub.config.loading import load
from fakturahub.config.push import HttpPush
from fakturahub.config.secret import Kept, Secret
from fakturahub.config.tables import (
    SYNTAXES,
    Application,
    Company,
    Dialects,
    DialectSection,
    Entry,
    Hub,
    Letters,
    LetterStyle,
    Mail,
    MailStyle,
    Operator,
    Outbound,
    Participant,
    ParticipantAddress,
    PostalAddress,
    Price,
    Provisioning,
    Sections,
    User,
)

__all__ = [
    "SYNTAXES",
    "Application",
    "Company",
    "DialectSection",
    "Dialects",
    "Entry",
    "HttpPush",
    "Hub",
    "Kept",
    "LetterStyle",
    "Letters",
    "Mail",
    "MailStyle",
    "Operator",
    "Outbound",
    "Participant",
    "ParticipantAddress",
    "PostalAddress",
    "Price",
    "Provisioning",
    "Secret",
    "Sections",
    "StatusCodes",
    "User",
    "load",
    "routing_form",
    "status_codes",
]
