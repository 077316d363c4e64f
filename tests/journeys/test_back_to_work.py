"""Somebody is locked out, texts, and gets back to work: on real processes and a real directory."""

from __future__ import annotations

import json

from tests.installation import Installation, wait_for
from tests.journeys.conftest import PEOPLE
from tests.offices import Office
from tests.texts import password_in


def lock(office: Office, username: str) -> None:
    """As people do it: by typing it wrong until the account is locked."""
    for number in range(6):
        if office.sign_in(username, f"wrong-{number}") == "775":
            return
    raise AssertionError("the account was not locked by wrong passwords")


def test_reset_gives_a_password_that_windows_accepts_and_makes_them_change(
    installation: Installation, office: Office
) -> None:
    phone = PEOPLE["mia.reset"]
    installation.text("reset", phone)
    password = password_in(installation.answer(phone))
    assert office.sign_in("mia.reset", password) == "773"
    wait_for(installation.is_quiet)
    assert installation.states("mia.reset") == ["done"]
    assert [message.body for message in installation.carrier.texts_to(phone)] == [""]


def test_unlock_lets_the_old_password_in_again(installation: Installation, office: Office) -> None:
    phone = PEOPLE["sam.unlock"]
    installation.text("RESET", phone)
    password = password_in(installation.answer(phone))
    lock(office, "sam.unlock")
    assert office.sign_in("sam.unlock", password) == "775"
    wait_for(lambda: installation.states("sam.unlock") == ["done"])
    installation.text("Unlock!", phone)
    assert "unlocked" in installation.answer(phone, after=1)
    assert office.sign_in("sam.unlock", password) == "773"


def test_a_reset_unlocks_too(installation: Installation, office: Office) -> None:
    phone = PEOPLE["noah.both"]
    lock(office, "noah.both")
    installation.text("RESET", phone)
    assert office.sign_in("noah.both", password_in(installation.answer(phone))) == "773"


def test_an_administrator_is_refused_in_neutral_words(installation: Installation) -> None:
    phone = PEOPLE["dana.admin"]
    installation.text("RESET", phone)
    answer = installation.answer(phone)
    assert "nothing was changed" in answer.lower()
    assert "admin" not in answer.lower()
    [request] = installation.requests("dana.admin")
    assert (request.state, request.reason) == ("refused", "protected")


def test_stop_shows_in_the_list_before_they_need_help_and_start_takes_it_back(
    installation: Installation,
) -> None:
    phone = PEOPLE["omar.stop"]

    def status() -> str:
        listed = installation.resetline("people", "list", "northwind", "--json").stdout
        [mine] = [each for each in json.loads(listed) if each["username"] == "omar.stop"]
        return str(mine["status"])

    before = status()
    installation.text("STOP", phone)
    wait_for(lambda: status() == "opted_out")
    installation.text("RESET", phone)
    wait_for(lambda: installation.outcomes(phone) == ["opt_out", "opted_out"])
    installation.text("START", phone)
    wait_for(lambda: status() == before)
    assert installation.requests("omar.stop") == []


def test_status_tells_a_locked_person_so_and_help_tells_what_to_text(
    installation: Installation, office: Office
) -> None:
    phone = PEOPLE["priya.status"]
    lock(office, "priya.status")
    installation.text("STATUS", phone)
    assert "is locked" in installation.answer(phone)
    installation.text("help", phone)
    wait_for(lambda: any("RESET or UNLOCK" in text for text in installation.texts(phone)))
