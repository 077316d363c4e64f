"""People come and go in a real domain, and the schedule follows: on real processes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from gateway.records import Person, Sync
from gateway.records.database import Database
from tests.installation import Installation, installed, wait_for
from tests.samba import Samba

NORMAL, DISABLED = 0x200, 0x202


class Follower:
    """The records of one installation, as they stand."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._database = Database(installation.database_url)

    def ring(self) -> None:
        """As if an hour had passed: the schedule wants it now."""
        now = datetime.now(UTC)
        with self._database.transaction() as session:
            session.execute(update(Sync).values(due_at=now, ring_at=now))

    def people(self) -> dict[str, str]:
        """Everybody, and what they are suspended for."""
        with self._database.reading() as session:
            rows = session.execute(select(Person.username, Person.suspended_for))
            return {row.username: row.suspended_for for row in rows}

    def ids(self) -> dict[UUID | None, int]:
        with self._database.reading() as session:
            rows = session.execute(select(Person.account_guid, Person.id))
            return {row.account_guid: row.id for row in rows}

    def close(self) -> None:
        self._database.close()


@pytest.fixture
def unit(samba: Samba) -> str:
    """A container of this test's own: the domain is everybody's."""
    return samba.add_container()


@pytest.fixture
def installation(samba: Samba, unit: str, tmp_path: Path) -> Iterator[Installation]:
    """The clock and the worker that does what can wait. Nobody texts in this story."""
    url = f"sqlite:///{tmp_path}/resetline.db"
    with installed(tmp_path, url, samba.settings(base_dn=unit)) as made:
        made.set_up({})
        made.processes = [made.maintenance, made.clock]
        for process in made.processes:
            process.start()
        yield made


@pytest.fixture
def follower(installation: Installation) -> Iterator[Follower]:
    follower = Follower(installation)
    yield follower
    follower.close()


def test_people_of_a_real_domain_are_followed_by_the_schedule(
    samba: Samba, unit: str, installation: Installation, follower: Follower
) -> None:
    names = [unit[3:][:8] + end for end in ("-mia", "-sam", "-lea", "-noah")]
    mia, sam, lea, noah = (
        samba.add_user(name, parent=unit, mobile=f"+1 202 555 01{number}")
        for number, name in enumerate(names, start=70)
    )
    said = installation.resetline("people", "sync", "northwind", "--trust-phones", "--every", "60")
    assert "4 listed, 4 added" in said.stdout
    before = follower.ids()

    samba.set(mia, sAMAccountName=f"{names[0]}-bauer")
    samba.set(sam, userAccountControl=DISABLED)
    samba.delete(lea)
    samba.move(noah, samba.elsewhere_dn)
    follower.ring()
    gone = {
        f"{names[0]}-bauer": "",
        names[1]: "disabled",
        names[2]: "gone",
        names[3]: "gone",
    }
    wait_for(lambda: follower.people() == gone)
    assert follower.ids() == before, "nobody was forgotten, and nobody is somebody else"

    samba.set(sam, userAccountControl=NORMAL)
    samba.move(noah, unit)
    follower.ring()
    wait_for(lambda: follower.people() == gone | {names[1]: "", names[3]: ""})
    assert "3 listed, 0 added, 0 changed, 3 unchanged" in (
        installation.resetline("people", "sync", "northwind").stdout
    )
    listed = installation.resetline("people", "list", "northwind").stdout
    assert "+1***0170" in listed
    assert "5550170" not in listed + installation.logs()
