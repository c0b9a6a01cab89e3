"""The cover of a letter and of a payslip: the address in the window, and what little there is to say of what follows.

The pages of a letter and the details of a payslip are files of their own; the cover is for the envelope. A payslip's
personal identity code stands on no cover: the window shows what is at the top of the page.
"""

from __future__ import annotations

from datetime import date

from fakturahub.model.letter import Letter, LetterParty
from fakturahub.model.payslip import Payslip, PayslipAddress
from fakturahub.render import figures, labels
from fakturahub.render.parties import identifier
from fakturahub.render.parts import Field, Paragraph, PartyBlock, Sheet, Style, Total
from fakturahub.render.texts import Texts

#: names, streets and titles that are shown, of each
_MOST_LINES = 6


def letter_sheet(letter: Letter, language: str, style: Style, today: date | None) -> Sheet:
    """The cover of *letter*, dated *today*."""
    texts = Texts()
    home = (letter.sender.address and letter.sender.address.country) or "FI"
    facts = []
    if letter.number:
        facts.append(Field(labels.text(language, "fact.letter_number"), texts.line(letter.number, 60)))
    if today is not None:
        facts.append(Field(labels.text(language, "fact.credit_date"), figures.day(today, language)))
    sender = _letter_party(letter.sender, texts, language, home)
    return Sheet(
        language=language,
        kind="letter",
        title=labels.text(language, "document.letter"),
        number=texts.line(letter.number, 60),
        country=home.upper(),
        style=style,
        sender=sender,
        sender_title=labels.text(language, "party.sender"),
        receiver=_letter_party(letter.recipient, texts, language, home, with_id=False),
        facts=tuple(facts),
        notes=(Paragraph(text=labels.text(language, "page.letter_pages")),) if letter.files else (),
        footer=style.footer[:4] or (sender.name,),
        page_label=labels.text(language, "page.page"),
        of_label=labels.text(language, "page.of"),
    )


def _letter_party(party: LetterParty, texts: Texts, language: str, home: str, *, with_id: bool = True) -> PartyBlock:
    names = [texts.line(name) for name in party.names[:_MOST_LINES]]
    address = party.address
    lines: list[str] = names[1:]
    if address is not None:
        lines += [texts.line(street, 120) for street in address.streets[:_MOST_LINES]]
        lines.append(f"{texts.line(address.post_code, 20)} {texts.line(address.town, 80)}".strip())
        if address.country and address.country.upper() != home.upper():
            lines.append(figures.country(address.country, language).upper())
    fields: tuple[Field, ...] = ()
    if with_id and party.identifier:
        fields = (Field(labels.text(language, "party.legal_id"), texts.line(party.identifier, 60)),)
    name = names[0] if names else ""
    return PartyBlock(name=name, address=tuple(line for line in lines if line), fields=fields)


def payslip_sheet(payslip: Payslip, language: str, style: Style) -> Sheet:
    """The cover of *payslip*: who pays whom, when and how much."""
    texts = Texts()
    stated = (
        ("payslip_number", texts.line(payslip.number, 60)),
        ("pay_date", "" if payslip.pay_date is None else figures.day(payslip.pay_date, language)),
        ("employee_number", texts.line(payslip.employee.number, 60) if payslip.employee else ""),
    )
    facts = [Field(labels.text(language, f"fact.{key}"), value) for key, value in stated if value]
    sender = _payslip_party(payslip.sender, texts, language)
    payer = texts.line(payslip.payer)
    fields = tuple(Field(labels.text(language, "party.legal_id"), identifier(one, texts)) for one in payslip.payer_ids)
    sender = PartyBlock(name=payer or sender.name, address=sender.address, fields=fields)
    totals: tuple[Total, ...] = ()
    if payslip.net is not None:
        label = texts.line(payslip.net_label, 100) or labels.text(language, "sums.net_pay")
        totals = (Total(label=label, amount=figures.amount(payslip.net, language, "EUR"), currency="EUR", strong=True),)
    title = labels.text(language, "document.payslip")
    said = [texts.line(one) for one in payslip.titles[:_MOST_LINES] if one]
    # Many writers say only that it is a payslip, in their own language.
    titles = {labels.text(one, "document.payslip").casefold() for one in labels.LANGUAGES}
    notes = [Paragraph(text=one) for one in said if one.casefold() not in titles]
    if payslip.files:
        notes.append(Paragraph(text=labels.text(language, "page.payslip_pages")))
    receiver = _payslip_party(payslip.recipient, texts, language)
    if not receiver.name and payslip.employee is not None:
        employee = payslip.employee
        name = f"{texts.line(employee.fore_name, 100)} {texts.line(employee.surname, 100)}".strip()
        receiver = PartyBlock(name=name, address=receiver.address)
    return Sheet(
        language=language,
        kind="payslip",
        title=title,
        number=texts.line(payslip.number, 60),
        country="FI",
        style=style,
        sender=sender,
        sender_title=labels.text(language, "party.payer"),
        receiver=receiver,
        facts=tuple(facts),
        totals=totals,
        notes=tuple(notes),
        footer=style.footer[:4] or (sender.name,),
        page_label=labels.text(language, "page.page"),
        of_label=labels.text(language, "page.of"),
    )


def _payslip_party(address: PayslipAddress | None, texts: Texts, language: str) -> PartyBlock:
    if address is None:
        return PartyBlock()
    person = f"{texts.line(address.fore_name, 100)} {texts.line(address.surname, 100)}".strip()
    names = [name for name in (person, *(texts.line(one) for one in address.names[:_MOST_LINES])) if name]
    lines = [texts.line(line, 120) for line in address.lines[:_MOST_LINES]]
    lines.append(f"{texts.line(address.post_code, 20)} {texts.line(address.town, 80)}".strip())
    country = address.country or "FI"
    if len(country) == 2 and country.upper() != "FI":
        lines.append(figures.country(country, language).upper())
    return PartyBlock(name=names[0] if names else "", address=tuple(line for line in (*names[1:], *lines) if line))
