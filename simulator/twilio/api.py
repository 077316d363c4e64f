"""Twilio's REST API over HTTP, with the faults that were ordered for it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from simulator.twilio import resources
from simulator.twilio.carrier import Carrier
from simulator.twilio.errors import ApiError
from simulator.twilio.message import as_json
from simulator.twilio.spoiling import spoil

ACCOUNT = "/2010-04-01/Accounts/<account_sid>"
Answer = tuple[Any, int]


def blueprint(carrier: Carrier) -> Blueprint:
    """Its routes are those of api.twilio.com, and one each of messaging and lookups.twilio.com."""
    api = Blueprint("twilio", __name__)
    api.before_request(lambda: _admit(carrier))
    api.url_value_preprocessor(_check_account(carrier))
    api.register_error_handler(ApiError, _refuse)
    api.after_request(_sign_off)
    _add_messages(api, carrier)
    _add_account(api, carrier, carrier.timetable.now())
    _add_services(api, carrier)
    _add_lookups(api, carrier)
    return api


def _admit(carrier: Carrier) -> None:
    given = request.authorization
    carrier.account.admit(given.username if given else None, given.password if given else None)


def _check_account(
    carrier: Carrier,
) -> Callable[[str | None, dict[str, Any] | None], None]:
    def check(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        sid = (values or {}).pop("account_sid", None)
        if sid not in {None, carrier.account.sid}:
            raise ApiError(20404, detail=request.path)

    return check


def _refuse(error: ApiError) -> Response:
    answer = jsonify(error.as_json())
    answer.status_code = error.status
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return answer


def _sign_off(answer: Response) -> Response:
    answer.headers["Twilio-Request-Id"] = "RQ" + secrets.token_hex(16)
    answer.headers["X-Api-Domain"] = "api.twilio.com"
    return answer


def _add_messages(api: Blueprint, carrier: Carrier) -> None:
    def answered(operation: str, work: Callable[[], Answer]) -> Response:
        return spoil(carrier.faults.next_request(operation), lambda: _respond(*work()))

    @api.post(f"{ACCOUNT}/Messages.json")
    def create() -> Response:
        return answered("create", lambda: (as_json(carrier.create(request.form)), 201))

    @api.get(f"{ACCOUNT}/Messages.json")
    def list_messages() -> Response:
        query = request.args.to_dict()
        found = carrier.store.newest_first(lambda message: resources.is_wanted(message, query))
        return answered(
            "list", lambda: (resources.message_page(carrier.account, found, query), 200)
        )

    @api.get(f"{ACCOUNT}/Messages/<sid>.json")
    def fetch(sid: str) -> Response:
        return answered("fetch", lambda: (as_json(carrier.fetch(sid)), 200))

    @api.post(f"{ACCOUNT}/Messages/<sid>.json")
    def update(sid: str) -> Response:
        return answered("update", lambda: (as_json(_redact(carrier, sid)), 200))

    @api.delete(f"{ACCOUNT}/Messages/<sid>.json")
    def delete(sid: str) -> Response:
        return answered("delete", lambda: _delete(carrier, sid))


def _redact(carrier: Carrier, sid: str) -> Any:
    """An empty Body is the only update that a sent message takes."""
    if request.form.get("Body") != "":
        raise ApiError(20001, detail="Body")
    return carrier.redact(sid)


def _delete(carrier: Carrier, sid: str) -> Answer:
    carrier.delete(sid)
    return None, 204


def _respond(body: Any, status: int) -> Response:
    answer = Response(status=status) if status == 204 else jsonify(body)
    answer.status_code = status
    return answer


def _add_account(api: Blueprint, carrier: Carrier, born: datetime) -> None:
    own = carrier.account

    @api.get(f"{ACCOUNT}.json")
    def account() -> Response:
        return jsonify(resources.account(own, born))

    @api.get(f"{ACCOUNT}/IncomingPhoneNumbers.json")
    def numbers() -> Response:
        return jsonify(resources.number_page(own, request.args.to_dict(), born))

    @api.get(f"{ACCOUNT}/IncomingPhoneNumbers/<sid>.json")
    def number(sid: str) -> Response:
        found = next((each for each in own.numbers if each.sid == sid), None)
        if found is None:
            raise ApiError(20404, detail=request.path)
        return jsonify(resources.incoming_number(own, found, born))


def _add_services(api: Blueprint, carrier: Carrier) -> None:
    @api.get("/v1/Services/<sid>")
    def service(sid: str) -> Response:
        found = carrier.account.service(sid)
        if found is None:
            raise ApiError(20404, detail=request.path)
        return jsonify(resources.messaging_service(carrier.account, found))


def _add_lookups(api: Blueprint, carrier: Carrier) -> None:
    @api.get("/v2/PhoneNumbers/<number>")
    def look_up(number: str) -> Response:
        fields = [name for name in request.args.get("Fields", "").split(",") if name]
        return spoil(
            carrier.faults.next_request("lookup"),
            lambda: jsonify(carrier.lookups.fetch(number, fields)),
        )
