"""Every text that a person can get: it fits, it is signed, and it prompts nothing dangerous."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import Environment, meta

from gateway.passphrases import make
from gateway.wording import (
    ALWAYS,
    FACTS,
    LONGEST,
    DoesNotFit,
    FactsWrong,
    TemplateUnknown,
    check_fits,
    needs_password,
    render,
    templates_of,
)
from handlers import read
from handlers.conversation import Account, Caller, Fact, Say, Text
from handlers.reserved import WORDS_OF_CARRIERS

EVERY_TEXT = [(language, name) for language in ("en",) for name in templates_of(language)]
every_text = pytest.mark.parametrize(("language", "template"), EVERY_TEXT)

COMMANDS = {"RESET", "UNLOCK", "STATUS", "NOTME"}
CAPITALS_THAT_ARE_NO_PROMPT = {"PC"}
MUST_SAY = {
    "help": {"STOP"},
    "enrolled": {"HELP", "STOP"},
    "stopped": {"START"},
    "started": {"HELP", "STOP"},
}
"""What carriers want said in an answer to HELP, and once somebody has agreed to be texted."""

TYPED_INTO_A_PAGE = {"code"}
"""Its digits are not texted back, and browsers find them in its last line."""


def longest_facts(template: str, **instead: Fact) -> dict[str, Fact]:
    return {name: "W" * LONGEST[name] for name in (*ALWAYS, *FACTS[template])} | instead


MAY_BE_EMPTY = {"support", "expires", "since", "unlock", "reset", "account", "accounts"}


def variants(language: str, template: str) -> Iterator[str]:
    """The text with every fact at its longest, and with what may be empty or off left so."""
    names = sorted(MAY_BE_EMPTY.intersection((*ALWAYS, *FACTS[template])))
    for values in product(*(("", "W" * LONGEST[name]) for name in names)):
        told = dict(zip(names, values, strict=True))
        yield render(template, language, longest_facts(template, **told))


@every_text
def test_every_text_fits_one_segment_at_its_longest(language: str, template: str) -> None:
    for text in variants(language, template):
        check_fits(text)


@every_text
def test_every_text_begins_with_the_organization(language: str, template: str) -> None:
    for text in variants(language, template):
        assert text.startswith("W" * LONGEST["organization"])


@every_text
def test_no_text_prompts_a_word_that_carriers_answer(language: str, template: str) -> None:
    for text in variants(language, template):
        prompts = set(re.findall(r"\b(?!W+\b)[A-Z-]{2,}\b", text)) - CAPITALS_THAT_ARE_NO_PROMPT
        assert prompts <= COMMANDS | MUST_SAY.get(template, set())
        asked = re.findall(r"(?:text|reply|send|answer)(?: with)? ([\w-]+)", text.casefold())
        carriers = {word.casefold() for word in WORDS_OF_CARRIERS}
        allowed = {word.casefold() for word in MUST_SAY.get(template, set())}
        assert carriers.intersection(asked) <= allowed


@every_text
def test_no_text_asks_for_digits_or_holds_a_backtick(language: str, template: str) -> None:
    for text in variants(language, template):
        assert "`" not in text
        if template not in TYPED_INTO_A_PAGE:
            assert not re.search(r"\b(?:code|number|digits|pin)\b", text, re.IGNORECASE)
            assert not re.search(r"[02-9]", text)


@every_text
def test_every_text_reads_well_without_what_may_be_empty(language: str, template: str) -> None:
    for text in variants(language, template):
        assert text == text.strip()
        assert text[-1] in ".?" or template in TYPED_INTO_A_PAGE
        assert not re.search(r"  | [.,;?]|\.\.|[a-z]\.[A-Z]", text)


@every_text
def test_every_template_uses_the_facts_that_it_is_told_and_no_other(
    language: str, template: str
) -> None:
    source = files("templates").joinpath("sms", language, f"{template}.txt").read_text("utf-8")
    used = meta.find_undeclared_variables(Environment().parse(source))  # noqa: S701
    assert {"organization", *FACTS[template]} <= used <= {*ALWAYS, *FACTS[template]}


def test_english_has_every_template() -> None:
    assert set(templates_of("en")) == set(FACTS)


def test_there_is_a_template_for_whatever_the_handlers_say() -> None:
    one, two = Account(1, "a"), Account(2, "b")
    callers = [Caller(()), Caller((one,)), Caller((one, two))]
    said = [read(Text(body), caller) for body in ("reset", "hi", "help") for caller in callers]
    assert {answer.template for answer in said if isinstance(answer, Say)} <= set(FACTS)


@pytest.mark.parametrize("template", [name for name in FACTS if "password" in FACTS[name]])
def test_a_password_is_alone_on_the_second_line(template: str) -> None:
    password = "Maple-Otter-Canal-472"
    lines = render(template, "en", longest_facts(template, password=password)).splitlines()
    assert lines[1] == password
    assert "next line" in lines[0]
    assert len(lines) == 3
    assert needs_password(template)


@pytest.mark.parametrize("min_length", [0, 14, 33])
def test_every_password_of_a_usual_domain_is_within_its_limit(min_length: int) -> None:
    for _ in range(100):
        password = make(min_length, ["a-smith", "Ann Smith"]).get_secret_value()
        assert len(password) <= LONGEST["password"]


def test_a_text_with_a_longer_password_is_still_whole() -> None:
    password = make(64, []).get_secret_value()
    text = render("reset_done", "en", longest_facts("reset_done", password=password))
    assert password in text
    with pytest.raises(DoesNotFit, match="in 2"):
        check_fits(text)


def test_help_has_the_wording_that_carriers_require() -> None:
    text = render("help", "en", {"organization": "Northwind", "support": "+1 415 555 0100"})
    assert text.startswith("Northwind account help:")
    assert "+1 415 555 0100" in text
    assert "1 msg/request." in text
    assert "Msg&data rates may apply." in text
    assert text.endswith("Text STOP to cancel.")


def test_without_a_support_number_people_are_sent_to_their_help_desk() -> None:
    told: dict[str, Fact] = {"organization": "Northwind", "support": ""}
    assert render("refused", "en", told).endswith("Please call your help desk.")


@settings(deadline=None)
@example(("en", "help"), dict.fromkeys(LONGEST, "[" * 40))
@example(("en", "status_locked"), dict.fromkeys(LONGEST, "a\nb\r\n\tc"))
@given(
    st.sampled_from(EVERY_TEXT),
    st.fixed_dictionaries(
        {name: st.text() for name in LONGEST} | {"password": st.just("Maple-Otter-Canal-472")}
    ),
)
def test_no_fact_whatsoever_makes_a_text_too_long(
    text: tuple[str, str], facts: dict[str, str]
) -> None:
    language, template = text
    told = {name: facts[name] for name in (*ALWAYS, *FACTS[template])}
    rendered = render(template, language, told)
    check_fits(rendered)
    lines = {"code": {0, 2}}.get(template, {2} if needs_password(template) else {0})
    assert rendered.count("\n") in lines


def test_the_last_line_of_a_code_is_what_browsers_look_for() -> None:
    """The format of WebOTP: the host that the page is on, and the code."""
    told: dict[str, Fact] = {"organization": "Northwind", "support": "", "code": "042137"}
    text = render("code", "en", {**told, "host": "reset.example.com"})
    assert text.splitlines()[-2:] == ["", "@reset.example.com #042137"]
    assert "@" not in render("code", "en", {**told, "host": ""})


def test_a_password_is_sent_as_it_is_even_where_it_looks_like_a_template() -> None:
    password = "{{ 7*7 }}&<b>"
    text = render("reset_done", "en", longest_facts("reset_done", password=password))
    assert text.splitlines()[1] == password


@pytest.mark.parametrize("language", ["de", "en-GB", "pt-BR", "", "../../web", "EN", "x" * 99])
def test_a_language_without_a_text_of_its_own_gets_english(language: str) -> None:
    told: dict[str, Fact] = {"organization": "Northwind", "support": ""}
    assert render("unlock_done", language, told) == render("unlock_done", "en", told)


@pytest.mark.parametrize("language", ["de", "", "../web", "..", "en/.."])
def test_a_language_that_is_not_there_has_no_templates(language: str) -> None:
    assert templates_of(language) == ()


def test_an_unknown_template_names_those_that_there_are() -> None:
    with pytest.raises(TemplateUnknown, match=r"'reset_doen'.*reset_done, reset_done_kept"):
        render("reset_doen", "en", {})
    assert not needs_password("reset_doen")


def test_a_missing_or_superfluous_fact_is_named() -> None:
    with pytest.raises(FactsWrong, match="'busy' needs action, support"):
        render("busy", "en", {"organization": "Northwind"})
    with pytest.raises(FactsWrong, match="'unlock_done' has no place for password"):
        render("unlock_done", "en", {"organization": "N", "support": "", "password": "x"})


@pytest.mark.parametrize("text", ["a" * 161, "`", "😀"])
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(DoesNotFit):
        check_fits(text)


@pytest.mark.parametrize("template", ["reset_done", "reset_done_locked", "unlock_done"])
def test_an_answer_that_the_version_before_has_written_is_still_sent(template: str) -> None:
    """During an upgrade a worker of this version may send what an older one has written."""
    old = {"organization": "Northwind", "support": ""}
    secret: dict[str, Fact] = {"password": "Maple-Otter-Canal-472"}
    text = render(template, "en", {**old, **(secret if needs_password(template) else {})})
    assert re.search(r"within 30 minutes|text UNLOCK|Text RESET", text)
