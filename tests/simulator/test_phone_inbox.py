"""The inbox beside the phone, without a browser: the list, an open mail, and what it may load."""

from __future__ import annotations

import json
import re
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from simulator.app import create_app
from simulator.mail import Mailboxes
from simulator.phone.desk import Desk
from simulator.phone.people import STRANGER, Person
from simulator.phone.stream import Stream
from simulator.phone.timeline import lines
from simulator.twilio import Account, Carrier, numbers_at
from tests.simulator.test_mail_reading import PNG, in_both_forms, written
from tests.simulator.test_phone_page import FakeWindow

OURS = "+12025550199"
NINA = Person("nina.alvarez", "Nina Alvarez", "+12025550155", email="Nina@northwind.example.test")
MIA = Person("mia.keller", "Mia Keller", "+12025550143", email="mia@northwind.example.test")
NOBODY_WRITES = Person("sam.ortiz", "Sam Ortiz", "+12025550118")


@pytest.fixture
def mailboxes() -> Mailboxes:
    return Mailboxes()


@pytest.fixture
def desk(mailboxes: Mailboxes) -> Desk:
    account = Account("AC" + "a" * 32, "token", numbers_at("https://gateway.example/sms", [OURS]))
    people = (NINA, MIA, NOBODY_WRITES, STRANGER)
    return Desk(Carrier(account, post=lambda _: 200), people, OURS, FakeWindow(), mailboxes)


@pytest.fixture
def app(desk: Desk) -> Flask:
    return create_app(desk, only_this_machine=True)


@pytest.fixture
def page(app: Flask) -> FlaskClient:
    return app.test_client()


def deliver(mailboxes: Mailboxes, mail: EmailMessage, *people: Person) -> int:
    """Returns the id of the mail in the first one's mailbox."""
    people = people or (NINA,)
    mailboxes.deliver([person.email for person in people], mail.as_bytes())
    return mailboxes.of(people[0].email)[0].id


def open_mail(page: FlaskClient, mail_id: object, who: Person = NINA) -> Any:
    return page.post(f"/phones/{who.key}/open-mail", json={"id": mail_id})


def news(app: Flask, desk: Desk, since: int = 0, who: Person = NINA) -> dict[str, Any]:
    """The first thing an open page is told."""
    with app.app_context():
        events = Stream(desk, who, since).events()
        next(events)
        first = next(events)
        events.close()  # type: ignore[attr-defined]
    found = re.search(r"^data: (.*)$", first, re.MULTILINE)
    return dict(json.loads(found.group(1))) if found else {}


def test_the_inbox_lists_the_mails_of_whoever_was_chosen(
    page: FlaskClient, mailboxes: Mailboxes
) -> None:
    deliver(mailboxes, written("For <b>both</b>"), NINA, MIA)
    deliver(mailboxes, written("For Mia alone"), MIA)

    ninas, mias = page.get("/?who=nina.alvarez").text, page.get("/?who=mia.keller").text

    assert "For &lt;b&gt;both&lt;/b&gt;" in ninas
    assert "For Mia alone" not in ninas
    assert mias.index("For Mia alone") < mias.index("For &lt;b&gt;both")
    assert "Hello Nina, open https://reset" in ninas


def test_an_inbox_with_something_new_in_it_lies_on_top(
    page: FlaskClient, mailboxes: Mailboxes
) -> None:
    mail_id = deliver(mailboxes, written())
    assert chosen_tab(page) == "inbox"

    open_mail(page, mail_id)

    assert chosen_tab(page) == "computer"


def chosen_tab(page: FlaskClient) -> str:
    [chosen] = re.findall(
        r'data-pane="(\w+)"[^>]+aria-selected="true"', page.get("/?who=nina.alvarez").text
    )
    return str(chosen)


@pytest.mark.parametrize("who", ["sam.ortiz", "stranger"])
def test_without_an_address_there_is_no_inbox(page: FlaskClient, who: str) -> None:
    html = page.get(f"/?who={who}").text

    assert 'id="pane-inbox"' not in html
    assert 'role="tab"' not in html
    assert page.post(f"/phones/{who}/open-mail", json={"id": 1}).status_code == 404


def test_without_a_mail_server_the_page_is_as_it_was(desk: Desk) -> None:
    plain = Desk(desk.carrier, desk.people, OURS, FakeWindow())
    page = create_app(plain).test_client()

    assert 'id="pane-inbox"' not in page.get("/").text
    assert 'id="sign-in"' in page.get("/").text
    assert page.get("/simulator/mails").status_code == 404


def test_an_open_mail_shows_who_wrote_and_both_forms(
    page: FlaskClient, mailboxes: Mailboxes
) -> None:
    html = open_mail(page, deliver(mailboxes, in_both_forms())).json["html"]

    assert "Set up your phone" in html
    assert "help@lakeside.example.test" in html
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in html
    assert 'src="/phones/nina.alvarez/mails/1/html"' in html
    assert (
        '<a href="https://reset.example.test/activate/abc" target="_blank" '
        'rel="noopener noreferrer">https://reset.example.test/activate/abc</a>'
    ) in html
    assert "Payslip ü.pdf" in html
    assert "logo.png" not in html


def test_what_a_plain_mail_says_is_never_taken_for_html(
    page: FlaskClient, mailboxes: Mailboxes
) -> None:
    mail = written("<script>alert(1)</script>")
    mail.set_content('<img src=x onerror=alert(1)> https://a.example/"onclick="alert(1)\n')

    html = open_mail(page, deliver(mailboxes, mail)).json["html"]

    assert "&lt;script&gt;alert(1)" in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "<script" not in html
    assert 'href="https://a.example/"' in html
    assert "<iframe" not in html


def test_the_html_of_a_mail_may_do_nothing_but_be_looked_at(
    page: FlaskClient, mailboxes: Mailboxes
) -> None:
    answer = page.get(f"/phones/nina.alvarez/mails/{deliver(mailboxes, in_both_forms())}/html")

    policy = dict(each.strip().partition(" ")[::2] for each in policy_of(answer).split(";"))
    assert policy == {
        "sandbox": "allow-popups allow-popups-to-escape-sandbox",
        "default-src": "'none'",
        "img-src": "http://localhost/phones/nina.alvarez/mails/1/enclosures/",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    }
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert '<img src="/phones/nina.alvarez/mails/1/enclosures/0">' in answer.text


def policy_of(answer: Any) -> str:
    return str(answer.headers["Content-Security-Policy"])


def test_a_picture_is_shown_and_anything_else_is_only_a_download(
    page: FlaskClient, mailboxes: Mailboxes
) -> None:
    mail = in_both_forms()
    mail.add_attachment(b"<script>", maintype="text", subtype="html", filename='a".html')
    mail.add_attachment(b"<svg/>", maintype="image", subtype="svg+xml", filename="b.svg")
    at = f"/phones/nina.alvarez/mails/{deliver(mailboxes, mail)}/enclosures"

    with page.get(f"{at}/0") as picture:
        assert (picture.content_type, picture.data) == ("image/png", PNG)
        assert not picture.headers.get("Content-Disposition", "").startswith("attachment")
    for number in (1, 2, 3):
        with page.get(f"{at}/{number}") as file:
            assert file.content_type == "application/octet-stream"
            assert file.headers["Content-Disposition"].startswith("attachment")
            assert file.headers["X-Content-Type-Options"] == "nosniff"
            assert policy_of(file) == "sandbox; default-src 'none'"
    assert page.get(f"{at}/4").status_code == 404


def test_nobody_opens_the_mail_of_another(page: FlaskClient, mailboxes: Mailboxes) -> None:
    mail_id = deliver(mailboxes, in_both_forms())

    assert open_mail(page, mail_id, MIA).status_code == 404
    assert page.get(f"/phones/mia.keller/mails/{mail_id}/html").status_code == 404
    assert page.get(f"/phones/mia.keller/mails/{mail_id}/enclosures/0").status_code == 404
    assert mailboxes.unopened(NINA.email) == 1


@pytest.mark.parametrize(("given", "status"), [({}, 400), ({"id": "1"}, 400), ({"id": 99}, 404)])
def test_what_is_no_mail_cannot_be_opened(
    page: FlaskClient, given: dict[str, Any], status: int
) -> None:
    assert page.post("/phones/nina.alvarez/open-mail", json=given).status_code == status


def test_a_mail_without_html_has_none_to_show(page: FlaskClient, mailboxes: Mailboxes) -> None:
    mail_id = deliver(mailboxes, written())

    assert page.get(f"/phones/nina.alvarez/mails/{mail_id}/html").status_code == 404


def test_a_page_is_told_of_mail_as_it_comes(app: Flask, desk: Desk, mailboxes: Mailboxes) -> None:
    deliver(mailboxes, written("First"))
    told = news(app, desk)
    assert [(mail["id"], mail["opened"]) for mail in told["mails"]] == [("mail-1", False)]
    assert "First" in told["mails"][0]["html"]
    assert told["unopened"] == {"nina.alvarez": 1, "mia.keller": 0}
    assert "is in the inbox" in told["lines"][0]

    since = desk.carrier.journal.last_id
    assert "mails" not in news(app, desk, since)
    desk.open_mail(NINA, 1)
    told = news(app, desk, since)
    assert [(mail["id"], mail["opened"]) for mail in told["mails"]] == [("mail-1", True)]
    assert told["unopened"]["nina.alvarez"] == 0


def test_a_page_hears_that_others_have_mail_but_not_what(
    app: Flask, desk: Desk, mailboxes: Mailboxes
) -> None:
    deliver(mailboxes, written("Secret"), NINA)

    told = news(app, desk, who=MIA)

    assert told["unopened"] == {"nina.alvarez": 1, "mia.keller": 0}
    assert "Secret" not in json.dumps(told)


def test_a_mail_that_was_thrown_away_is_not_told_of(app: Flask, desk: Desk) -> None:
    mailboxes = Mailboxes(most_mails=1)
    small = Desk(desk.carrier, desk.people, OURS, FakeWindow(), mailboxes)
    for subject in ("old", "new"):
        deliver(mailboxes, written(subject))

    assert [mail["id"] for mail in news(app, small)["mails"]] == ["mail-2"]


def test_the_story_holds_nothing_of_what_a_mail_says(desk: Desk, mailboxes: Mailboxes) -> None:
    deliver(mailboxes, in_both_forms())

    assert [f"{line.where} {line.words}" for line in lines(desk.carrier.events)] == [
        "Mail came from the gateway and is in the inbox"
    ]
    assert "Set up" not in repr(desk.carrier.events)


def test_scripts_of_other_processes_read_the_mail_as_json(
    page: FlaskClient, mailboxes: Mailboxes
) -> None:
    deliver(mailboxes, in_both_forms())
    deliver(mailboxes, written("Later"), MIA)

    given = page.get("/simulator/mails", query_string={"to": NINA.email}).json
    every = page.get("/simulator/mails").json
    assert given is not None
    assert every is not None

    [mail] = given["mails"]
    assert (mail["subject"], mail["enclosures"]) == (
        "Set up your phone",
        ["logo.png", "Payslip ü.pdf"],
    )
    assert mail["from"] == {"name": "Lakeside IT", "address": "help@lakeside.example.test"}
    assert "https://reset.example.test/activate/abc" in mail["text"]
    assert [mail["subject"] for mail in every["mails"]] == ["Set up your phone", "Later"]


def test_a_code_reaches_a_phone_that_nobody_has_written_down(desk: Desk, app: Flask) -> None:
    """Enrolment texts a number that is in no directory: a handset is whoever has that number."""
    form = {
        "To": NINA.phone,
        "From": OURS,
        "Body": "Your code is 482913.\n\n@reset.example #482913",
    }
    desk.carrier.create(form)
    desk.carrier.advance()

    [bubble] = news(app, desk)["bubbles"]

    assert bubble["html"].count('class="code"') == 1
    assert 'aria-label="Copy the code 482913">482913</button>' in bubble["html"]
