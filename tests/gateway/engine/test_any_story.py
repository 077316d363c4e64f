"""Any story of texts, faults, crashes and lost rings ends with one true answer for everybody."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from directory.errors import (
    DirectoryBusy,
    DirectoryError,
    DirectoryUnreachable,
    OutcomeUnknown,
    PasswordRejected,
)
from gateway.carriers import CarrierError, SendLater, SendRefused, SendUnknown
from gateway.engine.deliveries import Report
from gateway.engine.requests import STEPS
from gateway.records import Request
from gateway.records.requests import RequestState
from tests.databases import fresh_sqlite
from tests.fakes import Crash, FakeDoorbell
from tests.texts import password_in
from tests.world import MIA, SAM, World

DIRECTORY_FAULTS: list[DirectoryError | None] = [
    None,
    DirectoryUnreachable("x"),
    DirectoryBusy("x"),
    OutcomeUnknown("x"),
    PasswordRejected("x"),
]
CARRIER_FAULTS: list[tuple[CarrierError, bool] | None] = [
    None,
    (SendLater(20429), False),
    (SendUnknown(), True),
    (SendUnknown(), False),
    (SendRefused(21211), False),
]
MEMORY = Path("/dev/shm")  # noqa: S108  (a crash of ours is not a crash of the machine: no disk is needed)
NUMBERS = {MIA: "mia.keller", SAM: "sam.ortiz"}


class AnyStory(RuleBasedStateMachine):
    """Rules are what the world may do; invariants are what nobody may ever meet."""

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed: int) -> None:
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        url = fresh_sqlite(Path(self.folder.name))
        self.world = World(url, doorbell=FakeDoorbell(random.Random(seed)))
        self.sids: list[tuple[str, str, str]] = []

    @rule(word=st.sampled_from(["RESET", "UNLOCK", "STATUS"]), number=st.sampled_from([MIA, SAM]))
    def text(self, word: str, number: str) -> None:
        self.sids.append((self._survives(lambda: self.world.text(word, number)), word, number))

    @precondition(lambda self: self.sids)
    @rule(data=st.data())
    def text_is_delivered_again(self, data: st.DataObject) -> None:
        sid, word, number = data.draw(st.sampled_from(self.sids))
        if sid:
            before = len(self.world.requests())
            self._survives(lambda: self.world.text(word, number, sid=sid))
            assert len(self.world.requests()) == before

    @rule()
    def work(self) -> None:
        self._survives(self.world.work)

    @rule(seconds=st.sampled_from([5, 30, 90, 360]))
    def time_passes(self, seconds: int) -> None:
        self._survives(lambda: self.world.settle(seconds, step=max(5, seconds / 18)))

    @rule(away=st.booleans())
    def the_directory_goes_or_comes_back(self, *, away: bool) -> None:
        self.world.directory.is_away = away

    @rule(point=st.integers(1, 25))
    def a_crash_is_near(self, point: int) -> None:
        self.world.failpoints.passed = 0
        self.world.failpoints.dies_at = point

    @rule(fault=st.sampled_from(DIRECTORY_FAULTS), applied=st.booleans())
    def the_directory_will_fail(self, fault: DirectoryError | None, *, applied: bool) -> None:
        self.world.directory.faults.append(fault)
        self.world.directory.apply_before_unknown = applied

    @rule(fault=st.sampled_from(CARRIER_FAULTS))
    def the_carrier_will_fail(self, fault: tuple[CarrierError, bool] | None) -> None:
        self.world.carrier.faults.append(fault)

    @precondition(lambda self: self.world.carrier.sent)
    @rule(data=st.data(), status=st.sampled_from(["queued", "sent", "delivered", "undelivered"]))
    def the_carrier_reports(self, data: st.DataObject, status: str) -> None:
        text = data.draw(st.sampled_from(self.world.carrier.sent))
        self._survives(
            lambda: self.world.deliveries.report(Report(text.sid, status, None, text.message_id))
        )

    @rule(word=st.sampled_from(["silent", "heard"]))
    def redis(self, word: str) -> None:
        self.world.doorbell.silent = word == "silent"

    @invariant()
    def a_finished_request_keeps_no_password(self) -> None:
        for request in self.world.requests() if hasattr(self, "world") else ():
            if not STEPS[RequestState(request.state)]:
                assert request.sealed_password is None

    def teardown(self) -> None:
        """Health returns; then everything must come to a true end within ten minutes."""
        if not hasattr(self, "world"):
            return
        world = self.world
        world.failpoints.dies_at = None
        world.directory.faults.clear()
        world.directory.is_away = False
        world.carrier.faults.clear()
        world.doorbell.silent = False
        world.settle(15 * 60, step=20)
        assert RequestState.QUEUED not in world.states()
        assert RequestState.APPLYING not in world.states()
        assert RequestState.APPLIED not in world.states()
        for number, username in NUMBERS.items():
            self._the_last_text_is_true(number, username)
        assert not any(request.sealed_password for request in world.requests())
        world.close()
        self.folder.cleanup()

    def _the_last_text_is_true(self, number: str, username: str) -> None:
        """The newest password text holds the directory's password, or it was not deliverable."""
        account = self.world.directory.named(username)
        told = [password_in(text) for text in self.world.texts(number) if "next line" in text]
        changes = [request for request in self.world.requests(username) if _changed(request)]
        if changes and changes[-1].state == RequestState.SCRAMBLED:
            assert account.password not in told, "it was said to be dead"
        elif changes and changes[-1].state != RequestState.UNDELIVERED:
            assert told, "the password was changed and nobody was told"
            assert told[-1] == account.password

    def _survives(self, act: object) -> str:
        """A crash is a process that ends; another one starts with nothing but the database."""
        assert callable(act)
        try:
            return str(act() or "")
        except Crash:
            self.world.restarted()
            return ""


def _changed(request: Request) -> bool:
    unchanged = {RequestState.REFUSED, RequestState.FAILED, RequestState.STALE}
    return request.action == "reset" and request.state not in unchanged


TestAnyStory = AnyStory.TestCase
TestAnyStory.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
