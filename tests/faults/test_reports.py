"""The carrier's reports come in any number and any order, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from simulator.twilio.faults import Faults
from simulator.twilio.message import new_sid
from tests.faults.row import Row
from tests.installation import ACCOUNT_SID

DISORDER: Mapping[str, Callable[[Faults], None]] = {
    "come five times each": lambda f: f.duplicate_callbacks(5),
    "come last first": lambda f: f.reorder_callbacks(),
    "come before the carrier has answered our call": lambda f: f.early_callbacks(),
}


@pytest.mark.parametrize("what", DISORDER)
def test_reports(what: str, row: Row) -> None:
    """The carrier's reports {what}."""
    person = row.somebody()
    DISORDER[what](row.site.installation.carrier.faults)
    row.text(person)
    row.settles()
    row.ends()
    assert len(row.saw(person)) == 1


def test_no_report_ever_comes(row: Row) -> None:
    """No report ever comes: the password is let go and the copies are emptied all the same."""
    person = row.somebody()
    row.site.installation.carrier.faults.lose_callbacks(20)
    row.text(person)
    row.settles("sent")
    row.ends("sent", "done")


def test_a_hundred_reports_of_a_text_that_is_not_ours(row: Row) -> None:
    """A hundred reports come at once, of a text that we never sent."""
    person, sid = row.somebody(), new_sid()
    form = {"MessageSid": sid, "AccountSid": ACCOUNT_SID, "MessageStatus": "delivered"}
    with ThreadPoolExecutor(16) as at_once:
        answers = set(at_once.map(lambda _: row.site.post("/twilio/status", form), range(100)))
    assert answers <= {200, 204}
    row.text(person)
    row.ends()


def test_a_report_of_failure_after_one_of_delivery(row: Row) -> None:
    """A text that was delivered is reported as failed afterwards: what is known stays known."""
    person = row.somebody()
    row.text(person)
    row.settles()
    [text] = row.site.installation.carrier.texts_to(person.number)
    for status in ("queued", "sent", "failed"):
        form = {"MessageSid": text.sid, "AccountSid": ACCOUNT_SID, "MessageStatus": status}
        assert row.site.post("/twilio/status", form) in {200, 204}
    row.ends()
