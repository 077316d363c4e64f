"""One kept directory connection for each organization in this worker process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

import directory
from directory.accounts import Directory, DirectorySettings
from directory.errors import DirectoryMisconfigured
from gateway.records import DirectoryRecord, Organization
from gateway.records.assignments import Assignment
from gateway.records.policies import policy_of
from gateway.seal import CannotUnseal, Seal

DEADLINE_SECONDS = 10
"""For one operation. A look-up and a change together stay below a request's lease."""


@dataclass(frozen=True, slots=True)
class DirectoryProfile:
    """How to reach a directory, copied out of the database so that no session stays open."""

    organization_id: int
    kind: str
    options: dict[str, Any]
    ca_pem: str | None
    sealed_bind_password: str
    changed_at: datetime

    @classmethod
    def of(cls, record: DirectoryRecord, protected_groups: Iterable[str] = ()) -> DirectoryProfile:
        """As it was set, with the groups that a policy protects beside those that it names."""
        return cls(
            record.organization_id,
            record.kind,
            _protecting(record.options, protected_groups),
            record.ca_pem,
            record.sealed_bind_password,
            record.changed_at,
        )

    @classmethod
    def assigned(cls, work: Assignment) -> DirectoryProfile | None:
        """None where the organization has no directory yet."""
        if not (work.directory_kind and work.sealed_bind_password and work.directory_changed_at):
            return None
        return cls(
            work.organization_id,
            work.directory_kind,
            _protecting(work.directory_options or {}, work.policy.protected_groups),
            work.ca_pem,
            work.sealed_bind_password,
            work.directory_changed_at,
        )


def profile_of(session: Session, organization: Organization) -> DirectoryProfile | None:
    """As it holds for the people of an organization; None where it has no directory yet."""
    told, policy = organization.directory, policy_of(session, organization)
    return DirectoryProfile.of(told, policy.protected_groups) if told else None


Connect = Callable[[str, DirectorySettings], Directory]


class Directories:
    """Hands out directories and keeps them; a changed profile is connected to anew."""

    def __init__(self, seal: Seal, connect: Connect = directory.connect) -> None:
        self._seal = seal
        self._connect = connect
        self._kept: dict[int, tuple[DirectoryProfile, Directory]] = {}

    def of(self, profile: DirectoryProfile | None) -> Directory:
        """Raises DirectoryMisconfigured where there is nothing to connect to, or no key for it."""
        if profile is None:
            raise DirectoryMisconfigured("the organization has no directory: `directory set` it")
        kept = self._kept.get(profile.organization_id)
        if kept and kept[0] == profile:
            return kept[1]
        if kept:
            kept[1].close()
        opened = self._connect(profile.kind, self.settings(profile))
        self._kept[profile.organization_id] = (profile, opened)
        return opened

    def settings(self, profile: DirectoryProfile) -> DirectorySettings:
        try:
            bind_password = self._seal.unseal(profile.sealed_bind_password)
        except CannotUnseal as error:
            raise DirectoryMisconfigured(str(error)) from None
        return DirectorySettings(
            **profile.options,
            bind_password=bind_password,
            ca_pem=profile.ca_pem,
            deadline_seconds=DEADLINE_SECONDS,
        )

    def close(self) -> None:
        for _, each in self._kept.values():
            each.close()
        self._kept.clear()


def _protecting(options: Mapping[str, Any], more_groups: Iterable[str]) -> dict[str, Any]:
    """A group counts once, however often it is named."""
    groups = (*options.get("protected_groups", ()), *more_groups)
    return {**options, "protected_groups": list(dict.fromkeys(groups))}
