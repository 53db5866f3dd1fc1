"""Change requests with their decisions and cards, absences, and who is near the contact limit.

A subscription tells when its period began, and whether a change of it waits at Stripe. Members are found by their
e-mail address.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INSTANT = sa.DateTime(timezone=True)

NEAR_LIMIT = "contact_limit > 0 AND active_contacts * 5 >= contact_limit * 4"
OPEN = "state IN ('filed', 'asked', 'approved', 'scheduled')"
UNDECIDED = "state IN ('filed', 'asked')"
SCHEDULED = "state = 'scheduled'"

SQLITE_APPEND_ONLY = (
    """
    CREATE TRIGGER change_decisions_no_update BEFORE UPDATE ON change_decisions BEGIN
        SELECT RAISE(ABORT, 'decisions are append-only');
    END
    """,
    """
    CREATE TRIGGER change_decisions_no_delete BEFORE DELETE ON change_decisions BEGIN
        SELECT RAISE(ABORT, 'decisions are append-only');
    END
    """,
)

POSTGRESQL_APPEND_ONLY = (
    """
    CREATE FUNCTION refuse_to_change_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'decisions are append-only';
    END
    $$
    """,
    """
    CREATE TRIGGER change_decisions_no_change BEFORE UPDATE OR DELETE ON change_decisions
        FOR EACH ROW EXECUTE FUNCTION refuse_to_change_decisions()
    """,
    """
    CREATE TRIGGER change_decisions_no_truncate BEFORE TRUNCATE ON change_decisions
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_decisions()
    """,
)


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("current_period_start", INSTANT, nullable=True))
    op.add_column("subscriptions", sa.Column("schedule", sa.String(length=255), nullable=True))
    create_requests()
    create_decisions_and_cards()
    create_absences_and_usage()
    op.create_index("ix_members_email", "members", [sa.text("lower(email)")])
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_APPEND_ONLY if is_sqlite else POSTGRESQL_APPEND_ONLY:
        op.execute(statement)


def create_partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def create_requests() -> None:
    op.create_table(
        "change_requests",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("subscription", sa.String(length=255), nullable=False),
        sa.Column("filed_by", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("nudged_at", INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_change_requests_contact"),
        sa.PrimaryKeyConstraint("id", name="pk_change_requests"),
    )
    create_partial_index("ix_change_requests_open", "change_requests", ["subscription"], OPEN, unique=True)
    op.create_index("ix_change_requests_contact_filed_at_id", "change_requests", ["contact", "filed_at", "id"])
    op.create_index("ix_change_requests_team_filed_at_id", "change_requests", ["team", "filed_at", "id"])
    op.create_index(
        "ix_change_requests_team_filed_by_filed_at_id", "change_requests", ["team", "filed_by", "filed_at", "id"]
    )
    for name, which in (("undecided", UNDECIDED), ("scheduled", SCHEDULED)):
        create_partial_index(f"ix_change_requests_{name}", "change_requests", ["team", "filed_at", "id"], which)
    create_partial_index("ix_change_requests_nudged", "change_requests", ["nudged_at", "id"], UNDECIDED)


def create_decisions_and_cards() -> None:
    op.create_table(
        "change_decisions",
        sa.Column("request", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=True),
        sa.Column("instead_of", sa.Text(), nullable=True),
        sa.Column("happened_at", INSTANT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("override", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["change_requests.id"], name="fk_change_decisions_request"),
        sa.PrimaryKeyConstraint("request", "number", name="pk_change_decisions"),
    )
    op.create_table(
        "change_deciders",
        sa.Column("request", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["request"], ["change_requests.id"], name="fk_change_deciders_request"),
        sa.PrimaryKeyConstraint("request", "user_id", name="pk_change_deciders"),
    )
    op.create_index(
        "ix_change_deciders_team_user_id_filed_at_request",
        "change_deciders",
        ["team", "user_id", "filed_at", "request"],
    )
    op.create_table(
        "change_cards",
        sa.Column("request", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=True),
        sa.Column("ts", sa.String(length=32), nullable=True),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["change_requests.id"], name="fk_change_cards_request"),
        sa.PrimaryKeyConstraint("request", "place", name="pk_change_cards"),
    )


def create_absences_and_usage() -> None:
    op.create_table(
        "absences",
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("deputy", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("team", "user_id", name="pk_absences"),
    )
    op.create_table(
        "usage_levels",
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_usage_levels_contact"),
        sa.PrimaryKeyConstraint("contact", name="pk_usage_levels"),
    )
    op.create_table(
        "automatic_raises",
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("team", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contacts.id"], name="fk_automatic_raises_contact"),
        sa.PrimaryKeyConstraint("contact", name="pk_automatic_raises"),
    )
    create_partial_index("ix_contacts_near_limit", "contacts", ["id", "active_contacts", "contact_limit"], NEAR_LIMIT)
