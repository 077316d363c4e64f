"""Which write a password comes from, read out of what replication keeps of it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from directory.active_directory.replication import password_version

PASSWORD, ANOTHER = 0x9005A, 0x90060
HERE, THERE = bytes.fromhex("be3f90cfbb05674a93b4de9f31662857"), b"t" * 16

Stamp = tuple[int, int, int, bytes, int, int]
OURS: Stamp = (PASSWORD, 3, 13439798476, HERE, 4205, 4205)

FROM_SAMBA = bytes.fromhex(
    "01000000 00000000 02000000 00000000"
    "60000900 02000000 ca0c132103000000 be3f90cfbb05674a93b4de9f31662857 f60f000000000000"
    "f60f000000000000"
    "5a000900 03000000 cc0c132103000000 be3f90cfbb05674a93b4de9f31662857 6d10000000000000"
    "6d10000000000000"
)
"""Two of the 25 stamps of an account that was made, and then reset twice."""


def metadata(*stamps: Stamp) -> bytes:
    header = struct.pack("<IIII", 1, 0, len(stamps), 0)
    return header + b"".join(struct.pack("<IIQ16sQQ", *stamp) for stamp in stamps)


def test_the_password_is_found_among_what_a_real_controller_tells() -> None:
    assert password_version(FROM_SAMBA) == password_version(metadata(OURS))
    assert password_version(FROM_SAMBA) is not None


@pytest.mark.parametrize(
    "other",
    [
        (PASSWORD, 4, *OURS[2:]),
        (PASSWORD, 3, OURS[2] + 1, *OURS[3:]),
        (PASSWORD, 3, OURS[2], THERE, *OURS[4:]),
        (PASSWORD, 3, OURS[2], HERE, 4206, 4206),
    ],
)
def test_another_write_has_another_number_also_with_the_same_version(other: Stamp) -> None:
    assert password_version(metadata(other)) != password_version(metadata(OURS))


def test_every_controller_tells_the_same_of_one_write() -> None:
    elsewhere = (*OURS[:5], 99)
    assert password_version(metadata(elsewhere)) == password_version(metadata(OURS))


def test_writes_of_other_attributes_make_no_difference() -> None:
    other = (ANOTHER, 7, 1, THERE, 1, 1)
    assert password_version(metadata(other, OURS)) == password_version(metadata(OURS))
    assert password_version(metadata(other)) is None


def test_what_is_cut_off_or_laid_out_otherwise_tells_nothing() -> None:
    whole = metadata(OURS)
    assert all(password_version(whole[:length]) is None for length in range(len(whole)))
    assert password_version(whole + b"x") is None
    assert password_version(struct.pack("<I", 2) + whole[4:]) is None


@given(some.binary(max_size=300))
@example(struct.pack("<IIII", 1, 0, 0xFFFF_FFFF, 0))
def test_nonsense_tells_nothing_and_breaks_nothing(nonsense: bytes) -> None:
    found = password_version(nonsense)
    assert found is None or 0 <= found < 2**31
