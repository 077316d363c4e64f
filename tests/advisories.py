"""Asks the database of open-source advisories whether a version that we pin is known to be weak.

It asks once for all of them, with what the standard library has: an auditor of its own would bring
more dependencies than it looks after. Where nobody can be asked, that is said and nothing fails,
because a build has to work without that network; what is found fails.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

DATABASE: Final = "https://api.osv.dev/v1/querybatch"
LOCKS: Final = Path(__file__).parents[1] / "requirements"
PIN: Final = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
WITHIN_SECONDS: Final = 6

ACCEPTED: Final[Mapping[str, str]] = {}
"""Advisories that we live with, and why each does us no harm."""

Ask = Callable[[bytes], bytes]


class NobodyAnswers(Exception):
    """The database cannot be reached, or does not say what was asked. Its text says why."""


class Pin(NamedTuple):
    """A version of a package that we install."""

    name: str
    version: str


def pins(folder: Path = LOCKS) -> list[Pin]:
    """Everything that is installed anywhere, each once."""
    texts = (path.read_text() for path in sorted(folder.glob("*.lock")))
    return sorted({Pin(*found) for text in texts for found in PIN.findall(text)})


def advisories(asked: Sequence[Pin], ask: Ask) -> Iterator[tuple[Pin, str]]:
    """What is known of each, but for what we have accepted. Raises NobodyAnswers."""
    for pin, result in zip(asked, _results(asked, ask), strict=True):
        for each in result.get("vulns") or []:
            if each["id"] not in ACCEPTED:
                yield pin, each["id"]


def main(ask: Ask | None = None) -> int:
    """Said in one line each; nothing is said where nothing is wrong."""
    try:
        found = list(advisories(pins(), ask or over_the_network))
    except NobodyAnswers as error:
        sys.stderr.write(f"advisories: dependencies were not audited, {error}\n")
        return 0
    for pin, advisory in found:
        sys.stderr.write(
            f"advisories: {pin.name} {pin.version} has {advisory} (https://osv.dev/{advisory}): "
            "raise it with `make lock`\n"
        )
    return 1 if found else 0


def over_the_network(question: bytes) -> bytes:
    """Within a few seconds, whatever hangs: a name that is looked up knows of no time limit."""
    answers: list[bytes | OSError] = []
    asking = threading.Thread(target=_fetch, args=(question, answers), daemon=True)
    asking.start()
    asking.join(WITHIN_SECONDS)
    answer = answers[0] if answers else TimeoutError("nobody answered in time")
    if isinstance(answer, OSError):
        raise NobodyAnswers(f"{DATABASE} cannot be asked ({answer})")
    return answer


def _fetch(question: bytes, answers: list[bytes | OSError]) -> None:
    request = urllib.request.Request(DATABASE, question, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=WITHIN_SECONDS) as answer:
            answers.append(answer.read())
    except OSError as error:
        answers.append(error)


def _results(asked: Sequence[Pin], ask: Ask) -> list[dict[str, Any]]:
    """One for each pin, in the same order."""
    queries = [
        {"package": {"name": pin.name, "ecosystem": "PyPI"}, "version": pin.version}
        for pin in asked
    ]
    answer = ask(json.dumps({"queries": queries}).encode())
    try:
        results: list[dict[str, Any]] = json.loads(answer)["results"]
    except (ValueError, KeyError, TypeError):
        raise NobodyAnswers("the answer was not understood") from None
    if len(results) != len(asked):
        raise NobodyAnswers("the answer was not to what was asked")
    return results


if __name__ == "__main__":
    sys.exit(main())
