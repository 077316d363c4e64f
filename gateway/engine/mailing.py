"""Mails that wait: written in the transaction that makes them true, and sent until they are."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import structlog
from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from gateway.engine.composing import LINK_DEAD, NO_ADDRESS, Composer, Waiting, address_of, waiting
from gateway.mail import (
    Mailer,
    MailError,
    MailLater,
    MailMisconfigured,
    MailUnknown,
)
from gateway.mail.wording import NEEDS_LINK
from gateway.records import Mail, Organization, Person, Request
from gateway.records.about import About
from gateway.records.audit import Event, record
from gateway.records.base import insert_row
from gateway.records.database import Database
from gateway.records.mails import MailState, Recipient
from gateway.templating import FALLBACK_LANGUAGE, FactsWrong
from handlers.conversation import Fact

log = structlog.get_logger()

WORTH_SENDING: Final = timedelta(hours=24)
"""How long a mail is tried for: servers that grey-list or are down are back by then."""

LEASE: Final = timedelta(seconds=120)
"""Longer than a mail server is waited for."""

FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)
UNKNOWN_AGAIN: Final = 3
"""After an unknown outcome the same mail goes again so often, and no more."""


def write(
    session: Session,
    to: Person | Organization,
    template: str,
    facts: Mapping[str, Fact],
    *,
    now: datetime,
    request: Request | None = None,
    invitation_id: int | None = None,
) -> Mail:
    """Put a mail to a person, or to the MSP of an organization, into the transaction.

    The clock rings for it within seconds. The facts are stored: a secret is never one of them.
    So a mail with a link names the invitation, and the link is made when it is sent.
    """
    if (invitation_id is not None) != (template in NEEDS_LINK) or "link" in facts:
        raise FactsWrong(f"template {template!r}: give an invitation where a link is told, only")
    person = to if isinstance(to, Person) else None
    organization = to.organization if isinstance(to, Person) else to
    about = About(
        organization.tenant_id,
        organization.id,
        person.id if person else request.person_id if request else None,
        request.id if request else None,
    )
    recipient = Recipient.PERSON if person else Recipient.MSP
    row = _row(about, recipient, template, _language_of(person), facts, now)
    mail = Mail(**row, invitation_id=invitation_id)
    session.add(mail)
    session.flush()
    return mail


def write_row(
    session: Session,
    about: About,
    recipient: Recipient,
    template: str,
    language: str,
    facts: Mapping[str, Fact],
    now: datetime,
) -> int:
    """The same without objects, for what a worker tells while somebody waits: the mail's id."""
    return insert_row(session, Mail, **_row(about, recipient, template, language, facts, now))


def _row(
    about: About,
    recipient: Recipient,
    template: str,
    language: str,
    facts: Mapping[str, Fact],
    now: datetime,
) -> dict[str, Any]:
    return {
        **asdict(about),
        "recipient": recipient,
        "template": template,
        "language": language,
        "facts": dict(facts),
        "key": uuid4().hex,
        "ring_at": now,
        "created_at": now,
        "expires_at": now + WORTH_SENDING,
    }


class Mailing:
    """Sends waiting mails. Safe to call twice, from anywhere, at any time.

    Without a mailer each one fails at once, so that none is taken for waiting.
    """

    def __init__(
        self,
        database: Database,
        mailer: Mailer | None,
        now: Callable[[], datetime],
        composer: Composer,
    ) -> None:
        self._database = database
        self._mailer = mailer
        self._now = now
        self._composer = composer
        self._has_warned = False

    def deliver(self, mail_id: int) -> None:
        """Send one mail if it waits and nobody else is sending it."""
        with self._database.transaction() as session:
            taken = self._take(session, mail_id)
        if taken is None or self._mailer is None:
            return
        error = _sent(self._mailer, self._composer, taken)
        with self._database.transaction() as session:
            self._settle(session, taken, error)

    def _take(self, session: Session, mail_id: int) -> Waiting | None:
        now = self._now()
        taken = session.execute(
            update(Mail)
            .where(
                Mail.id == mail_id,
                Mail.state == MailState.WAITING,
                or_(Mail.lease_until.is_(None), Mail.lease_until <= now),
            )
            .values(attempt=Mail.attempt + 1, lease_until=now + LEASE, ring_at=now + LEASE)
            .returning(Mail.id)
        ).first()
        if taken is None:
            return None
        mail = session.get_one(Mail, mail_id, populate_existing=True)
        if reason := self._hopeless(mail, now):
            self._fail(session, mail, reason)
            return None
        return waiting(session, mail)

    def _hopeless(self, mail: Mail, now: datetime) -> str | None:
        if self._mailer is None:
            return "no_smtp"
        if mail.expires_at <= now:
            return f"expired_{mail.error}" if mail.error else "expired"
        return None if address_of(mail) else NO_ADDRESS

    def _settle(self, session: Session, taken: Waiting, error: MailError | None) -> None:
        mail = session.get_one(Mail, taken.mail_id, with_for_update=True)
        if mail.attempt != taken.attempt or mail.state != MailState.WAITING:
            log.warning("mail.overtaken", mail=taken.mail_id)
        elif error is None:
            self._sent(session, mail)
        else:
            self._not_sent(session, mail, error)

    def _sent(self, session: Session, mail: Mail) -> None:
        now = self._now()
        mail.state, mail.sent_at, mail.error = MailState.SENT, now, ""
        _put_away(mail)
        _remember_problem(mail, "")
        record(session, Event.MAIL_SENT, _about(session, mail), now, reason=mail.template)
        log.info("mail.sent", mail=mail.id, template=mail.template, attempt=mail.attempt)

    def _not_sent(self, session: Session, mail: Mail, error: MailError) -> None:
        mail.error = error.reason
        mail.unknown_outcomes += isinstance(error, MailUnknown)
        if not _may_go_again(mail, error):
            self._fail(session, mail, error.reason)
            return
        mail.ring_at = min(self._now() + _wait(mail.attempt), mail.expires_at)
        mail.lease_until = mail.ring_at  # a ring that was late does not try it any sooner
        tell = log.error if isinstance(error, MailMisconfigured) else log.warning
        tell("mail.not_sent", mail=mail.id, reason=error.reason, attempt=mail.attempt)

    def _fail(self, session: Session, mail: Mail, reason: str) -> None:
        """It will not be sent: somebody is not told of something, so this is said loudly."""
        mail.state, mail.error = MailState.FAILED, reason
        _put_away(mail)
        if reason != LINK_DEAD:
            _remember_problem(mail, reason)
        record(session, Event.MAIL_FAILED, _about(session, mail), self._now(), reason=reason)
        if reason != "no_smtp":
            tell = log.info if reason == LINK_DEAD else log.error
            tell("mail.failed", mail=mail.id, template=mail.template, reason=reason)
        elif not self._has_warned:
            self._has_warned = True
            log.warning("mail.no_smtp", detail="SMTP_URL is not set, so no mail is sent")


def _sent(mailer: Mailer, composer: Composer, mail: Waiting) -> MailError | None:
    try:
        mailer.send(composer.letter(mail))
    except MailError as error:
        return error
    return None


def _language_of(person: Person | None) -> str:
    """The MSP's people are written to in English, as all that they work with is."""
    return (person.language or person.organization.language) if person else FALLBACK_LANGUAGE


def _may_go_again(mail: Mail, error: MailError) -> bool:
    if isinstance(error, MailUnknown):
        return mail.unknown_outcomes <= UNKNOWN_AGAIN
    return isinstance(error, MailLater | MailMisconfigured)


def _wait(attempt: int) -> timedelta:
    """Twice as long each time, up to an hour, and never all at once."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt, 10))
    return longest * random.uniform(0.5, 1)  # noqa: S311  (jitter)


def _remember_problem(mail: Mail, reason: str) -> None:
    """Shown with the person, so that somebody corrects the address before help is needed."""
    if mail.recipient == Recipient.PERSON and mail.person:
        mail.person.mail_problem = reason


def _put_away(mail: Mail) -> None:
    mail.lease_until = mail.ring_at = None
    mail.facts = {}


def _about(session: Session, mail: Mail) -> Request | Person | Organization:
    request = session.get(Request, mail.request_id) if mail.request_id else None
    return request or mail.person or mail.organization
