"""What an operator types in the first hour, on a real PostgreSQL."""

from __future__ import annotations

import json

from gateway.seal import new_key
from tests.databases import fresh_postgresql
from tests.gateway.cli.conftest import PEOPLE, Terminal
from tests.pictures import logo


def test_everything_that_is_typed_works_on_postgresql_too(bare: Terminal, postgresql: str) -> None:
    with fresh_postgresql(postgresql) as url:
        # As hosting platforms write it.
        bare.environment["DATABASE_URL"] = url.replace("postgresql+psycopg", "postgres")
        _first_hour(bare)


def _first_hour(terminal: Terminal) -> None:
    assert "Nothing to do" in terminal.run("db", "upgrade")
    terminal.run("tenant", "add", "MSP")
    terminal.run("organization", "add", "northwind", "--tenant", "msp", "--name", "Northwind")
    logo_file = terminal.file("logo.png", logo())
    for noun in (("organization", "northwind"), ("tenant", "msp")):
        terminal.run(noun[0], "set", noun[1], "--logo", logo_file)
    terminal.run("organization", "set", "northwind", "--logo", "")
    shown = [
        terminal.json(noun, "list", "--json")[0]["logo"] for noun in ("organization", "tenant")
    ]
    assert shown == [False, True]
    terminal.run(
        *("directory", "set", "northwind", "--url", "ldaps://dc1", "--base-dn", "DC=x"),
        *("--bind-dn", "svc", "--bind-password-file", terminal.file("password", "pw")),
    )
    assert "2 added" in terminal.imported(PEOPLE, "--trust-phones")
    assert "1 changed" in terminal.imported("username,phone\nmia.keller,+14155550119\n")
    assert terminal.phone_of("mia.keller")["number"] == "+1***0119"
    terminal.environment["SECRET_KEYS"] = f"{new_key()},{terminal.environment['SECRET_KEYS']}"
    assert terminal.run("keys", "rotate").startswith("Sealed 3 values anew")
    terminal.run("people", "self-serve", "northwind", "on", "--all")
    terminal.run("people", "remove", "northwind", "mia.keller")
    assert list(terminal.people()) == ["sam.ortiz"]
    assert terminal.json("organization", "list", "--json")[0]["people"] == 1
    assert terminal.json("tenant", "list", "--json")[0]["organizations"] == 1
    events = terminal.run("audit", "export", "--since", "2020-01-01").splitlines()
    assert json.loads(events[-1])["event"] == "person:removed"
