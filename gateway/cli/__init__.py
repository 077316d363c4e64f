"""The `resetline` command: one file a noun, each loaded only when it is asked for."""

from __future__ import annotations

import io
import sys

import click

from gateway.cli.shell import LazyGroup

MODULES = {
    "db": ("gateway.cli.database", "Create the database's tables, or bring them up to date."),
    "keys": ("gateway.cli.keys", "Make the keys that seal secrets, and change to a new one."),
    "tenant": ("gateway.cli.tenants", "Tenants: those who run this for organizations."),
    "organization": ("gateway.cli.organizations", "Organizations, whose people are helped."),
    "directory": ("gateway.cli.directories", "How an organization's directory is reached."),
    "people": ("gateway.cli.people", "Who may text, and from which phone."),
    "policy": ("gateway.cli.policies", "What is allowed to whom, and who has decided it."),
    "requests": ("gateway.cli.requests", "What people asked for, and what became of it."),
    "audit": ("gateway.cli.audit", "What happened, for those who have to answer for it."),
    "mail": ("gateway.cli.mail", "Mail, which tells people what a text could not."),
    "doctor": ("gateway.cli.doctor", "Check everything, and say what to do about it."),
    "health": ("gateway.cli.health", "Whether a process is at work, for supervisors to ask."),
    "web": ("gateway.cli.processes", "Run the web process, which Twilio calls."),
    "worker": ("gateway.cli.processes", "Run the workers, which do what was asked for."),
    "clock": ("gateway.cli.processes", "Run the clock, which picks up what was left behind."),
}


@click.group(
    cls=LazyGroup,
    modules=MODULES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Settings are read from the environment: docs/operating.md explains each.",
)
@click.version_option(package_name="resetline", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an unforeseen error.")
def resetline(*, debug: bool) -> None:
    """Locked out of Windows? Text RESET. This command sets it all up and runs it.

    \b
    A first time through:
      resetline db upgrade
      resetline tenant add "Example MSP"
      resetline organization add northwind --tenant example-msp --name Northwind
      resetline directory set northwind --kind active_directory --url ldaps://dc1.example.com …
      resetline people import northwind people.csv --trust-phones --self-serve
      resetline doctor
    """
    del debug  # the group itself reads it, where it turns errors into sentences


def main() -> None:
    """What `resetline` and `python -m gateway.cli` run.

    A name that a terminal cannot write is shown in escapes; it is no reason to break off.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    resetline(prog_name="resetline")
