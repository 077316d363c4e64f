"""Knocks at every route that the app has, as somebody with a link and as somebody without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, IntegerConverter, Rule
from werkzeug.test import TestResponse

from gateway.branding import Brand
from gateway.doors.enrolment import looks
from gateway.limits import Allowed, Limit, Verdict
from gateway.records import schema
from gateway.records.database import Database
from tests.fakes import FakeLimits
from tests.gateway.doors.conftest import PUBLIC_URL
from tests.gateway.doors.enrolment.activation import visited
from tests.gateway.engine.enrolment.conftest import add_person
from tests.world import World

METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
OUR_LOOKS: Final = {
    "name": "page.css",
    "version": str(looks.VERSION),
    "color": Brand().color.removeprefix("#"),
}
"""What the public files of ours are asked for with, beside a digest."""


@dataclass(frozen=True)
class Address:
    """A path that one route answers."""

    route: str
    path: str
    methods: frozenset[str]

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True)
class Walk:
    """All routes of an app, and whoever walks along them."""

    client: FlaskClient
    token: str
    csrf: str
    """The mark of a page that was opened with that link."""

    @property
    def addresses(self) -> list[Address]:
        """With a link that works and with made-up values; a new route is among them by itself."""
        return [each for rule in self._app.url_map.iter_rules() for each in self._of(rule)]

    def knock(self, address: Address | str, method: str, **options: Any) -> TestResponse:
        path = address if isinstance(address, str) else address.path
        return self.client.open(path, method=method, **{"base_url": PUBLIC_URL, **options})

    def answers(self, **options: Any) -> Iterator[tuple[str, TestResponse]]:
        """What every method gets at every address, also those that are not allowed there."""
        for address in self.addresses:
            for method in METHODS:
                yield f"{method} {address.route}", self.knock(address, method, **options)

    @property
    def _app(self) -> Flask:
        return self.client.application

    def _of(self, rule: Rule) -> Iterator[Address]:
        names = [name for name in rule.arguments if isinstance(_of(rule, name), AnyConverter)]
        several = sorted(_items(rule, names[0])) if names else [""]
        for one in several:
            chosen = dict.fromkeys(names, one)
            for known in ({**OUR_LOOKS, "token": self.token}, {}):
                values = {name: _value(rule, name, known) for name in rule.arguments} | chosen
                yield Address(rule.rule, self._path(rule, values), frozenset(rule.methods or ()))

    def _path(self, rule: Rule, values: dict[str, str]) -> str:
        at = self._app.url_map.bind("localhost")
        method = min((rule.methods or set()) - {"HEAD", "OPTIONS"})
        return at.build(rule.endpoint, values, method=method)


def _value(rule: Rule, name: str, known: dict[str, str]) -> str:
    made_up = "7" if isinstance(_of(rule, name), IntegerConverter) else "made-up"
    return known.get(name, made_up)


def _of(rule: Rule, name: str) -> object:
    return rule._converters[name]


def _items(rule: Rule, name: str) -> set[str]:
    converter = _of(rule, name)
    assert isinstance(converter, AnyConverter)
    return converter.items


@contextmanager
def walking(folder: Path, step: str) -> Iterator[tuple[Walk, World]]:
    """Nina has got her link and is at a step; nobody counts how often somebody knocks."""
    world = world_at(f"sqlite:///{folder}/resetline.db")
    world.limits = Uncounted(world.clock)
    nina = add_person(world, "nina.alvarez")
    nina.invited()
    with visited(world, nina) as visitor:
        if step != "invited":
            visitor.types_number()
        if step == "enrolled":
            nina.types(nina.codes()[-1])
        yield Walk(visitor.client, nina.token, visitor.csrf), world
    world.close()


def world_at(url: str) -> World:
    database = Database(url)
    schema.upgrade(database.engine)
    database.close()
    return World(url)


class Uncounted(FakeLimits):
    """Whoever walks along all routes knocks more often than anybody may."""

    def take(self, limit: Limit, key: str) -> Verdict:
        return Allowed()
