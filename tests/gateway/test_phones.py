"""How people write phone numbers, and which of them can be texted."""

from __future__ import annotations

import copy
import logging

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.phones import PhoneNumber, PhoneNumberInvalid, is_e164

MOBILES = {
    "US": "+14155550100",
    "GB": "+447400123456",
    "DE": "+4915123456789",
    "FR": "+33612345678",
    "IT": "+393123456789",
    "AU": "+61491570156",
    "IN": "+918123456789",
    "BR": "+5511961234567",
}
FORMATS = [
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.NATIONAL,
]


@pytest.mark.parametrize(
    ("raw", "country", "e164"),
    [
        ("+1 415 555 0100", "US", "+14155550100"),
        ("(415) 555-0100", "us", "+14155550100"),
        ("1.415.555.0100", "US", "+14155550100"),
        ("'+14155550100", "DE", "+14155550100"),
        ("\u202a+1\u00a0415\u00a0555\u00a00100\u202c", "US", "+14155550100"),
        ("07400 123456", "GB", "+447400123456"),
        ("+44 (0)7400 123456", "US", "+447400123456"),
        ("0044 7400 123456", "GB", "+447400123456"),
        ("0044 7400 123456", "US", "+447400123456"),
        ("(0044) 7400-123456", "AU", "+447400123456"),
        ("011 44 7400 123456", "US", "+447400123456"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("+1 415 555 0100", "ZZ", "+14155550100"),
        ("+1 415 555 0100 x4", "US", "+14155550100"),
        ("07400 123456 ext. 4", "GB", "+447400123456"),
        ("07400 123456 (private)", "GB", "+447400123456"),
        ("Mobile: 07400 123456", "GB", "+447400123456"),
        ("M: 07400 123456", "GB", "+447400123456"),
        ("M.: 07400 123456 ext 4", "GB", "+447400123456"),
        ("work mobile 07400 123456", "GB", "+447400123456"),
        ("(cell) 415 555 0100", "US", "+14155550100"),
        ("415 555 0100 / 415 555 0101", "US", "+14155550100"),
        ("020 7946 0123; 07400 123456", "GB", "+447400123456"),
        ("Tel: 020 7946 0123 or m: 07400 123456", "GB", "+447400123456"),
        ("nonsense 1234567 / 07400 123456 x4", "GB", "+447400123456"),
    ],
)
def test_a_number_is_read_as_people_write_it(raw: str, country: str, e164: str) -> None:
    assert PhoneNumber.parse(raw, country).e164 == e164


@pytest.mark.parametrize(
    ("raw", "country", "reason"),
    [
        ("(0)20 7946-0123 ext. 4", "GB", "landline"),
        ("+1 415 CALL NOW", "US", "letters"),
        ("+1 415 555 0100 (home)", "US", "letters"),
        ("+1 415 555 01", "US", "too short"),
        ("911", "US", "too short"),
        ("555-0100", "US", "area code"),
        ("+1 415 555 0100 0100", "US", "too long"),
        ("020 7946 0123 / 01632 960123", "GB", "landline"),
        ("wife: 415 555 0100", "US", "letters"),
        ("+999 123 4567", "US", "country code"),
        ("415 555 0100", "ZZ", "country is not known"),
        ("415 555 0100", "", "country is not known"),
        ("+44 7700 900123", "GB", "no such number"),
        ("+44 20 7946 0123", "GB", "landline"),
        ("+1 800 555 0100", "US", "toll-free"),
        ("+1 900 555 0100", "US", "premium"),
        ("+49 180 1234567", "DE", "shared-cost"),
        ("+44 56 1234 5678", "GB", "internet phone"),
        ("+44 70 1234 5678", "GB", "forwarding"),
        ("+44 7640 123456", "GB", "pager"),
        ("+44 55 1234 5678", "GB", "company"),
        ("4.15556E+12", "US", "not a phone number"),
        (f"415 555 0100{' ' * 100_000}x", "US", "too long"),
        ("n/a", "US", "not a phone number"),
        ("", "US", "not a phone number"),
    ],
)
def test_a_number_that_cannot_be_texted_is_refused_with_its_reason(
    raw: str, country: str, reason: str
) -> None:
    with pytest.raises(PhoneNumberInvalid, match=reason) as refused:
        PhoneNumber.parse(raw, country)
    assert not any(digit in refused.value.reason for digit in "0123456789")
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None or refused.value.__suppress_context__


@settings(deadline=None)
@given(st.sampled_from(sorted(MOBILES.items())), st.sampled_from(FORMATS))
def test_every_usual_form_of_a_number_is_the_same_number(
    mobile: tuple[str, str], form: int
) -> None:
    country, e164 = mobile
    written = phonenumbers.format_number(phonenumbers.parse(e164), form)
    assert PhoneNumber.parse(written, country) == PhoneNumber(e164)


LABELS = st.sampled_from(["M", "mob.", "Mobile", "Cell phone", "Tel", "GSM", "private", "Handy"])
LABELLED = st.sampled_from(["{label}: {number}", "{label} {number}", "{number} ({label})"])
EXTENSIONS = st.sampled_from(["", " ext. {0}", " x{0}", ";ext={0}", " extension {0}", " #{0}"])


@settings(deadline=None)
@given(
    st.sampled_from(sorted(MOBILES.items())),
    st.sampled_from(FORMATS),
    LABELS,
    LABELLED,
    EXTENSIONS,
    st.integers(1, 9999),
)
def test_neither_a_label_nor_an_extension_makes_it_another_number(
    mobile: tuple[str, str], form: int, label: str, labelled: str, extension: str, digits: int
) -> None:
    country, e164 = mobile
    written = phonenumbers.format_number(phonenumbers.parse(e164), form)
    number = f"{written}{extension.format(digits)}"
    assert PhoneNumber.parse(labelled.format(label=label, number=number), country) == e164


@settings(deadline=None)
@given(
    st.sampled_from(sorted(MOBILES.items())),
    st.sampled_from(["+44 20 7946 0123", "+1 800 555 0100", "+49 30 901820"]),
    st.sampled_from([" / ", "/", ";", "; ", " or ", " OR "]),
    st.sampled_from(FORMATS),
    st.booleans(),
)
def test_of_two_numbers_it_is_the_first_that_can_be_texted(
    mobile: tuple[str, str], other: str, between: str, form: int, comes_first: bool
) -> None:
    country, e164 = mobile
    written = phonenumbers.format_number(phonenumbers.parse(e164), form)
    pair = (written, other) if comes_first else (other, written)
    assert PhoneNumber.parse(between.join(pair), country) == e164
    assert PhoneNumber.parse(f"{written}{between}+1 415 555 0199", country) == e164


@settings(deadline=None)
@given(
    st.text(st.sampled_from("0123456789+-() ./#xe;,*\u0660\uff11"), max_size=30)
    | st.text(max_size=40),
    st.sampled_from([*MOBILES, "ZZ", ""]),
)
def test_whatever_is_written_gives_strict_e164_or_a_reason_that_echoes_nothing(
    raw: str, country: str
) -> None:
    try:
        number = PhoneNumber.parse(raw, country)
    except PhoneNumberInvalid as refused:
        assert not any(letter.isdigit() for letter in str(refused))  # noqa: PT017
    else:
        assert is_e164(number.e164)
        assert PhoneNumber.parse(number.e164, "") == number


@pytest.mark.parametrize(
    "text",
    [
        "14155550100",
        "+1415555010a",
        "+04155550100",
        "+1 4155550100",
        "+14155550100\n",
        "+\uff114155550100",
        "+123456",
        "+1234567890123456",
        "whatsapp:+14155550100",
        "74740",
        "",
        "+",
    ],
)
def test_only_strict_e164_makes_a_number(text: str) -> None:
    assert not is_e164(text)
    with pytest.raises(PhoneNumberInvalid):
        PhoneNumber(text)


@pytest.mark.parametrize(
    ("e164", "masked"),
    [
        ("+14155550100", "+1***0100"),
        ("+447400123456", "+44***3456"),
        ("+35312345678", "+353***5678"),
        ("+6834123", "+683***23"),
        ("+9991234567", "+***4567"),
    ],
)
def test_a_masked_number_shows_its_country_and_its_end(e164: str, masked: str) -> None:
    assert PhoneNumber(e164).masked == masked


@settings(deadline=None)
@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_a_number_is_never_shown_whole(e164: str) -> None:
    number = PhoneNumber(e164)
    shown = [str(number), repr(number), f"{number}", f"{number:>20}", "%s %r" % (number, number)]  # noqa: UP031
    assert not any(e164[4:] in text for text in [*shown, str({"to": number})])


def test_a_logged_number_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("sent to %s", PhoneNumber("+14155550100"))
    assert caplog.messages == ["sent to +1***0100"]


def test_a_number_is_still_its_digits_to_whom_they_are_given() -> None:
    number = PhoneNumber("+14155550100")
    assert number == "+14155550100"
    assert number.encode() == b"+14155550100"
    assert type(number.e164) is str
    assert copy.deepcopy(number).e164 == number.e164
