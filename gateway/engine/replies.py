"""Sends what waits in the outbox: one GSM-7 segment, rendered at the last moment."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from pydantic import SecretStr
from sqlalchemy import bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from gateway.carriers import (
    Accepted,
    Carrier,
    CarrierError,
    CarrierMisconfigured,
    OurLine,
    RecipientOptedOut,
    SendLater,
    SendUnknown,
)
from gateway.codes import code_of
from gateway.confirmation_words import word_of
from gateway.engine import fallback, requests
from gateway.engine.allowances import Allowances, Exceeded, Stage
from gateway.engine.deliveries import accept, keep_stray
from gateway.engine.outbox import OUR_LINE
from gateway.engine.strays import FIRST_SOUGHT
from gateway.engine.vouching import closed_country
from gateway.records import OutboundMessage, Phone
from gateway.records.audit import Event
from gateway.records.base import table_of
from gateway.records.database import Database
from gateway.records.letters import Letter, change_text, letter_by_id
from gateway.records.messages import OutboundState
from gateway.records.opt_outs import opt_out
from gateway.records.policies import policy_for
from gateway.records.requests import alive_request
from gateway.seal import Seal
from gateway.wording import (
    CHATTER,
    TO_OPTED_OUT,
    TO_UNVERIFIED,
    needs_code,
    needs_password,
    needs_word,
    render,
)

log = structlog.get_logger()

VALIDITY_SECONDS: Final = 300
"""How long the carrier may hold a text back; a later one could carry a dead password."""

UNKNOWN_WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 45))
"""After an unknown outcome the very same text is sent again, so often and then no more.

It may arrive twice; a password that was set and never told would be worse.
"""

MISCONFIGURED_WAIT: Final = timedelta(seconds=30)


class Replies:
    """Delivers waiting texts. Safe to call twice, from anywhere, at any time."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        carrier: Carrier,
        now: Callable[[], datetime],
        allowances: Allowances,
        line: OurLine,
    ) -> None:
        self._database = database
        self._seal = seal
        self._carrier = carrier
        self._now = now
        self._allowances = allowances
        self._line = line

    def deliver(self, message_id: int) -> None:
        """Send one text if it waits and nobody else is sending it."""
        with self._database.transaction() as session:
            letter = self.take(session, message_id)
        if letter:
            self.send(letter)

    def take(self, session: Session, message_id: int) -> Letter | None:
        """Take hold of a waiting text for a lease; None where there is nothing to send."""
        now = self._now()
        wanted = {"message_id": message_id, "now": now, "until": now + requests.LEASE}
        wanted |= {"sought": now + FIRST_SOUGHT, "our_line": self._line.sender}
        if session.connection().execute(_TAKE, wanted).rowcount == 0:
            return None
        return self.held(session, message_id)

    def held(self, session: Session, message_id: int) -> Letter | None:
        """A text that is held already, if it is still worth sending."""
        letter = letter_by_id(session, message_id)
        if letter is None:
            return None
        reason = _hopeless(letter, self._now()) or _superseded(session, letter)
        if reason := reason or closed_country(session, self._seal, letter):
            self._fail(session, letter, reason)
            return None
        return letter

    def send(self, letter: Letter) -> None:
        """Hand a text that was taken to the carrier, and keep what came of it."""
        if self._is_too_much(letter):
            return
        result = self._handed_over(letter)
        with self._database.transaction() as session:
            if isinstance(result, Accepted):
                self._accepted(session, letter, result)
            else:
                self._not_accepted(session, letter, result)

    def _is_too_much(self, letter: Letter) -> bool:
        """Whether such texts have been said so often that this one is let go, for good."""
        is_counted = letter.attempt > 1 or letter.request_id is not None
        if is_counted or letter.template not in CHATTER:
            return False
        with self._database.reading() as session:
            about = letter.about
            policy = policy_for(session, letter.tenant_id, letter.organization_id, letter.person_id)
        if not isinstance(self._allowances.answer(Stage.CHATTER, about, policy), Exceeded):
            return False
        ended = {"state": OutboundState.FAILED, "lease_until": None, "ring_at": None}
        with self._database.transaction() as session:
            change_text(
                session, letter.message_id, OutboundState.WAITING, attempt=letter.attempt, **ended
            )
        log.info("reply.let_go", message=letter.message_id, template=letter.template)
        return True

    def _handed_over(self, letter: Letter) -> Accepted | CarrierError:
        body = self._render(letter)
        to = self._seal.unseal(letter.sealed_number)
        try:
            return self._carrier.send(
                letter.sender, to.get_secret_value(), body, VALIDITY_SECONDS, letter.message_id
            )
        except CarrierError as error:
            return error

    def _render(self, letter: Letter) -> SecretStr:
        brand = {"organization": letter.organization, "support": letter.support}
        facts = {**brand, **letter.facts}
        if needs_password(letter.template) and letter.sealed_password:
            facts["password"] = self._seal.unseal(letter.sealed_password).get_secret_value()
        if needs_word(letter.template) and letter.word_seed:
            facts["word"] = word_of(self._seal, letter.word_seed).get_secret_value()
        if needs_code(letter.template) and letter.code_seed:
            facts["code"] = code_of(self._seal, letter.code_seed).get_secret_value()
        return SecretStr(render(letter.template, letter.language, facts))

    def _accepted(self, session: Session, letter: Letter, result: Accepted) -> None:
        """A report may have come before this answer, and told the same or of another copy."""
        if accept(session, letter, result.sid, result.status, self._now()):
            return
        current = letter_by_id(session, letter.message_id)
        log.info("reply.overtaken", message=letter.message_id, attempt=letter.attempt)
        if current is None or current.sid != result.sid:
            keep_stray(session, result.sid, self._now())

    def _not_accepted(self, session: Session, letter: Letter, error: CarrierError) -> None:
        log.warning(
            "reply.not_accepted",
            message=letter.message_id,
            error=type(error).__name__,
            code=error.code,
            attempt=letter.attempt,
        )
        is_unknown = isinstance(error, SendUnknown)
        unknowns = letter.unknown_outcomes + is_unknown
        lost = {"seek_at": self._now() + FIRST_SOUGHT} if is_unknown else {}
        wait = _wait(letter.attempt, unknowns, error)
        if isinstance(error, RecipientOptedOut):
            _shut(session, letter.phone_id, self._now())
        if wait is None:
            self._fail(session, letter, _reason(error), error_code=error.code, **lost)
        elif not change_text(
            session,
            letter.message_id,
            OutboundState.WAITING,
            attempt=letter.attempt,
            error_code=error.code,
            unknown_outcomes=unknowns,
            lease_until=None,
            ring_at=self._now() + wait,
            **lost,
        ):
            log.info("reply.overtaken", message=letter.message_id, attempt=letter.attempt)

    def _fail(self, session: Session, letter: Letter, reason: str, **values: Any) -> None:
        """It will not be sent: a person may be waiting for it, so this is said loudly."""
        values |= {"state": OutboundState.FAILED, "lease_until": None, "ring_at": None}
        if change_text(
            session, letter.message_id, OutboundState.WAITING, attempt=letter.attempt, **values
        ):
            log.error(
                "reply.failed",
                message=letter.message_id,
                template=letter.template,
                reason=reason,
            )
            fallback.not_reached(session, letter, Event.REPLY_FAILED, reason, self._now())


_texts: Final = table_of(OutboundMessage).c
_TAKE: Final = (
    update(table_of(OutboundMessage))
    .where(
        _texts.id == bindparam("message_id"),
        _texts.state == OutboundState.WAITING,
        or_(_texts.lease_until.is_(None), _texts.lease_until <= bindparam("now")),
    )
    .values(
        attempt=_texts.attempt + 1,
        lease_until=bindparam("until"),
        ring_at=bindparam("until"),
        sender=case((_texts.sender == OUR_LINE, bindparam("our_line")), else_=_texts.sender),
        seek_at=case((_texts.lease_until.is_not(None), bindparam("sought")), else_=_texts.seek_at),
    )
)
"""Whoever held it before and never gave it back may have handed it over: a copy is sought."""
_NEWER: Final = (
    select(OutboundMessage.id)
    .where(
        OutboundMessage.phone_id == bindparam("phone_id"),
        OutboundMessage.request_id > bindparam("request_id"),
    )
    .limit(1)
)


def _hopeless(letter: Letter, now: datetime) -> str | None:
    if letter.expires_at <= now:
        return "expired"
    if letter.opted_out_at and letter.template not in TO_OPTED_OUT:
        return "opted_out"
    if needs_word(letter.template) and not letter.word_seed:
        return "word_ended"
    if letter.verified_at is None and letter.template not in TO_UNVERIFIED:
        return "phone_shut"
    if needs_code(letter.template) and not letter.code_seed:
        return "code_ended"
    if needs_password(letter.template) and not letter.sealed_password:
        return "password_erased"
    return None


def _superseded(session: Session, letter: Letter) -> str | None:
    """What would now be false: an older answer after a newer one, or "wait" after the answer.

    A password is never held back for this: no newer request is opened before it was sent. Nor is
    what a word has let go on: it is newer than its request.
    """
    if letter.template == "busy":
        return None if alive_request(session, letter.person_id) else "superseded"
    if letter.answers is None or letter.confirmed_at or needs_password(letter.template):
        return None
    wanted = {"phone_id": letter.phone_id, "request_id": letter.request_id}
    return "superseded" if session.connection().execute(_NEWER, wanted).first() else None


def _shut(session: Session, phone_id: int, now: datetime) -> None:
    """The carrier knows of a STOP that never reached us."""
    phone = session.get_one(Phone, phone_id)
    opt_out(session, [phone.number_index], phone.sealed_number, now)


def _wait(attempt: int, unknowns: int, error: CarrierError) -> timedelta | None:
    """How long to wait before the same text is tried again, or None for no more."""
    match error:
        case SendLater():
            return timedelta(seconds=min(30, 2**attempt) * random.uniform(0.5, 1))  # noqa: S311  (jitter)
        case SendUnknown() if unknowns <= len(UNKNOWN_WAITS):
            return UNKNOWN_WAITS[unknowns - 1]
        case CarrierMisconfigured():
            return MISCONFIGURED_WAIT
        case _:
            return None


def _reason(error: CarrierError) -> str:
    name = {RecipientOptedOut: "opted_out", SendUnknown: "unknown"}.get(type(error), "refused")
    return f"{name}_{error.code}" if error.code else name
