"""Reads the words that people text, one file in each language's folder."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from handlers.languages import NOTHING, GroupUnknown, Language
from handlers.meaning import OURS
from handlers.vocabulary import Vocabulary

FILE: Final = "words.toml"

_COMMANDS: Final = {intent.value: ("words", "phrases") for intent in OURS}
_SECTIONS: Final = {**_COMMANDS, NOTHING: ("words", "phrases"), "ordinary": ("words",)}
_GROUPS: Final = "groups"


class WordsMalformed(Exception):
    """A file of words can't be used as it is; the text names the file and what is wrong in it."""


@cache
def vocabulary() -> Vocabulary:
    """That of all languages; read and indexed once, so that a mistake stops the start.

    Raises WordsMalformed, WordReserved or WordClaimedTwice.
    """
    return vocabulary_of(_ours())


def languages() -> Mapping[str, Language]:
    """The words of all languages as their files have them."""
    return _languages(_ours())


def vocabulary_of(folder: Traversable) -> Vocabulary:
    """The words of each language that has a folder there and a file of words in it."""
    try:
        return Vocabulary(_languages(folder))
    except GroupUnknown as error:
        raise WordsMalformed(f"{FILE}: {error}") from error


def _ours() -> Traversable:
    return files("templates").joinpath("sms")


def _languages(folder: Traversable) -> Mapping[str, Language]:
    return {name: _read(file, f"{name}/{FILE}") for name, file in _files(folder)}


def _files(folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for language in sorted(folder.iterdir(), key=lambda each: each.name):
        if language.is_dir() and (file := language.joinpath(FILE)).is_file():
            yield language.name, file


def _read(file: Traversable, name: str) -> Language:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WordsMalformed(f"{name}: {error}") from error
    for wrong in _wrong(content):
        raise WordsMalformed(f"{name}: {wrong}")
    return content


def _wrong(content: Mapping[str, Any]) -> Iterator[str]:
    """What is missing, or not as it should be; in the order of the sections."""
    for section, keys in _SECTIONS.items():
        for key in keys:
            if not _is_words(content.get(section), key):
                yield f"{section}.{key} has to be a list of words"
    groups = content.get(_GROUPS)
    if not isinstance(groups, dict):
        yield f"the section {_GROUPS} is missing"
        return
    yield from (
        f"{_GROUPS}.{name} has to be a list of words"
        for name in groups
        if not _is_words(groups, name)
    )
    yield from _unknown(content)


def _unknown(content: Mapping[str, Any]) -> Iterator[str]:
    for section, has in content.items():
        if section == _GROUPS:
            continue
        known = _SECTIONS.get(section)
        if known is None:
            yield f"there is no section {section}; there are {', '.join([*_SECTIONS, _GROUPS])}"
        else:
            yield from (
                f"{section} has no {key}, but {' and '.join(known)}"
                for key in has
                if key not in known
            )


def _is_words(section: object, key: str) -> bool:
    """A list with something in it, and nothing but words: without letters none would be found."""
    words = section.get(key) if isinstance(section, dict) else None
    if not isinstance(words, list) or not words:
        return False
    return all(isinstance(each, str) and any(map(str.isalpha, each)) for each in words)
