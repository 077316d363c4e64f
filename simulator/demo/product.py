"""Everything that the demo asks of the product: through its command line and its settings only."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from honcho.environ import parse_procfile

from simulator.demo.parts import ROOT, Part, Parts

NOT_INHERITED = (
    "DATABASE_", "REDIS_", "SECRET_KEYS", "PUBLIC_URL", "TWILIO_", "SMTP_", "MAIL_", "TEMPLATES_",
    "METRICS_", "LOG_", "GUNICORN_", "WEB_CONCURRENCY", "PORT",
)  # fmt: skip


class Product:
    """The product as its operator meets it, with a key made for this run."""

    def __init__(
        self, parts: Parts, environment: Mapping[str, str], settings: Mapping[str, str]
    ) -> None:
        self._parts = parts
        self._environment = {**environment, **settings}
        self._environment["SECRET_KEYS"] = self.command("keys", "new").strip()

    def command(self, *words: str) -> str:
        """`resetline …`; returns what it printed. Raises CommandFailed."""
        called = " ".join(["resetline", *words])
        command = [sys.executable, "-m", "gateway.cli", *words]
        return self._parts.run(called, command, self._environment)

    def start(self, port: int) -> Part:
        """What the Procfile says should run, for this machine alone; returns the web."""
        commands = parse_procfile((ROOT / "Procfile").read_text()).processes
        commands.pop("release")
        commands["web"] += " --host 127.0.0.1"
        environment = {**self._environment, "PORT": str(port)}
        started = {
            name: self._parts.start(name, ["/bin/sh", "-c", f"exec {command}"], environment)
            for name, command in commands.items()
        }
        return started["web"]


def surroundings() -> dict[str, str]:
    """Our environment without the settings of another Resetline that somebody may have at hand.

    Our own `bin` comes first on the PATH, and no proxy comes between the parts.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    own_bin = str(Path(sys.executable).parent)
    kept["PATH"] = os.pathsep.join((own_bin, kept.get("PATH", os.defpath)))
    kept["NO_PROXY"] = kept["no_proxy"] = "127.0.0.1,localhost"
    return kept
