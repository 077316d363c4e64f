"""Gives audited events their places in the chain, a few seconds after they happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import structlog
from pydantic import SecretStr
from sqlalchemy.orm import Session

from gateway.chain import ChainKeys
from gateway.records.audit_chain import (
    AuditHead,
    Place,
    StoredEvent,
    is_any_unsealed,
    keep_key,
    last_position,
    locked_head,
    put_in_place,
    unsealed_events,
)
from gateway.records.database import Database
from gateway.seal import Seal

log = structlog.get_logger()

AT_ONCE: Final = 200
"""So many events are sealed in one transaction: on SQLite nobody else writes meanwhile."""

PORTIONS: Final = 100
"""So many transactions at most in one sweep; after an upgrade the rest comes with the next."""


class HeadBroken(Exception):
    """The head is not as we left it. Going on from it would hide what was done to it."""


class EventsVanished(Exception):
    """Events that were there at the beginning of a transaction were not at its end."""


class Sealing:
    """Done by the clock whose turn it is; should two do it at once, one waits for the other."""

    def __init__(
        self, database: Database, secret_keys: Sequence[SecretStr], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._seal = Seal(secret_keys)
        self._keys = ChainKeys.derived_from(secret_keys)
        self._now = now

    def run(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Seal what waits, oldest first. A head that somebody has changed is left alone."""
        if not self._is_anything_to_do():
            return
        try:
            for _ in range(PORTIONS):
                if self._seal_portion() < AT_ONCE or not go_on():
                    return
        except HeadBroken as broken:
            log.error("audit.not_sealed", detail=str(broken))

    def _is_anything_to_do(self) -> bool:
        with self._database.reading() as session:
            return is_any_unsealed(session)

    def _seal_portion(self) -> int:
        newest = self._keys.newest
        with self._database.transaction() as session:
            head = locked_head(session, newest, self._now())
            self._prove(session, head)
            if head.count == 0 or head.key_name != newest.name:
                keep_key(session, newest, self._seal.seal(newest.to_store()))
            places = self._places(head, unsealed_events(session, AT_ONCE))
            if places and not put_in_place(session, places):
                raise EventsVanished("audited events were deleted while they were sealed")
            if places:
                head.count, head.chain = places[-1].position, places[-1].chain
            head.sign(newest)
            return len(places)

    def _prove(self, session: Session, head: AuditHead) -> None:
        key = self._keys.listed.get(head.key_name)
        if key is None:
            raise HeadBroken(
                "the audit's head was signed with a key that SECRET_KEYS lacks: put it back"
            )
        if not head.was_signed_with(key) or (last_position(session) or 0) > head.count:
            raise HeadBroken("the audit's head was changed: run `resetline audit verify`")

    def _places(self, head: AuditHead, events: Sequence[StoredEvent]) -> list[Place]:
        key, chain, places = self._keys.newest, head.chain, []
        for position, event in enumerate(events, head.count + 1):
            chain = key.link(chain, event.said(position))
            places.append(Place(event.id, position, chain, key.name))
        return places
