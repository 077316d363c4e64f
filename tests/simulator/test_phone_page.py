"""The page without a browser: what it shows, what it takes, and what it streams."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from simulator.app import create_app
from simulator.phone.desk import Desk
from simulator.phone.people import Person, with_stranger
from simulator.phone.signing_in import AccountView, DirectoryGone, Outcome
from simulator.phone.stream import Stream
from simulator.twilio import Account, Carrier, numbers_at

OURS = "+12025550199"
MIA = Person("mia.keller", "Mia <b>Keller</b>", "+12025550143", "Account manager")
OPEN = AccountView(
    display_name="Mia Keller",
    locked=False,
    locked_since=None,
    must_change=False,
    password_last_set=datetime(2026, 11, 1, 9, tzinfo=UTC),
    password_expires=None,
    password_expired=False,
    disabled=False,
    expires=None,
    expired=False,
    wrong_tries=0,
)


class FakeWindow:
    """A directory of one account; it locks after so many wrong passwords."""

    def __init__(self) -> None:
        self.password = "right"
        self.locks_after = 3
        self.tries = 0
        self.gone = False

    def state(self, username: str) -> AccountView | None:
        if self.gone:
            raise DirectoryGone
        return OPEN if self.tries < self.locks_after else locked()

    def sign_in(self, username: str, password: str) -> Outcome:
        if self.tries >= self.locks_after:
            return Outcome.LOCKED
        if password == self.password:
            return Outcome.WELCOME
        self.tries += 1
        return Outcome.WRONG

    def change_password(self, username: str, old: str, new: str) -> Outcome:
        if old != self.password:
            return Outcome.WRONG
        if len(new) < 8:
            return Outcome.NOT_GOOD_ENOUGH
        self.password = new
        return Outcome.WELCOME


def locked() -> AccountView:
    changed = {"locked": True, "locked_since": datetime.now(UTC), "wrong_tries": 3}
    return AccountView(**{name: getattr(OPEN, name) for name in OPEN.__slots__} | changed)


@pytest.fixture
def window() -> FakeWindow:
    return FakeWindow()


@pytest.fixture
def desk(window: FakeWindow) -> Desk:
    account = Account("AC" + "a" * 32, "token", numbers_at("https://gateway.example/sms", [OURS]))
    return Desk(Carrier(account, post=lambda _: 200), with_stranger([MIA]), OURS, window)


@pytest.fixture
def app(desk: Desk) -> Flask:
    return create_app(desk, only_this_machine=True)


@pytest.fixture
def page(app: Flask) -> FlaskClient:
    return app.test_client()


def post(page: FlaskClient, path: str, **given: Any) -> Any:
    answer = page.post(f"/phones/mia.keller/{path}", json=given)
    assert answer.status_code == 200
    return answer.json


def news(app: Flask, desk: Desk, since: int = 0) -> dict[str, Any]:
    """The first thing an open page is told."""
    with app.app_context():
        events = Stream(desk, MIA, since).events()
        assert next(events) == "retry: 1000\n\n"
        first = next(events)
        events.close()  # type: ignore[attr-defined]
    found = re.search(r"^data: (.*)$", first, re.MULTILINE)
    given: dict[str, Any] = json.loads(found.group(1)) if found else {}
    return given


def test_the_page_shows_the_phone_and_the_account(page: FlaskClient, desk: Desk) -> None:
    desk.text(MIA, "<script>alert(1)</script>")
    html = page.get("/").get_data(as_text=True)
    assert "Mia &lt;b&gt;Keller&lt;/b&gt;" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "Not locked" in html
    assert "+1 202-555-0199" in html
    assert "sent a text" in html


def test_the_page_allows_nothing_from_elsewhere(page: FlaskClient) -> None:
    answer = page.get("/")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text)
    assert not re.search(r"<(?:script|style)>|\son\w+=|\sstyle=", answer.text)


@pytest.mark.parametrize(
    "name",
    ["page.css", "phone.css", "computer.css", "inbox.css", "icon.svg",
     "page.js", "inbox.js", "times.js", "wire.js"],
)  # fmt: skip
def test_everything_the_page_needs_is_served_with_it(page: FlaskClient, name: str) -> None:
    with page.get(f"/phone/static/{name}") as answer:
        assert answer.status_code == 200
        text = answer.get_data(as_text=True)
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_a_stranger_has_a_phone_and_no_computer(page: FlaskClient) -> None:
    html = page.get("/?who=stranger").text
    assert "belongs to nobody" in html
    assert 'id="sign-in"' not in html
    assert page.post("/phones/stranger/sign-in", json={"password": "x"}).status_code == 404
    assert page.get("/?who=nobody").status_code == 404


def test_a_text_goes_to_the_carrier(page: FlaskClient, desk: Desk) -> None:
    post(page, "texts", body="reset")
    assert desk.carrier.messages[0].body == "reset"
    assert desk.carrier.messages[0].from_ == MIA.phone


def test_windows_says_what_the_directory_says(page: FlaskClient) -> None:
    assert post(page, "sign-in", password="right")["outcome"] == "welcome"
    wrong = post(page, "sign-in", password="nonsense")
    assert wrong["outcome"] == "wrong"
    assert "incorrect" in wrong["says"]


def test_a_new_password_is_chosen(page: FlaskClient, window: FakeWindow) -> None:
    short = post(page, "password", old="right", new="short")
    assert short["outcome"] == "not_good_enough"
    assert post(page, "password", old="right", new="long-enough")["outcome"] == "welcome"
    assert window.password == "long-enough"


@pytest.mark.parametrize(("threshold", "tries"), [(3, 3), (5, 5), (99, 12)])
def test_three_wrong_passwords_or_as_many_as_it_takes(
    page: FlaskClient, window: FakeWindow, threshold: int, tries: int
) -> None:
    window.locks_after = threshold
    assert post(page, "wrong-tries") == {"tries": tries}


def test_a_page_is_told_what_happens(app: Flask, desk: Desk, window: FakeWindow) -> None:
    desk.text(MIA, "HELP")
    told = news(app, desk)
    assert [bubble["id"][:7] for bubble in told["bubbles"]] == ["bubble-"] * 2
    assert "HELP" in told["bubbles"][0]["html"]
    assert "Reply STOP" in told["bubbles"][1]["html"]
    assert "sent a text" in told["lines"][0]
    assert "Not locked" in told["account"]

    told = news(app, desk, desk.carrier.journal.last_id)
    assert set(told) == {"account"}
    window.tries = 3
    assert "Locked out" in news(app, desk)["account"]


def test_a_line_is_told_once_however_often_a_page_comes_back(app: Flask, desk: Desk) -> None:
    desk.text(MIA, "reset")
    first = len(news(app, desk)["lines"])
    since = desk.carrier.journal.last_id
    desk.text(MIA, "unlock")
    assert len(news(app, desk, since)["lines"]) == len(desk.carrier.events) - first


def test_the_stream_ends_when_the_carrier_closes(page: FlaskClient, desk: Desk) -> None:
    desk.carrier.close()
    answer = page.get("/phones/mia.keller/events?since=nonsense")
    assert answer.content_type.startswith("text/event-stream")
    assert answer.text == "retry: 1000\n\n"


def test_a_directory_that_is_gone_leaves_the_page_standing(
    page: FlaskClient, window: FakeWindow
) -> None:
    window.gone = True
    assert "does not answer" in page.get("/").text


@pytest.mark.parametrize("body", [[], {}, {"body": 3}, {"body": "x" * 1601}])
def test_what_is_no_text_is_refused(page: FlaskClient, desk: Desk, body: Any) -> None:
    assert page.post("/phones/mia.keller/texts", json=body).status_code == 400
    assert desk.carrier.messages == ()


def test_a_foreign_page_can_do_nothing_here(page: FlaskClient) -> None:
    form = page.post("/phones/mia.keller/wrong-tries", data={"x": "y"})
    assert form.status_code == 415
    rebound = page.get("/", headers={"Host": "attacker.example"})
    assert rebound.status_code == 400
