"""Every activation page in a real browser: on a phone and at a desk, by day and by night."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from sqlalchemy import update
from werkzeug.serving import WSGIRequestHandler, make_server

from gateway.app import create_app
from gateway.pictures import redrawn
from gateway.records import Logo, Organization
from gateway.wiring import Gateway
from tests.chromium import DESKTOP, PHONE, WITHIN_SECONDS, Chromium, chromium
from tests.databases import fresh_sqlite
from tests.gateway.doors.conftest import web_settings
from tests.gateway.engine.enrolment.conftest import (
    NINA,
    Newcomer,
    add_person,
    other_than,
    policy,
)
from tests.pictures import logo
from tests.world import World

COLORS = ("#ffd400", "#101820")
"""One that nobody could read on white, and one that hardly shows at night."""

NARROW = (320, 640)
"""As 1280 pixels are at four times their size (WCAG 2.2, 1.4.10)."""


class Site:
    """The real web app on the records of a world, and Nina, who has got her mail."""

    def __init__(self, url: str, world: World, nina: Newcomer) -> None:
        self.url = url
        self.world = world
        self.nina = nina

    def link(self, page: str = "", who: Newcomer | None = None) -> str:
        """Limits are tried elsewhere."""
        self.world.limits.taken.clear()
        return f"{self.url}/activate/{(who or self.nina).token}" + (f"/{page}" if page else "")


class Quiet(WSGIRequestHandler):
    """Who asked for what is not written down."""

    def log(self, *_: Any) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    world = World(fresh_sqlite(tmp_path))
    nina = add_person(world, "nina.alvarez")
    nina.invited()
    with serving(world) as url:
        yield Site(url, world, nina)
    world.close()


@contextmanager
def serving(world: World) -> Iterator[str]:
    """At an address that is known before the app is, as it makes its links from it."""
    apps: list[Flask] = []

    def app(environ: Any, start: Any) -> Any:
        return apps[0](environ, start)

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    url = f"http://127.0.0.1:{server.server_port}"
    gateway = Gateway(web_settings(database_url=world.database_url, public_url=url), world.clock)
    gateway.__dict__.update(
        seal=world.seal, links=world.links, limits=world.limits, enrolment=world.enrolment
    )
    apps.append(create_app(gateway.settings, gateway))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield url
    server.shutdown()
    server.server_close()
    gateway.database.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A browser that runs no scripts."""
    with chromium(tmp_path_factory.mktemp("plain"), scripts=False) as browser:
        yield browser


def looks_the_same_to_everybody(browser: Chromium) -> None:
    """Nothing that axe-core knows of stops anybody, in any size and light."""
    hurdles: list[str] = []
    for size in (PHONE, DESKTOP):
        browser.sized(size)
        hurdles += browser.hurdles()
        assert not browser.is_too_wide
    assert hurdles == []
    browser.sized(NARROW)
    assert not browser.is_too_wide
    browser.sized(PHONE)


def enrols(site: Site, browser: Chromium, see: Callable[[Chromium], None]) -> None:
    """All the way, with each mistake once."""
    browser.sized(PHONE)
    browser.open(site.link())
    see(browser)
    browser.goes_on()
    see(browser)
    browser.goes_on()
    assert "This number cannot be used" in browser.words
    browser.types("number", "(415) 555-0177")
    browser.goes_on()
    assert "Tick the box" in browser.words
    see(browser)
    browser.ticks("agrees")
    browser.goes_on()
    site.world.work()
    assert "(415) 555-0177" in browser.words
    see(browser)
    [code] = site.nina.codes()
    browser.types("code", other_than(code))
    browser.goes_on()
    assert "2 tries left" in browser.words
    see(browser)
    browser.types("code", f"{code[:3]} {code[3:]}")
    browser.goes_on()
    assert browser.heading == "Your phone is set up"
    see(browser)


@pytest.mark.parametrize("color", COLORS)
def test_everybody_gets_from_the_first_page_to_the_last(
    site: Site, browser: Chromium, color: str
) -> None:
    with site.world.database.transaction() as session:
        session.execute(update(Organization).values(color=color, support="+1 202-555-0199"))
    browser.complaints  # noqa: B018  (those of an earlier page are forgotten)
    enrols(site, browser, looks_the_same_to_everybody)
    assert [each for each in browser.complaints if "status of 422" not in each] == []


def test_everybody_gets_there_without_scripts(site: Site, plain: Chromium) -> None:
    enrols(site, plain, lambda _: None)


def test_the_other_pages_have_no_hurdles_either(site: Site, browser: Chromium) -> None:
    paths = [site.link("fresh"), site.link("terms"), f"{site.url}/terms", f"{site.url}/privacy"]
    for url in (f"{site.url}/activate/made-up", *paths, site.link("no-such-page")):
        browser.open(url)
        looks_the_same_to_everybody(browser)
    site.world.limits.can_say = False
    browser.open(site.link())
    assert browser.heading == "Try again later"
    looks_the_same_to_everybody(browser)


def test_with_a_logo_a_password_and_a_help_desk_that_has_to_agree(
    site: Site, browser: Chromium
) -> None:
    give_a_logo(site.world)
    policy(site.world, enrol_proof="directory_password")
    browser.open(site.link())
    [picture] = browser.driver.find_elements(By.CSS_SELECTOR, "header img")
    assert picture.get_property("naturalWidth")
    looks_the_same_to_everybody(browser)
    browser.open(site.link("password"))
    browser.goes_on()
    assert "Type the password" in browser.words
    looks_the_same_to_everybody(browser)
    policy(site.world, enrol_proof="operator")
    browser.open(site.link("number"))
    browser.types("number", "(415) 555-0177")
    browser.ticks("agrees")
    browser.goes_on()
    site.world.work()
    browser.types("code", site.nina.codes()[0])
    browser.goes_on()
    assert browser.heading == "One step is left"
    looks_the_same_to_everybody(browser)


def give_a_logo(world: World) -> None:
    picture = redrawn(logo())
    kept = Logo(
        digest=picture.digest,
        media_type="image/png",
        width=picture.width,
        height=picture.height,
        content=picture.content,
        created_at=world.clock(),
    )
    with world.database.transaction() as session:
        session.add(kept)
        session.flush()
        session.execute(update(Organization).values(logo_id=kept.id))


def test_at_a_desk_the_phone_takes_our_number_with_its_camera(
    site: Site, browser: Chromium
) -> None:
    mia = Newcomer(site.world, "mia.keller", NINA)
    mia.enrols()
    browser.open(site.link("done", mia))
    assert "held back for 24 hours" in browser.words
    for size, at_a_desk in ((DESKTOP, True), (PHONE, False)):
        browser.sized(size)
        assert shows(browser, ".qr svg") is at_a_desk
        assert shows(browser, "a[href^='sms:']") is not at_a_desk
    looks_the_same_to_everybody(browser)


def shows(browser: Chromium, what: str) -> bool:
    return any(each.is_displayed() for each in browser.driver.find_elements(By.CSS_SELECTOR, what))


def test_the_keyboard_alone_is_enough_and_always_seen(site: Site, browser: Chromium) -> None:
    """From the top of a page to its button; what has the focus has a ring around it."""
    browser.open(site.link("number"))
    ring = "const ring = getComputedStyle(document.activeElement); return ring.outlineStyle"
    body = browser.driver.find_element(By.TAG_NAME, "body")
    body.send_keys("\t")
    reached = []
    for _ in range(12):
        at = browser.driver.switch_to.active_element
        reached.append(at.get_attribute("id") or at.text)
        assert browser.driver.execute_script(ring) == "solid"
        if at.tag_name == "button":
            break
        at.send_keys("\t")
    assert reached[:3] == ["country", "number", "agrees"]
    assert reached[-1] == "Text me the code"


def test_what_can_be_tapped_is_large_enough_for_a_thumb(site: Site, browser: Chromium) -> None:
    site.nina.enrols()
    browser.sized(PHONE)
    browser.open(site.link("done"))
    targets = browser.driver.find_elements(By.CSS_SELECTOR, "main a, footer .links a")
    sizes = {each.text: each.size["height"] for each in targets if each.is_displayed()}
    assert len(sizes) > 6
    assert [text for text, height in sizes.items() if height < 44] == []


def test_the_script_counts_down_to_when_the_code_can_be_sent_again(
    site: Site, browser: Chromium
) -> None:
    site.nina.asks_for_a_code()
    browser.open(site.link("code"))
    assert "sent again in 2:00" in browser.words or "sent again in 1:5" in browser.words
    site.world.clock.forward(120)
    browser.open(site.link("code"))
    assert "sent again now" in browser.words


def test_a_phone_that_hands_over_the_code_fills_it_in(site: Site, browser: Chromium) -> None:
    """By WebOTP, which Chromium has only with a phone: here the test plays the phone."""
    phone = "window.OTPCredential ??= class {};navigator.credentials.get = async () => ({code})"
    command = "Page.addScriptToEvaluateOnNewDocument"
    site.nina.asks_for_a_code()
    [code] = site.nina.codes()
    source = f"const code = '{code}';{phone}"
    added = browser.driver.execute_cdp_cmd(command, {"source": source})
    browser.open(site.link("code"))
    browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    WebDriverWait(browser.driver, WITHIN_SECONDS).until(
        lambda driver: driver.find_element(By.ID, "code").get_property("value") == code
    )
    assert browser.heading == "Type the code"
    browser.goes_on()
    assert browser.heading == "Your phone is set up"
