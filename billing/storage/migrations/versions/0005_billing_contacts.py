"""Billing contacts: guards of accounts, proofs, links with their tokens, and who gets invoices beside them.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from billing.storage.migrations.billing_contacts import create_tables

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    create_tables()
