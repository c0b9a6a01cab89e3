"""The Cross Industry Invoice of UN/CEFACT (D16B) as EN 16931 binds it; XRechnung and Factur-X are written in it."""

from fakturahub.formats.cii.detect import detect
from fakturahub.formats.cii.embedded import attachments
from fakturahub.formats.cii.heading import heading
from fakturahub.formats.cii.read import read
from fakturahub.formats.cii.write import write
from fakturahub.formats.syntax import Syntax

SYNTAX = Syntax(
    family="cii", detect=detect, heading=heading, attachments=attachments, read=read, writers={"cii": write}
)
