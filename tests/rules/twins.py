"""Two tenants whose slugs, people and numbers collide, and everything done for one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import Table, select

from gateway.engine.doorbell import JobName
from gateway.records import Base, DirectoryRecord, Organization, Person, Phone, Tenant
from tests.gateway.cli.conftest import Terminal
from tests.gateway.doors.enrolment.activation import visited
from tests.gateway.engine.enrolment.conftest import Newcomer, add_person
from tests.offices import SimulatedOffice, simulated_office
from tests.rules.routes import Uncounted, Walk, world_at
from tests.told import word_in
from tests.world import MIA, OUR_NUMBER, PUBLIC_URL, SAM, World

CANARY: Final = "canary"
"""Stands in everything that the other tenant has of its own."""

THEIR_MIA: Final = "+14155550133"
SHARED: Final = SAM
AN_HOUR: Final = 3600
"""After which nothing of theirs is due any more."""

NOBODYS: Final = 10**6
"""An id that no row has."""

WHOLE_INSTALLATION: Final = {
    "tenant list": "who runs the installation sees whom it serves",
    "organization list": "the same",
    "audit export": "one log, exported by whoever runs the installation, for all whom it serves",
    "audit head": "one chain for all, of which a hash is shown",
    "audit verify": "one chain for all, whose first bad row is named",
    "doctor": "it looks at all that may be broken",
    "keys rotate": "every secret is sealed anew, and none is shown",
}
"""Commands that are not about one organization, and why they may show all."""

NOT_HERE: Final = {
    "db upgrade": "changes the tables and no row of anybody's",
    "keys new": "asks no database",
    "web": "a process: its routes are walked",
    "worker": "a process: its jobs are walked",
    "clock": "a process: its sweeps are walked",
    "health web": "asks a process",
    "health worker": "asks what no tenant has: the pulse of processes",
    "health clock": "the same",
    "mail test": "sends to an address that is typed, and needs a mail server",
}
"""Commands that are not walked, and why."""

MAY_FAIL: Final = {"people approve", "requests retry", "doctor"}
"""There is nobody to approve any more, nothing to retry, and no Redis here."""


@dataclass
class Twins:
    """Example MSP with Northwind, for whom everything is done, and another tenant beside them."""

    world: World
    terminal: Terminal
    office: SimulatedOffice
    nina: Newcomer
    said: list[tuple[str, str]] = field(default_factory=list)
    """What was printed or shown, and where."""

    def text_everything(self, number: str = MIA) -> None:
        for words in ("RESET", "UNLOCK", "STATUS", "HELP", "WHAT", "RESET 1", "STOP", "START"):
            self.world.text(words, number)
            self.world.work()
            self.world.settle(10)
        self.world.text("RESTET", number)
        self.world.work()
        for words in (word_in(self.world.texts(number)[-1]), "NOTME"):
            self.world.text(words, number)
            self.world.work()
        self.said += [("a text", text) for text in self.world.texts(number)]

    def open_every_page(self) -> None:
        """At each step of an enrolment, with every method; then she enrols."""
        with visited(self.world, self.nina) as visitor:
            self._walk(Walk(visitor.client, self.nina.token, ""))
            visitor.types_number()
            self._walk(Walk(visitor.client, self.nina.token, visitor.csrf))
            visitor.post("code", {"code": self.nina.codes()[-1]})
            self._walk(Walk(visitor.client, self.nina.token, visitor.csrf))
            self.world.settle(10)

    def do_every_job(self) -> None:
        """With every id that there is of ours, and with one that there is not."""
        for job in JobName:
            for row_id in (*self._ours(job), NOBODYS):
                self.world.functions[job](row_id)
        self.world.settle(60)

    def type_every_command(self) -> None:
        for name, several in self._commands().items():
            for words in several:
                self._type(name, words)

    @property
    def commands(self) -> set[str]:
        return set(self._commands())

    def _type(self, name: str, words: Sequence[str]) -> None:
        result = self.terminal.enter(*name.split(), *words)
        assert result.exit_code == 0 or name in MAY_FAIL, (name, words, result.output)
        assert result.exception is None or isinstance(result.exception, SystemExit), name
        self.said.append((name, result.output))

    def _walk(self, walk: Walk) -> None:
        self.said += [(where, answer.text) for where, answer in walk.answers()]

    def _ours(self, job: JobName) -> set[int]:
        """Rows that the job may be rung for, of the first tenant."""
        table = OF_A_JOB.get(job)
        if table is None:
            return set()
        ours = select(Tenant.id).where(Tenant.slug == "msp").scalar_subquery()
        with self.world.database.reading() as session:
            return set(session.scalars(select(table.c.id).where(table.c.tenant_id == ours)))

    def _commands(self) -> dict[str, list[list[str]]]:
        csv = self.terminal.file("people.csv", "username,email\nmia.keller,mia@northwind.example\n")
        password = self.terminal.file("bind", self.office.settings.bind_password.get_secret_value())
        ca = self.terminal.file("ca.pem", self.office.settings.ca_pem or "")
        directory = ["--url", self.office.settings.urls[0], "--bind-password-file", password]
        directory += ["--base-dn", self.office.settings.base_dn, "--ca-file", ca]
        directory += ["--bind-dn", self.office.settings.bind_dn]
        preview = str(self.terminal.folder / "preview")
        return {
            "tenant add": [["Third", "--slug", "third"]],
            "tenant set": [["msp", "--support", "+1 202-555-0100"]],
            "tenant list": [["--json"]],
            "organization add": [["fabrikam", "--tenant", "msp", "--name", "Fabrikam"]],
            "organization set": [["northwind", "--alert-email", "alerts@msp.example"]],
            "organization list": [["--json"]],
            "directory set": [["northwind", *directory]],
            "directory show": [["northwind"], ["northwind", "--json"]],
            "directory test": [["northwind", "--json"]],
            "people list": [
                ["northwind", "--json"],
                ["northwind", "--missing", "phone"],
                ["northwind", "--awaiting-approval"],
            ],
            "people import": [["northwind", csv, "--json"], ["northwind", csv, "--self-serve"]],
            "people invite": [["northwind"], ["northwind", "mia.keller"]],
            "people approve": [["northwind", "nina.alvarez", "--yes"]],
            "people self-serve": [["northwind", "off", "--all"], ["northwind", "on", "mia.keller"]],
            "people freeze": [["northwind", "mia.keller"]],
            "people unfreeze": [["northwind", "mia.keller"]],
            "people suspend": [["northwind", "mia.keller"]],
            "people unsuspend": [["northwind", "mia.keller"]],
            "people sync": [
                ["northwind", "--everybody", "--dry-run"],
                ["northwind", "--everybody", "--every", "60", "--allow-mass-suspension"],
                ["northwind", "--show"],
            ],
            "people revoke": [["northwind", "nina.alvarez"]],
            "policy set": [
                ["northwind", "notifications=off"],
                ["--tenant", "msp", "notifications=off"],
                ["northwind", "--person", "mia.keller", "must_change=off"],
            ],
            "policy show": [
                ["northwind"],
                ["--tenant", "msp"],
                ["northwind", "--person", "mia.keller", "--json"],
            ],
            "policy unset": [
                ["northwind", "notifications"],
                ["--tenant", "msp", "notifications"],
                ["northwind", "--person", "mia.keller", "must_change"],
            ],
            "requests list": [["northwind"], ["northwind", "--json"]],
            "requests show": [[str(self._request_id)], [str(self._request_id), "--json"]],
            "requests retry": [[str(self._request_id)]],
            "audit export": [["--organization", "northwind"]],
            "audit head": [[]],
            "audit verify": [[]],
            "mail preview": [["activation", "--organization", "northwind", "--out", preview]],
            "doctor": [["--json"]],
            "people remove": [["northwind", "mia.keller"]],
            "keys rotate": [[]],
        }

    @property
    def _request_id(self) -> int:
        return self.world.requests("mia.keller")[-1].id


OF_A_JOB: Final[dict[JobName, Table]] = {
    JobName.PERFORM: Base.metadata.tables["requests"],
    JobName.DELIVER: Base.metadata.tables["outbound_messages"],
    JobName.POLL: Base.metadata.tables["outbound_messages"],
    JobName.REDACT: Base.metadata.tables["outbound_messages"],
    JobName.SCRAMBLE: Base.metadata.tables["requests"],
    JobName.MAIL: Base.metadata.tables["mails"],
    JobName.SYNC: Base.metadata.tables["syncs"],
    JobName.REMIND: Base.metadata.tables["invitations"],
    JobName.FORGET_PHONE: Base.metadata.tables["phones"],
}


@contextmanager
def twins(folder: Path) -> Iterator[Twins]:
    """The other tenant has a history too, before anything is done for the first."""
    terminal = Terminal(folder)
    (folder / "var").mkdir()
    world = world_at(terminal.database_url)
    world.limits, world.seals_the_audit = Uncounted(world.clock), True
    with simulated_office() as office:
        nina = add_person(world, "nina.alvarez")
        nina.invited()
        _add_the_other(world)
        world.text("RESET", THEIR_MIA)
        world.work()
        world.settle(AN_HOUR, step=60)
        terminal.environment |= {
            "SECRET_KEYS": world.secret_key,
            "PUBLIC_URL": PUBLIC_URL,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "TWILIO_ACCOUNT_SID": "AC" + "5" * 32,
            "TWILIO_AUTH_TOKEN": "the-auth-token-of-this-test",
            "TWILIO_FROM": OUR_NUMBER,
            "TWILIO_API_URL": "http://127.0.0.1:1",
            "SMTP_URL": "smtp://127.0.0.1:1",
        }
        yield Twins(world, terminal, office, nina)
    world.close()


def _add_the_other(world: World) -> None:
    """Its tenant is called what our organization is called, and the other way round."""
    now = world.clock()
    with world.database.transaction() as session:
        tenant = Tenant(
            slug="northwind", name="Canary MSP", alert_email="msp@canary.example", created_at=now
        )
        organization = Organization(
            tenant=tenant,
            slug="msp",
            name="Canary Corp",
            alert_email="alert@canary.example",
            created_at=now,
        )
        session.add(organization)
        session.flush()
        options = {"urls": ["ldaps://canary"], "base_dn": "DC=canary", "bind_dn": "CN=canary"}
        session.add(
            DirectoryRecord(
                organization=organization,
                kind="active_directory",
                options=options,
                sealed_bind_password=world.seal.seal(SecretStr("canary")),
                changed_at=now,
            )
        )
        numbers = {"mia.keller": THEIR_MIA, "sam.ortiz": SHARED, "nina.alvarez": ""}
        for username, number in numbers.items():
            session.add(_person(world, organization, username, number))


def _person(world: World, organization: Organization, username: str, number: str) -> Person:
    now = world.clock()
    phone = Phone(
        tenant_id=organization.tenant_id,
        sealed_number=world.seal.seal(SecretStr(number)),
        number_index=world.seal.index(number),
        verified_at=now,
        verified_by="import",
        created_at=now,
    )
    return Person(
        tenant_id=organization.tenant_id,
        organization=organization,
        username=username,
        username_key=username,
        display_name="Canary Keller",
        email=f"{username}@canary.example",
        self_serve=True,
        created_at=now,
        phones=[phone] if number else [],
    )


def belonging(world: World, slug: str) -> dict[str, list[Any]]:
    """Every row of a tenant, by the table that it is in."""
    with world.database.reading() as session:
        tenant_id = session.scalar(select(Tenant.id).where(Tenant.slug == slug))
        tables = [t for t in Base.metadata.sorted_tables if "tenant_id" in t.c]
        found: dict[str, list[Any]] = {
            table.name: [
                tuple(row)
                for row in session.execute(select(table).where(table.c.tenant_id == tenant_id))
            ]
            for table in tables
        }
        own = Base.metadata.tables["tenants"]
        found["tenants"] = [
            tuple(row) for row in session.execute(select(own).where(own.c.id == tenant_id))
        ]
        return found
