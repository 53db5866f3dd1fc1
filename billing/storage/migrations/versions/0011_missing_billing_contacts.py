"""The tables of billing contacts, for databases that came to 0006 before 0005 stood in front of it.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing.storage.migrations.billing_contacts import create_tables

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    if not sa.inspect(op.get_bind()).has_table("billing_contact_guards"):
        create_tables()
