"""What holds at every route, whoever knocks: headers, cookies, forms, hosts, methods and bodies."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from werkzeug.test import TestResponse

from gateway.app import MAX_BODY_BYTES
from gateway.wiring import Gateway
from tests.rules.routes import METHODS, Address, Walk, walking
from tests.world import World

EVERYWHERE: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
CLOSED: Final = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
OPENED: Final = {"style-src", "img-src", "form-action", "script-src"}
"""What a page may open, and for files of ours only."""

KEPT_FOR_EVERYBODY: Final = {
    "/static/<digest>/<name>",
    "/brand/<int:version>/<color>.css",
    "/logos/<digest>.png",
}
"""Files that tell of nobody: only these may lie in anybody's cache."""

WITHOUT_A_MARK: Final = {"/activate/<token>", "/activate/<token>/fresh"}
"""Ask for a fresh link, from the page of a dead one: what it does anybody may ask for, and it
goes to the address on record. Twilio's webhooks have a signature instead."""

SIGNED: Final = re.compile(r"/twilio/")
OF_OTHERS: Final = "evil.example.net"
HOSTS: Final = (
    {"Host": OF_OTHERS},
    {"X-Forwarded-Host": OF_OTHERS, "X-Forwarded-Proto": "http"},
    {"Forwarded": f"host={OF_OTHERS};proto=http"},
    {"X-Original-URL": f"//{OF_OTHERS}/", "X-Rewrite-URL": f"//{OF_OTHERS}/"},
    {"X-Forwarded-Prefix": f"/{OF_OTHERS}", "Origin": f"https://{OF_OTHERS}"},
)
WHAT_WE_ARE_MADE_OF: Final = re.compile(
    r"werkzeug|flask|traceback|sqlalchemy|sqlite|psycopg|jinja|gateway[./]|\.py\b", re.IGNORECASE
)


Answers = list[tuple[str, TestResponse]]


@pytest.fixture(scope="module", params=["invited", "waits for a code", "enrolled"])
def answers(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Answers]:
    """What everybody gets at every route, at each step of hers whose link it is."""
    with walking(tmp_path_factory.mktemp("walk"), request.param) as (walk, _):
        yield list(walk.answers())


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    with walking(tmp_path, "waits for a code") as (walk, _):
        yield walk


@pytest.fixture
def walk_and_world(tmp_path: Path) -> Iterator[tuple[Walk, World]]:
    with walking(tmp_path, "waits for a code") as both:
        yield both


def test_every_answer_carries_the_headers_that_protect_it(answers: Answers) -> None:
    lacking = {
        (where, name, answer.headers.get(name))
        for where, answer in answers
        for name, value in EVERYWHERE.items()
        if answer.headers.get(name) != value
    }
    assert lacking == set()


def test_no_answer_lets_a_browser_load_anything_from_elsewhere(answers: Answers) -> None:
    open_to = {(where, fault) for where, answer in answers for fault in _gaps(answer)}
    assert open_to == set()


def test_every_answer_says_what_it_is_and_leads_nowhere_else(answers: Answers) -> None:
    """The kind and the letters of what is in it; no other site may read it; no redirect leaves."""
    for where, answer in answers:
        kind = answer.headers.get("Content-Type", "")
        assert kind or not answer.data, where
        assert not kind.startswith("text/") or "charset=utf-8" in kind, where
        assert not any(name.startswith("Access-Control") for name, _ in answer.headers), where
        assert re.match(r"/(?!/)|\Z", answer.headers.get("Location", "")), where


def test_nothing_but_public_files_may_lie_in_a_cache(answers: Answers) -> None:
    kept = {
        where.split()[1]
        for where, answer in answers
        if answer.headers["Cache-Control"] != "no-store"
    }
    assert kept <= KEPT_FOR_EVERYBODY
    assert kept, "not even the style sheet was found"


def test_every_cookie_is_for_our_host_over_https_and_not_for_scripts(answers: Answers) -> None:
    cookies = {c for _, answer in answers for c in answer.headers.getlist("Set-Cookie")}
    for cookie in cookies:
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert cookie.startswith("__Host-"), cookie
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes, cookie
        assert not any(part.startswith("Domain") for part in attributes), cookie


def test_only_pages_of_a_link_that_works_set_a_cookie(walk: Walk) -> None:
    for address in walk.addresses:
        client = walk.client.application.test_client()
        answer = Walk(client, walk.token, "").knock(address, "GET")
        assert "Set-Cookie" not in answer.headers or walk.token in address.path, address


@pytest.mark.parametrize("form", [{}, {"csrf_token": ""}, {"csrf_token": "made-up"}], ids=repr)
def test_every_form_without_the_mark_of_its_page_is_refused(
    walk_and_world: tuple[Walk, World], form: dict[str, str]
) -> None:
    """Wherever POST is answered, but where a signature proves who sends it."""
    walk, world = walk_and_world
    filled = {"number": "4155550177", "country": "US", "agrees": "yes", "wording": "2026-11"}
    before = _standing(world)
    for address in walk.addresses:
        if "POST" in address.methods and address.route not in WITHOUT_A_MARK:
            answer = walk.knock(address, "POST", data={**filled, "code": "123456", **form})
            leads = answer.headers.get("Location", "")
            is_dead = answer.status_code == 200 and "This link does not work" in answer.text
            assert answer.status_code in {403, 422} or leads.endswith("/done") or is_dead, address
    assert _standing(world) == before


def test_every_form_that_another_site_sends_is_refused(
    walk_and_world: tuple[Walk, World],
) -> None:
    walk, world = walk_and_world
    before = _standing(world)
    for address in walk.addresses:
        if "POST" in address.methods and not SIGNED.search(address.route):
            sent = walk.knock(address, "POST", data={}, headers={"Sec-Fetch-Site": "cross-site"})
            leads = sent.headers.get("Location", "")
            is_dead = sent.status_code == 200 and "This link does not work" in sent.text
            assert sent.status_code == 422 or leads.endswith("/done") or is_dead, address
    assert _standing(world) == before


def test_every_method_that_no_route_names_is_refused(walk: Walk) -> None:
    """Several routes may share a path: one for each method."""
    named = {(method, address.path) for address in walk.addresses for method in address.methods}
    for path in {address.path for address in walk.addresses}:
        for method in METHODS:
            answer = walk.knock(path, method)
            assert (answer.status_code == 405) == ((method, path) not in named), (method, path)
            assert answer.status_code != 405 or answer.headers["Allow"], path


@pytest.mark.parametrize("headers", HOSTS, ids=lambda headers: next(iter(headers)))
def test_whatever_host_is_asked_for_the_answer_is_the_same(
    walk: Walk, headers: dict[str, str]
) -> None:
    """Links are made with PUBLIC_URL, and everything else leads to a path."""
    for address in walk.addresses:
        if address.route in {"/metrics", "/readyz"}:
            continue
        for method in ("GET", "POST"):
            plain = walk.knock(address, method)
            other = walk.knock(address, method, headers=headers)
            assert OF_OTHERS not in f"{other.headers}{other.text}", address
            assert _seen(other) == _seen(plain), address


@pytest.mark.parametrize("path", ["//healthz", "/healthz/", "//activate//x", "/twilio/sms/", "//"])
def test_a_path_that_is_written_otherwise_leads_nowhere(walk: Walk, path: str) -> None:
    """A router that tidies up redirects, and it would do so to whatever host was asked for."""
    asked = {"PATH_INFO": path, "HTTP_HOST": OF_OTHERS}
    answer = walk.knock("/", "GET", environ_overrides=asked)
    assert answer.status_code == (200 if path == "//healthz" else 404)
    assert "Location" not in answer.headers
    assert OF_OTHERS not in f"{answer.headers}{answer.text}"


def test_probes_may_ask_by_address(walk: Walk) -> None:
    for host in ("10.0.0.7:8000", "[fd00::7]:8000", "localhost", ""):
        assert walk.knock("/healthz", "GET", headers={"Host": host}).status_code == 200


def test_a_body_that_is_too_large_is_refused_wherever_it_is_sent(walk: Walk) -> None:
    """Before any of it is read."""
    for address in walk.addresses:
        for method in ("GET", "POST"):
            if method in address.methods:
                body = Unread()
                answer = _sent(walk, address, method, body, CONTENT_LENGTH=str(MAX_BODY_BYTES + 1))
                assert (answer.status_code, body.was_read) == (413, 0), address


def test_a_body_in_chunks_is_cut_off_at_the_same_size(walk: Walk) -> None:
    """It does not say how long it is, so it is known while it comes."""
    for address in walk.addresses:
        if "POST" in address.methods:
            body = Unread(b"a=" + b"x" * 50 * MAX_BODY_BYTES)
            answer = _sent(
                walk,
                address,
                "POST",
                body,
                HTTP_TRANSFER_ENCODING="chunked",
                **{"wsgi.input_terminated": True},
            )
            assert answer.status_code == 413, address
            assert body.was_read <= 2 * MAX_BODY_BYTES, address


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_no_error_tells_what_we_are_made_of(walk: Walk, method: str) -> None:
    paths = ["/", "/nowhere", "/activate", "/activate/x/y/z", "/%00", "/twilio/sms", "/static/x/y"]
    for path in [*paths, *(address.path for address in walk.addresses)]:
        answer = walk.knock(path, method)
        if answer.status_code >= 400:
            assert not WHAT_WE_ARE_MADE_OF.search(f"{answer.headers}{answer.text}"), path


def test_what_fails_unforeseen_tells_no_more(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked of the database, the seal or the limits blows up."""
    for part in ("database", "enrolment", "inbox", "deliveries", "signatures"):
        _breaks(monkeypatch, part)
    failed = 0
    for where, answer in walk.answers():
        failed += answer.status_code == 500
        assert "secret detail" not in answer.text, where
        assert not WHAT_WE_ARE_MADE_OF.search(answer.text) or answer.status_code < 400, where
        assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE, where
    assert failed, "nothing was broken"


def _sent(
    walk: Walk, address: Address, method: str, body: Unread, **environ: object
) -> TestResponse:
    """As a server hands it on: the body is there to be read, and nobody has done so yet."""
    kind = "application/x-www-form-urlencoded"
    return walk.knock(
        address, method, environ_overrides={"wsgi.input": body, "CONTENT_TYPE": kind, **environ}
    )


class Unread(io.BytesIO):
    """A body that knows how much of it was asked for."""

    was_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.was_read += len(piece)
        return piece

    def readinto(self, buffer: Any, /) -> int:
        count = super().readinto(buffer)
        self.was_read += count
        return count


def _gaps(answer: TestResponse) -> Iterator[str]:
    """What a policy leaves open; one that a page opens is for our own files."""
    policy = dict(part.strip().split(" ", 1) for part in _policy(answer).split(";"))
    for name, value in CLOSED.items():
        if policy.get(name) != value:
            yield f"{name} {policy.get(name)}"
    if "form-action" not in policy:
        yield "form-action"
    for name in policy.keys() - CLOSED.keys():
        if name not in OPENED or policy[name] not in {"'self'", "'none'"}:
            yield f"{name} {policy[name]}"


def _policy(answer: TestResponse) -> str:
    return answer.headers.get("Content-Security-Policy", "none none")


def _seen(answer: TestResponse) -> tuple[int, str | None, str]:
    """What somebody sees of an answer, but for the mark that every page has anew."""
    text = re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)
    return answer.status_code, answer.location, text


def _standing(world: World) -> tuple[object, ...]:
    """What a form could change."""
    with world.database.reading() as session:
        tables = ("phones", "proofs", "outbound_messages", "requests", "mails")
        return tuple(
            session.connection().exec_driver_sql(f"SELECT * FROM {name}").all()  # noqa: S608
            for name in tables
        )


def _breaks(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    def broken(_self: Gateway) -> object:
        raise RuntimeError("secret detail of gateway/wiring.py")

    monkeypatch.setattr(Gateway, part, property(broken))
