"""Reads a CSV file of people: the rows as values, and every row that is no good with its reason.

No reason quotes a value: a column that slipped would show phone numbers in somebody's terminal.
Of a number that cannot be used its two ends are shown, of an address its first letter and domain.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.mail.addresses import EmailAddress, EmailAddressInvalid
from gateway.mail.addresses import glimpse as glimpse_of_address
from gateway.phones import PhoneNumber, PhoneNumberInvalid, glimpse

COLUMNS: Final = ("username", "email", "phone", "display_name", "language", "self_serve")
DELIMITERS: Final = ",;\t"
YES: Final = frozenset({"yes", "true", "1", "y", "on"})
NO: Final = frozenset({"no", "false", "0", "n", "off"})
LONGEST: Final[Mapping[str, int]] = {"username": 256, "display_name": 256}

_SEP: Final = re.compile(rf"sep=([{DELIMITERS}])(?=[\r\n])", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", re.ASCII)
_A_NAME: Final = re.compile(r"[A-Za-z][A-Za-z _-]{0,39}")
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class CsvInvalid(Exception):
    """The file as a whole cannot be read; its text says why, and what to do."""


class _Bad(Exception):
    """A value cannot be taken; the text says which and why, without quoting it."""

    def __init__(self, reason: str, rest: Row | None = None) -> None:
        super().__init__(reason)
        self.rest = rest


@dataclass(frozen=True, slots=True)
class Row:
    """One person. None and empty texts mean that the file says nothing about it."""

    line: int
    username: str
    email: str = ""
    phone: PhoneNumber | None = None
    display_name: str = ""
    language: str = ""
    self_serve: bool | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken: where it begins in the file, and all that is wrong with it."""

    line: int
    reason: str
    rest: Row | None = None
    """The row without its number, where nothing else is wrong with it."""


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """What a file says, in its order."""

    rows: Sequence[Row]
    bad: Sequence[BadRow]

    @property
    def count(self) -> int:
        """How many rows there are, good and bad."""
        return len(self.rows) + len(self.bad)

    @property
    def usable(self) -> Sequence[Row]:
        """What can be taken where what is bad is left out."""
        rests = [each.rest for each in self.bad if each.rest]
        return sorted([*self.rows, *rests], key=lambda row: row.line)


def read(data: bytes, country: str) -> PeopleFile:
    """Read a whole file; `country` (ISO 3166-1 alpha-2) reads national phone numbers.

    Raises CsvInvalid where it is not a CSV of people at all.
    """
    records = _records(_text(data))
    _, header = next(records, (0, []))
    names = _columns(header)
    rows: list[Row] = []
    bad: list[BadRow] = []
    first_lines: dict[str, int] = {}
    for line, cells in records:
        try:
            rows.append(_row(line, names, cells, country, first_lines))
        except _Bad as error:
            bad.append(BadRow(line, str(error), error.rest))
    return PeopleFile(rows, bad)


def is_language(text: str) -> bool:
    """Whether it has the form of a language's code, such as `en` or `pt-BR`."""
    return _LANGUAGE.fullmatch(text) is not None


def _text(data: bytes) -> str:
    if data.startswith(_UTF_16):
        raise CsvInvalid("the file is UTF-16, not UTF-8: save it as “CSV UTF-8”")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CsvInvalid(f"line {line} is not UTF-8: save the file as “CSV UTF-8”") from None


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line that it begins on; lines with nothing on them are passed over."""
    delimiter, text = _divided(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise CsvInvalid(f"line {begins} is not CSV: {error}") from None


def _divided(text: str) -> tuple[str, str]:
    """What divides the values, and the text without a first line of Excel's that says so.

    Else it is the one that the header uses most: spreadsheets choose it by their country.
    """
    if said := _SEP.match(text):
        return said[1], text[said.end() :]
    header = text.lstrip("\r\n").partition("\n")[0]
    return max(DELIMITERS, key=header.count), text


def _columns(header: Sequence[str]) -> list[str]:
    names = ["_".join(cell.lower().split()) for cell in header]
    known = ", ".join(COLUMNS)
    if not names:
        raise CsvInvalid(f"the file is empty: its first line names the columns, of {known}")
    unknown = [_shown(place, name) for place, name in enumerate(names, 1) if name not in COLUMNS]
    if unknown:
        raise CsvInvalid(f"unknown columns: {', '.join(unknown)}; there are {known}")
    if repeated := {name for name in names if names.count(name) > 1}:
        raise CsvInvalid(f"there is more than one column {' and '.join(sorted(repeated))}")
    if "username" not in names:
        raise CsvInvalid("there is no column username, which is required")
    return names


def _shown(place: int, name: str) -> str:
    """A file without a header begins with somebody's data, which is not repeated."""
    return name if _A_NAME.fullmatch(name) else f"number {place} (which is no name)"


def _row(
    line: int,
    names: Sequence[str],
    cells: Sequence[str],
    country: str,
    first_lines: dict[str, int],
) -> Row:
    if len(cells) != len(names):
        raise _Bad(f"it has {len(cells)} values for {len(names)} columns")
    said = {name: _clean(cell) for name, cell in zip(names, cells, strict=True)}
    objections = [_objection(name, said.get(name, "")) for name in COLUMNS]
    first = first_lines.setdefault(said["username"].casefold(), line)
    if said["username"] and first != line:
        objections.append(f"the username is on line {first} already")
    email, no_email = _email(said.get("email", ""))
    phone, no_phone = _phone(said.get("phone", ""), country)
    objections.append(no_email)
    row = Row(
        line=line,
        username=said["username"],
        email=email,
        phone=phone,
        display_name=said.get("display_name", ""),
        language=said.get("language", ""),
        self_serve=said["self_serve"].lower() in YES if said.get("self_serve") else None,
    )
    if reasons := [each for each in (*objections, no_phone) if each]:
        raise _Bad("; ".join(reasons), rest=None if any(objections) else row)
    return row


def _clean(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFC", cell).split())


def _email(raw: str) -> tuple[str, str | None]:
    """The address in the one form that mail is sent to, or why it is none."""
    try:
        return (EmailAddress.parse(raw).whole if raw else ""), None
    except EmailAddressInvalid as error:
        return "", f"{f'the email {glimpse_of_address(raw)}'.rstrip()} cannot be used: {error}"


def _phone(raw: str, country: str) -> tuple[PhoneNumber | None, str | None]:
    """The number, or why it is none."""
    try:
        return (PhoneNumber.parse(raw, country) if raw else None), None
    except PhoneNumberInvalid as error:
        called = f"the phone number {glimpse(raw)}".rstrip()
        return None, f"{called} cannot be used: {error.reason}"


def _objection(name: str, value: str) -> str | None:
    """Why a value cannot be taken. What a file does not say needs no objection, but a username."""
    called = name.replace("_", " ")
    if not value:
        return "there is no username" if name == "username" else None
    if any(unicodedata.category(letter) == "Cc" for letter in value):
        return f"the {called} has a control character in it"
    if name == "username" and not value.isprintable():
        return "the username has an invisible character in it"
    if len(value.casefold()) > LONGEST.get(name, len(value.casefold())):
        return f"the {called} is longer than {LONGEST[name]} characters"
    match name:
        case "language" if not is_language(value):
            return "the language is not a code such as en or pt-BR"
        case "self_serve" if value.lower() not in YES | NO:
            return "self_serve is neither yes nor no"
        case _:
            return None
