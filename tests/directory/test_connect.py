"""Getting a directory: what is wrong with its settings is told before anybody waits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

import directory
from directory.accounts import DirectorySettings
from directory.active_directory import ActiveDirectory
from directory.active_directory.wire import Endpoint
from directory.errors import DirectoryMisconfigured

SOUND = DirectorySettings(
    urls=("ldaps://dc1.corp.example",),
    base_dn="OU=Staff,DC=corp,DC=example",
    bind_dn="svc@corp.example",
    bind_password=SecretStr("bind-secret"),
)


def test_a_known_kind_is_connected_to_when_it_is_first_asked() -> None:
    assert isinstance(directory.connect("active_directory", SOUND), ActiveDirectory)


def test_an_unknown_kind_names_the_right_ones() -> None:
    with pytest.raises(DirectoryMisconfigured, match=r"'ldap', but: active_directory"):
        directory.connect("ldap", SOUND)


@pytest.mark.parametrize(
    "changes",
    [
        {"urls": ()},
        {"urls": ("dc1.corp.example",)},
        {"urls": ("https://dc1.corp.example",)},
        {"urls": ("ldapi:///var/run/slapd",)},
        {"urls": ("ldaps://",)},
        {"urls": ("ldaps://[::1",)},
        {"urls": ("ldaps://dc1:port",)},
        {"urls": ("ldaps://dc1:70000",)},
        {"urls": ("ldaps://user:secret@dc1",)},
        {"urls": ("ldaps://dc1/DC=corp",)},
        {"urls": ("ldaps://dc1?x",)},
        {"base_dn": ""},
        {"base_dn": "Staff"},
        {"bind_dn": ""},
        {"bind_password": SecretStr("")},
        {"ca_pem": "not a certificate"},
        {"ca_pem": ""},
        {"connect_timeout_seconds": 0},
        {"receive_timeout_seconds": 2.5},
        {"deadline_seconds": True},
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DirectoryMisconfigured) as refused:
        directory.connect("active_directory", replace(SOUND, **changes))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("ldaps://DC1.corp", Endpoint("dc1.corp", 636, start_tls=False)),
        ("ldaps://dc1:3269/", Endpoint("dc1", 3269, start_tls=False)),
        ("ldap://dc1", Endpoint("dc1", 389, start_tls=True)),
        (" LDAPS://[::1]:1636 ", Endpoint("::1", 1636, start_tls=False)),
    ],
)
def test_a_url_says_where_and_how(url: str, endpoint: Endpoint) -> None:
    assert Endpoint.parse(url) == endpoint
