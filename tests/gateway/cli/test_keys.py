"""Keys: made, and changed without losing a secret."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from gateway.cli import rotation
from gateway.records import DirectoryRecord, Person, Phone, Request
from gateway.seal import Seal, new_key
from tests.gateway.cli.conftest import PEOPLE, Terminal

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ONE_TIME = "Maple-Otter-Canal-47"


@pytest.fixture
def filled(terminal: Terminal) -> Terminal:
    """A terminal with one sealed value or more of each kind."""
    terminal.run("people", "import", "northwind", terminal.file("p.csv", PEOPLE), "--trust-phones")
    terminal.run(
        *("directory", "set", "northwind", "--url", "ldaps://dc1.example.test"),
        *("--base-dn", "DC=example,DC=test", "--bind-dn", "svc@example.test"),
        *("--bind-password-file", terminal.file("password", "bind password")),
    )
    mia = terminal.stored(Person)[0]
    requests = [
        Request(
            tenant_id=mia.tenant_id,
            organization_id=mia.organization_id,
            person_id=mia.id,
            phone_id=1,
            sender="+14155550100",
            action="reset",
            state=state,
            sealed_password=_seal(terminal).seal(SecretStr(ONE_TIME)) if live else None,
            created_at=NOW,
            changed_at=NOW,
        )
        for state, live in (("done", False), ("applied", True))
    ]
    terminal.store(*requests)
    return terminal


def _seal(terminal: Terminal, place: int = 0) -> Seal:
    return Seal([SecretStr(terminal.environment["SECRET_KEYS"].split(",")[place])])


def _new_key_in_front(terminal: Terminal) -> None:
    terminal.environment["SECRET_KEYS"] = f"{new_key()},{terminal.environment['SECRET_KEYS']}"


def _opened(terminal: Terminal) -> list[str]:
    """Every secret, opened with the newest key alone."""
    seal = _seal(terminal)
    sealed = [phone.sealed_number for phone in terminal.stored(Phone)]
    sealed += [each.sealed_bind_password for each in terminal.stored(DirectoryRecord)]
    sealed += [each.sealed_password for each in terminal.stored(Request) if each.sealed_password]
    return [seal.unseal(value).get_secret_value() for value in sealed]


def test_a_new_key_needs_no_settings_and_is_usable(bare: Terminal) -> None:
    bare.environment.clear()
    first, second = bare.run("keys", "new"), bare.run("keys", "new")
    assert first != second
    Fernet(first.strip())


def test_everything_is_sealed_anew_with_the_newest_key(filled: Terminal) -> None:
    secrets = _opened(filled)
    _new_key_in_front(filled)
    assert filled.run("keys", "rotate").startswith("Sealed 4 values anew")
    assert _opened(filled) == secrets
    assert ONE_TIME in secrets
    for phone in filled.stored(Phone):
        number = _seal(filled).unseal(phone.sealed_number).get_secret_value()
        assert phone.number_index == _seal(filled).index(number)
    assert filled.events()[-1] == "keys:rotated"


def test_after_a_rotation_the_old_key_can_go(filled: Terminal) -> None:
    _new_key_in_front(filled)
    filled.run("keys", "rotate")
    filled.environment["SECRET_KEYS"] = filled.environment["SECRET_KEYS"].split(",")[0]
    assert "+1***0111" in filled.run("people", "list", "northwind")
    file = filled.file("p.csv", PEOPLE)
    assert "2 unchanged" in filled.run("people", "import", "northwind", file)


def test_a_stop_is_known_after_the_old_key_has_gone(filled: Terminal) -> None:
    stranger = "+14155550199"
    filled.opts(stranger, out=True)
    _new_key_in_front(filled)
    filled.run("keys", "rotate")
    filled.environment["SECRET_KEYS"] = filled.environment["SECRET_KEYS"].split(",")[0]
    filled.imported(f"username,phone\nnew.colleague,{stranger}\n", "--trust-phones")
    assert filled.phone_of("new.colleague")["opted_out"]


def test_a_second_rotation_finds_nothing_to_do(filled: Terminal) -> None:
    _new_key_in_front(filled)
    filled.run("keys", "rotate")
    before = [phone.sealed_number for phone in filled.stored(Phone)]
    assert filled.run("keys", "rotate").startswith("Sealed 0 values anew")
    assert [phone.sealed_number for phone in filled.stored(Phone)] == before


def test_a_rotation_that_was_broken_off_goes_on_where_it_stopped(
    filled: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = _opened(filled)
    _new_key_in_front(filled)
    monkeypatch.setattr(rotation, "AT_ONCE", 1)
    reseal = rotation.Rotation._row
    calls: list[int] = []

    def die_at_the_third(*values: object) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        reseal(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(rotation.Rotation, "_row", die_at_the_third)
    assert filled.enter("keys", "rotate").exit_code == 1
    monkeypatch.setattr(rotation.Rotation, "_row", reseal)
    assert filled.run("keys", "rotate").startswith("Sealed 2 values anew")
    assert _opened(filled) == secrets


def test_a_value_that_changes_meanwhile_is_left_as_it_was_made(
    filled: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    _new_key_in_front(filled)
    portions = rotation.Rotation._portions

    def change_once_they_are_read(self: rotation.Rotation, sealed: rotation.Sealed) -> Any:
        for rows in portions(self, sealed):
            if sealed.value is Request.sealed_password:
                filled.sql("UPDATE requests SET sealed_password = NULL")
            yield rows

    monkeypatch.setattr(rotation.Rotation, "_portions", change_once_they_are_read)
    filled.run("keys", "rotate")
    assert [request.sealed_password for request in filled.stored(Request)] == [None, None]


def test_values_whose_key_is_lost_are_counted_and_the_rest_is_sealed_anew(filled: Terminal) -> None:
    old = filled.environment["SECRET_KEYS"]
    filled.environment["SECRET_KEYS"] = new_key()
    filled.run(*("people", "import", "northwind", "-"), stdin="username,phone\nnew,+14155550115\n")
    _new_key_in_front(filled)
    said = filled.refused("keys", "rotate")
    assert "4 values were sealed with a key that SECRET_KEYS lacks: put that key back" in said
    filled.environment["SECRET_KEYS"] += f",{old}"
    assert filled.run("keys", "rotate").startswith("Sealed 4 values anew")


def test_a_bad_key_is_named_and_not_shown(bare: Terminal) -> None:
    bare.environment["SECRET_KEYS"] = "correct-horse"
    said = bare.refused("people", "list", "northwind")
    assert "SECRET_KEYS: a key is not valid" in said
    assert "correct-horse" not in said
