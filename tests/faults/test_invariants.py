"""The checker itself: each promise, broken on purpose, is seen to be broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from gateway.records import AuditEvent, InboundMessage, Request
from gateway.records.audit import Event
from tests.faults import invariants
from tests.faults.row import Row, Somebody
from tests.faults.site import Site, column_names, site_on

FORGOTTEN: list[Any] = []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One of its own: an audit that was tampered with is broken for good."""
    folder = tmp_path_factory.mktemp("betrayed")
    with site_on(folder, f"sqlite:///{folder}/resetline.db") as site:
        yield site


@pytest.fixture
def row(site: Site) -> Iterator[Row]:
    yield Row(site)
    site.mend()


def run(row: Row, statement: Any) -> None:
    with row.site.database.transaction() as session:
        session.execute(statement)


def request_id(row: Row, person: Somebody) -> int:
    return row.site.installation.requests(person.username)[-1].id


def forget_a_text(row: Row, person: Somebody) -> None:
    run(row, delete(InboundMessage).where(InboundMessage.sid.in_(row.taken)))


def leave_it_under_way(row: Row, person: Somebody) -> None:
    run(row, update(Request).where(Request.id == request_id(row, person)).values(state="applied"))


def set_another_password(row: Row, person: Somebody) -> None:
    row.site.office.domain.set_password(person.username, "Somebody-Else-1!")


def lose_the_text(row: Row, person: Somebody) -> None:
    row.site.installation.carrier._bodies.clear()


def keep_a_sealed_password(row: Row, person: Somebody) -> None:
    wanted = update(Request).where(Request.id == request_id(row, person))
    run(row, wanted.values(sealed_password="x"))


def log_a_password(row: Row, person: Somebody) -> None:
    leak = row.site.installation.folder / "leak.log"
    leak.write_text(invariants.handed_over(row, person)[-1])


def queue_a_number(row: Row, person: Somebody) -> None:
    with row.site.installation.redis.client() as redis:
        redis.set("leak", person.number)


def forget_an_event(row: Row, person: Somebody) -> None:
    mine = AuditEvent.request_id == request_id(row, person)
    told = mine & (AuditEvent.event == Event.RESET_SUCCEEDED)
    with row.site.database.transaction() as session:
        FORGOTTEN.extend(session.execute(select(AuditEvent.__table__).where(told)).mappings())
    run(row, delete(AuditEvent).where(told))


def audit_twice(row: Row, person: Somebody) -> None:
    mine = AuditEvent.request_id == request_id(row, person)
    with row.site.database.transaction() as session:
        event = session.scalars(select(AuditEvent).where(mine)).all()[-1]
        own = {"id", "position", "chain", "chain_key"}
        names = [c for c in column_names(event) if c not in own]
        session.add(AuditEvent(**{name: getattr(event, name) for name in names}))


BREACHES: Mapping[str, tuple[str, Callable[[Row, Somebody], None]]] = {
    "a text is forgotten": ("I1", forget_a_text),
    "a request is left under way": ("I1", leave_it_under_way),
    "the directory has another password": ("I2", set_another_password),
    "the text was never seen": ("I1|I3", lose_the_text),
    "a sealed password is kept": ("I4", keep_a_sealed_password),
    "a password is in a log": ("I4", log_a_password),
    "a number is in Redis": ("I4", queue_a_number),
    "an event is missing": ("I5", forget_an_event),
    "an event is there twice": ("I5", audit_twice),
}


def test_i3_nobody_told_is_seen_beside_i2(row: Row) -> None:
    """I3 alone: nothing was texted, and the directory has a password that nobody knows."""
    person = row.somebody()
    assert row.post(person, "STATUS") == 200
    row.ends()
    set_another_password(row, person)
    with pytest.raises(AssertionError, match=r"^I3: "):
        invariants.check(row)


@pytest.mark.parametrize("what", BREACHES)
def test_a_broken_promise_is_seen(what: str, row: Row) -> None:
    promise, break_it = BREACHES[what]
    person = row.somebody()
    assert row.post(person) == 200
    row.ends()
    break_it(row, person)
    try:
        with pytest.raises(AssertionError, match=rf"^({promise}): "):
            invariants.check(row)
    finally:
        mend(row, person)


@pytest.mark.parametrize(
    "story", ["oxad", "owadkxad", "owakdjxad", "owadrkxad", "owadrrre", "owae"]
)
def test_a_story_with_a_word_is_possible(story: str) -> None:
    assert invariants.A_POSSIBLE_STORY.fullmatch(story)


@pytest.mark.parametrize("story", ["owadxad", "owadkkxad", "owadkxxad", "owadexad", "okxad", "oe"])
def test_no_change_without_its_word_and_no_second_one(story: str) -> None:
    assert not invariants.A_POSSIBLE_STORY.fullmatch(story)


def mend(row: Row, person: Somebody) -> None:
    while FORGOTTEN:
        run(row, insert(AuditEvent).values(FORGOTTEN.pop()))
    run(row, update(Request).where(Request.state == "applied").values(state="done"))
    run(row, update(Request).values(sealed_password=None))
    (row.site.installation.folder / "leak.log").unlink(missing_ok=True)
    with row.site.installation.redis.client() as redis:
        redis.delete("leak")
