"""The mirror keeps from when a subscription's periods are counted. The next look at Stripe fills it in.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("anchor", sa.DateTime(timezone=True), nullable=True))
