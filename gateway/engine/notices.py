"""What is announced by mail: invitations, and what a text cannot tell or should not alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from gateway.engine.mailing import write, write_row
from gateway.mail.wording import FACTS
from gateway.phones import PhoneNumber
from gateway.records import Invitation, Mail, Person, Request
from gateway.records.assignments import Assignment
from gateway.records.audit import Event
from gateway.records.mails import Recipient
from gateway.records.policies import policy_of
from gateway.templating import FALLBACK_LANGUAGE
from handlers.conversation import Fact


class InvitationMail(StrEnum):
    """The mails that tell a person the link by which they set up their phone."""

    FIRST = "activation"
    REMINDER = "activation_reminder"
    REGISTERED = "activation_again"
    """For who has set one up already, and may want to change it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a mail says of its link: until when it works, and what the page will ask for."""

    expires_at: datetime
    asks_password: bool = False


def invited(
    session: Session,
    person: Person,
    kind: InvitationMail,
    invitation_id: int,
    terms: Terms,
    now: datetime,
) -> Mail:
    """A person gets their link. It is made when the mail is sent, and stands in no record."""
    facts = {
        **_greeting(person),
        "expires": written_time(terms.expires_at, _zone(person)),
        "asks_password": terms.asks_password,
    }
    return write(session, person, kind, facts, now=now, invitation_id=invitation_id)


def expiry_of(invitation: Invitation) -> str:
    """Until when its link works, as a mail says it."""
    return written_time(invitation.expires_at, _zone(invitation.person))


def approval_waits(session: Session, person: Person, number: PhoneNumber, now: datetime) -> Mail:
    """A number was proved, and the MSP has to attest whose it is."""
    facts: dict[str, Fact] = {"username": person.username, "number": number.masked}
    return write(session, person.organization, "approval_waits_msp", facts, now=now)


def number_is_theirs(
    session: Session, person: Person, number: PhoneNumber, our_number: str, now: datetime
) -> Mail:
    """A phone was set up: what to text, and to which number (E.164; empty if there are several)."""
    facts = {**_greeting(person), "number": number.masked, "our_number": our_number}
    return write(session, person, "enrolled", facts, now=now)


def number_was_changed(
    session: Session, person: Person, number: PhoneNumber, hold_hours: int, now: datetime
) -> Mail:
    """Another number was set up: whoever did not do it themselves has to hear of it.

    Of a hold only those are told whom it keeps from anything.
    """
    policy = policy_of(session, person)
    is_held = person.self_serve and policy.self_serve and policy.reset_by_sms
    facts = {
        **_greeting(person),
        "number": number.masked,
        "hours": str(hold_hours if is_held else 0),
        "unlock": policy.unlock_by_sms,
    }
    return write(session, person, "number_changed", facts, now=now)


def number_was_changed_on_the_page(
    session: Session, person: Person, number: PhoneNumber, now: datetime
) -> Mail:
    """The same for the MSP. A synchronization tells of its changes itself."""
    facts: dict[str, Fact] = {
        "username": person.username,
        "number": number.masked,
        "when": written_time(now, _zone(person)),
    }
    return write(session, person.organization, "number_changed_msp", facts, now=now)


def was_not_them(session: Session, person: Person, now: datetime) -> Mail:
    """Somebody has texted that it was not them: the MSP has to find out who it was."""
    facts: dict[str, Fact] = {
        "username": person.username,
        "when": written_time(now, _zone(person)),
    }
    return write(session, person.organization, "not_me_msp", facts, now=now)


def account_changed(session: Session, work: Assignment, event: Event, now: datetime) -> None:
    """Something was done by text: whose account it is hears of it another way as well.

    Whoever has stolen a phone reads its texts, but not its owner's mail (NIST SP 800-63B-4 4.6).
    """
    policy, template = work.policy, _OF_AN_EVENT.get(event)
    if template and policy.notifications and work.has_email:
        facts = _happened(work, event, now, FACTS[template])
        write_row(session, work.about, Recipient.PERSON, template, work.language, facts, now)
    if template == "password_reset" and policy.notify_msp:
        facts = _happened(work, event, now, FACTS["password_reset_msp"])
        row = (work.about, Recipient.MSP, "password_reset_msp", FALLBACK_LANGUAGE, facts, now)
        write_row(session, *row)


def sim_swapped(session: Session, work: Assignment, now: datetime) -> None:
    """A phone with a new SIM has asked for a password: its texts may be read by a thief by now."""
    told = [(Recipient.MSP, "sim_swapped_msp", FALLBACK_LANGUAGE)]
    if work.policy.notifications and work.has_email:
        told.append((Recipient.PERSON, "sim_swapped", work.language))
    for recipient, template, language in told:
        facts = _happened(work, Event.RESET_REFUSED, now, FACTS[template])
        write_row(session, work.about, recipient, template, language, facts, now)


_OF_AN_EVENT: Final = {
    Event.RESET_SUCCEEDED: "password_reset",
    Event.RESET_UNCERTAIN: "password_reset",
    Event.UNLOCK_SUCCEEDED: "account_unlocked",
}


def _happened(
    work: Assignment, event: Event, now: datetime, wanted: Sequence[str]
) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "username": work.username,
        "request": str(work.request_id),
        "when": written_time(now, ZoneInfo(work.time_zone)),
        "certain": event is not Event.RESET_UNCERTAIN,
    }
    return {name: facts[name] for name in wanted}


def password_untold(session: Session, request: Request, reason: str, now: datetime) -> None:
    """A password was set and nobody could be told it: the person and the MSP hear of it."""
    write(session, request.person, "password_untold", {}, now=now, request=request)
    facts = {
        "username": request.person.username,
        "request": str(request.id),
        "when": written_time(request.created_at, ZoneInfo(request.organization.time_zone)),
        "reason": reason,
    }
    organization = request.organization
    write(session, organization, "password_untold_msp", facts, now=now, request=request)


def one_time_password_expired(session: Session, request: Request, now: datetime) -> None:
    """A one-time password was not used in time and works no more: the person hears of it."""
    write(session, request.person, "one_time_password_expired", {}, now=now, request=request)


def _greeting(person: Person) -> dict[str, Fact]:
    return {"display_name": person.display_name, "username": person.username}


def _zone(person: Person) -> ZoneInfo:
    return ZoneInfo(person.organization.time_zone)


def written_time(when: datetime, zone: ZoneInfo) -> str:
    """`3 Nov 2026 14:05 CET`: true whenever the mail is read."""
    local = when.astimezone(zone)
    return f"{local.day} {local:%b %Y %H:%M %Z}"
