"""How many segments a text takes on the air, as Twilio bills them."""

from __future__ import annotations

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENSION = frozenset("^{}\\[~]|€\f")


def count(body: str) -> int:
    """An empty body still takes one."""
    if set(body) <= GSM_7 | GSM_7_EXTENSION:
        return _parts([2 if letter in GSM_7_EXTENSION else 1 for letter in body], 160, 153)
    return _parts([len(letter.encode("utf-16-le")) // 2 for letter in body], 70, 67)


def _parts(widths: list[int], whole: int, each: int) -> int:
    """A letter of two units is never split across parts, so parts are filled one by one."""
    if sum(widths) <= whole:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > each:
            parts, used = parts + 1, 0
        used += width
    return parts
