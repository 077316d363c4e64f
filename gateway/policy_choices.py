"""What may be chosen for policies that are neither switches nor numbers."""

from __future__ import annotations

from enum import StrEnum


class LookUp(StrEnum):
    """What is asked of the carrier about a phone before a reset. Each question costs money."""

    OFF = "off"
    LINE_TYPE = "line_type"
    SIM_SWAP = "sim_swap"
    BOTH = "both"

    @property
    def asks_line_type(self) -> bool:
        return self in {LookUp.LINE_TYPE, LookUp.BOTH}

    @property
    def asks_sim_swap(self) -> bool:
        return self in {LookUp.SIM_SWAP, LookUp.BOTH}


class LookupFails(StrEnum):
    """What follows where the carrier cannot tell."""

    CLOSED = "closed"
    """No reset: whoever asks at all wants an answer."""
    OPEN = "open"


class EnrolProof(StrEnum):
    """What somebody has to prove beside a number before it is theirs (NIST SP 800-63B-4 4.1.2)."""

    EMAIL = "email"
    """That they read the mail that we sent to the address on record."""
    DIRECTORY_PASSWORD = "directory_password"  # noqa: S105  (a name)
    """Also the password that they sign in with today."""
    OPERATOR = "operator"
    """Also to the MSP, who attests it with a command."""
