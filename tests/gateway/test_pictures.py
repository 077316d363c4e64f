"""Logos: whatever file is given, only pixels of a sensible size are ever passed on."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from gateway.pictures import LARGEST, MOST_BYTES, Picture, PictureInvalid, redrawn
from tests.pictures import BLUE, logo, picture


def opened(drawn: Picture) -> Image.Image:
    image = Image.open(BytesIO(drawn.content))
    image.load()
    return image


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def vast_png(width: int, height: int) -> bytes:
    """Few bytes that say that they are a vast picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_logo_is_drawn_anew_no_larger_than_it_is_shown(kind: str) -> None:
    drawn = redrawn(picture(1600, 400, kind=kind))
    image = opened(drawn)
    assert (image.format, image.size, image.mode) == ("PNG", (480, 120), "RGB")
    assert (drawn.width, drawn.height) == image.size


def test_a_small_logo_is_not_blown_up() -> None:
    assert opened(redrawn(picture(90, 30))).size == (90, 30)


def test_a_clear_ground_becomes_white() -> None:
    """At night a mail program's own ground would swallow dark letters."""
    image = opened(redrawn(logo()))
    assert image.getpixel((image.width - 1, 0)) == (255, 255, 255)
    assert image.getpixel((image.height // 2, image.height // 2)) == BLUE


def test_nothing_of_the_file_is_passed_on_but_pixels() -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", "made at C:\\Users\\mia.keller")
    jpeg = Image.Exif()
    jpeg[0x013B] = "mia.keller"
    for raw in (
        picture(pnginfo=told, icc_profile=b"a profile by mia.keller") + b"<script>mia.keller",
        picture(kind="JPEG", exif=jpeg, comment=b"mia.keller"),
    ):
        assert b"mia.keller" in raw
        drawn = redrawn(raw)
        assert not any(word in drawn.content for word in (b"mia", b"script", b"tEXt", b"iCCP"))
        assert drawn.digest == redrawn(drawn.content).digest


def test_a_picture_of_a_camera_stands_upright() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    assert opened(redrawn(picture(200, 100, kind="JPEG", exif=turned))).size == (80, 160)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_every_usual_kind_of_colour_is_understood(mode: str) -> None:
    colors = {"RGB": BLUE, "RGBA": (*BLUE, 255), "LA": (90, 255), "P": 0}
    raw = picture(mode=mode, color=colors.get(mode, 0))
    assert opened(redrawn(raw)).size == LARGEST


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not a whole PNG or JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a whole PNG or JPEG"),
        (b"GIF89a" + bytes(100), "not a whole PNG or JPEG"),
        (picture()[:200], "not a whole PNG or JPEG"),
        (picture(kind="JPEG")[:400], "not a whole PNG or JPEG"),
        (picture(kind="GIF"), "not a whole PNG or JPEG"),
        (vast_png(60_000, 60_000), "not a whole PNG or JPEG"),
        (vast_png(12_000, 9_000), "not a whole PNG or JPEG"),
        (vast_png(2_001, 10), "2001 x 10 pixels large: give one of at most 2000 x 2000"),
        (vast_png(2_000, 2_000), "not a whole PNG or JPEG"),
        (picture() + bytes(MOST_BYTES), "larger than 256 KiB"),
        (picture(mode="I;16", color=0), "more than 8 bits for a colour"),
        (picture(color=(255, 255, 255)), "seen on white"),
        (picture(mode="RGBA", color=(255, 255, 255, 90)), "seen on white"),
        (picture(mode="RGBA", color=(0, 0, 0, 0)), "seen on white"),
    ],
)
def test_what_is_no_logo_is_refused_with_the_reason(raw: bytes, said: str) -> None:
    with pytest.raises(PictureInvalid, match=said):
        redrawn(raw)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([picture(60, 40), picture(60, 40, kind="JPEG"), logo()]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=6),
    st.integers(0, 3000),
)
def test_a_spoilt_file_is_drawn_or_refused_and_nothing_else(
    raw: bytes, spoilt: list[tuple[int, int]], cut: int
) -> None:
    damaged = bytearray(raw)
    for at, value in spoilt:
        damaged[at % len(damaged)] = value
    try:
        drawn = redrawn(bytes(damaged[: cut or None]))
    except PictureInvalid:
        return
    assert opened(drawn).width <= LARGEST[0]
