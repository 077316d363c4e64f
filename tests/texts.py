"""What is read off a text, as its reader would."""

from __future__ import annotations


def password_in(text: str) -> str:
    """The password stands alone on a line of its own."""
    return next(line for line in text.splitlines() if "-" in line and " " not in line)
