"""Verifies the audit as a whole: its chain, and that what is not sealed yet is new."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import click
from pydantic import SecretStr
from sqlalchemy import event

from gateway.chain import ChainKey, ChainKeys, NoChainKey
from gateway.cli import chain_faults as faults
from gateway.cli.chain_faults import ChainBroken, Fault
from gateway.cli.chain_walk import Walk
from gateway.records.chain_state import ChainState, chain_state, kept_keys
from gateway.records.database import Database
from gateway.seal import CannotUnseal, Seal

SEALED_WITHIN: Final = timedelta(minutes=5)
"""The clock seals within seconds; another takes over from one that died within 17."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far the chain holds, and the first fault if there is one."""

    verified: int
    older: int
    head: tuple[int, str] | None
    unsealed: int
    broken: ChainBroken | None

    def as_dict(self) -> dict[str, Any]:
        fault = self.broken and {
            "kind": self.broken.fault.value,
            "position": self.broken.position,
            "id": self.broken.event_id,
            "told": str(self.broken),
        }
        return {
            "ok": self.broken is None,
            "verified": self.verified,
            "from_before_the_chain": self.older,
            "not_sealed_yet": self.unsealed,
            "head": f"{self.head[0]}:{self.head[1]}" if self.head else None,
            "fault": fault,
        }


def verify(
    database: Database,
    secret_keys: Sequence[SecretStr],
    now: datetime,
    kept: tuple[int, str] | None,
) -> Verdict:
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "checkout", _read_any_bytes)
    try:
        with database.reading() as session:
            state, sealed_keys = chain_state(session), kept_keys(session)
    except (TypeError, ValueError):
        return Verdict(0, 0, None, 0, faults.head("or a time that is not sealed cannot be read"))
    keys = ChainKeys.derived_from(secret_keys, _restored(sealed_keys, Seal(secret_keys)))
    walk = Walk(database, keys, state, kept)
    broken = _walked(walk) or _too_old(state, now)
    head = (walk.verified, walk.chain) if walk.verified else None
    return Verdict(walk.verified, walk.older, head, state.unsealed, broken)


def _walked(walk: Walk) -> ChainBroken | None:
    hidden = not sys.stderr.isatty()
    with click.progressbar(
        length=walk.upto, label="verifying", file=sys.stderr, hidden=hidden
    ) as bar:
        try:
            walk.run(bar.update)
        except ChainBroken as broken:
            return broken
    return None


def _too_old(state: ChainState, now: datetime) -> ChainBroken | None:
    since = state.unsealed_since
    if since is None or now - since <= SEALED_WITHIN:
        return None
    return ChainBroken(
        Fault.NOT_SEALED,
        f"{state.unsealed} events are not sealed, the oldest of {since:%Y-%m-%d %H:%M} UTC: is "
        "the clock running, and what does its log say at `audit.not_sealed`?",
    )


def _restored(sealed: Sequence[str], seal: Seal) -> list[ChainKey]:
    """A key that cannot be had is missed when an event turns up that it has sealed."""
    restored = []
    for each in sealed:
        try:
            restored.append(ChainKey.restored(seal.unseal(each)))
        except (CannotUnseal, NoChainKey):
            continue
    return restored


def _read_any_bytes(connection: Any, _record: Any, _proxy: Any) -> None:
    """Text that is no UTF-8 is a change to be told, and no reason to break off."""
    connection.text_factory = lambda stored: stored.decode("utf-8", "surrogateescape")
