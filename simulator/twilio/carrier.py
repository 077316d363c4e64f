"""The carrier: a stand-in for Twilio that keeps state and behaves as Twilio does, in good days
and in bad ones. Use it directly in tests, or through `api.blueprint` over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.twilio.acceptance import check
from simulator.twilio.account import Account
from simulator.twilio.errors import ApiError
from simulator.twilio.faults import Faults
from simulator.twilio.inbound import Inbound, OptOuts
from simulator.twilio.journal import Event, Journal, Kind
from simulator.twilio.lookups import Lookups
from simulator.twilio.message import IN_FLIGHT, Direction, Message, Status, new_sid
from simulator.twilio.outbound import Outbound, Pace
from simulator.twilio.reports import REPORTED, Reports
from simulator.twilio.segments import count
from simulator.twilio.store import MessageStore
from simulator.twilio.timetable import LiveTimetable, ManualTimetable, Timetable
from simulator.twilio.webhooks import Post, post_over_http


class Carrier:
    """Without a timetable time stands still until `step` or `advance`: tests never sleep."""

    def __init__(
        self,
        account: Account,
        *,
        timetable: Timetable | None = None,
        post: Post = post_over_http,
        pace: Pace | None = None,
        reported: frozenset[Status] = REPORTED,
    ) -> None:
        self.account = account
        self.faults = Faults()
        self.timetable: Timetable = timetable or ManualTimetable()
        self.journal = Journal(self.timetable.now)
        self.store = MessageStore()
        self.lookups = Lookups(self.timetable.now)
        self._opt_outs = OptOuts()
        parts = (self.timetable, self.faults, self.journal)
        reports = Reports(account, *parts, post, reported)
        self._outbound = Outbound(account, self.store, *parts, reports, pace or Pace())
        self._inbound = Inbound(account, self.store, *parts, self._opt_outs, post)

    @classmethod
    def live(cls, account: Account, *, pace: Pace | None = None) -> Carrier:
        """In real time, for the demo."""
        return cls(account, timetable=LiveTimetable(), pace=pace)

    def close(self) -> None:
        self.journal.close()
        self.timetable.close()

    def step(self) -> bool:
        """One thing more happens. False when nothing is left to happen."""
        return self._by_hand().step()

    def advance(self, seconds: float | None = None) -> None:
        """All that is due within so many seconds happens, or all there is."""
        self._by_hand().advance(seconds)

    def _by_hand(self) -> ManualTimetable:
        if not isinstance(self.timetable, ManualTimetable):
            raise TypeError("this carrier lives in real time; make it without a timetable")
        return self.timetable

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message, oldest first, as snapshots."""
        return self.store.all()

    @property
    def events(self) -> tuple[Event, ...]:
        return self.journal.events

    def texts_to(self, phone: str) -> list[Message]:
        """What was sent to this phone, oldest first."""
        outward = [each for each in self.messages if each.direction is not Direction.INBOUND]
        return [message for message in outward if message.to == phone]

    def is_opted_out(self, phone: str, sender: str) -> bool:
        """`sender` is a number of ours or the SID of a Messaging Service."""
        return self._opt_outs.holds(sender, phone)

    def send_text(self, from_: str, to: str, body: str) -> Message:
        """A phone texts one of our numbers, and our webhook is called."""
        return self._inbound.take(from_, to, body)

    def create(self, form: Mapping[str, str]) -> Message:
        """Accept a message for a phone, or raise the ApiError that Twilio would answer with."""
        refused_later = self._check(form)
        message = self.store.add(self._accept(form, refused_later))
        self.journal.note(Kind.STATUS, message, status=message.status, code=0)
        self._outbound.begin(message)
        return message

    def _check(self, form: Mapping[str, str]) -> int | None:
        """Returns an error that is found only later: opt-outs, with Advanced Opt-Out."""
        try:
            check(form, self.account)
            return self._check_recipient(form["To"], form.get("From", ""), form)
        except ApiError as error:
            self.journal.note_of(form.get("To", ""), Kind.REFUSED, code=error.code)
            raise

    def _check_recipient(self, to: str, from_: str, form: Mapping[str, str]) -> int | None:
        code = self.faults.refusal(to, from_)
        if code is not None:
            raise ApiError(code, to=to, from_=from_)
        pool = self.account.service(form.get("MessagingServiceSid", ""))
        pool = pool or self.account.service_of(from_)
        if not self._opt_outs.holds(pool.sid if pool else from_, to):
            return None
        if pool and pool.advanced_opt_out:
            return 21610
        raise ApiError(21610)

    def _accept(self, form: Mapping[str, str], refused_later: int | None) -> Message:
        now = self.timetable.now()
        pool = form.get("MessagingServiceSid") or None
        return Message(
            sid=new_sid(),
            account_sid=self.account.sid,
            direction=Direction.OUTBOUND_API,
            status=Status.ACCEPTED if pool else Status.QUEUED,
            from_=form.get("From") or None,
            to=form["To"],
            body=form["Body"],
            segments=count(form["Body"]),
            created=now,
            updated=now,
            messaging_service_sid=pool,
            status_callback=self._callback_url(form),
            validity_seconds=int(form.get("ValidityPeriod", "36000")),
            refused_later=refused_later,
        )

    def _callback_url(self, form: Mapping[str, str]) -> str:
        """The message's own, else the service's, else the number's."""
        pool = self.account.service(form.get("MessagingServiceSid", ""))
        number = self.account.number(form.get("From", ""))
        of_pool = pool.status_callback if pool else ""
        return form.get("StatusCallback") or of_pool or (number.status_callback if number else "")

    def fetch(self, sid: str) -> Message:
        message = self.store.get(sid)
        if message is None:
            path = f"/2010-04-01/Accounts/{self.account.sid}/Messages/{sid}.json"
            raise ApiError(20404, detail=path)
        return message

    def redact(self, sid: str) -> Message:
        """Forget the body. Twilio does that only to messages that are no longer in flight."""
        message = self._settled(sid)
        now = self.timetable.now()
        message = self.store.change(sid, body="", redacted=True, updated=now) or message
        self.journal.note(Kind.REDACTED, message)
        return message

    def delete(self, sid: str) -> None:
        message = self._settled(sid)
        self.store.remove(sid)
        self.journal.note(Kind.DELETED, message)

    def _settled(self, sid: str) -> Message:
        message = self.fetch(sid)
        if message.status in IN_FLIGHT:
            raise ApiError(20009)
        return message
