"""Whom and what an event or a text is about, by ids alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """From the widest to the narrowest; what does not apply is None."""

    tenant_id: int | None = None
    organization_id: int | None = None
    person_id: int | None = None
    request_id: int | None = None
