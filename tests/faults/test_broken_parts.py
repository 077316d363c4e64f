"""Parts around the worker break; every text that was taken still gets one true answer."""

from __future__ import annotations

import signal
import sqlite3

import pytest
import requests
from twilio.request_validator import RequestValidator

from simulator.active_directory import Kind, ResultCode
from tests.gateway.engine.test_one_text import password_in
from tests.installation import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, Installation, wait_for
from tests.offices import SimulatedOffice

from .conftest import NUMBERS


def ends_well(installation: Installation, office: SimulatedOffice, username: str) -> None:
    """The person's phone shows the one password that the directory has."""
    phone = NUMBERS[username]
    wait_for(lambda: installation.states(username) == ["done"], seconds=75)
    passwords = {password_in(text) for text in installation.texts(phone)}
    assert len(passwords) == 1
    assert office.sign_in(username, passwords.pop()) == "773"


def test_redis_is_down_and_the_clock_does_the_work(
    installation: Installation, office: SimulatedOffice
) -> None:
    installation.redis.stop()
    installation.text("RESET", NUMBERS["person08"])
    ends_well(installation, office, "person08")


def test_redis_comes_back_empty_and_nothing_is_forgotten(
    installation: Installation, office: SimulatedOffice
) -> None:
    installation.worker.kill()
    installation.text("RESET", NUMBERS["person09"])
    installation.redis.stop()
    installation.redis.start()
    installation.worker.start()
    ends_well(installation, office, "person09")


def test_the_clock_is_dead_and_the_doorbell_is_enough(
    installation: Installation, office: SimulatedOffice
) -> None:
    installation.clock.kill()
    installation.text("RESET", NUMBERS["person10"])
    ends_well(installation, office, "person10")


def test_a_hundred_deliveries_of_one_text_make_one_reset(
    installation: Installation, office: SimulatedOffice
) -> None:
    installation.carrier.faults.text_copies = 100
    installation.text("RESET", NUMBERS["person11"])
    ends_well(installation, office, "person11")
    assert len(installation.texts(NUMBERS["person11"])) == 1


def test_the_directory_hangs_up_after_it_has_set_the_password(
    installation: Installation, office: SimulatedOffice
) -> None:
    office.server.faults.drop(Kind.MODIFY, applied=True)
    installation.text("RESET", NUMBERS["person13"])
    ends_well(installation, office, "person13")


def test_the_directory_hangs_up_before_it_has_set_the_password(
    installation: Installation, office: SimulatedOffice
) -> None:
    office.server.faults.drop(Kind.MODIFY, applied=False)
    installation.text("RESET", NUMBERS["person14"])
    ends_well(installation, office, "person14")


def test_the_directory_is_busy_for_a_moment(
    installation: Installation, office: SimulatedOffice
) -> None:
    office.server.faults.answer(Kind.MODIFY, ResultCode.BUSY, times=2)
    installation.text("RESET", NUMBERS["person15"])
    ends_well(installation, office, "person15")


def test_the_directory_talks_nonsense_once(
    installation: Installation, office: SimulatedOffice
) -> None:
    office.server.faults.garbage(Kind.SEARCH)
    installation.text("RESET", NUMBERS["person16"])
    ends_well(installation, office, "person16")


def test_the_directorys_certificate_has_expired_and_nothing_is_sent_to_it(
    installation: Installation, office: SimulatedOffice
) -> None:
    office.server.present_expired_certificate()
    office.server.faults.refuse_connections()
    office.server.faults.clear()
    office.server.forget_operations()
    try:
        installation.text("RESET", NUMBERS["person17"])
        answer = installation.answer(NUMBERS["person17"])
        assert "nothing was changed" in answer.lower()
        assert office.server.operations == ()
    finally:
        office.server.present(office.server.authority.issue("localhost", "127.0.0.1"))


@pytest.mark.parametrize(("username", "accepted"), [("person18", True), ("person19", False)])
def test_the_carrier_fails_and_the_same_text_is_sent_again(
    installation: Installation, office: SimulatedOffice, username: str, *, accepted: bool
) -> None:
    installation.carrier.faults.answer("server_error", accepted=accepted)
    installation.text("RESET", NUMBERS[username])
    ends_well(installation, office, username)
    assert len(installation.texts(NUMBERS[username])) == (2 if accepted else 1)


def test_the_carrier_has_too_much_to_do(
    installation: Installation, office: SimulatedOffice
) -> None:
    installation.carrier.faults.answer("too_many_requests", times=2)
    installation.text("RESET", NUMBERS["person20"])
    ends_well(installation, office, "person20")


def test_reports_come_twice_and_in_disorder(
    installation: Installation, office: SimulatedOffice
) -> None:
    installation.carrier.faults.callback_copies = 5
    installation.text("RESET", NUMBERS["person21"])
    ends_well(installation, office, "person21")


def test_a_worker_that_is_told_to_stop_ends_what_it_has_begun(
    installation: Installation, office: SimulatedOffice
) -> None:
    office.server.faults.drip(octets=20, pause_seconds=0.01)
    office.server.forget_operations()
    installation.text("RESET", NUMBERS["person22"])
    wait_for(lambda: office.server.count(Kind.SEARCH) > 0)
    installation.worker.signal(signal.SIGTERM)
    ends_well(installation, office, "person22")
    assert installation.worker.ended() == 0


def test_the_database_is_locked_and_the_carrier_is_told_to_try_again(
    installation: Installation, office: SimulatedOffice
) -> None:
    form = {
        "MessageSid": "SM" + "7" * 32,
        "AccountSid": ACCOUNT_SID,
        "From": NUMBERS["person23"],
        "To": OUR_NUMBER,
        "Body": "RESET",
    }
    url = installation.url + "/twilio/sms"
    signature = RequestValidator(AUTH_TOKEN).compute_signature(url, form)

    def knock() -> int:
        answer = requests.post(url, form, headers={"X-Twilio-Signature": signature}, timeout=15)
        return answer.status_code

    locked = sqlite3.connect(installation.folder / "resetline.db", isolation_level=None)
    locked.execute("BEGIN IMMEDIATE")
    assert knock() == 503
    locked.close()
    assert knock() == 200
    ends_well(installation, office, "person23")
