"""What cards got back without a credit note, or did not get in spite of one; and payments found by their invoice.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

PAYMENT = "what IN ('payment_succeeded', 'payment_failed')"


def upgrade() -> None:
    op.add_column("invoices", sa.Column("refunded", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index(
        "ix_timeline_paid",
        "timeline",
        ["stripe_id"],
        sqlite_where=sa.text(PAYMENT),
        postgresql_where=sa.text(PAYMENT),
    )
