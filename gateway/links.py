"""Links that invitations are opened by: signed, with a time, for one purpose, and for us alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from pydantic import SecretStr

LONGEST_LIFE_SECONDS: Final = 169 * 3600
"""Longer than any policy allows; the invitation itself says when a link dies."""

LONGEST_TOKEN: Final = 300
"""Characters. Ours take about half of it."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a link that we made says. Whether it still works is for the invitation to say."""

    purpose: str
    invitation_id: int
    nonce: str = field(repr=False)


class Links:
    """Makes links from PUBLIC_URL, never from a request, and reads them back.

    Signed with the newest key and read with any, so links outlive a rotation of SECRET_KEYS.
    """

    def __init__(self, keys: Sequence[SecretStr], public_url: str) -> None:
        self._public_url = public_url
        self._serializer = URLSafeTimedSerializer(
            [key.get_secret_value() for key in reversed(keys)],
            salt="resetline invitation",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def url(self, link: Signed) -> str:
        """The link for a mail: it lets in whoever has it, so it is made when the mail is sent."""
        token = str(self._serializer.dumps([link.purpose, link.invitation_id, link.nonce]))
        return f"{self._public_url}/activate/{token}"

    def named(self, token: str) -> str:
        """One name for all the ways in which the same link can be written, without a look-up."""
        signed = self.read(token)
        return f"invitation {signed.invitation_id}" if signed else f"link {token}"

    def read(self, token: str) -> Signed | None:
        """What a link says, or None where it is not ours, not whole, or far too old."""
        if len(token) > LONGEST_TOKEN:
            return None
        try:
            said = self._serializer.loads(token, max_age=LONGEST_LIFE_SECONDS)
        except SignatureExpired as error:
            said = self._serializer.load_payload(error.payload) if error.payload else None
        except BadSignature:
            return None
        match said:
            case [str(purpose), int(invitation_id), str(nonce)]:
                return Signed(purpose, invitation_id, nonce)
            case _:
                return None
