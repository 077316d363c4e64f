"""For load balancers and monitoring: is the process alive, can it work, and how is it going."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import Final

from flask import Blueprint, Response, jsonify, request

from gateway import monitoring
from gateway.wiring import Gateway

FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


def door(gateway: Gateway) -> Blueprint:
    """Public by design: none of these tells of a person, an organization or a secret."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="alive")

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, int]:
        """Ready while texts can be kept; without Redis they are answered later, not lost."""
        state = monitoring.readiness(gateway)
        return jsonify(state.as_dict()), 200 if state.ready else 503

    @blueprint.get("/metrics")
    def metrics() -> Response:
        """Prometheus' text format: for this machine, or with METRICS_TOKEN for whoever has it."""
        if objection := _objection(gateway.settings.metrics_token.get_secret_value()):
            return objection
        return Response(monitoring.metrics(gateway), content_type=monitoring.CONTENT_TYPE)

    return blueprint


def _objection(token: str) -> Response | None:
    """Why the caller is not told the figures, if so."""
    if not token:
        return (
            None
            if _is_from_this_machine()
            else _refusal(403, "set METRICS_TOKEN to ask from another machine")
        )
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if hmac.compare_digest(given.encode(), token.encode()):
        return None
    refusal = _refusal(401, "give METRICS_TOKEN as a bearer token")
    refusal.headers["WWW-Authenticate"] = "Bearer"
    return refusal


def _refusal(status: int, advice: str) -> Response:
    return Response(f"{advice}\n", status, mimetype="text/plain")


def _is_from_this_machine() -> bool:
    """A proxy on this machine is not: it asks for somebody else, and most of them say so."""
    try:
        caller = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return caller.is_loopback and not any(name in request.headers for name in FORWARDED)
