"""Builds the Flask app from its doors."""

from __future__ import annotations

from typing import Any, Final

import structlog
from flask import Flask, Response, abort, request
from werkzeug.middleware.proxy_fix import ProxyFix

from gateway import logs
from gateway.doors import enrolment, health, logos, twilio
from gateway.records.database import DatabaseUnavailable
from gateway.settings import Settings
from gateway.wiring import Gateway

log = structlog.get_logger()

MAX_BODY_BYTES: Final = 64 * 1024

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


class App(Flask):
    """Flask, but for what it would write of a request that failed unforeseen."""

    def log_exception(self, exc_info: Any) -> None:
        """By its route: the path of an activation page lets in whoever reads it in a log."""
        route = request.url_rule.rule if request.url_rule else ""
        log.error("door.failed", method=request.method, route=route, exc_info=exc_info)


def create_app(settings: Settings, gateway: Gateway | None = None) -> Flask:
    """The web process. It parses, proves, keeps and rings; it calls nobody else.

    Nothing here reads a request's Host, so none has to be refused: probes come by address, and
    proxies with a name of their own. Merging `//` would redirect to whatever host was asked for.
    """
    logs.configure(settings.log_level, settings.log_format)
    gateway = gateway or Gateway(settings)
    app = App("gateway", static_folder=None)
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES + 1
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.register_blueprint(twilio.door(gateway))
    app.register_blueprint(health.door(gateway))
    app.register_blueprint(logos.door(gateway))
    app.register_blueprint(enrolment.door(gateway))
    app.register_error_handler(DatabaseUnavailable, _try_again)
    app.before_request(_refuse_large_bodies)
    app.after_request(_with_headers)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0)  # type: ignore[method-assign]
    return app


def _refuse_large_bodies() -> None:
    """Also where no form would be read. One in chunks does not say its length, so it is counted.

    Werkzeug alone would cut such a form off at the limit and take what it has for the whole.
    """
    length = request.content_length
    if (len(request.get_data()) if length is None else length) > MAX_BODY_BYTES:
        abort(413)


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _try_again(error: Exception) -> Response:
    """Whoever called should call again: nothing was kept, and nothing is half done."""
    log.error("door.no_database", detail=str(error))
    return Response("try again\n", 503, {"Retry-After": "5"}, mimetype="text/plain")
