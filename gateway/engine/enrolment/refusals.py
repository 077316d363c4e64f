"""Why a step of enrolment was not taken: one reason each, with what the page needs to say it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """The page has a plain sentence for each."""

    NUMBER_WRONG = "number_wrong"
    """`detail` says why, in words that do not quote the number."""
    COUNTRY_CLOSED = "country_closed"
    NUMBER_SHARED = "number_shared"
    """As many people as may share a number have it already."""
    NUMBER_KEPT = "number_kept"
    """It is this person's number already, and proved."""
    NUMBER_STOPPED = "number_stopped"
    """Somebody texted STOP from it; only START from it lifts that."""
    NO_CONSENT = "no_consent"
    WAIT = "wait"
    """It was asked for a moment ago, whether or not it was sent; `seconds` says how long."""
    TOO_MANY = "too_many"
    """A limit of this person is reached; `seconds` says when to try again."""
    ALL_SPENT = "all_spent"
    """A limit is reached that many share, so it need not be this person's doing; `seconds` too."""
    CANNOT_COUNT = "cannot_count"
    """Nobody can say whether a limit is reached, so the answer is no."""
    NO_CODE = "no_code"
    """None is waited for: a number comes first."""
    CODE_SHAPE = "code_shape"
    CODE_WRONG = "code_wrong"
    """`left` says how many tries there are."""
    CODE_LATE = "code_late"
    CODE_SPENT = "code_spent"
    """`seconds` says when another one can be sent; 0 for now."""
    PASSWORD_EMPTY = "password_empty"  # noqa: S105  (a reason)
    PASSWORD_WRONG = "password_wrong"  # noqa: S105  (a reason)
    PASSWORD_RISKY = "password_risky"  # noqa: S105  (a reason)
    """It was not tried: a wrong one could come close to locking the account."""
    ACCOUNT_REFUSED = "account_refused"
    """The directory would not let it be helped or asked; whom to call is said."""
    DIRECTORY_AWAY = "directory_away"
    PAGE_OLD = "page_old"
    """The form was open for too long, or comes from elsewhere."""
    LINK_DEAD = "link_dead"


@dataclass
class StepRefused(Exception):
    """Nothing was changed by this step, but what counts tries."""

    reason: Reason
    detail: str = ""
    seconds: int = 0
    left: int = 0

    def __str__(self) -> str:
        return str(self.reason)
