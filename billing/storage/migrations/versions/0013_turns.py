"""Which operation may change what: the order in which they were accepted does not tell, they are committed in another.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "turns",
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("operation", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("contact", "subject", name="pk_turns"),
    )
    op.create_index("ix_turns_operation", "turns", ["operation"])
