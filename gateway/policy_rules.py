"""What a policy is: how it is read, what it is about, and who may decide it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.policy_values import Read


class Scope(StrEnum):
    """Who decides, from the widest to the narrowest."""

    TENANT = "tenant"
    ORGANIZATION = "organization"
    PERSON = "person"


FOR_ANYBODY: Final = tuple(Scope)
FOR_MANY: Final = (Scope.TENANT, Scope.ORGANIZATION)
FOR_AN_ORGANIZATION: Final = (Scope.ORGANIZATION,)


@dataclass(frozen=True, slots=True)
class Rule:
    """How one policy is read, what it is about in a few words, and whom it may be set for."""

    read: Read
    about: str
    scopes: tuple[Scope, ...] = FOR_ANYBODY
    instead: str = ""
    """What to use for whom it cannot be set."""
