"""A text is kept once, matched to its sender, read by the handlers, and its answer carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

import handlers
from gateway.engine import requests
from gateway.engine.doorbell import Doorbell, JobName
from gateway.engine.outbox import write
from gateway.phones import PhoneNumber
from gateway.records import InboundMessage, Phone, Request
from gateway.records.audit import Event, record
from gateway.records.base import insert_once
from gateway.records.database import Database
from gateway.records.people import Sender, senders
from gateway.records.requests import AliveRequest, alive_request
from gateway.seal import Seal
from gateway.templating import FALLBACK_LANGUAGE
from handlers.conversation import Account, Answer, Caller, Do, Fact, OptIn, OptOut, Say, Text

log = structlog.get_logger()

JOIN_TRIES: Final = 3
"""What stands in the way may end before it can be joined: then there is room after all."""


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


@dataclass(frozen=True, slots=True)
class Handled:
    """What came of a text: kept in place of its words."""

    outcome: str
    ring: Ring | None = None
    request_id: int | None = None


class Repeated(Exception):
    """The carrier has delivered this text before: whatever it led to now is rolled back."""


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
        try:
            ring = self._database.run(lambda session: self._keep(session, text))
        except Repeated:
            log.info("text.repeated", sid=text.sid)
            return
        if ring:
            self._doorbell.ring(ring.job, ring.row_id)

    def _keep(self, session: Session, text: InboundText) -> Ring | None:
        """The sid comes last: of simultaneous deliveries exactly one is committed whole."""
        indexes = self._seal.indexes(text.sender)
        found = senders(session, indexes)
        handled = self._handle(session, text, found)
        message_id = insert_once(
            session,
            InboundMessage,
            sid=text.sid,
            received_at=self._now(),
            number_index=indexes[0],
            phone_id=found[0].phone_id if found else None,
            outcome=handled.outcome,
            request_id=handled.request_id,
        )
        if message_id is None:
            raise Repeated
        return handled.ring

    def _handle(self, session: Session, text: InboundText, found: Sequence[Sender]) -> Handled:
        if not found:
            return self._from_nobody(session, text)
        match _meaning(text, found):
            case None:
                return Handled("carrier_answered")
            case OptOut():
                return self._opt(session, found, self._now(), Event.PHONE_OPTED_OUT)
            case OptIn():
                return self._opt(session, found, None, Event.PHONE_OPTED_IN)
            case _ if any(each.opted_out_at for each in found):
                return Handled("opted_out")  # nothing may be changed that could not be told
            case Say(template, facts):
                ring = self._say(session, found[0], template, facts, text.our_number)
                return Handled(f"said_{template}", ring)
            case Do() as wish:
                return self._open(session, wish, found, text.our_number)

    def _from_nobody(self, session: Session, text: InboundText) -> Handled:
        """No answer. But STOP and START hold for a number that is just being proved as well."""
        log.info("text.unknown_sender", sid=text.sid, sender=text.sender.masked)
        wishes = {OptOut: self._now(), OptIn: None}
        meaning = type(_meaning(text, ()))
        if meaning in wishes:
            unproved = Phone.number_index.in_(self._seal.indexes(text.sender))
            session.execute(update(Phone).where(unproved).values(opted_out_at=wishes[meaning]))
        return Handled("unknown_sender")

    def _say(
        self,
        session: Session,
        to: Sender,
        template: str,
        facts: Mapping[str, Fact],
        our_number: str,
    ) -> Ring:
        reply = write(session, to, template, facts, sender=our_number, now=self._now())
        return Ring(JobName.DELIVER, reply)

    def _open(
        self, session: Session, wish: Do, found: Sequence[Sender], our_number: str
    ) -> Handled:
        """Open a request, or join the one that is alive for this account."""
        sender = next(each for each in found if each.person_id == wish.account.key)
        for _ in range(JOIN_TRIES):
            opened = self._opened(session, sender, wish, our_number)
            if opened is not None:
                about = replace(sender.about, request_id=opened)
                record(session, Event.REQUEST_OPENED, about, self._now(), reason=wish.action)
                return Handled("opened", Ring(JobName.PERFORM, opened), opened)
            if alive := alive_request(session, sender.person_id):
                return self._join(session, wish, sender, alive, our_number)
        raise AssertionError("a request could be neither opened nor joined")

    def _opened(self, session: Session, sender: Sender, wish: Do, our_number: str) -> int | None:
        """The id of a new request, or None where one of this account is alive already."""
        now = self._now()
        return insert_once(
            session,
            Request,
            tenant_id=sender.tenant_id,
            organization_id=sender.organization_id,
            person_id=sender.person_id,
            phone_id=sender.phone_id,
            sender=our_number,
            action=wish.action,
            ring_at=now + requests.FIRST_RING,
            created_at=now,
            changed_at=now,
        )

    def _join(
        self, session: Session, wish: Do, sender: Sender, alive: AliveRequest, our_number: str
    ) -> Handled:
        """The same wish gets the answer that is under way; another wish is told to wait."""
        about = replace(sender.about, request_id=alive.id)
        record(session, Event.REQUEST_JOINED, about, self._now(), reason=wish.action)
        ring = Ring(JobName.PERFORM, alive.id)
        if alive.action != wish.action or alive.phone_id != sender.phone_id:
            ring = self._say(session, sender, "busy", {"action": alive.action}, our_number)
        return Handled("joined", ring, alive.id)

    def _opt(
        self, session: Session, found: Sequence[Sender], out_at: datetime | None, event: Event
    ) -> Handled:
        """Out or in again. Who has opted out before keeps the time of the first STOP."""
        for each in found:
            at = out_at and (each.opted_out_at or out_at)
            session.execute(update(Phone).where(Phone.id == each.phone_id).values(opted_out_at=at))
            record(session, event, each.about, self._now())
        _opt_unverified(session, [each.phone_id for each in found], out_at)
        return Handled("opt_out" if out_at else "opt_in")


def _opt_unverified(session: Session, phone_ids: Sequence[int], out_at: datetime | None) -> None:
    """The same number where it is not verified: nobody could lift its STOP otherwise."""
    same = select(Phone.number_index).where(Phone.id.in_(phone_ids))
    others = update(Phone).where(Phone.number_index.in_(same), Phone.verified_at.is_(None))
    session.execute(others.values(opted_out_at=out_at))


def _meaning(text: InboundText, found: Sequence[Sender]) -> Answer | None:
    """What the text asks for; None where the carrier has answered it already."""
    match text.opt_out_type:
        case OptOutType.STOP:
            return OptOut()
        case OptOutType.START:
            return OptIn()
        case OptOutType.HELP:
            return None
        case None:
            return handlers.read(Text(text.body), _caller(found))


def _caller(found: Sequence[Sender]) -> Caller:
    """Who is texting: the accounts that this number was verified for and that may be helped."""
    helped = [each for each in found if each.is_helped]
    return Caller(
        accounts=tuple(Account(each.person_id, each.username) for each in helped),
        language=found[0].language if found else FALLBACK_LANGUAGE,
    )
