"""A real browser at pages of ours: a phone or a desktop, light or dark, and axe-core to look on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--force-prefers-reduced-motion",
)  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PHONE, DESKTOP = (390, 844), (1280, 800)
STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
WITHIN_SECONDS = 20


def installed(*names: str) -> str:
    """The first of these programs. Without any the tests are skipped by name; in CI they fail."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"no browser to try the page in: install {names[0]}")
    return found or pytest.skip(f"no browser to try the page in: {names[0]} is not installed")


@dataclass
class Chromium:
    """Looks at one page at a time."""

    driver: webdriver.Chrome

    def open(self, url: str) -> None:
        self.driver.get(url)

    def sized(self, size: tuple[int, int], *, dark: bool = False) -> None:
        """As a phone or a desktop shows it, by day or by night."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def types(self, field: str, text: str) -> None:
        found = self.driver.find_element(By.ID, field)
        found.clear()
        found.send_keys(text)

    def ticks(self, field: str) -> None:
        box = self.driver.find_element(By.ID, field)
        if not box.is_selected():
            box.click()

    def chooses(self, field: str, value: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, f"#{field} option[value='{value}']").click()

    def goes_on(self) -> None:
        """By the button of the page; until the next page is there.

        Asked just while the one page gives way to the other, the driver knows no better than to
        tell of an unknown error.
        """
        button = self.driver.find_element(By.CSS_SELECTOR, "main .button")
        button.click()
        patience = WebDriverWait(self.driver, WITHIN_SECONDS, 0.05, (WebDriverException,))
        patience.until(staleness_of(button))

    @property
    def heading(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "h1").text

    @property
    def words(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    @property
    def complaints(self) -> list[str]:
        """What the browser itself complained of, such as what a policy for content has blocked."""
        logged: list[dict[str, Any]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [each["message"] for each in logged if each["level"] in {"WARNING", "SEVERE"}]

    @property
    def is_too_wide(self) -> bool:
        """Whether somebody would have to scroll to the side."""
        script = "return document.documentElement.scrollWidth > window.innerWidth"
        return bool(self.driver.execute_script(script))

    def hurdles(self) -> list[str]:
        """What axe-core finds on this page that would stop somebody, by day and by night."""
        return sorted({each for dark in (False, True) for each in self._hurdles(dark=dark)})

    def _hurdles(self, *, dark: bool) -> list[str]:
        size = self.driver.execute_script("return [window.innerWidth, window.innerHeight]")
        self.sized((size[0], size[1]), dark=dark)
        self.driver.execute_script(axe())
        found = self.driver.execute_async_script(
            "const [standards, done] = arguments;"
            "axe.run({runOnly: standards}).then(found => done(found.violations))",
            list(STANDARDS),
        )
        return [
            f"{self.driver.title}: {each['id']} at {node['target']} ({'dark' if dark else 'light'})"
            for each in found
            for node in each["nodes"]
        ]


@cache
def axe() -> str:
    """The script of axe-core, out of the package that brings it."""
    spec = find_spec("axe_playwright_python")
    assert spec
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0], "axe.min.js").read_text(encoding="utf-8")


@contextmanager
def chromium(folder: Path, *, scripts: bool = True) -> Iterator[Chromium]:
    """A new one that has been nowhere yet."""
    options = webdriver.ChromeOptions()
    options.binary_location = installed(*BROWSERS)
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not scripts:
        never = {"profile.managed_default_content_settings.javascript": 2}
        options.add_experimental_option("prefs", never)
    driver = webdriver.Chrome(options=options, service=Service(installed("chromedriver")))
    try:
        yield Chromium(driver)
    finally:
        driver.quit()
