"""Nina at the activation pages: a browser without JavaScript that keeps its cookies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.wiring import Gateway
from tests.gateway.doors.conftest import PUBLIC_URL, web_settings
from tests.gateway.engine.enrolment.conftest import Newcomer
from tests.world import World

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Visitor:
    """Whoever has the link. Forms are sent as their page would send them."""

    client: FlaskClient
    nina: Newcomer
    csrf: str = field(default="", init=False)

    def get(self, page: str = "", token: str | None = None, **options: Any) -> TestResponse:
        return self._kept(self.client.get(self.path(page, token), **self._over_tls(options)))

    def head(self, page: str = "") -> TestResponse:
        return self.client.head(self.path(page), **self._over_tls({}))

    def post(
        self,
        page: str,
        form: dict[str, str] | None = None,
        token: str | None = None,
        **options: Any,
    ) -> TestResponse:
        data = {"csrf_token": self.csrf, **(form or {})}
        path = self.path(page, token)
        return self._kept(self.client.post(path, data=data, **self._over_tls(options)))

    def types_number(self, number: str = "(415) 555-0177", **changes: str) -> TestResponse:
        self.get("number")
        form = {"number": number, "country": "US", "agrees": "yes", "wording": "2026-11"}
        answer = self.post("number", {**form, **changes})
        self.nina.world.work()
        return answer

    def path(self, page: str, token: str | None = None) -> str:
        path = f"/activate/{self.nina.token if token is None else token}"
        return f"{path}/{page}" if page else path

    def _kept(self, answer: TestResponse) -> TestResponse:
        if found := CSRF.search(answer.text):
            self.csrf = found[1]
        return answer

    def _over_tls(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"base_url": PUBLIC_URL, **options}


@contextmanager
def visited(world: World, nina: Newcomer, **changes: Any) -> Iterator[Visitor]:
    """The real web app on the records of a world, with its limits and its clock."""
    settings = web_settings(database_url=world.database_url, **changes)
    gateway = Gateway(settings, another_time=world.clock)
    gateway.__dict__.update(
        seal=world.seal, links=world.links, limits=world.limits, enrolment=world.enrolment
    )
    app = create_app(settings, gateway)
    yield Visitor(app.test_client(), nina)
    gateway.database.close()


class Wellformed(HTMLParser):
    """Notices a tag that is not closed, or closed out of turn."""

    EMPTY = frozenset({"meta", "link", "input", "img", "br", "path", "circle"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.ids += [named["id"] or ""] if "id" in named else []
        self.faults += [
            f"{tag} has {name}" for name in named if name == "style" or name[:2] == "on"
        ]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Complete in itself."""

    def handle_endtag(self, tag: str) -> None:
        if tag in self.EMPTY:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> out of turn")


def faults_of(html: str) -> list[str]:
    parser = Wellformed()
    parser.feed(html)
    twice = [each for each in set(parser.ids) if parser.ids.count(each) > 1]
    return parser.faults + [f"{tag} is open" for tag in parser.open] + twice
