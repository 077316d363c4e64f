"""Turns an ordered fault into what a client of the REST API then meets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from flask import Response, jsonify, request

from simulator.twilio.errors import ApiError
from simulator.twilio.faults import RequestFault

CODES = {"too_many_requests": 20429, "server_error": 20500, "unavailable": 20503}
PORTAL = "<!doctype html><title>Sign in</title><h1>Please sign in to the network</h1>"


def spoil(fault: RequestFault | None, work: Callable[[], Response]) -> Response:
    """Without a fault the work's own answer; else the fault's, the work being done or not."""
    if fault is None:
        return work()
    answer = work() if fault.accepted else None
    if fault.kind == "hang":
        return _hang(fault.seconds, answer)
    if fault.kind == "drop":
        return _drop()
    if fault.kind == "html":
        return Response(PORTAL, 200, content_type="text/html; charset=utf-8")
    if fault.kind == "empty":
        return Response("{}", 201, content_type="application/json")
    return _error(fault)


def _hang(seconds: float, answer: Response | None) -> Response:
    time.sleep(seconds)
    return answer or _drop()


def _error(fault: RequestFault) -> Response:
    error = ApiError(CODES.get(fault.kind, fault.code))
    if fault.kind != "problem":
        raise error
    answer = jsonify(error.as_problem())
    answer.status_code = error.status
    answer.content_type = "application/problem+json"
    return answer


def _drop() -> Response:
    """Hang up without a word. The server finds its pipe broken and thinks no more of it."""
    line = request.environ.get("werkzeug.socket") or request.environ.get("gunicorn.socket")
    if line is None:
        raise ConnectionResetError("the carrier hung up")
    line.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
