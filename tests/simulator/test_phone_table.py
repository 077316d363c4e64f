"""What the page is made of: the phones' bubbles, the tappable passwords, the people, the words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.phone.handsets import Handsets, Look
from simulator.phone.people import (
    PeopleInvalid,
    Person,
    as_people_write_it,
    find,
    read_people,
)
from simulator.phone.timeline import lines
from simulator.phone.tokens import looks_like_password, pieces
from simulator.twilio import Account, Carrier, Kind, numbers_at
from simulator.twilio.webhooks import ReadFailed, Request

OURS = "+12025550199"
PHONE = "+12025550143"


class Gateway:
    """Answers webhooks as it is told to."""

    def __init__(self) -> None:
        self.status: int | None = 200

    def __call__(self, _request: Request) -> int:
        if self.status is None:
            raise ReadFailed
        return self.status


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def carrier(gateway: Gateway) -> Carrier:
    numbers = numbers_at("https://gateway.example/twilio/sms", [OURS])
    return Carrier(Account("AC" + "a" * 32, "token", numbers), post=gateway)


@pytest.fixture
def handsets(carrier: Carrier) -> Handsets:
    handsets = Handsets()
    carrier.journal.listeners.append(handsets.hear)
    return handsets


def looks(handsets: Handsets) -> list[Look]:
    return [bubble.look for bubble in handsets.since(PHONE)]


def answer(carrier: Carrier, body: str = "Hello") -> str:
    return carrier.create({"To": PHONE, "From": OURS, "Body": body}).sid


def test_my_text_has_two_ticks_once_the_gateway_has_taken_it(
    carrier: Carrier, handsets: Handsets
) -> None:
    carrier.send_text(PHONE, OURS, "reset")
    (bubble,) = handsets.since(PHONE)
    assert (bubble.mine, bubble.body, bubble.look) == (True, "reset", Look.DELIVERED)


@pytest.mark.parametrize("status", [500, None])
def test_my_text_turns_red_when_the_gateway_does_not_take_it(
    carrier: Carrier, handsets: Handsets, gateway: Gateway, status: int | None
) -> None:
    gateway.status = status
    carrier.send_text(PHONE, OURS, "reset")
    assert looks(handsets) == [Look.FAILED]


def test_an_answer_is_three_dots_then_one_tick_then_two(
    carrier: Carrier, handsets: Handsets
) -> None:
    answer(carrier)
    seen = looks(handsets)
    while carrier.step():
        seen += looks(handsets)
    assert seen == [Look.COMING, Look.COMING, Look.SENT, Look.DELIVERED]


def test_a_text_that_never_arrives_turns_red(carrier: Carrier, handsets: Handsets) -> None:
    carrier.faults.failed(PHONE, 30007)
    answer(carrier)
    carrier.advance()
    (bubble,) = handsets.since(PHONE)
    assert (bubble.look, bubble.code) == (Look.FAILED, 30007)


def test_a_phone_keeps_what_twilio_forgets(carrier: Carrier, handsets: Handsets) -> None:
    sid = answer(carrier, "Maple-Anchor-73-Violin")
    carrier.advance()
    carrier.redact(sid)
    carrier.delete(sid)

    assert [bubble.body for bubble in handsets.since(PHONE)] == ["Maple-Anchor-73-Violin"]
    assert "Maple" not in repr(handsets.since(PHONE))


def test_a_page_is_told_only_what_is_new_to_it(carrier: Carrier, handsets: Handsets) -> None:
    carrier.send_text(PHONE, OURS, "reset")
    seen = carrier.journal.last_id
    assert handsets.since(PHONE, seen) == []
    carrier.send_text(PHONE, OURS, "HELP")
    assert [bubble.mine for bubble in handsets.since(PHONE, seen)] == [True, False]
    assert handsets.since("+12025550118") == []


def test_the_timeline_tells_the_whole_story(carrier: Carrier) -> None:
    carrier.send_text(PHONE, OURS, "reset")
    sid = answer(carrier)
    carrier.advance()
    carrier.redact(sid)
    carrier.journal.note_of(PHONE, Kind.SIGN_IN, outcome="must_change")

    told = [f"{line.where} {line.words}" for line in lines(carrier.events)]
    assert told[0] == "Phone sent a text"
    assert told[1].startswith("Gateway took the text: 200 in ")
    assert told[2:] == [
        "Twilio has the answer in its queue",
        "Twilio is sending it",
        "Twilio handed it to the mobile network",
        "Twilio delivered it to the phone",
        "Twilio forgot what the text said, as the gateway asked",
        "Windows accepted it, and asks for a new password",
    ]


def test_every_kind_of_event_has_a_sentence(carrier: Carrier) -> None:
    facts: dict[str, str | int] = {
        "outcome": "wrong",
        "answer": 200,
        "milliseconds": 3,
        "code": 1,
        "status": "sent",
    }
    for kind in Kind:
        carrier.journal.note_of(PHONE, kind, **facts)
    assert len(lines(carrier.events)) == len(Kind)


@pytest.mark.parametrize(
    "word", ["Maple-Anchor-73-Violin", "Kd7nQ2xv", "tulip.Garden42", "x9!kdmew-w"]
)
def test_a_password_in_a_text_can_be_tapped(word: str) -> None:
    body = f"Your one-time password: {word}.\nUse it today."
    parts = pieces(body)
    assert [part.text for part in parts if part.is_token] == [word]
    assert "".join(part.text for part in parts) == body


@pytest.mark.parametrize(
    "word",
    ["password", "Northwind", "+1202-555-0143", "202-555-0143", "2026-11-22", "15:30", "12345678",
     "https://Reset.example/A1", "Mia.Keller7@example.org", "Ab1-x"],
)  # fmt: skip
def test_other_words_cannot(word: str) -> None:
    assert not looks_like_password(word)


@pytest.mark.parametrize(
    "body",
    [
        "Your code is 482913. It works for 10 minutes.\n\n@reset.example.test #482913",
        "482913 is your code, and 482913 it stays.",
        "code:\n482913",
    ],
)
def test_the_code_in_a_text_can_be_copied_once(body: str) -> None:
    parts = pieces(body)
    assert [part.text for part in parts if part.is_code] == ["482913"]
    assert [part for part in parts if part.is_token] == []
    assert "".join(part.text for part in parts) == body


@pytest.mark.parametrize("body", ["12345", "4829131", "48291a", "+482913", "#482913", "\u0664" * 6])
def test_other_numbers_are_no_codes(body: str) -> None:
    assert [part for part in pieces(f"It is {body}") if part.is_code] == []


def test_people_are_read_from_a_file_and_a_stranger_joins_them(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    mia = {"username": "mia", "phone": PHONE, "note": "Sales", "email": "mia@a.example"}
    file.write_text(json.dumps([mia]))
    people = read_people(file)

    assert people[0] == Person("mia", "mia", PHONE, "Sales", "mia@a.example")
    assert [person.key for person in people] == ["mia", "stranger"]
    assert find(people, "nobody") is None


@pytest.mark.parametrize(
    "given",
    ["nonsense", "[]", "{}", '[{"username": "mia"}]', '[{"phone": "+12025550143"}]',
     '[{"username": "mia", "phone": "+12025550143", "pin": 1}]'],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, given: str) -> None:
    file = tmp_path / "people.json"
    file.write_text(given)
    with pytest.raises(PeopleInvalid, match=r"people|person"):
        read_people(file)


def test_numbers_are_shown_as_people_write_them() -> None:
    assert as_people_write_it("+12025550143") == "+1 202-555-0143"
    assert as_people_write_it("+4930123456") == "+4930123456"
    assert Person("lea", "Léa de Fontaine", PHONE).initials == "LD"
