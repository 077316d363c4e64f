"""`resetline keys`: the keys that seal secrets."""

from __future__ import annotations

import click

from gateway.seal import new_key


@click.group()
def keys() -> None:
    """Make the keys that seal secrets, and change to a new one."""


@keys.command()
def new() -> None:
    """Print a new key for SECRET_KEYS."""
    click.echo(new_key())


@keys.command()
def rotate() -> None:
    """Seal everything anew with the newest key, the first of SECRET_KEYS.

    \b
    1. Put a new key in front of SECRET_KEYS and restart every process.
    2. Run this command. Broken off, it goes on where it stopped.
    3. Take the old key out of SECRET_KEYS and restart every process.
    """
    from gateway.cli.rotation import rotate_all

    click.echo(rotate_all())
