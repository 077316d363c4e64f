"""Every text that a person can get: it fits, it is signed, and it prompts nothing dangerous."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import pairwise, product
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import Environment, meta

from gateway.passphrases import make
from gateway.segments import count
from gateway.wording import (
    ALWAYS,
    FACTS,
    LONGEST,
    DoesNotFit,
    FactsWrong,
    TemplateUnknown,
    check_fits,
    languages,
    needs_password,
    render,
    templates_of,
)
from handlers import read
from handlers.conversation import Account, Action, Caller, Fact, Say, Text
from handlers.meaning import Certainty, Intent, Meaning
from handlers.reserved import WORDS_OF_CARRIERS

LANGUAGES = languages()
EVERY_TEXT = [(language, name) for language in LANGUAGES for name in templates_of(language)]
every_language = pytest.mark.parametrize("language", LANGUAGES)

COMMANDS = {"RESET", "UNLOCK", "STATUS", "NOTME"}
CAPITALS_THAT_ARE_NO_PROMPT = {"PC", "SMS"}
AFFIRMATIVES = {"yes", "y", "ok", "okay", "si", "sí", "oui", "sim", "ja"}
MUST_SAY = {
    "help": {"STOP"},
    "enrolled": {"HELP", "STOP"},
    "stopped": {"START"},
    "started": {"HELP", "STOP"},
}
"""What carriers want said in an answer to HELP, and once somebody has agreed to be texted."""


class Words(NamedTuple):
    """What a text has to say that no rule can find in a language that it does not know."""

    password_below: str
    may_vary: str
    may_cost: str


WORDS = {
    "en": Words("next line", "freq varies", "data rates may apply"),
    "de": Words("nächste", "nzahl variiert", "Evtl. SMS-/Datenkosten"),
    "es": Words("justo debajo", "recuencia variable", "Posibles cargos"),
    "fr": Words("ligne suivante", "Nombre de SMS variable", "Frais SMS/données possibles"),
    "it": Words("riga seguente", "requenza", "Possibili costi SMS e dati"),
    "nl": Words("volgende regel", "Aantal sms'en varieert", "Evt. sms-/datakosten"),
    "pt": Words("linha abaixo", "Quantidade de SMS varia", "Pode haver custo"),
}

SPACE_BEFORE_A_QUESTION_MARK = {"fr"}

DIGITS = re.compile(
    r"\b(?:c[oó]d[eiI]\w*|code|pin|num(?:ber|mer|ero|éro)\w*|n[uú]mero\w*|digits?|d[ií]gitos?"
    r"|ziffern?|zahl(?:en)?|cijfers?|getal\w*|chiffres?|cifr[ae]s?)\b",
    re.IGNORECASE,
)

TYPED_INTO_A_PAGE = {"code"}
"""Its digits are not texted back, and browsers find them in its last line."""


def longest_facts(template: str, **instead: Fact) -> dict[str, Fact]:
    return {name: "W" * LONGEST[name] for name in (*ALWAYS, *FACTS[template])} | instead


MAY_BE_EMPTY = {"support", "expires", "since", "unlock", "reset", "account", "accounts"}


ACTIONS = tuple(Action)


@cache
def variants(language: str, template: str) -> tuple[str, ...]:
    """The text with every fact at its longest, and with what may be empty or off left so."""
    names = (*ALWAYS, *FACTS[template])
    told = product(*(_values(name) for name in names))
    return tuple(render(template, language, dict(zip(names, each, strict=True))) for each in told)


def _values(name: str) -> tuple[str, ...]:
    longest = "W" * LONGEST[name]
    if name == "action":
        return (longest, *ACTIONS)
    return ("", longest) if name in MAY_BE_EMPTY else (longest,)


def texts(language: str) -> Iterator[tuple[str, str]]:
    """Each template of a language, in each variant."""
    for template in templates_of(language):
        for text in variants(language, template):
            yield template, text


def texts_beside_english(language: str) -> Iterator[tuple[str, str]]:
    for template in templates_of(language):
        yield from zip(variants(language, template), variants("en", template), strict=True)


def source_of(language: str, template: str) -> str:
    return files("templates").joinpath("sms", language, f"{template}.txt").read_text("utf-8")


def prompted(text: str) -> list[str]:
    """What stands in capitals."""
    return re.findall(r"\b(?!W+\b)[A-Z]{2,}(?:-[A-Z]+)*\b", text)


def side_by_side(text: str) -> Iterator[tuple[str, str]]:
    """Words with nothing but a space between them."""
    for part in re.split(r"[^\w\s'-]+", text):
        yield from pairwise(part.split())


@cache
def words_that_prompt(language: str) -> set[str]:
    """Whatever stands before a command somewhere in this language: text, envoyez, senden."""
    commands = COMMANDS | {word for words in MUST_SAY.values() for word in words}
    pairs = {pair for _, text in texts(language) for pair in side_by_side(text)}
    return {word.casefold() for word, command in pairs if command in commands}


@every_language
def test_every_text_fits_one_segment_at_its_longest(language: str) -> None:
    too_long = {
        template: f"{count(text).units} units of {count(text).encoding}: {text}"
        for template, text in texts(language)
        if not fits(text)
    }
    assert not too_long


def fits(text: str) -> bool:
    try:
        check_fits(text)
    except DoesNotFit:
        return False
    return True


@every_language
def test_every_text_begins_with_the_organization(language: str) -> None:
    for _, text in texts(language):
        assert text.startswith("W" * LONGEST["organization"])


@every_language
def test_no_text_prompts_a_word_that_carriers_answer(language: str) -> None:
    carriers = {word.casefold() for word in WORDS_OF_CARRIERS} | AFFIRMATIVES
    verbs = words_that_prompt(language)
    assert len(verbs) > 1
    for template, text in texts(language):
        may_say = MUST_SAY.get(template, set())
        assert set(prompted(text)) <= COMMANDS | may_say | CAPITALS_THAT_ARE_NO_PROMPT
        asked = {then.casefold() for verb, then in side_by_side(text) if verb.casefold() in verbs}
        assert carriers & asked <= {word.casefold() for word in may_say}, text


@every_language
def test_every_language_prompts_the_same_commands(language: str) -> None:
    """Nobody is told less than others of what they can text, nor what would be refused."""
    for text, english in texts_beside_english(language):
        prompts = set(prompted(text)) - CAPITALS_THAT_ARE_NO_PROMPT
        assert prompts == set(prompted(english)) - CAPITALS_THAT_ARE_NO_PROMPT, text


@every_language
def test_carriers_find_what_they_want_said(language: str) -> None:
    for template, text in texts(language):
        assert set(prompted(text)) >= MUST_SAY.get(template, set())
        if template in {"help", "enrolled", "started"}:
            assert WORDS[language].may_cost in text
        if template in {"enrolled", "started"}:
            assert WORDS[language].may_vary in text


@every_language
def test_no_text_asks_for_digits_or_holds_a_backtick(language: str) -> None:
    for template, text in texts(language):
        assert "`" not in text
        if template not in TYPED_INTO_A_PAGE:
            assert not DIGITS.search(text), text
            assert not re.search(r"[02-9]", text), text


@every_language
def test_every_text_reads_well_without_what_may_be_empty(language: str) -> None:
    for template, text in texts(language):
        assert text == text.strip()
        assert text[-1] in ".?" or template in TYPED_INTO_A_PAGE
        assert not re.search(r"  | [.,;]|\.\.|[a-z]\.[A-Z]", text), text
        spaced, asks = " ?" in text, "?" in text
        assert spaced == (asks and language in SPACE_BEFORE_A_QUESTION_MARK), text


@every_language
def test_every_template_uses_the_facts_that_it_is_told_and_no_other(language: str) -> None:
    for template in templates_of(language):
        parsed = Environment().parse(source_of(language, template))  # noqa: S701
        used = meta.find_undeclared_variables(parsed)
        assert {"organization", *FACTS[template]} <= used <= {*ALWAYS, *FACTS[template]}, template


@every_language
def test_every_language_has_every_template(language: str) -> None:
    assert set(templates_of(language)) == set(FACTS)


ADDED = """
from gateway import wording
from gateway.spoken_times import spoken_time
from datetime import UTC, datetime
print(*wording.languages())
print(wording.render("help", "sv-FI", {"organization": "Northwind", "support": ""}))
now = datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
print(spoken_time(now, now, UTC, "sv-FI"))
"""


def test_a_language_is_added_by_its_folder_alone(tmp_path: Path) -> None:
    with_one_more = tmp_path / "templates"
    shutil.copytree(str(files("templates")), with_one_more)
    folder = with_one_more / "sms" / "sv"
    folder.mkdir()
    (folder / "help.txt").write_text("{{ organization }} hjälp.\n", "utf-8")
    english = (with_one_more / "sms" / "en" / "times.toml").read_text("utf-8")
    (folder / "times.toml").write_text(english.replace('"today', '"i dag'), "utf-8")
    told = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", ADDED],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    there, text, time = told.stdout.splitlines()
    assert there.split() == sorted([*LANGUAGES, "sv"])
    assert (text, time) == ("Northwind hjälp.", "i dag 14:05")


def test_there_is_a_template_for_whatever_the_handlers_say() -> None:
    one, two = Account(1, "a"), Account(2, "b")
    callers = [Caller(()), Caller((), is_frozen=True), Caller((one,)), Caller((one, two))]
    meanings = [None, *(Meaning(i, c, "en") for i in Intent for c in Certainty)]
    said = [read(each, Text("hi"), caller) for each in meanings for caller in callers]
    assert {answer.template for answer in said if isinstance(answer, Say)} <= set(FACTS)


@every_language
@pytest.mark.parametrize("template", [name for name in FACTS if "password" in FACTS[name]])
def test_a_password_is_alone_on_the_second_line(language: str, template: str) -> None:
    password = "Maple-Otter-Canal-472"
    lines = render(template, language, longest_facts(template, password=password)).splitlines()
    assert lines[1] == password
    assert WORDS[language].password_below in lines[0]
    assert password not in lines[0] + lines[2]
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
    assert render("refused", "de", told).endswith("Bitte rufen Sie Ihren Helpdesk an.")
    told["support"] = "+49 30 1234567"
    assert render("refused", "de", told).endswith("Bitte rufen Sie +49 30 1234567 an.")


@every_language
def test_whom_to_call_is_said_wherever_it_is_in_english(language: str) -> None:
    """A template names the help desk in words for those who have no number of its own."""
    for template in templates_of(language):
        source = source_of(language, template)
        desks = re.findall(r"""\{\{ support or (?:'[^']+'|"[^"]+") \}\}""", source)
        assert len(desks) == len(re.findall(r"\bsupport\b", source)), template
    number = "W" * LONGEST["support"]
    for text, english in texts_beside_english(language):
        assert (number in text) == (number in english), text


@every_language
def test_every_language_tells_the_same_facts(language: str) -> None:
    for template in templates_of(language):
        marks = {name: f"Q{name[0]}{name[-1]}" for name in (*ALWAYS, *FACTS[template])}
        marks.pop("action", None)
        text, english = (
            render(template, each, {**longest_facts(template), **marks})
            for each in (language, "en")
        )
        told = {name for name, mark in marks.items() if mark in text}
        assert told == {name for name, mark in marks.items() if mark in english}, text


@every_language
def test_an_action_is_told_in_words_of_the_language(language: str) -> None:
    """An unknown one is not told as it is: the word may be another language's."""
    texts = variants(language, "busy")
    assert len(set(texts)) == len(ACTIONS) + 1 or language == "en"
    if language != "en":
        assert not any(re.search(rf"\b(?:{'|'.join(ACTIONS)})\b", text) for text in texts)


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
    told["minutes_left"] = "10"
    text = render("code", "en", {**told, "host": "reset.example.com"})
    assert text.splitlines()[-2:] == ["", "@reset.example.com #042137"]
    assert "@" not in render("code", "en", {**told, "host": ""})


def test_a_password_is_sent_as_it_is_even_where_it_looks_like_a_template() -> None:
    password = "{{ 7*7 }}&<b>"
    text = render("reset_done", "en", longest_facts("reset_done", password=password))
    assert text.splitlines()[1] == password


@pytest.mark.parametrize("language", ["ja", "en-GB", "", "../../web", "EN", "x" * 99])
def test_a_language_without_a_text_of_its_own_gets_english(language: str) -> None:
    told: dict[str, Fact] = {"organization": "Northwind", "support": ""}
    assert render("unlock_done", language, told) == render("unlock_done", "en", told)


def test_a_kind_of_a_language_is_written_in_that_language() -> None:
    told: dict[str, Fact] = {"organization": "Northwind", "support": ""}
    assert render("unlock_done", "pt-BR", told) == render("unlock_done", "pt", told)
    assert render("unlock_done", "pt-BR", told) != render("unlock_done", "en", told)


@pytest.mark.parametrize("language", ["ja", "", "../web", "..", "en/.."])
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


@every_language
@pytest.mark.parametrize("template", ["reset_done", "reset_done_locked", "unlock_done", "code"])
def test_an_answer_that_the_version_before_has_written_is_still_sent(
    language: str, template: str
) -> None:
    """During an upgrade a worker of this version may send what an older one has written."""
    old: dict[str, Fact] = {"organization": "Northwind", "support": ""}
    if needs_password(template):
        old["password"] = "Maple-Otter-Canal-472"
    if template == "code":
        old |= {"code": "042137", "host": ""}
    text = render(template, language, old)
    assert re.search(r"\b(?:30|10) [Mm]in|\bUNLOCK\b|\bRESET\b", text)
