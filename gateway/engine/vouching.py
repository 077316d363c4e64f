"""Which numbers an organization may vouch for, and which may be texted a code to be proved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.phones import PhoneNumber
from gateway.policy import Policy
from gateway.records import Person, Phone
from gateway.records.letters import Letter
from gateway.records.policies import policy_for
from gateway.seal import Seal

CLOSED: Final = "country_closed"


@dataclass(frozen=True, slots=True)
class Vouching:
    """The rules of the activation pages, for numbers of a directory or of a file."""

    countries: Sequence[str]
    """Nothing where no list was made: who vouches for a number says whose it is."""
    most_people: int
    """So many people of the organization may share a number."""
    holders: Callable[[PhoneNumber], int]
    """How many people of the organization have it verified."""

    @classmethod
    def of(cls, policy: Policy, holders: Callable[[PhoneNumber], int]) -> Self:
        return cls(policy.countries, policy.people_per_number, holders)

    def objection(self, number: PhoneNumber) -> str | None:
        """Why nobody else may get it, to follow the number in a sentence; None if they may."""
        if self.countries and number.region not in self.countries:
            whose = f"a number of {number.region}" if number.region else "of no country"
            return f"is {whose}, and the policy countries lets in {', '.join(self.countries)} only"
        if self.holders(number) >= self.most_people:
            return f"is that of {self.most_people} people already"
        return None


@dataclass(frozen=True, slots=True)
class Holders:
    """Counts, for one organization, who has a number verified."""

    session: Session
    seal: Seal
    organization_id: int

    def __call__(self, number: PhoneNumber) -> int:
        wanted = (
            select(func.count(Phone.person_id.distinct()))
            .join(Person, Phone.person_id == Person.id)
            .where(
                Person.organization_id == self.organization_id,
                Phone.number_index.in_(self.seal.indexes(number.e164)),
                Phone.verified_at.is_not(None),
            )
        )
        return self.session.scalar(wanted) or 0


def closed_country(session: Session, seal: Seal, letter: Letter) -> str | None:
    """Why a code is not sent after all: nobody pays for texts to a country that is not let in.

    A number that is verified is not asked, so that a policy locks nobody out who could text.
    """
    if letter.proof_id is None:
        return None
    policy = policy_for(session, letter.tenant_id, letter.organization_id)
    number = PhoneNumber(seal.unseal(letter.sealed_number).get_secret_value())
    return None if number.region in policy.open_countries(letter.country) else CLOSED
