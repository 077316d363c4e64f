"""One page of a long listing, and what it means when there is no next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from directory.active_directory.entries import Entry
from directory.active_directory.messages import PAGED
from directory.active_directory.results import error_for
from directory.errors import DirectoryBusy, DirectoryError, UnexpectedAnswer

BAD_COOKIE_CODES = frozenset({1, 12, 53})
"""How controllers answer to a cookie that they know no more: they keep only so many of them."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects, and what to ask for the next ones with; without a cookie it is the last."""

    entries: Sequence[Entry]
    cookie: bytes


def page_of(entries: Sequence[Entry], answer: Mapping[str, Any]) -> Page:
    """The page that an answer holds.

    An answer that does not tell whether there is more may be half of one, so it counts as none.
    """
    try:
        cookie = answer["controls"][PAGED]["value"]["cookie"]
    except (KeyError, TypeError):
        raise UnexpectedAnswer("it does not tell whether its listing has ended") from None
    return Page(entries, bytes(cookie))


def broken_off(answer: Mapping[str, Any]) -> DirectoryError:
    """The error for a listing that is not gone on with: what was listed so far is not the whole."""
    if answer["result"] in BAD_COOKIE_CODES:
        return DirectoryBusy(f"it has forgotten the listing half way (LDAP {answer['result']})")
    return error_for(answer)
