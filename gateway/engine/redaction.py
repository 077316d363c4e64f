"""Empties the carrier's copies of our texts, again and again until it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import update

from gateway.carriers import Carrier, CarrierError
from gateway.records import StrayText
from gateway.records.audit import Event, record
from gateway.records.database import Database
from gateway.records.letters import change_text, letter_by_id

log = structlog.get_logger()

AGAIN: Final = timedelta(seconds=60)


class Redaction:
    """Safe to call twice, from anywhere, at any time: an empty copy is emptied once more."""

    def __init__(self, database: Database, carrier: Carrier, now: Callable[[], datetime]) -> None:
        self._database = database
        self._carrier = carrier
        self._now = now

    def redact(self, message_id: int) -> None:
        """Empty the copy of one text; what cannot be done now is tried again."""
        with self._database.transaction() as session:
            letter = letter_by_id(session, message_id)
        if letter is None or letter.sid is None:
            return
        error = self._emptied(letter.sid)
        with self._database.transaction() as session:
            if error:
                change_text(session, message_id, redact_at=self._now() + AGAIN)
                log.warning("reply.not_redacted", message=message_id, code=error.code)
                return
            change_text(session, message_id, redacted_at=self._now(), redact_at=None)
            if letter.redacted_at is None:  # the time once its turn has come: the audit is in order
                record(session, Event.REPLY_REDACTED, letter.about, self._now())

    def redact_stray(self, stray_id: int) -> None:
        """The same for a second copy, which a repeat after an unknown outcome has left."""
        with self._database.transaction() as session:
            stray = session.get(StrayText, stray_id)
            sid = stray.sid if stray else None
        if sid is None:
            return
        error = self._emptied(sid)
        redact_at = self._now() + AGAIN if error else None
        with self._database.transaction() as session:
            changed = update(StrayText).where(StrayText.id == stray_id)
            session.execute(changed.values(redact_at=redact_at))

    def _emptied(self, sid: str) -> CarrierError | None:
        try:
            self._carrier.redact(sid)
        except CarrierError as error:
            return error
        return None
