"""The way of a text to a phone: one status after the other, each at its time and each reported."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.twilio.account import Account
from simulator.twilio.faults import Fate, Faults
from simulator.twilio.journal import Journal, Kind
from simulator.twilio.message import Message, Status
from simulator.twilio.reports import Reports
from simulator.twilio.store import MessageStore
from simulator.twilio.timetable import Timetable

EXPIRED = 30036


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds from one status to the next. The demo's are long enough to watch."""

    queued: float = 0.1
    sending: float = 0.2
    sent: float = 0.4
    final: float = 0.7


@dataclass(frozen=True, slots=True)
class Step:
    """The next status, and how long until then."""

    status: Status
    seconds: float
    code: int | None = None


class Outbound:
    """(accepted →) queued → sending → sent → delivered, or wherever the number's fate leads."""

    def __init__(
        self,
        account: Account,
        store: MessageStore,
        timetable: Timetable,
        faults: Faults,
        journal: Journal,
        reports: Reports,
        pace: Pace,
    ) -> None:
        self._account = account
        self._store = store
        self._timetable = timetable
        self._faults = faults
        self._journal = journal
        self._reports = reports
        self._pace = pace

    def begin(self, message: Message) -> None:
        """Send it on its way. An early one has arrived, and was reported, when this returns."""
        if self._faults.reorders():
            self._reports.hold(message)
        course = self._course(message, self._faults.fate(message.to))
        if not self._faults.is_early():
            return self._schedule(message.sid, course)
        for step in course:
            self._take(message.sid, step, at_once=True)
        return None

    def _schedule(self, sid: str, course: list[Step]) -> None:
        if not course:
            return
        step, rest = course[0], course[1:]

        def take_and_go_on() -> None:
            self._take(sid, step, at_once=False)
            self._schedule(sid, rest)

        self._timetable.later(step.seconds, take_and_go_on)

    def _take(self, sid: str, step: Step, *, at_once: bool) -> None:
        now = self._timetable.now()
        message = self._store.change(sid, status=step.status, updated=now, error_code=step.code)
        if message is None:
            return
        message = self._with_sender(message)
        if step.status is Status.SENT:
            message = self._store.change(sid, sent=now) or message
        self._journal.note(Kind.STATUS, message, status=step.status, code=step.code or 0)
        self._reports.tell(message, at_once=at_once)

    def _with_sender(self, message: Message) -> Message:
        """A Messaging Service chooses the number once the message leaves its queue."""
        pool = self._account.service(message.messaging_service_sid or "")
        if message.from_ or pool is None:
            return message
        return self._store.change(message.sid, from_=pool.numbers[0]) or message

    def _course(self, message: Message, fate: Fate) -> list[Step]:
        wait, pace = self._faults.queue_seconds, self._pace
        queued = [Step(Status.QUEUED, pace.queued)] if message.status is Status.ACCEPTED else []
        if message.refused_later is not None:
            return [Step(Status.FAILED, pace.queued, message.refused_later)]
        if wait > message.validity_seconds:
            return [*queued, Step(Status.FAILED, message.validity_seconds, EXPIRED)]
        way = [*queued, Step(Status.SENDING, wait + pace.sending)]
        if fate.status is Status.FAILED:
            return [*way, Step(Status.FAILED, pace.sent, fate.code)]
        way.append(Step(Status.SENT, pace.sent))
        if fate.status is Status.SENT:
            return way
        return [*way, Step(fate.status, pace.final, fate.code)]
