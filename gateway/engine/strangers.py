"""Texts from numbers that are nobody's: silence, or a word that tells nothing of anybody."""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from gateway.engine.inbound import Handled, Heard
from gateway.engine.opting import remember
from gateway.policy import Scope
from gateway.records.policies import PolicyValue
from gateway.seal import Seal
from handlers.conversation import Answer, OptIn, OptOut

log = structlog.get_logger()


def answer_stranger(
    session: Session, seal: Seal, heard: Heard, answer: Answer | None, *, carrier_answers: bool
) -> Handled:
    """Nobody's number. Whether anybody's account exists cannot be told from the answer.

    Where we answer STOP ourselves, it is confirmed to whoever sent it, as carriers ask.
    """
    log.info("text.unknown_sender", sid=heard.text.sid, sender=heard.text.sender.masked)
    if isinstance(answer, OptOut | OptIn):
        remember(session, seal, heard, answer)
        told = "stopped" if isinstance(answer, OptOut) and not carrier_answers else ""
        return Handled("unknown_sender", stranger_template=told)
    wanted = answer is not None and session.scalar(_SOMEBODY_WANTS_IT)
    return Handled("unknown_sender", stranger_template="stranger" if wanted else "")


_SOMEBODY_WANTS_IT: Final = select(
    exists().where(
        PolicyValue.scope == Scope.TENANT,
        PolicyValue.name == "unknown_sender_reply",
        PolicyValue.value == "on",
    )
)
