"""The templates of mails: those of the product, and an operator's own that take their place.

An operator's folder, which TEMPLATES_DIR names, is laid out as `templates` is: a text is looked for
in `email/<language>/<name>.txt`, its HTML beside it, and the frame of all in `email/layout.html`.
What is not in it is taken from the product.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, NamedTuple, Self

ROOT: Final = "email"
LAYOUT, PIECES, PLAIN = (f"{ROOT}/{name}.html" for name in ("layout", "pieces", "plain"))
FOOTER: Final = "footer"
"""The words of the frame in each language; a text ends with it too."""

_NAME: Final = re.compile(r"email/([a-z]{2,3}(?:-[A-Za-z]{2,4})?)/([a-z_]+)\.(txt|html)")
_MOST_BYTES: Final = 200_000


class FolderInvalid(ValueError):
    """An operator's folder cannot be used. The text says what is wrong with it."""


class Place(NamedTuple):
    """Where a template of one mail stands: its language, its name, and `txt` or `html`."""

    language: str
    name: str
    kind: str

    @classmethod
    def of(cls, path: str) -> Self | None:
        """None for what is shared by all, and for what is no template."""
        found = _NAME.fullmatch(path)
        return cls(*found.groups()) if found else None

    def __str__(self) -> str:
        return f"{ROOT}/{self.language}/{self.name}.{self.kind}"


def ours() -> dict[str, str]:
    """By path. Read through the package, so that it works from a wheel and from any folder."""
    folder = files("templates").joinpath(ROOT)
    return {path: each.read_text("utf-8") for path, each in _below(folder, ROOT)}


def checked(folder: str) -> Path:
    """Where an operator's templates are. Raises FolderInvalid where there are none."""
    root = Path(folder) / ROOT
    if not root.is_dir():
        raise FolderInvalid("give a folder that has a folder email in it, laid out as templates is")
    return root


def theirs(folder: str) -> dict[str, str]:
    """By path, and whatever else is there: it may be misspelt. Raises FolderInvalid."""
    root = checked(folder)
    try:
        return {path: _read(each, path) for path, each in _below(root, ROOT)}
    except OSError as error:
        raise FolderInvalid(f"it cannot be read ({error.strerror})") from None


def in_trial_order(found: Mapping[str, str]) -> list[str]:
    """What others stand on comes first: shared parts, then footers, and a text before its HTML."""
    return sorted(found, key=_rank)


def _rank(path: str) -> tuple[int, str]:
    place = Place.of(path)
    if place is None:
        return (0, path)
    if place.name == FOOTER:
        return (1, path)
    return (2 if place.kind == "txt" else 3, path)


def _read(file: Traversable, path: str) -> str:
    content = file.read_bytes()
    if len(content) > _MOST_BYTES:
        raise FolderInvalid(f"{path} is too large for a template")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FolderInvalid(f"{path} is not in UTF-8: save it anew") from None


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    """Every file with its path; hidden ones are what editors and systems leave behind."""
    for each in folder.iterdir():
        name = f"{path}/{each.name}"
        if each.name.startswith((".", "__")):
            continue
        if each.is_dir():
            yield from _below(each, name)
        else:
            yield name, each
