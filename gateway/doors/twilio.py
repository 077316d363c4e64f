"""Twilio's door: texts that people sent us, and what became of the texts that we sent."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape

import structlog
from flask import Blueprint, Response, abort, request
from werkzeug.datastructures import MultiDict

from gateway.carriers.twilio import MESSAGE_SID
from gateway.engine.deliveries import RANKS, Report
from gateway.engine.inbound import InboundText, OptOutType
from gateway.phones import PhoneNumber, is_e164
from gateway.settings import Settings
from gateway.wiring import Gateway

log = structlog.get_logger()

FORM: Final = "application/x-www-form-urlencoded"
DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'
EMPTY_TWIML: Final = f"{DECLARATION}<Response/>"
MESSAGE_ID: Final = re.compile(r"[1-9]\d{0,17}")
ERROR_CODE: Final = re.compile(r"\d{1,6}")
LONGEST_BODY: Final = 1600

Form = MultiDict[str, str]


class WrongShape(Exception):
    """A signed request that is not for us or not what it should be. Its text names the field.

    Twilio's signature joins names and values without a mark between them, so a captured request
    can be cut into other parameters; only the strict shape of each field stops that.
    """


def door(gateway: Gateway) -> Blueprint:
    """The blueprint with both of Twilio's webhooks."""
    blueprint = Blueprint("twilio", __name__)

    @blueprint.post("/twilio/sms")
    def sms() -> Response:
        """Keep the text and answer at once; the reply goes out by REST from a worker."""
        form, told = proved_form(gateway), ""
        try:
            told = gateway.inbox.receive(inbound_text(form, gateway.settings))
        except WrongShape as error:
            log.warning("door.wrong_shape", path=request.path, field=str(error))
        return Response(twiml(told), mimetype="text/xml")

    @blueprint.post("/twilio/status")
    def status() -> Response:
        """Keep what became of a text; reports of texts that we do not know are kept too."""
        form = proved_form(gateway)
        try:
            gateway.deliveries.report(status_report(form, gateway.settings))
        except WrongShape as error:
            log.warning("door.wrong_shape", path=request.path, field=str(error))
        return Response(status=204)

    return blueprint


def twiml(told: str) -> str:
    """What Twilio is to do at once: nothing, or text a number back that is nobody's."""
    return (
        f"{DECLARATION}<Response><Message>{escape(told)}</Message></Response>"
        if told
        else EMPTY_TWIML
    )


def proved_form(gateway: Gateway) -> Form:
    """The form as received, if Twilio signed it: over PUBLIC_URL, never over a request's Host."""
    if request.mimetype != FORM:
        abort(415)
    signature = request.headers.get("X-Twilio-Signature", "")
    if not gateway.signatures.prove(_address(), request.form, signature):
        log.warning("door.forged", path=request.path)
        abort(403)
    return request.form


def _address() -> str:
    """Path and query as the carrier called them: both are part of what it signed."""
    query = request.query_string.decode("latin-1")
    return f"{request.path}?{query}" if query else request.path


def inbound_text(form: Form, settings: Settings) -> InboundText:
    """Read a proved form strictly. Raises WrongShape naming the field that is not as it must be."""
    _ours(form, settings)
    sender = _only(form, "From")
    if not is_e164(sender):
        raise WrongShape("From")
    body = _only(form, "Body")
    if len(body) > LONGEST_BODY:
        raise WrongShape("Body")
    return InboundText(
        sid=_sid(form),
        sender=PhoneNumber(sender),
        our_number=_our_number(form, settings),
        body=body,
        opt_out_type=_opt_out_type(form),
    )


def status_report(form: Form, settings: Settings) -> Report:
    """Read a proved form, and what we had it say along in the address. Raises WrongShape."""
    _ours(form, settings)
    status = _only(form, "MessageStatus")
    if status not in RANKS:
        raise WrongShape("MessageStatus")
    code = form.get("ErrorCode", "")
    if code and not ERROR_CODE.fullmatch(code):
        raise WrongShape("ErrorCode")
    return Report(_sid(form), status, int(code) if code else None, _message_id())


def _message_id() -> int | None:
    """From the address that we gave the carrier for reports, which its signature covers."""
    value = request.args.get("message", "")
    if value and not MESSAGE_ID.fullmatch(value):
        raise WrongShape("message")
    return int(value) if value else None


def _only(form: Form, name: str) -> str:
    """A field that must be there exactly once: parameter pollution is refused."""
    values = form.getlist(name)
    if len(values) != 1:
        raise WrongShape(name)
    return values[0]


def _ours(form: Form, settings: Settings) -> None:
    if _only(form, "AccountSid") != settings.twilio_account_sid:
        raise WrongShape("AccountSid")


def _sid(form: Form) -> str:
    """Twilio writes sids in lower case; one spelling keeps the unique index honest."""
    sid = _only(form, "MessageSid")
    if not MESSAGE_SID.fullmatch(sid):
        raise WrongShape("MessageSid")
    return sid[:2] + sid[2:].lower()


def _our_number(form: Form, settings: Settings) -> str:
    """The number or service that was texted, if it is one of ours."""
    to = _only(form, "To")
    if to in settings.twilio_from:
        return to
    service = form.get("MessagingServiceSid", "")
    if service and service in settings.twilio_messaging_service_sid:
        return service
    raise WrongShape("To")


def _opt_out_type(form: Form) -> OptOutType | None:
    value = form.get("OptOutType", "")
    if not value:
        return None
    try:
        return OptOutType(value)
    except ValueError:
        raise WrongShape("OptOutType") from None
