"""Namespaces of the Cross Industry Invoice, in the form lxml names elements with."""

_STANDARD = "urn:un:unece:uncefact:data:standard:"

INVOICE = f"{_STANDARD}CrossIndustryInvoice:100"

RSM = f"{{{INVOICE}}}"
RAM = f"{{{_STANDARD}ReusableAggregateBusinessInformationEntity:100}}"
UDT = f"{{{_STANDARD}UnqualifiedDataType:100}}"
QDT = f"{{{_STANDARD}QualifiedDataType:100}}"

#: UNTDID 1001: what an AdditionalReferencedDocument is. Source: the EN 16931 binding to CII.
TENDER = "50"
INVOICED_OBJECT = "130"
SUPPORTING = "916"
