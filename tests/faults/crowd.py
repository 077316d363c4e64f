"""Many people who text at once, each until their text was taken, and what became of each."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import requests
from twilio.request_validator import RequestValidator

from gateway.records.database import DatabaseUnavailable
from gateway.records.requests import RequestState
from tests.installation import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, Installation, wait_for
from tests.offices import Office
from tests.texts import password_in

NO_ANSWER = 0
"""What is counted when nobody listens, or the connection ends without an answer."""

ANSWERED_WITHIN_SECONDS = 90.0
"""A lease, the sweep after it, and a slow machine."""


@dataclass
class Crowd:
    """People of one office; a text that was not taken is sent again with the same sid."""

    installation: Installation
    office: Office
    usernames: list[str]
    again_after_seconds: float = 0.3
    statuses: Counter[int] = field(default_factory=Counter)
    taken: set[str] = field(default_factory=set)
    giving_up: threading.Event = field(default_factory=threading.Event)

    @property
    def numbers(self) -> dict[str, str]:
        """Whose phone is whose."""
        return numbers(self.usernames)

    @contextmanager
    def texting(self, *, every_seconds: float) -> Iterator[None]:
        """They text one after the other while the block runs; it ends when all were taken."""
        threads = []

        def one_after_the_other() -> None:
            for username in self.usernames:
                thread = threading.Thread(target=self.text, args=(username,))
                thread.start()
                threads.append(thread)
                self.giving_up.wait(every_seconds)

        feeder = threading.Thread(target=one_after_the_other)
        feeder.start()
        try:
            yield
            wait_for(self.all_were_taken, seconds=ANSWERED_WITHIN_SECONDS)
        finally:
            self.giving_up.set()
            feeder.join()
            for thread in threads:
                thread.join()

    def text(self, username: str) -> None:
        """RESET, as Twilio delivers it: again and again, until it was answered with a 200."""
        form = {
            "MessageSid": f"SM{uuid4().hex}",
            "AccountSid": ACCOUNT_SID,
            "From": self.numbers[username],
            "To": OUR_NUMBER,
            "Body": "RESET",
        }
        while not self.giving_up.is_set():
            status = knock(self.installation, form)
            self.statuses[status] += 1
            if status == 200:
                self.taken.add(username)
                return
            time.sleep(self.again_after_seconds)

    def all_were_taken(self) -> bool:
        return len(self.taken) == len(self.usernames)

    def wait_until(self, so_many: int) -> None:
        """Until so many texts were taken: then something is under way to be interrupted."""
        wait_for(lambda: len(self.taken) >= so_many)

    def ends_well(self, *, most_texts: int = 1, reports_may_be_lost: bool = False) -> None:
        """Everybody's phone shows one password, and it is the one that the directory has.

        A report that finds no web process is lost, and its request then stays `sent`.
        """
        ends = {RequestState.DONE} | ({RequestState.SENT} if reports_may_be_lost else set())
        wait_for(lambda: self.all_have_come_to(ends), seconds=ANSWERED_WITHIN_SECONDS)
        for username, number in self.numbers.items():
            texts = self.installation.texts(number)
            passwords = {password_in(text) for text in texts}
            assert len(passwords) == 1, f"{username} was told {len(passwords)} passwords"
            assert len(texts) <= most_texts, f"{username} got {len(texts)} texts"
            assert self.office.sign_in(username, passwords.pop()) == "773"
            [request] = self.installation.requests(username)
            assert request.sealed_password is None or request.state == RequestState.SENT

    def all_have_come_to(self, ends: set[RequestState]) -> bool:
        try:
            states = [self.installation.states(username) for username in self.usernames]
        except DatabaseUnavailable:
            return False
        return all(len(each) == 1 and each[0] in ends for each in states)


def knock(installation: Installation, form: dict[str, str]) -> int:
    """One signed call of the webhook, on a connection of its own: the status of its answer."""
    url = installation.url + "/twilio/sms"
    signature = RequestValidator(AUTH_TOKEN).compute_signature(url, form)
    try:
        answer = requests.post(url, form, headers={"X-Twilio-Signature": signature}, timeout=15)
    except requests.RequestException:
        return NO_ANSWER
    return answer.status_code


def people(how_many: int) -> list[str]:
    return [f"crowd{number:02}" for number in range(how_many)]


def numbers(usernames: Sequence[str]) -> dict[str, str]:
    return {name: f"+1202555{110 + number:04}" for number, name in enumerate(usernames)}
