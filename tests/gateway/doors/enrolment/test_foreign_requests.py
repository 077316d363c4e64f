"""What does not come from our own pages, or is none of what they send, does nothing."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from gateway import codes
from gateway.records import Organization
from gateway.records.audit import Event
from tests.gateway.doors.enrolment.activation import Visitor, faults_of
from tests.gateway.engine.enrolment.conftest import events


@pytest.mark.parametrize("page", ["number", "code", "again"])
@pytest.mark.parametrize("csrf", ["", "forged"])
def test_a_form_that_does_not_come_from_our_page_is_not_taken(
    visitor: Visitor, page: str, csrf: str
) -> None:
    if page != "number":
        visitor.types_number()
    sent = len(visitor.nina.world.carrier.sent)
    visitor.csrf = csrf
    answer = visitor.post(page, {"number": "4155550177", "country": "US", "agrees": "yes"})
    assert answer.status_code == 422
    assert "please send it again" in answer.text
    assert len(visitor.nina.world.carrier.sent) == sent


def test_a_form_that_another_site_sends_is_not_taken(visitor: Visitor) -> None:
    visitor.get("number")
    answer = visitor.post("number", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 422


def test_without_cookies_the_page_says_so_and_keeps_what_was_typed(visitor: Visitor) -> None:
    visitor.get("number")
    visitor.client.delete_cookie("__Host-resetline", domain="reset.example.com")
    form = {"number": "(415) 555-0177", "country": "US", "agrees": "yes"}
    answer = visitor.post("number", form)
    assert "cookies" in answer.text
    assert "(415) 555-0177" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8443", "[::1]", "a b"])
def test_no_header_of_a_request_chooses_where_anything_leads(visitor: Visitor, host: str) -> None:
    headers = {"Host": host, "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    visitor.get("number")
    answers = [visitor.get(page, headers=headers) for page in ("", "number", "code", "done")]
    answers += [visitor.get(token="made-up", headers=headers)]
    answers += [visitor.post("fresh", headers=headers), visitor.post("number", headers=headers)]
    answers += [visitor.client.get(path, headers=headers) for path in ("/terms", "/healthz", "/x")]
    for answer in answers:
        assert answer.status_code < 500
        assert "evil" not in answer.text + str(answer.headers)


def test_the_cookie_is_bound_to_this_host_and_read_by_no_script(visitor: Visitor) -> None:
    cookie = visitor.get("number").headers["Set-Cookie"]
    assert cookie.startswith("__Host-resetline=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("page", ["", "number", "made-up"])
def test_a_page_loads_nothing_from_elsewhere_and_is_kept_nowhere(
    visitor: Visitor, page: str
) -> None:
    answer = visitor.get(token="made-up") if page == "made-up" else visitor.get(page)
    policy_ = answer.headers["Content-Security-Policy"]
    assert policy_.startswith("default-src 'none'")
    assert "unsafe" not in policy_
    assert "script-src" not in policy_
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "http" not in answer.text.replace("http://www.w3.org", "")


HOSTILE = "<b>&\"'</b>{{7*7}}"


def test_names_are_words_and_never_markup(visitor: Visitor) -> None:
    world = visitor.nina.world
    visitor.nina.changed(display_name=HOSTILE + " " + HOSTILE, username=HOSTILE)
    with world.database.transaction() as session:
        session.execute(update(Organization).values(name=HOSTILE, support=HOSTILE))
    for page in (visitor.get(), visitor.get("number")):
        assert "<b>&" not in page.text
        assert "{{7*7}}" in page.text
        assert faults_of(page.text) == []


def test_the_link_and_the_code_reach_no_log(
    visitor: Visitor, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor.get()
    visitor.types_number("nonsense")
    visitor.types_number()
    visitor.post("code", {"code": "000000"})
    visitor.get("no-such-page")
    visitor.get(token="made-up-token")
    written = caplog.text + "".join(capsys.readouterr())
    assert visitor.nina.token not in written
    assert "made-up-token" not in written
    assert visitor.nina.codes()[0] not in written
    assert "4155550177" not in written


def test_an_unknown_page_or_method_is_answered_in_words(visitor: Visitor) -> None:
    assert visitor.get("no-such-page").status_code == 404
    assert "There is nothing here" in visitor.get("no-such-page").text
    assert visitor.client.put(visitor.path("number")).status_code == 405
    assert visitor.client.get("/no-such-door").text == "not found\n"


def test_a_body_that_is_too_large_is_refused(visitor: Visitor) -> None:
    visitor.get("number")
    assert visitor.post("number", {"number": "1" * 100_000}).status_code == 413


@given(
    page=st.sampled_from(["number", "code", "again", "fresh", "password"]),
    form=st.dictionaries(
        st.sampled_from(["number", "country", "agrees", "wording", "code", "password", "x"]),
        st.text(max_size=60) | st.from_regex(r"[0-9]{6}", fullmatch=True),
    ),
)
@example(page="code", form={"code": "12345\uff16"})
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_typed_the_answer_is_a_page(
    visitor: Visitor, page: str, form: dict[str, str]
) -> None:
    """A code has been asked for, so that what is typed for it is compared with it."""
    visitor.nina.world.limits.taken.clear()
    visitor.types_number()
    code = form.get("code", "")
    is_tried = page == "code" and codes.looks_like_one(code)
    assume(not is_tried or visitor.nina.codes()[-1] not in code)
    wrong = len(events(visitor.nina.world, Event.CODE_WRONG))
    answer = visitor.post(page, form)
    assert len(events(visitor.nina.world, Event.CODE_WRONG)) == wrong + is_tried
    assert visitor.nina.verified() == []
    assert answer.status_code in {200, 303, 422, 429, 503}
    if answer.status_code == 503:
        assert page == "password"
