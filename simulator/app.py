"""The outside world as one Flask application: the phone's page, Twilio's API, control desks."""

from __future__ import annotations

from flask import Flask
from werkzeug.exceptions import HTTPException

from simulator.mail import control as mail_control
from simulator.phone import page
from simulator.phone.desk import Desk
from simulator.twilio import api, control

LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]


def create_app(desk: Desk, *, only_this_machine: bool = False) -> Flask:
    """With `only_this_machine`, foreign host names are refused: no web page can rebind to us."""
    app = Flask("simulator", static_folder=None)
    app.config["TRUSTED_HOSTS"] = LOOPBACK if only_this_machine else None
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.register_blueprint(page.blueprint(desk))
    app.register_blueprint(api.blueprint(desk.carrier))
    app.register_blueprint(control.blueprint(desk.carrier))
    if desk.mailboxes is not None:
        app.register_blueprint(mail_control.blueprint(desk.mailboxes))
    app.register_error_handler(HTTPException, _plainly)
    app.add_url_rule("/simulator/ready", "ready", lambda: "ready\n")
    return app


def _plainly(error: HTTPException) -> tuple[str, int]:
    """One line of text; an HTML page of errors helps nobody here."""
    return f"{error.code} {error.name}: {error.description}\n", error.code or 500
