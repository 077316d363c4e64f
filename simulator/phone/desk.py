"""Everything on the table: the carrier, the phones, the people, a window onto the directory."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from simulator.phone.handsets import Handsets
from simulator.phone.people import Person
from simulator.phone.signing_in import AccountView, DirectoryGone, Outcome, Window
from simulator.twilio.carrier import Carrier
from simulator.twilio.journal import Kind

WRONG_TRIES_AT_ONCE = 3
MOST_WRONG_TRIES = 12


@dataclass(frozen=True, slots=True)
class Desk:
    """What a person at the page can do. Without a window there is no computer to sign in to."""

    carrier: Carrier
    people: Sequence[Person]
    number: str
    window: Window | None = None
    handsets: Handsets = field(default_factory=Handsets)

    def __post_init__(self) -> None:
        self.carrier.journal.listeners.append(self.handsets.hear)

    def text(self, person: Person, body: str) -> None:
        self.carrier.send_text(person.phone, self.number, body)

    def account(self, person: Person) -> AccountView | None:
        """None for whoever has no account, or while the directory does not answer."""
        if self.window is None or not person.username:
            return None
        try:
            return self.window.state(person.username)
        except DirectoryGone:
            return None

    def sign_in(self, person: Person, password: str) -> Outcome:
        outcome = self._window().sign_in(person.username, password)
        self.carrier.journal.note_of(person.phone, Kind.SIGN_IN, outcome=outcome)
        return outcome

    def change_password(self, person: Person, old: str, new: str) -> Outcome:
        outcome = self._window().change_password(person.username, old, new)
        if outcome is Outcome.WELCOME:
            self.carrier.journal.note_of(person.phone, Kind.NEW_PASSWORD)
        else:
            self.carrier.journal.note_of(person.phone, Kind.SIGN_IN, outcome=outcome)
        return outcome

    def type_it_wrong(self, person: Person) -> int:
        """Three wrong passwords, or as many as this domain takes to lock. Returns how many."""
        window, tries = self._window(), 0
        while tries < MOST_WRONG_TRIES and not self._is_enough(person, tries):
            window.sign_in(person.username, secrets.token_urlsafe(12))
            tries += 1
        self.carrier.journal.note_of(person.phone, Kind.WRONG_TRIES)
        return tries

    def _is_enough(self, person: Person, tries: int) -> bool:
        if tries < WRONG_TRIES_AT_ONCE:
            return False
        account = self.account(person)
        return account is None or account.locked

    def _window(self) -> Window:
        if self.window is None:
            raise LookupError("no directory is connected")
        return self.window
