"""Invoices that a manager was asked about are listed as change requests are, so they are found by who asked and when.

The deputies of managers who are away may decide about them, too.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

INSTANT = sa.DateTime(timezone=True)
ASKED = "asked_at IS NOT NULL"
INDEXES = {
    "asked": (ASKED, ("asked_at", "id")),
    "asked_by": (ASKED, ("asked_by", "asked_at", "id")),
    "waiting": ("waits_since IS NOT NULL", ("waits_since", "id")),
}
_BATCH = 1000  # invoices
_INVOICES = sa.table(
    "sales_invoices",
    *(sa.column(name, sa.Text()) for name in ("id", "stage", "body", "asked_by")),
    *(sa.column(name, INSTANT) for name in ("asked_at", "waits_since")),
)


def upgrade() -> None:
    op.add_column("sales_invoices", sa.Column("asked_by", sa.String(length=32), nullable=True))
    for name in ("asked_at", "waits_since"):
        op.add_column("sales_invoices", sa.Column(name, INSTANT, nullable=True))
    _fill(op.get_bind())
    for name, (where, columns) in INDEXES.items():
        op.create_index(
            f"ix_sales_invoices_{name}",
            "sales_invoices",
            ["team", *columns],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "invoice_deputies",
        sa.Column("invoice", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("waits_since", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["invoice"], ["sales_invoices.id"], name="fk_invoice_deputies_invoice"),
        sa.PrimaryKeyConstraint("invoice", "user_id", name="pk_invoice_deputies"),
    )
    op.create_index(
        "ix_invoice_deputies_team_user_id_waits_since_invoice",
        "invoice_deputies",
        ["team", "user_id", "waits_since", "invoice"],
    )


def _fill(connection: sa.Connection) -> None:
    column, after = _INVOICES.c, ""
    known = sa.select(column.id, column.stage, column.body).order_by(column.id).limit(_BATCH)
    while batch := connection.execute(known.where(column.id > after)).all():
        after = batch[-1].id
        for row in batch:
            if values := _asked(row.stage, json.loads(row.body)):
                connection.execute(sa.update(_INVOICES).where(column.id == row.id).values(values))


def _asked(stage: str, invoice: dict[str, Any]) -> dict[str, Any]:
    """Nothing for those that nobody was asked about."""
    approval = invoice.get("approval")
    if not approval:
        return {}
    at = datetime.fromisoformat(approval["decisions"][0]["at"]).astimezone(UTC)
    is_open = stage == "draft" and approval["state"] == "filed" and approval["fingerprint"] == _content(invoice)
    return {"asked_by": approval["filed_by"]["user"], "asked_at": at, "waits_since": at if is_open else None}


def _content(invoice: dict[str, Any]) -> str:
    """What an approval is about, as the program works it out at this revision."""
    lines = [{name: value for name, value in line.items() if name != "version"} for line in invoice["lines"]]
    discount = invoice["details"]["discount"]
    parts = (invoice["currency"], _compact(discount) if discount else "", *map(_compact, lines))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
