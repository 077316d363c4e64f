"""A small Active Directory over TLS, for the demo, development and tests.

sample = sample_domain()
with ActiveDirectoryServer(sample.domain) as server:
    ...  # server.url, server.ca_pem, sample.service_dn, sample.service_password
    server.faults.drop(Kind.MODIFY, applied=True)
    assert server.count(Kind.MODIFY) == 1
"""

from simulator.active_directory.accounts import Control, SignIn, User
from simulator.active_directory.certificates import (
    Certificate,
    CertificateAuthority,
    self_signed,
)
from simulator.active_directory.clock import Clock
from simulator.active_directory.domain import Domain
from simulator.active_directory.operations import Kind, Operation
from simulator.active_directory.passwords import generated_password
from simulator.active_directory.policy import Policy
from simulator.active_directory.refusals import LdapError, ResultCode
from simulator.active_directory.rights import Right
from simulator.active_directory.sample import SERVICE_ACCOUNT, STAFF, Sample, sample_domain
from simulator.active_directory.server import ActiveDirectoryServer

__all__ = [
    "SERVICE_ACCOUNT",
    "STAFF",
    "ActiveDirectoryServer",
    "Certificate",
    "CertificateAuthority",
    "Clock",
    "Control",
    "Domain",
    "Kind",
    "LdapError",
    "Operation",
    "Policy",
    "ResultCode",
    "Right",
    "Sample",
    "SignIn",
    "User",
    "generated_password",
    "sample_domain",
    "self_signed",
]
