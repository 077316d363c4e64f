"""A whole gateway in one process on fakes: one organization, its people, and their phones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from uuid import uuid4

from pydantic import SecretStr
from sqlalchemy import select

from gateway.carriers import OurLine
from gateway.engine import jobs
from gateway.engine.allowances import Allowances, Sizes
from gateway.engine.composing import Composer
from gateway.engine.deliveries import Deliveries
from gateway.engine.directories import Directories
from gateway.engine.doorbell import JobName
from gateway.engine.enrolment import Enrolment
from gateway.engine.enrolment.inviting import InvitationLinks, Reminding
from gateway.engine.forgetting import Forgetting
from gateway.engine.inbound import InboundText, OptOutType
from gateway.engine.inbox import Inbox
from gateway.engine.mailing import Mailing
from gateway.engine.performing import Performer
from gateway.engine.phone_risk import PhoneRisk
from gateway.engine.redaction import Redaction
from gateway.engine.replies import Replies
from gateway.engine.scrambling import Scrambler
from gateway.engine.sealing import Sealing
from gateway.engine.strays import Strays
from gateway.engine.sweeps import Sweeps
from gateway.engine.sync.syncing import Syncing
from gateway.links import Links
from gateway.mail.wording import Wording
from gateway.phones import PhoneNumber
from gateway.records import (
    Base,
    DirectoryRecord,
    Mail,
    Organization,
    Person,
    Phone,
    Request,
    Tenant,
)
from gateway.records.database import Database
from gateway.records.policies import set_value
from gateway.records.requests import RequestState
from gateway.seal import Seal, new_key
from gateway.vocabulary import vocabulary
from handlers.conversation import Fact
from tests.fakes import (
    CrashingDatabase,
    Failpoints,
    FakeAccount,
    FakeCarrier,
    FakeClock,
    FakeDirectory,
    FakeDoorbell,
    FakeLimits,
    FakeLookup,
    FakeMailer,
)

PARTS = (
    "deliveries",
    "redaction",
    "strays",
    "inbox",
    "allowances",
    "replies",
    "mailing",
    "performer",
    "scrambler",
    "syncing",
    "links",
    "enrolment",
    "reminding",
    "forgetting",
    "functions",
    "sealing",
    "sweeps",
)
OUR_NUMBER = "+14155550100"
VOCABULARY = vocabulary()
PUBLIC_URL = "https://reset.example.com"
MIA, SAM, STRANGER = "+14155550111", "+14155550112", "+14155550199"


@dataclass
class World:
    """Everything that one text meets on its way, with every part outside the engine a fake."""

    database_url: str
    doorbell: FakeDoorbell = field(default_factory=FakeDoorbell)
    clock: FakeClock = field(default_factory=FakeClock)
    failpoints: Failpoints = field(default_factory=Failpoints)
    codes_per_day: int = 5000
    sizes: Sizes = field(default_factory=Sizes)
    carrier_answers: bool = True
    confirms: bool = False
    """Whether RESET asks for a word, as it does for organizations that are new."""
    made_up_links: dict[int, dict[str, str]] = field(default_factory=dict)
    """What mails tell, by the ids of invitations that a test writes of, but does not make."""
    seals_the_audit: bool = False
    """Only where it matters, as each crash would be tried in it as well."""

    def __post_init__(self) -> None:
        self.secret_key = new_key()
        self.limits = FakeLimits(self.clock)
        self.seal = Seal([SecretStr(self.secret_key)])
        self.database = CrashingDatabase(self.database_url, self.failpoints)
        self._observer = Database(self.database_url)
        self._people_the_outside()

    def _people_the_outside(self) -> None:
        self.carrier = FakeCarrier(self.failpoints)
        self.mailer = FakeMailer(self.failpoints)
        self.lookup = FakeLookup()
        self.mia, self.sam = FakeAccount("mia.keller"), FakeAccount("sam.ortiz")
        self.directory = FakeDirectory([self.mia, self.sam], self.failpoints)
        self._enrol()

    def begin_anew(self) -> None:
        """Another world on the same, emptied tables: a new one would compile every query anew."""
        with self._observer.transaction() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(table.delete())
        self.doorbell.take()
        self.limits.forget()
        self.restarted()
        self._people_the_outside()

    @cached_property
    def deliveries(self) -> Deliveries:
        return Deliveries(self.database, self.carrier, self.clock)

    @cached_property
    def redaction(self) -> Redaction:
        return Redaction(self.database, self.carrier, self.clock)

    @cached_property
    def strays(self) -> Strays:
        return Strays(self.database, self.seal, self.carrier, self.clock)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(
            self.database,
            self.seal,
            self.doorbell,
            self.clock,
            vocabulary=VOCABULARY,
            allowances=self.allowances,
            carrier_answers=self.carrier_answers,
        )

    @cached_property
    def allowances(self) -> Allowances:
        return Allowances(self.database, self.limits, self.clock, self.sizes)

    @cached_property
    def replies(self) -> Replies:
        return Replies(self.database, self.seal, self.carrier, self.clock, self.allowances)

    @cached_property
    def links(self) -> Links:
        return Links([SecretStr(self.secret_key)], PUBLIC_URL)

    @cached_property
    def enrolment(self) -> Enrolment:
        return Enrolment.of(
            self.database,
            self.seal,
            self.links,
            self.limits,
            self.doorbell,
            lambda: Directories(self.seal, connect=lambda _kind, _settings: self.directory),
            self.clock,
            line=OurLine(OUR_NUMBER, OUR_NUMBER),
            host="reset.example.com",
            codes_per_day=self.codes_per_day,
        )

    @cached_property
    def reminding(self) -> Reminding:
        return Reminding(self.database, self.clock)

    @cached_property
    def forgetting(self) -> Forgetting:
        return Forgetting(self.database, self.clock)

    @cached_property
    def mailing(self) -> Mailing:
        composer = Composer(Wording(), self.link_facts)
        return Mailing(self.database, self.mailer, self.clock, composer)

    def link_facts(self, invitation_id: int) -> Mapping[str, Fact] | None:
        """What the mail of an invitation tells of its link, while it is alive."""
        made = InvitationLinks(self.database, self.links, self.clock)(invitation_id)
        return self.made_up_links.get(invitation_id) or made

    def link(self, invitation_id: int) -> str | None:
        told = self.link_facts(invitation_id)
        return str(told["link"]) if told else None

    @cached_property
    def performer(self) -> Performer:
        directories = Directories(self.seal, connect=lambda _kind, _settings: self.directory)
        return Performer(
            self.database,
            self.seal,
            directories,
            self.replies,
            PhoneRisk(self.seal, self.lookup, self.clock),
            self.clock,
            allowances=self.allowances,
            vocabulary=VOCABULARY,
        )

    @cached_property
    def scrambler(self) -> Scrambler:
        directories = Directories(self.seal, connect=lambda _kind, _settings: self.directory)
        return Scrambler(self.database, directories, self.clock)

    @cached_property
    def syncing(self) -> Syncing:
        return Syncing(
            self.database,
            self.seal,
            self.clock,
            connect=lambda _kind, _settings: self.directory,
            start=lambda work: work(),
        )

    @cached_property
    def functions(self) -> Mapping[JobName, jobs.JobFunction]:
        return jobs.functions(self)

    @cached_property
    def sweeps(self) -> Sweeps:
        parts = (self.database, self.doorbell, self.functions, self.clock)
        return Sweeps(*parts, sealing=self.sealing if self.seals_the_audit else None)

    @cached_property
    def sealing(self) -> Sealing:
        return Sealing(self.database, [SecretStr(self.secret_key)], self.clock)

    def text(
        self,
        body: str,
        sender: str = MIA,
        *,
        sid: str | None = None,
        opt_out_type: OptOutType | None = None,
    ) -> str:
        """A text arrives. Returns its sid, to deliver it again."""
        sid = sid or f"SM{uuid4().hex}"
        text = InboundText(sid, PhoneNumber(sender), OUR_NUMBER, body, opt_out_type)
        self.inbox.receive(text)
        return sid

    def work(self) -> None:
        """Workers do whatever was rung for, until nothing is left."""
        while rung := self.doorbell.take():
            for job, row_id in rung:
                self.functions[job](row_id)

    def settle(self, seconds: float = 60, *, step: float = 5) -> None:
        """The clock sweeps every few seconds while the workers work."""
        for _ in range(int(seconds // step)):
            self.clock.forward(step)
            self.sweeps.run()
            self.work()

    def restarted(self) -> None:
        """The dead process is replaced: nothing but the database is remembered."""
        for name in PARTS:
            self.__dict__.pop(name, None)

    def texts(self, number: str = MIA) -> list[str]:
        return self.carrier.texts_to(number)

    def mails(self) -> list[Mail]:
        with self._observer.transaction() as session:
            return list(session.scalars(select(Mail).order_by(Mail.id)))

    def requests(self, username: str | None = None) -> list[Request]:
        """All requests, or those of one person, oldest first."""
        wanted = select(Request).order_by(Request.id)
        if username:
            wanted = wanted.join(Person).where(Person.username_key == username)
        with self._observer.transaction() as session:
            return list(session.scalars(wanted))

    def states(self) -> list[RequestState]:
        return [RequestState(request.state) for request in self.requests()]

    def close(self) -> None:
        self.database.close()
        self._observer.close()

    def _enrol(self) -> None:
        now = self.clock()
        with self.database.transaction() as session:
            tenant = Tenant(slug="msp", name="Example MSP", created_at=now)
            organization = Organization(
                tenant=tenant, slug="northwind", name="Northwind", support="", created_at=now
            )
            session.add(organization)
            session.flush()
            session.add(
                DirectoryRecord(
                    organization=organization,
                    kind="active_directory",
                    options={"urls": ["ldaps://dc1"], "base_dn": "DC=x", "bind_dn": "CN=s"},
                    sealed_bind_password=self.seal.seal(SecretStr("bind")),
                    changed_at=now,
                )
            )
            confirms = "on" if self.confirms else "off"
            set_value(session, organization, "confirm_by_word", confirms, now)
            for username, number in (("mia.keller", MIA), ("sam.ortiz", SAM)):
                session.add(self._person(organization, username, number))
        self.failpoints.passed = 0

    def _person(self, organization: Organization, username: str, number: str) -> Person:
        now = self.clock()
        phone = Phone(
            tenant_id=organization.tenant_id,
            sealed_number=self.seal.seal(SecretStr(number)),
            number_index=self.seal.index(number),
            verified_at=now,
            verified_by="import",
            created_at=now,
        )
        return Person(
            tenant_id=organization.tenant_id,
            organization=organization,
            username=username,
            username_key=username,
            email=f"{username}@northwind.example",
            self_serve=True,
            created_at=now,
            phones=[phone],
        )
