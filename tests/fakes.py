"""Stand-ins for the parts outside the engine. Each holds what happened and is asked afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlalchemy.orm import Session

from directory.accounts import (
    Account,
    AccountState,
    Authentication,
    Check,
    Identity,
    PasswordRules,
    ReplaceResult,
    ResetResult,
    UnlockResult,
)
from directory.errors import (
    AccountRefused,
    DirectoryError,
    DirectoryUnreachable,
    OutcomeUnknown,
    Refusal,
)
from directory.people import Listed, PeopleSource
from gateway.carriers import Accepted, CarrierError, SendLater
from gateway.carriers.lookup import LineType, LookedUp, LookupFailed, Wanted
from gateway.engine.doorbell import JobName
from gateway.limits import Allowed, CannotSay, Exceeded, Limit, Verdict
from gateway.mail import Letter, MailError
from gateway.records.database import Database


class Crash(BaseException):
    """The process is gone, as after SIGKILL: nothing below may catch it."""


class FakeClock:
    """A time that moves only when it is told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.seconds_a_look = 0.0
        """What a real clock has gone on by when it is looked at again."""

    def __call__(self) -> datetime:
        self.forward(self.seconds_a_look)
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Failpoints:
    """Counts the places where a process could die, and dies at the chosen one."""

    dies_at: int | None = None
    passed: int = 0

    def reach(self) -> None:
        self.passed += 1
        if self.dies_at is not None and self.passed == self.dies_at:
            self.dies_at = None
            raise Crash


class CrashingDatabase(Database):
    """A real database whose user may die just before or just after any commit."""

    def __init__(self, url: str, failpoints: Failpoints) -> None:
        super().__init__(url)
        self._failpoints = failpoints

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with super().transaction() as session:
            yield session
            self._failpoints.reach()
        self._failpoints.reach()


@dataclass
class FakeAccount:
    """An account of the fake directory, with its password in the open for the tests to see."""

    username: str
    password: str = "OldPassword1"
    display_name: str = ""
    locked: bool = False
    locked_since: datetime | None = None
    must_change: bool = False
    refusal: Refusal | None = None
    min_length: int = 12
    guid: UUID = field(default_factory=uuid4)
    passwords_set: list[str] = field(default_factory=list)

    @property
    def password_version(self) -> int:
        return len(self.passwords_set)


class FakeDirectory:
    """A directory in memory. `faults` are raised in turn, before or after a change is made."""

    def __init__(self, accounts: Sequence[FakeAccount], failpoints: Failpoints) -> None:
        self.accounts = {account.guid: account for account in accounts}
        self.failpoints = failpoints
        self.faults: list[DirectoryError | None] = []
        self.listing: list[Listed] = []
        """Whom it lists, whatever the accounts."""
        self.tells: Callable[[], Iterator[Listed]] | None = None
        """How it lists them, where that is not at once and in peace."""
        self.breaks_off_after: int | None = None
        """So many of a listing come, and then an error."""
        self.overlooks: set[UUID] = set()
        """Whom a listing misses, unless they are asked for by their ids."""
        self.asked: list[PeopleSource] = []
        self.apply_before_unknown = True
        self.is_away = False
        self.tried: list[str] = []
        self.answers: dict[str, Authentication] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        """What others do while a password is being looked at."""

    def named(self, username: str) -> FakeAccount:
        return next(each for each in self.accounts.values() if each.username == username)

    def authenticate(self, guid: UUID, password: SecretStr) -> Authentication:
        self._maybe_fail()
        self.tried.append(password.get_secret_value())
        self.meanwhile()
        return self.answers.get(password.get_secret_value(), Authentication.WRONG)

    def find(self, username: str) -> Account:
        self._maybe_fail()
        for account in self.accounts.values():
            if account.username == username:
                return self._seen(account)
        raise AccountRefused(Refusal.NOT_FOUND)

    def identify(self, who: str | UUID) -> Identity:
        return self.read(who) if isinstance(who, UUID) else self.find(who)

    def read(self, guid: UUID) -> Account:
        self._maybe_fail()
        if guid not in self.accounts:
            raise AccountRefused(Refusal.NOT_FOUND)
        return self._seen(self.accounts[guid])

    def people(self, source: PeopleSource) -> Iterator[Listed]:
        """Places and groups are kept account of, and otherwise not looked at."""
        self.asked.append(source)
        self._maybe_fail()
        told = self.tells() if self.tells else iter(list(self.listing))
        for number, each in enumerate(told):
            if number == self.breaks_off_after:
                raise DirectoryUnreachable("it broke off")
            if each.guid in source.guids or not (source.guids or each.guid in self.overlooks):
                yield each

    def reset(
        self, guid: UUID, password: SecretStr, *, must_change: bool = True, unlock: bool = True
    ) -> ResetResult:
        account = self._changeable(guid)

        def change() -> None:
            account.password = password.get_secret_value()
            account.passwords_set.append(account.password)
            account.must_change = must_change
            account.locked = account.locked and not unlock

        self._write(change)
        return ResetResult(account.must_change, account.locked, account.password_version)

    def replace_unused(
        self, guid: UUID, password_version: int, throwaway: SecretStr
    ) -> ReplaceResult:
        account = self._changeable(guid)
        if account.password_version != password_version or not account.must_change:
            return ReplaceResult.USED

        def change() -> None:
            account.password = throwaway.get_secret_value()
            account.passwords_set.append(account.password)

        self._write(change)
        return ReplaceResult.REPLACED

    def unlock(self, guid: UUID) -> UnlockResult:
        account = self._changeable(guid)
        was_locked = account.locked
        if was_locked:
            self._write(lambda: setattr(account, "locked", False))
        return UnlockResult(was_locked=was_locked, locked=account.locked)

    def check(self) -> Sequence[Check]:
        return ()

    def close(self) -> None:
        """Nothing is kept."""

    def _changeable(self, guid: UUID) -> FakeAccount:
        account = self.accounts[guid]
        if account.refusal:
            raise AccountRefused(account.refusal)
        return account

    def _write(self, change: Callable[[], None]) -> None:
        self.failpoints.reach()
        fault = self.faults.pop(0) if self.faults else None
        if fault is None or (isinstance(fault, OutcomeUnknown) and self.apply_before_unknown):
            change()
        self.failpoints.reach()
        if fault is not None:
            raise fault

    def _maybe_fail(self) -> None:
        self.failpoints.reach()
        if self.is_away:
            raise DirectoryUnreachable("away")
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and not isinstance(fault, OutcomeUnknown):
            raise fault

    @staticmethod
    def _seen(account: FakeAccount) -> Account:
        return Account(
            guid=account.guid,
            username=account.username,
            display_name=account.display_name,
            rules=PasswordRules(min_length=account.min_length, complexity=True),
            state=AccountState(
                locked=account.locked,
                locked_since=account.locked_since,
                must_change_password=account.must_change,
                password_last_set=None,
                password_expires_at=None,
                password_expired=False,
                refusal=account.refusal,
            ),
        )


@dataclass(frozen=True)
class SentText:
    """A text as the carrier took it."""

    sid: str
    sender: str
    to: str
    body: str
    message_id: int


class FakeCarrier:
    """Takes texts. `faults` are raised in turn; after an `accepts` fault the text was taken."""

    def __init__(self, failpoints: Failpoints) -> None:
        self.sent: list[SentText] = []
        self.redacted: list[str] = []
        self.statuses: dict[str, str] = {}
        self.asked_for_copies = 0
        self.keeps_to_itself = False
        """It does not say what it has taken."""
        self.on_send: Callable[[SentText], None] = lambda _text: None
        self.faults: list[tuple[CarrierError, bool] | None] = []
        self.failpoints = failpoints

    def send(
        self, sender: str, to: str, body: SecretStr, validity_seconds: int, message_id: int
    ) -> Accepted:
        self.failpoints.reach()
        fault = self.faults.pop(0) if self.faults else None
        text = SentText(f"SM{len(self.sent):032x}", sender, to, body.get_secret_value(), message_id)
        if fault is None or fault[1]:
            self.sent.append(text)
            self.on_send(text)
        self.failpoints.reach()
        if fault is not None:
            raise fault[0]
        return Accepted(text.sid, "queued")

    def status(self, sid: str) -> tuple[str, int | None]:
        return self.statuses.get(sid, "sent"), None

    def redact(self, sid: str) -> None:
        self.redacted.append(sid)

    def copies(self, sender: str, to: str, since: datetime, until: datetime) -> Sequence[str]:
        """Each was taken within that time."""
        self.asked_for_copies += 1
        if self.keeps_to_itself:
            raise SendLater(20503)
        return [each.sid for each in self.sent if (each.sender, each.to) == (sender, to)]

    def texts_to(self, number: str) -> list[str]:
        return [text.body for text in self.sent if text.to == number]


@dataclass
class FakeLimits:
    """Counts in memory, by a clock that tests move."""

    clock: FakeClock
    can_say: bool = True
    taken: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    told: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def take(self, limit: Limit, key: str) -> Verdict:
        if not self.can_say:
            return CannotSay()
        times = self._lately(self.taken, limit, key)
        if len(times) < limit.count:
            times.append(self.now())
            return Allowed()
        return self.refusal(limit, key)

    def refusal(self, limit: Limit, key: str) -> Exceeded | CannotSay:
        if not self.can_say:
            return CannotSay()
        times = self._lately(self.taken, limit, key)
        told = self._lately(self.told, limit, key)
        is_first = not told
        if is_first:
            told.append(self.now())
        began = times[0] if times else self.now()
        return Exceeded(limit, round(began + limit.seconds - self.now()), is_first)

    def forget(self) -> None:
        """As a Redis that was emptied."""
        self.taken.clear()
        self.told.clear()

    def has_room(self, limit: Limit, key: str) -> bool:
        return self.can_say and len(self._lately(self.taken, limit, key)) < limit.count

    def now(self) -> float:
        return self.clock().timestamp()

    def _lately(
        self, all_times: dict[tuple[str, str], list[float]], limit: Limit, key: str
    ) -> list[float]:
        times = all_times.setdefault((limit.name, key), [])
        times[:] = [each for each in times if each > self.now() - limit.seconds]
        return times


class FakeMailer:
    """Takes letters. `faults` are raised in turn; after an `accepts` fault the letter was taken."""

    def __init__(self, failpoints: Failpoints) -> None:
        self.sent: list[Letter] = []
        self.faults: list[tuple[MailError, bool] | None] = []
        self.failpoints = failpoints

    def send(self, letter: Letter) -> None:
        self.failpoints.reach()
        fault = self.faults.pop(0) if self.faults else None
        if fault is None or fault[1]:
            self.sent.append(letter)
        self.failpoints.reach()
        if fault is not None:
            raise fault[0]

    def check(self) -> None:
        """It is always there."""


@dataclass
class FakeLookup:
    """Tells of every number what it was told to, and keeps what it was asked."""

    tells: LookedUp | LookupFailed = field(default_factory=lambda: LookedUp(LineType.MOBILE))
    asked: list[tuple[str, Wanted]] = field(default_factory=list)

    def look(self, number: str, wanted: Wanted) -> LookedUp | LookupFailed:
        self.asked.append((number, wanted))
        return self.tells


class FakeDoorbell:
    """Keeps who was rung for; a seeded one loses and doubles some, as a real queue may."""

    def __init__(self, lossy: random.Random | None = None) -> None:
        self.rung: list[tuple[JobName, int]] = []
        self.silent = False
        self._lossy = lossy

    def ring(self, job: JobName, row_id: int) -> bool:
        if self.silent:
            return False
        dice = self._lossy.random() if self._lossy else 0.5
        copies = 0 if dice < 0.3 else 2 if dice > 0.7 else 1
        self.rung.extend([(job, row_id)] * copies)
        return True

    def take(self) -> list[tuple[JobName, int]]:
        rung, self.rung = self.rung, []
        return rung


__all__ = [
    "Crash",
    "CrashingDatabase",
    "Failpoints",
    "FakeAccount",
    "FakeCarrier",
    "FakeClock",
    "FakeDirectory",
    "FakeDoorbell",
    "FakeLimits",
    "FakeLookup",
    "FakeMailer",
    "SentText",
]
