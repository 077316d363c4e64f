"""The operator's check: every step that a reset relies on, tried one by one, with what it said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from directory.accounts import Check, DirectorySettings
from directory.active_directory.controllers import Controllers
from directory.active_directory.domain import Domain
from directory.active_directory.eligibility import ORDINARY_USER
from directory.active_directory.entries import Entry
from directory.active_directory.listing import Listing
from directory.active_directory.messages import all_of, equal, none_of
from directory.active_directory.reading import COMPUTED_FLAGS, password_version
from directory.active_directory.replication import METADATA
from directory.active_directory.session import Session
from directory.active_directory.times import clock_time
from directory.active_directory.wire import Endpoint
from directory.errors import AccountRefused, DirectoryError
from directory.people import PeopleSource

NEEDED_RIGHTS = ("lockoutTime", "pwdLastSet")
NEEDED_READING = ("tokenGroups", "userAccountControl", COMPUTED_FLAGS)
CLOCK_SKEW_SECONDS = 300
"""Kerberos allows no more, and we compare expiry dates with our own clock."""
SAMPLE = all_of(equal("sAMAccountType", str(ORDINARY_USER)), none_of(equal("adminCount", "1")))

Step = Callable[[], str]


class _NotSo(DirectoryError):
    """A step worked but found something that an operator should know."""


class _DoneWithout(DirectoryError):
    """Something is missing that we can do without, at the price that is told."""


@dataclass
class Diagnosis:
    """Tries out one directory. Each domain controller is checked separately."""

    settings: DirectorySettings
    controllers: Controllers
    domain: Domain
    now: Callable[[], datetime]
    _done: list[Check] = field(default_factory=list)

    def checks(self) -> list[Check]:
        """Everything that was tried, in order. A step that failed ends those that need it."""
        self._done = []
        sessions = [self._controller(endpoint) for endpoint in self.controllers.endpoints]
        healthy = [session for session in sessions if session]
        if healthy:
            self._domain_checks(healthy[0])
        for session in healthy:
            session.close()
        return self._done

    def _controller(self, endpoint: Endpoint) -> Session | None:
        dialled: list[Session] = []
        steps: dict[str, Step] = {
            "name and port": lambda: self._dial(endpoint, dialled),
            "TLS": lambda: self._secure(dialled[0]),
            "sign-in": lambda: self._sign_in(dialled[0]),
            "directory": lambda: self._look_around(dialled[0]),
        }
        if all(self._try(f"{endpoint} {name}", step) for name, step in steps.items()):
            return dialled[0]
        for session in dialled:
            session.close()
        return None

    def _domain_checks(self, session: Session) -> None:
        session.begin(self.controllers.deadline())
        for name, step in (
            ("clock", self._clock),
            ("base DN", self._base),
            ("PDC emulator", self._pdc),
            ("password policy", self._policy),
            ("protected groups", self._groups),
        ):
            self._try(name, partial(step, session))
        if self._try("rights", partial(self._rights, session)):
            self._try("unused passwords", partial(self._unused_passwords, session))
        self._try("people", partial(self._people, session))

    def _try(self, name: str, step: Step) -> bool:
        try:
            check = Check(name, ok=True, detail=step())
        except _DoneWithout as price:
            check = Check(name, ok=True, detail=str(price), warning=True)
        except AccountRefused:
            check = Check(name, ok=False, detail="it does not exist, or we may not see it")
        except DirectoryError as error:
            check = Check(name, ok=False, detail=str(error))
        self._done.append(check)
        return check.ok

    def _dial(self, endpoint: Endpoint, dialled: list[Session]) -> str:
        dialled.append(Session.dial(endpoint, self.settings, self.controllers.deadline()))
        return "a connection was accepted"

    def _secure(self, session: Session) -> str:
        self.controllers.secure(session, self.controllers.deadline())
        ends_at = session.wire.certificate_expires_at()
        days = (ends_at - self.now()).days if ends_at else 0
        return f"the certificate proves {session.endpoint.host} for another {days} days"

    def _sign_in(self, session: Session) -> str:
        self.controllers.sign_in(session)
        return "the service account was accepted"

    def _look_around(self, session: Session) -> str:
        session.look_around()
        return f"{session.host or 'it'} serves {session.domain_dn}"

    def _clock(self, session: Session) -> str:
        theirs = clock_time(session.look_around().text("currentTime"))
        if theirs is None:
            raise _NotSo("it does not tell its time")
        skew = abs((theirs - self.now()).total_seconds())
        if skew > CLOCK_SKEW_SECONDS:
            raise _NotSo(f"its clock and ours are {skew:.0f} seconds apart")
        return f"{skew:.0f} seconds apart from ours"

    def _base(self, session: Session) -> str:
        base = session.read(self.settings.base_dn, ("objectClass",))
        return f"{base.dn} is readable"

    def _pdc(self, session: Session) -> str:
        host = self.domain.pdc_host(session)
        if host is None:
            raise _NotSo("it cannot be told who it is; writes go to any controller")
        if host != session.host:
            endpoint = self.controllers.pdc_endpoint(host)
            self.controllers.open(endpoint, self.controllers.deadline()).close()
        return f"{host} is reachable"

    def _policy(self, session: Session) -> str:
        rules = self.domain.rules_for(session, Entry("", {}))
        classes = "with" if rules.complexity else "without"
        return f"at least {rules.min_length} characters, {classes} complexity"

    def _groups(self, session: Session) -> str:
        return f"{len(self.domain.protected_sids(session))} configured, all found"

    def _people(self, session: Session) -> str:
        """The first page of what `people sync` would list, if it were not told where to look."""
        listing = Listing(self.settings, self.controllers, PeopleSource(), self.now)
        page = listing.first_page(session)
        if not page.entries:
            raise _DoneWithout("nobody can be listed below the base DN")
        return f"{len(page.entries)} can be listed{', and more' if page.cookie else ''}"

    def _rights(self, session: Session) -> str:
        """Windows tells which attributes we may write, but not whether we may reset a password."""
        tried = self._somebody(session, "allowedAttributesEffective")
        if tried is None:
            raise _NotSo("there is no user under the base DN to try it on")
        may_write = {
            name.decode("utf-8", "replace") for name in tried.all("allowedAttributesEffective")
        }
        missing = [right for right in NEEDED_RIGHTS if right not in may_write]
        if missing:
            raise _NotSo(f"the service account may not write {' and '.join(missing)}")
        sample = session.read(tried.dn, NEEDED_READING)
        for attribute in NEEDED_READING:
            sample.require(attribute)
        return f"may write {' and '.join(NEEDED_RIGHTS)}; the right to reset shows only in use"

    def _unused_passwords(self, session: Session) -> str:
        """Without this right everything works, but no password of ours can be told from others."""
        tried = self._somebody(session, METADATA)
        if tried is None or password_version(tried) is None:
            raise _DoneWithout(
                f"the service account may not read {METADATA}: "
                "a one-time password that nobody used in time is left alone"
            )
        return "it can be told whether a one-time password was used"

    def _somebody(self, session: Session, attribute: str) -> Entry | None:
        """Anybody under the base DN whom we might have to help."""
        found = session.search(self.settings.base_dn, SAMPLE, (attribute,), at_most=1)
        return found[0] if found else None
