"""Tells the application how a message fares: the signed status callbacks, and what befalls them."""

from __future__ import annotations

import uuid
from threading import RLock

from simulator.twilio.account import Account
from simulator.twilio.faults import Faults
from simulator.twilio.journal import Journal, Kind
from simulator.twilio.message import API_VERSION, FINAL, Message, Status
from simulator.twilio.timetable import Action, Timetable
from simulator.twilio.webhooks import Post, deliver, signed

REPORTED = frozenset(
    {Status.QUEUED, Status.SENT, Status.DELIVERED, Status.UNDELIVERED, Status.FAILED}
)
"""What Twilio documents to call back about. `sending` is a status and is not in that list."""


class Reports:
    """One callback for each change of status; Twilio promises no order, and neither do we."""

    def __init__(
        self,
        account: Account,
        timetable: Timetable,
        faults: Faults,
        journal: Journal,
        post: Post,
        reported: frozenset[Status] = REPORTED,
    ) -> None:
        self._account = account
        self._timetable = timetable
        self._faults = faults
        self._journal = journal
        self._post = post
        self._reported = reported
        self._lock = RLock()
        self._held: dict[str, list[Message]] = {}

    def hold(self, message: Message) -> None:
        """Keep this message's callbacks back until its last one, to send them in reverse."""
        with self._lock:
            self._held[message.sid] = []

    def tell(self, message: Message, *, at_once: bool = False) -> None:
        """Call back about this snapshot, unless nobody asked for it."""
        if not message.status_callback or message.status not in self._reported:
            return
        for snapshot in self._due(message):
            self._send(snapshot, at_once=at_once)

    def _due(self, message: Message) -> list[Message]:
        with self._lock:
            held = self._held.get(message.sid)
            if held is None:
                return [message]
            held.append(message)
            if message.status not in FINAL:
                return []
            return list(reversed(self._held.pop(message.sid)))

    def _send(self, message: Message, *, at_once: bool) -> None:
        if self._faults.loses_callback():
            return
        for _ in range(self._faults.callback_copies):
            self._run(lambda: self._call(message), at_once=at_once)

    def _run(self, action: Action, *, at_once: bool) -> None:
        if at_once:
            action()
        else:
            self._timetable.soon(action)

    def _call(self, message: Message) -> None:
        url = message.status_callback
        request = signed(url, parameters(message), self._account.auth_token, str(uuid.uuid4()))
        done = deliver(request, self._post)
        self._journal.note(
            Kind.CALLBACK if done.ok else Kind.CALLBACK_FAILED,
            message,
            status=message.status,
            answer=done.status or 0,
            milliseconds=done.milliseconds,
        )


def parameters(message: Message) -> dict[str, str]:
    """As captured from Twilio. There is no Body among them."""
    given = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageStatus": message.status,
        "SmsStatus": message.status,
        "AccountSid": message.account_sid,
        "From": message.from_ or "",
        "To": message.to,
        "ApiVersion": API_VERSION,
    }
    if message.messaging_service_sid:
        given["MessagingServiceSid"] = message.messaging_service_sid
    if message.error_code is not None:
        given["ErrorCode"] = str(message.error_code)
    if message.status in FINAL:
        given["RawDlrDoneDate"] = message.updated.strftime("%y%m%d%H%M")
    return given
