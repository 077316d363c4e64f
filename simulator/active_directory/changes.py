"""Modify requests: rights first, then every change of the request or none of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator.active_directory import refusals
from simulator.active_directory.accounts import User
from simulator.active_directory.domain import Domain
from simulator.active_directory.entries import Entry
from simulator.active_directory.filetimes import filetime
from simulator.active_directory.policy import Policy
from simulator.active_directory.refusals import LdapError, WrongOldPassword
from simulator.active_directory.rights import Right
from simulator.active_directory.syntaxes import number
from simulator.active_directory.wire import Change

ADD, DELETE, REPLACE = 0, 1, 2
_NOT_IN_QUOTES = "0000216C"
_OWNED_BY_THE_SYSTEM = "0000209A"
_PLAIN_TEXTS = {
    name.lower(): name
    for name in (
        "company",
        "department",
        "description",
        "displayName",
        "givenName",
        "mail",
        "mobile",
        "otherMobile",
        "preferredLanguage",
        "sn",
        "telephoneNumber",
        "title",
    )
}
_PLAIN_NUMBERS = {
    name.lower(): name for name in ("accountExpires", "adminCount", "userAccountControl")
}
_PLAIN = _PLAIN_TEXTS | _PLAIN_NUMBERS


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for the whole of one modify."""

    policy: Policy
    now: datetime
    policy_hints: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What a request does to one attribute."""

    right: Right | None
    """What the caller needs; None is an administrator."""
    apply: Callable[[User, Circumstances], None]
    for_everyone: bool = False


def modify(
    domain: Domain,
    caller: User,
    target: str,
    changes: Sequence[Change],
    *,
    encrypted: bool,
    policy_hints: bool = False,
) -> None:
    """Carry out one modify. LdapError if anything of it is refused; nothing is changed then."""
    with domain.lock:
        entry = domain.target(target)
        if not isinstance(entry, User):
            _change_members(domain, caller, entry, changes)
            return
        steps = [_step(name, each) for name, each in _by_attribute(changes, encrypted=encrypted)]
        rights = domain.rights_of(caller, entry)
        if not all(_is_allowed(domain, caller, step, rights) for step in steps):
            raise refusals.access_denied()
        _apply(steps, entry, Circumstances(domain.policy_of(entry), domain.now(), policy_hints))
        domain.touch(entry)


def _apply(steps: Sequence[Step], user: User, circumstances: Circumstances) -> None:
    attributes, passwords = user.state(), user.passwords
    try:
        for step in steps:
            step.apply(user, circumstances)
    except WrongOldPassword:
        raise  # It was the first step, and that it was wrong has to stay counted.
    except LdapError:
        user.restore(attributes)
        user.passwords = passwords
        raise


def _by_attribute(changes: Sequence[Change], *, encrypted: bool) -> list[tuple[str, list[Change]]]:
    """The changes of each attribute together, and the password before what depends on it."""
    grouped: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        grouped[change.attribute.lower()].append(change)
    if "unicodepwd" in grouped and not encrypted:
        raise refusals.encryption_needed_for_passwords()
    return sorted(grouped.items(), key=lambda each: each[0] != "unicodepwd")


def _is_allowed(domain: Domain, caller: User, step: Step, rights: frozenset[Right]) -> bool:
    if step.for_everyone:
        return True
    if step.right is None:
        return domain.is_administrator(caller)
    return step.right in rights


def _change_members(domain: Domain, caller: User, group: Entry, changes: Sequence[Change]) -> None:
    """All that can be changed of objects other than people."""
    if not domain.is_administrator(caller):
        raise refusals.access_denied()
    if any(each.attribute.lower() != "member" or each.operation == REPLACE for each in changes):
        raise refusals.unwilling(_OWNED_BY_THE_SYSTEM)
    members = [
        (change.operation, domain.target(value.decode()))
        for change in changes
        for value in change.values
    ]
    for operation, member in members:
        (domain.link if operation == ADD else domain.unlink)(group, member)


def _step(name: str, changes: list[Change]) -> Step:
    match name:
        case "unicodepwd":
            return _password_step(changes)
        case "pwdlastset":
            return Step(Right.WRITE_PWD_LAST_SET, _pwd_last_set(_only_value(changes)))
        case "lockouttime":
            return Step(Right.WRITE_LOCKOUT_TIME, _lockout_time(_only_value(changes)))
        case _:
            return Step(None, lambda user, _: _change_plainly(user, name, changes))


def _password_step(changes: list[Change]) -> Step:
    """One replace is a reset; a delete of the old with an add of the new is a change."""
    by_operation = {change.operation: change for change in changes}
    if len(changes) == 1 and REPLACE in by_operation:
        new = _password(by_operation[REPLACE])
        return Step(Right.RESET_PASSWORD, lambda user, with_: _reset(user, new, with_))
    if len(changes) == 2 and by_operation.keys() == {ADD, DELETE}:
        old, new = _password(by_operation[DELETE]), _password(by_operation[ADD])
        return Step(
            None,
            lambda user, with_: user.change_password(old, new, with_.policy, with_.now),
            for_everyone=True,
        )
    raise refusals.unwilling("00000057")


def _reset(user: User, new: str, with_: Circumstances) -> None:
    user.reset_password(new, with_.policy, with_.now, as_if_changed=with_.policy_hints)


def _pwd_last_set(value: int | None) -> Callable[[User, Circumstances], None]:
    if value not in {0, -1}:
        raise refusals.constraint_violated()

    def apply(user: User, with_: Circumstances) -> None:
        user.password_last_set = 0 if value == 0 else filetime(with_.now)

    return apply


def _lockout_time(value: int | None) -> Callable[[User, Circumstances], None]:
    if value != 0:
        raise refusals.constraint_violated()
    return lambda user, _: user.unlock()


def _change_plainly(entry: Entry, name: str, changes: Sequence[Change]) -> None:
    if name not in _PLAIN:
        raise refusals.unwilling(_OWNED_BY_THE_SYSTEM)
    for change in changes:
        if name in _PLAIN_NUMBERS and None in map(number, change.values):
            raise refusals.constraint_violated()
        entry.put(_PLAIN[name], *_changed(entry.values(name), change))


def _changed(present: tuple[bytes, ...], change: Change) -> tuple[bytes, ...]:
    match change.operation:
        case 0:
            return present + change.values
        case 1:
            if not set(change.values) <= set(present) or not present:
                raise refusals.no_such_value()
            gone = change.values or present
            return tuple(value for value in present if value not in gone)
        case _:
            return change.values


def _only_value(changes: Sequence[Change]) -> int | None:
    """The number that a single replace writes."""
    if len(changes) != 1 or changes[0].operation != REPLACE or len(changes[0].values) != 1:
        raise refusals.constraint_violated()
    return number(changes[0].values[0])


def _password(change: Change) -> str:
    """UTF-16 in quotes."""
    try:
        (value,) = change.values
        text = value.decode("utf-16-le")
    except ValueError:
        raise refusals.constraint_violated(_NOT_IN_QUOTES) from None
    if len(text) < 2 or not (text[0] == text[-1] == '"'):
        raise refusals.constraint_violated(_NOT_IN_QUOTES)
    return text[1:-1]
