"""The groups that every domain has, by name and relative identifier."""

from __future__ import annotations

ADMINISTRATOR_RID = 500
KRBTGT_RID = 502
DOMAIN_ADMINS_RID = 512
DOMAIN_USERS_RID = 513
ENTERPRISE_ADMINS_RID = 519
ADMINISTRATORS = "S-1-5-32-544"
USERS = "S-1-5-32-545"

BUILT_IN_GROUPS = {
    "Administrators": ADMINISTRATORS,
    "Users": USERS,
    "Account Operators": "S-1-5-32-548",
    "Server Operators": "S-1-5-32-549",
    "Print Operators": "S-1-5-32-550",
    "Backup Operators": "S-1-5-32-551",
    "Replicator": "S-1-5-32-552",
}
DOMAIN_GROUPS = {
    "Domain Admins": DOMAIN_ADMINS_RID,
    "Domain Users": DOMAIN_USERS_RID,
    "Domain Controllers": 516,
    "Schema Admins": 518,
    "Enterprise Admins": ENTERPRISE_ADMINS_RID,
    "Group Policy Creator Owners": 520,
}
MEMBERS = {
    "Administrators": ("Domain Admins", "Enterprise Admins"),
    "Users": ("Domain Users",),
}
PROTECTED_GROUPS = (
    "Administrators",
    "Account Operators",
    "Server Operators",
    "Print Operators",
    "Backup Operators",
    "Replicator",
    "Domain Admins",
    "Schema Admins",
    "Enterprise Admins",
)
"""Those whose members AdminSDHolder takes out of everybody's delegation."""
