"""A domain and its people: made for tests and the demo, changed by hand, served over LDAP."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import uuid4

from simulator.active_directory import names, well_known
from simulator.active_directory.accounts import Control, SignIn, User
from simulator.active_directory.controllers import category
from simulator.active_directory.entries import Entry, Value
from simulator.active_directory.filetimes import NEVER, filetime
from simulator.active_directory.identifiers import identity, sid_bytes
from simulator.active_directory.passwords import generated_password
from simulator.active_directory.realm import Realm
from simulator.active_directory.rights import ALL_RIGHTS, Delegation, Right

_BUILT_IN_ADMIN = ("Administrators", "Domain Admins", "Enterprise Admins", "Schema Admins")
_USER_ACCOUNT_TYPE = 805306368
_SECURITY_GROUP_TYPE = 268435456
_DISTRIBUTION_GROUP_TYPE = 268435457
_GLOBAL_GROUP = 2
_SECURITY_ENABLED = -0x8000_0000


class Domain(Realm):
    """The store behind one or more servers. Every method may be called while they run."""

    def _plant(self) -> None:
        super()._plant()
        self._delegations: list[Delegation] = []
        for name, sid in well_known.BUILT_IN_GROUPS.items():
            self.add_group(name, ou="CN=Builtin", sid=sid_bytes(sid))
        for name, rid in well_known.DOMAIN_GROUPS.items():
            self.add_group(name, sid=self.sid(rid))
        for name, members in well_known.MEMBERS.items():
            for member in members:
                self.link(self.group(name), self.group(member))
        self.add_user("Administrator", rid=well_known.ADMINISTRATOR_RID, groups=_BUILT_IN_ADMIN)
        self.add_user("krbtgt", rid=well_known.KRBTGT_RID, enabled=False)
        self.protect_administrators()

    def add_group(
        self,
        name: str,
        *,
        ou: str = "CN=Users",
        members: Collection[str] = (),
        sid: bytes | None = None,
        security: bool = True,
    ) -> Entry:
        """A group. Members are users or groups by their sAMAccountName.

        One without `security` is a mailing list, which is in nobody's token.
        """
        with self.lock:
            group = Entry(
                names.child("CN", name, self.place(ou)),
                classes=("top", "group"),
                category=category("Group", self.base_dn),
                guid=uuid4(),
            )
            group.put("sAMAccountName", name)
            kind = _SECURITY_GROUP_TYPE if security else _DISTRIBUTION_GROUP_TYPE
            group.put("sAMAccountType", kind)
            group.put("groupType", _GLOBAL_GROUP | (_SECURITY_ENABLED if security else 0))
            group.put("objectSid", sid or self._new_sid())
            self.keep(group)
            for member in members:
                self.link(group, self.principal(member))
            return group

    def add_user(
        self,
        username: str,
        *,
        password: str | None = None,
        ou: str = "CN=Users",
        name: str = "",
        display_name: str = "",
        principal_name: str | None = None,
        mail: str = "",
        mobile: str = "",
        enabled: bool = True,
        must_change: bool = False,
        flags: Control | None = None,
        expires: datetime | None = None,
        password_set: datetime | None = None,
        groups: Collection[str] = (),
        admin_count: bool = False,
        rid: int | None = None,
        attributes: Mapping[str, Value] | None = None,
    ) -> User:
        """A person. No policy is applied; without a password they get one nobody knows.

        The object's name is `name`, else the display name, else the username.
        The principal name is made of the username; an empty one leaves the person without.
        """
        with self.lock:
            dn = names.child("CN", name or display_name or username, self.place(ou))
            user = User(dn, category=category("Person", self.base_dn), guid=uuid4())
            user.username = username
            user.principal_name = (
                f"{username}@{self.name}" if principal_name is None else principal_name
            )
            user.display_name, user.mail, user.mobile = display_name, mail, mobile
            user.control = Control.NORMAL_ACCOUNT | (flags or 0)
            if not enabled:
                user.control |= Control.DISABLED
            user.account_expires = filetime(expires) if expires else NEVER
            if admin_count:
                user.admin_count = 1
            self._give_identity(user, rid)
            for attribute, value in (attributes or {}).items():
                user.put(attribute, value)
            set_at = password_set or self.now()
            user.set_password(password or generated_password(), self.policy, set_at)
            if must_change:
                user.password_last_set = 0
            self.keep(user)
            for group in groups:
                self.link(self.group(group), user)
            return user

    def user(self, username: str) -> User:
        """The person with that sAMAccountName. KeyError if there is none."""
        found = self.with_unique_name("sAMAccountName", username)
        if not isinstance(found, User):
            raise KeyError(username)
        return found

    def group(self, name: str) -> Entry:
        """The group with that sAMAccountName. KeyError if there is none."""
        found = self.with_unique_name("sAMAccountName", name)
        if found is None or isinstance(found, User):
            raise KeyError(name)
        return found

    def principal(self, name: str) -> Entry:
        """The user or group with that sAMAccountName. KeyError if there is none."""
        found = self.with_unique_name("sAMAccountName", name)
        if found is None:
            raise KeyError(name)
        return found

    def who_binds(self, name: str) -> User | None:
        """Whom a bind means: by DN, user principal name, DOMAIN\\name, `<GUID=…>` or `<SID=…>`."""
        found = self._named(name)
        return found if isinstance(found, User) else None

    def sign_in(self, username: str, password: str) -> SignIn:
        """What a Windows computer would hear; wrong passwords are counted."""
        with self.lock:
            found = self.with_unique_name("sAMAccountName", username) or self._named(username)
            if not isinstance(found, User):
                return SignIn.NO_SUCH_USER
            return self.try_password(found, password)

    def try_password(self, user: User, password: str) -> SignIn:
        """A sign-in. Only what is replicated, the lockout, counts as a change of the object."""
        with self.lock:
            lockout_time = user.lockout_time
            outcome = user.sign_in(password, self.policy_of(user), self.now())
            if user.lockout_time != lockout_time:
                self.touch(user)
            return outcome

    def accepts(self, username: str, password: str) -> bool:
        """Whether this is the password now. Nothing is counted."""
        return self.user(username).passwords.match(password)

    def set_password(self, username: str, password: str, *, must_change: bool = False) -> None:
        """By hand, without any check."""
        with self.lock:
            user = self.user(username)
            user.set_password(password, self.policy_of(user), self.now())
            if must_change:
                user.password_last_set = 0
            self.touch(user)

    def change_password(self, username: str, old: str, new: str) -> None:
        """As the person does at a Windows computer. LdapError tells what was refused."""
        with self.lock:
            user = self.user(username)
            user.change_password(old, new, self.policy_of(user), self.now())
            self.touch(user)

    def lock_out(self, username: str) -> None:
        """As too many wrong passwords would."""
        with self.lock:
            user = self.user(username)
            user.bad_password_count = max(self.policy_of(user).lockout_threshold, 1)
            user.bad_password_time = user.lockout_time = filetime(self.now())
            self.touch(user)

    def is_locked(self, username: str) -> bool:
        """Whether a sign-in would be refused for it now."""
        with self.lock:
            user = self.user(username)
            return user.is_locked(self.policy_of(user), self.now())

    def delegate(self, to: str, *, below: str, rights: Collection[Right] = ALL_RIGHTS) -> None:
        """Give a user, or a group's members, rights on the users below one place."""
        with self.lock:
            place = names.key(self.place(below))
            self._delegations.append(Delegation(self.principal(to).sid, place, frozenset(rights)))

    def token_groups(self, user: Entry) -> list[bytes]:
        """The SIDs of all security groups, nested ones and the primary group's own included."""
        primary = self.with_identity(self.sid(user.number("primaryGroupID")))
        roots = [user] if primary is None else [user, primary]
        found = {
            group.sid
            for root in roots
            for group in self.chain(root, "memberOf")
            if group.number("groupType") & _SECURITY_ENABLED
        }
        return sorted(found | {root.sid for root in roots[1:]})

    def is_administrator(self, user: User) -> bool:
        """Whether they may do everything."""
        return sid_bytes(well_known.ADMINISTRATORS) in self.token_groups(user)

    def rights_of(self, who: User, target: Entry) -> frozenset[Right]:
        """All that somebody may do to an object."""
        sids = frozenset([who.sid, *self.token_groups(who)])
        if sid_bytes(well_known.ADMINISTRATORS) in sids:
            return ALL_RIGHTS
        given = (each.rights for each in self._delegations if each.holds(sids, target))
        return frozenset().union(*given)

    def protect_administrators(self) -> None:
        """What the PDC does every hour: stamp adminCount on whoever belongs to a protected group.

        It is never taken away again, and a new administrator is without it until the next time.
        """
        with self.lock:
            groups = [self.group(name) for name in well_known.PROTECTED_GROUPS]
            members = [each for group in groups for each in self.chain(group, "member")]
            krbtgt = self.user("krbtgt")
            for entry in {each.guid: each for each in (*groups, *members, krbtgt)}.values():
                entry.put("adminCount", 1)
                self.touch(entry)

    def _give_identity(self, user: User, rid: int | None) -> None:
        user.put("objectSid", self._new_sid(rid))
        user.put("sAMAccountType", _USER_ACCOUNT_TYPE)
        user.put("primaryGroupID", well_known.DOMAIN_USERS_RID)
        user.bad_password_count = user.bad_password_time = 0
        user.last_logon = user.logon_count = 0

    def _named(self, name: str) -> Entry | None:
        netbios_name, backslash, account = name.partition("\\")
        if backslash and "=" not in name:
            known = netbios_name.lower() in {self.netbios_name.lower(), self.name.lower()}
            return self.with_unique_name("sAMAccountName", account) if known else None
        try:
            wanted = identity(name)
            if wanted is not None:
                return self.with_identity(wanted)
            return self.at(name) if "=" in name else self._with_principal_name(name)
        except ValueError:
            return None

    def _with_principal_name(self, name: str) -> Entry | None:
        account, _, suffix = name.rpartition("@")
        implicit = (
            account if suffix.lower() in {self.name.lower(), self.netbios_name.lower()} else ""
        )
        return self.with_unique_name("userPrincipalName", name) or self.with_unique_name(
            "sAMAccountName", implicit
        )
