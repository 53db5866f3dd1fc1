"""The tables of billing contacts as migration 0005 makes them, and 0011 where 0005 was never run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

INSTANT = sa.DateTime(timezone=True)


def create_tables() -> None:
    op.create_table(
        "billing_contact_guards",
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tries_since", INSTANT, nullable=True),
        sa.Column("locked_until", INSTANT, nullable=True),
        sa.Column("frozen_at", INSTANT, nullable=True),
        sa.Column("changing", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_billing_contact_guards_contact"),
        sa.PrimaryKeyConstraint("contact", name="pk_billing_contact_guards"),
    )
    op.create_table(
        "billing_contact_proofs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("tried_at", INSTANT, nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("used_by", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_billing_contact_proofs_contact"),
        sa.PrimaryKeyConstraint("id", name="pk_billing_contact_proofs"),
    )
    op.create_index("ix_billing_contact_proofs_used_by", "billing_contact_proofs", ["used_by"])
    _create_links()
    op.create_table(
        "invoice_recipients",
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_invoice_recipients_contact"),
        sa.PrimaryKeyConstraint("contact", "position", name="pk_invoice_recipients"),
    )


def _create_links() -> None:
    op.create_table(
        "billing_contact_links",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("operation", sa.String(length=40), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("used_by", sa.String(length=40), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_billing_contact_links_contact"),
        sa.PrimaryKeyConstraint("id", name="pk_billing_contact_links"),
    )
    op.create_index("ix_billing_contact_links_contact_created_at", "billing_contact_links", ["contact", "created_at"])
    op.create_index("ix_billing_contact_links_used_by", "billing_contact_links", ["used_by"])
    op.create_table(
        "billing_contact_tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("link", sa.String(length=48), nullable=False),
        sa.ForeignKeyConstraint(["link"], ["billing_contact_links.id"], name="fk_billing_contact_tokens_link"),
        sa.PrimaryKeyConstraint("digest", name="pk_billing_contact_tokens"),
    )
