"""One signed-in connection to one domain controller; here ldap3 ends and our errors begin."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NoReturn
from uuid import UUID

from ldap3 import ANONYMOUS, NONE, SYNC, Connection, Server
from pydantic import SecretStr

from directory.accounts import DirectorySettings
from directory.active_directory.entries import Entry
from directory.active_directory.messages import (
    BASE,
    SUBTREE,
    Filter,
    in_pages,
    present,
    question,
    replacement,
)
from directory.active_directory.paging import Page, broken_off, page_of
from directory.active_directory.passwords import Changes
from directory.active_directory.results import (
    NO_SUCH_OBJECT,
    SIZE_LIMIT_EXCEEDED,
    SUCCESS,
    error_for,
)
from directory.active_directory.wire import Deadline, Endpoint, Wire
from directory.errors import (
    ConnectionNotSecure,
    DirectoryError,
    DirectoryUnreachable,
    OutcomeUnknown,
)

START_TLS = "1.3.6.1.4.1.1466.20037"
ANYTHING = present("objectClass")
ROOT_DSE = ""

Answer = dict[str, Any]


class QuietConnection(Connection):
    """ldap3's connection, which prints neither whom it signs in nor with which password."""

    def __repr__(self) -> str:
        """Say nothing."""
        return "QuietConnection()"

    __str__ = __repr__


class Session:
    """Asks one domain controller. Its errors say whether a change may have been made."""

    def __init__(self, wire: Wire) -> None:
        self.endpoint = wire.endpoint
        self.wrote = False
        """A modify was sent in the present operation, so it must not be tried elsewhere."""
        self.domain_dn = ""
        self.host = ""
        self._wire = wire
        self._ldap: Any = _over(wire)
        self._broken = False
        self._failure = ""
        self._process_id = os.getpid()

    @classmethod
    def dial(cls, endpoint: Endpoint, settings: DirectorySettings, deadline: Deadline) -> Session:
        """Connect, without TLS yet and without having said a word."""
        wire = Wire(endpoint, settings.receive_timeout_seconds)
        wire.begin(deadline)
        wire.connect(deadline.sooner(settings.connect_timeout_seconds))
        return cls(wire)

    def begin(self, deadline: Deadline) -> None:
        """Start an operation: what follows has to end in time."""
        self.wrote = False
        self._wire.begin(deadline)

    @property
    def usable(self) -> bool:
        """Whether a request may be sent: nothing went wrong, nobody hung up, and it is ours.

        RQ forks for each job; two processes writing into one TLS stream would spoil it for both.
        """
        return not self._broken and self._process_id == os.getpid() and self._wire.quiet()

    @property
    def wire(self) -> Wire:
        """What it speaks through."""
        return self._wire

    def start_tls(self) -> None:
        """Ask for TLS on a plain port. A controller that cannot is never shown a password."""
        answer = self._ask("extendedResp", lambda: self._ldap.extended(START_TLS))
        if answer is None:
            self._fail()
        if answer["result"] != SUCCESS:
            raise ConnectionNotSecure(f"{self.endpoint}: StartTLS was refused")

    def sign_in(self, settings: DirectorySettings) -> None:
        """Bind as the service account."""
        answer = self._signed_in(settings.bind_dn, settings.bind_password)
        if answer["result"] != SUCCESS:
            raise error_for(answer)

    def answer_to(self, name: str, password: SecretStr) -> tuple[int, str]:
        """The code and message that a bind as somebody else is answered with."""
        answer = self._signed_in(name, password)
        return answer["result"], str(answer["message"] or "")

    def _signed_in(self, name: str, password: SecretStr) -> Answer:
        if not self._wire.secured:
            raise ConnectionNotSecure(f"{self.endpoint}: not signing in without TLS")
        answer = self._ask("bindResponse", lambda: self._bind(name, password))
        self._ldap.password = None
        if answer is None:
            self._fail()
        return answer

    def look_around(self) -> Entry:
        """Learn which controller and which domain this is."""
        root = self.read(ROOT_DSE, ("defaultNamingContext", "dnsHostName", "currentTime"))
        root.require("defaultNamingContext")
        self.domain_dn = root.text("defaultNamingContext")
        self.host = root.text("dnsHostName").casefold()
        return root

    def read(self, dn: str, attributes: Sequence[str]) -> Entry:
        """One object. AccountRefused(NOT_FOUND) where there is none."""
        found = self.search(dn, ANYTHING, attributes, scope=BASE)
        if not found:
            raise error_for({"result": NO_SUCH_OBJECT, "message": ""})
        return found[0]

    def search(
        self,
        base: str,
        where: Filter,
        attributes: Sequence[str],
        *,
        scope: int = SUBTREE,
        at_most: int = 0,
    ) -> list[Entry]:
        """Objects below a base. References to other servers are dropped, never followed."""
        answer, entries = self._found(
            lambda number: question(number, base, scope, where, attributes, at_most)
        )
        if answer["result"] not in {SUCCESS, SIZE_LIMIT_EXCEEDED}:
            raise self._refused(answer)
        return entries

    def page(
        self, base: str, where: Filter, attributes: Sequence[str], size: int, cookie: bytes
    ) -> Page:
        """The next of all objects below a base. Half a page is none: what is wrong is raised."""
        control = in_pages(size, cookie)
        answer, entries = self._found(
            lambda number: question(number, base, SUBTREE, where, attributes, 0, control)
        )
        if answer["result"] != SUCCESS:
            raise self._refused(answer) if not cookie else broken_off(answer)
        return page_of(entries, answer)

    def modify(self, guid: UUID, changes: Changes) -> None:
        """Send one modify, once. OutcomeUnknown where it may have arrived and no answer came."""
        self.wrote = True

        def ask() -> None:
            number = self._next_number()
            self._wire.sendall(replacement(number, guid_dn(guid), changes.values))
            self._ldap.strategy.post_send_single_response(number)

        answer = self._ask("modifyResponse", ask)
        if answer is None and self._wire.departed:
            raise OutcomeUnknown(f"{self.endpoint}: the change was sent and no answer came")
        if answer is None:
            self._fail()
        if answer["result"] != SUCCESS:
            raise self._refused(answer)

    def close(self) -> None:
        """Say good-bye if that is still possible, and hang up."""
        if self._process_id == os.getpid() and not self._broken:
            self._ask("", self._ldap.unbind)
        self._wire.close()

    def _found(self, made: Callable[[int], bytes]) -> tuple[Answer, list[Entry]]:
        """What a search is answered with. References to other servers are dropped."""
        entries: list[Entry] = []

        def ask() -> None:
            number = self._next_number()
            self._wire.sendall(made(number))
            answers = self._ldap.strategy.post_send_search(number)
            kept = [item for item in answers if item["type"] == "searchResEntry"]
            entries.extend(Entry.of(item) for item in kept)

        answer = self._ask("searchResDone", ask)
        if answer is None:
            self._fail()
        return answer, entries

    def _next_number(self) -> int:
        """The number of a message of ours, for whose answer ldap3 will wait."""
        number: int = self._ldap.server.next_message_id()
        self._ldap.strategy._outstanding[number] = {}  # noqa: SLF001 - as its send() would have
        return number

    def _bind(self, name: str, password: SecretStr) -> None:
        """The password goes as bytes, because ldap3 would normalize text and change it."""
        self._ldap.rebind(
            user=name,
            password=password.get_secret_value().encode(),
            read_server_info=False,
        )

    def _ask(self, expected: str, call: Callable[[], object]) -> Answer | None:
        """The answer to one request, or None: the connection is then good for nothing.

        A peer can make ldap3 raise nearly anything (KeyError, struct.error, pyasn1's errors).
        It is swallowed here and never becomes the cause of ours, because its frames hold what was
        sent; and so that no such frame survives, nothing is raised from inside an except block.
        """
        self._wire.departed = False
        answer: Answer | None = None
        self._failure = "an answer to something else"
        try:
            call()
            answer = self._ldap.result
        except Exception as error:  # noqa: BLE001 - this is the border that is described above
            answer, self._failure = None, type(error).__name__
        self._ldap.request = self._ldap.response = self._ldap.result = None
        if not answer or answer.get("type") != expected:
            self._broken = True
            return None
        return answer

    def _refused(self, answer: Answer) -> DirectoryError:
        error = error_for(answer)
        self._broken = isinstance(error, DirectoryUnreachable)
        return error

    def _fail(self) -> NoReturn:
        raise DirectoryUnreachable(f"{self.endpoint}: no answer that makes sense ({self._failure})")


def guid_dn(guid: UUID) -> str:
    """The name under which an object is found wherever it has been moved to."""
    return f"<GUID={guid}>"


def _over(wire: Wire) -> Connection:
    """An ldap3 connection on a socket of ours.

    ldap3 would open the socket itself, but without a limit to name resolution or to a host with
    many addresses, and it verifies a host name after the handshake with code of its own.
    """
    server = Server("opened-by-us", get_info=NONE, allowed_referral_hosts=[])
    connection = QuietConnection(
        server,
        authentication=ANONYMOUS,
        client_strategy=SYNC,
        auto_referrals=False,
        auto_range=False,
        check_names=False,
        return_empty_attributes=False,
    )
    connection.socket = wire
    connection.closed = False
    connection.listening = True
    connection.strategy._outstanding = {}  # noqa: SLF001 - what its open() would have set
    return connection
