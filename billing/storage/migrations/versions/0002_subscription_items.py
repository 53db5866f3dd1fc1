"""A subscription has items: what was sold first, and what was added to it; and some are paid by invoice.

An e-mail address is looked up, too, and not only searched for.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ITEM = "'product', product, 'price', price, 'quantity', quantity, 'unit_amount', unit_amount"
SQLITE_SOLD = f"UPDATE subscriptions SET sold = json_array(json_object({_ITEM}))"  # noqa: S608 - no input in it
POSTGRESQL_SOLD = f"UPDATE subscriptions SET sold = json_build_array(json_build_object({_ITEM}))"  # noqa: S608 - the same


def upgrade() -> None:
    op.create_index("ix_contacts_email", "contacts", ["email"])
    with op.batch_alter_table("subscriptions") as table:
        table.add_column(sa.Column("sold", sa.JSON(), nullable=True))
        table.add_column(sa.Column("by_invoice", sa.Boolean(), nullable=True))
    op.execute(SQLITE_SOLD if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_SOLD)
    op.execute("UPDATE subscriptions SET by_invoice = false")  # until the next look at Stripe
    with op.batch_alter_table("subscriptions") as table:
        table.alter_column("sold", existing_type=sa.JSON(), nullable=False)
        table.alter_column("by_invoice", existing_type=sa.Boolean(), nullable=False)
        for old in ("product", "price", "quantity", "unit_amount"):
            table.drop_column(old)
