"""The way of a text from a phone: the words Twilio answers itself, then our signed webhook."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import RLock

from simulator.twilio import keywords
from simulator.twilio.account import Account, MessagingService, Number
from simulator.twilio.faults import Faults
from simulator.twilio.journal import Journal, Kind
from simulator.twilio.keywords import Keyword
from simulator.twilio.message import API_VERSION, Direction, Message, Status, new_sid
from simulator.twilio.segments import count
from simulator.twilio.store import MessageStore
from simulator.twilio.timetable import Timetable
from simulator.twilio.webhooks import Delivery, Post, deliver, signed

FILTERED_CODE = 30038
PLACES = ("FromCity", "FromState", "FromZip", "ToCity", "ToState", "ToZip")


class OptOuts:
    """Who has said STOP to which sender. A Messaging Service is one sender, whatever its number."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._pairs: set[tuple[str, str]] = set()

    def add(self, sender: str, phone: str) -> None:
        with self._lock:
            self._pairs.add((sender, phone))

    def remove(self, sender: str, phone: str) -> None:
        with self._lock:
            self._pairs.discard((sender, phone))

    def holds(self, sender: str, phone: str) -> bool:
        with self._lock:
            return (sender, phone) in self._pairs


class Inbound:
    """Takes what a phone sends, and hands it to the application."""

    def __init__(
        self,
        account: Account,
        store: MessageStore,
        timetable: Timetable,
        faults: Faults,
        journal: Journal,
        opt_outs: OptOuts,
        post: Post,
    ) -> None:
        self._account = account
        self._store = store
        self._timetable = timetable
        self._faults = faults
        self._journal = journal
        self._opt_outs = opt_outs
        self._post = post

    def take(self, from_: str, to: str, body: str) -> Message:
        """A text came in. Only a number of ours can be texted."""
        number = self._account.number(to)
        if number is None:
            ours = ", ".join(own.phone_number for own in self._account.numbers)
            raise ValueError(f"{to} is not a number of this account; it has {ours or 'none'}")
        message = self._store.add(self._message(from_, to, body, Direction.INBOUND))
        self._journal.note(Kind.TEXTED, message, segments=message.segments)
        if keywords.is_filtered(body):
            return self._filter(message)
        pool = self._account.service_of(to)
        keyword = self._heed(message, pool)
        self._timetable.soon(lambda: self._pass_on(message, number, pool, keyword))
        return message

    def _message(self, from_: str, to: str, body: str, direction: Direction) -> Message:
        now = self._timetable.now()
        is_inbound = direction is Direction.INBOUND
        return Message(
            sid=new_sid(),
            account_sid=self._account.sid,
            direction=direction,
            status=Status.RECEIVED if is_inbound else Status.DELIVERED,
            from_=from_,
            to=to,
            body=body,
            segments=count(body),
            created=now,
            updated=now,
            sent=now,
        )

    def _filter(self, message: Message) -> Message:
        """Twilio takes a one-time code for a stolen one: it is never passed on."""
        failed = self._store.change(message.sid, status=Status.FAILED, error_code=FILTERED_CODE)
        self._journal.note(Kind.FILTERED, failed or message, code=FILTERED_CODE)
        return failed or message

    def _heed(self, message: Message, pool: MessagingService | None) -> Keyword | None:
        """Keep the block list and answer as Twilio does by default, before anybody else hears."""
        keyword = keywords.read(message.body)
        sender, phone = pool.sid if pool else message.to, message.phone
        if keyword is None:
            return None
        if keyword is Keyword.HELP and self._opt_outs.holds(sender, phone):
            return keyword
        if keyword is Keyword.STOP:
            self._opt_outs.add(sender, phone)
            self._journal.note(Kind.OPTED_OUT, message)
        if keyword is Keyword.START:
            self._opt_outs.remove(sender, phone)
            self._journal.note(Kind.OPTED_IN, message)
        self._reply(message, keywords.REPLIES[keyword])
        return keyword

    def _reply(self, message: Message, body: str) -> None:
        reply = self._message(message.to, message.phone, body, Direction.OUTBOUND_REPLY)
        self._store.add(reply)
        self._journal.note(Kind.STATUS, reply, status=Status.DELIVERED, code=0)

    def _pass_on(
        self,
        message: Message,
        number: Number,
        pool: MessagingService | None,
        keyword: Keyword | None,
    ) -> None:
        url = (pool.inbound_url if pool else "") or number.sms_url
        if not url:
            return None
        given = parameters(message, pool, keyword)
        fallback = (pool.fallback_url if pool else "") or number.sms_fallback_url
        copies = self._faults.text_copies
        if copies == 1:
            return self._call(message, url, fallback, given)
        with ThreadPoolExecutor(copies) as at_once:
            calls = [
                at_once.submit(self._call, message, url, fallback, given) for _ in range(copies)
            ]
        for call in calls:
            call.result()
        return None

    def _call(self, message: Message, url: str, fallback: str, given: dict[str, str]) -> None:
        done = self._try(message, url, given)
        if not done.ok and fallback:
            blame = {"ErrorCode": str(done.error), "ErrorUrl": url.split("#")[0]}
            self._try(message, fallback, {**given, **blame})

    def _try(self, message: Message, url: str, given: dict[str, str]) -> Delivery:
        request = signed(url, given, self._account.auth_token, str(uuid.uuid4()))
        done = deliver(request, self._post)
        self._journal.note(
            Kind.WEBHOOK if done.ok else Kind.WEBHOOK_FAILED,
            message,
            answer=done.status or 0,
            milliseconds=done.milliseconds,
            attempts=done.attempts,
        )
        for words in done.messages if done.ok else ():
            self._reply(message, words)
        return done


def parameters(
    message: Message, pool: MessagingService | None, keyword: Keyword | None
) -> dict[str, str]:
    """All that Twilio sends, the empty ones too: they are part of the signature."""
    given = {
        **dict.fromkeys(PLACES, ""),
        "AccountSid": message.account_sid,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.from_ or "",
        "FromCountry": "US",
        "MessageSid": message.sid,
        "NumMedia": "0",
        "NumSegments": str(message.segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
        "ToCountry": "US",
    }
    if pool:
        given["MessagingServiceSid"] = pool.sid
    if pool and pool.advanced_opt_out and keyword:
        given["OptOutType"] = keyword
    return given
