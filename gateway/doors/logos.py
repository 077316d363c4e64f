"""Serves the logos of organizations and tenants to the pages that show them."""

from __future__ import annotations

import re
from typing import Final

from flask import Blueprint, Response, abort

from gateway.records.logos import logo_by_digest
from gateway.wiring import Gateway

DIGEST: Final = re.compile(r"[0-9a-f]{64}")
FOR_EVER: Final = "public, max-age=31536000, immutable"
"""A year: what is at such an address never changes, as the address is made of it."""


def door(gateway: Gateway) -> Blueprint:
    """Public by design: a logo is what its owner shows to everybody."""
    blueprint = Blueprint("logos", __name__)

    @blueprint.get("/logos/<digest>.png")
    def logo(digest: str) -> Response:
        if not DIGEST.fullmatch(digest):
            abort(404)
        with gateway.database.reading() as session:
            found = logo_by_digest(session, digest)
        if found is None:
            abort(404)
        return Response(
            found.content, mimetype=found.media_type, headers={"Cache-Control": FOR_EVER}
        )

    return blueprint
