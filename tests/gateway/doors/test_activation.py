"""The activation pages: whoever has the link proves a number, and nobody learns anything else."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from directory.accounts import Authentication
from gateway import codes
from gateway.doors.enrolment.countries import countries, name_of
from gateway.doors.enrolment.pages import Pages
from gateway.doors.enrolment.shown import masked_name, masked_username
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step
from gateway.records import Organization
from gateway.records.audit import Event
from gateway.records.invitations import InvitationEnd, end_invitations
from tests.fakes import FakeAccount
from tests.gateway.doors.activation import Visitor, faults_of, visited
from tests.gateway.engine.enrolment.conftest import (
    NINA,
    Newcomer,
    add_person,
    events,
    invitations,
    mails,
    other_than,
    policy,
)
from tests.world import MIA, World

PAGES = ("", "number", "code", "done", "approval", "password")
DAY = 24 * 3600


@pytest.fixture
def visitor(world: World) -> Iterator[Visitor]:
    """Nina has got her mail."""
    nina = add_person(world, "nina.alvarez")
    nina.invited()
    with visited(world, nina) as visitor:
        yield visitor


def test_from_the_first_page_to_the_last_without_javascript(visitor: Visitor) -> None:
    welcome = visitor.get()
    assert "Set up your phone" in welcome.text
    assert "Nina A." in welcome.text
    assert "Alvarez" not in welcome.text
    assert "+1 415-555-0100" in welcome.text
    assert visitor.types_number().location == _path(visitor, "code")
    assert "(415) 555-0177</strong>, United States (+1)" in visitor.get("code").text
    [code] = visitor.nina.codes()
    assert visitor.post("code", {"code": code}).location == _path(visitor, "done")
    done = visitor.get("done").text
    for word in ("RESET", "UNLOCK", "STATUS", "HELP"):
        assert f'href="sms:+14155550100?&amp;body={word}"' in done
    assert "<svg" in done
    assert visitor.nina.verified() == ["code"]


def test_every_page_is_well_formed_and_has_neither_script_nor_style_in_it(
    visitor: Visitor,
) -> None:
    pages = [visitor.get(), visitor.get("number"), visitor.types_number("nonsense")]
    visitor.types_number()
    pages += [visitor.get("code"), visitor.post("code", {"code": "x"})]
    visitor.post("code", {"code": visitor.nina.codes()[0]})
    pages += [visitor.get("done"), visitor.get(token="made-up"), visitor.get("no-such-page")]
    pages += [visitor.client.get("/terms"), visitor.client.get("/privacy")]
    for page in pages:
        assert faults_of(page.text) == []
        assert page.text.count("<script") == page.text.count('<script src="/static/')


def test_opening_every_page_fifty_times_changes_nothing(visitor: Visitor) -> None:
    """Mail scanners follow links, some with a real browser."""
    visitor.nina.world.limits.taken.clear()
    before = _standing(visitor)
    for _ in range(25):
        visitor.get()
        visitor.head()
        visitor.get("number")
        visitor.head("number")
    assert _standing(visitor) == before
    assert visitor.types_number().status_code == 303


def test_the_form_works_once(visitor: Visitor) -> None:
    visitor.types_number()
    [code] = visitor.nina.codes()
    assert visitor.post("code", {"code": code}).location == _path(visitor, "done")
    assert visitor.post("code", {"code": code}).location == _path(visitor, "done")
    assert len(events(visitor.nina.world, Event.PHONE_VERIFIED)) == 1
    assert visitor.get("number").location == _path(visitor, "done")


def test_a_page_that_does_not_fit_leads_to_the_one_that_does(visitor: Visitor) -> None:
    for page in ("code", "done", "approval", "password"):
        assert visitor.get(page).location == _path(visitor, "number")
    visitor.types_number()
    assert visitor.get("done").location == _path(visitor, "code")
    assert visitor.get("number").status_code == 200


def test_dead_and_made_up_links_are_answered_alike(visitor: Visitor) -> None:
    """In status, words and headers, whatever it was that killed them."""
    nina = visitor.nina
    tokens = {"made up": "made-up", "changed": nina.token[:-3] + "abc", "longer": "x" * 500}
    tokens["replaced"] = nina.token
    nina.invited()
    tokens["revoked"] = nina.token
    _revoke(nina)
    answers = {name: _seen(visitor, token) for name, token in tokens.items()}
    nina.world.clock.forward(2 * DAY)
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
    nina.world.clock.forward(2 * DAY - 60)
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


@pytest.mark.parametrize("page", ["number", "code", "again"])
@pytest.mark.parametrize("csrf", ["", "forged"])
def test_a_form_that_does_not_come_from_our_page_is_not_taken(
    visitor: Visitor, page: str, csrf: str
) -> None:
    if page != "number":
        visitor.types_number()
    sent = len(visitor.nina.world.carrier.sent)
    visitor.csrf = csrf
    answer = visitor.post(page, {"number": "4155550177", "country": "US", "agrees": "yes"})
    assert answer.status_code == 422
    assert "please send it again" in answer.text
    assert len(visitor.nina.world.carrier.sent) == sent


def test_a_form_that_another_site_sends_is_not_taken(visitor: Visitor) -> None:
    visitor.get("number")
    answer = visitor.post("number", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 422


def test_without_cookies_the_page_says_so_and_keeps_what_was_typed(visitor: Visitor) -> None:
    visitor.get("number")
    visitor.client.delete_cookie("__Host-resetline", domain="reset.example.com")
    form = {"number": "(415) 555-0177", "country": "US", "agrees": "yes"}
    answer = visitor.post("number", form)
    assert "cookies" in answer.text
    assert "(415) 555-0177" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8443", "[::1]", "a b"])
def test_no_header_of_a_request_chooses_where_anything_leads(visitor: Visitor, host: str) -> None:
    headers = {"Host": host, "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    visitor.get("number")
    answers = [visitor.get(page, headers=headers) for page in ("", "number", "code", "done")]
    answers += [visitor.get(token="made-up", headers=headers)]
    answers += [visitor.post("fresh", headers=headers), visitor.post("number", headers=headers)]
    answers += [visitor.client.get(path, headers=headers) for path in ("/terms", "/healthz", "/x")]
    for answer in answers:
        assert answer.status_code < 500
        assert "evil" not in answer.text + str(answer.headers)


def test_the_cookie_is_bound_to_this_host_and_read_by_no_script(visitor: Visitor) -> None:
    cookie = visitor.get("number").headers["Set-Cookie"]
    assert cookie.startswith("__Host-resetline=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("page", ["", "number", "made-up"])
def test_a_page_loads_nothing_from_elsewhere_and_is_kept_nowhere(
    visitor: Visitor, page: str
) -> None:
    answer = visitor.get(token="made-up") if page == "made-up" else visitor.get(page)
    policy_ = answer.headers["Content-Security-Policy"]
    assert policy_.startswith("default-src 'none'")
    assert "unsafe" not in policy_
    assert "script-src" not in policy_
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "http" not in _without(answer.text, "http://www.w3.org", visitor)


def test_every_reason_has_a_sentence(visitor: Visitor) -> None:
    world = visitor.nina.world
    pages = Pages("https://reset.example.com", world.enrolment.line, world.clock)
    visit = visitor.nina.world.enrolment.visits.open(visitor.nina.token)
    sentences = set()
    with visitor.client.application.test_request_context("/"):
        for reason in Reason:
            if reason is Reason.LINK_DEAD:
                continue
            refused = StepRefused(reason, detail="it is too short", seconds=100, left=1)
            page = pages.shown("number", "token", visit, refused=refused).get_data(as_text=True)
            problem = page.partition('role="alert"')[2].partition("</div>")[0]
            sentences.add(problem.partition("<p>")[2].partition("</p>")[0].strip())
    assert len(sentences) == len(Reason) - 1
    assert all(len(each) > 20 and each.endswith(".") for each in sentences)


def test_what_is_wrong_is_said_beside_what_was_typed(visitor: Visitor) -> None:
    landline = visitor.types_number("020 7946 0123", country="GB")
    assert landline.status_code == 422
    assert "it is a landline" in landline.text
    assert 'value="020 7946 0123"' in landline.text
    assert '<option value="GB" selected>' in landline.text
    unticked = visitor.types_number(agrees="")
    assert "Tick the box" in unticked.text
    abroad = visitor.types_number("07400 123456", country="GB")
    assert "Numbers of United Kingdom cannot be used for Northwind" in abroad.text


def test_a_wrong_code_says_how_many_tries_are_left_and_then_asks_for_the_number(
    visitor: Visitor,
) -> None:
    visitor.types_number()
    wrong = other_than(visitor.nina.codes()[0])
    visitor.get("code")
    said = [visitor.post("code", {"code": wrong}) for _ in range(3)]
    assert "You have 2 tries left" in said[0].text
    assert "You have 1 try left" in said[1].text
    assert "works no more" in said[2].text
    assert 'name="number"' in said[2].text
    assert wrong not in said[0].text


def test_sending_again_too_soon_says_when_it_can_be(visitor: Visitor) -> None:
    visitor.types_number()
    visitor.get("code")
    early = visitor.post("again")
    assert early.status_code == 429
    assert "in 2 minutes" in early.text
    visitor.nina.world.clock.forward(120)
    assert visitor.post("again").location == _path(visitor, "code")


def test_a_form_that_is_sent_twice_leads_on_to_the_code(visitor: Visitor) -> None:
    """People press twice: the code is on its way, so the second answer asks for it too."""
    visitor.types_number()
    assert visitor.types_number().location == _path(visitor, "code")
    [code] = visitor.nina.codes()
    visitor.get("code")
    visitor.post("code", {"code": code})
    assert visitor.post("code", {"code": code}).location == _path(visitor, "done")


def test_once_it_is_proved_the_number_is_not_shown_whole_any_more(visitor: Visitor) -> None:
    """Whoever reads the mail later learns no more of it than its end."""
    visitor.types_number()
    assert "555-0177" in visitor.get("code").text
    visitor.post("code", {"code": visitor.nina.codes()[0]})
    done = visitor.get("done").text
    assert "0177" in done
    assert "555-0177" not in done


def test_a_text_that_could_not_be_delivered_is_said(visitor: Visitor) -> None:
    from gateway.engine.deliveries import Report

    visitor.types_number()
    sent = visitor.nina.world.carrier.sent[-1]
    report = Report(sent.sid, "undelivered", 30006, sent.message_id)
    visitor.nina.world.deliveries.report(report)
    assert "could not be delivered" in visitor.get("code").text


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


@pytest.mark.parametrize(("hops", "counted_together"), [(0, True), (1, False)])
def test_behind_a_proxy_of_ours_each_caller_is_counted_by_their_own_address(
    world: World, hops: int, *, counted_together: bool
) -> None:
    nina = add_person(world, "nina.alvarez")
    nina.invited()
    with visited(world, nina, trusted_proxies=hops) as visitor:
        for place in range(3):
            forwarded = {"X-Forwarded-For": f"203.0.113.{place}, 198.51.100.{place}"}
            visitor.get(headers=forwarded)
    keys = [key for name, key in world.limits.taken if name == "links_per_address"]
    assert (len(keys) == 1) == counted_together


def test_a_network_of_ipv6_is_one_caller(visitor: Visitor) -> None:
    for place in range(3):
        visitor.get(environ_overrides={"REMOTE_ADDR": f"2001:db8:1:2::{place:x}"})
    keys = [key for name, key in visitor.nina.world.limits.taken if name == "links_per_address"]
    assert len(keys) == 1


def test_the_password_of_windows_is_asked_for_where_the_policy_says_so(visitor: Visitor) -> None:
    world = visitor.nina.world
    policy(world, enrol_proof="directory_password")
    account = FakeAccount("nina.alvarez")
    world.directory.accounts[account.guid] = account
    world.directory.answers = {"Own-Passw0rd": Authentication.RIGHT}
    assert "Windows password" in visitor.get().text
    assert visitor.get("number").location == _path(visitor, "password")
    visitor.get("password")
    wrong = visitor.post("password", {"password": "Wrong-Passw0rd"})
    assert (wrong.status_code, "not the password" in wrong.text) == (422, True)
    assert "Wrong-Passw0rd" not in wrong.text
    assert visitor.post("password", {"password": "Own-Passw0rd"}).location == _path(
        visitor, "number"
    )
    assert "Step 2 of 3" in visitor.get("number").text


def test_who_waits_for_the_help_desk_is_told(visitor: Visitor) -> None:
    policy(visitor.nina.world, enrol_proof="operator")
    visitor.types_number()
    visitor.post("code", {"code": visitor.nina.codes()[0]})
    assert visitor.get("done").location == _path(visitor, "approval")
    assert "One step is left" in visitor.get("approval").text


def test_who_changes_their_number_is_told_how_long_resets_are_held_back(world: World) -> None:
    mia = Newcomer(world, "mia.keller", NINA)
    mia.changed(email="mia@northwind.example")
    mia.invited()
    with visited(world, mia) as visitor:
        assert "Change your mobile number" in visitor.get().text
        visitor.types_number()
        visitor.post("code", {"code": mia.codes()[0]})
        assert "held back for 24 hours" in visitor.get("done").text
    assert MIA not in world.texts(NINA)


def test_our_number_can_be_kept_as_a_contact(visitor: Visitor) -> None:
    card = visitor.get("contact.vcf")
    assert card.content_type == "text/vcard; charset=utf-8"
    assert "TEL;TYPE=CELL:+14155550100" in card.text
    assert "FN:Northwind account help" in card.text


HOSTILE = "<b>&\"'</b>{{7*7}}"


def test_names_are_words_and_never_markup(visitor: Visitor) -> None:
    world = visitor.nina.world
    visitor.nina.changed(display_name=HOSTILE + " " + HOSTILE, username=HOSTILE)
    with world.database.transaction() as session:
        session.execute(update(Organization).values(name=HOSTILE, support=HOSTILE))
    for page in (visitor.get(), visitor.get("number")):
        assert "<b>&" not in page.text
        assert "{{7*7}}" in page.text
        assert faults_of(page.text) == []


def test_the_link_and_the_code_reach_no_log(
    visitor: Visitor, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor.get()
    visitor.types_number("nonsense")
    visitor.types_number()
    visitor.post("code", {"code": "000000"})
    visitor.get("no-such-page")
    visitor.get(token="made-up-token")
    written = caplog.text + "".join(capsys.readouterr())
    assert visitor.nina.token not in written
    assert "made-up-token" not in written
    assert visitor.nina.codes()[0] not in written
    assert "4155550177" not in written


def test_an_unknown_page_or_method_is_answered_in_words(visitor: Visitor) -> None:
    assert visitor.get("no-such-page").status_code == 404
    assert "There is nothing here" in visitor.get("no-such-page").text
    assert visitor.client.put(_path(visitor, "number")).status_code == 405
    assert visitor.client.get("/no-such-door").text == "not found\n"


def test_a_body_that_is_too_large_is_refused(visitor: Visitor) -> None:
    visitor.get("number")
    assert visitor.post("number", {"number": "1" * 100_000}).status_code == 413


@given(
    page=st.sampled_from(["number", "code", "again", "fresh", "password"]),
    form=st.dictionaries(
        st.sampled_from(["number", "country", "agrees", "wording", "code", "password", "x"]),
        st.text(max_size=60) | st.from_regex(r"[0-9]{6}", fullmatch=True),
    ),
)
@example(page="code", form={"code": "12345\uff16"})
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_typed_the_answer_is_a_page(
    visitor: Visitor, page: str, form: dict[str, str]
) -> None:
    """A code has been asked for, so that what is typed for it is compared with it."""
    visitor.nina.world.limits.taken.clear()
    visitor.types_number()
    code = form.get("code", "")
    is_tried = page == "code" and codes.looks_like_one(code)
    assume(not is_tried or visitor.nina.codes()[-1] not in code)
    wrong = len(events(visitor.nina.world, Event.CODE_WRONG))
    answer = visitor.post(page, form)
    assert len(events(visitor.nina.world, Event.CODE_WRONG)) == wrong + is_tried
    assert visitor.nina.verified() == []
    assert answer.status_code in {200, 303, 422, 429, 503}
    if answer.status_code == 503:
        assert page == "password"


def test_countries_are_all_there_in_the_order_of_their_names() -> None:
    found = countries("DE", "en")
    assert found[0].name == "Germany"
    assert len(found) > 240
    names = [each.name for each in found[1:]]
    assert names.index("Austria") < names.index("Åland Islands") or "Åland Islands" in names
    assert all(name and not name.startswith("*") for name in names)
    assert name_of("DE", "fr") == "Allemagne"
    assert name_of("DE", "xx") == "Germany"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Nina Alvarez", "Nina A."), ("Nina", "Nina"), ("", ""), ("Léa de la Tour", "Léa T.")],
)
def test_names_are_shown_so_that_their_owner_knows_them(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@given(st.text(min_size=1, max_size=40))
def test_a_username_is_never_shown_whole(username: str) -> None:
    assert username not in masked_username(username) or len(username) == 1


def _path(visitor: Visitor, page: str) -> str:
    return f"/activate/{visitor.nina.token}/{page}"


def _standing(visitor: Visitor) -> object:
    world = visitor.nina.world
    rows = [(each.id, each.ended_at, each.remind_at) for each in invitations(world)]
    return rows, len(world.carrier.sent), visitor.nina.step is Step.NUMBER


def _seen(visitor: Visitor, token: str) -> tuple[int, str, str]:
    """Down to the last byte: not even the link stands in it, nor anything for a form."""
    answers = [visitor.get(token=token), visitor.get(token=token)]
    assert answers[0].data == answers[1].data
    return answers[0].status_code, answers[0].text, str(sorted(answers[0].headers))


def _without(page: str, words: str, visitor: Visitor) -> str:
    """What differs for everybody: their own link, and the mark of the form."""
    return page.replace(words, "…").replace(visitor.csrf or "-", "…")


def _revoke(nina: Newcomer) -> None:
    with nina.world.database.transaction() as session:
        person_id = nina.person(session).id
        end_invitations(session, person_id, InvitationEnd.REVOKED, nina.world.clock())
