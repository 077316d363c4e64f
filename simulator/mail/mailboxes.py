"""The mailboxes: what came for each address, kept in memory and never without bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from threading import RLock

from simulator.mail.letters import Letter
from simulator.mail.reading import read

MOST_MAILS = 500
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter in one mailbox. A letter to two people is a mail in each of theirs."""

    id: int
    at: datetime
    to: str
    letter: Letter
    size: int
    opened: bool = False


Listener = Callable[[Mail], None]


class Mailboxes:
    """Every address has one. When there is too much the oldest mails go, whoever they are for."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        most_mails: int = MOST_MAILS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._now = now
        self._most_mails = most_mails
        self._most_bytes = most_bytes
        self._lock = RLock()
        self._ids = count(1)
        self._mails: dict[int, Mail] = {}
        self.listeners: list[Listener] = []

    def deliver(self, recipients: Sequence[str], raw: bytes) -> None:
        """The envelope says whom it is for; what the letter itself says does not matter."""
        letter = read(raw)
        for address in dict.fromkeys(map(_as_one, recipients)):
            with self._lock:
                mail = Mail(next(self._ids), self._now(), address, letter, len(raw))
                self._mails[mail.id] = mail
                self._make_room()
            for listener in self.listeners:
                listener(mail)

    def of(self, address: str) -> list[Mail]:
        """Newest first."""
        with self._lock:
            return [each for each in reversed(self._mails.values()) if each.to == _as_one(address)]

    def all(self) -> list[Mail]:
        """Everybody's, newest first."""
        with self._lock:
            return list(reversed(self._mails.values()))

    def find(self, address: str, mail_id: int) -> Mail | None:
        """None if it is another's, or was thrown away to make room."""
        with self._lock:
            mail = self._mails.get(mail_id)
        return mail if mail is not None and mail.to == _as_one(address) else None

    def open(self, address: str, mail_id: int) -> Mail | None:
        """From now on it counts as seen."""
        with self._lock:
            mail = self.find(address, mail_id)
            if mail is None:
                return None
            self._mails[mail_id] = replace(mail, opened=True)
            return self._mails[mail_id]

    def unopened(self, address: str) -> int:
        return sum(1 for each in self.of(address) if not each.opened)

    def _make_room(self) -> None:
        """The newest one stays in any case: the server took it, and takes none that is too big."""
        total = sum(each.size for each in self._mails.values())
        for mail in list(self._mails.values())[:-1]:
            if len(self._mails) <= self._most_mails and total <= self._most_bytes:
                return
            del self._mails[mail.id]
            total -= mail.size


def _as_one(address: str) -> str:
    """No mail program tells addresses apart by their case."""
    return address.strip().lower()
