"""Active Directory over LDAP: the only place that knows ldap3."""

from directory.active_directory.adapter import ActiveDirectory

__all__ = ["ActiveDirectory"]
