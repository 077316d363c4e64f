"""What a check of the doctor comes to: it is good, or what is wrong and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """A warning is worth knowing of; only what is broken makes the exit status 1."""

    GOOD = "good"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    name: str
    verdict: Verdict
    detail: str
    advice: str = ""


def good(name: str, detail: str) -> Finding:
    return Finding(name, Verdict.GOOD, detail)


def warning(name: str, detail: str, advice: str) -> Finding:
    return Finding(name, Verdict.WARNING, detail, advice)


def broken(name: str, detail: str, advice: str) -> Finding:
    return Finding(name, Verdict.BROKEN, detail, advice)
