"""Sending: a transfer becomes one submission, what became of its documents one answer (specification 6.1 to 6.3)."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Sequence
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response

from fakturahub.clock import new_id
from fakturahub.dialects.apix import sent, texts, wire
from fakturahub.dialects.apix.answers import BatchAnswer, Told, answered
from fakturahub.dialects.apix.balance import POSTPAID
from fakturahub.dialects.apix.callers import Callers
from fakturahub.dialects.apix.deletions import DELETED, deletion_of, receiver_hash
from fakturahub.dialects.apix.errors import incident
from fakturahub.dialects.apix.payslips import payslips
from fakturahub.dialects.apix.sent import Sent, Transfer
from fakturahub.dialects.apix.texts import Text
from fakturahub.dialects.apix.wire import CONTENT_TYPE
from fakturahub.dialects.surface import Parts, call_of, read_body
from fakturahub.errors import InvalidDocument
from fakturahub.exchange.choose import LETTER
from fakturahub.exchange.submit import Accepted, Judged
from fakturahub.identity.companies import Company
from fakturahub.intake.limits import BODY_LIMIT
from fakturahub.model import Answer, Finding, Medium, Mode, Part, Severity, Submission

#: transfers that one process takes apart at a time; one may have `intake.limits.ZIP.total` bytes unpacked
TAKEN_APART_AT_ONCE = 2

Apart = Callable[[bytes], Transfer]


class Batches:
    """The calls that send."""

    def __init__(self, parts: Parts, callers: Callers) -> None:
        self._parts = parts
        self._callers = callers
        self._room = asyncio.Semaphore(TAKEN_APART_AT_ONCE)

    async def invoices(self, request: Request) -> Response:
        """``PUT /invoices?soft&ver&TraID&t&d``: one or several invoices, each with its picture and its attachments."""
        company, query = self._callers.company(request, contract="send")
        soft, interfaces = query.get("soft").form, self._callers.hub.interfaces
        return await self._sent(
            request, company, lambda body: sent.invoices(body, soft=soft, interfaces=interfaces), soft
        )

    async def print(self, request: Request) -> Response:
        """``PUT /print?soft&ver&TraID&t&d``: one or several letters, each with its PDF."""
        company, query = self._callers.company(request, contract="send")
        return await self._sent(request, company, sent.letters, query.get("soft").form)

    async def sendpayslip(self, request: Request) -> Response:
        """``PUT /sendpayslip?TraID&t&d``: payslips, each with its picture and its other files."""
        company, _ = self._callers.company(request, contract="send")
        hub = self._callers.hub
        ways = {
            **dict.fromkeys(hub.payslips_by_mail, Medium.EMAIL),
            **dict.fromkeys(hub.payslips_on_paper, Medium.PRINT),
        }
        return await self._sent(request, company, lambda body: payslips(body, ways), None, payslip=True)

    async def senderpayslip(self, request: Request) -> Response:
        """``DELETE /senderpayslip?TraID&t&hash&date&D``: takes a payslip back, and erases it (specification 7.5)."""
        company, query = self._callers.company(request, contract="send")
        deletion = deletion_of(query.get("hash").form, query.get("date").form)
        await self._parts.payslips.erase(
            company,
            deletion.payslip_id,
            deletion.day,
            lambda person: hmac.compare_digest(receiver_hash(person), deletion.receiver_hash),
        )
        return wire.ok("7PS00", [DELETED])

    async def _sent(
        self, request: Request, company: Company, apart: Apart, soft: str | None, *, payslip: bool = False
    ) -> Response:
        call = call_of(request)
        body = await read_body(request, BODY_LIMIT["apix"])
        async with self._room:
            transfer = await asyncio.to_thread(apart, body)
        at = self._parts.clock.now()
        submission = Submission(
            id=new_id(at),
            company_id=company.id,
            dialect="apix",
            data=body,
            mode=Mode.TEST if call.test else Mode.PROD,
            at=at,
            declared_type=soft,
            request_id=call.request_id,
            parts=tuple(Part(one.data, one.files, one.refusal, one.prefer) for one in transfer.documents),
            # a program takes OK for sent: what finds no way has to be told at once
            must_leave=True,
        )
        left = await self._parts.balances.left(company)

        def compose(accepted: Accepted) -> Answer:
            batch = batch_of(accepted, transfer, left, payslips=payslip)
            stamp = incident(_code(accepted)) if batch.is_refused() else ""
            return Answer(200, CONTENT_TYPE, answered(batch, stamp=stamp))

        answer, _ = await self._parts.exchange.submit(submission, company, compose)
        return Response(answer.body, answer.status, {"content-type": answer.content_type})


def batch_of(accepted: Accepted, transfer: Transfer, left: Decimal | None, *, payslips: bool = False) -> BatchAnswer:
    """What is told of a submission: the figures are those of the ways that were decided.

    *left* is what the sender had before, None where it pays afterwards. A test spends nothing of it.
    """
    ways = [one.decision for one in accepted.documents if one.decision is not None]
    cost = sum((one.price for one in ways if one.price is not None), Decimal(0))
    letters = [one for one in ways if one.channel == LETTER]
    spent = cost if accepted.submission.mode is Mode.PROD else Decimal(0)
    return BatchAnswer(
        id=accepted.submission.id,
        balance=POSTPAID if left is None else left - spent,
        cost=cost,
        networked=len(ways) - len(letters),
        letters=len(letters),
        letter_pages=sum(one.pages or 0 for one in letters),
        documents=tuple(_told(one, part) for one, part in zip(accepted.documents, transfer.documents, strict=True)),
        payslips=payslips,
    )


def _told(judged: Judged, part: Sent) -> Told:
    name = judged.number or str(part.position)
    if judged.refusal is None:
        return Told(name, True, _remarks(name, judged.findings, part.remarks))
    if isinstance(judged.refusal, InvalidDocument):
        return Told(name, False, texts.of_findings(name, judged.findings, refused=True))
    return Told(name, False, texts.of_refusal(name, judged.refusal))


def _remarks(name: str, findings: Sequence[Finding], remarks: Sequence[str]) -> Text | None:
    put_right = [Finding("", Severity.WARNING, remark) for remark in remarks]
    return texts.of_findings(name, [*findings, *put_right], refused=False)


def _code(accepted: Accepted) -> str:
    """The code of the first refusal, for the log."""
    return next((one.refusal.code for one in accepted.documents if one.refusal is not None), "document-refused")
