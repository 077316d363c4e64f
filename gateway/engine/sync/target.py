"""Which organization is synchronized, copied out of the records so that no session stays open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from gateway.records import Organization
from gateway.records.about import About


@dataclass(frozen=True, slots=True)
class Target:
    """One organization."""

    tenant_id: int
    organization_id: int
    slug: str
    country: str

    @classmethod
    def of(cls, organization: Organization) -> Self:
        return cls(organization.tenant_id, organization.id, organization.slug, organization.country)

    @property
    def about(self) -> About:
        return About(self.tenant_id, self.organization_id)
