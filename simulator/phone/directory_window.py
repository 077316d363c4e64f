"""A window onto a real Active Directory over LDAPS: real binds, and a real change of password."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ldap3 import BASE, MODIFY_ADD, MODIFY_DELETE, NONE, SUBTREE, SYNC, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars

from simulator.phone.signing_in import AccountView, DirectoryGone, Outcome

# The driver lets more than its own errors through when a peer misbehaves.
TROUBLE = (LDAPException, OSError, KeyError, ValueError, DirectoryGone)

Found = TypeVar("Found")

EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
NEVER = frozenset({0, 0x7FFFFFFFFFFFFFFF})
DISABLED, LOCKED, PASSWORD_EXPIRED = 0x2, 0x10, 0x800000
COMPUTED = "msDS-User-Account-Control-Computed"
EXPIRY = "msDS-UserPasswordExpiryTimeComputed"
ATTRIBUTES = [
    "displayName", "userAccountControl", "pwdLastSet", "lockoutTime", "accountExpires",
    "badPwdCount", COMPUTED, EXPIRY,
]  # fmt: skip

DATA = re.compile(r"\bdata ([0-9a-fA-F]+)")
BY_DATA = {
    "525": Outcome.WRONG,
    "52e": Outcome.WRONG,
    "530": Outcome.NOT_NOW,
    "531": Outcome.NOT_NOW,
    "532": Outcome.PASSWORD_EXPIRED,
    "533": Outcome.DISABLED,
    "701": Outcome.ACCOUNT_EXPIRED,
    "773": Outcome.MUST_CHANGE,
    "775": Outcome.LOCKED,
}
INVALID_CREDENTIALS = 49


class DirectoryWindow:
    """Works on any Active Directory, Samba's included; the certificate must prove the server."""

    def __init__(
        self,
        url: str,
        ca_file: Path,
        viewer_dn: str,
        viewer_password: str,
        base_dn: str,
        server_name: str = "",
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "ldaps":
            raise ValueError(f"the directory's URL begins with ldaps:// and not {parts.scheme}://")
        tls = Tls(
            validate=ssl.CERT_REQUIRED,
            ca_certs_data=ca_file.read_text(encoding="ascii"),
            valid_names=[server_name] if server_name else None,
        )
        self._server = Server(
            parts.hostname or "",
            port=parts.port or 636,
            use_ssl=True,
            tls=tls,
            get_info=NONE,
            connect_timeout=3,
        )
        self._viewer_dn = viewer_dn
        self._viewer_password = viewer_password
        self._base_dn = base_dn
        self._lock = RLock()
        self._kept: Connection | None = None

    def state(self, username: str) -> AccountView | None:
        """How the account stands, or None when there is none of that name."""
        return self._looking(lambda: self._state(username))

    def sign_in(self, username: str, password: str) -> Outcome:
        """A real bind, as this account. An empty password is never sent: it would bind nobody."""
        try:
            dn = self._looking(lambda: self._dn(username))
            return self._bind(dn, password) if dn and password else Outcome.WRONG
        except TROUBLE:
            return Outcome.UNREACHABLE

    def change_password(self, username: str, old: str, new: str) -> Outcome:
        """What a person does at Windows: give the old one, and the new one. No reset."""
        try:
            dn = self._looking(lambda: self._dn(username))
            with self._connected() as viewer:
                return _change(viewer, dn, old, new) if dn else Outcome.WRONG
        except TROUBLE:
            return Outcome.UNREACHABLE

    def close(self) -> None:
        with self._lock:
            if self._kept is not None:
                _hang_up(self._kept)
            self._kept = None

    def _looking(self, look: Callable[[], Found]) -> Found:
        """With the kept connection, and once more with a fresh one if that has gone stale."""
        with self._lock:
            try:
                return look()
            except TROUBLE:
                self.close()
            try:
                return look()
            except TROUBLE as error:
                raise DirectoryGone(type(error).__name__) from None

    def _state(self, username: str) -> AccountView | None:
        dn = self._dn(username)
        if not dn:
            return None
        viewer = self._viewer()
        viewer.search(dn, "(objectClass=user)", BASE, attributes=ATTRIBUTES)
        found = _entries(viewer)
        return _view(found[0]["raw_attributes"]) if found else None

    def _dn(self, username: str) -> str:
        name = escape_filter_chars(username)
        viewer = self._viewer()
        viewer.search(self._base_dn, f"(&(objectClass=user)(sAMAccountName={name}))", SUBTREE)
        found = _entries(viewer)
        return str(found[0]["dn"]) if len(found) == 1 else ""

    def _viewer(self) -> Connection:
        """One connection is kept for looking; a page looks every two seconds."""
        if self._kept is None or self._kept.closed:
            self._kept = self._bound_viewer()
        return self._kept

    def _bound_viewer(self) -> Connection:
        viewer = self._connection(self._viewer_dn, self._viewer_password)
        with ExitStack() as on_failure:
            on_failure.callback(_hang_up, viewer)
            if not viewer.bind():
                raise DirectoryGone("the viewer's own sign-in was refused")
            on_failure.pop_all()
        return viewer

    def _bind(self, dn: str, password: str) -> Outcome:
        connection = self._connection(dn, password)
        try:
            if connection.bind():
                return Outcome.WELCOME
            return _outcome(connection.result)
        finally:
            _hang_up(connection)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        viewer = self._bound_viewer()
        try:
            yield viewer
        finally:
            _hang_up(viewer)

    def _connection(self, dn: str, password: str) -> Connection:
        return Connection(
            self._server,
            user=dn,
            password=password,
            client_strategy=SYNC,
            auto_referrals=False,
            receive_timeout=5,
        )


def _hang_up(connection: Connection) -> None:
    """Without a connection that came about there is nothing to unbind, and ldap3 keeps a socket."""
    with suppress(*TROUBLE):
        connection.unbind()
    if connection.socket is not None:
        connection.socket.close()


def _change(viewer: Connection, dn: str, old: str, new: str) -> Outcome:
    changes = {"unicodePwd": [(MODIFY_DELETE, [_quoted(old)]), (MODIFY_ADD, [_quoted(new)])]}
    if viewer.modify(dn, changes):  # type: ignore[no-untyped-call]
        return Outcome.WELCOME
    said = str(viewer.result.get("message", ""))
    if "0000052D" in said.upper():
        return Outcome.NOT_GOOD_ENOUGH
    return Outcome.LOCKED if "775" in said else Outcome.WRONG


def _quoted(password: str) -> bytes:
    return f'"{password}"'.encode("utf-16-le")


def _entries(connection: Connection) -> list[dict[str, Any]]:
    return [each for each in connection.response or [] if each["type"] == "searchResEntry"]


def _outcome(result: dict[str, Any]) -> Outcome:
    if result.get("result") != INVALID_CREDENTIALS:
        return Outcome.UNREACHABLE
    data = DATA.search(str(result.get("message", "")))
    return BY_DATA.get(data.group(1).lower(), Outcome.WRONG) if data else Outcome.WRONG


def _view(raw: dict[str, list[bytes]]) -> AccountView:
    flags, computed = _number(raw, "userAccountControl"), _number(raw, COMPUTED)
    expires = _moment(_number(raw, "accountExpires"))
    locked, last_set = bool(computed & LOCKED), _number(raw, "pwdLastSet")
    return AccountView(
        display_name=b"".join(raw.get("displayName", [])).decode(),
        locked=locked,
        locked_since=_moment(_number(raw, "lockoutTime")) if locked else None,
        must_change=last_set == 0,
        password_last_set=_moment(last_set),
        password_expires=_moment(_number(raw, EXPIRY)),
        password_expired=bool(computed & PASSWORD_EXPIRED) and last_set != 0,
        disabled=bool(flags & DISABLED),
        expires=expires,
        expired=expires is not None and expires <= datetime.now(UTC),
        wrong_tries=_number(raw, "badPwdCount"),
    )


def _number(raw: dict[str, list[bytes]], name: str) -> int:
    """Attribute names come back in whatever case the server likes."""
    values = next((raw[each] for each in raw if each.lower() == name.lower()), [])
    return int(values[0]) if values else 0


def _moment(filetime: int) -> datetime | None:
    """100-nanosecond steps since 1601; the years beyond 9999 are never."""
    if filetime in NEVER:
        return None
    try:
        return EPOCH + timedelta(microseconds=filetime // 10)
    except OverflowError:
        return None
