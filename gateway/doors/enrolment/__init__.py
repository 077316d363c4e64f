"""The activation pages' door: whoever has a link proves a number here, one form at a time."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.exceptions import HTTPException

from gateway.doors.enrolment import guard, looks
from gateway.doors.enrolment.views import Views
from gateway.engine.enrolment.refusals import StepRefused
from gateway.records.database import DatabaseUnavailable
from gateway.wiring import Gateway

ONE = "/activate/<token>"


def door(gateway: Gateway) -> Blueprint:
    """Mail scanners open links as well, so that only forms change anything."""
    blueprint = Blueprint("enrolment", __name__)
    views = Views(gateway)
    blueprint.before_request(views.count)
    blueprint.get(ONE)(views.welcome)
    blueprint.post(ONE, endpoint="fresh_here")(views.fresh)
    blueprint.get(f"{ONE}/<any(password,number,code,approval,done):page>")(views.show)
    blueprint.post(f"{ONE}/<any(password,number,code):page>")(views.take)
    blueprint.post(f"{ONE}/again")(views.again)
    blueprint.post(f"{ONE}/fresh")(views.fresh)
    blueprint.get(f"{ONE}/fresh")(views.sent)
    blueprint.get(f"{ONE}/contact.vcf")(views.contact)
    blueprint.get(f"{ONE}/<any(terms,privacy):page>")(views.about_theirs)
    blueprint.get("/<any(terms,privacy):page>")(views.about)
    blueprint.register_error_handler(StepRefused, views.refused)
    blueprint.register_error_handler(DatabaseUnavailable, views.away)
    blueprint.app_errorhandler(HTTPException)(views.failed)
    guard.keep(blueprint, gateway.settings)
    looks.add(blueprint)
    return blueprint
