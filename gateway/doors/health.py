"""For load balancers and monitoring: is the process alive, can it work, and how is it going."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, jsonify, request

from gateway import monitoring
from gateway.wiring import Gateway


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
        """Prometheus' text format; behind a bearer token where METRICS_TOKEN is set."""
        token = gateway.settings.metrics_token.get_secret_value()
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and not hmac.compare_digest(given.encode(), token.encode()):
            abort(401)
        return Response(monitoring.metrics(gateway), content_type=monitoring.CONTENT_TYPE)

    return blueprint
