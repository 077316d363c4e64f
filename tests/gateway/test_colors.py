"""Whatever colour somebody chooses, what stands on it and what is written in it can be read."""

from __future__ import annotations

import colorsys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.branding import NIGHT, OUR_COLOR
from gateway.colors import (
    BLACK,
    NEAR_BLACK,
    READABLE,
    WHITE,
    Color,
    ColorInvalid,
    contrast,
    is_readable,
)

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: Color(f"#{number:06x}"))
GROUNDS = st.sampled_from([WHITE, NIGHT, BLACK]) | COLORS


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#ffffff", 4.0),
        ("#ffff00", "#000000", 19.56),
    ],
)
def test_contrast_is_what_others_measure_too(one: str, other: str, ratio: float) -> None:
    """Figures that are published with the guidelines and by their usual checkers."""
    assert round(contrast(Color(one), Color(other)), 2) == ratio
    assert contrast(Color(one), Color(other)) == contrast(Color(other), Color(one))


@given(COLORS)
@example(Color("#757575"))
@example(Color("#767676"))
def test_text_on_any_colour_can_be_read(color: Color) -> None:
    assert contrast(color.ink, color) >= READABLE
    assert color.ink in {WHITE, NEAR_BLACK}


def test_text_on_any_grey_can_be_read() -> None:
    """Somewhere among them is the colour on which black and white are read equally badly."""
    for level in range(256):
        grey = Color(f"#{level:02x}{level:02x}{level:02x}")
        assert is_readable(grey.ink, grey)


@given(COLORS, GROUNDS)
def test_the_shade_for_a_ground_can_be_read_there(color: Color, ground: Color) -> None:
    shade = color.readable_on(ground)
    assert is_readable(shade, ground)
    assert Color.parse(shade) == shade
    assert is_readable(ground, shade)


@given(COLORS, GROUNDS)
def test_a_colour_that_can_be_read_stays_as_it_is(color: Color, ground: Color) -> None:
    if is_readable(color, ground):
        assert color.readable_on(ground) == color


@pytest.mark.parametrize("color", ["#ffdd00", "#00d084", "#ff6900", "#ff99cc"])
def test_a_shade_keeps_the_hue_and_is_no_darker_than_it_must_be(color: str) -> None:
    shade = Color(color).readable_on(WHITE)
    assert contrast(shade, WHITE) < READABLE + 0.3
    assert abs(hue(shade) - hue(color)) < 0.02


def test_our_own_colour_needs_no_other_shade() -> None:
    assert OUR_COLOR.readable_on(WHITE) == OUR_COLOR
    assert OUR_COLOR.ink == WHITE


@pytest.mark.parametrize(
    ("raw", "color"),
    [
        ("#0b5fff", "#0b5fff"),
        (" #0B5FFF ", "#0b5fff"),
        ("0b5fff", "#0b5fff"),
        ("#05f", "#0055ff"),
    ],
)
def test_colours_are_read_as_people_write_them(raw: str, color: str) -> None:
    assert Color.parse(raw) == color


@pytest.mark.parametrize(
    "raw", ["", "blue", "#0b5ff", "#0b5fffff", "#0b5ffg", "#\u0660b5fff", "red;}"]
)
def test_what_is_no_colour_is_refused(raw: str) -> None:
    with pytest.raises(ColorInvalid, match="six hexadecimal digits, such as #0b5fff"):
        Color.parse(raw)


@given(st.text())
def test_no_text_raises_anything_else(raw: str) -> None:
    try:
        color = Color.parse(raw)
    except ColorInvalid:
        return
    assert color[0] == "#"
    assert int(color[1:], 16) <= 0xFFFFFF


def hue(color: str) -> float:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return colorsys.rgb_to_hsv(red, green, blue)[0]
