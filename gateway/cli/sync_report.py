"""Prints what became of everybody whom a directory has listed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import click

from gateway.cli import output
from gateway.cli.shell import Failed
from gateway.engine.sync.report import Counts, Report
from gateway.engine.sync.syncing import too_many
from gateway.engine.sync.wishes import Wishes

MOST_SHOWN: Final = 20


def tell(slug: str, report: Report, wishes: Wishes, *, dry_run: bool, as_json: bool) -> None:
    """The counts, and what somebody should look into. Too many suspensions are a failure."""
    if as_json:
        output.write_json(_facts(report))
    else:
        _tell_counts(slug, report, dry_run=dry_run)
    _tell_problems(report)
    _tell_notes(report, wishes)
    if report.would_suspend:
        raise Failed(f"{slug}: {too_many(report)}")


def _facts(report: Report) -> dict[str, Any]:
    return {
        **asdict(report.counts),
        "left_out_for": dict(report.left_out),
        "would_suspend": report.would_suspend,
        "suspended_people": report.suspended,
        "problems": [asdict(problem) for problem in report.problems],
        "untold_problems": report.untold_problems,
    }


def _tell_counts(slug: str, report: Report, *, dry_run: bool) -> None:
    counts = report.counts
    told = [
        f"{counts.listed} listed",
        f"{counts.added} added" + (f" ({counts.invited} invited)" if counts.invited else ""),
        f"{counts.changed} changed" + (f" ({counts.renamed} renamed)" if counts.renamed else ""),
        f"{counts.unchanged} unchanged",
        f"{counts.suspended} suspended",
        f"{counts.unsuspended} unsuspended",
        f"{counts.left_out} left out",
        f"{counts.bad} bad",
    ]
    begins = f"Nothing was changed in {slug}; it would be" if dry_run else f"Synchronized {slug}"
    click.echo(f"{begins}: {', '.join(told)}.")
    if report.suspended:
        shown = ", ".join(map(output.shown, report.suspended[:MOST_SHOWN]))
        count = counts.suspended or report.would_suspend
        more = f" and {count - MOST_SHOWN} more" if count > MOST_SHOWN else ""
        word = "Suspended" if counts.suspended and not dry_run else "To suspend"
        click.echo(f"{word}: {shown}{more}.")


def _tell_problems(report: Report) -> None:
    """On standard error, as what they are: somebody has to put them right in the directory."""
    for problem in report.problems:
        click.echo(f"{output.shown(problem.username)}: {problem.reason}", err=True)
    if report.untold_problems:
        click.echo(f"… and {report.untold_problems} more like these", err=True)


def _tell_notes(report: Report, wishes: Wishes) -> None:
    counts = report.counts
    if report.left_out:
        reasons = ", ".join(
            f"{count} {reason.replace('_', ' ')}" for reason, count in report.left_out.most_common()
        )
        click.echo(f"Left out, as nothing can be done for such accounts: {reasons}.", err=True)
    if _nobody_has_a_number(counts):
        where = " or ".join(wishes.phone_attributes)
        click.echo(
            f"Nobody has a number in {where}: name where they are with --phone-attribute.", err=True
        )
    elif counts.not_verified:
        click.echo(
            f"Nobody can text from {counts.not_verified} of the numbers yet, as they are not "
            "verified: people prove theirs on the activation page, or --trust-phones takes them "
            "as verified.",
            err=True,
        )


def _nobody_has_a_number(counts: Counts) -> bool:
    taken_up = counts.added + counts.changed + counts.unchanged
    return 0 < taken_up == counts.without_number
