"""Nina is invited, proves her number in a real browser, and gets back to work by text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.chromium import DESKTOP, PHONE, Chromium, chromium
from tests.databases import fresh_postgresql
from tests.installation import Installation, installed, wait_for
from tests.mail_server import Mailbox, mail_server
from tests.offices import Office, SambaOffice, simulated_office
from tests.texts import password_in

OUR_COLOR = "#0b6e4f"
NUMBERS = {
    "nina.phone": "+12025550151",
    "omar.desk": "+12025550152",
    "rosa.plain": "+12025550153",
    "tess.proof": "+12025550154",
}
HERE = pytest.mark.parametrize("place", ["simulator"], indirect=True)
"""What Windows has no part in is tried once."""

CODE = re.compile(r"\b(\d{6}) is your code")


@dataclass
class Newcomers:
    """A running installation with mail, whose people have not enrolled yet."""

    installation: Installation
    office: Office
    post: Mailbox

    def link_for(self, username: str, *, mails: int = 1) -> str:
        """The link of the button in the newest mail with one, when there are so many."""
        wait_for(lambda: len(self._links_to(username)) >= mails)
        return self._links_to(username)[-1]

    def _links_to(self, username: str) -> list[str]:
        found = (_link_in(mail) for mail in self.mails_to(username))
        return [link for link in found if link]

    def mails_to(self, username: str) -> list[EmailMessage]:
        return [mail for mail in self.post.mails if str(mail["To"]).startswith(username)]

    def code_at(self, number: str) -> str:
        """The newest code that the phone shows."""
        return wait_for(lambda: self._codes(number))[-1]

    def _codes(self, number: str) -> list[str]:
        texts = self.installation.texts(number)
        return [found[1] for text in texts if (found := CODE.search(text))]


def _link_in(mail: EmailMessage) -> str:
    html = mail.get_body(("html",))
    links = Links()
    links.feed(str(html.get_content()) if html else "")
    return next((each for each in links.found if "/activate/" in each), "")


class Links(HTMLParser):
    """Where the links of a mail lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if (tag, name) == ("a", "href")]


@pytest.fixture(scope="module", params=["simulator", "samba"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Newcomers]:
    """On the simulator and SQLite, and on Samba and PostgreSQL."""
    folder = tmp_path_factory.mktemp("enrolment")
    if request.param == "samba":
        samba = SambaOffice(request.getfixturevalue("samba"))
        with fresh_postgresql(request.getfixturevalue("postgresql"), migrate=False) as url:
            yield from _running(folder, url, samba)
    else:
        with simulated_office() as office:
            yield from _running(folder, f"sqlite:///{folder}/resetline.db", office)


def _running(folder: Path, url: str, office: Office) -> Iterator[Newcomers]:
    for username in NUMBERS:
        office.employ(username)
    with mail_server() as post:
        smtp_url = f"smtp://127.0.0.1:{post.port}"
        with installed(folder, url, office.settings, smtp_url=smtp_url) as installation:
            installation.set_up({})
            people = "".join(
                f"{name},{name.split('.')[0].title()} Alvarez,{name}@northwind.example,yes\n"
                for name in NUMBERS
            )
            (folder / "newcomers.csv").write_text(
                "username,display_name,email,self_serve\n" + people
            )
            installation.resetline("people", "import", "northwind", "newcomers.csv")
            installation.resetline(
                *("organization", "set", "northwind", "--color", OUR_COLOR),
                *("--support", "+1 202-555-0199"),
            )
            installation.start()
            yield Newcomers(installation, office, post)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def test_from_the_mail_to_a_reset_by_text_on_a_phone(place: Newcomers, browser: Chromium) -> None:
    _enrols(place, browser, "nina.phone", PHONE)
    _gets_back_to_work(place, "nina.phone")


@HERE
def test_from_the_mail_to_a_reset_by_text_at_a_desk(place: Newcomers, browser: Chromium) -> None:
    _enrols(place, browser, "omar.desk", DESKTOP)
    _gets_back_to_work(place, "omar.desk")


def _enrols(place: Newcomers, browser: Chromium, username: str, size: tuple[int, int]) -> None:
    """All the way through, and nobody who sees or types in another way meets a hurdle."""
    number, hurdles = NUMBERS[username], []
    place.installation.resetline("people", "invite", "northwind", username)
    browser.sized(size)
    browser.open(place.link_for(username))
    assert browser.heading == "Set up your phone"
    hurdles += browser.hurdles()
    browser.goes_on()
    browser.chooses("country", "US")
    browser.types("number", "555")
    browser.ticks("agrees")
    browser.goes_on()
    assert "This number cannot be used" in browser.words
    hurdles += browser.hurdles()
    browser.types("number", number.removeprefix("+1"))
    browser.goes_on()
    assert browser.heading == "Type the code"
    hurdles += browser.hurdles()
    browser.types("code", place.code_at(number))
    browser.goes_on()
    assert browser.heading == "Your phone is set up"
    hurdles += browser.hurdles()
    assert ("QR code" in browser.driver.page_source, browser.is_too_wide) == (True, False)
    assert hurdles == []
    assert [each for each in browser.complaints if "status of 422" not in each] == []


@HERE
def test_it_works_without_javascript(place: Newcomers, tmp_path: Path) -> None:
    number = NUMBERS["rosa.plain"]
    place.installation.resetline("people", "invite", "northwind", "rosa.plain")
    with chromium(tmp_path, scripts=False) as browser:
        browser.open(place.link_for("rosa.plain"))
        browser.goes_on()
        browser.types("number", number.removeprefix("+1"))
        browser.ticks("agrees")
        browser.goes_on()
        browser.types("code", place.code_at(number))
        browser.goes_on()
        assert browser.heading == "Your phone is set up"


def test_with_the_password_of_windows_where_the_policy_asks_for_it(
    place: Newcomers, browser: Chromium
) -> None:
    """Three wrong ones lock an account here: after one we try no more until she has signed in."""
    number, installation = NUMBERS["tess.proof"], place.installation
    installation.resetline("policy", "set", "northwind", "enrol_proof=directory_password")
    installation.resetline("people", "invite", "northwind", "tess.proof")
    browser.sized(PHONE)
    browser.open(place.link_for("tess.proof"))
    browser.goes_on()
    assert browser.heading == "Is it you?"
    browser.types("password", "not-my-password")
    browser.goes_on()
    assert "That is not the password" in browser.words
    assert browser.hurdles() == []
    browser.types("password", place.office.password)
    browser.goes_on()
    assert "Sign in to Windows once" in browser.words
    assert place.office.sign_in("tess.proof", place.office.password) == "ok"
    browser.types("password", place.office.password)
    browser.goes_on()
    browser.types("number", number.removeprefix("+1"))
    browser.ticks("agrees")
    browser.goes_on()
    browser.types("code", place.code_at(number))
    browser.goes_on()
    assert browser.heading == "Your phone is set up"
    installation.resetline("policy", "unset", "northwind", "enrol_proof")


@HERE
def test_a_link_that_was_replaced_is_dead_and_the_newer_one_works(
    place: Newcomers, browser: Chromium
) -> None:
    installation = place.installation
    installation.resetline("people", "invite", "northwind", "omar.desk")
    older = place.link_for("omar.desk", mails=2)
    installation.resetline("people", "invite", "northwind", "omar.desk")
    newer = place.link_for("omar.desk", mails=3)
    browser.sized(PHONE)
    browser.open(older)
    assert browser.heading == "This link does not work"
    assert browser.hurdles() == []
    browser.goes_on()
    assert browser.heading == "Look at your mail"
    browser.open(newer)
    assert browser.heading == "Change your mobile number"


def _gets_back_to_work(place: Newcomers, username: str) -> None:
    """Confirmed by text and by mail, and then RESET does what it says."""
    number = NUMBERS[username]
    wait_for(lambda: any("this phone is set up" in t for t in place.installation.texts(number)))
    wait_for(lambda: any("is set up" in str(m["Subject"]) for m in place.mails_to(username)))
    before = len(place.installation.texts(number))
    place.installation.text("RESET", number)
    password = password_in(place.installation.answer(number, after=before))
    assert place.office.sign_in(username, password) == "773"
