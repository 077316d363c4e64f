"""The domain controllers in order, and the one connection that is kept to one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from pydantic import SecretStr

from directory.accounts import DirectorySettings
from directory.active_directory.domain import Domain
from directory.active_directory.session import Session
from directory.active_directory.wire import Clock, Deadline, Endpoint, trusting
from directory.errors import (
    ConnectionNotSecure,
    DirectoryBusy,
    DirectoryError,
    DirectoryUnreachable,
    ServiceAccountRefused,
)

IDLE_SECONDS = 240
"""A kept connection is not trusted after this: firewalls forget, and Windows ends it after 900."""
BREAKER_SECONDS = 60
"""No sign-in for so long after one was refused: trying on would lock the service account."""
RESTING_SECONDS = 60
"""A controller that failed is asked last for so long, so that not everybody waits for it."""

T = TypeVar("T")
Work = Callable[[Session], T]

ANOTHER_MAY_HELP = (DirectoryUnreachable, DirectoryBusy, ConnectionNotSecure)


class Controllers:
    """Does a piece of work on the first controller that answers, within one deadline.

    Work may be done again on another controller as long as it has not sent a write.
    """

    def __init__(self, settings: DirectorySettings, domain: Domain, clock: Clock) -> None:
        self.endpoints = tuple(Endpoint.parse(url) for url in settings.urls)
        self._settings = settings
        self._domain = domain
        self._clock = clock
        self._context = trusting(settings.ca_pem)
        self._kept: Session | None = None
        self._used_at = 0.0
        self._resting_until: dict[Endpoint, float] = {}
        self._breaker_until = 0.0

    def on_any(self, work: Work[T]) -> T:
        """Do it wherever we are connected, else on the first controller that answers."""
        return self._do(work, at_pdc=False)

    def on_pdc(self, work: Work[T]) -> T:
        """Do it on the PDC emulator, or where we are if that cannot be reached.

        Lockouts are kept there, and every controller asks it about a password it does not know.
        """
        return self._do(work, at_pdc=True)

    def lasting(self, work: Work[T]) -> tuple[Session, T]:
        """Begin something long on a connection of its own, which the caller has to close.

        The beginning is done anew on another controller where one fails; what follows is not.
        Nobody waits for it as for a reset, so every controller gets its full time.
        """
        failures: list[DirectoryError] = []
        for endpoint in sorted(self.endpoints, key=self._rests):
            try:
                return self._begun(endpoint, work)
            except ANOTHER_MAY_HELP as failure:
                failures.append(failure)
                self._rest(endpoint)
        raise _most_telling(failures)

    def close(self) -> None:
        """End the kept connection."""
        kept, self._kept = self._kept, None
        if kept:
            kept.begin(self.deadline())
            kept.close()

    def deadline(self) -> Deadline:
        """The end of an operation that begins now."""
        return Deadline(self._settings.deadline_seconds, self._clock)

    def page_deadline(self) -> Deadline:
        """The end of a page of a listing that is asked for now."""
        return Deadline(self._settings.page_seconds, self._clock)

    def open(self, endpoint: Endpoint, deadline: Deadline) -> Session:
        """A new session, signed in. No step is taken before the one above it has succeeded."""
        session = Session.dial(endpoint, self._settings, deadline)
        try:
            self.secure(session, deadline)
            self.sign_in(session)
            session.look_around()
        except BaseException:
            session.close()
            raise
        return session

    def tried(self, endpoint: Endpoint, name: str, password: SecretStr) -> tuple[int, str]:
        """What a controller answers to a sign-in of somebody else, on a connection just for that.

        DirectoryUnreachable where no answer came; nothing is tried a second time.
        """
        deadline = self.deadline()
        session = Session.dial(endpoint, self._settings, deadline)
        try:
            self.secure(session, deadline)
            return session.answer_to(name, password)
        finally:
            session.close()

    def secure(self, session: Session, deadline: Deadline) -> None:
        """TLS, with StartTLS before it on a plain port."""
        if session.endpoint.start_tls:
            session.start_tls()
        budget = deadline.sooner(self._settings.connect_timeout_seconds)
        session.wire.secure(self._context, budget)

    def sign_in(self, session: Session) -> None:
        """Bind, unless that was refused a short while ago."""
        if self._clock() < self._breaker_until:
            raise ServiceAccountRefused("our sign-in was refused a moment ago; not trying again")
        try:
            session.sign_in(self._settings)
        except ServiceAccountRefused:
            self._breaker_until = self._clock() + BREAKER_SECONDS
            raise

    def pdc_endpoint(self, host: str) -> Endpoint:
        """The configured URL with that host, else the usual port."""
        configured = (known for known in self.endpoints if known.host.casefold() == host)
        return next(configured, Endpoint(host, 636, start_tls=False))

    def _begun(self, endpoint: Endpoint, work: Work[T]) -> tuple[Session, T]:
        session = self.open(endpoint, self.deadline())
        try:
            return session, work(session)
        except BaseException:
            session.close()
            raise

    def _do(self, work: Work[T], *, at_pdc: bool) -> T:
        deadline = self.deadline()
        failures: list[DirectoryError] = []
        for endpoint in self._ways(deadline):
            try:
                session = self._reach(endpoint, deadline)
                done = work(self._at_pdc(session, deadline) if at_pdc else session)
            except ANOTHER_MAY_HELP as failure:
                if self._kept and self._kept.wrote:
                    raise
                failures.append(failure)
                self._give_up_on(endpoint)
            else:
                self._used_at = self._clock()
                return done
        raise _most_telling(failures)

    def _ways(self, deadline: Deadline) -> Iterator[Endpoint]:
        """Where we are connected, then all others in order, those that failed lately last."""
        kept = self._usable()
        if kept:
            yield kept.endpoint
        for endpoint in sorted(self.endpoints, key=self._rests):
            if not deadline.passed:
                yield endpoint

    def _reach(self, endpoint: Endpoint, deadline: Deadline) -> Session:
        kept = self._usable()
        if kept:
            kept.begin(deadline)
            return kept
        return self._keep(self.open(endpoint, deadline))

    def _usable(self) -> Session | None:
        """The kept session, unless it has ended or stood idle for too long."""
        if self._kept and self._kept.usable and self._clock() - self._used_at < IDLE_SECONDS:
            return self._kept
        self.close()
        return None

    def _at_pdc(self, session: Session, deadline: Deadline) -> Session:
        """Move there if it is another controller; where it cannot be reached, stay."""
        host = self._domain.pdc_host(session)
        if host is None or host == session.host:
            return session
        endpoint = self.pdc_endpoint(host)
        if endpoint == session.endpoint or self._rests(endpoint):
            return session
        try:
            moved = self.open(endpoint, deadline)
        except ANOTHER_MAY_HELP:
            self._rest(endpoint)
            return session
        self.close()
        return self._keep(moved)

    def _keep(self, session: Session) -> Session:
        self._kept = session
        self._used_at = self._clock()
        return session

    def _give_up_on(self, endpoint: Endpoint) -> None:
        self._rest(self._kept.endpoint if self._kept else endpoint)
        self.close()

    def _rest(self, endpoint: Endpoint) -> None:
        self._resting_until[endpoint] = self._clock() + RESTING_SECONDS

    def _rests(self, endpoint: Endpoint) -> bool:
        return self._clock() < self._resting_until.get(endpoint, 0.0)


def _most_telling(failures: list[DirectoryError]) -> DirectoryError:
    """A failed proof of identity tells an operator more than the silence of another controller."""
    insecure = (failure for failure in failures if isinstance(failure, ConnectionNotSecure))
    return next(insecure, failures[-1])
