"""What the answers of a mail server mean for a delivery. Pure.

Codes from 400 on are temporary, from 500 on permanent (RFC 5321, 4.2.1). Permanent for the delivery they are only where
they speak of its mailboxes or of the mail itself: a server that refuses the hub, its login or its sender refuses every
mail, and that is the operator's to put right.
"""

from __future__ import annotations

from fakturahub.channels.email.composing import Mail
from fakturahub.model import Fault, Outcome, Record, Result
from fakturahub.model.outgoing import KEPT_OF_ANSWER
from fakturahub.outbound.smtp_talk import Handover, Reply, Stage

_WORDS = {
    Stage.CONNECT: "refused the hub",
    Stage.TLS: "refused STARTTLS",
    Stage.LOGIN: "refused the login; compare user and password in `url` of `[mail]`",
    Stage.SENDER: "refused the hub's sender; compare `sender` and `bounces` of `[mail]` with what the server allows",
    Stage.RECIPIENTS: "refused the recipients",
    Stage.DATA: "refused the mail",
}
#: RFC 5321, 4.2.2 and RFC 6531: what a server says at MAIL of this mail, not of its sender
_OF_THE_MAIL = frozenset({552, 553, 555})


def outcome_of(handover: Handover, mail: Mail, server: str) -> Outcome:
    """The outcome of handing *mail* to *server*, host and port."""
    record = _record(handover, mail, server)
    reply, stage = handover.reply, handover.stage
    if stage is Stage.DONE:
        return Outcome(Result.DELIVERED, _taken(handover, mail, server), record, receipt=mail.returns_to)
    if handover.trouble is not None:
        detail = handover.trouble.detail
        if stage is Stage.DATA and handover.trouble.connected:
            detail += " The mail may have been taken; it will be sent again with the same Message-ID."
        return Outcome(Result.RETRY, detail, record, handover.trouble.fault)
    if stage is Stage.RECIPIENTS and handover.refused and (reply is None or reply.code != 421):
        return _refused(handover, server, record)
    detail = refusal(handover, server)
    of_the_mail = stage is Stage.DATA or (stage is Stage.SENDER and reply is not None and reply.code in _OF_THE_MAIL)
    if of_the_mail and reply is not None and reply.permanent:
        return Outcome(Result.FAILED, detail, record)
    # One mail that is put off says nothing of the server; a server that is leaving (421), or lets nobody in, does.
    theirs = stage is Stage.DATA and reply is not None and reply.code != 421
    return Outcome(Result.RETRY, detail, record, Fault.NONE if theirs else Fault.RECEIVER)


def refusal(handover: Handover, server: str) -> str:
    """What kept *server* from taking a mail, in one sentence for the hub's operator."""
    if handover.trouble is not None:
        return handover.trouble.detail
    # RFC 4954, 6 and RFC 3207, 4
    wants_login = handover.reply is not None and handover.reply.code == 530
    words = "wants a login or TLS first; see `url` of `[mail]`" if wants_login else _WORDS[handover.stage]
    return f"{server} {words}: {handover.reply}."


def _taken(handover: Handover, mail: Mail, server: str) -> str:
    taken = f"{server} took the mail for {len(mail.recipients) - len(handover.refused)} of {len(mail.recipients)}"
    if handover.refused:
        return f"{taken} recipients, not for {_named(handover.refused)}."
    return f"{server} took the mail: {handover.reply}."


def _refused(handover: Handover, server: str, record: Record) -> Outcome:
    put_off = [(address, reply) for address, reply in handover.refused if not reply.permanent]
    if put_off:
        return Outcome(Result.RETRY, f"{server} puts the mail off for {_named(put_off)}.", record)
    return Outcome(Result.FAILED, f"{server} refused every recipient: {_named(handover.refused)}.", record)


def _named(refused: tuple[tuple[str, Reply], ...] | list[tuple[str, Reply]]) -> str:
    shown = "; ".join(f"{address} ({reply})" for address, reply in refused[:5])
    return shown if len(refused) <= 5 else f"{shown} and {len(refused) - 5} more"


def _record(handover: Handover, mail: Mail, server: str) -> Record:
    answers = "\n".join(handover.replies)
    return Record(
        server,
        request="\n".join((*handover.commands, "", mail.head)),
        answer=answers[:KEPT_OF_ANSWER],
        sent=len(mail.message) if handover.stage in (Stage.DATA, Stage.DONE) else 0,
        received=sum(len(reply) for reply in handover.replies),
        timings=handover.timings,
    )
