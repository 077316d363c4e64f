"""The carrier fails: the same text is tried again, or its failure is said aloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from simulator.twilio.faults import Faults
from tests.faults.row import NO_REQUEST, Row
from tests.installation import wait_for


@dataclass(frozen=True)
class Stumble:
    """Something that passes, and how many copies of the text may come of it."""

    arrange: Callable[[Faults], None]
    texts: int = 1


PASSING: Mapping[str, Stumble] = {
    "answers 500 and has not taken the text": Stumble(lambda f: f.answer("server_error")),
    "answers 500 and has taken the text": Stumble(
        lambda f: f.answer("server_error", accepted=True), texts=2
    ),
    "answers 503": Stumble(lambda f: f.answer("unavailable")),
    "answers 429 twice (20429)": Stumble(lambda f: f.answer("too_many_requests", times=2)),
    "answers that its queue is full (30001)": Stumble(lambda f: f.answer("error", code=30001)),
    "never answers and has not taken the text": Stumble(lambda f: f.answer("hang", seconds=5)),
    "hangs up after it has taken the text": Stumble(
        lambda f: f.answer("drop", accepted=True), texts=2
    ),
    "answers with a web page (a captive portal)": Stumble(lambda f: f.answer("html")),
    "refuses our credentials (20003), until an operator has mended them": Stumble(
        lambda f: f.answer("error", code=20003)
    ),
    "does not empty its copy at once": Stumble(
        lambda f: f.answer("server_error", operation="update", times=2)
    ),
}

REFUSALS: Mapping[str, int] = {
    "is no valid number to the carrier (21211)": 21211,
    "cannot get texts (21614)": 21614,
    "is opted out at the carrier (21610)": 21610,
}

FATES: Mapping[str, Callable[[Faults, str], None]] = {
    "cannot be reached (30003)": lambda f, number: f.undelivered(number, 30003),
    "is behind a filter (30007)": lambda f, number: f.undelivered(number, 30007),
    "waits in a queue that is full (30001)": lambda f, number: f.failed(number, 30001),
    "is away until the text is too old (30036)": lambda f, number: f.failed(number, 30036),
}


@pytest.mark.parametrize("what", PASSING)
def test_the_carrier_stumbles(what: str, row: Row) -> None:
    """The carrier {what}."""
    person, stumble = row.somebody(), PASSING[what]
    stumble.arrange(row.site.installation.carrier.faults)
    row.text(person)
    row.settles()
    row.ends()
    assert len(row.saw(person)) == stumble.texts


def test_the_carrier_is_down(row: Row) -> None:
    """The carrier refuses connections for some seconds."""
    person = row.somebody()
    row.site.carrier_line.refuse()
    row.text(person)
    row.wait_until(lambda: row.site.installation.sending(person.number))
    wait_for(lambda: "SendLater" in row.site.installation.logs())
    row.ends()
    assert len(row.saw(person)) == 1


def test_the_carrier_is_down_for_longer_than_an_answer_is_worth(row: Row) -> None:
    """The carrier is down for eleven minutes: the answer is given up, audited and logged."""
    person = row.somebody()
    row.site.carrier_line.refuse()
    row.text(person)
    row.wait_until(lambda: row.site.installation.sending(person.number))
    row.site.age([person.username], minutes=11)
    row.settles("undelivered")
    row.ends("undelivered")
    assert row.saw(person) == []


@pytest.mark.parametrize("how", REFUSALS)
def test_the_number_is_refused(how: str, row: Row) -> None:
    """The person's number {how}: known only after the change; audited and logged."""
    person = row.somebody()
    row.site.installation.carrier.faults.refuse(person.number, REFUSALS[how])
    row.text(person)
    row.settles("undelivered")
    row.ends("undelivered")
    assert row.saw(person) == []


@pytest.mark.parametrize("how", FATES)
def test_the_text_does_not_arrive(how: str, row: Row) -> None:
    """The person's phone {how}: audited and logged."""
    person = row.somebody()
    FATES[how](row.site.installation.carrier.faults, person.number)
    row.text(person)
    row.settles("undelivered")
    row.ends("undelivered")
    assert row.saw(person) == []


def test_who_has_opted_out_is_not_changed(row: Row) -> None:
    """Somebody who has texted STOP texts RESET: nothing is changed that could not be told."""
    person = row.somebody()
    row.text(person, "STOP")
    row.text(person, "RESET")
    row.ends(*NO_REQUEST)
    assert row.states(person) == []
    assert row.site.office.domain.accepts(person.username, "Old-Password-1!")
