"""One row of the table: the people of one fault, what they saw, and what held for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.records import OutboundMessage
from gateway.records.requests import RequestState
from simulator.twilio.journal import Kind
from simulator.twilio.message import new_sid
from tests.faults import invariants
from tests.faults.site import ALIVE, STAFF, Site
from tests.installation import OUR_NUMBER, wait_for

ENDS_WITHIN_SECONDS = 60.0
HURRY_EVERY = 25
NO_REQUEST = ("no request",)
"""For `ends`, where a text opens none."""


@dataclass(frozen=True)
class Somebody:
    """A person whom nothing has happened to yet."""

    username: str
    number: str
    second: str = ""

    @property
    def numbers(self) -> list[str]:
        return [number for number in (self.number, self.second) if number]


@dataclass
class Row:
    """What a test of a fault works with. `ends` has to be called: it checks the promises."""

    site: Site
    people: list[Somebody] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)
    """Texts that were posted by hand and got a good answer: their sids and numbers."""
    held: Sequence[str] = ()
    clocks_differ: bool = False
    rings: bool = True
    """Nobody waits five seconds for the clock, but where the clock is what a row is about."""

    def somebody(self, second: str = "") -> Somebody:
        """Somebody else each time, with a second phone where one is given."""
        username = self.site.unused.pop()
        person = Somebody(username, STAFF[username], second)
        self.people.append(person)
        return person

    def text(self, person: Somebody, body: str = "RESET", *, wait: bool = True) -> str:
        """A text goes out; returns when the webhook has been answered or has failed."""
        carrier = self.site.installation.carrier
        sid = carrier.send_text(person.number, OUR_NUMBER, body).sid
        if wait:
            ends = {Kind.WEBHOOK, Kind.WEBHOOK_FAILED}
            wait_for(lambda: any(e.sid == sid and e.kind in ends for e in carrier.events))
        return sid

    def post(
        self,
        person: Somebody,
        body: str = "RESET",
        *,
        sid: str = "",
        number: str = "",
        at: str = "",
    ) -> int | None:
        """The same by hand, to see what the webhook answers; at another web process if wanted."""
        sid, number = sid or new_sid(), number or person.number
        status = self.site.post("/twilio/sms", self.site.webhook(sid, number, body), at=at)
        if status == 200:
            self.taken[sid] = number
        return status

    def saw(self, person: Somebody) -> list[str]:
        """What the person's phones show, oldest first on each."""
        return [text for each in person.numbers for text in self.site.installation.texts(each)]

    def states(self, person: Somebody) -> list[RequestState]:
        return self.site.installation.states(person.username)

    def wait_until(self, what: Callable[[], object], *, supervised: bool = False) -> None:
        """Waits, while whatever these people wait for is always due.

        Supervised: a process that dies, late, of the fault is started again.
        """
        turns = 0

        def looked() -> object:
            nonlocal turns
            if turns % HURRY_EVERY == 0:
                due = self.site.hurry([each.username for each in self.people])
                if self.rings:
                    self.site.ring(due)
                if supervised:
                    self.site.installation.revive()
            turns += 1
            return what()

        try:
            wait_for(looked, seconds=ENDS_WITHIN_SECONDS)
        except AssertionError as error:
            states = {person.username: self.states(person) for person in self.people}
            raise AssertionError(f"{error}; the requests are {states}") from None

    def settles(self, *expected: str, supervised: bool = False) -> None:
        """Every request of these people comes to an end, while the fault still stands."""
        wanted = set(expected or ("done",))
        self.wait_until(
            lambda: self._all_states() and self._all_states().isdisjoint(ALIVE),
            supervised=supervised,
        )
        under_way = {*ALIVE, "sent", "done", "undelivered"} - wanted
        self.wait_until(lambda: self._all_states().isdisjoint(under_way), supervised=supervised)
        assert self._all_states() <= wanted, f"{self._all_states()} and not {wanted}"

    def ends(self, *expected: str) -> None:
        """Health returns, everything comes to rest, and the promises are looked at."""
        self.site.mend()
        if expected != NO_REQUEST:
            self.settles(*expected, supervised=True)
        if "sent" in self._all_states():
            self._outlives_its_password()
        self.wait_until(self._is_over, supervised=True)
        self.held = invariants.check(self)

    def _outlives_its_password(self) -> None:
        """No report has come: after some minutes the password is let go all the same."""
        self.site.age([person.username for person in self.people], minutes=6)
        self.wait_until(lambda: not any(self._sealed()), supervised=True)

    def _sealed(self) -> list[str | None]:
        requests = self.site.installation.requests
        return [each.sealed_password for one in self.people for each in requests(one.username)]

    def _all_states(self) -> set[str]:
        return {str(state) for person in self.people for state in self.states(person)}

    def _is_over(self) -> bool:
        """No answer waits, every text has met its fate, and the carrier holds no copy."""
        names = [person.username for person in self.people]
        with self.site.database.transaction() as session:
            rows = self.site.rows(session, names)
            texts = [row for row in rows if isinstance(row, OutboundMessage)]
            waits = any(each.state == "waiting" for each in texts)
        return not waits and not any(invariants.copies(self, each) for each in self.people)
