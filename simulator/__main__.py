"""Runs the simulated outside world: `python -m simulator --help`."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from simulator.app import LOOPBACK, create_app
from simulator.mail import Mailboxes, taking_mail
from simulator.phone.desk import Desk
from simulator.phone.people import PeopleInvalid, read_people
from simulator.phone.places import Place, existing, simulated
from simulator.twilio import Account, Carrier, numbers_at
from simulator.twilio.serving import server

DEFAULT_WEBHOOK_URL = "http://127.0.0.1:8000/twilio/sms"
DEFAULT_NUMBER = "+12025550199"


@dataclass(frozen=True, slots=True)
class Mail:
    """Where mail goes, if there is any."""

    mailboxes: Mailboxes | None = None
    url: str = ""


class UsageError(Exception):
    """The options or the environment do not do; the text says what would."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    try:
        _run(options)
    except KeyboardInterrupt:
        return 0
    except (UsageError, PeopleInvalid, ValueError) as error:
        print(f"python -m simulator: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"python -m simulator: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    with _place(options) as place, _carrier(options) as carrier, _mail(options) as mail:
        people = read_people(options.people) if options.people else place.people
        number = carrier.account.numbers[0].phone_number
        desk = Desk(carrier, people, number, place.window, mail.mailboxes)
        app = create_app(desk, only_this_machine=options.host in LOOPBACK)
        running = server(app, options.host, options.port)
        try:
            print(f"The phone is at http://{options.host}:{running.server_port}/", flush=True)
            if mail.url:
                print(f"Mail is taken at {mail.url}", flush=True)
            running.serve_forever(poll_interval=0.2)
        finally:
            running.server_close()


@contextmanager
def _carrier(options: argparse.Namespace) -> Iterator[Carrier]:
    carrier = Carrier.live(_account(options, os.environ))
    try:
        yield carrier
    finally:
        carrier.close()


@contextmanager
def _mail(options: argparse.Namespace) -> Iterator[Mail]:
    if options.smtp_port is None:
        yield Mail()
        return
    mailboxes = Mailboxes()
    with taking_mail(mailboxes, options.smtp_port) as url:
        yield Mail(mailboxes, url)


def _account(options: argparse.Namespace, environ: Mapping[str, str]) -> Account:
    sid, token = environ.get("TWILIO_ACCOUNT_SID", ""), environ.get("TWILIO_AUTH_TOKEN", "")
    if not re.fullmatch(r"AC[0-9a-fA-F]{32}", sid) or not token:
        raise UsageError("set TWILIO_ACCOUNT_SID (AC and 32 hex digits) and TWILIO_AUTH_TOKEN")
    numbers = options.number or environ.get("TWILIO_FROM", DEFAULT_NUMBER).split(",")
    key = environ.get("TWILIO_API_KEY")
    return Account(
        sid=sid,
        auth_token=token.split(",")[0].strip(),
        numbers=numbers_at(options.webhook_url, [number.strip() for number in numbers]),
        api_keys={key: environ.get("TWILIO_API_SECRET", "")} if key else {},
    )


@contextmanager
def _place(options: argparse.Namespace) -> Iterator[Place]:
    if options.with_directory:
        with simulated(options.directory_port, options.directory_state_out) as place:
            yield place
    elif options.directory_url:
        yield existing(
            options.directory_url,
            options.directory_ca_file,
            options.viewer_dn,
            options.viewer_password_file,
            options.base_dn,
            options.directory_server_name,
        )
    elif options.people:
        yield Place()
    else:
        raise UsageError("give --with-directory, or --directory-url, or at least --people FILE")


def _stop(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends it as Ctrl-C does."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A phone in the browser with an inbox beside it, Twilio's API, and a small "
        "Active Directory.",
        epilog="TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are read from the environment. With "
        "--smtp-port 8025 give the gateway SMTP_URL=smtp://127.0.0.1:8025.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="default %(default)s")
    parser.add_argument("--port", type=int, default=8010, help="default %(default)s")
    parser.add_argument(
        "--webhook-url", default=DEFAULT_WEBHOOK_URL, help="where texts go; default %(default)s"
    )
    parser.add_argument("--number", action="append", help="a number of ours; may be repeated")
    parser.add_argument(
        "--people",
        type=Path,
        metavar="FILE",
        help="whose phones, as JSON: a list of username, phone, display_name, note and email",
    )
    parser.add_argument(
        "--smtp-port",
        type=int,
        metavar="PORT",
        help="take mail on this port of 127.0.0.1, without TLS, and show it beside the phone of "
        "whoever it is for; 0 for any free one",
    )
    _add_directory(parser)
    return parser


def _add_directory(parser: argparse.ArgumentParser) -> None:
    own = parser.add_argument_group("a simulated directory in this process")
    own.add_argument("--with-directory", action="store_true")
    own.add_argument("--directory-port", type=int, default=0, help="default: any free one")
    own.add_argument("--directory-state-out", type=Path, metavar="FILE", help="how to reach it")
    other = parser.add_argument_group("an existing Active Directory")
    other.add_argument("--directory-url", help="ldaps://…")
    other.add_argument("--directory-ca-file", type=Path, metavar="FILE")
    other.add_argument("--directory-server-name", default="", help="if not the URL's own name")
    other.add_argument("--viewer-dn", help="any account that may look")
    other.add_argument("--viewer-password-file", type=Path, metavar="FILE")
    other.add_argument("--base-dn")


if __name__ == "__main__":
    sys.exit(main())
