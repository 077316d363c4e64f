"""What ends the demo early. The text of each is what the person at the terminal reads."""

from __future__ import annotations

from pathlib import Path


class DemoError(Exception):
    """The demo cannot go on."""


class Interrupted(Exception):
    """Somebody asked the demo to end: that is no error."""


class PartDied(DemoError):
    """One of the processes ended by itself."""

    def __init__(self, name: str, status: int, log: Path, last_lines: str) -> None:
        how = f"signal {-status}" if status < 0 else f"status {status}"
        super().__init__(
            f"The {name} process ended by itself ({how}). "
            f"Its last words, from {log}:\n\n{last_lines}"
        )


class TookTooLong(DemoError):
    """Something did not answer in time."""

    def __init__(self, what: str, seconds: float, log: Path, last_lines: str) -> None:
        super().__init__(
            f"The {what} process did not answer within {seconds:.0f} seconds. "
            f"Its last words, from {log}:\n\n{last_lines}"
        )


class CommandFailed(DemoError):
    """A command that prepares something was refused."""

    def __init__(self, command: str, said: str) -> None:
        super().__init__(f"`{command}` failed:\n\n    {said.strip() or '(it did not say why)'}")
