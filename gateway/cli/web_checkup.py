"""The doctor's checks of the way in: whether the world reaches the web process, and all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import requests

from gateway.cli.findings import Finding, good, warning
from gateway.settings import Settings

ANSWERS_WITHIN_SECONDS: Final = 5
PAGES: Final = ("/activate/doctor", "/terms")
"""Each is a page of ours, whoever opens it: the link of the first is nobody's."""

FOR_PEOPLE: Final = "/activate/, /logos/, /static/, /brand/, /terms and /privacy"


def public_url(settings: Settings) -> Iterator[Finding]:
    """Whether the web process answers there; from inside a network that can be hard to tell."""
    url = settings.public_url
    if url.startswith("http://"):
        advice = "give the https:// address that the world uses, unless this is a trial"
        yield warning("public url", f"only this machine reaches {url}, Twilio does not", advice)
    elif not settings.trusted_proxies:
        advice = "set TRUSTED_PROXIES to how many proxies stand before the web process"
        yield warning("proxies", "whoever opens a page seems to come from the proxy", advice)
    if not _is_alive(url):
        advice = "start `resetline web`, and look at the proxy before it and at PUBLIC_URL"
        yield warning("public url", f"nothing of ours answers at {url} from here", advice)
        return
    yield good("public url", f"the web process answers at {url}")
    yield _pages(url)


def _pages(url: str) -> Finding:
    """A proxy that passes on what Twilio needs may keep back what people need."""
    if all(map(_is_page, (f"{url}{path}" for path in PAGES))):
        return good("activation pages", "they can be opened from outside")
    advice = f"let the proxy pass on {FOR_PEOPLE}"
    return warning("activation pages", "links in mails lead nowhere", advice)


def _is_alive(url: str) -> bool:
    try:
        answer = requests.get(f"{url}/healthz", timeout=ANSWERS_WITHIN_SECONDS)
        return answer.status_code == 200 and answer.json().get("status") == "alive"
    except (requests.RequestException, ValueError, AttributeError):
        return False


def _is_page(url: str) -> bool:
    """Ours asks not to be found by search engines; whatever a proxy shows instead does not."""
    try:
        answer = requests.get(url, timeout=ANSWERS_WITHIN_SECONDS, allow_redirects=False)
    except requests.RequestException:
        return False
    return "noindex" in answer.headers.get("X-Robots-Tag", "")
