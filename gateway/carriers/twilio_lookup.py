"""Twilio's Lookup v2: the kind of a line, and the last change of its SIM."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests

from gateway.carriers import CarrierError, CarrierMisconfigured, SendLater, SendUnknown
from gateway.carriers.lookup import (
    LineType,
    LookedUp,
    LookupFailed,
    SimSwap,
    Wanted,
    WhyNot,
)
from gateway.carriers.twilio import GONE, guarded, rest_client
from gateway.settings import Settings

TIMEOUT_SECONDS: Final = 3.0
"""Somebody is waiting for a password, and the request's lease has to last for the directory too."""

LOOKUPS_HOST: Final = re.compile(r"^(https://)api(\.(?:[a-z0-9-]+\.)*twilio\.com)$")
NOT_ALLOWED: Final = frozenset({60606, 60614, 60619})
"""The package is not switched on for the account, or not there in the region of TWILIO_API_URL."""

LINE_TYPES: Final[Mapping[str, LineType]] = {
    "mobile": LineType.MOBILE,
    "landline": LineType.LANDLINE,
    "fixedVoip": LineType.VOIP,
    "nonFixedVoip": LineType.VOIP,
    **dict.fromkeys(("personal", "tollFree", "premium", "sharedCost"), LineType.OTHER),
    **dict.fromkeys(("uan", "voicemail", "pager"), LineType.OTHER),
}
_PERIOD: Final = re.compile(
    r"P(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,6})S)?)?"
)


def lookups_url(api_url: str) -> str:
    """Lookup has a host of its own at Twilio, in each region; a simulator is one host for all."""
    return LOOKUPS_HOST.sub(r"\1lookups\2", api_url.rstrip("/"))


class TwilioLookup:
    """Each question gets a connection of its own: a kept one may be dead when it is needed.

    That costs one more handshake, and spares a person a refusal for which nobody is to blame.
    """

    def __init__(self, settings: Settings, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._settings = settings
        self._timeout_seconds = timeout_seconds

    def look(self, number: str, wanted: Wanted) -> LookedUp | LookupFailed:
        try:
            told = guarded(lambda: self._ask(number, wanted))
        except CarrierError as error:
            return LookupFailed(_why(error), error.code)
        return _understood(told)

    def _ask(self, number: str, wanted: Wanted) -> Any:
        asked = {"line_type_intelligence": wanted.line_type, "sim_swap": wanted.sim_swap}
        fields = ",".join(name for name, is_wanted in asked.items() if is_wanted)
        with requests.Session() as session:
            client = rest_client(self._settings, session, self._timeout_seconds)
            client.lookups.base_url = lookups_url(self._settings.twilio_api_url)
            return client.lookups.v2.phone_numbers(number).fetch(fields=fields)


def _why(error: CarrierError) -> WhyNot:
    if isinstance(error, SendLater | SendUnknown):
        return WhyNot.UNAVAILABLE
    is_ours = isinstance(error, CarrierMisconfigured) or error.code in NOT_ALLOWED
    return WhyNot.NOT_ALLOWED if is_ours and error.code != GONE else WhyNot.REFUSED


def _understood(told: Any) -> LookedUp | LookupFailed:
    """Nothing of an answer is believed before its shape is known; what is missing is None."""
    try:
        line, sim = told.line_type_intelligence or {}, told.sim_swap or {}
        code = line.get("error_code") or sim.get("error_code")
        kind = LINE_TYPES.get(line.get("type") or "")
        return LookedUp(kind, _sim_swap(sim), int(code) if code else None)
    except (AttributeError, TypeError, ValueError, OverflowError):
        return LookupFailed(WhyNot.UNREADABLE)


def _sim_swap(told: Mapping[str, Any]) -> SimSwap | None:
    """Where the time is told, the period only says how long ago that is, and is left out."""
    last = told.get("last_sim_swap") or {}
    if date := last.get("last_sim_swap_date"):
        return SimSwap(last_at=_moment(date))
    was_swapped, period = last.get("swapped_in_period"), last.get("swapped_period")
    if not isinstance(was_swapped, bool):
        return None
    return SimSwap(was_within=_span(period), was_swapped=was_swapped)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _span(text: str | None) -> timedelta | None:
    """An ISO 8601 duration such as `PT48H`; None where it is none."""
    found = _PERIOD.fullmatch(text or "")
    parts = {name: int(digits) for name, digits in found.groupdict("0").items()} if found else {}
    return timedelta(**parts) or None
