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
