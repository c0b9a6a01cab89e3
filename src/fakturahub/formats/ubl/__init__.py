"""UBL 2.1 invoices and credit notes, and the specifications built on them: Peppol BIS 3, EHF 3, XRechnung 3."""

from fakturahub.formats.syntax import Syntax
from fakturahub.formats.ubl.detect import detect
from fakturahub.formats.ubl.embedded import attachments
from fakturahub.formats.ubl.read import heading

SYNTAX = Syntax(family="ubl", detect=detect, heading=heading, attachments=attachments)
