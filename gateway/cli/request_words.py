"""What the state of a request means, and why one that has ended is not repeated: plain words."""

from __future__ import annotations

from typing import Final

MEANING: Final[dict[str, str]] = {
    "awaiting": "the person was texted a word and has not texted it back; nothing was changed",
    "expired": "the word did not come back, or the wrong one did, and nothing was changed",
    "queued": "nobody has taken it up yet",
    "applying": "a worker has taken it up, or has died with it; after its lease another goes on",
    "applied": "the directory did it, or may have done it, and the answer waits to be sent",
    "sent": "Twilio has taken the answer, and has not said yet what became of it",
    "done": "the answer was delivered",
    "refused": "it was not allowed, and nothing was changed",
    "stale": "it had waited for too long to be carried out",
    "failed": "it could not be done, and the person is told what is true",
    "undelivered": "the directory did it, or may have done it, and the answer did not arrive",
    "used": "the person, or somebody for them, has set another password since",
    "scrambled": "nobody received or used the one-time password, and one that nobody knows "
    "took its place",
}

AGAIN: Final = "if it is still wanted, the person texts again"

WHY_NOT: Final[dict[str, str]] = {
    "awaiting": "it waits for a word that only the person's phone was told",
    "expired": f"its word is of no use any more; {AGAIN}",
    "applied": f"no text of it waits to be sent; {AGAIN}",
    "sent": "Twilio has taken its answer, and a second one could come late and confuse; "
    "if nothing arrives, the person texts again",
    "done": f"its answer was delivered; {AGAIN}",
    "refused": "it was refused, and trying again would not change that: see to the reason, "
    "then the person texts again",
    "stale": f"it was too old, and the person may have found help elsewhere by now; {AGAIN}",
    "failed": "it has ended, its person was told so, and they may have found help elsewhere by "
    f"now; {AGAIN}",
    "undelivered": "its answer did not arrive, and nothing of it is kept to be told again: the "
    "person texts again from a phone that texts can reach, or somebody resets it by hand",
    "used": "another password was set since; there is nothing left to do",
    "scrambled": f"its password has been replaced by one that nobody knows; {AGAIN}",
}
"""Queued and applying requests can always be rung for."""
