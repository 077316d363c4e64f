"""One tenant against another: what somebody would try first.

tests/rules/test_tenants.py does everything for one of two tenants, and looks at the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from gateway.records import Organization, Person, Phone, Tenant
from gateway.records.policies import set_value
from tests.fakes import FakeAccount
from tests.gateway.cli.conftest import PEOPLE, Terminal
from tests.gateway.engine.conversing import answer, asked, password_in
from tests.told import word_in
from tests.world import MIA, World

THEIRS = "+14155550188"


@dataclass
class Neighbours:
    """Northwind, where Mia works, and Contoso of another tenant, where an Eve does."""

    world: World
    eve: FakeAccount

    def decide(self, name: str, value: str) -> None:
        """For Contoso's tenant, which is not Mia's."""
        with self.world.database.transaction() as session:
            theirs = session.scalars(select(Tenant).where(Tenant.slug == "theirs")).one()
            set_value(session, theirs, name, value, self.world.clock())

    def share(self) -> None:
        """Eve has Mia's number put to her own account, as whoever runs a tenant can."""
        self._add_phone(MIA)

    def _add_phone(self, number: str) -> None:
        with self.world.database.transaction() as session:
            eve = session.scalars(select(Person).where(Person.username == "eve")).one()
            eve.phones.append(phone(self.world, eve.tenant_id, number))


def phone(world: World, tenant_id: int, number: str) -> Phone:
    return Phone(
        tenant_id=tenant_id,
        sealed_number=world.seal.seal(SecretStr(number)),
        number_index=world.seal.index(number),
        verified_at=world.clock(),
        verified_by="import",
        created_at=world.clock(),
    )


@pytest.fixture
def neighbours(asking_anywhere: World) -> Neighbours:
    world, now = asking_anywhere, asking_anywhere.clock()
    with world.database.transaction() as session:
        tenant = Tenant(slug="theirs", name="Their MSP", created_at=now)
        organization = Organization(
            tenant=tenant, slug="contoso", name="Contoso", support="", created_at=now
        )
        session.add(organization)
        session.flush()
        session.add(
            Person(
                tenant_id=tenant.id,
                organization=organization,
                username="eve",
                username_key="eve",
                email="eve@contoso.example",
                self_serve=True,
                created_at=now,
                phones=[phone(world, tenant.id, THEIRS)],
            )
        )
    return Neighbours(world, FakeAccount("eve"))


def test_the_word_of_ones_person_is_nothing_from_the_others_phone(neighbours: Neighbours) -> None:
    """Wanted: Mia's reset confirmed from Eve's phone. Got: nothing, and Mia's word still works."""
    word = asked(neighbours.world)
    for body in (word, "RESET mia.keller", "UNLOCK mia.keller", "1", "NOTME"):
        neighbours.world.text(body, THEIRS)
    neighbours.world.work()
    assert neighbours.world.mia.passwords_set == []
    assert password_in(answer(neighbours.world, word)) == neighbours.world.mia.password


def test_a_policy_of_one_tenant_never_holds_for_another(neighbours: Neighbours) -> None:
    """Wanted: no word for Mia, by switching it off at home. Got: she is asked for hers."""
    for name, value in (("confirm_by_word", "off"), ("reset", "off"), ("resets_per_day", "1")):
        neighbours.decide(name, value)
    assert word_in(answer(neighbours.world, "RESET"))
    assert neighbours.world.mia.passwords_set == []


def test_a_tenant_that_claims_a_number_gets_nobody_elses_account(neighbours: Neighbours) -> None:
    """Wanted: Mia's account, by putting her number to Eve. Got: Mia's phone is asked which it is.

    What a tenant claims is texted to Mia's phone and to no other.
    """
    neighbours.share()
    world = neighbours.world
    assert "1 mia.keller, 2 eve" in answer(world, "RESET")
    word = asked(world, "RESET mia.keller")
    answer(world, word, THEIRS)
    assert world.mia.passwords_set == []
    assert password_in(answer(world, word)) == world.mia.password
    assert all("mia" not in text.lower() for text in world.texts(THEIRS))


@pytest.mark.parametrize(
    "words",
    [
        ("people", "freeze"),
        ("people", "suspend"),
        ("people", "invite"),
        ("people", "remove"),
        ("people", "revoke"),
    ],
    ids=" ".join,
)
def test_a_command_for_the_wrong_organization_reaches_nobody(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    """Wanted: Northwind's Mia, by a command for Contoso. Got: refused, and she is as she was."""
    terminal.environment["SMTP_URL"] = "smtp://127.0.0.1:1"
    terminal.imported(PEOPLE)
    terminal.run("tenant", "add", "Their MSP", "--slug", "theirs")
    terminal.run("organization", "add", "contoso", "--tenant", "theirs", "--name", "Contoso")
    before, events = terminal.people(), terminal.events()
    result = terminal.enter(*words, "contoso", "mia.keller")
    assert result.exit_code != 0
    assert "Traceback" not in result.output
    assert (terminal.people(), terminal.events()) == (before, events)
