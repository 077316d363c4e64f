"""The control desk for tests and scripts in other processes: faults, phones and lines, as JSON.

It takes only JSON bodies, which no foreign web page can send to it unasked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast, get_args

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from simulator.twilio.carrier import Carrier
from simulator.twilio.faults import Faults, RequestKind
from simulator.twilio.message import as_json

REQUEST_KINDS = get_args(RequestKind)
OTHER_KINDS = (
    "refuse", "undelivered", "failed", "no_receipt", "duplicate_texts", "duplicate_callbacks",
    "lose_callbacks", "reorder_callbacks", "early_callbacks", "slow_queue",
)  # fmt: skip


def blueprint(carrier: Carrier) -> Blueprint:
    desk = Blueprint("control", __name__, url_prefix="/simulator")

    @desk.post("/faults")
    def add_fault() -> tuple[Response, int]:
        order(carrier.faults, _json())
        return jsonify(ok=True), 201

    @desk.delete("/faults")
    def clear_faults() -> tuple[str, int]:
        carrier.faults.clear()
        return "", 204

    @desk.post("/lines")
    def set_line() -> tuple[Response, int]:
        """What Lookup tells of `number`, such as `{"number": …, "swapped_hours_ago": 2}`."""
        try:
            carrier.lookups.set(**_json())
        except TypeError as error:
            raise BadRequest(f"the line: {error}") from None
        return jsonify(ok=True), 201

    @desk.post("/texts")
    def send_text() -> tuple[Response, int]:
        given = _json()
        try:
            message = carrier.send_text(given["from"], given["to"], given["body"])
        except (KeyError, ValueError) as error:
            raise BadRequest(f"a text needs from, to and body: {error}") from None
        return jsonify(sid=message.sid), 201

    @desk.get("/texts")
    def texts() -> Response:
        """What was sent to `?to=`, oldest first; bodies as the carrier still holds them."""
        found = carrier.texts_to(request.args.get("to", ""))
        return jsonify(texts=[as_json(message) for message in found])

    return desk


def order(faults: Faults, given: Mapping[str, Any]) -> None:
    """Order one fault, such as `{"kind": "hang", "seconds": 3, "accepted": true}`."""
    details = dict(given)
    kind = details.pop("kind", None)
    try:
        _method(faults, kind)(**details)
    except TypeError as error:
        raise BadRequest(f"the fault {kind}: {error}") from None


def _method(faults: Faults, kind: object) -> Callable[..., None]:
    if kind in REQUEST_KINDS:
        return partial(faults.answer, cast("RequestKind", kind))
    if kind in OTHER_KINDS:
        method: Callable[..., None] = getattr(faults, str(kind))
        return method
    raise BadRequest(f"kind is one of: {', '.join(REQUEST_KINDS + OTHER_KINDS)}")


def _json() -> dict[str, Any]:
    given = request.get_json()
    if not isinstance(given, dict):
        raise BadRequest("send a JSON object")
    return given
