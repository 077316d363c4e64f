"""What the domain says of itself, remembered for a few minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from directory.accounts import DirectorySettings, PasswordRules
from directory.active_directory.entries import Entry
from directory.active_directory.names import parent
from directory.active_directory.session import Session
from directory.active_directory.wire import Clock
from directory.errors import AccountRefused, DirectoryMisconfigured, UnexpectedAnswer

SECONDS_TO_REMEMBER = 300
COMPLEXITY = 0x1
SECURITY_GROUP = 0x8000_0000
SECURITY_BITS = 0xFFFF_FFFF

NOT_TOLD = (AccountRefused, DirectoryMisconfigured, UnexpectedAnswer)
"""How a controller answers about what is not there or hidden from us: asking elsewhere is vain."""

T = TypeVar("T")


class Domain:
    """Password rules, the PDC emulator and the protected groups of one domain."""

    def __init__(self, settings: DirectorySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._memory: dict[str, tuple[float, Any]] = {}

    def rules_for(self, session: Session, account: Entry) -> PasswordRules:
        """The fine-grained policy of the account if we may read it, else the domain's."""
        own = account.text("msDS-ResultantPSO")
        if own:
            rules = self._remembered(f"rules {own}", lambda: _fine_grained(session, own))
            if rules:
                return rules
        return self._remembered("rules", lambda: _domain_rules(session))

    def pdc_host(self, session: Session) -> str | None:
        """The host name of the PDC emulator, where lockouts are kept; None if it cannot be told."""
        return self._remembered("pdc", lambda: _pdc_host(session))

    def protected_sids(self, session: Session) -> frozenset[bytes]:
        """The configured groups as SIDs. One that cannot be resolved stops everything.

        A group that was renamed or mistyped would otherwise protect nobody, without a sign.
        """
        return self._remembered("protected", lambda: self._resolved_groups(session))

    def _resolved_groups(self, session: Session) -> frozenset[bytes]:
        return frozenset(_group_sid(session, dn) for dn in self._settings.protected_groups)

    def _remembered(self, what: str, learn: Callable[[], T]) -> T:
        until, value = self._memory.get(what, (0.0, None))
        if what in self._memory and self._clock() < until:
            return cast("T", value)
        learned = learn()
        self._memory[what] = (self._clock() + SECONDS_TO_REMEMBER, learned)
        return learned


def _domain_rules(session: Session) -> PasswordRules:
    head = session.read(session.domain_dn, ("minPwdLength", "pwdProperties"))
    complexity = bool(head.required_number("pwdProperties") & COMPLEXITY)
    return PasswordRules(head.required_number("minPwdLength"), complexity)


def _fine_grained(session: Session, dn: str) -> PasswordRules | None:
    """By default only Domain Admins may read these, so most often there is nothing to see."""
    try:
        own = session.read(dn, ("msDS-MinimumPasswordLength", "msDS-PasswordComplexityEnabled"))
    except NOT_TOLD:
        return None
    if not own.all("msDS-MinimumPasswordLength"):
        return None
    length = own.required_number("msDS-MinimumPasswordLength")
    return PasswordRules(length, own.flag("msDS-PasswordComplexityEnabled"))


def _pdc_host(session: Session) -> str | None:
    """fSMORoleOwner names the settings object of a server, which stands under the server."""
    try:
        head = session.read(session.domain_dn, ("fSMORoleOwner",))
        server = parent(head.text("fSMORoleOwner"))
        named = session.read(server, ("dNSHostName",)) if server else head
    except NOT_TOLD:
        return None
    return named.text("dNSHostName").casefold() or None


def _group_sid(session: Session, dn: str) -> bytes:
    try:
        group = session.read(dn, ("objectSid", "groupType"))
    except NOT_TOLD:
        raise DirectoryMisconfigured(f"the protected group {dn} cannot be found") from None
    if not group.number("groupType", 0) & SECURITY_BITS & SECURITY_GROUP:
        # Windows leaves distribution groups out of tokenGroups: they could not protect anybody.
        raise DirectoryMisconfigured(f"the protected group {dn} is not a security group")
    return group.require("objectSid")[0]
