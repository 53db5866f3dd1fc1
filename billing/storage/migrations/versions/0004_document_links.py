"""Links by which customers see their documents.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "document_links",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("document", sa.String(length=255), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_document_links_contact"),
        sa.PrimaryKeyConstraint("digest", name="pk_document_links"),
    )
    op.create_index("ix_document_links_kind_document", "document_links", ["kind", "document"])
