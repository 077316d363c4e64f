"""People: listed masked, switched, and removed once nothing is under way for them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.records import InboundMessage, OutboundMessage, Person, Phone, Request
from tests.gateway.cli.conftest import PEOPLE, Terminal

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def _asked(terminal: Terminal, state: str, *, redact_at: datetime | None) -> None:
    """Mia has texted, and her request stands at `state`."""
    mia = terminal.stored(Person)[0]
    ids = {"tenant_id": mia.tenant_id, "request_id": 1, "phone_id": 1}
    terminal.store(
        Request(
            id=1,
            tenant_id=mia.tenant_id,
            organization_id=mia.organization_id,
            person_id=mia.id,
            phone_id=1,
            sender="+14155550100",
            action="reset",
            state=state,
            created_at=NOW,
            changed_at=NOW,
        )
    )
    terminal.store(
        InboundMessage(
            sid="SM1", received_at=NOW, number_index="x", outcome="o", phone_id=1, request_id=1
        ),
        OutboundMessage(
            **ids,
            template="reset_done",
            language="en",
            facts={},
            sender="+14155550100",
            state="accepted",
            expires_at=NOW,
            created_at=NOW,
            redact_at=redact_at,
        ),
    )


@pytest.mark.parametrize(("state", "redact_at"), [("applied", None), ("sent", NOW)])
def test_an_old_number_with_an_answer_under_way_is_shut_and_goes_later(
    terminal: Terminal, state: str, redact_at: datetime | None
) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    _asked(terminal, state, redact_at=redact_at)
    terminal.imported("username,phone\nmia.keller,+14155550119\n", "--trust-phones")
    assert terminal.people()["mia.keller"]["phones"] == [
        {"number": "+1***0111", "verified": False, "opted_out": False},
        {"number": "+1***0119", "verified": True, "opted_out": False},
    ]
    texts = [text.template for text in terminal.stored(OutboundMessage)]
    assert len(texts) == 2, "the answer, and that another number is there now"
    assert texts[-1] == "number_replaced"


def test_an_old_number_goes_with_its_history_but_a_sid_is_kept_for_ever(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    _asked(terminal, "done", redact_at=None)
    terminal.imported("username,phone\nmia.keller,+14155550119\n")
    assert terminal.phone_of("mia.keller")["number"] == "+1***0119"
    assert terminal.stored(Request) == []
    assert terminal.stored(OutboundMessage) == []
    (text,) = terminal.stored(InboundMessage)
    assert (text.sid, text.phone_id, text.request_id) == ("SM1", None, None)


def test_a_person_is_removed_with_phones_and_history(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    _asked(terminal, "done", redact_at=None)
    assert terminal.run("people", "remove", "northwind", "MIA.Keller").startswith("Removed")
    assert [person.username for person in terminal.stored(Person)] == ["sam.ortiz"]
    assert len(terminal.stored(Phone)) == 1
    assert terminal.events()[-1] == "person:removed"


def test_a_person_with_an_answer_under_way_is_shut_out_at_once(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    _asked(terminal, "applied", redact_at=None)
    said = terminal.refused("people", "remove", "northwind", "mia.keller")
    assert "run this again in ten minutes" in said
    mia = terminal.people()["mia.keller"]
    assert mia["self_serve"] is False
    assert terminal.phone_of("mia.keller")["verified"] is False


def test_people_are_listed_in_a_table(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    header, mia, sam = terminal.run("people", "list", "northwind").splitlines()
    known = "username    display name  status      self serve  number     verified  opted out"
    assert header == f"{known}  missing  remark"
    assert mia[: len(known)].split() == [
        *("mia.keller", "Mia", "Keller", "registered", "yes", "+1***0111", "yes", "no")
    ]
    assert sam == (
        "sam.ortiz   Sam Ortiz     registered  no          +1***0112  yes       no         "
        "-        -"
    )


def test_an_organization_without_people_says_what_to_do(terminal: Terminal) -> None:
    assert "resetline people import northwind" in terminal.run("people", "list", "northwind")
    assert terminal.json("people", "list", "northwind", "--json") == []


def test_self_service_is_switched_for_some_or_all(terminal: Terminal) -> None:
    terminal.imported(PEOPLE)
    assert terminal.run("people", "self-serve", "northwind", "on", "sam.ortiz") == (
        "Switched self-service on for 1 person.\n"
    )
    assert terminal.people()["sam.ortiz"]["self_serve"]
    assert "for 2 people" in terminal.run("people", "self-serve", "northwind", "off", "--all")
    assert terminal.events()[-3:] == [
        "person:self_serve:on",
        "person:self_serve:off",
        "person:self_serve:off",
    ]
    assert "say --all" in terminal.refused("people", "self-serve", "northwind", "on", status=2)


def test_a_username_that_nobody_has_is_said_with_the_nearest(terminal: Terminal) -> None:
    terminal.imported(PEOPLE)
    for words in (["remove", "northwind"], ["self-serve", "northwind", "on"]):
        said = terminal.refused("people", *words, "mia.kelle")
        assert "there is no person 'mia.kelle': did you mean mia.keller?" in said
