"""Phone numbers: read from what people write, kept strictly as E.164, and shown only masked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final, Self

import phonenumbers
from phonenumbers import PhoneNumberType, ValidationResult

from gateway.written_numbers import LEAST_DIGITS, alone, apart

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")

_LONGEST: Final = 250
"""As phonenumbers has it; looking for labels in more could take for ever."""

_LOOKS_LIKE_A_NUMBER: Final = re.compile(
    r"(tel:)?([\d\s()+./,;:#*'-]|ext(ension)?|x)+", re.IGNORECASE
)

_CAN_BE_TEXTED: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
"""North America doesn't tell mobiles from landlines by number; there the carrier has to."""

_WRONG_LENGTH: Final = MappingProxyType(
    {
        ValidationResult.INVALID_COUNTRY_CODE: "it begins with a country code that is not in use",
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code is missing",
        ValidationResult.TOO_SHORT: "it is too short",
        ValidationResult.TOO_LONG: "it is too long",
    }
)
_CANNOT_BE_TEXTED: Final = MappingProxyType(
    {
        PhoneNumberType.FIXED_LINE: "it is a landline, which gets no texts",
        PhoneNumberType.TOLL_FREE: "it is a toll-free number, which is nobody's own phone",
        PhoneNumberType.PREMIUM_RATE: "it is a premium-rate number",
        PhoneNumberType.SHARED_COST: "it is a shared-cost number",
        PhoneNumberType.VOIP: "it is an internet phone number, which is bound to no SIM card",
        PhoneNumberType.PERSONAL_NUMBER: "it is a forwarding number, often a costly one",
        PhoneNumberType.PAGER: "it is a pager",
        PhoneNumberType.UAN: "it is a company's shared number",
        PhoneNumberType.VOICEMAIL: "it is a voice mailbox",
    }
)


class PhoneNumberInvalid(ValueError):
    """Not a number that can be texted. `reason` is plain words and never holds the number."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PhoneNumber(str):
    """A number in strict E.164. Printing, formatting and logging with `%s` show it masked.

    It compares, hashes and encodes as its digits. What writes a str without asking it (`json`,
    `"".join`) shows them, so hand out `masked` or `e164` and say which you mean.
    """

    __slots__ = ()

    def __new__(cls, e164: str) -> Self:
        if not is_e164(e164):
            raise PhoneNumberInvalid("it is not in E.164 form, such as +14155550100")
        return super().__new__(cls, e164)

    @classmethod
    def parse(cls, raw: str, country: str) -> Self:
        """Read a number as people write it; `country` (ISO 3166-1 alpha-2) reads national ones.

        Of several it is the first that can be texted. Raises PhoneNumberInvalid, also where the
        number plan shows that it can't be; of several it tells what is wrong with the first.
        """
        if len(raw) > _LONGEST:
            raise PhoneNumberInvalid("it is too long")
        try:
            return cls(_e164(raw, country))
        except PhoneNumberInvalid:
            pieces = apart(raw)
            if len(pieces) == 1:
                raise
        return cls(_first(pieces, country))

    @property
    def e164(self) -> str:
        """The digits as a plain str, for those who have to have them."""
        return str.__str__(self)

    @property
    def masked(self) -> str:
        """`+1***4567`: the country and the last four digits, of short numbers the last two."""
        country = _country_code(self.e164)
        rest = len(self) - 1 - len(country)
        return f"+{country}***{self.e164[-4 if rest > 7 else -2 :]}"

    @property
    def region(self) -> str:
        """The country it is of (ISO 3166-1 alpha-2); empty where it is of none."""
        try:
            return phonenumbers.region_code_for_number(phonenumbers.parse(self.e164, None)) or ""
        except phonenumbers.NumberParseException:
            return ""

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"

    def __format__(self, spec: str) -> str:
        return format(self.masked, spec)


def is_e164(text: str) -> bool:
    """A plus sign and 7 to 15 ASCII digits, and nothing else: no blank, no line break."""
    return _E164.fullmatch(text) is not None


def _first(pieces: Sequence[str], country: str) -> str:
    refused: list[PhoneNumberInvalid] = []
    for each in pieces:
        try:
            return _e164(each, country)
        except PhoneNumberInvalid as error:
            refused.append(error)
    raise refused[0]


def _e164(raw: str, country: str) -> str:
    raw = alone(raw)
    number = _read(raw, country.strip().upper())
    if objection := _objection(number, raw):
        raise PhoneNumberInvalid(objection)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _read(raw: str, country: str) -> phonenumbers.PhoneNumber:
    """`00` before a country code is understood everywhere, also where people don't dial it so."""
    try:
        number = phonenumbers.parse(raw, country)
        if raw.lstrip(" (").startswith("00") and not phonenumbers.is_valid_number(number):
            number = phonenumbers.parse("+" + raw.lstrip(" (")[2:], None)
    except phonenumbers.NumberParseException as error:
        raise PhoneNumberInvalid(_unreadable(error.error_type, country)) from None
    return number


def _unreadable(error_type: int, country: str) -> str:
    match error_type:
        case phonenumbers.NumberParseException.TOO_LONG:
            return "it is too long"
        case phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            known = country in phonenumbers.SUPPORTED_REGIONS
            return "its country code is not in use" if known else "its country is not known"
        case _:
            return "it is not a phone number"


def _objection(number: phonenumbers.PhoneNumber, raw: str) -> str | None:
    """Why this number is refused, in plain words, or None. The first reason is the clearest."""
    if any(letter.isalpha() for letter in raw):
        return "it has letters in it"
    length = phonenumbers.is_possible_number_with_reason(number)
    if length != ValidationResult.IS_POSSIBLE:
        return _WRONG_LENGTH.get(length, "it has a wrong number of digits")
    if not phonenumbers.is_valid_number(number):
        return "its country has no such number"
    kind = phonenumbers.number_type(number)
    if kind in _CAN_BE_TEXTED:
        return None
    return _CANNOT_BE_TEXTED.get(kind, "it is of a kind that gets no texts")


def _country_code(e164: str) -> str:
    """The country code's digits, or nothing where no country has them."""
    for end in (2, 3, 4):
        if int(e164[1:end]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return e164[1:end]
    return ""


def glimpse(raw: str) -> str:
    """The two ends of what was meant as a number, to find it by: `+1…55`.

    At most four of its digits, and two where it holds more than a number: `…55`. Nothing of so
    short a one that little would be hidden.
    """
    letters = (letter for letter in raw if unicodedata.category(letter) != "Cf")
    plain = " ".join("".join(letters).split())
    digits = [letter for letter in plain if letter.isdecimal()]
    if len(digits) < LEAST_DIGITS:
        return ""
    if _LOOKS_LIKE_A_NUMBER.fullmatch(plain):
        return f"{plain[:2]}…{plain[-2:]}"
    return f"…{''.join(digits[-2:])}"
