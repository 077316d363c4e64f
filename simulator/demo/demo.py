"""The demo from the first part to the invitation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from simulator.demo import directories, outside, ports
from simulator.demo.directories import DirectoryAccess
from simulator.demo.northwind import NEWCOMER_EMAIL, enrol
from simulator.demo.outside import Twilio
from simulator.demo.parts import Part, Parts
from simulator.demo.product import Product, surroundings
from simulator.demo.screen import Screen

PREFERRED_PORTS = {"page": 8010, "gateway": 8000, "directory": 6360, "redis": 6390, "mail": 8025}
SECONDS_TO_ANSWER = 60.0


class Demo:
    """One run. Where `samba_home` is given, a real domain is made there."""

    def __init__(self, parts: Parts, folder: Path, screen: Screen, samba_home: Path | None) -> None:
        self._parts = parts
        self._folder = folder
        self._screen = screen
        self._samba_home = samba_home
        found = ports.free_ports(PREFERRED_PORTS.values())
        self._ports = dict(zip(PREFERRED_PORTS, found, strict=True))
        self._twilio = Twilio(self._url("page"))
        self._surroundings = surroundings()

    def start(self) -> str:
        """Everything, as much of it at a time as can be; returns the address of the page."""
        redis, redis_url = outside.start_redis(
            self._parts, self._folder, self._ports["redis"], self._surroundings
        )
        state = self._folder / "directory.json"
        simulator = self._start_simulator(self._directory_options(state))
        with self._screen.step("The database"):
            product = Product(self._parts, self._surroundings, self._settings(redis_url))
            product.command("db", "upgrade")
        with self._screen.step("Redis"):
            self._wait(redis, lambda: ports.answers(self._ports["redis"]))
        with self._screen.step("Twilio, the phones and the computers"):
            self._wait_for_answer(simulator, f"{self._twilio.url}/simulator/ready")
        web = product.start(self._ports["gateway"])
        with self._screen.step("Northwind Traders: its people and its directory"):
            enrol(product, DirectoryAccess.read(state))
        with self._screen.step("The gateway: web, worker and clock"):
            self._wait_for_answer(web, f"{self._url('gateway')}/readyz")
        with self._screen.step("An activation email for Nina, who has not enrolled yet"):
            self._wait(simulator, lambda: outside.mails(self._twilio.url, NEWCOMER_EMAIL) > 0)
        return self._twilio.url

    def _start_simulator(self, options: list[str]) -> Part:
        webhook = f"{self._url('gateway')}/twilio/sms"
        return outside.start_simulator(
            self._parts,
            self._twilio,
            self._ports["page"],
            ["--webhook-url", webhook, "--smtp-port", str(self._ports["mail"]), *options],
            self._surroundings,
        )

    def _directory_options(self, state: Path) -> list[str]:
        if self._samba_home is None:
            return directories.simulated(state, self._ports["directory"])
        with self._screen.step("A Samba domain controller"):
            return directories.start_samba(self._parts, state, self._samba_home, self._surroundings)

    def _wait_for_answer(self, part: Part, url: str) -> None:
        self._wait(part, lambda: outside.succeeds(url))

    def _wait(self, part: Part, answers: Callable[[], bool]) -> None:
        self._parts.wait_for(part, answers, SECONDS_TO_ANSWER)

    def _settings(self, redis_url: str) -> Mapping[str, str]:
        """All that the product is told of where it is."""
        return {
            "DATABASE_URL": f"sqlite:///{self._folder}/resetline.db",
            "REDIS_URL": redis_url,
            "PUBLIC_URL": self._url("gateway"),
            "SMTP_URL": f"smtp://127.0.0.1:{self._ports['mail']}",
            "LOG_FORMAT": "console",
            **self._twilio.settings,
        }

    def _url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._ports[name]}"
