"""Northwind Traders: a small organization with people to try things on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from simulator.active_directory.accounts import Control
from simulator.active_directory.domain import Domain
from simulator.active_directory.passwords import generated_password
from simulator.active_directory.policy import Policy

SERVICE_ACCOUNT = "svc-resetline"
POLICY = Policy(
    min_length=12,
    complexity=True,
    lockout_threshold=3,
    lockout_duration=timedelta(minutes=30),
    lockout_window=timedelta(minutes=30),
    max_age=timedelta(days=90),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works there. The numbers are kept free for fiction.

    `mobile` is what the directory holds; `phone` is one that nobody there has written down.
    """

    username: str
    name: str
    title: str
    mobile: str
    language: str = "en"
    team: str = "Sales"
    enabled: bool = True
    phone: str = ""

    @property
    def handset(self) -> str:
        """The number of the phone in their hand."""
        return self.phone or self.mobile


STAFF = (
    Person("mia.keller", "Mia Keller", "Account manager", "+1 202-555-0143", "de"),
    Person("sam.ortiz", "Sam Ortiz", "Sales representative", "+1 (202) 555-0118", "es"),
    Person("priya.nair", "Priya Nair", "Head of logistics", "+12025550162", team="Logistics"),
    Person("noah.lindqvist", "Noah Lindqvist", "Driver", "202-555-0127", team="Logistics"),
    Person("lea.fontaine", "Léa Fontaine", "Customer care", "+1 202 555 0189", "fr"),
    Person("nina.alvarez", "Nina Alvarez", "Sales trainee", "", phone="+12025550155"),
    Person("tom.becker", "Tom Becker", "Buyer, left in May", "+12025550104", enabled=False),
)
DOMAIN_ADMIN = Person("dana.whitfield", "Dana Whitfield", "IT lead", "+12025550171", team="IT")


@dataclass(frozen=True, slots=True)
class Sample:
    """The organization, and everybody's password by username."""

    domain: Domain
    passwords: Mapping[str, str] = field(repr=False)
    staff_dn: str
    service_dn: str

    @property
    def service_principal_name(self) -> str:
        """How the service account signs in."""
        return f"{SERVICE_ACCOUNT}@{self.domain.name}"

    @property
    def service_password(self) -> str:
        """Made anew for each sample, unless it was given."""
        return self.passwords[SERVICE_ACCOUNT]


def sample_domain(
    *,
    passwords: Mapping[str, str] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    policy: Policy = POLICY,
) -> Sample:
    """Build it. Passwords that are not given, by username, are generated."""
    usernames = [person.username for person in (*STAFF, DOMAIN_ADMIN)]
    usernames += ["Administrator", SERVICE_ACCOUNT]
    known = {username: generated_password() for username in usernames} | dict(passwords or {})
    domain = Domain("northwind.example.test", policy=policy, now=now)
    staff_dn = domain.add_ou("Staff")
    for person in STAFF:
        _hire(domain, person, "OU=Staff", known[person.username])
    _hire(domain, DOMAIN_ADMIN, domain.add_ou("IT"), known[DOMAIN_ADMIN.username])
    domain.set_password("Administrator", known["Administrator"])
    _group_people(domain)
    service = domain.add_user(
        SERVICE_ACCOUNT,
        password=known[SERVICE_ACCOUNT],
        ou=domain.add_ou("Service Accounts"),
        display_name="Resetline",
        flags=Control.PASSWORD_NEVER_EXPIRES,
    )
    domain.delegate(SERVICE_ACCOUNT, below=staff_dn)
    domain.protect_administrators()
    return Sample(domain, known, staff_dn, service.dn)


def _hire(domain: Domain, person: Person, ou: str, password: str) -> None:
    given_name, _, surname = person.name.partition(" ")
    domain.add_user(
        person.username,
        password=password,
        ou=ou,
        display_name=person.name,
        mail=f"{person.username}@{domain.name}",
        mobile=person.mobile,
        enabled=person.enabled,
        password_set=domain.now() - timedelta(days=20),
        attributes={
            "givenName": given_name,
            "sn": surname,
            "title": person.title,
            "preferredLanguage": person.language,
        },
    )


def _group_people(domain: Domain) -> None:
    teams = sorted({person.team for person in STAFF})
    for team in teams:
        members = [person.username for person in STAFF if person.team == team]
        domain.add_group(team, ou="OU=Staff", members=members)
    domain.add_group("All Staff", ou="OU=Staff", members=teams)
    domain.link(domain.group("Domain Admins"), domain.user(DOMAIN_ADMIN.username))
