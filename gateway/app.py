"""Builds the Flask app from its doors."""

from __future__ import annotations

from flask import Flask, Response

from gateway import logs
from gateway.doors import health, logos, twilio
from gateway.records.database import DatabaseUnavailable
from gateway.settings import Settings
from gateway.wiring import Gateway

MAX_BODY_BYTES = 64 * 1024

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


def create_app(settings: Settings, gateway: Gateway | None = None) -> Flask:
    """The web process. It parses, proves, keeps and rings; it calls nobody else."""
    logs.configure(settings.log_level, settings.log_format)
    gateway = gateway or Gateway(settings)
    app = Flask("gateway", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.register_blueprint(twilio.door(gateway))
    app.register_blueprint(health.door(gateway))
    app.register_blueprint(logos.door(gateway))
    app.register_error_handler(DatabaseUnavailable, _try_again)
    app.after_request(_with_headers)
    return app


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _try_again(error: Exception) -> Response:
    """Whoever called should call again: nothing was kept, and nothing is half done."""
    twilio.log.error("door.no_database", detail=str(error))
    return Response("try again\n", 503, {"Retry-After": "5"}, mimetype="text/plain")
