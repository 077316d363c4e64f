"""The chain of audited events: its head, its keys, and events exactly as they are stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    String,
    bindparam,
    cast,
    func,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.chain import BEGINNING, ChainKey
from gateway.records.audit import AuditEvent
from gateway.records.base import Base, Id, insert_once, table_of

THE_HEAD: Final = 1
EVENTS: Final = table_of(AuditEvent)


class AuditHead(Base):
    """How long the chain is and which hash its last event has, signed: one row."""

    __tablename__ = "audit_heads"

    id: Mapped[Id]
    count: Mapped[int]
    chain: Mapped[str] = mapped_column(String(64))
    began_at: Mapped[datetime]
    """When the first events were sealed; older ones are sealed as they were found then."""
    key_name: Mapped[str] = mapped_column(String(16))
    signature: Mapped[str] = mapped_column(String(64))

    def sign(self, key: ChainKey) -> None:
        self.key_name, self.signature = key.name, key.sign(*self._said())

    def was_signed_with(self, key: ChainKey) -> bool:
        return key.has_signed(self.signature, *self._said())

    def _said(self) -> tuple[int, str, str]:
        return self.count, self.chain, self.began_at.isoformat(timespec="microseconds")


class AuditKey(Base):
    """A key that has sealed events, sealed itself, so that they can be verified when it is old."""

    __tablename__ = "audit_keys"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(16), unique=True)
    sealed_key: Mapped[str] = mapped_column(String(400))


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it stands in the database, whatever that is."""

    id: Any
    position: Any
    chain: Any
    key_name: Any
    at: Any
    fields: tuple[Any, ...]

    def said(self, position: int) -> tuple[Any, ...]:
        """All that is hashed of it, if it stands at a position."""
        return (position, self.id, self.at, *self.fields)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event belongs, with its hash and the name of the key."""

    event_id: int
    position: int
    chain: str
    key: str


def locked_head(session: Session, key: ChainKey, now: datetime) -> AuditHead:
    """The head, made if there is none. Two clocks cannot have it at once: one waits."""
    new = AuditHead(id=THE_HEAD, count=0, chain=BEGINNING, began_at=now.astimezone(UTC))
    new.sign(key)
    values = {column.name: getattr(new, column.name) for column in table_of(AuditHead).columns}
    session.execute(_insert(session)(AuditHead).values(values).on_conflict_do_nothing())
    return session.scalars(select(AuditHead).with_for_update()).one()


def last_position(session: Session) -> Any:
    return session.scalar(select(func.max(AuditEvent.position)))


def keep_key(session: Session, key: ChainKey, sealed: str) -> None:
    insert_once(session, AuditKey, name=key.name, sealed_key=sealed)


def is_any_unsealed(session: Session) -> bool:
    return session.scalar(_unsealed_ids().limit(1)) is not None


def oldest_unsealed(session: Session) -> datetime | None:
    """When the first that waits to be sealed was audited, by an index of those that wait."""
    first = _unsealed_ids().limit(1).scalar_subquery()
    return session.scalar(select(AuditEvent.at).where(AuditEvent.id == first))


def unsealed_events(session: Session, at_most: int) -> list[StoredEvent]:
    waiting = EVENTS.c.position.is_(None)
    return _stored(session, [waiting], EVENTS.c.id, at_most=at_most)


def sealed_events(session: Session, first: int, last: int) -> list[StoredEvent]:
    """Those that claim to stand from one position to another; one too many shows a double."""
    between = EVENTS.c.position.between(first, last)
    order = (EVENTS.c.position, EVENTS.c.id)
    return _stored(session, [between], *order, at_most=last - first + 2)


def put_in_place(session: Session, places: Sequence[Place]) -> bool:
    """Whether all of the events were there and still without a place."""
    seal = (
        update(EVENTS)
        .where(EVENTS.c.id == bindparam("event_id"), EVENTS.c.position.is_(None))
        .values(position=bindparam("place"), chain=bindparam("hash"), chain_key=bindparam("key"))
    )
    values = [
        {"event_id": each.event_id, "place": each.position, "hash": each.chain, "key": each.key}
        for each in places
    ]
    return session.connection().execute(seal, values).rowcount == len(places)


def _unsealed_ids() -> Any:
    return select(AuditEvent.id).where(AuditEvent.position.is_(None)).order_by(AuditEvent.id)


def _stored(
    session: Session,
    which: Sequence[ColumnElement[bool]],
    *order: ColumnElement[Any],
    at_most: int,
) -> list[StoredEvent]:
    name = session.get_bind().dialect.name
    at, read_time = (
        (type_coerce(EVENTS.c.at, String), _sqlite_time)
        if name == "sqlite"
        else (cast(EVENTS.c.at, String), _postgresql_time)
    )
    wanted = select(*_COLUMNS, at).where(*which).order_by(*order).limit(at_most)
    return [_event(tuple(row), read_time) for row in session.connection().execute(wanted)]


_COLUMNS: Final = (
    *(EVENTS.c.id, EVENTS.c.position, EVENTS.c.chain, EVENTS.c.chain_key),
    *(EVENTS.c.event, EVENTS.c.mode, EVENTS.c.tenant_id, EVENTS.c.organization_id),
    *(EVENTS.c.person_id, EVENTS.c.request_id, EVENTS.c.reason),
)


def _event(row: tuple[Any, ...], read_time: Callable[[Any], Any]) -> StoredEvent:
    id_, position, chain, key_name, *fields, at = row
    return StoredEvent(id_, position, chain, key_name, read_time(at), tuple(fields))


def _sqlite_time(stored: Any) -> Any:
    """The same on every database; a text that is not written as we write times stays as it is."""
    try:
        at = datetime.fromisoformat(stored)
    except (TypeError, ValueError):
        return stored
    if at.tzinfo or at.isoformat(" ", "microseconds") != stored:
        return stored
    return at.replace(tzinfo=UTC).isoformat(timespec="microseconds")


def _postgresql_time(stored: str) -> str:
    """PostgreSQL knows times that Python does not, such as `infinity`."""
    try:
        return datetime.fromisoformat(stored).astimezone(UTC).isoformat(timespec="microseconds")
    except ValueError:
        return stored


def _insert(session: Session) -> Any:
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
