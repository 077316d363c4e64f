"""Finds copies of our texts at the carrier that nobody has told us of."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.carriers import Carrier, CarrierError
from gateway.engine.deliveries import keep_stray
from gateway.engine.outbox import WORTH_SENDING
from gateway.records import OutboundMessage
from gateway.records.database import Database
from gateway.records.letters import Letter, change_text, letter_by_id
from gateway.seal import Seal

log = structlog.get_logger()

FIRST_SOUGHT: Final = timedelta(minutes=1)
"""Mostly a report has come by then, and there is nothing to be found."""

SOUGHT_LONG_ENOUGH: Final = timedelta(minutes=15)
"""By then nobody sends the text any more, and the carrier lists whatever it has taken."""

SOUGHT_BY: Final = 2 * SOUGHT_LONG_ENOUGH
"""Later than this somebody has to look why the carrier does not tell."""

SELDOM: Final = timedelta(hours=1)

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far our time and the carrier's may lie apart."""


class Strays:
    """For texts of which a sender died, or heard nothing, between handing over and the answer.

    The carrier's reports make up for that, but for those that come while we cannot be reached.
    Then a copy is left whose id only the carrier knows. Safe to call twice, at any time.
    """

    def __init__(
        self, database: Database, seal: Seal, carrier: Carrier, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._seal = seal
        self._carrier = carrier
        self._now = now

    def seek(self, message_id: int) -> None:
        """Ask what has gone the way of this text, and have emptied what we did not know of."""
        with self._database.transaction() as session:
            letter = letter_by_id(session, message_id)
        if letter is None:
            return
        found = self._copies(letter)
        now = self._now()
        with self._database.transaction() as session:
            for sid in _unknown(session, found or ()):
                if keep_stray(session, sid, now):
                    log.warning("stray.found", message=message_id, sid=sid)
            again = _again(letter, now, answered=found is not None)
            change_text(session, message_id, seek_at=again)

    def _copies(self, letter: Letter) -> Collection[str] | None:
        to = self._seal.unseal(letter.sealed_number).get_secret_value()
        since = letter.expires_at - WORTH_SENDING - CLOCKS_DIFFER
        until = letter.expires_at + CLOCKS_DIFFER
        try:
            return self._carrier.copies(letter.sender, to, since, until)
        except CarrierError as error:
            log.warning("stray.not_sought", message=letter.message_id, code=error.code)
            return None


def _unknown(session: Session, sids: Collection[str]) -> Collection[str]:
    """Those that are not another text of ours."""
    known = select(OutboundMessage.sid).where(OutboundMessage.sid.in_(sids))
    return set(sids) - set(session.scalars(known))


def _again(letter: Letter, now: datetime, *, answered: bool) -> datetime | None:
    """Wait as long again as the text is old: it may still be on its way, or sent once more."""
    age = now - (letter.expires_at - WORTH_SENDING)
    if answered and age >= SOUGHT_LONG_ENOUGH:
        return None
    return now + min(SELDOM, max(FIRST_SOUGHT, age))
