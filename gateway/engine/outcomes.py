"""What an answer or an error of the directory means for the request and for the person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Final

from directory.accounts import AccountState, ResetResult, UnlockResult
from directory.errors import (
    AccountRefused,
    DirectoryBusy,
    DirectoryError,
    DirectoryUnreachable,
    OutcomeUnknown,
    Refusal,
)
from gateway.policy import Policy
from gateway.records.audit import Event
from gateway.records.requests import RequestState
from gateway.spoken_times import spoken_time
from handlers.conversation import Action, Fact


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a request ends or goes on, what the audit keeps and what the person is told."""

    state: RequestState
    event: Event
    template: str
    """Empty where they have been told so often that they are not told again."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    reason: str = ""
    password_version: int | None = None
    """Which password of the account is the one-time password; None where that is not known."""


_REFUSED: Final = {
    Action.RESET: Event.RESET_REFUSED,
    Action.UNLOCK: Event.UNLOCK_REFUSED,
    Action.STATUS: Event.STATUS_FAILED,
}
_FAILED: Final = {
    Action.RESET: Event.RESET_FAILED,
    Action.UNLOCK: Event.UNLOCK_FAILED,
    Action.STATUS: Event.STATUS_FAILED,
}
_DISABLED: Final = (Refusal.DISABLED, Refusal.EXPIRED)
_MAY_PASS: Final = (DirectoryUnreachable, DirectoryBusy, OutcomeUnknown)
"""Errors after which trying again can help."""


SUCCESSES: Final = frozenset(
    {
        Event.RESET_SUCCEEDED,
        Event.UNLOCK_SUCCEEDED,
        Event.UNLOCK_NOT_NEEDED,
        Event.STATUS_TOLD,
    }
)
"""Whoever gets one of these has used what they have enrolled for."""


def may_pass(error: DirectoryError) -> bool:
    return isinstance(error, _MAY_PASS)


def after_reset(result: ResetResult, policy: Policy) -> Outcome:
    """Only of a password that must be changed can be told whether it has been used."""
    template, facts = _reset_words(result, policy)
    version = result.password_version if result.must_change_password else None
    return Outcome(
        RequestState.APPLIED, Event.RESET_SUCCEEDED, template, facts, password_version=version
    )


def _reset_words(result: ResetResult, policy: Policy) -> tuple[str, Mapping[str, Fact]]:
    if result.locked:
        return "reset_done_locked", {"unlock": policy.unlock_by_sms}
    if not result.must_change_password:
        return "reset_done_kept", {}
    return "reset_done", {"minutes": policy.one_time_minutes}


def after_unlock(result: UnlockResult, policy: Policy, *, repeated: bool) -> Outcome:
    """A repeated attempt that finds the account unlocked may have unlocked it itself before."""
    if result.locked:
        return Outcome(
            RequestState.FAILED, Event.UNLOCK_FAILED, "unlock_still_locked", reason="locked_again"
        )
    facts = {"reset": policy.reset_by_sms}
    if result.was_locked or repeated:
        return Outcome(RequestState.APPLIED, Event.UNLOCK_SUCCEEDED, "unlock_done", facts)
    return Outcome(RequestState.APPLIED, Event.UNLOCK_NOT_NEEDED, "unlock_not_locked", facts)


def after_status(
    state: AccountState, policy: Policy, now: datetime, zone: tzinfo, language: str
) -> Outcome:
    template, facts = _status_words(
        state, policy, lambda when: spoken_time(when, now, zone, language)
    )
    return Outcome(RequestState.APPLIED, Event.STATUS_TOLD, template, facts)


def _status_words(
    state: AccountState, policy: Policy, spoken: Callable[[datetime], str]
) -> tuple[str, Mapping[str, Fact]]:
    """Nobody is told to text what would then be refused."""
    reset: dict[str, Fact] = {"reset": policy.reset_by_sms}
    if state.refusal:
        return "account_disabled" if state.refusal in _DISABLED else "status_refused", {}
    if state.locked:
        since = state.locked_since
        told: dict[str, Fact] = {"since": spoken(since) if since else ""}
        return "status_locked", {**told, "unlock": policy.unlock_by_sms, **reset}
    if state.must_change_password:
        return "status_must_change", reset
    if state.password_expired:
        return "status_expired", reset
    expires = state.password_expires_at
    return "status_fine", {"expires": spoken(expires) if expires else ""}


def after_error(action: Action, error: DirectoryError, *, maybe_changed: bool) -> Outcome:
    """The truth about an error: that nothing was changed is said only where that is known."""
    reason = error.reason if isinstance(error, AccountRefused) else _snake(type(error).__name__)
    if maybe_changed:
        return uncertain(action, reason)
    if isinstance(error, AccountRefused):
        template = "status_refused" if action is Action.STATUS else "refused"
        if error.reason in _DISABLED:
            template = "account_disabled"
        return Outcome(RequestState.REFUSED, _REFUSED[action], template, reason=reason)
    return Outcome(RequestState.FAILED, _FAILED[action], "failed", reason=reason)


def uncertain(action: Action, reason: str) -> Outcome:
    """A change may have happened; a reset text then carries the password that may be set."""
    if action is Action.RESET:
        return Outcome(
            RequestState.APPLIED, Event.RESET_UNCERTAIN, "reset_uncertain", reason=reason
        )
    return Outcome(RequestState.FAILED, _FAILED[action], "unlock_uncertain", reason=reason)


def impossible(action: Action) -> Outcome:
    """The domain's rules leave no password that we could make."""
    return Outcome(RequestState.FAILED, _FAILED[action], "failed", reason="password_impossible")


def not_allowed(
    action: Action,
    reason: str,
    template: str = "refused",
    facts: Mapping[str, Fact] = MappingProxyType({}),
) -> Outcome:
    """We do not do this for them, and the directory has not heard of it."""
    return Outcome(RequestState.REFUSED, _REFUSED[action], template, facts, reason)


def too_often(action: Action, name: str, until: str) -> Outcome:
    """A limit was reached. They are told when to try again, in words."""
    return not_allowed(action, name, "limit_reached", {"until": until})


def cannot_count(action: Action) -> Outcome:
    """Nobody can say whether a limit was reached, so nothing is done and they have to call."""
    return Outcome(RequestState.FAILED, _FAILED[action], "failed", reason="cannot_count")


def stale() -> Outcome:
    return Outcome(RequestState.STALE, Event.REQUEST_STALE, "stale", reason="too_old")


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
