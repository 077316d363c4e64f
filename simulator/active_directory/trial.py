"""A plain client for tests. Only this file knows ldap3, and the package doesn't import it."""

from __future__ import annotations

import ssl
from typing import Any

import ldap3

from simulator.active_directory.server import ActiveDirectoryServer


def connect(
    server: ActiveDirectoryServer,
    name: str | None = None,
    password: str | None = None,
    *,
    url: str = "",
    receive_timeout_seconds: int = 5,
) -> Any:
    """A connection of ldap3 that checks the certificate, not opened and not bound yet.

    Results come back as they are: nothing is raised for a refusal.
    It is an ldap3.Connection, half of which is untyped.
    """
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_data=server.ca_pem)
    end = ldap3.Server(url or server.url, tls=tls, get_info=ldap3.NONE, connect_timeout=5)
    return ldap3.Connection(
        end,
        user=name,
        password=password,
        client_strategy=ldap3.SYNC,
        auto_referrals=False,
        return_empty_attributes=False,
        receive_timeout=receive_timeout_seconds,
    )
