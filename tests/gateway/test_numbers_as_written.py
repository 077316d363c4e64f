"""Phone numbers as people of many countries write them, and what is shown of what is none."""

# ruff: noqa: RUF001  (letters that are mistaken for others are what is written here)

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.people_import import read
from gateway.phones import PhoneNumber, PhoneNumberInvalid, glimpse

READ = [
    ("07400 123456", "GB", "+447400123456"),
    ("07400.123.456", "GB", "+447400123456"),
    ("44 7400 123456", "GB", "+447400123456"),
    ("+44.7400.123456", "GB", "+447400123456"),
    ("+44 (0)7911 123456", "GB", "+447911123456"),
    ("+44 (0)7911 123456", "US", "+447911123456"),
    ("0044 (0)7400 123456", "GB", "+447400123456"),
    ("0044(0)7400123456", "DE", "+447400123456"),
    ("0011 44 7400 123456", "AU", "+447400123456"),
    ("tel:+44-7400-123456", "US", "+447400123456"),
    ("TEL:07400 123456", "GB", "+447400123456"),
    ("+٤٤٧٤٠٠١٢٣٤٥٦", "GB", "+447400123456"),
    ("1-415-555-0100", "US", "+14155550100"),
    ("415/555-0100", "US", "+14155550100"),
    ("+1 (415) 555–0100", "US", "+14155550100"),
    ("１４１５５５５０１００", "US", "+14155550100"),
    ("416 555 0123", "CA", "+14165550123"),
    ("+1 809 555 0100", "US", "+18095550100"),
    ("06 12 34 56 78", "FR", "+33612345678"),
    ("+33 (0)6 12 34 56 78", "FR", "+33612345678"),
    ("0033 6 12 34 56 78", "FR", "+33612345678"),
    ("0151/23456789", "DE", "+4915123456789"),
    ("0171 1234567", "DE", "+491711234567"),
    ("+49-151-2345-6789", "DE", "+4915123456789"),
    ("+49 (0) 151 23456789", "DE", "+4915123456789"),
    ("0049 151 23456789", "DE", "+4915123456789"),
    ("0664 1234567", "AT", "+436641234567"),
    ("+41 (0)79 123 45 67", "CH", "+41791234567"),
    ("0470 12 34 56", "BE", "+32470123456"),
    ("06-12345678", "NL", "+31612345678"),
    ("+31 (0)6 12345678", "NL", "+31612345678"),
    ("312 345 6789", "IT", "+393123456789"),
    ("0039 312 345 6789", "IT", "+393123456789"),
    ("612 34 56 78", "ES", "+34612345678"),
    ("912 345 678", "PT", "+351912345678"),
    ("087 123 4567", "IE", "+353871234567"),
    ("070-123 45 67", "SE", "+46701234567"),
    ("+46 (0)70-123 45 67", "SE", "+46701234567"),
    ("412 34 567", "NO", "+4741234567"),
    ("20 12 34 56", "DK", "+4520123456"),
    ("040 1234567", "FI", "+358401234567"),
    ("512 345 678", "PL", "+48512345678"),
    ("8 (912) 345-67-89", "RU", "+79123456789"),
    ("(11) 96123-4567", "BR", "+5511961234567"),
    ("011 96123-4567", "BR", "+5511961234567"),
    ("55 1234 5678", "MX", "+525512345678"),
    ("11 15-2345-6789", "AR", "+5491123456789"),
    ("0412 345 678", "AU", "+61412345678"),
    ("+61 (0)412 345 678", "AU", "+61412345678"),
    ("021 123 4567", "NZ", "+64211234567"),
    ("098765 43210", "IN", "+919876543210"),
    ("+91 98765-43210", "US", "+919876543210"),
    ("090-1234-5678", "JP", "+819012345678"),
    ("138 0013 8000", "CN", "+8613800138000"),
    ("9123 4567", "SG", "+6591234567"),
    ("082 123 4567", "ZA", "+27821234567"),
    ("050 123 4567", "AE", "+971501234567"),
    ("415.555.0100 x12", "US", "+14155550100"),
    ("415-555-0100 extension 12", "US", "+14155550100"),
    ("415 555 0100;ext=12", "US", "+14155550100"),
    ("(415) 555-0100 #12", "US", "+14155550100"),
]
REFUSED = [
    ("(0)20 7946-0123 ext. 4", "GB", "it is a landline"),
    ("+1 415 CALL NOW x4", "US", "it has letters in it"),
    ("Wife: 07400 123456", "GB", "it has letters in it"),
    ("07400 123456 (her husband)", "GB", "it is too long"),
    ("020 7946 0123", "GB", "it is a landline"),
    ("01 23 45 67 89", "FR", "it is a landline"),
    ("030 1234567", "DE", "it is a landline"),
    ("06 1234 5678", "IT", "it is a landline"),
    ("912 345 678", "ES", "it is a landline"),
    ("(02) 9876 5432", "AU", "it is a landline"),
    ("0906 123 4567", "GB", "it is a premium-rate number"),
    ("0900 1 234567", "DE", "it is a premium-rate number"),
    ("1 900 555 0100", "CA", "it is a premium-rate number"),
    ("888-555-0100", "US", "it is a toll-free number"),
    ("+1 415 555 0100, +1 415 555 0101", "US", "it is not a phone number"),
    ("+1415555010O", "US", "it has letters in it"),
    ("1234567890", "US", "its country has no such number"),
    ("+52 1 55 1234 5678", "MX", "it is too long"),
    ("+1 415 555 01", "US", "it is too short"),
    ("07400 12345", "GB", "its country has no such number"),
    ("tel:", "US", "it is not a phone number"),
    ("ask reception", "US", "it is not a phone number"),
]


@pytest.mark.parametrize(("raw", "country", "e164"), READ)
def test_a_number_is_understood_as_it_is_written(raw: str, country: str, e164: str) -> None:
    assert PhoneNumber.parse(raw, country).e164 == e164


@pytest.mark.parametrize(("raw", "country", "reason"), REFUSED)
def test_a_number_that_gets_no_texts_is_refused_with_the_reason(
    raw: str, country: str, reason: str
) -> None:
    with pytest.raises(PhoneNumberInvalid) as refused:
        PhoneNumber.parse(raw, country)
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("+1415555", "+1…55"),
        ("+44 7700 900123", "+4…23"),
        ("(0)20 7946-0123 ext. 4", "(0… 4"),
        ("'+44 7700 900123", "'+…23"),
        ("\u202a+44 7700 900123\u202c", "+4…23"),
        ("tel:+447700900123", "te…23"),
        ("41\n5\t555 0100", "41…00"),
        ("911", ""),
        ("555-01", ""),
        ("mia.keller@example.com", ""),
        ("Secret-4155550100", "…00"),
        ("07400 123464 (private)", "…64"),
        ("123-45-6789 (SSN)", "…89"),
        ("\x1b[2J4155550100", "…00"),
        ("", ""),
    ],
)
def test_only_the_ends_of_what_looks_like_a_number_are_shown(raw: str, shown: str) -> None:
    assert glimpse(raw) == shown


@settings(deadline=None)
@given(st.text(st.sampled_from("0123456789+-() ./x٣３\u202a"), max_size=40) | st.text())
@example("٠١٢٣٤٥٦٧٨٩")
def test_no_glimpse_shows_more_than_four_digits(raw: str) -> None:
    shown = glimpse(raw)
    assert sum(map(str.isdecimal, shown)) <= 4
    assert len(shown) in {0, 3, 5}
    assert shown.isprintable() or shown == ""


def test_a_row_with_a_bad_number_says_its_ends_and_the_reason() -> None:
    text = "username,phone\nann,020 7946 0123\nben,none\ncat,'4155550100 or so\n"
    assert [bad.reason for bad in read(text.encode(), "GB").bad] == [
        "the phone number 02…23 cannot be used: it is a landline, which gets no texts",
        "the phone number cannot be used: it is not a phone number",
        "the phone number …00 cannot be used: it has letters in it",
    ]


@given(st.text(st.sampled_from('0123456789+-() ./xe;,"\n\r'), max_size=60), st.sampled_from("GUZ"))
def test_whatever_stands_in_the_column_of_numbers_shows_no_number_whole(
    cell: str, country: str
) -> None:
    quoted = cell.replace('"', '""')
    found = read(
        f'username,phone\nann,"{quoted}"\n'.encode(), {"G": "GB", "U": "US"}.get(country, "")
    )
    assert len(found.rows) + len(found.bad) == 1
    for bad in found.bad:
        assert sum(map(str.isdecimal, bad.reason)) <= 4
