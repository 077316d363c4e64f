"""Every mail that somebody can get: it is signed, says whom to call, and holds no secret."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, meta

from gateway.branding import Brand, Mark
from gateway.colors import Color
from gateway.mail import sources
from gateway.mail.samples import LINK, facts_of, trials
from gateway.mail.wording import FACTS, NEEDS_LINK, UNSAID, Wording
from gateway.templating import FactsWrong, TemplateUnknown
from handlers.conversation import Fact

WORDING = Wording()
OF_ITSELF = {"organization", "provider", "support"}
"""What a text may tell beside its own facts."""

OF_THE_HTML = OF_ITSELF | {"brand", "piece"}
TO_PEOPLE = sorted(name for name in FACTS if not name.endswith("_msp") and name != "test")
OF_A_PASSWORD = ["one_time_password_expired", "password_reset", "password_untold"]
BRAND = Brand("Northwind", "Example MSP", "+1 415 555 0100", mark=Mark("a" * 64, 480, 120, "N"))
HOSTILE = "<script>alert(1)</script>\r\nBcc: eve@evil.example {{ 7*7 }} & \"'"

every_mail = pytest.mark.parametrize("template", sorted(FACTS))
every_mail_with_html = pytest.mark.parametrize(
    "template", sorted(each for each in FACTS if f"email/en/{each}.html" in sources.ours())
)


class Reader(HTMLParser):
    """Reads HTML as a mail program does: what is shown, what can be opened, what is loaded."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self.links, self.loaded = "", [""], list[str](), list[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.links += [told["href"]] if "href" in told else []
        self.loaded += [told["src"]] if "src" in told else []

    def handle_data(self, data: str) -> None:
        self.text += data if self.tags[-1] != "style" else ""

    def handle_endtag(self, tag: str) -> None:
        self.tags.append("")

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def written(
    template: str, brand: Brand = BRAND, language: str = "en", **instead: Fact
) -> tuple[str, str, str]:
    """Subject, text and HTML, with made-up facts."""
    mail = WORDING.write(template, language, facts_of(template) | instead, brand, "cid:logo")
    return tuple(part.get_secret_value() for part in (mail.subject, mail.text, mail.html))  # type: ignore[return-value]  # there are three


def flat(text: str) -> str:
    return " ".join(text.split())


def used(template: str, kind: str) -> set[str]:
    """The names that a template asks for."""
    environment = Environment()  # noqa: S701  (nothing is rendered)
    environment.filters["international"] = str
    source = sources.ours()[f"email/en/{template}.{kind}"]
    return meta.find_undeclared_variables(environment.parse(source))


def test_english_has_every_mail_and_nothing_else() -> None:
    places = [place for path in sources.ours() if (place := sources.Place.of(path))]
    english = {place.name for place in places if place.language == "en"}
    assert english == {*FACTS, sources.FOOTER}
    texts = {place.name for place in places if place.kind == "txt"}
    assert texts == english


@every_mail
def test_a_mail_has_a_subject_of_one_line_with_the_organization(template: str) -> None:
    subject, text, _ = written(template, Brand("North\r\nBcc: wind"))
    assert subject.startswith("North Bcc: wind: ")
    assert "\n" not in subject
    assert len(text) > 40
    assert not text.startswith("\n")


@every_mail
def test_a_mail_tells_all_the_facts_that_it_has_and_no_other(template: str) -> None:
    assert {"organization", *FACTS[template]} <= used(template, "txt")
    assert used(template, "txt") <= OF_ITSELF | {*FACTS[template]}


@every_mail_with_html
def test_the_html_tells_the_same_facts_as_the_text(template: str) -> None:
    told = used(template, "html")
    assert {*FACTS[template]} <= told <= OF_THE_HTML | {*FACTS[template]}


@every_mail
def test_the_html_says_what_the_text_says(template: str) -> None:
    """Word for word, but for what a button or a table makes plain."""
    for facts, brand in trials(template):
        mail = WORDING.write(template, "en", facts, brand)
        said = mail.text.get_secret_value().partition("\n-- \n")[0]
        shown = Reader(mail.html.get_secret_value()).words
        numbers = {word for word in re.findall(r"[\w*+.@-]+", said) if any(map(str.isdigit, word))}
        assert all(number.strip(".") in shown for number in numbers if number not in LINK)
        assert set(re.findall(r"[A-Z]{4,}", said)) <= set(re.findall(r"[A-Z]{4,}", shown))


@every_mail
def test_every_mail_is_whole_html_in_a_language(template: str) -> None:
    subject, _, html = written(template)
    assert html.startswith('<!doctype html>\n<html lang="en" dir="ltr">')
    assert f"<title>{subject}</title>" in html
    assert html.count("<h1") == 1
    assert not re.search(r"<script|<link|@import|url\(|javascript:", html)
    assert max(map(len, html.splitlines())) < 998


@every_mail
def test_nothing_is_loaded_from_outside(template: str) -> None:
    """A picture from a server would tell it who reads a mail, and when."""
    reader = Reader(written(template)[2])
    assert reader.loaded == ["cid:logo"]
    for link in reader.links:
        assert link.startswith((LINK, "tel:+", "sms:+"))


@every_mail
def test_a_mail_without_a_logo_shows_the_name(template: str) -> None:
    mail = WORDING.write(template, "en", facts_of(template), Brand("Northwind", "Example MSP"))
    reader = Reader(mail.html.get_secret_value())
    assert reader.loaded == []
    assert "Northwind" in reader.words.partition("Sent by")[0].removeprefix(reader.text[:60])


@every_mail
def test_no_mail_has_a_place_for_a_secret(template: str) -> None:
    assert not {"password", "code", "token"} & set(FACTS[template])
    with pytest.raises(FactsWrong, match="has no place for password"):
        written(template, password="Maple-Otter-472")


@every_mail
def test_a_hostile_name_is_only_shown(template: str) -> None:
    names = {name: HOSTILE for name in FACTS[template] if name not in {"hours", "asks_password"}}
    brand = Brand(HOSTILE, HOSTILE, HOSTILE, mark=Mark("a" * 64, 480, 120, HOSTILE))
    subject, text, html = written(template, brand, **names)
    assert "\n" not in subject
    assert "\r" not in subject
    for line in text.splitlines():
        assert not line.startswith("Bcc:")
    reader = Reader(html)
    assert not {"script", "49"} & {*reader.tags, *reader.words.split()}
    assert "alert(1)" in reader.words


@pytest.mark.parametrize("template", TO_PEOPLE)
def test_a_mail_to_a_person_says_whom_to_call_if_it_is_not_theirs(template: str) -> None:
    _, text, html = written(template)
    _, without, without_html = written(template, Brand("Northwind", "Example MSP"))
    for shown in (text, Reader(html).words):
        assert re.search(r"\b([Nn]ot|[Nn]obody)\b.+[Cc]all \+1 415 555 0100", flat(shown))
    for shown in (without, Reader(without_html).words):
        assert re.search(r"[Cc]all your help desk", shown)
    assert "tel:+14155550100" in Reader(html).links


@pytest.mark.parametrize("template", OF_A_PASSWORD)
def test_a_mail_about_a_password_says_what_to_do(template: str) -> None:
    _, text, _ = written(template)
    assert "text RESET" in text
    assert "If you did not text RESET, call +1 415 555 0100 at once" in text
    assert "http" not in text


@pytest.mark.parametrize("template", sorted(NEEDS_LINK))
def test_a_link_stands_alone_in_the_text_and_twice_in_the_html(template: str) -> None:
    """Once behind a button, and once to be copied."""
    _, text, html = written(template)
    assert text.splitlines().count(LINK) == 1
    reader = Reader(html)
    assert reader.links.count(LINK) == 2
    assert reader.words.count(LINK) == 1
    assert "9 Mar 2026 17:00 UTC" in text


@pytest.mark.parametrize("template", sorted(NEEDS_LINK))
def test_a_page_that_asks_for_a_password_is_announced(template: str) -> None:
    """Who is asked for it without a warning should close the page."""
    _, text, html = written(template, asks_password=True)
    assert all("current Windows password" in shown for shown in (text, Reader(html).words))
    _, text, html = written(template, asks_password=False)
    assert not any("current Windows" in shown for shown in (text, Reader(html).words))


@pytest.mark.parametrize("template", sorted(UNSAID))
def test_a_mail_that_the_version_before_has_written_is_sent(template: str) -> None:
    said = facts_of(template)
    facts = {name: fact for name, fact in said.items() if name not in UNSAID[template]}
    assert facts.keys() < said.keys()
    assert WORDING.write(template, "en", facts, BRAND).subject


@pytest.mark.parametrize("template", ["activation", "enrolled"])
@pytest.mark.parametrize(
    "words", ["RESET UNLOCK STATUS HELP", "RESET STATUS HELP", "UNLOCK STATUS HELP", "STATUS HELP"]
)
def test_a_mail_promises_no_word_that_is_refused(template: str, words: str) -> None:
    _, text, html = written(template, words=words)
    for shown in (text, Reader(html).words):
        for word in ("RESET", "UNLOCK"):
            assert (word in shown) is (word in words)
    if words == "STATUS HELP":
        assert "STATUS" in text


@every_mail
def test_a_mail_reads_well_without_what_may_be_empty(template: str) -> None:
    for facts, brand in trials(template):
        mail = WORDING.write(template, "en", facts, brand)
        for shown in (mail.text, mail.html):
            words = shown.get_secret_value()
            words = Reader(words).words if words.startswith("<") else words
            assert not re.search(r"[ \t][.,;:](\s|$)|\.\.|,,|\bNone\b|\( ?\)|Hello ,", words)
            assert not re.search(r"\n\n\n|[a-z]  [a-z]", words)


def test_the_footer_says_who_sends_it_and_links_to_the_terms() -> None:
    brand = Brand(
        "Northwind",
        "Example MSP",
        terms_url="https://msp.example/terms?a=1&b=2",
        privacy_url="https://msp.example/privacy",
    )
    _, text, html = written("test", brand)
    footer = text.partition("\n-- \n")[2]
    assert footer.startswith("Sent by Example MSP for Northwind. Answers to this address")
    assert "Terms of use: https://msp.example/terms?a=1&b=2\n" in footer
    assert Reader(html).links == [brand.terms_url, brand.privacy_url]
    _, text, _ = written("test", Brand("Northwind", "Northwind"))
    assert "\n-- \nSent by Northwind. Answers to this address are not read.\n" in text


def test_the_brands_colour_is_the_buttons_with_text_that_can_be_read() -> None:
    html = written("activation", Brand(color=Color("#ffdd00")))[2]
    assert 'bgcolor="#ffdd00"' in html
    assert "color:#050505" in html
    assert "color:#877500" in html


@pytest.mark.parametrize(
    ("size", "shown"),
    [((480, 120), (220, 55)), ((90, 30), (90, 30)), ((160, 160), (64, 64)), ((480, 1), (220, 1))],
)
def test_a_logo_is_shown_no_larger_than_there_is_room(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    html = written("test", Brand(mark=Mark("a" * 64, *size, of="Northwind")))[2]
    assert f'width="{shown[0]}" height="{shown[1]}" alt="Northwind"' in html


def test_the_msp_is_told_who_when_and_why() -> None:
    _, text, _ = written("password_untold_msp", username="mia.keller", reason="30005")
    for line in ("Organization: Northwind", "Account: mia.keller", "Request: 4711"):
        assert f"{line}\n" in text
    assert "When: 2 Mar 2026 09:00 UTC\nReason: 30005\n" in text


def test_our_number_is_written_as_people_read_it() -> None:
    _, text, html = written("enrolled", our_number="+442079460123")
    assert "+44 20 7946 0123" in text
    assert "sms:+442079460123" in Reader(html).links


def test_a_language_that_is_not_written_yet_is_said_in_english() -> None:
    assert written("test", language="de-AT") == written("test")
    assert written("test", language="../../etc") == written("test")


def test_an_unknown_mail_or_fact_is_refused() -> None:
    with pytest.raises(TemplateUnknown):
        WORDING.write("invoice", "en", {}, BRAND)
    with pytest.raises(FactsWrong, match="needs display_name, hours"):
        WORDING.write("number_changed", "en", dict.fromkeys(("username", "number"), ""), BRAND)


def test_nobody_sees_a_mail_by_printing_it() -> None:
    mail = WORDING.write("activation", "en", facts_of("activation"), BRAND)
    assert LINK not in repr(mail) + str(mail)


ANYTHING = st.text() | st.sampled_from(["<b>", "<img src=//evil.example>", "{{ link }}", "</td>"])


@given(st.sampled_from(sorted(FACTS)), ANYTHING, ANYTHING, ANYTHING)
def test_no_fact_whatsoever_adds_a_line_to_the_head_or_a_tag(
    template: str, name: str, organization: str, support: str
) -> None:
    told = {each: name for each in FACTS[template] if each not in {"hours", "asks_password"}}
    subject, _, html = written(template, Brand(organization, support=support), **told)
    assert not re.search(r"[\r\n\v\f\x85\u2028\u2029]", subject)
    ours = Reader(written(template, Brand("a", support="a"), **dict.fromkeys(told, "a"))[2]).tags
    assert set(Reader(html).tags) <= {*ours, "a", "br", "p"}
