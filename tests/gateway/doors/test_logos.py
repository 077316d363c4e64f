"""Logos at addresses that never change, for everybody and for ever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.pictures import Picture, redrawn
from gateway.records import Logo
from gateway.wiring import Gateway
from tests.gateway.doors.conftest import web_settings
from tests.pictures import logo
from tests.world import World


@pytest.fixture
def drawn(world: World) -> Picture:
    picture = redrawn(logo())
    with world.database.transaction() as session:
        session.add(
            Logo(
                digest=picture.digest,
                media_type="image/png",
                width=picture.width,
                height=picture.height,
                content=picture.content,
                created_at=world.clock(),
            )
        )
    return picture


@pytest.fixture
def client(world: World) -> Iterator[FlaskClient]:
    settings = web_settings(database_url=world.database_url)
    gateway = Gateway(settings)
    yield create_app(settings, gateway).test_client()
    gateway.database.close()


def asked(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path)


def test_a_logo_is_served_to_be_kept_for_ever(client: FlaskClient, drawn: Picture) -> None:
    answer = asked(client, f"/logos/{drawn.digest}.png")
    assert (answer.status_code, answer.data) == (200, drawn.content)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", ["0" * 64, "A" * 64, "a" * 63, "..", "%2e%2e%2fetc", "", "x\n"])
def test_whatever_else_is_asked_for_is_not_there(
    client: FlaskClient, drawn: Picture, name: str
) -> None:
    answer = asked(client, f"/logos/{name}.png")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_another_ending_is_not_there(client: FlaskClient, drawn: Picture) -> None:
    for ending in ("", ".jpg", ".svg", ".png.html", ".png/"):
        assert asked(client, f"/logos/{drawn.digest}{ending}").status_code == 404
