"""A mail once it is taken apart: who wrote, the words in both forms, and what is enclosed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

SNIPPET_CHARACTERS = 140
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What is shown as a picture. An SVG is a document of its own and is not among them."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote, as they call themselves."""

    name: str
    address: str

    @property
    def shown(self) -> str:
        return self.name or self.address or "Nobody"

    @property
    def initial(self) -> str:
        return next((each.upper() for each in self.shown if each.isalnum()), "?")


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A picture that the words show, or a file that comes with them."""

    name: str
    kind: str
    content: bytes = field(repr=False)
    content_id: str = ""

    @property
    def is_picture(self) -> bool:
        return self.kind in PICTURES

    @property
    def is_shown(self) -> bool:
        """In the midst of the words, by the name that they have for it."""
        return bool(self.content_id) and self.is_picture


@dataclass(frozen=True)
class Letter:
    """An empty `html` or `text` is one that was not written."""

    sender: Sender
    subject: str = field(repr=False)
    text: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    enclosures: tuple[Enclosure, ...] = ()
    remark: str = ""
    """What the reader of a letter has to know that could not be taken apart."""

    @cached_property
    def snippet(self) -> str:
        """How it begins."""
        return " ".join(self.text[: 4 * SNIPPET_CHARACTERS].split())[:SNIPPET_CHARACTERS]
