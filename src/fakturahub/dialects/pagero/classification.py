"""Which of the operator's codes (PUF-020) a refusal has: a table by our error codes, one by rules, one by identifiers.

The list gives each code a few words and no more; what of ours comes under which is [our choice] throughout.
"""

from __future__ import annotations

from collections.abc import Sequence

from fakturahub.exchange.route import GLN
from fakturahub.exchange.validate import OWN
from fakturahub.model import Finding, PartyHeading

#: what has no code of its own: "general validation error"
OTHER = "30300"
#: "recipient not found": the document names nobody whom this hub reaches
NO_RECEIVER = "28500"

#: by our error code
BY_ERROR: dict[str, str] = {
    # -- the transfer and what is in it
    "unknown-document": "13200",  # no business document found: XML of a kind that the hub does not know
    "no-business-document": "13200",  # an archive with none in it
    "empty-body": "13300",  # no data found: a file in an archive without a byte
    "several-documents": "12500",  # too many documents in batch: several where one is asked for
    "several-documents-refused": "12500",  # an archive of several from who may send one
    # -- attachments
    "missing-file": "10100",  # attachment is missing: a file that the document names
    "empty-attachment": "10300",  # attachment is empty
    "attachment-too-large": "10400",  # attachment max size exceeded
    "unreadable-attachment": "20700",  # invalid input in document: base64 that is none
    "attachment-type-refused": "20700",  # the same: a file of a type that is not taken
    # -- the document's own content
    "missing-term": "18400",  # missing value in invoice; some terms have codes of their own, below
    "bad-value": "20700",  # invalid input in document: a date that is none, a number that is too long
    "invalid-document": "18100",  # schematron validation failure; single rules have codes of their own, below
    # -- XML that cannot be read, among others in an archive that can
    "transfer-unreadable": "18500",  # XML validation failed
    "not-xml": "18500",
    "xml-not-well-formed": "18500",
    "wrong-charset": "18500",
    "unknown-charset": "18500",
    "doctype-refused": "18500",
    "xml-too-deep": "18500",
    "xml-too-many-parts": "18500",
    "too-large": "10400",  # a file in an archive beyond the limit
    "zip-unreadable": "18500",  # an archive in an archive, or one that is damaged
    "zip-unsafe": "18500",
    "zip-too-large": "10400",
    # -- the way
    "no-way": NO_RECEIVER,
    # -- sending the same again; told in the answer itself, nothing is stored
    "idempotency-conflict": "11300",  # duplicate interchangeid
}

#: by the term that is missing, before ``missing-term``
BY_MISSING_TERM: dict[str, str] = {
    "BT-2": "14800",  # missing invoice date
    "BT-3": "15200",  # document type missing
    "BT-5": "18513",  # currency code missing
}

#: by the term that cannot be read, before ``bad-value``
BY_BAD_TERM: dict[str, str] = {
    "BT-1": "20300",  # too many characters in invoice number: nothing else makes one unreadable
    "BT-5": "20500",  # invalid currency
    "BT-9": "14100",  # invalid due date
    "BT-40": "20600",  # invalid country code
    "BT-55": "20600",
    "BT-83": "14300",  # invalid OCR (payment reference)
    "BT-109": "14400",  # invalid total net amount
    "BT-110": "14700",  # invalid VAT amount
    "BT-112": "14600",  # invalid total amount
    "BT-115": "14600",
    "BT-131": "14200",  # invalid invoice row amount
}

#: by the rule that is broken; a rule that is not here comes under `SCHEMATRON`
BY_RULE: dict[str, str] = {
    "XSD": "18500",  # XML validation failed: names and order of elements
    "BR-02": "18400",  # the number is missing
    "BR-03": "14800",  # the issue date
    "BR-04": "15200",  # the type code
    "BR-05": "18513",  # the currency
    "BR-06": "18400",  # the seller's name
    "BR-07": "18400",  # the buyer's name
    "BR-08": "18400",  # the seller's postal address
    "BR-10": "18400",  # the buyer's postal address
    "BR-12": "18400",  # the sum of the lines
    "BR-13": "14500",  # the total without VAT: "invalid total net amount, no net amount"
    "BR-14": "18400",  # the total with VAT
    "BR-15": "18400",  # the amount due
    "BR-16": "18532",  # there is no line
    "BR-45": "18542",  # the taxable amount of a VAT category
    "BR-46": "18521",  # the tax amount of a VAT category
    "BR-23": "18501",  # the unit of a line
    "BR-CO-04": "18400",  # the VAT category of a line
    "BR-CO-09": "14900",  # a VAT identifier without its country; which party's it is, its message says
    "BR-CO-10": "14400",  # the sum of the lines is wrong
    "BR-CO-13": "14400",  # the total without VAT
    "BR-CO-14": "14700",  # the total VAT
    "BR-CO-15": "14600",  # the total with VAT
    "BR-CO-16": "14600",  # the amount due
    "BR-CO-17": "14700",  # the VAT of a category
    "BR-CO-25": "14100",  # neither due date nor terms
    "BR-CL-04": "20500",  # a currency that is none
    "BR-CL-14": "20600",  # a country that is none
    "PEPPOL-EN16931-R003": "18554",  # neither order nor buyer reference
    "PEPPOL-EN16931-R010": "28400",  # the buyer's electronic address, by which a registry would know it
    "PEPPOL-EN16931-R020": "28300",  # the seller's electronic address: "missing sender Electronic ID"
    "PEPPOL-EN16931-R120": "14200",  # the net amount of a line
}
#: a rule of a schematron that has no code of its own: "schematron validation failure"
SCHEMATRON = "18100"


def of_findings(findings: Sequence[Finding], seller: PartyHeading) -> str:
    """The code for a document that was rejected for *findings*, the fatal ones; *seller* as it names it.

    The hub's own refusal stands first and decides. Of rules their common code; where they come under several, that of
    broken rules as such.
    """
    if not findings:
        return OTHER
    first = findings[0]
    if first.pack in (None, OWN):
        return of_error(first.rule, first.term, seller)
    codes = {BY_RULE.get(one.rule, SCHEMATRON) for one in findings if one.pack is not None}
    return codes.pop() if len(codes) == 1 else SCHEMATRON


def of_error(code: str, term: str | None = None, seller: PartyHeading | None = None) -> str:
    """The code for one of the hub's own, of *term*."""
    if code == "seller-mismatch":
        return _of_seller(seller or PartyHeading())
    terms = {"missing-term": BY_MISSING_TERM, "bad-value": BY_BAD_TERM}.get(code, {})
    return terms.get(term or "") or BY_ERROR.get(code, OTHER)


def _of_seller(seller: PartyHeading) -> str:
    """By what the document names a seller that is not the sender: the first of these that it states."""
    endpoint = seller.endpoint
    if any(one.scheme == GLN for one in (endpoint, *seller.identifiers) if one is not None):
        return "11400"  # sender party not equals customer GLN
    if seller.business_id is not None:
        return "11700"  # ... org no
    if seller.vat_id is not None:
        return "11800"  # ... VAT no
    if seller.identifiers or endpoint is not None:
        return "11600"  # ... no id
    return "11500"  # ... name
