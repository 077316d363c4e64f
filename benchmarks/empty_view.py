"""The least that could answer a webhook: an empty Flask view, under our own gunicorn settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch
from urllib.request import urlopen

from flask import Flask, Response

from benchmarks.installation import started
from gateway import logs
from gateway.cli import processes, server
from gateway.doors.twilio import EMPTY_TWIML
from gateway.settings import Settings
from tests.installation import Process, free_port

ROOT = Path(__file__).parents[1]


def create_app(_: object) -> Flask:
    """It reads nothing of what comes, and keeps nothing."""
    app = Flask("empty", static_folder=None)
    app.add_url_rule("/readyz", view_func=lambda: "ready")
    app.add_url_rule("/twilio/sms", view_func=_answer, methods=["POST"])
    return app


def _answer() -> Response:
    return Response(EMPTY_TWIML, mimetype="text/xml")


@dataclass
class EmptyView(Process):
    """The web process with that view in the place of ours."""

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.empty_view", *self.arguments],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                cwd=ROOT,
                start_new_session=True,
            )


@contextmanager
def serving(folder: Path) -> Iterator[tuple[EmptyView, int, float]]:
    """Yields the process, its port, and the seconds until it was ready."""
    port = free_port()
    view = EmptyView("empty view", (str(port),), {}, folder / "empty.log")
    try:
        yield view, port, started(view, lambda: _is_ready(port))
    finally:
        view.stop()


def _is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _default(name: str) -> Any:
    """Of `resetline web`, so that both always have the same number of everything."""
    return next(each.default for each in processes.web.params if each.name == name)


def main() -> None:
    logs.configure("INFO", "json")
    counts = {name: int(_default(name)) for name in ("workers", "threads")}
    with patch.object(server, "create_app", create_app):
        server.serve(cast("Settings", None), "127.0.0.1", int(sys.argv[1]), **counts)


if __name__ == "__main__":
    main()
