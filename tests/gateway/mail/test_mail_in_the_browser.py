"""Mails as a real browser shows them: on small screens, by night, and to who cannot see them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from gateway.branding import Brand, Mark
from gateway.colors import Color
from gateway.mail.samples import facts_of
from gateway.mail.wording import Wording
from gateway.pictures import redrawn
from tests.pictures import logo

PROGRAMS = ("chromium", "chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = (360, 600)
SCHEMES = ("light", "dark")
GUIDELINES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ASK_AXE = """
const [tags, done] = arguments;
axe.run(document, {runOnly: {type: "tag", values: tags}})
  .then(({violations, passes}) => done([
    violations.map(({id, nodes}) => id + ": " + nodes.map(node => node.html).join(" ")),
    passes.length]));
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"needs {missing[0]}")
    if missing:
        pytest.skip(f"needs {missing[0]}")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def axe() -> str:
    """Only its script is wanted: the package around it needs a browser of its own."""
    found = find_spec("axe_playwright_python")
    if found is None or not found.submodule_search_locations:
        pytest.skip("needs axe-playwright-python, which `make test` installs")
    folder = Path(next(iter(found.submodule_search_locations)))
    return (folder / "axe.min.js").read_text("utf-8")


def page(folder: Path, template: str, color: str, *, with_logo: bool) -> Path:
    picture = redrawn(logo())
    mark = Mark(picture.digest, picture.width, picture.height, "Northwind")
    brand = Brand(
        "Northwind",
        "Example MSP",
        "+1 202-555-0100",
        Color(color),
        mark if with_logo else None,
        terms_url="https://msp.example/terms",
        privacy_url="https://msp.example/privacy",
    )
    written = Wording().write(template, "en", facts_of(template), brand, "logo.png")
    (folder / "logo.png").write_bytes(picture.content)
    (folder / "mail.html").write_text(written.html.get_secret_value(), encoding="utf-8")
    return folder / "mail.html"


def look(browser: webdriver.Chrome, width: int, scheme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def faults(browser: webdriver.Chrome, axe: str) -> list[str]:
    browser.execute_script(axe)
    found: Any = browser.execute_async_script(ASK_AXE, GUIDELINES)
    violations, passes = found
    assert passes > 5
    return list(violations)


@pytest.mark.parametrize(
    ("template", "color", "with_logo"),
    [
        ("activation", "#0b5fff", True),
        ("activation", "#ffdd00", False),
        ("enrolled", "#102030", True),
        ("number_changed", "#ffffff", False),
    ],
)
def test_a_mail_fits_every_screen_and_can_be_read_by_everybody(
    browser: webdriver.Chrome, axe: str, tmp_path: Path, template: str, color: str, with_logo: bool
) -> None:
    browser.get(page(tmp_path, template, color, with_logo=with_logo).as_uri())
    for width in WIDTHS:
        for scheme in SCHEMES:
            look(browser, width, scheme)
            needed = browser.execute_script("return document.documentElement.scrollWidth")
            assert needed <= width
            assert faults(browser, axe) == []


def test_the_screen_of_somebody_who_likes_it_dark_stays_dark(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    browser.get(page(tmp_path, "activation", "#0b5fff", with_logo=True).as_uri())
    grounds = []
    for scheme in SCHEMES:
        look(browser, 600, scheme)
        script = "return getComputedStyle(document.querySelector('.card')).backgroundColor"
        grounds.append(browser.execute_script(script))
    assert grounds == ["rgb(255, 255, 255)", "rgb(28, 33, 39)"]
