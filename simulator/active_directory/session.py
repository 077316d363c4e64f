"""One connection's conversation: who is signed in, and the answer to each message."""

from __future__ import annotations

from collections.abc import Callable

from simulator.active_directory import changes, controls, refusals, wire
from simulator.active_directory.accounts import SignIn, User
from simulator.active_directory.controllers import Controller
from simulator.active_directory.domain import Domain
from simulator.active_directory.refusals import LdapError, ResultCode
from simulator.active_directory.root_dse import START_TLS, WHO_AM_I, referrals, root_dse
from simulator.active_directory.search import Found, Row, Searches, selected
from simulator.active_directory.tree import Scope
from simulator.active_directory.wire import Control, Message

_LDAP_VERSION = 3
_ROOT_DSE_NEEDS_NO_BIND = ("", Scope.BASE)


class Session:
    """No sockets here: messages come in, bytes go out."""

    def __init__(
        self,
        domain: Domain,
        controller: Controller,
        *,
        encrypted: bool,
        supported_controls: tuple[str, ...] = controls.SUPPORTED,
    ) -> None:
        self.encrypted = encrypted
        self.starts_tls = False
        """Set by StartTLS: once the answer is sent, the connection turns to TLS."""
        self._domain = domain
        self._controller = controller
        self._supported_controls = supported_controls
        self._user: User | None = None
        self._searches = Searches(domain)

    @property
    def bound_as(self) -> str:
        """The sAMAccountName of whoever is signed in."""
        return self._user.username if self._user else ""

    def answer(self, message: Message) -> bytes:
        """All that is said to one message; nothing to unbind and abandon."""
        if isinstance(message.request, wire.UnbindRequest | wire.AbandonRequest):
            return b""
        try:
            known = controls.accept(message.controls, self._supported_controls)
            return self._answer(message, known)
        except LdapError as refused:
            return wire.result(message, refused.code, refused.text, matched_dn=refused.matched_dn)

    def _answer(self, message: Message, known: dict[str, Control]) -> bytes:
        match message.request:
            case wire.BindRequest() as request:
                return self._bind(message, request)
            case wire.SearchRequest() as request:
                return self._search(message, request, known)
            case wire.ModifyRequest() as request:
                return self._modify(message, request, known)
            case wire.ExtendedRequest(oid=oid):
                return self._extended(message, oid)
            case _:
                raise refusals.unwilling("00000057")

    def _bind(self, message: Message, request: wire.BindRequest) -> bytes:
        self._user = None
        if request.version != _LDAP_VERSION:
            raise refusals.protocol_error("Unsupported LDAP version")
        if request.password is None:
            raise refusals.sasl_not_offered()
        if request.password:
            self._user = self._signed_in(request.name, request.password)
        return wire.result(message, ResultCode.SUCCESS)

    def _signed_in(self, name: str, password: str) -> User:
        if not self.encrypted:
            raise refusals.encryption_needed_to_bind()
        with self._domain.lock:
            user = self._domain.who_binds(name)
            if user is None:
                raise refusals.bind_refused(SignIn.NO_SUCH_USER)
            outcome = self._domain.try_password(user, password)
        if outcome is not SignIn.ACCEPTED:
            raise refusals.bind_refused(outcome)
        return user

    def _search(
        self, message: Message, request: wire.SearchRequest, known: dict[str, Control]
    ) -> bytes:
        page = controls.page(known.get(controls.PAGED_RESULTS))
        with self._domain.lock:
            if (request.base, request.scope) == _ROOT_DSE_NEEDS_NO_BIND:
                root = root_dse(self._domain, self._controller, self._supported_controls)
                row = selected(root, request.attributes, types_only=request.types_only)
                return _found(message, Found([row]), [])
            found = self._searches.run(request, self._caller(), page)
        return _found(message, found, self._referrals(request, found, known))

    def _referrals(
        self, request: wire.SearchRequest, found: Found, known: dict[str, Control]
    ) -> list[str]:
        if request.scope is not Scope.SUBTREE or controls.DOMAIN_SCOPE in known:
            return []
        whole_domain = self._domain.target(request.base) is self._domain.head
        return referrals(self._domain) if whole_domain and found.is_last else []

    def _modify(
        self, message: Message, request: wire.ModifyRequest, known: dict[str, Control]
    ) -> bytes:
        changes.modify(
            self._domain,
            self._caller(),
            request.target,
            request.changes,
            encrypted=self.encrypted,
            policy_hints=controls.wants_policy_hints(known.get(controls.POLICY_HINTS)),
        )
        return wire.result(message, ResultCode.SUCCESS)

    def _extended(self, message: Message, oid: str) -> bytes:
        known: dict[str, Callable[[Message], bytes]] = {
            START_TLS: self._start_tls,
            WHO_AM_I: self._who_am_i,
        }
        if oid not in known:
            raise refusals.unknown_extension()
        return known[oid](message)

    def _start_tls(self, message: Message) -> bytes:
        if self.encrypted:
            raise refusals.tls_already_on()
        self.starts_tls = True
        return wire.result(message, ResultCode.SUCCESS, name=START_TLS)

    def _who_am_i(self, message: Message) -> bytes:
        who = f"u:{self._domain.netbios_name}\\{self.bound_as}" if self._user else ""
        return wire.result(message, ResultCode.SUCCESS, value=who.encode())

    def _caller(self) -> User:
        if self._user is None:
            raise refusals.bind_needed()
        return self._user


def _found(message: Message, found: Found, urls: list[str]) -> bytes:
    rows = [_row(message, row) for row in found.rows]
    references = [wire.reference(message, url) for url in urls]
    paged = [] if found.cookie is None else [controls.next_page(found.cookie)]
    text = f"00000000: LdapErr: {found.code.name}\x00" if found.code else ""
    return b"".join([*rows, *references, wire.result(message, found.code, text, controls=paged)])


def _row(message: Message, row: Row) -> bytes:
    dn, attributes = row
    return wire.entry(message, dn, attributes)
