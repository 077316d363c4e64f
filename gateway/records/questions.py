"""Which account is meant: asked of a phone that has several, and remembered for some minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of whom, and whether that was only guessed from what they texted."""

    action: str
    people: Sequence[int]
    is_guess: bool


def ask(session: Session, number_index: str, question: Asked, until: datetime) -> None:
    """Remember what was asked."""
    options = {"people": list(question.people), "is_guess": question.is_guess}
    values = {"action": question.action, "options": options, "expires_at": until}
    upsert(session, Question, {"number_index": number_index}, values)


def asked(session: Session, number_indexes: Sequence[str], now: datetime) -> Asked | None:
    """What was asked last, if that is not too long ago."""
    told = {"indexes": list(number_indexes), "now": now}
    row = session.connection().execute(_ASKED, told).first()
    return Asked(row.action, row.options["people"], row.options["is_guess"]) if row else None


def forget_question(session: Session, number_indexes: Sequence[str]) -> None:
    """It has been answered."""
    session.execute(delete(Question).where(Question.number_index.in_(number_indexes)))


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
