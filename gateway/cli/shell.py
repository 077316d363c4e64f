"""The command's manners: quick to start, and every failure one plain sentence with its status."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from typing import IO, Any

import click

SHOW_AT_MOST = 20


class Failed(click.ClickException):
    """What could not be done and what to do about it, in one sentence. Exit status 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"resetline: {self.format_message()}", file=file, err=True)


class WrongUsage(Failed):
    """The command was not understood, so nothing was done. Exit status 2."""

    exit_code = 2


class LazyGroup(click.Group):
    """Knows its commands by name and help; a command's module is loaded when it is asked for."""

    def __init__(self, *args: Any, modules: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.modules:
            return None
        module = import_module(self.modules[cmd_name][0])
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.modules and not args[0].startswith("-"):
            raise click.UsageError(not_among("command", args[0], self.modules), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.modules.items()])

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        with in_one_sentence(debug=False):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with in_one_sentence(debug=ctx.params["debug"] or os.environ.get("LOG_LEVEL") == "DEBUG"):
            return super().invoke(ctx)


@contextmanager
def in_one_sentence(*, debug: bool) -> Iterator[None]:
    """Turn errors into one sentence; an unforeseen one is shown whole only to who asks for it."""
    try:
        yield
    except (Failed, click.exceptions.NoArgsIsHelpError):
        raise
    except click.UsageError as error:
        raise WrongUsage(_with_help(error)) from error
    except click.ClickException as error:
        raise Failed(error.format_message()) from error
    except (click.Abort, click.exceptions.Exit):
        raise
    except Exception as error:
        if debug or _reader_left(error):
            raise
        name = type(error).__name__
        raise Failed(
            f"something went wrong that nobody foresaw ({name}): run it again as "
            "`resetline --debug …` and report what that prints"
        ) from error


def not_among(what: str, given: str, known: Iterable[str]) -> str:
    """`there is no tenant 'acm': did you mean acme?`, or the names that there are."""
    names = sorted(known)
    nearest = get_close_matches(given, names, n=3)
    if nearest:
        return f"there is no {what} {given!r}: did you mean {' or '.join(nearest)}?"
    if not names:
        return f"there is no {what} {given!r}, nor any other yet"
    more = f" and {len(names) - SHOW_AT_MOST} more" if len(names) > SHOW_AT_MOST else ""
    return f"there is no {what} {given!r}; there are {', '.join(names[:SHOW_AT_MOST])}{more}"


def _with_help(error: click.UsageError) -> str:
    sentence = " ".join(error.format_message().split()).removesuffix(".")
    path = error.ctx.command_path if error.ctx else "resetline"
    return f"{sentence} (see `{path} --help`)"


def _reader_left(error: Exception) -> bool:
    """`resetline audit export | head`: click ends quietly."""
    return isinstance(error, OSError) and error.errno == errno.EPIPE
