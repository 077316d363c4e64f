"""Two tenants share an installation and many names: what is done for one stays with the one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import click
import pytest
from sqlalchemy import delete, or_, select, text, update

from gateway.cli import resetline
from gateway.records import Organization, Person, Phone, Request
from tests.rules.queries import Query, is_restricted, listening
from tests.rules.twins import (
    CANARY,
    NOT_HERE,
    SHARED,
    THEIR_MIA,
    WHOLE_INSTALLATION,
    Twins,
    belonging,
    twins,
)

ANYBODYS: Final = {
    "cli/checkup.py:_directories": "the doctor looks at every directory",
    "cli/checkup.py:_sample": "the doctor opens one sealed number, to see that the keys fit",
    "cli/mail_checkup.py:_alert_contacts": "the doctor names each organization without a contact",
    "cli/organizations.py:list_": "the operator of the installation sees whom it serves",
    "cli/rotation.py:_portions": "every sealed value is sealed anew",
    "cli/tenants.py:list_": "the operator of the installation sees whom it serves",
    "engine/sweeps.py:_due": "the clock rings for whatever is due: the ids, and nothing else",
    "engine/sweeps.py:_let_words_go": "whosever they are, they have come too late",
    "engine/sweeps.py:_forget_passwords": "whosever they are, they have lived long enough",
    "monitoring/figures.py:_belated_sync": "a figure over all, by no name",
    "monitoring/figures.py:_requests": "a figure over all, by no name",
    "monitoring/figures.py:_waiting_texts": "a figure over all, by no name",
    "records/audit_chain.py:_stored": "one chain for all",
    "records/audit_chain.py:is_any_unsealed": "one chain for all",
    "records/audit_chain.py:oldest_unsealed": "one chain for all",
    "records/phones.py:opted_out_since": "STOP is said to our number, whoever texts from it",
    "records/tallies.py:sum_up": "a figure over all, by no name",
    "records/tallies.py:totals": "a figure over all, by no name",
}
"""Who asks for rows of more than one owner, and why that shows nobody what is another's."""

Rows = dict[str, list[Any]]


@dataclass(frozen=True)
class Seen:
    """What came of doing everything for one tenant: for it, and for the other."""

    pair: Twins
    said: list[tuple[str, str]]
    heard: list[Query]
    sent_to: set[str]
    mailed_to: set[str]
    before: Rows
    after: Rows


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with twins(tmp_path_factory.mktemp("twins")) as pair:
        before = belonging(pair.world, "northwind")
        texts, mails = len(pair.world.carrier.sent), len(pair.world.mailer.sent)
        with listening() as heard:
            pair.text_everything()
            pair.open_every_page()
            pair.do_every_job()
            pair.type_every_command()
            said, after = list(pair.said), belonging(pair.world, "northwind")
            sent_to = {each.to for each in pair.world.carrier.sent[texts:]}
            mailed_to = {str(each.to) for each in pair.world.mailer.sent[mails:]}
            pair.text_everything(SHARED)
        yield Seen(pair, said, heard, sent_to, mailed_to, before, after)


def test_every_command_is_typed_or_has_a_reason(seen: Seen) -> None:
    """A new one fails here until somebody has said how it is typed for one tenant."""
    assert set(_commands(resetline)) == seen.pair.commands | set(NOT_HERE)


def test_nothing_of_the_other_tenant_is_shown(seen: Seen) -> None:
    """On no page, in no text, and by no command that is about one tenant."""
    shown = {where for where, words in seen.said if CANARY in words.lower()}
    assert shown <= set(WHOLE_INSTALLATION)
    assert "organization list" in shown, "there was no canary to be found"


def test_nothing_of_the_other_tenant_is_changed(seen: Seen) -> None:
    changed = {name for name, rows in seen.before.items() if rows != seen.after[name]}
    assert changed == set()
    assert seen.before["requests"], "the other tenant had nothing that could be changed"
    assert seen.before["audit_events"]


def test_nothing_is_sent_to_the_other_tenant(seen: Seen) -> None:
    assert THEIR_MIA not in seen.sent_to
    assert not any(CANARY in address for address in seen.mailed_to)
    assert seen.sent_to
    assert seen.mailed_to


def test_every_query_names_whose_rows_it_wants_or_has_a_reason(seen: Seen) -> None:
    """A new one that asks for everybody's fails here; so does a reason that is needed no more."""
    asking = {each.site: each.words for each in seen.heard if not each.is_restricted}
    asking.pop("tests", None)
    assert {site: asking[site] for site in asking.keys() - ANYBODYS.keys()} == {}
    assert ANYBODYS.keys() - asking.keys() == set()


def test_many_queries_were_heard(seen: Seen) -> None:
    assert len({each.site for each in seen.heard}) > 100


@pytest.mark.parametrize(
    ("statement", "restricted"),
    [
        (select(Person), False),
        (select(Person).where(Person.id == 1), True),
        (select(Person).where(Person.username_key == "mia"), False),
        (select(Person).where(Person.username_key == "mia", Person.organization_id == 1), True),
        (select(Person).where(or_(Person.id == 1, Person.username_key == "mia")), False),
        (select(Person).where(or_(Person.id == 1, Person.organization_id == 2)), True),
        (select(Person).where(Person.id.in_([1, 2])), True),
        (select(Person).where(Person.id > 1), False),
        (select(Person).where(Person.id != 1), False),
        (select(Person).where(Person.id.in_(select(Phone.person_id))), False),
        (
            select(Person).where(
                Person.id.in_(select(Phone.person_id).where(Phone.number_index == "x"))
            ),
            True,
        ),
        (select(Person).join(Organization).where(Organization.slug == "northwind"), True),
        (update(Request).where(Request.state == "queued").values(state="stale"), False),
        (update(Request).where(Request.id == 1, Request.state == "queued"), True),
        (delete(Phone), False),
        (delete(Phone).where(Phone.person_id == 1), True),
        (text("SELECT * FROM people WHERE id = 1"), False),
    ],
    ids=str,
)
def test_it_is_understood_what_a_query_wants(statement: Any, *, restricted: bool) -> None:
    """Text is not read: such a query needs a reason in any case."""
    assert is_restricted(statement) is restricted


def _commands(command: click.Command, path: str = "") -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below
        yield from _commands(below, f"{path} {name}".strip())
