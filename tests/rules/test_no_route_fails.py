"""Whatever somebody sends to a public route, it is answered, and never with an error of ours.

schemathesis would make such requests from an OpenAPI document, but a webhook and pages of HTML have
none: what they take is said here, and hypothesis makes the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from tests.gateway.doors.conftest import PUBLIC_URL, TOKENS, inbound
from tests.rules.routes import METHODS, Walk, walking

FORM: Final = "application/x-www-form-urlencoded"
A_SERVER_ERROR: Final = 500

anything = st.text(st.characters(max_codepoint=0xFF), max_size=60)
"""As a server hands it on: bytes, each as a letter of Latin-1."""

HEADERS: Final = [
    "HTTP_HOST",
    "HTTP_COOKIE",
    "HTTP_AUTHORIZATION",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_X_TWILIO_SIGNATURE",
    "HTTP_ORIGIN",
    "HTTP_SEC_FETCH_SITE",
    "HTTP_RANGE",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_FORWARDED",
    "HTTP_TRANSFER_ENCODING",
    "HTTP_EXPECT",
    "CONTENT_LENGTH",
    "REMOTE_ADDR",
]
headers = st.fixed_dictionaries({}, optional=dict.fromkeys(HEADERS, anything))
content_types = st.sampled_from(
    [FORM, f"{FORM}; charset=utf-7", "multipart/form-data; boundary=x", "multipart/form-data", ""]
)
values = st.text(max_size=80) | st.sampled_from(
    ["+14155550111", "123456", "US", "yes", "RESET", "0", "-1", "9" * 30, "\0", "\U0001f600"]
)
their_fields = st.sampled_from([*inbound(), "MessageStatus", "ErrorCode", "OptOutType"])
our_fields = st.sampled_from(["number", "country", "agrees", "wording", "code", "password"])
Fields = dict[str, list[str]]


def forms(names: st.SearchStrategy[str]) -> st.SearchStrategy[Fields]:
    return st.dictionaries(names | anything, st.lists(values, max_size=2), max_size=8)


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    with walking(tmp_path, "waits for a code") as (walk, _):
        yield walk


def tried(examples: int) -> Callable[[Any], Any]:
    """All in one installation: what one example leaves behind is there for the next."""
    shared = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, suppress_health_check=shared)


@tried(400)
@given(data=st.data())
def test_arbitrary_requests_are_answered(walk: Walk, data: st.DataObject) -> None:
    """Any path, query, method, header, body and cookie."""
    known = st.sampled_from([address.path for address in walk.addresses])
    environ = {
        "PATH_INFO": data.draw(known | st.builds("{}{}".format, known, anything) | anything),
        "QUERY_STRING": data.draw(anything),
        "CONTENT_TYPE": data.draw(content_types | anything),
        **data.draw(headers),
    }
    method = data.draw(st.sampled_from(METHODS) | anything)
    answered(walk, method, data.draw(st.binary(max_size=200)), environ)


@tried(200)
@given(fields=forms(their_fields), message=values, well=st.booleans(), report=st.booleans())
def test_whatever_twilio_signs_is_answered(
    walk: Walk, fields: Fields, message: str, *, well: bool, report: bool
) -> None:
    """Nonsense with a good signature, and a text or report of which a part is nonsense."""
    path = "/twilio/status" if report else "/twilio/sms"
    form = MultiDict({**(inbound(MessageStatus="sent") if well else {}), **fields})
    query = urlencode({"message": message})
    signed = RequestValidator(TOKENS[0]).compute_signature(f"{PUBLIC_URL}{path}?{query}", form)
    environ = {
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": FORM,
        "HTTP_X_TWILIO_SIGNATURE": signed,
    }
    status = answered(walk, "POST", urlencode(list(form.items(multi=True))).encode(), environ)
    assert status in {200, 204}, "the signature was not taken"


@tried(200)
@given(fields=forms(our_fields), data=st.data())
def test_whatever_a_page_sends_is_answered(walk: Walk, fields: Fields, data: st.DataObject) -> None:
    """With the mark and the cookie of a page of ours, and with others."""
    forms_of_ours = [a.path for a in walk.addresses if "POST" in a.methods and "activate" in a.path]
    mark = data.draw(st.just(walk.csrf) | values)
    cookie = data.draw(st.just(cookie_of(walk)) | anything)
    sent = [(name, value) for name, several in fields.items() for value in several]
    environ = {
        "PATH_INFO": data.draw(st.sampled_from(forms_of_ours)),
        "CONTENT_TYPE": FORM,
        "HTTP_COOKIE": cookie,
    }
    body = urlencode([*sent, ("csrf_token", mark)]).encode("utf-8", "replace")
    answered(walk, "POST", body, environ)


def answered(walk: Walk, method: str, body: bytes, environ: dict[str, Any]) -> int:
    """The status, after a look at what every answer has to be."""
    base = EnvironBuilder(base_url=PUBLIC_URL, method="POST", data=body).get_environ()
    given_environ = {**base, "wsgi.input_terminated": True, "REQUEST_METHOD": method, **environ}
    answer = Response(*run_wsgi_app(walk.client.application, given_environ, buffered=True))
    event(f"{method[:8]!r} {answer.status_code}")
    assert answer.status_code < A_SERVER_ERROR, (method, environ)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    return answer.status_code


def cookie_of(walk: Walk) -> str:
    """As the browser holds it that opened a page."""
    found = walk.client.get_cookie("__Host-resetline", "reset.example.com")
    assert found
    return f"{found.key}={found.value}"
