"""Webhooks that Twilio signed once and somebody else sends again, whole or cut anew."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from gateway.records import AuditEvent
from gateway.records.requests import RequestState
from tests.gateway.doors.conftest import PUBLIC_URL, TOKENS, Door, inbound
from tests.gateway.engine.conversing import asked, password_in
from tests.world import MIA, SAM, STRANGER, World

URL = PUBLIC_URL + "/twilio/sms"
DAYS = (0, 1, 400)


def signature(form: dict[str, Any]) -> str:
    return str(RequestValidator(TOKENS[0]).compute_signature(URL, form))


def audited(door: Door) -> int:
    return door.count(AuditEvent)


def test_a_captured_text_sent_again_at_any_time_does_nothing(door: Door) -> None:
    """Wanted: a second reset for one text of Mia's. Got: nothing, nor after a day or a year."""
    form = inbound()
    caught = signature(form)
    door.post("/twilio/sms", form, signature=caught)
    kept, events = door.kept(), audited(door)
    assert kept == (1, 1)
    for days in DAYS:
        door.gateway.now.forward(days * 86_400)  # type: ignore[attr-defined]  # a clock of the tests
        assert door.post("/twilio/sms", form, signature=caught).status_code == 200
        assert (door.kept(), audited(door)) == (kept, events)


def test_the_captured_text_with_the_word_resets_nothing_a_second_time(
    asking_anywhere: World,
) -> None:
    """Wanted: a password with Mia's own answer, sent again. Got: it was answered once."""
    word = asked(asking_anywhere)
    sid = asking_anywhere.text(word)
    asking_anywhere.work()
    for wait in (0, 60, 86_400):
        asking_anywhere.clock.forward(wait)
        asking_anywhere.text(word, sid=sid)
        asking_anywhere.work()
    assert len(asking_anywhere.mia.passwords_set) == 1
    assert password_in(asking_anywhere.texts()[-1]) == asking_anywhere.mia.password
    assert asking_anywhere.states() == [RequestState.SENT]


@pytest.mark.parametrize(
    "change",
    [{"From": SAM}, {"Body": "UNLOCK"}, {"To": STRANGER}, {"MessageSid": "SM" + "9" * 32}],
    ids=lambda change: next(iter(change)),
)
def test_a_captured_signature_fits_no_other_text(sqlite_door: Door, change: dict[str, str]) -> None:
    """Wanted: to bend a text that was caught. Got: refused, and nothing of it was kept."""
    form = inbound()
    answer = sqlite_door.post("/twilio/sms", {**form, **change}, signature=signature(form))
    assert answer.status_code == 403
    assert sqlite_door.kept() == (0, 0)


def cut_anew(form: dict[str, Any]) -> list[dict[str, Any]]:
    """Every way to take a name into the value before it: all are signed alike."""
    names = sorted(form)
    found = []
    for first, second in itertools.pairwise(names):
        rest = {name: value for name, value in form.items() if name != second}
        found.append({**rest, first: f"{form[first]}{second}{form[second]}"})
    return found


def test_no_way_to_cut_a_captured_text_anew_makes_another_of_it(sqlite_door: Door) -> None:
    """Wanted: another text under the same signature. Got: nothing but the same text's effect.

    Twilio signs names and values one after the other, so that a cut elsewhere is signed alike.
    """
    form = inbound(Body="hello")
    caught, cuts = signature(form), cut_anew(form)
    assert len(cuts) == len(form) - 1
    for cut in cuts:
        assert signature(cut) == caught
        assert sqlite_door.post("/twilio/sms", cut, signature=caught).status_code == 200
    messages, requests = sqlite_door.kept()
    assert messages <= 1
    assert requests == 0


def test_a_name_hidden_in_what_somebody_texts_is_not_read_as_one(sqlite_door: Door) -> None:
    """Wanted: to be Mia, by texting `From+1415…` and cutting it out. Got: refused or a stranger."""
    form = inbound(From=STRANGER, Body=f"RESETFrom{MIA}")
    caught = signature(form)
    cut = {**form, "Body": "RESET", "From": [MIA, STRANGER]}
    sqlite_door.post("/twilio/sms", cut, signature=caught)
    sqlite_door.post("/twilio/sms", cut)
    assert sqlite_door.kept() == (0, 0)


def test_the_captured_status_of_a_text_is_no_text(sqlite_door: Door) -> None:
    """Wanted: a report's signature for a text. Got: the address is signed as well, so refused."""
    form = inbound()
    elsewhere = RequestValidator(TOKENS[0]).compute_signature(PUBLIC_URL + "/twilio/status", form)
    assert sqlite_door.post("/twilio/sms", form, signature=elsewhere).status_code == 403
    assert sqlite_door.kept() == (0, 0)


def test_a_text_caught_before_the_person_was_removed_from_a_phone_is_dead(world: World) -> None:
    """Wanted: to use an old text once the phone is another's. Got: its sid was kept for ever."""
    sid = world.text("RESET")
    world.work()
    world.settle(3600, step=600)
    set_before = list(world.mia.passwords_set)
    world.text("RESET", SAM, sid=sid)
    world.work()
    assert world.mia.passwords_set == set_before
    assert world.sam.passwords_set == []
