"""What tenants and organizations are both set up with: how they look, and whom to turn to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

import click
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from gateway.cli import storage
from gateway.cli.changes import Check, Given, Kept
from gateway.cli.shell import WrongUsage
from gateway.colors import WHITE, Color, ColorInvalid
from gateway.pictures import MEDIA_TYPE, Picture, PictureInvalid, redrawn
from gateway.records import Logo, Organization, Tenant
from gateway.records.base import insert_once
from gateway.segments import Encoding, count, to_gsm7
from gateway.wording import LONGEST

LONGEST_URL: Final = 500

Command = TypeVar("Command", bound=Callable[..., None])


def options(otherwise: str) -> Callable[[Command], Command]:
    """The options for all of it; `otherwise` says what holds where nothing is given."""
    taken = (
        click.option("--support", help=f'Whom to call, such as "+1 415 555 0100". {otherwise}'),
        click.option("--color", help=f'Such as "#0b5fff". {otherwise}'),
        click.option("--logo", help=f"A file, PNG or JPEG, for light grounds. {otherwise}"),
        click.option("--terms-url", help=f"Where its terms of use are. {otherwise}"),
        click.option("--privacy-url", help=f"Where its privacy notice is. {otherwise}"),
    )

    def with_options(command: Command) -> Command:
        for option in reversed(taken):
            command = option(command)
        return command

    return with_options


def kept(session: Session, wanted: Mapping[str, Given]) -> dict[str, Kept]:
    """The same with a logo put away among the others, and called by its id."""
    values = {name: value for name, value in wanted.items() if not isinstance(value, Picture)}
    picture = wanted.get("logo")
    if "logo" in wanted:
        values.pop("logo", None)
        values["logo_id"] = _put_away(session, picture) if isinstance(picture, Picture) else None
    return values


def forget_unused_logos(session: Session) -> None:
    """What nobody shows any more is served to nobody."""
    session.flush()
    used = [exists().where(model.logo_id == Logo.id) for model in (Tenant, Organization)]
    session.execute(delete(Logo).where(*(~each for each in used)))


def fitting(fact: str, option: str, text: str) -> str:
    """What stands in every text must fit it as it is: it would be cut or rewritten otherwise."""
    text = " ".join(text.split())
    size = count(text)
    if size.encoding is not Encoding.GSM_7:
        raise WrongUsage(
            f"{option} has letters that a text of one part cannot carry: try {to_gsm7(text)!r}"
        )
    if size.units > LONGEST[fact]:
        raise WrongUsage(
            f"{option} takes {size.units} characters in a text: at most {LONGEST[fact]}"
        )
    return text


def _put_away(session: Session, picture: Picture) -> int:
    """The same picture is kept once, whoever shows it."""
    added = insert_once(
        session,
        Logo,
        digest=picture.digest,
        media_type=MEDIA_TYPE,
        width=picture.width,
        height=picture.height,
        content=picture.content,
        created_at=storage.now(),
    )
    known = select(Logo.id).where(Logo.digest == picture.digest)
    return added or session.scalars(known).one()


def _checked_color(raw: str) -> str:
    """Any colour can be written on; where it is too pale for links, a darker shade is used."""
    if not raw.strip():
        return ""
    try:
        color = Color.parse(raw)
    except ColorInvalid as error:
        raise WrongUsage(f"--color {raw!r} cannot be read: {error}") from None
    shade = color.readable_on(WHITE)
    if shade != color:
        told = f"Note: {color} cannot be read on white, so links there are {shade}."
        click.echo(told, err=True)
    return color


def _checked_logo(path: str) -> Picture | None:
    if not path.strip():
        return None
    try:
        return redrawn(Path(path).read_bytes())
    except OSError as error:
        raise WrongUsage(f"--logo {path!r} cannot be read: {error.strerror}") from None
    except PictureInvalid as error:
        raise WrongUsage(f"--logo {path!r} cannot be used: {error}") from None


def _checked_url(option: str, url: str) -> str:
    """People open it from a mail: only over TLS, and only in letters that every program takes."""
    url = url.strip()
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and parts.hostname and not parts.username
    except ValueError:
        usable = False
    if not usable or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        raise WrongUsage(f"{option} takes an address such as https://msp.example/terms")
    return url


CHECKS: Final[dict[str, Check]] = {
    "support": partial(fitting, "support", "--support"),
    "color": _checked_color,
    "logo": _checked_logo,
    "terms_url": partial(_checked_url, "--terms-url"),
    "privacy_url": partial(_checked_url, "--privacy-url"),
}
