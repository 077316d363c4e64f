"""A web app whose doors are real, with one enrolled person behind them and no Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.records import Base, InboundMessage, Request
from gateway.seal import new_key
from gateway.settings import Settings
from gateway.wiring import Gateway
from tests.world import MIA, OUR_NUMBER, World

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
TOKENS = ("new-token-0123456789", "old-token-0123456789")
PUBLIC_URL = "https://reset.example.com"
NOWHERE = "redis://127.0.0.1:1/0"


def web_settings(**changes: Any) -> Settings:
    values: dict[str, Any] = {
        "database_url": "sqlite://",
        "redis_url": NOWHERE,
        "secret_keys": (SecretStr(new_key()),),
        "public_url": PUBLIC_URL,
        "twilio_account_sid": ACCOUNT_SID,
        "twilio_auth_token": tuple(SecretStr(token) for token in TOKENS),
        "twilio_from": (OUR_NUMBER,),
    }
    return Settings(**{**values, **changes})


class Door:
    """Knocks as Twilio does: signed form posts, any part of which may be bent."""

    def __init__(self, app: Flask, gateway: Gateway) -> None:
        self.client: FlaskClient = app.test_client()
        self.gateway = gateway

    def sms(self, *, path: str = "/twilio/sms", **changes: str | None) -> TestResponse:
        return self.post(path, inbound(**changes))

    def post(
        self,
        path: str,
        form: dict[str, Any],
        *,
        token: str = TOKENS[0],
        url: str | None = None,
        signature: str | None = None,
        **options: Any,
    ) -> TestResponse:
        signed = RequestValidator(token).compute_signature(
            url or PUBLIC_URL + path, MultiDict(form)
        )
        headers = {"X-Twilio-Signature": signature if signature is not None else signed}
        headers.update(options.pop("headers", {}))
        return self.client.post(path, data=form, headers=headers, **options)

    def count(self, model: type[Base]) -> int:
        with self.gateway.database.transaction() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def kept(self) -> tuple[int, int]:
        """How many texts and how many requests were kept."""
        return self.count(InboundMessage), self.count(Request)


def inbound(**changes: str | None) -> dict[str, Any]:
    """Twilio's parameters for one text; None takes one away."""
    form: dict[str, Any] = {
        "MessageSid": f"SM{uuid4().hex}",
        "SmsSid": "SM0",
        "AccountSid": ACCOUNT_SID,
        "From": MIA,
        "To": OUR_NUMBER,
        "Body": "RESET",
        "NumMedia": "0",
        "FromCity": "",
        "ApiVersion": "2010-04-01",
    }
    form.update(changes)
    return {name: value for name, value in form.items() if value is not None}


@pytest.fixture
def door(world_anywhere: World) -> Iterator[Door]:
    yield from _door(world_anywhere)


@pytest.fixture
def sqlite_door(world: World) -> Iterator[Door]:
    yield from _door(world)


def _door(world: World) -> Iterator[Door]:
    settings = web_settings(database_url=world.database_url)
    gateway = Gateway(settings, another_time=world.clock)
    gateway.__dict__["seal"] = world.seal
    app = create_app(settings, gateway)
    yield Door(app, gateway)
    gateway.database.close()


Knock = Callable[..., TestResponse]
