"""Things that go wrong on demand: silence, hanging, dripping, dropping, refusals and garbage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from threading import Event, Lock

from simulator.active_directory.operations import Kind
from simulator.active_directory.refusals import ResultCode

NOT_LDAP = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n"
    b"Connection: close\r\n\r\nBad request.\n"
)
_UNANSWERED = frozenset([Kind.UNBIND, Kind.ABANDON])


class Act(Enum):
    """What happens instead of an answer."""

    HANG = auto()
    DROP = auto()
    ANSWER = auto()
    GARBAGE = auto()


class Silence(Enum):
    """From when on a connection says nothing."""

    BEFORE_TLS = auto()
    AFTER_TLS = auto()


@dataclass(slots=True)
class Fault:
    """Something that happens to operations of one kind, or of any."""

    act: Act
    on: Kind | None
    applied: bool
    """After the operation was carried out; else instead of it."""
    times: int | None = 1
    """None: until the faults are cleared."""
    skip: int = 0
    """So many operations pass unharmed first."""
    code: int = ResultCode.OTHER
    text: str = ""
    data: bytes = NOT_LDAP

    def strikes(self, kind: Kind) -> bool:
        """Whether it is this operation's turn; counts it."""
        if self.on not in {None, kind} or kind in _UNANSWERED or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(frozen=True, slots=True)
class Drip:
    """How slowly answers come."""

    octets: int
    pause_seconds: float


@dataclass(slots=True)
class Faults:
    """The faults of one server. They hold for connections that are open already, too."""

    _set_listening: Callable[[bool], None]
    silence: Silence | None = None
    dripping: Drip | None = None
    waiting: Event = field(default_factory=Event)
    """Set, and replaced, when the connections that are kept waiting have to end."""
    _faults: list[Fault] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def refuse_connections(self) -> None:
        """As if nothing ran there: open connections end and new ones are refused."""
        self._set_listening(False)  # noqa: FBT003 - the name of the call says what it means

    def say_nothing(self, *, after_tls: bool = False) -> None:
        """New connections are accepted and never hear a word."""
        self.silence = Silence.AFTER_TLS if after_tls else Silence.BEFORE_TLS

    def drip(self, *, octets: int = 1, pause_seconds: float = 0.05) -> None:
        """Send every answer in small pieces."""
        self.dripping = Drip(octets, pause_seconds)

    def hang(
        self,
        on: Kind | None = None,
        *,
        applied: bool = False,
        times: int | None = None,
        skip: int = 0,
    ) -> None:
        """Never answer, whether or not the operation is carried out."""
        self._add(Fault(Act.HANG, on, applied, times, skip))

    def drop(
        self,
        on: Kind | None = None,
        *,
        applied: bool = False,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """End the connection instead of answering."""
        self._add(Fault(Act.DROP, on, applied, times, skip))

    def answer(
        self,
        on: Kind | None,
        code: int,
        text: str = "",
        *,
        applied: bool = False,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """Answer with this result."""
        self._add(Fault(Act.ANSWER, on, applied, times, skip, code, text))

    def garbage(
        self,
        on: Kind | None = None,
        data: bytes = NOT_LDAP,
        *,
        applied: bool = False,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """Answer with bytes that are not LDAP, and hang up."""
        self._add(Fault(Act.GARBAGE, on, applied, times, skip, data=data))

    def clear(self) -> None:
        """Everything works again. Connections that were kept waiting end."""
        with self._lock:
            self._faults.clear()
            self.silence = self.dripping = None
        self.release()
        self._set_listening(True)  # noqa: FBT003 - the name of the call says what it means

    def release(self) -> None:
        """End the connections that are kept waiting."""
        with self._lock:
            self.waiting.set()
            self.waiting = Event()

    def due(self, kind: Kind) -> Fault | None:
        """What happens to this operation."""
        with self._lock:
            return next((fault for fault in self._faults if fault.strikes(kind)), None)

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)
