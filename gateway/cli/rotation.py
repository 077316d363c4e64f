"""Seals every stored secret anew with the newest key, a portion at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click
from sqlalchemy import func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from gateway.cli import storage
from gateway.cli.shell import Failed
from gateway.records import AuditKey, Consent, DirectoryRecord, OptOut, Phone, Request
from gateway.records.audit import Event, record
from gateway.records.database import Database
from gateway.seal import CannotUnseal, Seal
from gateway.settings import StorageSettings

AT_ONCE: Final = 200
"""Rows in one transaction: SQLite lets nobody else write meanwhile."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column of sealed values, and the column of keyed hashes of the same, if there is one."""

    called: str
    key: InstrumentedAttribute[int]
    value: InstrumentedAttribute[Any]
    index: InstrumentedAttribute[str] | None = None


EVERYTHING: Final = (
    Sealed("phone numbers", Phone.id, Phone.sealed_number, Phone.number_index),
    Sealed("numbers consented to", Consent.id, Consent.sealed_number, Consent.number_index),
    Sealed("numbers that texted STOP", OptOut.id, OptOut.sealed_number, OptOut.number_index),
    Sealed("passwords", DirectoryRecord.organization_id, DirectoryRecord.sealed_bind_password),
    Sealed("one-time passwords", Request.id, Request.sealed_password),
    Sealed("keys of the audit", AuditKey.id, AuditKey.sealed_key),
)


@dataclass
class Rotation:
    """Goes through everything once. What is sealed with the newest key already is left alone."""

    database: Database
    seal: Seal
    newest: Seal
    resealed: int = 0
    lost: int = 0

    def run(self) -> None:
        for sealed in EVERYTHING:
            with self.database.transaction() as session:
                count = session.scalar(select(func.count(sealed.value))) or 0
            self._column(sealed, count)
        with self.database.transaction() as session:
            counts = f"resealed={self.resealed} lost={self.lost}"
            record(session, Event.KEYS_ROTATED, None, storage.now(), reason=counts, mode="cli")

    def _column(self, sealed: Sealed, count: int) -> None:
        hidden = not sys.stderr.isatty()
        with click.progressbar(
            length=count, label=sealed.called, file=sys.stderr, hidden=hidden
        ) as bar:
            for rows in self._portions(sealed):
                with self.database.transaction() as session:
                    for key, value in rows:
                        self._row(session, sealed, key, value)
                bar.update(len(rows))

    def _portions(self, sealed: Sealed) -> Iterator[Sequence[tuple[int, str]]]:
        last = 0
        while True:
            with self.database.transaction() as session:
                found = session.execute(
                    select(sealed.key, sealed.value)
                    .where(sealed.key > last, sealed.value.is_not(None))
                    .order_by(sealed.key)
                    .limit(AT_ONCE)
                ).all()
            if not found:
                return
            yield [(key, value) for key, value in found]
            last = found[-1][0]

    def _row(self, session: Session, sealed: Sealed, key: int, value: str) -> None:
        """A value that somebody has changed or erased meanwhile is left as they made it."""
        if self._is_newest(value):
            return
        try:
            secret = self.seal.unseal(value)
        except CannotUnseal:
            self.lost += 1
            return
        changes: dict[Any, str] = {sealed.value: self.newest.seal(secret)}
        if sealed.index is not None:
            changes[sealed.index] = self.newest.index(secret.get_secret_value())
        session.execute(
            update(sealed.key.class_)
            .where(sealed.key == key, sealed.value == value)
            .values(changes)
            .execution_options(synchronize_session=False)
        )
        self.resealed += 1

    def _is_newest(self, value: str) -> bool:
        try:
            self.newest.unseal(value)
        except CannotUnseal:
            return False
        return True


def rotate_all() -> str:
    """What was done, in a sentence. Raises Failed if there were values that no key opens."""
    keys = storage.read_settings(StorageSettings).secret_keys
    with storage.open_storage() as (database, seal):
        rotation = Rotation(database, seal, Seal(keys[:1]))
        rotation.run()
    if rotation.lost:
        raise Failed(
            f"{rotation.lost} values were sealed with a key that SECRET_KEYS lacks: put that key "
            "back at its end and run this again, or set those directories and phones anew"
        )
    return f"Sealed {rotation.resealed} values anew; all need the first of SECRET_KEYS only."
