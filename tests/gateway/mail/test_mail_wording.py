"""Every mail that somebody can get: it is signed, says whom to call, and holds no secret."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from jinja2 import Environment, meta

from gateway.mail.wording import FACTS, render
from gateway.templating import ALWAYS, FactsWrong, TemplateUnknown, templates_of
from handlers.conversation import Fact

TO_PEOPLE = sorted(name for name in FACTS if not name.endswith("_msp") and name != "test")
every_mail = pytest.mark.parametrize("template", sorted(FACTS))


def facts(template: str, **instead: Fact) -> dict[str, Fact]:
    return {name: f"the {name}" for name in (*ALWAYS, *FACTS[template])} | instead


def test_english_has_every_mail() -> None:
    assert set(templates_of("email", "en")) == set(FACTS)


@every_mail
def test_a_mail_has_a_subject_of_one_line_with_the_organization(template: str) -> None:
    subject, body = render(template, "en", facts(template, organization="North\r\nBcc: wind"))
    assert subject.startswith("North Bcc: wind: ")
    assert "\n" not in subject
    assert len(body) > 40
    assert not body.startswith("\n")


@every_mail
def test_a_mail_tells_all_the_facts_that_it_has_and_no_other(template: str) -> None:
    source = files("templates").joinpath("email", "en", f"{template}.txt").read_text("utf-8")
    used = meta.find_undeclared_variables(Environment().parse(source))  # noqa: S701
    assert {"organization", *FACTS[template]} <= used <= {*ALWAYS, *FACTS[template]}


@every_mail
def test_no_mail_has_a_place_for_a_secret(template: str) -> None:
    assert not {"password", "code", "token"} & set(FACTS[template])
    with pytest.raises(FactsWrong, match="has no place for password"):
        render(template, "en", facts(template, password="Maple-Otter-472"))


@pytest.mark.parametrize("template", TO_PEOPLE)
def test_a_mail_to_a_person_says_what_to_do_and_whom_to_call(template: str) -> None:
    _, body = render(template, "en", facts(template, support="+1 415 555 0100"))
    assert "text RESET" in body
    assert re.search(r"If you did not text RESET, call \+1 415 555 0100 at once", body)
    _, without = render(template, "en", facts(template, support=""))
    assert "call your help desk at once" in without
    assert "http" not in body


def test_the_msp_is_told_who_when_and_why() -> None:
    _, body = render("password_untold_msp", "en", facts("password_untold_msp"))
    for name in ("organization", "username", "request", "when", "reason"):
        assert f": the {name}\n" in body


def test_a_language_that_is_not_written_yet_is_said_in_english() -> None:
    assert render("test", "de-AT", facts("test")) == render("test", "en", facts("test"))
    assert render("test", "../../etc", facts("test")) == render("test", "en", facts("test"))


def test_an_unknown_mail_is_refused() -> None:
    with pytest.raises(TemplateUnknown):
        render("invoice", "en", {})
