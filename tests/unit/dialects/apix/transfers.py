"""Transfers as programs build them, and documents to put into them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj <<>> endobj\n%%EOF\n"
PICTURE, ATTACHMENT = "APIX_PDFFILE", "APIX_ATTACHMENT"


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def urls(*links: tuple[str, str]) -> str:
    """Links as a Finvoice has them: all names, then all texts."""
    names = "".join(f"<InvoiceUrlNameText>{name}</InvoiceUrlNameText>\n" for name, _ in links)
    return names + "".join(f"<InvoiceUrlText>{text}</InvoiceUrlText>\n" for _, text in links)


def finvoice(
    number: str = "1001", *links: tuple[str, str], head: str = '<?xml version="1.0"?>\n', note: str = ""
) -> bytes:
    """A small Finvoice."""
    return (
        f'{head}<Finvoice Version="3.0"><SellerPartyDetails><SellerOrganisationName>Virta Sähkö Oy'
        f"</SellerOrganisationName></SellerPartyDetails><BuyerPartyDetails><BuyerOrganisationName>Ostaja Oy{note}"
        "</BuyerOrganisationName></BuyerPartyDetails><InvoiceDetails><InvoiceTypeCode>INV01</InvoiceTypeCode>"
        f"<InvoiceNumber>{number}</InvoiceNumber></InvoiceDetails><InvoiceRow/><EpiDetails/>\n{urls(*links)}</Finvoice>"
    ).encode()


def frame(number: str = "1001") -> str:
    """A transmission frame, as the banks have it: before the invoice, with no XML declaration."""
    return (
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:eb="http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd"><SOAP-ENV:Header>'
        '<eb:MessageHeader xmlns:eb="http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd">'
        "<eb:From><eb:PartyId>003727901319</eb:PartyId><eb:Role>Sender</eb:Role></eb:From>"
        f"<eb:MessageData><eb:MessageId>{number}</eb:MessageId></eb:MessageData></eb:MessageHeader></SOAP-ENV:Header>"
        "<SOAP-ENV:Body/></SOAP-ENV:Envelope>\n"
    )


def letter(number: str = "7", pdf: str | None = "letter.pdf") -> bytes:
    links = urls((PICTURE, f"file://{pdf}")) if pdf else ""
    return f'<Letter Version="1.0"><DocumentID>{number}</DocumentID>{links}</Letter>'.encode()


def payslips(*slips: tuple[str, Sequence[tuple[int, str]]]) -> bytes:
    """Payslips of persons, by message id, each with the files that it names by their index."""
    inner = "".join(
        f"<Payslip><Version>2.0</Version><HeaderData><MessageId>{number}</MessageId><Attachments>"
        + "".join(
            f"<Attachment><AttachmentIndex>{index}</AttachmentIndex><Filename>{name}</Filename></Attachment>"
            for index, name in files
        )
        + "</Attachments></HeaderData><Employee><Identity><EmployeeIdentity><PersonID>010199A123X</PersonID>"
        "</EmployeeIdentity></Identity></Employee></Payslip>"
        for number, files in slips
    )
    return f'<Payslips xmlns="http://www.tieke.fi/schema/payslipxml/2.0">{inner}</Payslips>'.encode()
