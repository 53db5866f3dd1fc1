"""The first schema: contacts, staff, the mirror of Stripe, timeline, operations, events, imports, rate limits.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Trigrams of `contacts.search`, kept in step by triggers. detail=none: which contacts, not where in the text.
SQLITE_SEARCH = (
    """
    CREATE VIRTUAL TABLE contact_trigrams USING fts5(
        search, content='contacts', content_rowid='number', tokenize='trigram case_sensitive 1',
        detail=none, columnsize=0
    )
    """,
    """
    CREATE TRIGGER contact_trigrams_insert AFTER INSERT ON contacts BEGIN
        INSERT INTO contact_trigrams(rowid, search) VALUES (new.number, new.search);
    END
    """,
    """
    CREATE TRIGGER contact_trigrams_update AFTER UPDATE OF search ON contacts WHEN old.search <> new.search BEGIN
        INSERT INTO contact_trigrams(contact_trigrams, rowid, search) VALUES ('delete', old.number, old.search);
        INSERT INTO contact_trigrams(rowid, search) VALUES (new.number, new.search);
    END
    """,
    """
    CREATE TRIGGER contact_trigrams_delete AFTER DELETE ON contacts BEGIN
        INSERT INTO contact_trigrams(contact_trigrams, rowid, search) VALUES ('delete', old.number, old.search);
    END
    """,
)

SQLITE_APPEND_ONLY = (
    """
    CREATE TRIGGER timeline_no_update BEFORE UPDATE ON timeline BEGIN
        SELECT RAISE(ABORT, 'the timeline is append-only');
    END
    """,
    """
    CREATE TRIGGER timeline_no_delete BEFORE DELETE ON timeline BEGIN
        SELECT RAISE(ABORT, 'the timeline is append-only');
    END
    """,
)

POSTGRESQL_APPEND_ONLY = (
    """
    CREATE FUNCTION refuse_to_change_timeline() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the timeline is append-only';
    END
    $$
    """,
    """
    CREATE TRIGGER timeline_no_change BEFORE UPDATE OR DELETE ON timeline
        FOR EACH ROW EXECUTE FUNCTION refuse_to_change_timeline()
    """,
    """
    CREATE TRIGGER timeline_no_truncate BEFORE TRUNCATE ON timeline
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_timeline()
    """,
)


def upgrade() -> None:
    create_tables()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in (*SQLITE_SEARCH, *SQLITE_APPEND_ONLY) if is_sqlite else POSTGRESQL_APPEND_ONLY:
        op.execute(statement)


def create_tables() -> None:
    op.create_table(
        "contact_spellings",
        sa.Column("spelling", sa.String(length=8), nullable=False),
        sa.Column("stem", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("spelling", "stem", name="pk_contact_spellings"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contacts",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("customer", sa.String(length=255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("line1", sa.Text(), nullable=False),
        sa.Column("line2", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("tax_id", sa.Text(), nullable=True),
        sa.Column("portal", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("active_contacts", sa.BigInteger(), nullable=False),
        sa.Column("contact_limit", sa.BigInteger(), nullable=True),
        sa.Column("seats_used", sa.BigInteger(), nullable=False),
        sa.Column("seats", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_contacts"),
        sa.UniqueConstraint("customer", name="uq_contacts_customer"),
        sa.UniqueConstraint("id", name="uq_contacts_id"),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("resume_after", sa.String(length=255), nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_table(
        "operations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("submission_key", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
        sa.UniqueConstraint("submission_key", name="uq_operations_submission_key"),
    )
    op.create_index("ix_operations_contact_state", "operations", ["contact", "state"])
    op.create_index("ix_operations_user_id_created_at", "operations", ["user_id", "created_at"])
    op.create_table(
        "rate_limits",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("due_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_rate_limits"),
    )
    op.create_table(
        "staff",
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("team", "user_id", name="pk_staff"),
    )
    op.create_table(
        "staff_roles",
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("team", "user_id", "role", "source", name="pk_staff_roles"),
    )
    op.create_table(
        "stripe_events",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("event_type", sa.String(length=80), nullable=False),
        sa.Column("customer", sa.String(length=255), nullable=True),
        sa.Column("object_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stripe_events"),
    )
    op.create_table(
        "balances",
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_balances_contact"),
        sa.PrimaryKeyConstraint("contact", name="pk_balances"),
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("subscription", sa.String(length=255), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_invoices_contact"),
        sa.PrimaryKeyConstraint("id", name="pk_invoices"),
    )
    op.create_index("ix_invoices_contact_created_at_id", "invoices", ["contact", "created_at", "id"])
    op.create_table(
        "members",
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_members_contact"),
        sa.PrimaryKeyConstraint("contact", "position", name="pk_members"),
    )
    op.create_table(
        "payment_methods",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("brand", sa.String(length=40), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("exp_month", sa.Integer(), nullable=True),
        sa.Column("exp_year", sa.Integer(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_payment_methods_contact"),
        sa.PrimaryKeyConstraint("id", name="pk_payment_methods"),
    )
    op.create_index("ix_payment_methods_contact", "payment_methods", ["contact"])
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("price", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("billing_interval", sa.String(length=8), nullable=False),
        sa.Column("interval_count", sa.Integer(), nullable=False),
        sa.Column("discount", sa.Text(), nullable=True),
        sa.Column("payment_method", sa.String(length=255), nullable=True),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("current_period_end", INSTANT, nullable=True),
        sa.Column("cancel_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_subscriptions_contact"),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_contact", "subscriptions", ["contact"])
    op.create_table(
        "timeline",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("happened_at", INSTANT, nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("operation", sa.String(length=40), nullable=True),
        sa.Column("stripe_id", sa.String(length=255), nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.CheckConstraint("(amount IS NULL) = (currency IS NULL)", name=op.f("ck_timeline_amount_has_currency")),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_timeline_contact"),
        sa.PrimaryKeyConstraint("position", name="pk_timeline"),
        sa.UniqueConstraint("id", name="uq_timeline_id"),
    )
    op.create_index("ix_timeline_contact_happened_at_position", "timeline", ["contact", "happened_at", "position"])
