"""GUIDs and SIDs: as bytes in attributes, as text in `<GUID=…>` and `<SID=…>` names."""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from uuid import UUID

_TARGET = re.compile(r"<(GUID|SID)=([^>]+)>", re.IGNORECASE)
_SID_TEXT = re.compile(r"S-1-\d+(-\d+)+", re.IGNORECASE)


def guid_bytes(guid: UUID) -> bytes:
    """As objectGUID holds it: the first three fields little-endian."""
    return guid.bytes_le


@lru_cache(maxsize=1024)
def sid_bytes(text: str) -> bytes:
    """S-1-5-… as objectSid holds it."""
    authority, *parts = (int(number) for number in text.split("-")[2:])
    head = struct.pack(">BB", 1, len(parts)) + authority.to_bytes(6, "big")
    return head + struct.pack(f"<{len(parts)}I", *parts)


def looks_like_sid(text: str) -> bool:
    """Whether the text is a SID as people write it."""
    return _SID_TEXT.fullmatch(text) is not None


def identity(target: str) -> bytes | None:
    """The objectGUID or objectSid that a `<GUID=…>` or `<SID=…>` name means.

    None for any other name, ValueError for a malformed one.
    Both the dashed text and the plain hexadecimal bytes are understood, as Windows does.
    """
    found = _TARGET.fullmatch(target)
    if found is None:
        return None
    kind, text = found.group(1).upper(), found.group(2)
    if kind == "GUID":
        return guid_bytes(UUID(text)) if "-" in text else bytes.fromhex(text)
    return sid_bytes(text) if looks_like_sid(text) else bytes.fromhex(text)
