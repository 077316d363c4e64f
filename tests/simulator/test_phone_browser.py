"""The page in a real browser: a locked-out person texts RESET, signs in and chooses a password."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from simulator.active_directory import ActiveDirectoryServer, Sample, sample_domain
from simulator.app import create_app
from simulator.phone.desk import Desk
from simulator.phone.directory_window import DirectoryWindow
from simulator.phone.places import sample_people
from simulator.twilio import Account, Carrier, Pace, numbers_at, serving
from simulator.twilio.receiver import Receiver, receiving

# On Python 3.11 ldap3 still calls what that version deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")

OURS = "+12025550199"
MIA, PHONE = "mia.keller", "+12025550143"
ONE_TIME, CHOSEN = "Maple-Anchor-73-Violin", "A-Brand-New-Pass-9"
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

    def answer(self, body: str) -> str:
        callback = f"{self.receiver.url}/status"
        form = {"To": PHONE, "From": OURS, "Body": body, "StatusCallback": callback}
        return self.carrier.create(form).sid


@pytest.fixture
def world() -> Iterator[World]:
    sample = sample_domain()
    with ActiveDirectoryServer(sample.domain) as server, receiving() as receiver:
        numbers = numbers_at(f"{receiver.url}/sms", [OURS])
        carrier = Carrier.live(Account("AC" + "a" * 32, "token", numbers), pace=QUICK)
        window = window_on(server, sample)
        desk = Desk(carrier, sample_people(), OURS, window)
        with serving(create_app(desk, only_this_machine=True)) as url:
            yield World(url, carrier, receiver, sample)
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


@pytest.fixture
def page(browser: webdriver.Chrome, world: World) -> Page:
    return Page(browser, world)


def test_a_locked_out_person_gets_back_in(page: Page, world: World) -> None:
    page.tap("#mistype")
    page.see("#account", "Locked out")
    assert world.sample.domain.is_locked(MIA)

    page.tap("[data-text=RESET]")
    page.see(".mine[data-look=delivered]", "RESET")
    assert world.receiver.at("/sms")[0]["From"] == PHONE
    world.sample.domain.set_password(MIA, ONE_TIME, must_change=True)
    world.sample.domain.user(MIA).unlock()
    world.answer(f"Your one-time password is {ONE_TIME}")
    page.see(".theirs[data-look=delivered]", ONE_TIME)
    page.see("#must-change")

    page.tap(".theirs .token")
    page.tap("#sign-in .go")
    page.see("#told", "must be changed")
    page.tap("#told-ok")
    page.type("#new-password", CHOSEN)
    page.type("#again", CHOSEN, Keys.ENTER)
    page.see("#told", "has been changed")
    page.tap("#told-ok")
    page.see("#welcome", "Welcome, Mia")
    page.see("#lines", "took a new password that only they know")
    assert world.sample.domain.accepts(MIA, CHOSEN)


def test_a_phone_keeps_a_text_that_twilio_forgets(page: Page, world: World) -> None:
    sid = world.answer(f"Your one-time password is {ONE_TIME}")
    page.see(".theirs[data-look=delivered]", ONE_TIME)
    world.carrier.redact(sid)
    page.see("#lines", "forgot what the text said")
    page.see(".theirs", ONE_TIME)
    assert world.carrier.fetch(sid).body == ""


def test_what_does_not_arrive_is_red_and_a_wrong_password_is_told(page: Page, world: World) -> None:
    world.carrier.faults.undelivered(PHONE, 30003)
    world.answer("Nobody reads this")
    page.see("[data-look=failed]", "Not delivered (30003)")
    world.receiver.answers = [500]
    page.type("#body", "unlock", Keys.ENTER)
    page.see(".mine[data-look=failed]", "unlock")

    page.type("#password", "nonsense", Keys.ENTER)
    page.see("#says", "incorrect")


def test_a_new_text_is_announced_to_those_who_cannot_see_it(
    page: Page, world: World, browser: webdriver.Chrome
) -> None:
    world.answer("Your account is unlocked.")
    page.see(".theirs[data-look=delivered]")
    news = browser.find_element(By.ID, "news")
    assert news.get_attribute("aria-live") == "polite"
    assert news.get_attribute("textContent") == "New text: Your account is unlocked."


@pytest.mark.parametrize("width", [390, 1360])
def test_it_fits_its_window_and_asks_nobody_else(
    world: World, browser: webdriver.Chrome, width: int
) -> None:
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get("about:blank")  # The page of an earlier test misses its server by now, and says so.
    complaints(browser)
    Page(browser, world).see("#account", "Not locked")

    wide = browser.execute_script("return document.documentElement.scrollWidth")
    script = "return performance.getEntriesByType('resource').map((each) => each.name)"
    asked = browser.execute_script(script)
    assert wide <= width
    assert all(name.startswith(world.url) for name in asked)
    assert complaints(browser) == []
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def complaints(browser: webdriver.Chrome) -> list[object]:
    """What the console said since it was last asked; a breach of the page's policy is there."""
    return list(browser.get_log("browser"))  # type: ignore[no-untyped-call]


def test_every_control_has_a_name(page: Page, browser: webdriver.Chrome) -> None:
    page.see("#account", "Not locked")
    browser.execute_cdp_cmd("Accessibility.enable", {})
    tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    controls = [node for node in tree if is_control(node)]
    assert len(controls) > 10
    assert [node for node in controls if not re.search(r"\w", name_of(node))] == []


def is_control(node: dict[str, dict[str, str]]) -> bool:
    roles = {"button", "link", "textbox", "region", "navigation"}
    return not node["ignored"] and node.get("role", {}).get("value") in roles


def name_of(node: dict[str, dict[str, str]]) -> str:
    return node.get("name", {}).get("value", "")
