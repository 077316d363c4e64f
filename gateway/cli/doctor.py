"""`resetline doctor`: checks everything, and says what to do about what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import click
from click.exceptions import Exit

from gateway import logs
from gateway.cli import output
from gateway.cli.findings import Finding, Verdict, broken, good
from gateway.settings import Settings, SettingsInvalid

SIGNS = {
    Verdict.GOOD: ("✓", "good"),
    Verdict.WARNING: ("!", "WARNING"),
    Verdict.BROKEN: ("✗", "BROKEN"),
}


@click.command()
@output.as_json
def doctor(*, as_json: bool) -> None:
    """Check everything, and say what to do about it. Exit status 1 if anything is broken."""
    logs.configure("ERROR", "console")
    found = []
    for finding in _findings():
        found.append(finding)
        if not as_json:
            _tell(finding)
    if as_json:
        output.write_json([asdict(finding) for finding in found])
    else:
        _sum_up(found)
    if any(finding.verdict is Verdict.BROKEN for finding in found):
        raise Exit(1)


def _findings() -> Iterator[Finding]:
    """One after the other. Without settings there is nothing to check."""
    try:
        settings = Settings.from_environment()
    except SettingsInvalid as error:
        yield broken("settings", str(error), "set them in the environment of every process")
        return
    yield good("settings", "everything that is required is set")
    from gateway.cli import checkup, mail_checkup, twilio_checkup, web_checkup

    yield from checkup.storage(settings)
    yield from checkup.redis(settings)
    yield from web_checkup.public_url(settings)
    yield from twilio_checkup.twilio(settings)
    yield from checkup.texts(settings)
    yield from mail_checkup.mail(settings)


def _tell(finding: Finding) -> None:
    sign = output.mark(*SIGNS[finding.verdict])
    click.echo(f"{sign} {finding.name}: {output.shown(finding.detail)}")
    if finding.advice:
        click.echo(f"    {finding.advice}")


def _sum_up(found: list[Finding]) -> None:
    counts = {verdict: sum(each.verdict is verdict for each in found) for verdict in Verdict}
    if counts[Verdict.BROKEN]:
        click.echo(f"\n{counts[Verdict.BROKEN]} of {len(found)} checks found something broken.")
    elif counts[Verdict.WARNING]:
        click.echo(f"\nNothing is broken; {counts[Verdict.WARNING]} things are worth a look.")
    else:
        click.echo("\nAll is well.")
