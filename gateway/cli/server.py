"""Runs the web process: gunicorn in this very process, logging as everything else does."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from gateway.app import create_app
from gateway.cli.shell import Failed
from gateway.settings import Settings

GRACEFUL_SECONDS: Final = 30
MEMORY_FOLDER: Final = Path("/dev/shm")  # noqa: S108  (gunicorn makes files without names there)


class OurLogging(Logger):  # type: ignore[misc]  # gunicorn is not typed
    """Gunicorn's messages go where all others go; who asked for what is not logged by it."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
        self.access_log.setLevel(logging.CRITICAL)


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn is not typed
    """Loads the app once, before the worker processes are forked: it connects to nothing yet."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings = settings
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return create_app(self._settings)


def serve(settings: Settings, host: str, port: int, *, workers: int, threads: int) -> None:
    """Serve until SIGTERM or SIGINT; requests in hand are finished first."""
    _refuse_if_taken(host, port)
    options: dict[str, Any] = {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "preload_app": True,
        "graceful_timeout": GRACEFUL_SECONDS,
        "logger_class": OurLogging,
        "accesslog": None,
        "control_socket_disable": True,
    }
    if os.access(MEMORY_FOLDER, os.W_OK):
        options["worker_tmp_dir"] = str(MEMORY_FOLDER)
    WebServer(settings, options).run()


def _refuse_if_taken(host: str, port: int) -> None:
    """Gunicorn would try for five seconds and then say nothing plain."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        reason = error.strerror or "it is not an address"
        raise Failed(
            f"cannot listen on port {port} of {host} ({reason}): choose another --port or --host"
        ) from None
