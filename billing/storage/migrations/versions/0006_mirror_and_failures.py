"""What Stripe tries, says and leaves out: failing invoices, events in the order of arrival, notices, reconciliations.

An event keeps who caused it and what it changed. The mirror knows up to which event it is complete. Home adds up open
invoices, expiring cards and payments over all contacts.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

OPEN_INVOICE = "status = 'open'"
PAYMENT = "what IN ('payment_succeeded', 'payment_failed')"
UNTOLD = "batch IS NULL"

EVENT_COLUMNS = "id, event_type, customer, object_id, created_at, payload"


def upgrade() -> None:
    extend_mirror()
    number_events()
    create_notices()
    create_reconciliations()
    create_partial_index("ix_timeline_payments", "timeline", ["happened_at", "what", "currency", "amount"], PAYMENT)


def create_partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def extend_mirror() -> None:
    """The next look at Stripe fills what is new."""
    with op.batch_alter_table("invoices") as table:
        table.add_column(sa.Column("pdf", sa.Text(), nullable=True))
        table.add_column(sa.Column("by_invoice", sa.Boolean(), nullable=True))
        table.add_column(sa.Column("attempts", sa.Integer(), nullable=True))
        table.add_column(sa.Column("next_attempt_at", INSTANT, nullable=True))
        table.add_column(sa.Column("decline", sa.Text(), nullable=True))
    op.execute("UPDATE invoices SET by_invoice = false, attempts = 0")
    with op.batch_alter_table("invoices") as table:
        table.alter_column("by_invoice", existing_type=sa.Boolean(), nullable=False)
        table.alter_column("attempts", existing_type=sa.Integer(), nullable=False)
    create_partial_index("ix_invoices_open", "invoices", ["due_at", "id"], OPEN_INVOICE)
    with op.batch_alter_table("balances") as table:
        table.add_column(sa.Column("covers", sa.BigInteger(), nullable=True))
    op.execute("UPDATE balances SET covers = 0")
    with op.batch_alter_table("balances") as table:
        table.alter_column("covers", existing_type=sa.BigInteger(), nullable=False)
    op.create_index("ix_payment_methods_exp_year_exp_month", "payment_methods", ["exp_year", "exp_month"])


def number_events() -> None:
    """A primary key cannot be changed on SQLite, so the table is made anew."""
    op.execute("CREATE TABLE earlier_events AS SELECT * FROM stripe_events")
    op.drop_table("stripe_events")
    op.create_table(
        "stripe_events",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("event_type", sa.String(length=80), nullable=False),
        sa.Column("customer", sa.String(length=255), nullable=True),
        sa.Column("object_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_stripe_events"),
        sa.UniqueConstraint("id", name="uq_stripe_events_id"),
    )
    op.execute(
        f"INSERT INTO stripe_events ({EVENT_COLUMNS}, previous, origin) "  # noqa: S608 - no input in it
        f"SELECT {EVENT_COLUMNS}, '{{}}', 'stripe' FROM earlier_events ORDER BY created_at, id"
    )
    op.drop_table("earlier_events")
    op.create_index("ix_stripe_events_customer_position", "stripe_events", ["customer", "position"])


def create_notices() -> None:
    op.create_table(
        "failure_notices",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("failure", sa.String(length=255), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("invoice", sa.String(length=255), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("failed_at", INSTANT, nullable=False),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.Column("batch", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_failure_notices_contact"),
        sa.PrimaryKeyConstraint("position", name="pk_failure_notices"),
        sa.UniqueConstraint("failure", "place", name="uq_failure_notices_failure_place"),
    )
    create_partial_index("ix_failure_notices_untold", "failure_notices", ["place", "noted_at"], UNTOLD)
    op.create_index("ix_failure_notices_batch_position", "failure_notices", ["batch", "position"])


def create_reconciliations() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("differing", sa.BigInteger(), nullable=False),
        sa.Column("missed_events", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliations"),
    )
    op.create_index("ix_reconciliations_began_at", "reconciliations", ["began_at"])
