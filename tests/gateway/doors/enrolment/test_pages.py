"""The activation pages: whoever has the link proves a number, and nobody learns anything else."""

from __future__ import annotations

from directory.accounts import Authentication
from gateway.doors.enrolment.pages import Pages
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step
from gateway.records.audit import Event
from tests.fakes import FakeAccount
from tests.gateway.doors.enrolment.activation import Visitor, faults_of, visited
from tests.gateway.engine.enrolment.conftest import (
    NINA,
    Newcomer,
    events,
    invitations,
    other_than,
    policy,
)
from tests.world import MIA, World

PAGES = ("", "number", "code", "done", "approval", "password")


def test_from_the_first_page_to_the_last_without_javascript(visitor: Visitor) -> None:
    welcome = visitor.get()
    assert "Set up your phone" in welcome.text
    assert "Nina A." in welcome.text
    assert "Alvarez" not in welcome.text
    assert "+1 415-555-0100" in welcome.text
    assert visitor.types_number().location == visitor.path("code")
    assert "(415) 555-0177</strong>, United States (+1)" in visitor.get("code").text
    [code] = visitor.nina.codes()
    assert visitor.post("code", {"code": code}).location == visitor.path("done")
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
    assert visitor.post("code", {"code": code}).location == visitor.path("done")
    assert visitor.post("code", {"code": code}).location == visitor.path("done")
    assert len(events(visitor.nina.world, Event.PHONE_VERIFIED)) == 1
    assert visitor.get("number").location == visitor.path("done")


def test_a_page_that_does_not_fit_leads_to_the_one_that_does(visitor: Visitor) -> None:
    for page in ("code", "done", "approval", "password"):
        assert visitor.get(page).location == visitor.path("number")
    visitor.types_number()
    assert visitor.get("done").location == visitor.path("code")
    assert visitor.get("number").status_code == 200


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
    assert visitor.post("again").location == visitor.path("code")


def test_a_form_that_is_sent_twice_leads_on_to_the_code(visitor: Visitor) -> None:
    """People press twice: the code is on its way, so the second answer asks for it too."""
    visitor.types_number()
    assert visitor.types_number().location == visitor.path("code")
    [code] = visitor.nina.codes()
    visitor.get("code")
    visitor.post("code", {"code": code})
    assert visitor.post("code", {"code": code}).location == visitor.path("done")


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


def test_the_password_of_windows_is_asked_for_where_the_policy_says_so(visitor: Visitor) -> None:
    world = visitor.nina.world
    policy(world, enrol_proof="directory_password")
    account = FakeAccount("nina.alvarez")
    world.directory.accounts[account.guid] = account
    world.directory.answers = {"Own-Passw0rd": Authentication.RIGHT}
    assert "Windows password" in visitor.get().text
    assert visitor.get("number").location == visitor.path("password")
    visitor.get("password")
    wrong = visitor.post("password", {"password": "Wrong-Passw0rd"})
    assert (wrong.status_code, "not the password" in wrong.text) == (422, True)
    assert "Wrong-Passw0rd" not in wrong.text
    assert visitor.post("password", {"password": "Own-Passw0rd"}).location == visitor.path("number")
    assert "Step 2 of 3" in visitor.get("number").text


def test_who_waits_for_the_help_desk_is_told(visitor: Visitor) -> None:
    policy(visitor.nina.world, enrol_proof="operator")
    visitor.types_number()
    visitor.post("code", {"code": visitor.nina.codes()[0]})
    assert visitor.get("done").location == visitor.path("approval")
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


def _standing(visitor: Visitor) -> object:
    world = visitor.nina.world
    rows = [(each.id, each.ended_at, each.remind_at) for each in invitations(world)]
    return rows, len(world.carrier.sent), visitor.nina.step is Step.NUMBER
