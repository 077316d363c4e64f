"""Which account is meant: asked of a phone that has several, and remembered for some minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import String, bindparam, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.records.base import Base, table_of, upsert


class Question(Base):
    """One for each number: a later one takes its place.

    It belongs to no tenant, as a number may belong to people of several: it names people by id
    only, and is answered to nobody but who holds the number.
    """

    __tablename__ = "questions"

    number_index: Mapped[str] = mapped_column(String(64), primary_key=True)
    action: Mapped[str] = mapped_column(String(12))
    options: Mapped[dict[str, Any]]
    """`people`: the ids of those who were offered, in the order in which they were."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


def ask(
    session: Session, number_index: str, action: str, people: Sequence[int], until: datetime
) -> None:
    """Remember what was asked."""
    values = {"action": action, "options": {"people": list(people)}, "expires_at": until}
    upsert(session, Question, {"number_index": number_index}, values)


def asked(
    session: Session, number_indexes: Sequence[str], now: datetime
) -> tuple[str, Sequence[int]] | None:
    """The action and the people that were offered last, if that is not too long ago."""
    told = {"indexes": list(number_indexes), "now": now}
    row = session.connection().execute(_ASKED, told).first()
    return (row.action, row.options["people"]) if row else None


def forget_questions(session: Session, before: datetime) -> None:
    session.execute(delete(Question).where(Question.expires_at < before))


_questions: Final = table_of(Question).c
_ASKED: Final = (
    select(_questions.action, _questions.options)
    .where(
        _questions.number_index.in_(bindparam("indexes", expanding=True)),
        _questions.expires_at > bindparam("now"),
    )
    .order_by(_questions.expires_at.desc())
    .limit(1)
)
