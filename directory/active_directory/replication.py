"""Which write a password comes from, as the controllers keep account of it for replication."""

from __future__ import annotations

import struct
from hashlib import blake2b

METADATA = "replPropertyMetaData"
UNICODE_PWD = 0x0009_005A

_KNOWN_LAYOUT = 1
_HEADER = struct.Struct("<I4xI4x")
"""The version of the layout, and how many stamps follow."""
_STAMP = struct.Struct("<I36s8x")
"""An attribute, the write it comes from, and when this one controller heard of it.

The write is told by its version, which every write raises, its time in seconds since 1601, the
controller where it was made, and that controller's number for it. It reads the same everywhere.
"""


def password_version(metadata: bytes) -> int | None:
    """A number for the last write of the password, or None where that is not told.

    The version alone would not do: two writes on two controllers at about the same time, ours
    and the helpdesk's, may have the same one, and the later of them stays.
    So all that is told of the write is made into one number, which fits into a column of 32 bits.
    """
    write = _last_write(metadata, UNICODE_PWD)
    return None if write is None else _number(write)


def _last_write(metadata: bytes, attribute: int) -> bytes | None:
    if len(metadata) < _HEADER.size:
        return None
    layout, count = _HEADER.unpack_from(metadata)
    stamps = metadata[_HEADER.size :]
    if layout != _KNOWN_LAYOUT or len(stamps) != count * _STAMP.size:
        return None
    writes: dict[int, bytes] = {each: write for each, write in _STAMP.iter_unpack(stamps)}  # noqa: C416
    return writes.get(attribute)


def _number(write: bytes) -> int:
    return int.from_bytes(blake2b(write, digest_size=4).digest(), "big") >> 1
