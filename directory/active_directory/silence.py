"""Keeps ldap3's own log silent: from its PROTOCOL level up it writes new passwords in clear."""

from __future__ import annotations

import logging

from ldap3.utils import log as ldap3_log


class Nothing(logging.Filter):
    """Lets no record pass."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the same for each record
        """Refuse."""
        return False


NOTHING = Nothing()


def silence_ldap3() -> None:
    """Turn its log off, and stand guard in case somebody turns it on again later."""
    ldap3_log.set_library_log_detail_level(ldap3_log.OFF)
    ldap3_log.set_library_log_hide_sensitive_data(True)
    logging.getLogger("ldap3").addFilter(NOTHING)
