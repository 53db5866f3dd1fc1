"""The tables, as typed columns. `migrations/versions` builds the same; a test holds the two together."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Named,
    String,
    Table,
    Text,
    TypedColumns,
    TypeDecorator,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def utc(instant: datetime) -> datetime:
    """The same point in time in UTC. Raises ValueError for one without a time zone, which is a programming error."""
    if instant.tzinfo is None:
        raise ValueError("an instant has a time zone")
    return instant.astimezone(UTC)


class Instant(TypeDecorator[datetime]):
    """A point in time: aware on both sides, UTC in the database. A naive one is a programming error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant = utc(value)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


# SQLite makes a key of its own only for a column that is INTEGER to the letter.
Serial = BigInteger().with_variant(Integer, "sqlite")


def money_check(amount: str, currency: str) -> CheckConstraint:
    """An amount never stands without its currency."""
    return CheckConstraint(f"({amount} IS NULL) = ({currency} IS NULL)", name=f"{amount}_has_currency")


class ContactColumns(TypedColumns):
    number: Named[int] = Column(Serial, primary_key=True, autoincrement=True)
    id: Named[str] = Column(String(40), unique=True)
    customer: Named[str] = Column(String(255), unique=True)
    name: Named[str] = Column(Text)
    company: Named[str] = Column(Text)
    email: Named[str] = Column(Text)
    phone: Named[str] = Column(Text)
    currency: Named[str] = Column(String(3))
    language: Named[str] = Column(String(16))
    line1: Named[str] = Column(Text)
    line2: Named[str] = Column(Text)
    postal_code: Named[str] = Column(Text)
    city: Named[str] = Column(Text)
    state: Named[str] = Column(Text)
    country: Named[str] = Column(String(2))
    tax_id: Named[str | None] = Column(Text)
    portal: Named[str] = Column(String(16))
    status: Named[str] = Column(String(16))
    plan: Named[str | None] = Column(Text)
    active_contacts: Named[int] = Column(BigInteger)
    contact_limit: Named[int | None] = Column(BigInteger)
    seats_used: Named[int] = Column(BigInteger)
    seats: Named[int | None] = Column(BigInteger)
    since: Named[date] = Column(Date)
    search: Named[str] = Column(Text)  # the folded words that a search looks at; `folding` makes them


contacts = Table("contacts", metadata, ContactColumns)
Index(None, contacts.c.email)

# Who uses 80 percent of the limit or more. In words that the index and the query share: SQLite compares them.
NEAR_LIMIT = text("contact_limit > 0 AND active_contacts * 5 >= contact_limit * 4")
Index(
    "ix_contacts_near_limit",
    contacts.c.id,
    contacts.c.active_contacts,
    contacts.c.contact_limit,
    sqlite_where=NEAR_LIMIT,
    postgresql_where=NEAR_LIMIT,
)


class SpellingColumns(TypedColumns):
    """What a misspelt word may have meant: every stem of a name, under itself and with each one letter left out."""

    spelling: Named[str] = Column(String(8), primary_key=True)
    stem: Named[str] = Column(String(8), primary_key=True)


contact_spellings = Table("contact_spellings", metadata, SpellingColumns, sqlite_with_rowid=False)


class MemberColumns(TypedColumns):
    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"), primary_key=True)
    position: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    name: Named[str] = Column(Text)
    email: Named[str] = Column(Text)
    rights: Named[list[str]] = Column(JSON, nullable=False)


members = Table("members", metadata, MemberColumns)
Index("ix_members_email", func.lower(members.c.email))


class StaffColumns(TypedColumns):
    team: Named[str] = Column(String(32), primary_key=True)
    user_id: Named[str] = Column(String(32), primary_key=True)
    name: Named[str] = Column(Text)
    locale: Named[str] = Column(String(16))
    timezone: Named[str] = Column(String(64))


staff = Table("staff", metadata, StaffColumns)


class StaffRoleColumns(TypedColumns):
    """Who has which role, and from where. A role may be granted before its holder was ever seen."""

    team: Named[str] = Column(String(32), primary_key=True)
    user_id: Named[str] = Column(String(32), primary_key=True)
    role: Named[str] = Column(String(16), primary_key=True)
    source: Named[str] = Column(String(80), primary_key=True)  # `cli`, or the user group's handle


staff_roles = Table("staff_roles", metadata, StaffRoleColumns)


class PaymentMethodColumns(TypedColumns):
    id: Named[str] = Column(String(255), primary_key=True)
    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"), index=True)
    brand: Named[str] = Column(String(40))
    last4: Named[str] = Column(String(4))
    exp_month: Named[int | None] = Column(Integer)
    exp_year: Named[int | None] = Column(Integer)
    is_default: Named[bool] = Column(Boolean)


payment_methods = Table("payment_methods", metadata, PaymentMethodColumns)
Index(None, payment_methods.c.exp_year, payment_methods.c.exp_month)


class SubscriptionColumns(TypedColumns):
    id: Named[str] = Column(String(255), primary_key=True)
    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"), index=True)
    status: Named[str] = Column(String(24))
    sold: Named[list[dict[str, Any]]] = Column(JSON, nullable=False)  # product, price, quantity, unit_amount
    currency: Named[str] = Column(String(3))  # of the unit amounts, which are in minor units
    billing_interval: Named[str] = Column(String(8))
    interval_count: Named[int] = Column(Integer)
    by_invoice: Named[bool] = Column(Boolean)
    discount: Named[str | None] = Column(Text)
    payment_method: Named[str | None] = Column(String(255))
    started_at: Named[datetime] = Column(Instant)
    anchor: Named[datetime | None] = Column(Instant)
    current_period_start: Named[datetime | None] = Column(Instant)
    current_period_end: Named[datetime | None] = Column(Instant)
    cancel_at: Named[datetime | None] = Column(Instant)
    schedule: Named[str | None] = Column(String(255))


subscriptions = Table("subscriptions", metadata, SubscriptionColumns)


class InvoiceColumns(TypedColumns):
    id: Named[str] = Column(String(255), primary_key=True)
    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"))
    number: Named[str | None] = Column(Text)
    status: Named[str] = Column(String(16))
    total: Named[int] = Column(BigInteger)  # minor units
    due: Named[int] = Column(BigInteger)  # minor units
    currency: Named[str] = Column(String(3))
    created_at: Named[datetime] = Column(Instant)
    due_at: Named[datetime | None] = Column(Instant)
    subscription: Named[str | None] = Column(String(255))
    url: Named[str | None] = Column(Text)
    paid: Named[int] = Column(BigInteger, server_default="0")  # minor units
    reduced: Named[int] = Column(BigInteger, server_default="0")  # minor units
    given_back: Named[int] = Column(BigInteger, server_default="0")  # minor units
    refunded: Named[int] = Column(BigInteger, server_default="0")  # minor units
    pdf: Named[str | None] = Column(Text)
    by_invoice: Named[bool] = Column(Boolean)
    attempts: Named[int] = Column(Integer)
    next_attempt_at: Named[datetime | None] = Column(Instant)
    decline: Named[str | None] = Column(Text)


invoices = Table("invoices", metadata, InvoiceColumns)
Index(None, invoices.c.contact, invoices.c.created_at, invoices.c.id)
OPEN_INVOICE = text("status = 'open'")
Index("ix_invoices_open", invoices.c.due_at, invoices.c.id, sqlite_where=OPEN_INVOICE, postgresql_where=OPEN_INVOICE)


class BalanceColumns(TypedColumns):
    """Credit is positive: what we owe the customer. One row for each contact that was ever mirrored."""

    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"), primary_key=True)
    amount: Named[int] = Column(BigInteger)  # minor units
    currency: Named[str] = Column(String(3))
    read_at: Named[datetime | None] = Column(Instant)  # when the mirror of this contact was read from Stripe
    covers: Named[int] = Column(BigInteger)  # the position of the newest event that it is known to contain


balances = Table("balances", metadata, BalanceColumns)


class TimelineColumns(TypedColumns):
    """Append-only: triggers refuse every UPDATE and DELETE."""

    position: Named[int] = Column(Serial, primary_key=True, autoincrement=True)
    id: Named[str] = Column(String(255), unique=True)
    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"))
    happened_at: Named[datetime] = Column(Instant)
    what: Named[str] = Column(String(40))
    done_by: Named[str | None] = Column(Text)
    on_behalf_of: Named[str | None] = Column(Text)
    amount: Named[int | None] = Column(BigInteger)  # minor units
    currency: Named[str | None] = Column(String(3))
    operation: Named[str | None] = Column(String(40))
    stripe_id: Named[str | None] = Column(String(255))
    parameters: Named[dict[str, Any]] = Column(JSON, nullable=False)


timeline = Table("timeline", metadata, TimelineColumns, money_check("amount", "currency"))
Index(None, timeline.c.contact, timeline.c.happened_at, timeline.c.position)
PAYMENT = text("what IN ('payment_succeeded', 'payment_failed')")
Index(
    "ix_timeline_payments",
    timeline.c.happened_at,
    timeline.c.what,
    timeline.c.currency,
    timeline.c.amount,
    sqlite_where=PAYMENT,
    postgresql_where=PAYMENT,
)


Index("ix_timeline_paid", timeline.c.stripe_id, sqlite_where=PAYMENT, postgresql_where=PAYMENT)


class OperationColumns(TypedColumns):
    """`contact` is what the command says and may be forged; `check` looks, so there is no foreign key."""

    id: Named[str] = Column(String(40), primary_key=True)
    submission_key: Named[str] = Column(String(255), unique=True)
    kind: Named[str] = Column(String(40))
    contact: Named[str] = Column(Text)
    team: Named[str] = Column(String(32))
    user_id: Named[str] = Column(String(32))
    command: Named[str] = Column(Text)
    reply_to: Named[str] = Column(Text)
    trace: Named[str] = Column(Text)
    state: Named[str] = Column(String(16))
    result: Named[str | None] = Column(Text)
    reason: Named[str | None] = Column(Text)
    created_at: Named[datetime] = Column(Instant)
    updated_at: Named[datetime] = Column(Instant)


operations = Table("operations", metadata, OperationColumns)
Index(None, operations.c.contact, operations.c.state)
Index(None, operations.c.user_id, operations.c.created_at)


class TurnColumns(TypedColumns):
    """What an operation may change, alone, while the engine is at work on it."""

    contact: Named[str] = Column(Text, primary_key=True)
    subject: Named[str] = Column(Text, primary_key=True)
    operation: Named[str] = Column(String(40), index=True)


turns = Table("turns", metadata, TurnColumns)


class StripeEventColumns(TypedColumns):
    """Of two events the one that arrived later has the higher position: it is given when the row is inserted."""

    position: Named[int] = Column(Serial, primary_key=True, autoincrement=True)
    id: Named[str] = Column(String(255), unique=True)
    event_type: Named[str] = Column(String(80))
    customer: Named[str | None] = Column(String(255))
    object_id: Named[str | None] = Column(String(255))
    created_at: Named[datetime] = Column(Instant)
    payload: Named[str] = Column(Text)
    previous: Named[str] = Column(Text)
    origin: Named[str] = Column(String(16))


stripe_events = Table("stripe_events", metadata, StripeEventColumns)
Index(None, stripe_events.c.customer, stripe_events.c.position)


class ImportColumns(TypedColumns):
    """How far an import has come; the row moves in the same transaction as what it counts."""

    id: Named[str] = Column(String(80), primary_key=True)  # `csv:` and the file's digest, or `stripe:customers`
    done: Named[int] = Column(BigInteger)
    resume_after: Named[str | None] = Column(String(255))
    finished_at: Named[datetime | None] = Column(Instant)


imports = Table("imports", metadata, ImportColumns)


class RateLimitColumns(TypedColumns):
    """When the next call of a name is due if all were evenly spaced (GCRA's theoretical arrival time)."""

    name: Named[str] = Column(String(80), primary_key=True)
    due_us: Named[int] = Column(BigInteger)  # microseconds since 1970, UTC


rate_limits = Table("rate_limits", metadata, RateLimitColumns)


class ChangeRequestColumns(TypedColumns):
    """`body` is the whole request; the other columns are what it is found and counted by."""

    id: Named[str] = Column(String(40), primary_key=True)
    version: Named[int] = Column(Integer)
    team: Named[str] = Column(String(32))
    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"))
    subscription: Named[str] = Column(String(255))
    filed_by: Named[str] = Column(String(32))
    state: Named[str] = Column(String(16))
    filed_at: Named[datetime] = Column(Instant)
    nudged_at: Named[datetime] = Column(Instant)
    body: Named[str] = Column(Text)


change_requests = Table("change_requests", metadata, ChangeRequestColumns)

# As literals: with parameters SQLite does not see that a partial index fits.
OPEN = text("state IN ('filed', 'asked', 'approved', 'scheduled')")
UNDECIDED = text("state IN ('filed', 'asked')")
SCHEDULED = text("state = 'scheduled'")

Index("ix_change_requests_open", change_requests.c.subscription, unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
Index(None, change_requests.c.contact, change_requests.c.filed_at, change_requests.c.id)
Index(None, change_requests.c.team, change_requests.c.filed_at, change_requests.c.id)
Index(None, change_requests.c.team, change_requests.c.filed_by, change_requests.c.filed_at, change_requests.c.id)
for _name, _which in (("undecided", UNDECIDED), ("scheduled", SCHEDULED)):
    Index(
        f"ix_change_requests_{_name}",
        change_requests.c.team,
        change_requests.c.filed_at,
        change_requests.c.id,
        sqlite_where=_which,
        postgresql_where=_which,
    )
Index(
    "ix_change_requests_nudged",
    change_requests.c.nudged_at,
    change_requests.c.id,
    sqlite_where=UNDECIDED,
    postgresql_where=UNDECIDED,
)


class ChangeDecisionColumns(TypedColumns):
    """Append-only: triggers refuse every UPDATE and DELETE."""

    request: Named[str] = Column(String(40), ForeignKey("change_requests.id"), primary_key=True)
    number: Named[int] = Column(Integer, primary_key=True, autoincrement=False)  # the version it led to
    act: Named[str] = Column(String(16))
    user_id: Named[str | None] = Column(String(32))
    by_name: Named[str | None] = Column(Text)
    instead_of: Named[str | None] = Column(Text)
    happened_at: Named[datetime] = Column(Instant)
    note: Named[str] = Column(Text)
    override: Named[bool] = Column(Boolean)


change_decisions = Table("change_decisions", metadata, ChangeDecisionColumns)


class ChangeDeciderColumns(TypedColumns):
    """Whom a request waits for now; none when it is decided. Team and `filed_at` are the request's, for the list."""

    request: Named[str] = Column(String(40), ForeignKey("change_requests.id"), primary_key=True)
    user_id: Named[str] = Column(String(32), primary_key=True)
    team: Named[str] = Column(String(32))
    filed_at: Named[datetime] = Column(Instant)


change_deciders = Table("change_deciders", metadata, ChangeDeciderColumns)
Index(None, change_deciders.c.team, change_deciders.c.user_id, change_deciders.c.filed_at, change_deciders.c.request)


class ChangeCardColumns(TypedColumns):
    """Where the copies of a request's card are in Slack; without a channel one is being posted."""

    request: Named[str] = Column(String(40), ForeignKey("change_requests.id"), primary_key=True)
    place: Named[str] = Column(String(80), primary_key=True)
    channel: Named[str | None] = Column(String(32))
    ts: Named[str | None] = Column(String(32))
    shown: Named[int] = Column(Integer)  # the version that it shows


change_cards = Table("change_cards", metadata, ChangeCardColumns)


class AbsenceColumns(TypedColumns):
    team: Named[str] = Column(String(32), primary_key=True)
    user_id: Named[str] = Column(String(32), primary_key=True)
    first: Named[date] = Column(Date)
    last: Named[date] = Column(Date)
    deputy: Named[str] = Column(String(32))


absences = Table("absences", metadata, AbsenceColumns)


class UsageLevelColumns(TypedColumns):
    """Who was last noticed at 80, 90 or 100 percent; no row: below."""

    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"), primary_key=True)
    percent: Named[int] = Column(Integer)


usage_levels = Table("usage_levels", metadata, UsageLevelColumns)


class AutomaticRaiseColumns(TypedColumns):
    """Accounts whose limit is raised when it is reached, and who confirmed the terms of that."""

    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"), primary_key=True)
    team: Named[str] = Column(String(32))
    user_id: Named[str] = Column(String(32))


automatic_raises = Table("automatic_raises", metadata, AutomaticRaiseColumns)


class BillingContactGuardColumns(TypedColumns):
    """What keeps an account's billing contact from being changed; no row: nothing."""

    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"), primary_key=True)
    tries: Named[int] = Column(Integer)
    tries_since: Named[datetime | None] = Column(Instant)
    locked_until: Named[datetime | None] = Column(Instant)
    frozen_at: Named[datetime | None] = Column(Instant)
    changing: Named[str | None] = Column(String(40))  # the operation that is at it


billing_contact_guards = Table("billing_contact_guards", metadata, BillingContactGuardColumns)


class BillingContactProofColumns(TypedColumns):
    """Tries to verify a card: that there was one and whether it was right, never what was said."""

    id: Named[str] = Column(String(40), primary_key=True)
    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"))
    team: Named[str] = Column(String(32))
    user_id: Named[str] = Column(String(32))
    requester: Named[str] = Column(Text)
    tried_at: Named[datetime] = Column(Instant)
    is_right: Named[bool] = Column(Boolean)
    tries_left: Named[int] = Column(Integer)
    used_by: Named[str | None] = Column(String(40))


billing_contact_proofs = Table("billing_contact_proofs", metadata, BillingContactProofColumns)
Index(None, billing_contact_proofs.c.used_by)


class BillingContactLinkColumns(TypedColumns):
    id: Named[str] = Column(String(48), primary_key=True)
    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"))
    purpose: Named[str] = Column(String(16))
    name: Named[str] = Column(Text)
    email: Named[str] = Column(Text)
    team: Named[str] = Column(String(32))
    user_id: Named[str] = Column(String(32))
    operation: Named[str] = Column(String(40))
    created_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime] = Column(Instant)
    used_at: Named[datetime | None] = Column(Instant)
    used_by: Named[str | None] = Column(String(40))
    uses: Named[int] = Column(Integer)
    attempts: Named[int] = Column(Integer)


billing_contact_links = Table("billing_contact_links", metadata, BillingContactLinkColumns)
Index(None, billing_contact_links.c.contact, billing_contact_links.c.created_at)
Index(None, billing_contact_links.c.used_by)


class BillingContactTokenColumns(TypedColumns):
    """Digests of what stands in the addresses that were mailed; the tokens themselves are in the mails only."""

    digest: Named[str] = Column(String(64), primary_key=True)
    link: Named[str] = Column(String(48), ForeignKey("billing_contact_links.id"))


billing_contact_tokens = Table("billing_contact_tokens", metadata, BillingContactTokenColumns)


class InvoiceRecipientColumns(TypedColumns):
    """Who gets invoices beside the billing contact."""

    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"), primary_key=True)
    position: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    email: Named[str] = Column(Text)


invoice_recipients = Table("invoice_recipients", metadata, InvoiceRecipientColumns)


class SalesInvoiceColumns(TypedColumns):
    """`body` is the whole invoice of ours; the other columns are what it is found by."""

    id: Named[str] = Column(String(40), primary_key=True)
    version: Named[int] = Column(Integer)
    team: Named[str] = Column(String(32))
    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"))
    stage: Named[str] = Column(String(16))
    number: Named[str | None] = Column(String(40), unique=True)
    stripe: Named[str | None] = Column(String(255), unique=True)  # Stripe's invoice, once there is one
    changed_at: Named[datetime] = Column(Instant)
    reminds_on: Named[date | None] = Column(Date)  # the next reminder, in the business's time zone
    asked_by: Named[str | None] = Column(String(32))  # who asked for an approval
    asked_at: Named[datetime | None] = Column(Instant)
    waits_since: Named[datetime | None] = Column(Instant)  # when it was asked for, while it can be decided
    body: Named[str] = Column(Text)


sales_invoices = Table("sales_invoices", metadata, SalesInvoiceColumns)
DRAFTS = text("stage = 'draft'")
Index(None, sales_invoices.c.contact, sales_invoices.c.stage, sales_invoices.c.changed_at)
Index(
    "ix_sales_invoices_drafts",
    sales_invoices.c.team,
    sales_invoices.c.changed_at,
    sqlite_where=DRAFTS,
    postgresql_where=DRAFTS,
)
Index(None, sales_invoices.c.reminds_on)
ASKED = text("asked_at IS NOT NULL")
WAITS = text("waits_since IS NOT NULL")
for _name, _which, _columns in (
    ("asked", ASKED, (sales_invoices.c.asked_at, sales_invoices.c.id)),
    ("asked_by", ASKED, (sales_invoices.c.asked_by, sales_invoices.c.asked_at, sales_invoices.c.id)),
    ("waiting", WAITS, (sales_invoices.c.waits_since, sales_invoices.c.id)),
):
    Index(
        f"ix_sales_invoices_{_name}",
        sales_invoices.c.team,
        *_columns,
        sqlite_where=_which,
        postgresql_where=_which,
    )


class InvoiceDeputyColumns(TypedColumns):
    """Who may decide instead of a manager while a draft waits. Team and `waits_since` are the draft's, for the list."""

    invoice: Named[str] = Column(String(40), ForeignKey("sales_invoices.id"), primary_key=True)
    user_id: Named[str] = Column(String(32), primary_key=True)
    team: Named[str] = Column(String(32))
    waits_since: Named[datetime] = Column(Instant)


invoice_deputies = Table("invoice_deputies", metadata, InvoiceDeputyColumns)
Index(
    None,
    invoice_deputies.c.team,
    invoice_deputies.c.user_id,
    invoice_deputies.c.waits_since,
    invoice_deputies.c.invoice,
)


class InvoiceNumberColumns(TypedColumns):
    """The last number that was given in a series and year; its row moves in the transaction that gives one."""

    series: Named[str] = Column(String(8), primary_key=True)
    year: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    last: Named[int] = Column(Integer)


invoice_numbers = Table("invoice_numbers", metadata, InvoiceNumberColumns)


class InvoiceTemplateColumns(TypedColumns):
    id: Named[str] = Column(String(40), primary_key=True)
    team: Named[str] = Column(String(32), index=True)
    name: Named[str] = Column(Text)
    body: Named[str] = Column(Text)


invoice_templates = Table("invoice_templates", metadata, InvoiceTemplateColumns)


class InvoiceCardColumns(TypedColumns):
    """Where the copies of an approval's card are in Slack."""

    invoice: Named[str] = Column(String(40), ForeignKey("sales_invoices.id"), primary_key=True)
    place: Named[str] = Column(String(80), primary_key=True)
    channel: Named[str] = Column(String(32))
    ts: Named[str] = Column(String(32))


invoice_cards = Table("invoice_cards", metadata, InvoiceCardColumns)


class FailureNoticeColumns(TypedColumns):
    """Whom a failed payment is told: one row for each place. Without a batch it waits for others to be told with."""

    position: Named[int] = Column(Serial, primary_key=True, autoincrement=True)
    failure: Named[str] = Column(String(255))  # Stripe's event
    place: Named[str] = Column(String(32))  # a user or a channel
    team: Named[str] = Column(String(32))
    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"))
    invoice: Named[str] = Column(String(255))
    amount: Named[int] = Column(BigInteger)  # minor units: what was still to be paid
    currency: Named[str] = Column(String(3))
    failed_at: Named[datetime] = Column(Instant)
    noted_at: Named[datetime] = Column(Instant)
    batch: Named[str | None] = Column(String(80))


failure_notices = Table("failure_notices", metadata, FailureNoticeColumns, UniqueConstraint("failure", "place"))
UNTOLD = text("batch IS NULL")
Index(
    "ix_failure_notices_untold",
    failure_notices.c.place,
    failure_notices.c.noted_at,
    sqlite_where=UNTOLD,
    postgresql_where=UNTOLD,
)
Index(None, failure_notices.c.batch, failure_notices.c.position)


class ReconciliationColumns(TypedColumns):
    """A comparison of everything with Stripe: what was different and was mended."""

    id: Named[str] = Column(String(40), primary_key=True)
    began_at: Named[datetime] = Column(Instant, index=True)
    finished_at: Named[datetime | None] = Column(Instant)
    customers: Named[int] = Column(BigInteger)
    created: Named[int] = Column(BigInteger)
    differing: Named[int] = Column(BigInteger)  # contacts
    missed_events: Named[int] = Column(BigInteger)
    differences: Named[list[dict[str, Any]]] = Column(JSON, nullable=False)  # contact and parts, the first of them


reconciliations = Table("reconciliations", metadata, ReconciliationColumns)


class DocumentLinkColumns(TypedColumns):
    """Who has the token sees the document; only its SHA-256 is here."""

    digest: Named[str] = Column(String(64), primary_key=True)
    kind: Named[str] = Column(String(16))
    document: Named[str] = Column(String(255))
    contact: Named[str] = Column(String(40), ForeignKey("contacts.id"))
    issued_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime] = Column(Instant)
    revoked_at: Named[datetime | None] = Column(Instant)


document_links = Table("document_links", metadata, DocumentLinkColumns)
Index(None, document_links.c.kind, document_links.c.document)
