"""A text is kept once, matched to its sender, read by the handlers, and its answer carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import handlers
from gateway.engine import requests
from gateway.engine.doorbell import Doorbell, JobName
from gateway.engine.outbox import language_of, write
from gateway.phones import PhoneNumber
from gateway.records import InboundMessage, Phone, Request
from gateway.records.audit import Event, record
from gateway.records.base import insert_once
from gateway.records.database import Database
from gateway.records.people import verified_phones
from gateway.records.requests import alive_request
from gateway.seal import Seal
from handlers.conversation import Account, Answer, Caller, Do, Fact, OptIn, OptOut, Say, Text

log = structlog.get_logger()


class OptOutType(StrEnum):
    """Twilio's Advanced Opt-Out names these; it has answered the person already."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


@dataclass(frozen=True, slots=True)
class InboundText:
    """One text as it came through the door, its shape already proved."""

    sid: str
    sender: PhoneNumber
    our_number: str
    """The number or Messaging Service that was texted; the answer leaves from it."""
    body: str
    opt_out_type: OptOutType | None = None


@dataclass(frozen=True, slots=True)
class Ring:
    """What a worker has to be told once the transaction is committed."""

    job: JobName
    row_id: int


class Inbox:
    """Receives texts. One indexed look-up, one commit, one ring; no directory, no carrier."""

    def __init__(
        self, database: Database, seal: Seal, doorbell: Doorbell, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._seal = seal
        self._doorbell = doorbell
        self._now = now

    def receive(self, text: InboundText) -> None:
        """Keep a text and open what it asks for. A second delivery of it changes nothing.

        Raises DatabaseUnavailable when it could not be kept: the carrier has to try again.
        """
        with self._database.transaction() as session:
            ring = self._keep(session, text)
        if ring:
            self._doorbell.ring(ring.job, ring.row_id)

    def _keep(self, session: Session, text: InboundText) -> Ring | None:
        """Claim the sid first: of simultaneous deliveries exactly one goes on from here."""
        message_id = insert_once(
            session,
            InboundMessage,
            sid=text.sid,
            received_at=self._now(),
            number_index=self._seal.index(text.sender),
            outcome="unknown_sender",
        )
        if message_id is None:
            log.info("text.repeated", sid=text.sid)
            return None
        phones = verified_phones(session, self._seal.indexes(text.sender))
        if not phones:
            log.info("text.unknown_sender", sid=text.sid, sender=text.sender.masked)
            return None
        message = session.get_one(InboundMessage, message_id)
        message.phone_id = phones[0].id
        return self._answer(session, message, phones, text)

    def _answer(
        self,
        session: Session,
        message: InboundMessage,
        phones: Sequence[Phone],
        text: InboundText,
    ) -> Ring | None:
        match _meaning(text, phones):
            case OptOut():
                self._opt_out(session, message, phones)
            case OptIn():
                self._opt_in(session, message, phones)
            case None:
                message.outcome = "carrier_answered"
            case _ if any(phone.opted_out_at for phone in phones):
                message.outcome = "opted_out"  # nothing may be changed that could not be told
            case Say(template, facts):
                message.outcome = f"said_{template}"
                return self._say(session, phones[0], template, facts, text.our_number)
            case Do() as wish:
                return self._open(session, message, wish, phones, text.our_number)
        return None

    def _say(
        self,
        session: Session,
        phone: Phone,
        template: str,
        facts: Mapping[str, Fact],
        sender: str,
    ) -> Ring:
        reply = write(session, phone, template, facts, sender=sender, now=self._now())
        return Ring(JobName.DELIVER, reply.id)

    def _open(
        self,
        session: Session,
        message: InboundMessage,
        wish: Do,
        phones: Sequence[Phone],
        our_number: str,
        *,
        again: bool = False,
    ) -> Ring:
        """Open a request, or join the one that is alive for this account."""
        phone = next(phone for phone in phones if phone.person_id == wish.account.key)
        request = _new_request(phone, wish, our_number, self._now())
        try:
            with session.begin_nested():
                session.add(request)
        except IntegrityError:
            if again:  # whatever stands in the way is not another request
                raise
            return self._join(session, message, wish, phone, our_number)
        message.request_id, message.outcome = request.id, "opened"
        record(session, Event.REQUEST_OPENED, request, self._now(), reason=wish.action)
        return Ring(JobName.PERFORM, request.id)

    def _join(
        self, session: Session, message: InboundMessage, wish: Do, phone: Phone, our_number: str
    ) -> Ring:
        """The same wish gets the answer that is under way; another wish is told to wait."""
        alive = alive_request(session, phone.person_id)
        if alive is None:  # it ended between the two statements: there is room after all
            return self._open(session, message, wish, [phone], our_number, again=True)
        message.request_id, message.outcome = alive.id, "joined"
        record(session, Event.REQUEST_JOINED, alive, self._now(), reason=wish.action)
        if alive.action == wish.action and alive.phone_id == phone.id:
            return Ring(JobName.PERFORM, alive.id)
        return self._say(session, phone, "busy", {"action": alive.action}, our_number)

    def _opt_out(self, session: Session, message: InboundMessage, phones: Sequence[Phone]) -> None:
        message.outcome = "opt_out"
        for phone in phones:
            phone.opted_out_at = phone.opted_out_at or self._now()
            record(session, Event.PHONE_OPTED_OUT, phone.person, self._now())

    def _opt_in(self, session: Session, message: InboundMessage, phones: Sequence[Phone]) -> None:
        message.outcome = "opt_in"
        for phone in phones:
            phone.opted_out_at = None
            record(session, Event.PHONE_OPTED_IN, phone.person, self._now())


def _meaning(text: InboundText, phones: Sequence[Phone]) -> Answer | None:
    """What the text asks for; None where the carrier has answered it already."""
    match text.opt_out_type:
        case OptOutType.STOP:
            return OptOut()
        case OptOutType.START:
            return OptIn()
        case OptOutType.HELP:
            return None
        case None:
            return handlers.read(Text(text.body), _caller(phones))


def _caller(phones: Sequence[Phone]) -> Caller:
    """Who is texting: the accounts that this number was verified for and that may be helped."""
    helped = [phone.person for phone in phones if phone.person.self_serve]
    return Caller(
        accounts=tuple(Account(person.id, person.username) for person in helped),
        language=language_of(phones[0]),
    )


def _new_request(phone: Phone, wish: Do, sender: str, now: datetime) -> Request:
    return Request(
        tenant_id=phone.tenant_id,
        organization_id=phone.person.organization_id,
        person_id=phone.person_id,
        phone_id=phone.id,
        sender=sender,
        action=wish.action,
        ring_at=now + requests.FIRST_RING,
        created_at=now,
        changed_at=now,
    )
