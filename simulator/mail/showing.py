"""Makes a mail fit to be shown: pictures by their addresses, links that open beside the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

BEFORE = (
    '<!doctype html><meta charset="utf-8"><base target="_blank">'
    "<style>html { scrollbar-width: thin }</style>"
)
"""A browser makes one document of this and of what follows, whose own doctype it passes over."""

BY_CONTENT_ID = re.compile(r"cid:([^\"'\s)<>]+)", re.IGNORECASE)
TARGET = re.compile(
    r"(<(?:a|area|form)\b[^<>]*?)\starget\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE
)
LINK = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
NOT_OF_A_LINK = ".,;:!?)]"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a plain text."""

    text: str
    is_link: bool = False


def as_document(html: str, address_of: Callable[[str], str | None]) -> str:
    """`address_of` tells where a picture is served, by the Content-ID that it has in the mail.

    What must not run or be fetched is not taken out here: the sandbox and the policy that the
    document is served with see to that, and no clever spelling gets past those.
    """
    with_pictures = BY_CONTENT_ID.sub(lambda found: address_of(unquote(found[1])) or found[0], html)
    return BEFORE + TARGET.sub(r"\1", with_pictures)


def with_links(text: str) -> list[Piece]:
    """The whole text in parts; joined together they are the text again."""
    return list(_pieces(text))


def _pieces(text: str) -> Iterator[Piece]:
    end = 0
    for found in LINK.finditer(text):
        link = found.group().rstrip(NOT_OF_A_LINK)
        if found.start() > end:
            yield Piece(text[end : found.start()])
        yield Piece(link, is_link=True)
        end = found.start() + len(link)
    if end < len(text):
        yield Piece(text[end:])
