"""Logs as JSON lines or for people; what could tell a secret is kept out of them."""

from __future__ import annotations

import logging
import re
import sys
from typing import Final, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

QUIET: Final = ("twilio", "urllib3", "requests", "ldap3", "rq", "redis", "alembic", "asyncio")
"""Libraries that tell of bodies, passwords or addresses below WARNING; ldap3 even shows secrets."""

_SECRET_KEY = re.compile(r"password|secret|token|code_sent|body|authorization", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\+\d{4,}(\d{4})")
_LINK = re.compile(r"(/activate/)[^\s/?#\"']+")
"""The web server names the path of a request that it could not answer."""


def configure(level: str, style: Literal["json", "console"]) -> None:
    """Set up the process's logging once, at start."""
    render: Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("rq.worker").setLevel(logging.WARNING)


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A last net under code that should never log a secret: by key, and by the shape of a value."""
    for key, value in event.items():
        if _SECRET_KEY.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = _LINK.sub(r"\1***", _LONG_NUMBER.sub(r"+***\1", value))
    return event
