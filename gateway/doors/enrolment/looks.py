"""What pages look like: one style sheet for all, and one of a few lines for each colour."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from flask import Blueprint, Response, abort

from gateway.branding import Brand
from gateway.colors import Color, ColorInvalid

FOLDER: Final = files("templates").joinpath("web", "static")
KINDS: Final = {
    "page.css": "text/css; charset=utf-8",
    "code.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
A_YEAR: Final = "public, max-age=31536000, immutable"


def add(blueprint: Blueprint) -> None:
    """Both are public: they tell of nobody. Their addresses change with what they say.

    While a new release takes over, a page of one may ask the other: it gets what there is.
    """

    @blueprint.get("/static/<digest>/<name>")
    def static(digest: str, name: str) -> Response:
        if name not in KINDS:
            abort(404)
        return _served(_content(name), KINDS[name], lasts=digest == digest_of(name))

    @blueprint.get("/brand/<int:version>/<color>.css")
    def brand(version: int, color: str) -> Response:
        try:
            chosen = Color.parse(color)
        except ColorInvalid:
            abort(404)
        if chosen != f"#{color}":
            abort(404)
        return _served(colors(chosen).encode(), KINDS["page.css"], lasts=version == VERSION)


VERSION: Final = 1
"""Goes up when `colors` says something else."""


def colors(color: Color) -> str:
    """The brand's colour, what is written on it, and the shades that can be read as text."""
    brand = Brand(color=color)
    return (
        f":root{{--brand:{brand.color};--ink:{brand.ink};"
        f"--link:{brand.on_white};--link-dark:{brand.on_night}}}\n"
    )


def style_of(brand: Brand) -> str:
    """The path of its colours."""
    return "/brand/{}/{}.css".format(VERSION, brand.color.removeprefix("#"))


@cache
def digest_of(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:16]


@cache
def _content(name: str) -> bytes:
    return FOLDER.joinpath(name).read_bytes()


def _served(content: bytes, kind: str, *, lasts: bool) -> Response:
    headers = {"Cache-Control": A_YEAR if lasts else "no-cache"}
    return Response(content, content_type=kind, headers=headers)
