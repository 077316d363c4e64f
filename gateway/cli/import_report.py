"""Tells what is wrong with a people file, and what an import of it has done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click

from gateway.cli import output
from gateway.cli.importing import Counts
from gateway.cli.languages import missing_texts
from gateway.cli.shell import Failed
from gateway.cli.switching import counted
from gateway.people_import import BadRow, Row


def tell_bad_rows(bad: Sequence[BadRow], *, of: int, skip: bool) -> None:
    """Each with its reason. Raises Failed unless they are to be skipped."""
    for each in bad:
        click.echo(f"line {each.line}: {each.reason}", err=True)
    if bad and not skip:
        raise Failed(
            f"nothing was imported, because {len(bad)} of {of} rows are no good: "
            "correct them, or leave them out with --skip-bad-rows"
        )


def tell(slug: str, counts: Counts, rows: Sequence[Row], *, dry_run: bool, as_json: bool) -> None:
    """The counts, and what somebody should look into."""
    if as_json:
        output.write_json(asdict(counts))
    else:
        _tell_counts(slug, counts, dry_run=dry_run)
    _tell_languages(rows)


def _tell_counts(slug: str, counts: Counts, *, dry_run: bool) -> None:
    told = ", ".join(
        f"{getattr(counts, name)} {name}" for name in ("added", "changed", "unchanged", "skipped")
    )
    begins = f"Nothing was changed in {slug}; it would be" if dry_run else f"Imported into {slug}"
    click.echo(f"{begins}: {told}.")
    for note in _notes(slug, counts):
        click.echo(note, err=True)


def _notes(slug: str, counts: Counts) -> Iterator[str]:
    if counts.bad_numbers:
        yield (
            f"Note: {counted(counts.bad_numbers)} came in without the number of their row, which "
            "cannot be used."
        )
    if counts.not_verified:
        yield (
            f"Nobody can text from {counts.not_verified} of the numbers yet, as they are not "
            f"verified: `resetline people invite {slug}` has people prove a number, and "
            "--trust-phones takes those of the file as verified."
        )
    if counts.kept_proved:
        yield (
            f"Note: {counted(counts.kept_proved)} kept the number that they have proved, though "
            "the file says another: --replace-proved-phones takes those of the file."
        )
    if counts.no_email:
        yield (
            f"Note: {counted(counts.no_email)} cannot help themselves yet for want of an email, "
            "which the policy email_required asks for."
        )


def _tell_languages(rows: Sequence[Row]) -> None:
    missing = sorted({row.language for row in rows if row.language and missing_texts(row.language)})
    if missing:
        click.echo(
            f"Note: some texts are not written in {', '.join(missing)} yet; "
            "those people get them in English.",
            err=True,
        )
