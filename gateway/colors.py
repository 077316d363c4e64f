"""Colours that people choose, and the shades of them that everybody can read (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from typing import Final, Self

READABLE: Final = 4.5
"""The least contrast of text with its ground, as a ratio of 1 to 21."""

_SIX: Final = re.compile(r"#?([0-9a-f]{6})")
_THREE: Final = re.compile(r"#?([0-9a-f])([0-9a-f])([0-9a-f])")
_STEPS: Final = 100


class ColorInvalid(ValueError):
    """Not a colour that we can read. The text says how to write one."""


class Color(str):
    """A colour of the screen (sRGB), written `#0b5fff`."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Read `#0b5fff`, `0B5FFF` or `#05f`. Raises ColorInvalid."""
        text = raw.strip().lower()
        if six := _SIX.fullmatch(text):
            return cls(f"#{six[1]}")
        if three := _THREE.fullmatch(text):
            return cls("#" + "".join(letter * 2 for letter in three.groups()))
        raise ColorInvalid("write a colour as # and six hexadecimal digits, such as #0b5fff")

    @property
    def luminance(self) -> float:
        """From 0 for black to 1 for white, as an eye weighs red, green and blue."""
        red, green, blue = map(_linear, _channels(self))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    @property
    def ink(self) -> Color:
        """The colour of text on this one: white wherever that can be read, else near-black."""
        return WHITE if is_readable(WHITE, self) else NEAR_BLACK

    def readable_on(self, ground: Color) -> Color:
        """The nearest shade of this colour that can be read on a ground: this one, if it can."""
        end = BLACK if is_readable(BLACK, ground) else WHITE
        shades = (_mixed(self, end, step / _STEPS) for step in range(_STEPS + 1))
        return next(shade for shade in shades if is_readable(shade, ground))


BLACK: Final = Color("#000000")
WHITE: Final = Color("#ffffff")
NEAR_BLACK: Final = Color("#050505")
"""Any lighter, and there would be colours on which neither this nor white can be read."""


def contrast(one: Color, other: Color) -> float:
    """From 1 for the same luminance to 21 for black and white."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


def is_readable(text: Color, ground: Color) -> bool:
    return contrast(text, ground) >= READABLE


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _mixed(color: Color, end: Color, share: float) -> Color:
    pairs = zip(_channels(color), _channels(end), strict=True)
    return Color("#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs))
