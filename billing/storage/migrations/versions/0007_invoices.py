"""Invoices that staff write: drafts, numbers without gaps, templates, and the cards of approvals.

The mirror tells of an invoice of Stripe's what was paid and what credit notes took off or gave back.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INSTANT = sa.DateTime(timezone=True)
DRAFTS = "stage = 'draft'"


def upgrade() -> None:
    for name in ("paid", "reduced", "given_back"):
        op.add_column("invoices", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "sales_invoices",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("stripe", sa.String(length=255), nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("reminds_on", sa.Date(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_sales_invoices_contact"),
        sa.PrimaryKeyConstraint("id", name="pk_sales_invoices"),
        sa.UniqueConstraint("number", name="uq_sales_invoices_number"),
        sa.UniqueConstraint("stripe", name="uq_sales_invoices_stripe"),
    )
    op.create_index("ix_sales_invoices_contact_stage_changed_at", "sales_invoices", ["contact", "stage", "changed_at"])
    op.create_index(
        "ix_sales_invoices_drafts",
        "sales_invoices",
        ["team", "changed_at"],
        sqlite_where=sa.text(DRAFTS),
        postgresql_where=sa.text(DRAFTS),
    )
    op.create_index("ix_sales_invoices_reminds_on", "sales_invoices", ["reminds_on"])
    op.create_table(
        "invoice_numbers",
        sa.Column("series", sa.String(length=8), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name="pk_invoice_numbers"),
    )
    op.create_table(
        "invoice_templates",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_templates"),
    )
    op.create_index("ix_invoice_templates_team", "invoice_templates", ["team"])
    op.create_table(
        "invoice_cards",
        sa.Column("invoice", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("ts", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["invoice"], ["sales_invoices.id"], name="fk_invoice_cards_invoice"),
        sa.PrimaryKeyConstraint("invoice", "place", name="pk_invoice_cards"),
    )
