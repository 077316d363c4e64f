"""The table of answers: every code of a domain controller has an error of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.active_directory.results import MEANINGS, SIGN_IN_REASONS, error_for
from directory.errors import (
    AccountRefused,
    ConnectionNotSecure,
    DirectoryBusy,
    DirectoryError,
    DirectoryMisconfigured,
    DirectoryUnreachable,
    PasswordRejected,
    RightMissing,
    ServiceAccountRefused,
    UnexpectedAnswer,
)

SIGN_IN = "80090308: LdapErr: DSID-0C09042F, comment: AcceptSecurityContext error, data {}, v4563"


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (
            53,
            "0000052D: SvcErr: DSID-031A124C, problem 5003 (WILL_NOT_PERFORM), data 0",
            PasswordRejected,
        ),
        (53, "0000052d: the password is too short", PasswordRejected),
        (53, "0000001F: SvcErr: DSID-031A12D2", ConnectionNotSecure),
        (53, "00002077: SvcErr: DSID-03190F0A", UnexpectedAnswer),
        (53, "", UnexpectedAnswer),
        (19, "0000052D: AtrErr: DSID-03191083", PasswordRejected),
        (19, "00000056: AtrErr: DSID-03191083", UnexpectedAnswer),
        (19, "00000057: AtrErr", UnexpectedAnswer),
        (50, "00000005: SecErr: DSID-031A11ED, problem 4003", RightMissing),
        (50, "00002098: SecErr: DSID-03150F94", RightMissing),
        (12, "00000057: LdapErr: DSID-0C0907D1", DirectoryMisconfigured),
        (10, "0000202B: RefErr: DSID-031007F3", DirectoryMisconfigured),
        (8, "00002028: LdapErr: DSID-0C0903A8", ConnectionNotSecure),
        (32, "0000208D: NameErr: DSID-0310020A", AccountRefused),
        (49, SIGN_IN.format("52e"), ServiceAccountRefused),
        (51, "", DirectoryBusy),
        (52, "00000000: LdapErr", DirectoryBusy),
        (3, "", DirectoryBusy),
        (80, "00002024: SvcErr", DirectoryBusy),
        (1, "000004DC: LdapErr: DSID-0C090A7C", DirectoryUnreachable),
        (1, "00002020: OperErr", UnexpectedAnswer),
        (2, "", UnexpectedAnswer),
        (4711, "whatever", UnexpectedAnswer),
    ],
)
def test_an_answer_becomes_the_error_it_means(
    code: int, message: str, expected: type[DirectoryError]
) -> None:
    assert type(error_for({"result": code, "message": message})) is expected


@pytest.mark.parametrize(("data", "words"), SIGN_IN_REASONS.items())
def test_a_refused_sign_in_says_why(data: str, words: str) -> None:
    assert words in str(error_for({"result": 49, "message": SIGN_IN.format(data)}))


def test_a_name_in_the_answer_goes_no_further() -> None:
    message = "0000208D: NameErr: DSID-0310020A, best match of: 'CN=Mia Keller,OU=Staff'"
    for code in range(100):
        assert "Mia" not in str(error_for({"result": code, "message": message}))


def test_every_code_has_a_meaning_for_the_rest_of_its_messages() -> None:
    assert {(code, None) for code, _ in MEANINGS} <= set(MEANINGS)


@given(st.integers(), st.one_of(st.none(), st.text()))
def test_any_answer_becomes_an_error_of_ours(code: int, message: str | None) -> None:
    assert isinstance(error_for({"result": code, "message": message}), DirectoryError)
