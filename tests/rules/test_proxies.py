"""The proxies in the documents pass on what the world needs, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest
from flask import Flask

from gateway.app import create_app
from tests.rules.test_house import as_called, settings

PAGE: Final = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
IN_THE_HOUSE: Final = {"/metrics", "/readyz"}
"""What monitoring and load balancers ask, who are on the same network."""

LOCATION: Final = re.compile(r"location (=|~)? ?(\S+) \{([^}]*)\}")

Passes = Callable[[str], bool]


def nginx(path: str) -> bool:
    """As nginx chooses: the longest prefix, unless an expression fits."""
    block = PAGE.partition("```nginx")[2].partition("```")[0]
    found = [match.groups() for match in LOCATION.finditer(block)]
    exact = [body for sign, rule, body in found if sign == "=" and rule == path]
    fitting = [body for sign, rule, body in found if sign == "~" and re.search(rule, path)]
    prefixes = [
        (len(rule), body) for sign, rule, body in found if not sign and path.startswith(rule)
    ]
    return "proxy_pass" in (exact or fitting or [max(prefixes)[1]])[0]


def caddy(path: str) -> bool:
    wanted = PAGE.partition("@ours path ")[2].partition("\n")[0].split()
    return any(fnmatchcase(path, each) for each in wanted)


def paths() -> Iterator[str]:
    """One for each route."""
    app: Flask = create_app(settings())
    for rule in app.url_map.iter_rules():
        yield as_called(rule.rule)


@pytest.mark.parametrize("passes", [nginx, caddy])
def test_a_proxy_passes_on_every_route_but_those_of_the_house(passes: Passes) -> None:
    kept_back = {path for path in paths() if not passes(path)}
    assert kept_back == IN_THE_HOUSE
    assert not any(map(passes, ("/", "/metrics/", "/admin", "/activate.php", "/healthzz")))


def test_no_activation_link_reaches_nginxs_log() -> None:
    [body] = [body for _, rule, body in LOCATION.findall(PAGE) if rule == "/activate/"]
    assert "access_log off;" in body
    assert "X-Forwarded-For $remote_addr" in body
