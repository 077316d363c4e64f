"""The page: a phone in the browser, and beside it the computer that its owner is locked out of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request

from simulator.phone import inbox
from simulator.phone.desk import Desk
from simulator.phone.people import TONES, Person, as_people_write_it, find
from simulator.phone.signing_in import SAYS, Outcome
from simulator.phone.stream import Stream
from simulator.phone.timeline import lines
from simulator.phone.tokens import pieces

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MOST_CHARACTERS = 1600


def blueprint(desk: Desk) -> Blueprint:
    """The page at `/`, and what its script asks for."""
    page = Blueprint(
        "phone",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/phone/static",
    )
    page.add_app_template_filter(pieces, "pieces")
    page.add_app_template_filter(as_people_write_it, "pretty")
    page.after_request(_harden)
    inbox.add_to(page, desk)
    _add_views(page, desk)
    _add_actions(page, desk)
    return page


def _harden(answer: Response) -> Response:
    answer.headers.setdefault("Content-Security-Policy", POLICY)
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _add_views(page: Blueprint, desk: Desk) -> None:
    @page.get("/")
    def show() -> str:
        person = _person(desk, request.args.get("who", desk.people[0].key))
        since = desk.carrier.journal.last_id
        events = (event for event in desk.carrier.events if event.phone == person.phone)
        return render_template(
            "phone/page.html",
            person=person,
            people=desk.people,
            number=desk.number,
            since=since,
            bubbles=desk.handsets.since(person.phone),
            lines=lines(events),
            account=desk.account(person),
            mails=inbox.mails(desk, person),
            unopened=desk.unopened(),
            tones=TONES,
            has_computer=bool(person.username) and desk.window is not None,
            has_inbox=desk.mailbox(person) is not None,
        )

    @page.get("/phones/<key>/events")
    def events(key: str) -> Response:
        since = request.headers.get("Last-Event-ID") or request.args.get("since", "0")
        stream = Stream(desk, _person(desk, key), int(since) if since.isdigit() else 0)
        return Response(stream.events(), content_type="text/event-stream")


def _add_actions(page: Blueprint, desk: Desk) -> None:
    def post(path: str, act: Callable[[Person, dict[str, Any]], Response]) -> None:
        def view(key: str) -> Response:
            return act(_person(desk, key), _given())

        page.add_url_rule(f"/phones/<key>/{path}", path, view, methods=["POST"])

    def text(person: Person, given: dict[str, Any]) -> Response:
        desk.text(person, _field(given, "body"))
        return jsonify(ok=True)

    def sign_in(person: Person, given: dict[str, Any]) -> Response:
        return _say(desk.sign_in(_somebody(person), _field(given, "password")))

    def change(person: Person, given: dict[str, Any]) -> Response:
        old, new = _field(given, "old"), _field(given, "new")
        return _say(desk.change_password(_somebody(person), old, new))

    def mistype(person: Person, _given: dict[str, Any]) -> Response:
        return jsonify(tries=desk.type_it_wrong(_somebody(person)))

    def open_mail(person: Person, given: dict[str, Any]) -> Response:
        mail_id = given.get("id")
        mail = desk.open_mail(person, mail_id if isinstance(mail_id, int) else abort(400))
        return jsonify(html=inbox.opened(mail or abort(404), person))

    post("texts", text)
    post("sign-in", sign_in)
    post("password", change)
    post("wrong-tries", mistype)
    post("open-mail", open_mail)


def _person(desk: Desk, key: str) -> Person:
    return find(desk.people, key) or abort(404)


def _somebody(person: Person) -> Person:
    return person if person.username else abort(404)


def _given() -> dict[str, Any]:
    """Only JSON is taken: no foreign web page can send that here unasked."""
    given = request.get_json()
    return given if isinstance(given, dict) else abort(400)


def _field(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) and len(value) <= MOST_CHARACTERS else abort(400)


def _say(outcome: Outcome) -> Response:
    return jsonify(outcome=outcome, says=SAYS[outcome])
