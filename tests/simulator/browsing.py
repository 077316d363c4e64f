"""The page in a real browser, and a small outside world in which the tests play the gateway."""

from __future__ import annotations

import os
import shutil
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from simulator.active_directory import ActiveDirectoryServer, Sample, sample_domain
from simulator.app import create_app
from simulator.mail import Mailboxes, taking_mail
from simulator.phone.desk import Desk
from simulator.phone.directory_window import DirectoryWindow
from simulator.phone.places import sample_people
from simulator.twilio import Account, Carrier, Pace, numbers_at, serving
from simulator.twilio.receiver import Receiver, receiving

OURS = "+12025550199"
MIA, PHONE = "mia.keller", "+12025550143"
QUICK = Pace(queued=0.01, sending=0.01, sent=0.01, final=0.01)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--force-prefers-reduced-motion",
)  # fmt: skip


def installed(*names: str) -> str:
    """The first of these programs. Without any the tests are skipped by name; in CI they fail."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"no browser to try the page in: install {names[0]}")
    return found or pytest.skip(f"no browser to try the page in: {names[0]} is not installed")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = installed(*BROWSERS)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(installed("chromedriver")))
    yield driver
    driver.quit()


@dataclass
class World:
    """The outside world, in which the test itself plays the gateway."""

    url: str
    carrier: Carrier
    receiver: Receiver
    sample: Sample
    mail_url: str

    def answer(self, body: str, to: str = PHONE) -> str:
        callback = f"{self.receiver.url}/status"
        form = {"To": to, "From": OURS, "Body": body, "StatusCallback": callback}
        return self.carrier.create(form).sid

    def send(self, mail: EmailMessage) -> None:
        """As the gateway does it."""
        parts = urlsplit(self.mail_url)
        with smtplib.SMTP(str(parts.hostname), parts.port or 0, "localhost", timeout=10) as smtp:
            smtp.send_message(mail)


@pytest.fixture
def world() -> Iterator[World]:
    sample, mailboxes = sample_domain(), Mailboxes()
    with (
        ActiveDirectoryServer(sample.domain) as server,
        receiving() as receiver,
        taking_mail(mailboxes) as mail_url,
    ):
        numbers = numbers_at(f"{receiver.url}/sms", [OURS])
        carrier = Carrier.live(Account("AC" + "a" * 32, "token", numbers), pace=QUICK)
        window = window_on(server, sample)
        desk = Desk(carrier, sample_people(), OURS, window, mailboxes)
        with serving(create_app(desk, only_this_machine=True)) as url:
            yield World(url, carrier, receiver, sample, mail_url)
            carrier.close()
        window.close()


def window_on(server: ActiveDirectoryServer, sample: Sample) -> DirectoryWindow:
    return DirectoryWindow(
        server.url,
        Path(server.ca_file),
        sample.service_dn,
        sample.service_password,
        sample.domain.base_dn,
    )


class Page:
    """What a person sees and does. Everything waits for what it looks for."""

    def __init__(self, browser: webdriver.Chrome, world: World, who: str = MIA) -> None:
        self._browser = browser
        browser.get(f"{world.url}/?who={who}")

    def see(self, where: str, what: str = "") -> WebElement:
        return self._until(lambda: self._visible(where, what))

    def tap(self, where: str) -> None:
        self.see(where).click()

    def type(self, where: str, *keys: str) -> None:
        self.see(where).send_keys(*keys)

    @contextmanager
    def within(self, frame: str) -> Iterator[None]:
        """For as long as this lasts, what is in this frame is seen and tapped."""
        self._browser.switch_to.frame(self.see(frame))
        try:
            yield
        finally:
            self._browser.switch_to.default_content()

    def _visible(self, where: str, what: str) -> WebElement | None:
        found = self._browser.find_elements(By.CSS_SELECTOR, where)
        return next((each for each in found if each.is_displayed() and what in each.text), None)

    def _until(self, look: Callable[[], WebElement | None]) -> WebElement:
        patience = WebDriverWait(
            self._browser, 15, 0.05, ignored_exceptions=(StaleElementReferenceException,)
        )
        found = patience.until(lambda _: look())
        assert found is not None
        return found


def complaints(browser: webdriver.Chrome) -> list[object]:
    """What the console said since it was last asked; a breach of the page's policy is there."""
    return list(browser.get_log("browser"))  # type: ignore[no-untyped-call]
