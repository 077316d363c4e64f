"""When a number was replaced by another: NOTME works from it while it is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("phones", sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True))
