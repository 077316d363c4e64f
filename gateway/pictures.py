"""Takes a logo as somebody gives it and draws it anew, so that nothing but pixels is passed on."""

from __future__ import annotations

import struct
import warnings
import zlib
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

MEDIA_TYPE: Final = "image/png"
MOST_BYTES: Final = 256 * 1024
MOST_PIXELS_A_SIDE: Final = 2000
LARGEST: Final = (480, 160)
"""Pixels of what is kept: twice the size that it is shown at, for sharp screens."""

_TOO_PALE: Final = 225
"""Where no pixel on white is darker than this (of 255), nobody would see a logo."""

_UNREADABLE: Final = (
    *(OSError, ValueError, SyntaxError, TypeError, LookupError, EOFError, MemoryError),
    *(struct.error, zlib.error, Image.DecompressionBombError, Image.DecompressionBombWarning),
)
"""Whatever Pillow's decoders raise for bytes that are not the picture that they say they are."""

_NO_PICTURE: Final = "it is not a whole PNG or JPEG picture"


class PictureInvalid(ValueError):
    """Not a logo that we can show. The text says what to give instead."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG of our own making, and what it is known by."""

    content: bytes = field(repr=False)
    width: int
    height: int

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()


def redrawn(raw: bytes) -> Picture:
    """A PNG or JPEG drawn anew on white, with nothing of the file left. Raises PictureInvalid.

    On white, as many logos have a clear ground and dark letters: at night nobody would see those.
    """
    if len(raw) > MOST_BYTES:
        raise PictureInvalid(f"it is larger than {MOST_BYTES // 1024} KiB: give a smaller file")
    image = _on_white(_decoded(raw))
    darkest, _ = image.convert("L").getextrema()
    if isinstance(darkest, int | float) and darkest > _TOO_PALE:
        raise PictureInvalid("nothing of it would be seen on white: give the one for light grounds")
    image.thumbnail(LARGEST, Image.Resampling.LANCZOS)
    written = BytesIO()
    image.save(written, "PNG", optimize=True)
    return Picture(written.getvalue(), image.width, image.height)


def _decoded(raw: bytes) -> Image.Image:
    """Its size is looked at before anything is unpacked: a small file may hold a vast picture."""
    image = _opened(raw)
    if image.mode.startswith(("I", "F")):
        raise PictureInvalid("it has more than 8 bits for a colour: save it with 8")
    if max(image.size) > MOST_PIXELS_A_SIDE:
        raise PictureInvalid(_too_large(*image.size))
    try:
        return ImageOps.exif_transpose(image).convert("RGBA")
    except _UNREADABLE:
        raise PictureInvalid(_NO_PICTURE) from None


def _opened(raw: bytes) -> Image.Image:
    """No more than its header is read. Pillow only warns of what is very large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(BytesIO(raw), formats=("PNG", "JPEG"))
    except _UNREADABLE:
        raise PictureInvalid(_NO_PICTURE) from None


def _too_large(width: int, height: int) -> str:
    most = MOST_PIXELS_A_SIDE
    return f"it is {width} x {height} pixels large: give one of at most {most} x {most}"


def _on_white(image: Image.Image) -> Image.Image:
    """A new picture, so that no text, profile or thumbnail of the file comes along."""
    ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
    ground.alpha_composite(image)
    clean = Image.new("RGB", image.size)
    clean.paste(ground.convert("RGB"))
    return clean
