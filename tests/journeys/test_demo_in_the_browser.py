"""What a newcomer does in `make demo`, in a real browser: reset, sign in, lock out and unlock."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as expect
from selenium.webdriver.support.wait import WebDriverWait

from tests.simulator.running_demo import RunningDemo, running_demo
from tests.told import word_in

SECONDS_TO_ANSWER = 30
NEW_PASSWORD = "my own long Passw0rd"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,1000",
)


class Page:
    """The phone of one person and the computer beside it, as they see them."""

    def __init__(self, browser: WebDriver, address: str, who: str) -> None:
        self._browser = browser
        self._wait = WebDriverWait(browser, SECONDS_TO_ANSWER)
        browser.get(f"{address}/?who={who}")

    def text(self, words: str) -> None:
        """Type a text and send it."""
        self._type("body", words)

    def one_time_password(self) -> str:
        """The one in the text that comes back."""
        return self._seen(".theirs .token").text

    def reply(self, about: str) -> str:
        """The text that comes back and has these words in it."""
        return self._wait.until(lambda _: self._words_with(about))

    def sign_in(self, password: str) -> None:
        """At the computer."""
        self._type("password", password)

    def choose(self, password: str) -> None:
        """A new one, twice, as Windows asks for it."""
        self._seen("#new-password").send_keys(password)
        self._type("again", password)

    def told(self) -> str:
        """What Windows says on a screen of its own; then it is taken away."""
        said = self._seen("#told").text
        self._seen("#told-ok").click()
        return said

    def refused(self) -> str:
        """What Windows says under the password."""
        return self._seen("#says:not(:empty)").text

    def welcome(self) -> str:
        """What Windows says to whoever has signed in."""
        return self._seen("#welcome").text

    def type_it_wrong(self) -> None:
        """With the button on the page."""
        self._seen("#mistype").click()

    def stands(self, how: str) -> str:
        """The mark on the account, once it is there."""
        return self._seen(f"#{how}").text

    def open_mail(self, about: str) -> None:
        """The one in the inbox with these words in its subject."""
        self._seen("#tab-inbox").click()
        self._wait.until(lambda _: self._mail_about(about)).click()

    def link_in_mail(self, words: str) -> str:
        """Where a link of the open mail leads to."""
        self._browser.switch_to.frame(self._seen("#mail-html"))
        located = (By.LINK_TEXT, words)
        address = self._wait.until(expect.visibility_of_element_located(located))
        found = str(address.get_attribute("href"))
        self._browser.switch_to.default_content()
        return found

    def _mail_about(self, about: str) -> WebElement | Literal[False]:
        mails = self._browser.find_elements(By.CSS_SELECTOR, ".mail-open")
        return next((each for each in mails if about in each.text), False)

    def _type(self, field: str, words: str) -> None:
        self._seen(f"#{field}").send_keys(words, "\n")

    def _seen(self, selector: str) -> WebElement:
        located = (By.CSS_SELECTOR, selector)
        return self._wait.until(expect.visibility_of_element_located(located))

    def _words_with(self, about: str) -> str | Literal[False]:
        """Read in one go: a bubble may be replaced while we look at it."""
        script = "return [...document.querySelectorAll('.theirs .words')].map(e => e.textContent)"
        bubbles: list[str] = self._browser.execute_script(script)
        return next((words for words in bubbles if about in words), False)


Visit = Callable[[str], Page]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    chromium, driver = _program("chromium"), _program("chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    started = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield started
    started.quit()


@pytest.fixture
def visit(
    demo: RunningDemo, browser: WebDriver, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """Opens a person's page; a test that fails leaves a picture of what was to be seen."""
    failed_before = request.session.testsfailed
    yield lambda who: Page(browser, demo.address, who)
    if request.session.testsfailed > failed_before:
        browser.save_screenshot(str(tmp_path / "as-it-was.png"))


def _program(name: str) -> str:
    """In CI its absence is a failure, never a skip."""
    found = shutil.which(name)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"needs {name}")
    if found is None:
        pytest.skip(f"needs {name}")
    return found


def test_a_person_resets_signs_in_and_chooses_a_new_password(visit: Visit) -> None:
    page = visit("mia.keller")

    page.text("RESET")
    page.text(word_in(page.reply("text back")))
    page.sign_in(page.one_time_password())
    assert "must be changed" in page.told()
    page.choose(NEW_PASSWORD)
    assert page.told() == "Your password has been changed."

    assert page.welcome() == "Welcome, Mia"


def test_a_person_locks_themselves_out_and_unlocks(visit: Visit) -> None:
    page = visit("sam.ortiz")

    page.type_it_wrong()
    assert page.stands("is-locked") == "Locked out"
    page.sign_in("anything")
    assert "locked out" in page.told()
    page.text("UNLOCK")

    assert page.stands("is-open") == "Not locked"
    assert "Northwind" in page.reply("unlocked")
    page.sign_in("anything")
    assert "incorrect" in page.refused()


def test_whoever_has_not_enrolled_finds_the_way_in_her_inbox(visit: Visit) -> None:
    page = visit("nina.alvarez")

    page.open_mail("set up your phone")

    assert re.match(r"http://127\.0\.0\.1:\d+/activate/", page.link_in_mail("Set up your phone"))


def test_an_administrator_is_sent_to_the_help_desk(visit: Visit) -> None:
    page = visit("dana.whitfield")

    page.text("RESET")

    assert "+1 202-555-0100" in page.reply("can't be helped by text")
