"""Forgets numbers whose time is over: never proved, or replaced by another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from gateway.records import Phone
from gateway.records.database import Database
from gateway.records.forgetting import forget_phone

log = structlog.get_logger()

LATER: Final = timedelta(hours=1)
"""A text is still under way: its copy at the carrier has to be emptied first."""


class Forgetting:
    """Safe to call twice, from anywhere, at any time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def forget_phone(self, phone_id: int) -> None:
        """A number that was proved meanwhile stays."""
        with self._database.transaction() as session:
            phone = session.get(Phone, phone_id, with_for_update=True)
            if phone is None or phone.forget_at is None:
                return
            if phone.verified_at:
                phone.forget_at = None
            elif not forget_phone(session, phone):
                phone.forget_at = self._now() + LATER
