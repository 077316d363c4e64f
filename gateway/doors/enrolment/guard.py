"""Who knocks at the pages: their address, and that a form comes from a page of ours."""

from __future__ import annotations

import hmac
import re
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from flask import Blueprint, request
from flask.sansio.blueprints import BlueprintSetupState
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.settings import Settings

ONE_NETWORK_BITS: Final = 64
"""Of an IPv6 address: whoever has one has all that begin alike."""

OPEN_FOR: Final = timedelta(hours=2)
"""How long a page that was opened can be sent."""

_WITH_PORT: Final = re.compile(r"(?P<v4>[\d.]+):\d+|\[(?P<v6>[^\]]+)\](:\d+)?")


def keep(blueprint: Blueprint, settings: Settings) -> None:
    """A cookie that only our own pages over HTTPS get back, and that says nothing of anybody.

    `__Host-` binds it to this host; a demo on plain HTTP cannot have that.
    """

    @blueprint.record_once
    def configure(state: BlueprintSetupState) -> None:
        app = state.app
        secure = settings.public_url.startswith("https://")
        keys = [
            hmac.digest(key.get_secret_value().encode(), b"resetline session", "sha256")
            for key in settings.secret_keys
        ]
        app.secret_key = keys[0]
        app.config.update(
            SECRET_KEY_FALLBACKS=keys[1:],
            SESSION_COOKIE_NAME="__Host-resetline" if secure else "resetline",
            SESSION_COOKIE_SECURE=secure,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Lax",
            SESSION_COOKIE_PATH="/",
            WTF_CSRF_TIME_LIMIT=int(OPEN_FOR.total_seconds()),
        )


def token() -> str:
    """For a form of this page."""
    return str(generate_csrf())


def objection() -> StepRefused | None:
    """Why this form is not taken: it was sent by another site, or the page is too old."""
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return StepRefused(Reason.PAGE_OLD)
    return objection_to_the_site()


def objection_to_the_site() -> StepRefused | None:
    """Enough for a form that anybody may send who knows the link, such as that of a dead one."""
    is_ours = request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}
    return None if is_ours else StepRefused(Reason.PAGE_OLD)


def address() -> str:
    """The caller's IP address; behind proxies of ours, as TRUSTED_PROXIES says."""
    return str(_ip(_caller()) or _caller())


def address_group() -> str:
    """What limits go by: the address, or the network that an IPv6 address is of."""
    found = _ip(_caller())
    if isinstance(found, IPv6Address):
        return str(int(found) >> (128 - ONE_NETWORK_BITS))
    return str(found or _caller())


def _caller() -> str:
    return request.remote_addr or ""


def _ip(caller: str) -> IPv4Address | IPv6Address | None:
    """Some proxies add a port, and a server for both families shows IPv4 as a part of IPv6."""
    try:
        found = ip_address(_without_port(caller))
    except ValueError:
        return None
    within = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return within or found


def _without_port(caller: str) -> str:
    """`192.0.2.7:5001` and `[2001:db8::7]:5001`; any other colon is one of IPv6."""
    found = _WITH_PORT.fullmatch(caller)
    return (found["v4"] or found["v6"]) if found else caller
