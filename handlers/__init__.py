"""Says what is to be done about a text whose meaning is known: one handler for each meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from handlers import choose, help, not_me, reset, start, status, stop, unknown, unlock  # noqa: A004
from handlers.conversation import Answer, Caller, Text
from handlers.meaning import Intent, Meaning

Handler = Callable[[Meaning, Caller], Answer]
"""Decides; does nothing."""


def read(meaning: Meaning | None, text: Text, caller: Caller) -> Answer:
    """What is to be done. A text without a meaning may still answer what they were asked."""
    if meaning is not None:
        return HANDLERS[meaning.intent](meaning, caller)
    return choose.replied(text, caller) or unknown.answer(caller)


HANDLERS: Final[Mapping[Intent, Handler]] = MappingProxyType(
    {
        Intent.RESET: reset.answer,
        Intent.UNLOCK: unlock.answer,
        Intent.STATUS: status.answer,
        Intent.HELP: help.answer,
        Intent.NOT_ME: not_me.answer,
        Intent.STOP: stop.answer,
        Intent.START: start.answer,
    }
)
