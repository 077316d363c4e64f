"""What the activation pages do so that nobody has to type, look up or guess anything twice."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from gateway.doors.enrolment.card import LINE_BYTES, contact_card, drawn
from gateway.records import Organization
from tests.gateway.doors.enrolment.activation import Visitor, faults_of
from tests.gateway.engine.enrolment.conftest import other_than, policy
from tests.world import World


def test_a_double_click_leads_to_the_page_of_the_code_that_was_sent(visitor: Visitor) -> None:
    assert visitor.types_number().location == visitor.types_number().location
    assert len(visitor.nina.codes()) == 1


def test_another_number_in_between_is_not_taken_for_a_double_click(visitor: Visitor) -> None:
    visitor.types_number()
    visitor.types_number("(415) 555-0178")
    back = visitor.types_number()
    assert (back.status_code, "in 2 minutes" in back.text) == (429, True)


def test_a_number_that_is_to_be_changed_stands_in_its_form(visitor: Visitor) -> None:
    visitor.types_number()
    form = visitor.get("number").text
    assert 'value="(415) 555-0177"' in form
    assert '<option value="US" selected>' in form
    assert "checked" not in form


def test_the_page_of_the_code_counts_the_minutes(visitor: Visitor) -> None:
    visitor.types_number()
    assert "for 10 more minutes" in visitor.get("code").text
    assert 'data-seconds="120"' in visitor.get("code").text
    visitor.nina.world.clock.forward(9 * 60 + 30)
    late = visitor.get("code").text
    assert "for 1 more minute." in late
    assert 'data-seconds="0"' in late
    assert re.search(r"can be sent again <span[^>]*>now<", late)


def test_a_code_that_came_too_late_leads_back_with_the_number_filled_in(visitor: Visitor) -> None:
    visitor.types_number()
    code = visitor.nina.codes()[0]
    visitor.get("code")
    visitor.nina.world.clock.forward(11 * 60)
    late = visitor.post("code", {"code": code})
    assert (late.status_code, "more than 10 minutes old" in late.text) == (422, True)
    assert 'value="(415) 555-0177"' in late.text
    slip = visitor.post("code", {"code": "12"})
    assert "No code is waiting" in slip.text


@pytest.mark.parametrize(
    ("form", "field"),
    [({"number": "555"}, "number"), ({"agrees": ""}, "agrees"), ({"country": "GB"}, "number")],
)
def test_the_field_that_is_wrong_is_pointed_at_and_no_other(
    visitor: Visitor, form: dict[str, str], field: str
) -> None:
    page = visitor.types_number(**{"number": "(415) 555-0177", **form}).text
    [wrong] = re.findall(r'<input id="(\w+)"[^>]*aria-invalid="true"[^>]*autofocus', page)
    assert wrong == field
    assert page.count('role="alert"') == 1


def test_what_is_wrong_with_no_field_is_said_above_the_form(visitor: Visitor) -> None:
    visitor.types_number()
    visitor.get("code")
    page = visitor.post("again").text
    assert "aria-invalid" not in page
    assert re.search(r'role="alert"[^>]*autofocus', page)


@pytest.mark.parametrize(
    ("which", "said", "first"),
    [
        ("US", "Possible for Northwind: United States.", ["US"]),
        (
            "DE,US,CA",
            "Possible for Northwind: United States, Germany or Canada.",
            ["US", "DE", "CA"],
        ),
        ("CA", "Possible for Northwind: Canada.", ["CA"]),
        ("AT,DE,FR,IT,US", "Possible for Northwind: the first 5 in this list.", ["US", "AT", "DE"]),
    ],
)
def test_the_page_of_the_number_says_which_countries_are_open(
    visitor: Visitor, which: str, said: str, first: list[str]
) -> None:
    policy(visitor.nina.world, countries=which)
    page = visitor.get("number").text
    assert said in page
    assert re.findall(r'<option value="(\w+)"', page)[: len(first)] == first
    assert re.findall(r'<option value="(\w+)" selected', page) == first[:1]


def test_the_countries_that_are_open_are_named(visitor: Visitor) -> None:
    policy(visitor.nina.world, countries="US,CA,DE")
    page = visitor.types_number("07400 123456", country="GB").text
    assert "Use one of United States, Canada or Germany" in page


def test_terms_and_privacy_name_whose_texts_they_are_about_and_whom_to_call(
    visitor: Visitor,
) -> None:
    set_organization(visitor.nina.world, support="+1 415 555 0100")
    links = re.findall(r'href="([^"]+)" target="_blank"', visitor.get("number").text)
    assert links == [f"/activate/{visitor.nina.token}/{page}" for page in ("terms", "privacy")]
    for page in ("terms", "privacy"):
        theirs = visitor.get(page)
        assert (theirs.status_code, faults_of(theirs.text)) == (200, [])
        assert re.search(r"Northwind (offers you help|is responsible)", theirs.text)
        assert "+1 415 555 0100" in theirs.text
        assert "Your organization, or the company" in visitor.client.get(f"/{page}").text


@pytest.mark.parametrize("page", ["terms", "privacy"])
def test_terms_beside_a_dead_link_name_nobody(visitor: Visitor, page: str) -> None:
    older = visitor.nina.token
    visitor.nina.invited()
    dead, made_up = (visitor.get(page, token=token) for token in (older, "made-up"))
    assert (dead.status_code, dead.data) == (made_up.status_code, made_up.data)
    assert "Northwind" not in dead.text


def test_terms_of_an_organization_of_its_own_are_linked_instead(visitor: Visitor) -> None:
    set_organization(visitor.nina.world, terms_url="https://northwind.example/terms")
    page = visitor.get("number").text
    assert page.count('href="https://northwind.example/terms"') == 2
    assert f'href="/activate/{visitor.nina.token}/privacy"' in page


def test_nobody_is_told_of_what_the_policies_refuse(visitor: Visitor) -> None:
    policy(visitor.nina.world, reset_by_sms="off")
    visitor_sees = visitor.get().text
    visitor.types_number()
    visitor.post("code", {"code": visitor.nina.codes()[0]})
    visitor_sees += visitor.get("done").text + visitor.get("contact.vcf").text
    assert "RESET" not in visitor_sees
    assert "Text UNLOCK\\, STATUS or HELP" in visitor_sees


def test_who_cannot_be_helped_yet_is_told_whom_to_ask(visitor: Visitor) -> None:
    visitor.nina.changed(self_serve=False)
    visitor.types_number()
    visitor.post("code", {"code": visitor.nina.codes()[0]})
    assert "has not switched help by text on for you yet" in visitor.get("done").text


def test_the_whole_number_is_shown_no_more_once_it_is_proved(visitor: Visitor) -> None:
    visitor.types_number()
    visitor.post("code", {"code": visitor.nina.codes()[0]})
    done = visitor.get("done").text
    assert "ends in <strong>0177</strong>" in done
    assert "555-0177" not in done


def test_only_the_page_of_the_code_may_run_a_script_and_only_ours(visitor: Visitor) -> None:
    visitor.types_number()
    page = visitor.get("code")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    [src] = re.findall(r'<script src="([^"]+)" defer></script>', page.text)
    script = visitor.client.get(src)
    assert script.content_type == "text/javascript; charset=utf-8"
    assert "immutable" in script.headers["Cache-Control"]
    assert "script-src" not in visitor.get("number").headers["Content-Security-Policy"]
    wrong = visitor.post("code", {"code": other_than(visitor.nina.codes()[0])})
    assert "script-src 'self'" in wrong.headers["Content-Security-Policy"]


def test_a_page_of_another_release_still_gets_its_looks(visitor: Visitor) -> None:
    """While an upgrade rolls, an old page may ask a new process; it must not keep what it gets."""
    for path in ("/static/0123456789abcdef/page.css", "/brand/99/0b6e4f.css"):
        answer = visitor.client.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    for path in ("/static/0123456789abcdef/other.css", "/brand/1/red.css", "/brand/1/0B6E4F.css"):
        assert visitor.client.get(path).status_code == 404


@given(*[st.text(max_size=90)] * 3)
def test_a_contact_has_its_own_lines_and_no_others(name: str, organization: str, note: str) -> None:
    """Whatever somebody is called; and no line is longer than phones have to read."""
    card = contact_card(name, organization, "+14155550100", note)
    lines = card.split("\r\n")
    assert all(len(line.encode()) <= LINE_BYTES for line in lines)
    whole = re.sub("\r\n ", "", card).split("\r\n")
    names = [line.partition(":")[0] for line in whole]
    assert names[:6] == ["BEGIN", "VERSION", "N", "FN", "ORG", "TEL;TYPE=CELL"]
    assert names[6:] in (["NOTE", "END", ""], ["END", ""])
    assert "\n" not in card.replace("\r\n", "")


def test_a_contact_can_be_read_by_a_camera() -> None:
    """The module of a code is at least two pixels of a screen where it is shown 11.5 rem wide."""
    picture = drawn(contact_card("N" * 40, "N" * 40, "+14155550100"))
    [size] = re.findall(r'viewBox="0 0 (\d+) \1"', picture)
    assert int(size) // 4 <= 11.5 * 16 / 2


def set_organization(world: World, **values: str) -> None:
    with world.database.transaction() as session:
        session.execute(update(Organization).values(values))
