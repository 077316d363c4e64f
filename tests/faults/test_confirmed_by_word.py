"""Resets that a word confirms: whoever dies around the word, it counts once, or nothing changes."""

from __future__ import annotations

import signal
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gateway.records import OutboundMessage
from simulator.active_directory import Kind
from simulator.twilio.message import new_sid
from tests.faults import invariants
from tests.faults.row import Row, Somebody
from tests.faults.test_killed_worker import DEATHS, Death, bring_to, lose_lease
from tests.faults.test_web_and_clock import is_kept, posting
from tests.installation import free_port, wait_for
from tests.told import word_in

EACH_WAY = 4
OF_THE_WORD: Mapping[str, Death] = {
    "while it looks up whom to ask for a word": DEATHS["while it looks the account up"],
    "while it sends a word, before the carrier has taken it": DEATHS[
        "while it sends the text, before the carrier has taken it"
    ],
    "while it sends a word, after the carrier has taken it": DEATHS[
        "while it sends the text, after the carrier has taken it"
    ],
}
OF_THE_RESET: Mapping[str, Death] = {
    "while it looks the account up": DEATHS["while it looks the account up"],
    "before the directory has set the password": DEATHS[
        "while it sets the password, before the directory has done so"
    ],
    "after the directory has set the password": DEATHS[
        "while it sets the password, after the directory has done so"
    ],
    "after the carrier has taken the password": Death(
        DEATHS["while it sends the text, after the carrier has taken it"].arrange,
        lambda row, person: bool(invariants.passwords(row, person)),
    ),
}


def somebody_careful(row: Row) -> Somebody:
    """Their account is changed only after a word."""
    person = row.somebody()
    own = ("--person", person.username, "confirm_by_word=on")
    row.site.installation.resetline("policy", "set", "northwind", *own)
    return person


def word_for(row: Row, person: Somebody) -> str:
    """What the phone shows, once the carrier has reported on it and that its copy is empty is kept.

    What happens at the same time is audited with times of its own, in no order that is promised.
    """
    row.wait_until(lambda: row.saw(person) and is_kept_empty(row, person), supervised=True)
    assert row.states(person) == ["awaiting"]
    return word_in(row.saw(person)[-1])


def is_kept_empty(row: Row, person: Somebody) -> bool:
    with row.site.database.transaction() as session:
        rows = row.site.rows(session, [person.username])
        texts = [each for each in rows if isinstance(each, OutboundMessage)]
        return bool(texts) and all(each.redacted_at for each in texts)


def asked_for_a_word(row: Row) -> tuple[Somebody, str]:
    person = somebody_careful(row)
    row.text(person)
    word = word_for(row, person)
    row.site.office.server.forget_operations()
    return person, word


def ends_with_one_reset(row: Row, person: Somebody) -> None:
    row.ends()
    assert len(row.states(person)) == len(set(invariants.passwords(row, person))) == 1
    assert invariants.password_in(row.saw(person)[-1])


def another_web(row: Row) -> str:
    """Where it listens. Both know the same public address."""
    port = str(free_port())
    web = row.site.installation.web
    row.site.another(replace(web, arguments=("web", "--port", port, "--workers", "1"))).start()
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(url))
    return url


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_one_word_is_texted_back_often_at_once(row: Row) -> None:
    """One word is texted back eight times at once, to two web processes."""
    (person, word), second = asked_for_a_word(row), another_web(row)
    row.site.installation.worker.kill()
    ways = [row.site.installation.url, second] * EACH_WAY
    with ThreadPoolExecutor(len(ways)) as at_once:
        heard = at_once.map(lambda url: row.post(person, word, at=url), ways)
        assert set(heard) == {200}
    ends_with_one_reset(row, person)
    assert row.site.office.server.count(Kind.MODIFY) == 1
    assert len(row.saw(person)) == 2


@pytest.mark.parametrize("where", OF_THE_WORD)
def test_a_worker_is_killed_before_the_word_is_back(where: str, row: Row) -> None:
    """A worker is killed {where}."""
    person, worker = somebody_careful(row), row.site.installation.worker
    bring_to(OF_THE_WORD[where], row, person, worker)
    worker.kill()
    lose_lease(row)
    row.site.mend()
    word = word_for(row, person)
    assert {word_in(text) for text in row.saw(person)} == {word}
    row.text(person, word)
    ends_with_one_reset(row, person)


@pytest.mark.parametrize("where", OF_THE_RESET)
def test_a_worker_is_killed_after_the_word_came_back(where: str, row: Row) -> None:
    """A worker is killed after a word came back, {where}."""
    (person, word), worker = asked_for_a_word(row), row.site.installation.worker
    bring_to(OF_THE_RESET[where], row, person, worker, body=word)
    worker.kill()
    lose_lease(row)
    ends_with_one_reset(row, person)


def test_a_worker_is_killed_with_a_word_in_its_hands(row: Row) -> None:
    """A worker is killed with the ring for a word that came back, before it has begun."""
    (person, word), worker = asked_for_a_word(row), row.site.installation.worker
    row.rings = False
    worker.signal(signal.SIGSTOP)
    row.text(person, word)
    worker.kill()
    ends_with_one_reset(row, person)
    assert len(row.saw(person)) == 2


def test_the_web_is_killed_once_it_has_kept_a_word(row: Row) -> None:
    """The web is killed once it has kept a word, before it answers; it is delivered again."""
    (person, word), sid = asked_for_a_word(row), new_sid()
    row.site.redis_lines["web"].swallow_answers()
    with posting(row, person, sid, word) as heard:
        wait_for(lambda: is_kept(row, sid))
        row.site.installation.web.kill()
    assert heard == [None]
    row.site.mend()
    assert row.post(person, word, sid=sid) == 200
    ends_with_one_reset(row, person)


def test_a_word_comes_back_too_late(row: Row) -> None:
    """A word comes back after eleven minutes: nothing is changed, and that is told."""
    person, word = asked_for_a_word(row)
    row.site.age([person.username], minutes=11)
    row.wait_until(lambda: row.states(person) == ["expired"])
    row.text(person, word)
    row.wait_until(lambda: len(row.saw(person)) > 1)
    row.ends("expired")
    assert "Nothing was changed" in row.saw(person)[-1]
    assert row.site.office.server.count(Kind.MODIFY) == 0
