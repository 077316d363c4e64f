"""All that is on the table: the carrier, phones and mailboxes, and a window onto the directory."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from simulator.mail import Mail, Mailboxes
from simulator.phone.handsets import Handsets
from simulator.phone.people import Person
from simulator.phone.signing_in import AccountView, DirectoryGone, Outcome, Window
from simulator.twilio.carrier import Carrier
from simulator.twilio.journal import Kind

WRONG_TRIES_AT_ONCE = 3
MOST_WRONG_TRIES = 12


@dataclass(frozen=True, slots=True)
class Desk:
    """What a person at the page can do.

    Without a window there is no computer to sign in to, and without mailboxes no inbox.
    """

    carrier: Carrier
    people: Sequence[Person]
    number: str
    window: Window | None = None
    mailboxes: Mailboxes | None = None
    handsets: Handsets = field(default_factory=Handsets)

    def __post_init__(self) -> None:
        self.carrier.journal.listeners.append(self.handsets.hear)
        if self.mailboxes is not None:
            self.mailboxes.listeners.append(self._note_mail)

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

    def mailbox(self, person: Person) -> Mailboxes | None:
        """Where their mail is, for those who have an address."""
        return self.mailboxes if person.email else None

    def open_mail(self, person: Person, mail_id: int) -> Mail | None:
        """None if it is not there, or not any more."""
        mailbox = self.mailbox(person)
        mail = mailbox.open(person.email, mail_id) if mailbox else None
        if mail is not None:
            self.carrier.journal.note_of(person.phone, Kind.MAIL_OPENED, mail=mail_id)
        return mail

    def unopened(self) -> dict[str, int]:
        """How many mails everybody has yet to open, by the keys of the people."""
        found = ((each, self.mailbox(each)) for each in self.people)
        return {each.key: box.unopened(each.email) for each, box in found if box}

    def _note_mail(self, mail: Mail) -> None:
        for person in self.people:
            if person.email.lower() == mail.to:
                self.carrier.journal.note_of(person.phone, Kind.MAILED, mail=mail.id)

    def _is_enough(self, person: Person, tries: int) -> bool:
        if tries < WRONG_TRIES_AT_ONCE:
            return False
        account = self.account(person)
        return account is None or account.locked

    def _window(self) -> Window:
        if self.window is None:
            raise LookupError("no directory is connected")
        return self.window
