"""Runs the demo until somebody ends it: `python -m simulator.demo --help`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from simulator import samba
from simulator.demo import folder, ports
from simulator.demo.demo import Demo
from simulator.demo.errors import DemoError, Interrupted
from simulator.demo.following import following
from simulator.demo.parts import ROOT, Parts
from simulator.demo.screen import Screen
from simulator.demo.waiting import Waiting
from simulator.embedded_redis import NoRedis

OURS_ALONE = 0o077
INVITATION = """
{ready} Open {address}

You hold Mia's phone, and beside it is her Windows computer. Try this:

  1. She has forgotten her password: text RESET, text back the word that comes,
     and sign in with the one-time password. Windows asks for a new one at once.
  2. Type it wrong three times, and the account is locked: text UNLOCK.
  3. Nina has not enrolled yet: her activation email is in the inbox beside her phone.
  4. Pick up another phone: Tom has left the company, Dana is an administrator,
     and the stranger is nobody we know.

Each part writes its log to {logs}. Ctrl-C ends everything."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when it was asked to end, 1 with a plain sentence when it could not go on."""
    options = _parser().parse_args(arguments)
    os.umask(OURS_ALONE)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    screen = Screen(sys.stdout, calm=options.verbose)
    waiting = Waiting(screen.tick)
    waiting.listen()
    try:
        _run(options, screen, waiting)
    except Interrupted:
        screen.say("\nThe demo has ended; nothing of it is left running.")
        return 0
    except (DemoError, NoRedis) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, screen: Screen, waiting: Waiting) -> None:
    on_samba = options.directory == "samba"
    if on_samba:
        _refuse_without_samba()
    with folder.taken(options.folder) as home, _short_folder(wanted=on_samba) as samba_home:
        logs = home / "log"
        screen.say("Starting Resetline and a small world around it ...\n")
        with Parts(logs, waiting) as parts, following(logs, wanted=options.verbose):
            address = Demo(parts, home, screen, samba_home).start()
            screen.say(
                INVITATION.format(
                    ready=screen.loud("Resetline is running."),
                    address=screen.loud(address),
                    logs=_shown(logs),
                )
            )
            parts.watch()


def _refuse_without_samba() -> None:
    reason = samba.why_not()
    if reason:
        raise DemoError(reason)
    taken = [str(port) for port in samba.PORTS if not ports.is_free(port)]
    if taken:
        raise DemoError(f"A Samba domain needs port {' and '.join(taken)}, taken by another.")


@contextmanager
def _short_folder(*, wanted: bool) -> Iterator[Path | None]:
    """Samba makes sockets in it, and their names may not be long."""
    if not wanted:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="resetline-demo-") as name:
        yield Path(name)


def _shown(path: Path) -> str:
    """From here if that is shorter."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator.demo",
        description="Resetline on this machine, with phones, Twilio and a directory to try it on.",
    )
    parser.add_argument(
        "--directory",
        choices=("simulator", "samba"),
        default="simulator",
        help="samba: a real domain controller, as root (default: %(default)s)",
    )
    parser.add_argument(
        "--folder",
        type=lambda given: Path(given).resolve(),
        default=ROOT / "var" / "demo",
        help="what the run leaves behind; wiped at the start (default: var/demo)",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        default=bool(os.environ.get("VERBOSE")),
        help="show the logs here as well",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
