"""UBL 2.1 invoices and credit notes and what is built on their shape: Peppol BIS 3, EHF 3, XRechnung 3, PUF, VRBL."""

from fakturahub.formats.syntax import Syntax
from fakturahub.formats.ubl.detect import detect
from fakturahub.formats.ubl.embedded import attachments
from fakturahub.formats.ubl.heading import heading
from fakturahub.formats.ubl.read import read
from fakturahub.formats.ubl.write import WRITERS

SYNTAX = Syntax(family="ubl", detect=detect, heading=heading, attachments=attachments, read=read, writers=WRITERS)
