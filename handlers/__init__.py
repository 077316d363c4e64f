"""Reads a text and says what it means: finds the one handler whose word the whole text is."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final, Protocol

from handlers import unknown
from handlers.claims import WordClaimedTwice, WordReserved
from handlers.conversation import Answer, Caller, Text
from handlers.reserved import WORDS_OF_CARRIERS

__all__ = ["WordClaimedTwice", "WordReserved", "gather", "read"]


class Handler(Protocol):
    """A module of this package that claims words. It decides; it does nothing."""

    __name__: str
    WORDS: tuple[str, ...]

    def answer(self, text: Text, caller: Caller) -> Answer: ...


def read(text: Text, caller: Caller) -> Answer:
    """What the text means. Only a whole text acts: `RESET 2` and `please reset` are unknown."""
    return _ANSWERS.get(" ".join(text.words), unknown.answer)(text, caller)


def gather(modules: Iterable[Handler]) -> Mapping[str, Callable[[Text, Caller], Answer]]:
    """Who answers which word. Raises WordReserved or WordClaimedTwice, naming word and module."""
    owners: dict[str, Handler] = {}
    for module in modules:
        for word in module.WORDS:
            spoken = " ".join(Text(word).words)
            _refuse_reserved(spoken, word, module)
            _refuse_second(spoken, word, module, owners)
            owners[spoken] = module
    return MappingProxyType({word: module.answer for word, module in owners.items()})


def _refuse_reserved(spoken: str, word: str, module: Handler) -> None:
    owner = WORDS_OF_CARRIERS.get(spoken)
    if owner not in {None, _short_name(module)}:
        raise WordReserved(
            f"{module.__name__} claims {word!r}, but carriers answer that word themselves:"
            f" only handlers/{owner}.py may claim it"
        )


def _refuse_second(spoken: str, word: str, module: Handler, owners: Mapping[str, Handler]) -> None:
    if spoken in owners:
        raise WordClaimedTwice(
            f"{module.__name__} claims {word!r}, but {owners[spoken].__name__} has claimed it"
        )


def _short_name(module: Handler) -> str:
    return module.__name__.rpartition(".")[2]


def _handlers() -> Iterator[Handler]:
    """The modules of this package that define WORDS, in the order of their names."""
    for found in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        if hasattr(module, "WORDS"):
            yield module


# Gathered when the package is imported, so that a wrong word stops the start, not a person's text.
_ANSWERS: Final = gather(_handlers())
