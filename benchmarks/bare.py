"""The least that could do the job: one kept ldap3 connection, and one modify for each account."""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ldap3

from benchmarks.directories import Staffed
from directory.accounts import DirectorySettings


def modify_everybody(directory: Staffed) -> list[float]:
    """Set everybody's password as a reset does, one after the other: the seconds that each took."""
    with _connected(directory.settings) as connection:
        return [_modify(connection, directory.dn(person)) for person in directory.people]


@contextmanager
def _connected(settings: DirectorySettings) -> Iterator[Any]:
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_data=settings.ca_pem)
    server = ldap3.Server(settings.urls[0], get_info=ldap3.NONE, tls=tls)
    password = settings.bind_password.get_secret_value()
    connection: Any = ldap3.Connection(server, settings.bind_dn, password, auto_bind=True)
    try:
        yield connection
    finally:
        connection.unbind()


def _modify(connection: Any, dn: str) -> float:
    password = f"Maple-Otter-{secrets.token_hex(8)}"
    values = {
        "unicodePwd": f'"{password}"'.encode("utf-16-le"),
        "pwdLastSet": "0",
        "lockoutTime": "0",
    }
    changes = {name: [(ldap3.MODIFY_REPLACE, [value])] for name, value in values.items()}
    started = time.perf_counter()
    done = connection.modify(dn, changes)
    taken = time.perf_counter() - started
    assert done, connection.result
    return taken
