"""What Twilio's Lookup v2 tells of a number: the kind of its line, and its last change of SIM."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

from simulator.twilio.acceptance import E164
from simulator.twilio.errors import ApiError

LONG_AGO = timedelta(days=400)
INCOMPLETE = 60620
OUT_OF_COVERAGE = 60600
NOT_ENABLED = 60606
CARRIER = {"carrier_name": "Simulated", "mobile_country_code": "001", "mobile_network_code": "01"}


@dataclass(frozen=True, slots=True)
class Line:
    """A phone's line and SIM. Carriers tell either when it was changed, or only yes or no."""

    type: str | None = "mobile"
    """As Twilio calls it: mobile, landline, fixedVoip, nonFixedVoip, tollFree, …; None: unknown."""
    swapped_hours_ago: float | None = LONG_AGO / timedelta(hours=1)
    swapped_in_period: bool | None = None
    """Where no time is told; None where nothing is told at all."""
    period: str = "PT72H"
    sim_error: int | None = None
    """A code in place of an answer: 60620, where the carrier told too little."""


class Lookups:
    """Every number is a mobile phone with an old SIM until something else is set."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = RLock()
        self._lines: dict[str, Line] = {}
        self.packages = frozenset({"line_type_intelligence", "sim_swap"})
        """What the account may ask for: SIM swaps only after carriers have approved it."""

    def set(self, number: str, **line: Any) -> None:
        with self._lock:
            self._lines[number] = Line(**line)

    def clear(self) -> None:
        with self._lock:
            self._lines.clear()

    def fetch(self, number: str, fields: Collection[str]) -> dict[str, Any]:
        """The resource, with only those parts filled in that were asked for."""
        if not E164.fullmatch(number):
            raise ApiError(20404, detail=f"/PhoneNumbers/{number}")
        if not self.packages.issuperset(fields):
            raise ApiError(NOT_ENABLED)
        with self._lock:
            line = self._lines.get(number, Line())
        return {
            "calling_country_code": number[1:2],
            "country_code": None,
            "phone_number": number,
            "national_format": number[2:],
            "valid": True,
            "validation_errors": [],
            **dict.fromkeys(("caller_name", "call_forwarding", "line_status"), None),
            **dict.fromkeys(("identity_match", "reassigned_number", "sms_pumping_risk"), None),
            "line_type_intelligence": _line(line) if "line_type_intelligence" in fields else None,
            "sim_swap": self._sim(line) if "sim_swap" in fields else None,
            "url": f"https://lookups.twilio.com/v2/PhoneNumbers/{number}",
        }

    def _sim(self, line: Line) -> dict[str, Any]:
        """Where the time is told, the period is the time since, and it was swapped within it."""
        told: dict[str, Any] | None = None
        if line.sim_error is None and line.swapped_hours_ago is not None:
            since = timedelta(hours=line.swapped_hours_ago)
            at = (self._now() - since).astimezone(UTC)
            period = f"PT{since.total_seconds():.0f}S"
            told = _swap(f"{at:%Y-%m-%dT%H:%M:%SZ}", period, in_period=True)
        elif line.sim_error is None and line.swapped_in_period is not None:
            told = _swap(None, line.period, in_period=line.swapped_in_period)
        return {"last_sim_swap": told, **CARRIER, "error_code": line.sim_error}


def _swap(at: str | None, period: str, *, in_period: bool) -> dict[str, Any]:
    return {"last_sim_swap_date": at, "swapped_period": period, "swapped_in_period": in_period}


def _line(line: Line) -> dict[str, Any]:
    error = OUT_OF_COVERAGE if line.type is None else None
    return {"type": line.type, **CARRIER, "error_code": error}
