"""The doctor's checks of what is ours: database, keys, directories, Redis and texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from jinja2 import TemplateError
from redis import RedisError
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from gateway import wording
from gateway.cli.directories import try_out
from gateway.cli.findings import Finding, broken, good, warning
from gateway.cli.redis_fitness import examine
from gateway.cli.rotation import EVERYTHING, Sealed
from gateway.cli.shell import Failed
from gateway.cli.storage import reached
from gateway.engine.directories import DirectoryProfile, profile_of
from gateway.limits import CannotSay, Limit, RedisLimits
from gateway.records import Organization, schema
from gateway.records.database import Database
from gateway.seal import CannotUnseal, Seal
from gateway.settings import Settings

SAMPLE: Final = 50
"""So many of the oldest and of the newest sealed values are opened."""

OLDEST_REDIS: Final = (6, 2)
TRIAL: Final = Limit("trial", 1000, 60)


def storage(settings: Settings) -> Iterator[Finding]:
    """The database, and what is checked of that which it holds."""
    try:
        with reached(settings) as database:
            yield (finding := _tables(database))
            if finding.advice:
                return
            seal = Seal(settings.secret_keys)
            yield _keys(database, seal)
            yield from _directories(database, seal)
    except Failed as error:
        yield broken("database", error.message, "without it nothing can be kept or answered")


def redis(settings: Settings) -> Iterator[Finding]:
    """Texts are answered without it too, but only when the clock comes round."""
    try:
        fitness = examine(settings.redis_url)
    except Failed as error:
        yield broken("redis", error.message, "correct REDIS_URL")
        return
    except RedisError as error:
        detail = f"it does not answer ({type(error).__name__})"
        yield broken("redis", detail, "start it, or correct REDIS_URL: answers are slow without it")
        return
    for objection in fitness.objections:
        detail, _, advice = objection.partition(": ")
        yield broken("redis", detail, advice)
    if _is_older(fitness.version):
        yield warning("redis", f"version {fitness.version} is old", "use 6.2 or newer")
    if not fitness.objections:
        yield good("redis", f"version {fitness.version} answers and forgets nothing")
    yield _counting(settings)


def _counting(settings: Settings) -> Finding:
    """Limits need scripts and keys of their own, which an ACL may forbid."""
    if isinstance(RedisLimits(settings.redis_url).take(TRIAL, "doctor"), CannotSay):
        advice = "let its user run scripts on ~resetline:limits*: without limits nobody is helped"
        return broken("limits", "Redis does not let us count", advice)
    return good("limits", "they are counted in Redis")


def texts(_settings: Settings) -> Iterator[Finding]:
    """Every text in every language, told the longest facts, must travel as one part."""
    for language in wording.languages():
        names = wording.templates_of(language)
        faults = [fault for name in names if (fault := _fault(name, language))]
        if faults:
            advice = "correct those in templates/sms, or install Resetline anew"
            yield broken(f"texts in {language}", "; ".join(faults), advice)
        elif names:
            yield good(f"texts in {language}", f"all {len(names)} can be written and fit one part")


def _tables(database: Database) -> Finding:
    with database.transaction() as session:
        if schema.is_current(session.connection()):
            return good("database", "it answers, and its tables are up to date")
    return broken("database", "its tables are not up to date", "run `resetline db upgrade`")


def _keys(database: Database, seal: Seal) -> Finding:
    """Values that no key opens are lost: nobody can be texted, no directory signed in to."""
    values = [value for sealed in EVERYTHING for value in _sample(database, sealed)]
    lost = sum(not _opens(seal, value) for value in values)
    if lost:
        detail = f"SECRET_KEYS opens {len(values) - lost} of {len(values)} sealed values"
        return broken("keys", detail, "put the key that was taken out back at its end")
    return good("keys", f"SECRET_KEYS opens all of {len(values)} sealed values")


def _sample(database: Database, sealed: Sealed) -> set[str]:
    wanted = select(sealed.value).where(sealed.value.is_not(None)).limit(SAMPLE)
    with database.transaction() as session:
        oldest = session.scalars(wanted.order_by(sealed.key)).all()
        newest = session.scalars(wanted.order_by(sealed.key.desc())).all()
    return {*oldest, *newest}


def _opens(seal: Seal, value: str) -> bool:
    try:
        seal.unseal(value)
    except CannotUnseal:
        return False
    return True


def _directories(database: Database, seal: Seal) -> Iterator[Finding]:
    with database.transaction() as session:
        organizations = session.scalars(
            select(Organization)
            .options(selectinload(Organization.directory))
            .order_by(Organization.slug)
        ).all()
        profiles = {each.slug: profile_of(session, each) for each in organizations}
    if not profiles:
        yield warning("organizations", "there are none", "`resetline organization add` one")
    for slug, profile in profiles.items():
        yield from _directory(seal, slug, profile)


def _directory(seal: Seal, slug: str, profile: DirectoryProfile | None) -> Iterator[Finding]:
    name = f"directory of {slug}"
    if profile is None:
        yield warning(name, "it is not set", f"use `resetline directory set {slug}`")
        return
    checks = try_out(seal, profile)
    for check in checks:
        if not check.ok:
            advice = f"see all steps with `resetline directory test {slug}`"
            yield broken(name, f"{check.name}: {check.detail}", advice)
        elif check.warning:
            advice = "see the rights of the service account in docs/operating.md"
            yield warning(name, f"{check.name}: {check.detail}", advice)
    if all(check.ok for check in checks):
        yield good(name, f"all of {len(checks)} steps work")


def _is_older(version: str) -> bool:
    numbers = [int(number) for number in version.split(".")[:2] if number.isdigit()]
    return tuple(numbers) < OLDEST_REDIS if len(numbers) == 2 else False


def _fault(template: str, language: str) -> str | None:
    told = {*wording.ALWAYS, *wording.FACTS.get(template, ())}
    facts = {name: "X" * wording.LONGEST[name] for name in told}
    try:
        wording.check_fits(wording.render(template, language, facts))
    except (wording.TemplateUnknown, wording.FactsWrong, wording.DoesNotFit) as error:
        return f"{template}: {error}"
    except (TemplateError, OSError, UnicodeError) as error:
        return f"{template}: {type(error).__name__}"
    return None
