"""The one place where parts are chosen and joined; nothing is built at import."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from gateway.carriers import Carrier
from gateway.carriers.lookup import NumberLookup
from gateway.carriers.twilio import TwilioCarrier, WebhookSignatures
from gateway.carriers.twilio_lookup import TwilioLookup
from gateway.engine import jobs
from gateway.engine.allowances import Allowances, Sizes
from gateway.engine.clock import Turn
from gateway.engine.composing import Composer
from gateway.engine.deliveries import Deliveries
from gateway.engine.directories import Directories
from gateway.engine.doorbell import Doorbell, JobName, RqDoorbell
from gateway.engine.enrolment import Enrolment
from gateway.engine.enrolment.inviting import InvitationLinks, Reminding
from gateway.engine.forgetting import Forgetting
from gateway.engine.inbox import Inbox
from gateway.engine.mailing import Mailing
from gateway.engine.performing import Performer
from gateway.engine.phone_risk import PhoneRisk
from gateway.engine.pulse import CLOCK, Pulse
from gateway.engine.redaction import Redaction
from gateway.engine.replies import Replies
from gateway.engine.scrambling import Scrambler
from gateway.engine.sealing import Sealing
from gateway.engine.strays import Strays
from gateway.engine.sweeps import Sweeps
from gateway.engine.sync.syncing import Syncing
from gateway.limits import Limits, RedisLimits
from gateway.links import Links
from gateway.mail import Mailer, trying
from gateway.mail.servers import MailServer
from gateway.mail.smtp import SmtpMailer
from gateway.records.database import Database
from gateway.records.shared_time import SharedTime
from gateway.seal import Seal
from gateway.settings import Settings
from gateway.vocabulary import vocabulary
from handlers.vocabulary import Vocabulary


@dataclass(frozen=True)
class Gateway:
    """All parts of one process. Each is made when it is first asked for, and then kept."""

    settings: Settings
    another_time: Callable[[], datetime] | None = None

    @cached_property
    def now(self) -> Callable[[], datetime]:
        return self.another_time or SharedTime(self.database)

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database_url)

    @cached_property
    def seal(self) -> Seal:
        return Seal(self.settings.secret_keys)

    @cached_property
    def doorbell(self) -> Doorbell:
        return RqDoorbell(self.settings.redis_url, time.monotonic)

    @cached_property
    def carrier(self) -> Carrier:
        return TwilioCarrier(self.settings)

    @cached_property
    def lookup(self) -> NumberLookup:
        return TwilioLookup(self.settings)

    @cached_property
    def signatures(self) -> WebhookSignatures:
        return WebhookSignatures(self.settings.public_url, self.settings.twilio_auth_token)

    @cached_property
    def directories(self) -> Directories:
        return Directories(self.seal)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(
            self.database,
            self.seal,
            self.doorbell,
            self.now,
            vocabulary=self.vocabulary,
            allowances=self.allowances,
            carrier_answers=self.settings.opt_out_answers == "twilio",
        )

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What people may text, in every language."""
        return vocabulary()

    @cached_property
    def allowances(self) -> Allowances:
        sizes = Sizes(
            texts_per_minute=self.settings.texts_per_minute,
            changes_per_hour=self.settings.changes_per_hour,
            answers_per_day=self.settings.answers_per_day,
        )
        return Allowances(self.database, self.limits, self.now, sizes)

    @cached_property
    def deliveries(self) -> Deliveries:
        return Deliveries(self.database, self.carrier, self.now)

    @cached_property
    def redaction(self) -> Redaction:
        return Redaction(self.database, self.carrier, self.now)

    @cached_property
    def strays(self) -> Strays:
        return Strays(self.database, self.seal, self.carrier, self.now)

    @cached_property
    def replies(self) -> Replies:
        line = self.settings.our_line
        return Replies(self.database, self.seal, self.carrier, self.now, self.allowances, line)

    @cached_property
    def mailer(self) -> Mailer | None:
        """None where SMTP_URL is not set."""
        url = self.settings.smtp_url.get_secret_value()
        if not url:
            return None
        server = MailServer.parse(url)
        return SmtpMailer(server, self.settings.mail_sender, self.settings.smtp_ca_file)

    @cached_property
    def mailing(self) -> Mailing:
        links = InvitationLinks(self.database, self.links, self.now)
        composer = Composer(trying.told(self.settings.templates_dir), links)
        return Mailing(self.database, self.mailer, self.now, composer)

    @cached_property
    def limits(self) -> Limits:
        return RedisLimits(self.settings.redis_url)

    @cached_property
    def links(self) -> Links:
        return Links(self.settings.secret_keys, self.settings.public_url)

    @cached_property
    def enrolment(self) -> Enrolment:
        """What the activation pages call."""
        return Enrolment.of(
            self.database,
            self.seal,
            self.links,
            self.limits,
            self.doorbell,
            lambda: Directories(self.seal),
            self.now,
            line=self.settings.our_line,
            host=self.settings.public_host,
            codes_per_day=self.settings.codes_per_day,
        )

    @cached_property
    def reminding(self) -> Reminding:
        return Reminding(self.database, self.now)

    @cached_property
    def forgetting(self) -> Forgetting:
        return Forgetting(self.database, self.now)

    @cached_property
    def performer(self) -> Performer:
        return Performer(
            self.database,
            self.seal,
            self.directories,
            self.replies,
            PhoneRisk(self.seal, self.lookup, self.now),
            self.now,
            allowances=self.allowances,
            vocabulary=self.vocabulary,
        )

    @cached_property
    def scrambler(self) -> Scrambler:
        return Scrambler(self.database, self.directories, self.now)

    @cached_property
    def syncing(self) -> Syncing:
        return Syncing(self.database, self.seal, self.now)

    @cached_property
    def functions(self) -> Mapping[JobName, jobs.JobFunction]:
        return jobs.functions(self)

    @cached_property
    def sweeps(self) -> Sweeps:
        unheard = () if self.mailer else (JobName.MAIL,)
        return Sweeps(
            self.database,
            self.doorbell,
            self.functions,
            self.now,
            unheard=unheard,
            tell_alive=self.pulse(CLOCK).beat,
            sealing=self.sealing,
        )

    @cached_property
    def sealing(self) -> Sealing:
        return Sealing(self.database, self.settings.secret_keys, self.now)

    def pulse(self, kind: str) -> Pulse:
        return Pulse(self.database, kind, self.now)

    @cached_property
    def turn(self) -> Turn:
        return Turn(self.database)
