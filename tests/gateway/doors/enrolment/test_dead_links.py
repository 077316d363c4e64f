"""Links that lead nowhere are answered alike, and whoever tries many of them is slowed down."""

from __future__ import annotations

import pytest

from gateway.records.invitations import InvitationEnd, end_invitations
from tests.gateway.doors.enrolment.activation import Visitor
from tests.gateway.engine.enrolment.conftest import Newcomer, mails


def test_dead_and_made_up_links_are_answered_alike(visitor: Visitor) -> None:
    """In status, words and headers, whatever it was that killed them."""
    nina = visitor.nina
    tokens = {"made up": "made-up", "changed": nina.token[:-3] + "abc", "longer": "x" * 500}
    tokens["replaced"] = nina.token
    nina.invited()
    tokens["revoked"] = nina.token
    _revoke(nina)
    answers = {name: _seen(visitor, token) for name, token in tokens.items()}
    nina.world.clock.forward(2 * 24 * 3600)
    answers["too old"] = _seen(visitor, tokens["revoked"])
    nina.invited()
    nina.changed(suspended_at=nina.world.clock(), suspended_for="gone")
    answers["suspended"] = _seen(visitor, nina.token)
    assert len(set(answers.values())) == 1
    [(status, words, _)] = set(answers.values())
    assert status == 200
    assert "Northwind" not in words


@pytest.mark.parametrize("page", ["number", "code", "password"])
def test_forms_of_dead_links_are_answered_alike(visitor: Visitor, page: str) -> None:
    visitor.get("number")
    older = visitor.nina.token
    visitor.nina.invited()
    dead = visitor.post(page, {"code": "123456"}, token=older)
    made_up = visitor.post(page, {"code": "123456"}, token="made-up")
    assert dead.data == made_up.data == visitor.get(page, token="made-up").data
    assert dead.status_code == made_up.status_code == 200


def test_a_fresh_link_is_promised_to_everybody_and_sent_to_the_address_on_record(
    visitor: Visitor,
) -> None:
    nina = visitor.nina
    old = nina.token
    nina.world.clock.forward(2 * 24 * 3600 - 60)
    visitor.get(token=old)
    for token in (old, "made-up", "x" * 500):
        asked = visitor.post("fresh", token=token)
        assert (asked.status_code, asked.location) == (303, f"/activate/{token}/fresh")
    pages = [visitor.get("fresh", token=token) for token in (old, "made-up", "x" * 500)]
    assert {(each.status_code, each.data) for each in pages} == {(200, pages[0].data)}
    assert "If the link was one of ours" in pages[0].text
    nina.world.settle(10)
    assert len(mails(nina.world, "activation")) == 2
    assert not nina.is_dead(nina.newest_link())


def test_when_nobody_can_count_every_page_says_later_alike(visitor: Visitor) -> None:
    visitor.nina.world.limits.can_say = False
    answers = [visitor.get(), visitor.get(token="made-up"), visitor.post("fresh", token="x")]
    assert {each.status_code for each in answers[:2]} == {503}
    assert answers[0].text == answers[1].text


def test_who_tries_links_is_slowed_down(visitor: Visitor) -> None:
    statuses = [visitor.get(token=f"guess-{n}").status_code for n in range(1003)]
    assert statuses.count(429) == 3
    other = {"REMOTE_ADDR": "198.51.100.9"}
    assert visitor.get(environ_overrides=other).status_code == 200


def _seen(visitor: Visitor, token: str) -> tuple[int, str, str]:
    """Down to the last byte: not even the link stands in it, nor anything for a form."""
    answers = [visitor.get(token=token), visitor.get(token=token)]
    assert answers[0].data == answers[1].data
    return answers[0].status_code, answers[0].text, str(sorted(answers[0].headers))


def _revoke(nina: Newcomer) -> None:
    with nina.world.database.transaction() as session:
        person_id = nina.person(session).id
        end_invitations(session, person_id, InvitationEnd.REVOKED, nina.world.clock())
