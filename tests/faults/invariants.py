"""The five promises, looked at after every fault where they can be seen by others.

I1 every text that got a good answer is answered in its turn, or its request has visibly failed
I2 the password in the last text is the one that the directory accepts
I3 nobody is left with a password that nobody knows, unless that was said aloud
I4 no secret outlives its request: not in the database, a file, a log, Redis or at the carrier
I5 the audit tells what happened, in an order in which it can have happened, and verifies
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from pydantic import SecretStr
from sqlalchemy import select

from gateway.cli.chain_faults import ChainBroken, Fault
from gateway.cli.verifying import verify
from gateway.records import AuditEvent, InboundMessage, OutboundMessage, Request
from gateway.records.audit import Event
from gateway.records.database import Database
from gateway.records.letters import ASKS_FOR_WORD
from gateway.records.messages import OutboundState
from gateway.records.requests import RequestState
from simulator.twilio import Direction, Message
from tests.faults.site import ALIVE
from tests.installation import AUTH_TOKEN

if TYPE_CHECKING:
    from tests.faults.row import Row, Somebody

OLD_PASSWORD = "Old-Password-1!"
UNTOLD = {Event.REPLY_FAILED, Event.REPLY_UNDELIVERED}
SPOKEN_FOR = ("carrier_answered", "opted_out", "opt_out", "opt_in", "unknown_sender")
"""Texts that get no answer of ours: Twilio gave one, or nobody may be told anything."""

LETTERS = {
    Event.REQUEST_OPENED: "o",
    Event.REQUEST_JOINED: "j",
    Event.WORD_ASKED: "w",
    Event.WORD_WRONG: "r",
    Event.WORD_CONFIRMED: "k",
    Event.REQUEST_EXPIRED: "e",
    Event.REPLY_ACCEPTED: "a",
    Event.REPLY_DELIVERED: "d",
    Event.REPLY_UNDELIVERED: "u",
    Event.REPLY_FAILED: "f",
    Event.REPLY_UNCONFIRMED: "c",
    Event.REPLY_REROUTED: "v",
    Event.RESET_UNTOLD: "n",
    Event.ONE_TIME_USED: "s",
    Event.ONE_TIME_SCRAMBLED: "s",
    Event.ONE_TIME_LEFT: "s",
}
AT_ANY_TIME = {
    Event.REPLY_REDACTED,
    Event.MAIL_SENT,
    Event.MAIL_FAILED,
    Event.REQUEST_RETRIED,
    Event.LIMIT_REACHED,
}
OUTCOME = "x"
CONFIRMED = r"w[acdjr]*k[acdj]*"
A_POSSIBLE_STORY = re.compile(
    rf"oj*({CONFIRMED})?xj*((f|aj*u)v)*(f|aj*[udc]?)n?s?|oj*w[acdfjruv]*e[acd]*"
)
"""Opened; perhaps joined; one outcome, and where a word was asked for, only once it came back; then
answers, each on another phone, until one arrives or no phone is left; that nobody has the password;
and what became of it. Or the word never came back, and there is no outcome."""

LAST_WORDS = {
    RequestState.DONE: "d",
    RequestState.UNDELIVERED: "uf",
    RequestState.SCRAMBLED: "s",
    RequestState.USED: "s",
    RequestState.SENT: "a",
    RequestState.EXPIRED: "e",
}


def check(row: Row) -> Sequence[str]:
    """Raises AssertionError, beginning with the name of the promise that was broken."""
    for promise in PROMISES:
        for person in row.people:
            for complaint in promise(row, person):
                raise AssertionError(f"{promise.__name__.upper()[:2]}: {complaint}")
    assert not (fault := _broken_chain(row)), f"I5: {fault}"
    return [promise.__name__.upper()[:2] for promise in PROMISES]


def _broken_chain(row: Row) -> ChainBroken | None:
    """What `resetline audit verify` finds, but that the newest events may not be sealed yet."""
    database = Database(row.site.installation.database_url)
    keys = [SecretStr(row.site.installation.secret_key)]
    fault = verify(database, keys, datetime.now(UTC), None).broken
    database.close()
    return fault if fault and fault.fault is not Fault.NOT_SEALED else None


def i1_nothing_is_forgotten(row: Row, person: Somebody) -> Iterator[str]:
    by_hand = [sid for sid, number in row.taken.items() if number in person.numbers]
    by_carrier = [sid for each in person.numbers for sid in row.site.answered_webhooks(each)]
    for sid in {*by_carrier, *by_hand}:
        text, request = _kept(row, sid)
        if text is None:
            yield "a text that got a good answer is not in the database"
        elif request is not None:
            yield from _unanswered(row, person, request)
        elif text.outcome not in SPOKEN_FOR and not row.saw(person):
            yield f"a text ({text.outcome}) was never answered"


def _kept(row: Row, sid: str) -> tuple[InboundMessage | None, Request | None]:
    with row.site.database.transaction() as session:
        text = session.scalar(select(InboundMessage).where(InboundMessage.sid == sid))
        request = session.get(Request, text.request_id) if text and text.request_id else None
        return text, request


def _unanswered(row: Row, person: Somebody, request: Request) -> Iterator[str]:
    if request.state in ALIVE:
        yield f"a request is still {request.state}"
    others = ("busy", ASKS_FOR_WORD)
    answers = [text for text in _outbox(row, request) if text.template not in others]
    if not answers and request.state != RequestState.EXPIRED:
        yield f"a request ended {request.state} without an answer"
    for answer in answers:
        reached = answer.state in (OutboundState.ACCEPTED, OutboundState.DELIVERED)
        if reached and not row.saw(person):
            yield "an answer that was sent is not on the phone"
        if not reached and not UNTOLD & set(_events(row, request)):
            yield f"an answer is {answer.state} and nobody was told so"


def i2_the_last_text_is_true(row: Row, person: Somebody) -> Iterator[str]:
    told = passwords(row, person)
    if not told or _said_aloud(row, person):
        return
    accepted = [password for password in (told[-1], OLD_PASSWORD) if accepts(row, person, password)]
    if not accepted:
        yield "the directory does not accept the password of the last text"
    elif accepted == [OLD_PASSWORD] and "may now be" not in row.saw(person)[-1]:
        yield "a password was texted that was never set"
    resets = [request for request in _requests(row, person) if request.action == "reset"]
    if len(set(told)) > len(resets):
        yield "one request led to several passwords"


def i3_nobody_is_locked_out(row: Row, person: Somebody) -> Iterator[str]:
    known = [OLD_PASSWORD, *passwords(row, person)]
    if any(accepts(row, person, password) for password in known):
        return
    if not _said_aloud(row, person):
        yield "the directory has a password that nobody was told, and nothing says so"


def i4_no_secret_is_left(row: Row, person: Somebody) -> Iterator[str]:
    if any(request.sealed_password for request in _requests(row, person)):
        yield "a request that has ended still holds its sealed password"
    if any(request.word_seed for request in _requests(row, person)):
        yield "a request that has ended still holds what its word is made of"
    site, installation = row.site, row.site.installation
    if copies(row, person):
        yield "the carrier still holds the words of a text"
    secrets = {
        "a password": handed_over(row, person),
        "a phone number": person.numbers,
        "our password for the directory": [site.office.settings.bind_password.get_secret_value()],
        "a key": [AUTH_TOKEN, installation.secret_key],
    }
    for place, content in _places(row):
        for name, values in secrets.items():
            if any(value.encode() in content for value in values):
                yield f"{name} is in {place}"


def _places(row: Row) -> Iterator[tuple[str, bytes]]:
    yield "the database", row.site.installation.dump()
    yield "Redis", row.site.dump_of_redis()
    yield "the database's files", row.site.database_files()
    for path in row.site.installation.written():
        yield path.name, path.read_bytes()


def i5_the_audit_tells_it_in_order(row: Row, person: Somebody) -> Iterator[str]:
    for request in _requests(row, person):
        events = _events(row, request)
        told = [event for event in events if event not in AT_ANY_TIME]
        story = "".join(LETTERS.get(event, OUTCOME) for event in told)
        if not A_POSSIBLE_STORY.fullmatch(story):
            yield f"no request can go like this: {', '.join(events)}"
        if events.count(Event.REPLY_REDACTED) > len(_outbox(row, request)):
            yield "more copies were emptied than texts were sent"
        ends = LAST_WORDS.get(RequestState(request.state))
        if ends and not set(ends) & set(story):
            yield f"a request is {request.state}, and the audit ends with {events[-1]}"
    if not row.clocks_differ:
        for sooner, later in _going_back(row, person):
            yield f"the times of the audit go back from {sooner} to {later}"


def _going_back(row: Row, person: Somebody) -> Iterator[tuple[str, str]]:
    """Where the processes' clocks agree. Times that a test has aged are not in the audit."""
    for request in _requests(row, person):
        with row.site.database.transaction() as session:
            wanted = select(AuditEvent.at, AuditEvent.event)
            mine = wanted.where(AuditEvent.request_id == request.id).order_by(AuditEvent.id)
            events = session.execute(mine).all()
        for (before, sooner), (after, later) in pairwise(events):
            if after < before:
                yield f"{sooner} ({before:%S.%f})", f"{later} ({after:%S.%f})"


PROMISES: Sequence[Callable[[Row, Somebody], Iterator[str]]] = (
    i1_nothing_is_forgotten,
    i2_the_last_text_is_true,
    i3_nobody_is_locked_out,
    i4_no_secret_is_left,
    i5_the_audit_tells_it_in_order,
)


def passwords(row: Row, person: Somebody) -> list[str]:
    """Those that the phone shows, oldest first."""
    return [found for text in row.saw(person) if (found := password_in(text))]


def handed_over(row: Row, person: Somebody) -> list[str]:
    """Those that the carrier was given, whether or not they reached the phone."""
    given = row.site.installation.carrier.given
    return [found for to, text in given if to in person.numbers and (found := password_in(text))]


def password_in(text: str) -> str:
    """It stands alone on a line of its own; empty where a text has none."""
    lines = [line for line in text.splitlines()[1:] if "-" in line and " " not in line]
    return lines[0] if lines else ""


def accepts(row: Row, person: Somebody, password: str) -> bool:
    return row.site.office.domain.accepts(person.username, password)


def copies(row: Row, person: Somebody) -> list[Message]:
    """Our texts whose words the carrier still holds."""
    carrier = row.site.installation.carrier
    found = [text for number in person.numbers for text in carrier.texts_to(number)]
    return [text for text in found if text.direction is Direction.OUTBOUND_API and text.body]


def _requests(row: Row, person: Somebody) -> list[Request]:
    return row.site.installation.requests(person.username)


def _outbox(row: Row, request: Request) -> list[OutboundMessage]:
    wanted = select(OutboundMessage).where(OutboundMessage.request_id == request.id)
    with row.site.database.transaction() as session:
        return list(session.scalars(wanted))


def _events(row: Row, request: Request) -> list[Event]:
    wanted = select(AuditEvent.event).where(AuditEvent.request_id == request.id)
    with row.site.database.transaction() as session:
        return [Event(each) for each in session.scalars(wanted.order_by(AuditEvent.id))]


def _said_aloud(row: Row, person: Somebody) -> bool:
    """The newest request is known not to have reached its person: audited, and in the log.

    Or its password was told to be dead, or somebody has set another since.
    """
    logs = row.site.installation.logs()
    newest = _requests(row, person)[-1:]
    if any(request.state == RequestState.USED for request in newest):
        return True
    if newest and "no longer works" in "".join(row.saw(person)[-1:]):
        return newest[0].state == RequestState.SCRAMBLED
    return any(
        request.state in (RequestState.UNDELIVERED, RequestState.SCRAMBLED)
        and UNTOLD & set(_events(row, request))
        and ("reply.failed" in logs or "reply.undelivered" in logs)
        for request in newest
    )
