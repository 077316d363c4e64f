"""Settings: every fault is named at once, and no secret is ever shown."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import make_url

from gateway.seal import new_key
from gateway.settings import Settings, SettingsInvalid

GOOD: dict[str, str] = {
    "SECRET_KEYS": new_key(),
    "PUBLIC_URL": "https://reset.example.com/",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "one-token, other-token",
    "TWILIO_FROM": "+14155550100,+14155550101",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_whole_environment_is_read(environment: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environment()
    assert settings.public_url == "https://reset.example.com"
    assert [token.get_secret_value() for token in settings.twilio_auth_token] == [
        "one-token",
        "other-token",
    ]
    assert settings.twilio_from == ("+14155550100", "+14155550101")
    assert settings.database_url == "sqlite:///var/resetline.db"


@pytest.mark.parametrize(
    ("asked_for", "kept"), [("", "read-write"), ("&target_session_attrs=primary", "primary")]
)
def test_of_several_database_hosts_only_one_that_takes_writes_will_do(
    environment: pytest.MonkeyPatch, asked_for: str, kept: str
) -> None:
    url = f"postgresql+psycopg://me:p%40ss@/db?host=one:5432&host=two:5433{asked_for}"
    environment.setenv("DATABASE_URL", url)
    read = make_url(Settings.from_environment().database_url)
    assert read.query == {"host": ("one:5432", "two:5433"), "target_session_attrs": kept}
    assert (read.username, read.password, read.database) == ("me", "p@ss", "db")


def test_everything_that_is_missing_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEYS", "PUBLIC_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        environment.delenv(name)
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment()
    for name in ("SECRET_KEYS", "PUBLIC_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEYS", "change-me-to-a-secret"),
        ("PUBLIC_URL", "http://reset.example.com"),
        ("PUBLIC_URL", "gateway.company.test"),
        ("PUBLIC_URL", "https://reset.example.com/?a=1"),
        ("TWILIO_ACCOUNT_SID", "SK" + "0" * 32),
        ("LOG_FORMAT", "xml"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://user:Sec/ret@127.0.0.1:6379/0"),
        ("TWILIO_TIMEOUT_SECONDS", "0"),
        ("TWILIO_API_KEY", "SK1"),
        ("TWILIO_FROM", ""),
    ],
)
def test_a_bad_value_is_named_and_not_shown(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment()
    assert name in str(caught.value)
    if len(value) > 5:
        assert value not in str(caught.value)


def test_secrets_are_not_printed(environment: pytest.MonkeyPatch) -> None:
    shown: Any = repr(Settings.from_environment())
    for secret in ("one-token", "other-token", GOOD["SECRET_KEYS"]):
        assert secret not in shown
