"""What we remember: typed models and the questions asked of them, one noun a file."""

from gateway.records.audit import AuditEvent
from gateway.records.audit_chain import AuditHead, AuditKey
from gateway.records.base import Base
from gateway.records.consents import Consent
from gateway.records.heartbeats import Heartbeat
from gateway.records.invitations import Invitation
from gateway.records.leases import Lease
from gateway.records.logos import Logo
from gateway.records.mails import Mail
from gateway.records.messages import InboundMessage, OutboundMessage, StatusReport, StrayText
from gateway.records.opt_outs import OptOut
from gateway.records.organizations import DirectoryRecord, Organization
from gateway.records.people import Person
from gateway.records.phones import Phone
from gateway.records.policies import PolicyValue
from gateway.records.proofs import Proof
from gateway.records.questions import Question
from gateway.records.requests import Request
from gateway.records.syncs import Sync
from gateway.records.tallies import Tally, TallyMark
from gateway.records.tenants import Tenant

__all__ = [
    "AuditEvent",
    "AuditHead",
    "AuditKey",
    "Base",
    "Consent",
    "DirectoryRecord",
    "Heartbeat",
    "InboundMessage",
    "Invitation",
    "Lease",
    "Logo",
    "Mail",
    "OptOut",
    "Organization",
    "OutboundMessage",
    "Person",
    "Phone",
    "PolicyValue",
    "Proof",
    "Question",
    "Request",
    "StatusReport",
    "StrayText",
    "Sync",
    "Tally",
    "TallyMark",
    "Tenant",
]
