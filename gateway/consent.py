"""The words that somebody agrees to before we text them, each version kept for as long as proof."""

from __future__ import annotations

from typing import Final

WORDINGS: Final = {
    "2026-11": (
        "I agree that {organization} may text me at this number about my account, when I ask for "
        "it and when something happens to it. Message frequency varies. Message and data rates "
        "may apply. Reply STOP to end, HELP for help. My number is used for nothing else."
    )
}
"""By version. A change of the words is a new version: what somebody has agreed to is never edited.

What carriers ask for (CTIA Messaging Principles, Twilio's A2P rules): who texts, what about, how
often, what it costs, HELP and STOP, and links to the terms and to the privacy policy.
"""

CURRENT: Final = "2026-11"
LANGUAGE: Final = "en"
"""Of every version so far, whatever language the page around it is in: kept with each consent."""


def words(organization: str, version: str = CURRENT) -> str:
    return WORDINGS[version].format(organization=organization)
