"""Letters 1.0: what Apix wants to know of a letter that it prints and mails; its pages are a PDF beside it.

Source: apix.md 6.2. The schema is not public; the real file and the table there are what this folder goes by.
"""

from fakturahub.formats.letters.detect import detect, split
from fakturahub.formats.letters.read import attachments, heading, read
from fakturahub.formats.letters.write import write
from fakturahub.formats.syntax import Syntax

SYNTAX = Syntax(
    family="letters",
    detect=detect,
    heading=heading,
    attachments=attachments,
    read=read,
    writers={"letters-1.0": write},
    split=split,
)
