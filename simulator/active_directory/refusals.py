"""The refusals of Active Directory: result codes and the diagnostic texts that go with them.

The eight hexadecimal digits in front are the Windows error and what a client may rely on;
the rest is decoration. Like Windows, every text ends in a NUL.
"""

from __future__ import annotations

from enum import IntEnum


class ResultCode(IntEnum):
    """The result codes of LDAP that this server uses."""

    SUCCESS = 0
    OPERATIONS_ERROR = 1
    PROTOCOL_ERROR = 2
    SIZE_LIMIT_EXCEEDED = 4
    AUTH_METHOD_NOT_SUPPORTED = 7
    STRONGER_AUTH_REQUIRED = 8
    UNAVAILABLE_CRITICAL_EXTENSION = 12
    NO_SUCH_ATTRIBUTE = 16
    CONSTRAINT_VIOLATION = 19
    NO_SUCH_OBJECT = 32
    INVALID_DN_SYNTAX = 34
    INVALID_CREDENTIALS = 49
    INSUFFICIENT_ACCESS_RIGHTS = 50
    BUSY = 51
    UNAVAILABLE = 52
    UNWILLING_TO_PERFORM = 53
    OTHER = 80


class LdapError(Exception):
    """A refused operation. Nothing of it was applied."""

    def __init__(self, code: ResultCode, text: str, *, matched_dn: str = "") -> None:
        super().__init__(f"{code.name}: {text}")
        self.code = code
        self.text = f"{text}\x00"
        self.matched_dn = matched_dn


class WrongOldPassword(LdapError):
    """A change with a wrong old password, which counts as a bad password."""

    def __init__(self) -> None:
        super().__init__(ResultCode.CONSTRAINT_VIOLATION, _attribute_text("00000056"))


def bind_refused(data: str) -> LdapError:
    """`data` tells why: 52e, 525, 532, 533, 701, 773, 775."""
    text = f"80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data {data}"
    return LdapError(ResultCode.INVALID_CREDENTIALS, f"{text}, v4563")


def bind_needed() -> LdapError:
    return LdapError(
        ResultCode.OPERATIONS_ERROR,
        "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a "
        "successful bind must be completed on the connection., data 0, v4563",
    )


def encryption_needed_to_bind() -> LdapError:
    return LdapError(
        ResultCode.STRONGER_AUTH_REQUIRED,
        "00002028: LdapErr: DSID-0C090259, comment: The server requires binds to turn on "
        "integrity checking if SSL\\TLS are not already active on the connection, data 0, v4563",
    )


def encryption_needed_for_passwords() -> LdapError:
    return unwilling("0000001F")


def unwilling(windows_error: str) -> LdapError:
    text = f"{windows_error}: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0"
    return LdapError(ResultCode.UNWILLING_TO_PERFORM, text)


def password_refused_on_reset() -> LdapError:
    return LdapError(ResultCode.UNWILLING_TO_PERFORM, _POLICY_TEXT)


def password_refused_on_change() -> LdapError:
    return LdapError(ResultCode.CONSTRAINT_VIOLATION, _POLICY_TEXT)


def constraint_violated(windows_error: str = "00000057") -> LdapError:
    return LdapError(ResultCode.CONSTRAINT_VIOLATION, _attribute_text(windows_error))


def access_denied() -> LdapError:
    return LdapError(
        ResultCode.INSUFFICIENT_ACCESS_RIGHTS,
        "00000005: SecErr: DSID-031A1190, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0",
    )


def no_such_object(best_match: str) -> LdapError:
    text = "0000208D: NameErr: DSID-03100245, problem 2001 (NO_OBJECT), data 0, best match of:"
    return LdapError(
        ResultCode.NO_SUCH_OBJECT, f"{text}\n\t'{best_match}'\n", matched_dn=best_match
    )


def invalid_name() -> LdapError:
    text = "0000208F: NameErr: DSID-03100231, problem 2006 (BAD_NAME), data 8350, best match of:"
    return LdapError(ResultCode.INVALID_DN_SYNTAX, text)


def no_such_value() -> LdapError:
    return LdapError(ResultCode.NO_SUCH_ATTRIBUTE, _attribute_text("00002085"))


def control_refused() -> LdapError:
    return LdapError(
        ResultCode.UNAVAILABLE_CRITICAL_EXTENSION,
        "00000057: LdapErr: DSID-0C0909FA, comment: Error processing control, data 0, v4563",
    )


def token_groups_need_a_base_search() -> LdapError:
    return LdapError(
        ResultCode.OPERATIONS_ERROR,
        "00002120: SvcErr: DSID-03140293, problem 5012 (DIR_ERROR), data 0",
    )


def protocol_error(comment: str) -> LdapError:
    text = f"00000057: LdapErr: DSID-0C0C0095, comment: {comment}, data 0, v4563"
    return LdapError(ResultCode.PROTOCOL_ERROR, text)


def unknown_extension() -> LdapError:
    return LdapError(
        ResultCode.PROTOCOL_ERROR,
        "0000203D: LdapErr: DSID-0C090C7D, comment: Unknown extended request OID, data 0, v4563",
    )


def tls_already_on() -> LdapError:
    return LdapError(
        ResultCode.OPERATIONS_ERROR,
        "00000000: LdapErr: DSID-0C090E17, comment: TLS or SSL already in effect, data 0, v4563",
    )


def sasl_not_offered() -> LdapError:
    return LdapError(
        ResultCode.AUTH_METHOD_NOT_SUPPORTED,
        "00000057: LdapErr: DSID-0C09064F, comment: The authentication method is not "
        "supported, data 0, v4563",
    )


_POLICY_TEXT = (
    "0000052D: Constraint violation - the password does not meet the length, complexity or "
    "history requirement of the domain"
)


def _attribute_text(windows_error: str) -> str:
    return (
        f"{windows_error}: AtrErr: DSID-03191083, #1:\n\t0: {windows_error}: DSID-03191083, "
        "problem 1005 (CONSTRAINT_ATT_TYPE), data 0"
    )
