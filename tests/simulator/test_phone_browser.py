"""The page in a real browser: a locked-out person texts RESET, signs in and chooses a password."""

from __future__ import annotations

import re

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.simulator.browsing import MIA, PHONE, Page, World, browser, complaints, world

__all__ = ["browser", "world"]

# On Python 3.11 ldap3 still calls what that version deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")

ONE_TIME, CHOSEN = "Maple-Anchor-73-Violin", "A-Brand-New-Pass-9"


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
