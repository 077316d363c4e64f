"""The inbox in a real browser: mail comes in, is opened and followed, and can do nothing else."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.simulator.browsing import Page, World, browser, complaints, world

__all__ = ["browser", "world"]

# On Python 3.11 ldap3 still calls what that version deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")

NINA, PHONE = "nina.alvarez", "+12025550155"
ONE_RED_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
HOSTILE = """
<meta http-equiv="refresh" content="0; url={elsewhere}/refresh">
<base href="{elsewhere}/">
<link rel="stylesheet" href="{elsewhere}/style.css"><style>@import "{elsewhere}/more.css";</style>
<script>top.location = "{elsewhere}/top"; fetch("{elsewhere}/fetch")</script>
<img src="{elsewhere}/pixel.png"><img src="nowhere.png" onerror="top.name = 'taken'">
<iframe src="{elsewhere}/frame"></iframe><object data="{elsewhere}/object"></object>
<video src="{elsewhere}/video" autoplay></video><input autofocus onfocus="top.name = 'taken'">
<div style="background: url({elsewhere}/background); position: fixed; inset: 0">
<a id="top" href="{elsewhere}/top" target="_top">up</a>
<form id="form" action="{elsewhere}/form" method="post"><button id="send">Send</button></form>
<p id="end">Read to the end.</p>
"""


def written(world: World, html: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Lakeside IT <help@lakeside.example.test>"
    mail["To"] = "nina.alvarez@northwind.example.test"
    mail["Subject"] = "Set up your phone"
    mail.set_content(f"Hello Nina,\nopen {world.receiver.url}/activate/by-text\n")
    mail.add_alternative(html or in_html(world), subtype="html")
    part = mail.get_body(("html",))
    assert part is not None
    part.add_related(ONE_RED_PIXEL, "image", "png", cid="<logo@here>")
    return mail


def in_html(world: World) -> str:
    link = f"{world.receiver.url}/activate/by-button"
    return (
        '<!doctype html><html><head><title>x</title></head><body style="margin: 0">'
        f'<img id="logo" src="cid:logo@here" alt="Logo"><a id="go" href="{link}">Set up</a>'
        "</body></html>"
    )


@pytest.fixture
def page(browser: webdriver.Chrome, world: World) -> Page:
    return Page(browser, world, NINA)


def test_mail_comes_in_is_opened_and_its_link_followed_in_a_new_tab(
    page: Page, world: World, browser: webdriver.Chrome
) -> None:
    page.tap("#tab-inbox")
    page.see("#no-mail", "No mail yet")
    world.send(written(world))
    page.see("#mails .mail[data-opened=false]", "Lakeside IT")
    page.see("[aria-current] .count", "1")
    assert browser.find_element(By.ID, "news").get_attribute("textContent") == (
        "New mail: Set up your phone"
    )

    page.tap(".mail-open")
    page.see("#letter-subject", "Set up your phone")
    with page.within("#mail-html"):
        page.see("#go")
        assert browser.execute_script("return document.getElementById('logo').naturalWidth") == 1
        page.tap("#go")

    assert followed(browser, world) == "/activate/by-button"
    page.tap("#mail-back")
    page.see(".mail[data-opened=true]")
    assert not browser.find_element(By.CSS_SELECTOR, "[aria-current] .count").is_displayed()


def followed(browser: webdriver.Chrome, world: World) -> str:
    """Where the new tab has gone; it is closed again. It came from nowhere that it is told of."""
    here = browser.current_window_handle
    patience = WebDriverWait(browser, 15, 0.05)
    patience.until(lambda each: len(each.window_handles) == 2)
    [other] = set(browser.window_handles) - {here}
    browser.switch_to.window(other)
    patience.until(lambda each: each.current_url.startswith(world.receiver.url))
    address = browser.current_url
    assert browser.execute_script("return [window.opener, document.referrer]") == [None, ""]
    browser.close()
    browser.switch_to.window(here)
    return str(address).removeprefix(world.receiver.url)


def test_the_plain_text_is_one_tap_away_and_its_link_works_too(
    page: Page, world: World, browser: webdriver.Chrome
) -> None:
    world.send(written(world))

    page.tap("#mail-banner")
    page.tap("#show-text")
    page.tap("#mail-text a")

    assert followed(browser, world) == "/activate/by-text"
    assert not browser.find_element(By.ID, "mail-html").is_displayed()
    page.tap("#show-html")
    page.see("#mail-html")


def test_a_hostile_mail_can_only_be_read(
    page: Page, world: World, browser: webdriver.Chrome
) -> None:
    world.send(written(world, HOSTILE.replace("{elsewhere}", world.receiver.url)))
    before = browser.execute_script("return [location.href, document.title, window.name]")

    page.tap("#mail-banner")
    with page.within("#mail-html"):
        page.see("#end", "Read to the end.")
        page.tap("#send")
    page.type("#body", "still here", Keys.ENTER)
    page.see(".mine[data-look=delivered]", "still here")

    assert browser.execute_script("return [location.href, document.title, window.name]") == before
    assert [each.path for each in world.receiver.received] == ["/sms"]
    with page.within("#mail-html"):
        page.tap("#top")
    assert followed(browser, world) == "/top"
    complaints(browser)  # Of the policy, which has refused all the rest.


def test_a_code_is_copied_in_one_tap(page: Page, world: World, browser: webdriver.Chrome) -> None:
    world.answer("Your code is 482913.\n\n@reset.example.test #482913", to=PHONE)

    page.see(".theirs[data-look=delivered]")
    page.tap(".theirs .code")
    page.see(".code[data-does=Copied]")
    page.type("#body", Keys.CONTROL, "v")

    assert browser.find_element(By.ID, "body").get_property("value") == "482913"


def test_a_password_in_a_text_brings_the_computer_back(page: Page, world: World) -> None:
    world.answer("Your one-time password is Maple-Anchor-73-Violin", to=PHONE)
    page.tap("#tab-inbox")

    page.tap(".theirs .token")

    page.see("#sign-in")
    page.tap("#sign-in .go")
    page.see("#says", "incorrect")


def test_the_tabs_can_be_changed_by_the_keyboard(page: Page) -> None:
    page.type("#tab-computer", Keys.ARROW_RIGHT)
    page.see("#no-mail")
    page.type("#tab-inbox", Keys.ARROW_RIGHT)
    page.see("#sign-in")


@pytest.mark.parametrize("width", [390, 1360])
def test_an_open_mail_fits_its_window_and_asks_nobody_else(
    world: World, browser: webdriver.Chrome, width: int
) -> None:
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get("about:blank")  # The page of an earlier test misses its server by now, and says so.
    complaints(browser)
    world.send(written(world))
    page = Page(browser, world, NINA)
    page.see("#mails .mail")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width

    page.tap("#mail-banner")
    page.see("#letter-subject")

    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    with page.within("#mail-html"):
        page.see("#go")
    assert complaints(browser) == []
    assert world.receiver.received == []
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
