"""A CSV of people is read, or said to be none: never a traceback, never a quoted value."""

from __future__ import annotations

import codecs
import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.people_import import COLUMNS, BadRow, CsvInvalid, PeopleFile, Row, read
from gateway.phones import PhoneNumber

MIA = PhoneNumber("+14155550111")


def people(text: str, country: str = "US") -> PeopleFile:
    return read(text.encode(), country)


def reasons(text: str) -> dict[int, str]:
    return {bad.line: bad.reason for bad in people(text).bad}


def refusal(data: bytes) -> str:
    with pytest.raises(CsvInvalid) as caught:
        read(data, "US")
    return str(caught.value)


def test_all_columns_are_read_in_any_order() -> None:
    found = people(
        "Language,self_serve,Phone,USERNAME,display name,email\n"
        "de,yes,(415) 555-0111,mia.keller,Mia  Keller,mia@example.com\n"
    )
    assert found.bad == []
    assert found.rows == [
        Row(2, "mia.keller", "mia@example.com", MIA, "Mia Keller", "de", self_serve=True)
    ]


def test_only_the_username_is_required_and_the_rest_is_not_said() -> None:
    assert people("username\nmia\n").rows == [Row(2, "mia")]
    assert people("username,phone,self_serve\nmia,,\n").rows == [Row(2, "mia")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_spreadsheets_ways_of_writing_csv_are_understood(
    delimiter: str, line_end: str, mark: bytes
) -> None:
    lines = ["username", "phone", "display_name"], ["mia", "+14155550111", "Léa"]
    text = line_end.join(delimiter.join(line) for line in lines)
    assert read(mark + text.encode(), "US").rows == [Row(2, "mia", "", MIA, "Léa")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_first_line_of_excels_says_what_divides_the_values(
    delimiter: str, line_end: str, mark: bytes
) -> None:
    lines = [f"sep={delimiter}", "username", "mia", f"sam{delimiter}"]
    found = read(mark + line_end.join(lines).encode(), "US")
    assert found.rows == [Row(3, "mia")]
    assert found.bad == [BadRow(4, "it has 2 values for 1 columns")]


@pytest.mark.parametrize("letter", ["\u202e", "\u200b", "\u2066", "\ufeff", "\u00ad", "\ue000"])
def test_a_username_with_something_that_nobody_sees_is_refused(letter: str) -> None:
    """It would look like another's, or read backwards in a list."""
    assert reasons(f"username\nmia{letter}k\n") == {
        2: "the username has an invisible character in it"
    }


def test_national_numbers_are_read_by_the_organizations_country() -> None:
    assert people("username,phone\na,0151 23456789\n", "DE").rows[0].phone == "+4915123456789"
    assert reasons("username,phone\na,0151 23456789\n")[2].startswith("the phone number")


@pytest.mark.parametrize(
    ("said", "meant"),
    [("yes", True), ("TRUE", True), ("1", True), ("No", False), ("false", False), ("0", False)],
)
def test_yes_and_no_have_many_names(said: str, meant: bool) -> None:
    assert people(f"username,self_serve\na,{said}\n").rows[0].self_serve is meant


def test_every_bad_row_is_named_with_the_line_it_begins_on_and_all_its_faults() -> None:
    text = (
        "username,email,phone,display_name,language,self_serve\n"
        "good,,,,,\n"
        "\n"
        ",mia@example.com,,,,\n"
        'twice,,,"A name on\ntwo lines",,\n'
        "TWICE,nobody,12,,,\n"
        "x,,,,english,perhaps\n"
        "too,few\n"
        f"{'n' * 257},,,,,\n"
        "bell\x07,,,,,\n"
    )
    assert [row.username for row in people(text).rows] == ["good", "twice"]
    assert reasons(text) == {
        4: "there is no username",
        7: "the username is on line 5 already; "
        "the email cannot be used: an address looks like help@example.com, in plain letters; "
        "the phone number cannot be used: it is too short",
        8: "the language is not a code such as en or pt-BR; self_serve is neither yes nor no",
        9: "it has 2 values for 6 columns",
        10: "the username is longer than 256 characters",
        11: "the username has a control character in it",
    }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"email\nx\n", "there is no column username"),
        (b"username,mobile,team\nx,y,z\n", "unknown columns: mobile, team; there are username,"),
        (b"username,Username\nx,y\n", "more than one column username"),
        (b"username\nm\xfcller\n", "line 2 is not UTF-8: save the file as"),
        ("username\nmia\n".encode("utf-16"), "UTF-16"),
        (b'username\n"open\n', "line 2 is not CSV"),
        (b'username\n"a"b\n', "line 2 is not CSV"),
        (b"username\n" + b"a" * 200_000, "line 2 is not CSV: field larger than"),
    ],
)
def test_a_file_that_is_no_csv_of_people_is_refused_with_what_to_do(data: bytes, said: str) -> None:
    assert said in refusal(data)


def test_a_file_without_a_header_does_not_have_its_data_repeated() -> None:
    said = refusal(b"mia.keller,mia@example.com,+14155550111\n")
    assert said.startswith("unknown columns: number 1 (which is no name), number 2")
    assert "555" not in said
    assert "@" not in said


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("ä@x.example", "the email ä***@x.example cannot be used: an address looks like"),
        ("mia..k@x.example", "the email m***@x.example cannot be used: an address looks like"),
        ("mia@-x.example", "the email cannot be used: what follows the @ is not the name of"),
        (f"{'m' * 65}@x.example", "the email m***@x.example cannot be used: an address takes"),
        ("mia..k@415.555.0111", "the email cannot be used: an address looks like"),
    ],
)
def test_an_email_that_nothing_can_be_sent_to_is_named_with_its_row_and_reason(
    email: str, said: str
) -> None:
    assert reasons(f"username,email\na,{email}\n")[2].startswith(said)


def test_an_email_is_kept_as_mail_is_sent_to_it() -> None:
    rows = people("username,email\na,Mia@EXAMPLE.com\nb,mia@bücher.example\n").rows
    assert [row.email for row in rows] == ["Mia@example.com", "mia@xn--bcher-kva.example"]


def test_no_reason_quotes_a_value() -> None:
    text = "username,email,phone,self_serve\na,+14155550111,555-SECRET,+14155550112\n"
    assert "555" not in reasons(text)[2]


CELLS = st.lists(st.text() | st.sampled_from(["+14155550111", "yes", "de"]), min_size=1, max_size=7)


@given(st.binary())
@example(b"\xef\xbb\xbf")
@example(b'"')
@example(b"username\r\r\n\x00")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _read_or_refused(data)


@given(header=st.permutations(COLUMNS), cells=st.lists(CELLS, max_size=8))
def test_any_table_under_our_header_is_read_or_refused(
    header: list[str], cells: list[list[str]]
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([header, *cells])
    data = text.getvalue().encode(errors="ignore")
    found = _read_or_refused(data)
    if found:
        usernames = [row.username.casefold() for row in found.rows]
        assert len(set(usernames)) == len(usernames)
        assert len(found.rows) + len(found.bad) <= len(cells)


def _read_or_refused(data: bytes) -> PeopleFile | None:
    try:
        return read(data, "US")
    except CsvInvalid:
        return None
