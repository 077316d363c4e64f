"""Who may do what to whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from simulator.active_directory import names
from simulator.active_directory.entries import Entry
from simulator.active_directory.names import DnKey


class Right(Enum):
    """What can be delegated on the users of an organizational unit."""

    RESET_PASSWORD = auto()
    WRITE_LOCKOUT_TIME = auto()
    WRITE_PWD_LAST_SET = auto()


ALL_RIGHTS = frozenset(Right)


@dataclass(frozen=True, slots=True)
class Delegation:
    """Rights that somebody, or the members of a group, holds below one place."""

    trustee: bytes
    """The SID of the user or group."""
    below: DnKey
    rights: frozenset[Right]

    def holds(self, sids: frozenset[bytes], target: Entry) -> bool:
        """Whether it gives the holder of these SIDs its rights on that object.

        Accounts with adminCount=1 inherit nothing: AdminSDHolder has taken it from them.
        """
        return (
            self.trustee in sids
            and names.key(target.dn)[: len(self.below)] == self.below
            and target.number("adminCount") != 1
        )
