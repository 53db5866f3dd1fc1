"""The local copy of what Stripe has, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.engine import Connection

from billing.contacts import (
    CustomerSnapshot,
    Invoice,
    InvoiceStatus,
    Part,
    PaymentMethod,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
    newest,
)
from billing.errors import NotFound
from billing.ids import ContactId, CustomerId, InvoiceId, LookupKey, PaymentMethodId, ScheduleId, SubscriptionId
from billing.money import Currency, Money
from billing.storage.statements import upsert
from billing.storage.tables import balances, contacts, invoices, payment_methods, subscriptions


class MirrorRows:
    """`billing.contacts.Mirror` on one connection."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def payment_methods(self, contact: ContactId) -> tuple[PaymentMethod, ...]:
        column = payment_methods.c
        statement = (
            select(payment_methods).where(column.contact == contact).order_by(column.is_default.desc(), column.id)
        )
        return tuple(_payment_method(row) for row in self._connection.execute(statement))

    def subscriptions(self, contact: ContactId) -> tuple[Subscription, ...]:
        column = subscriptions.c
        statement = (
            select(subscriptions).where(column.contact == contact).order_by(column.started_at.desc(), column.id.desc())
        )
        newest_first = [_subscription(row) for row in self._connection.execute(statement)]
        return tuple(sorted(newest_first, key=lambda one: not one.status.runs))

    def invoices(
        self,
        contact: ContactId,
        limit: int = 10,
        before: InvoiceId | None = None,
        statuses: frozenset[InvoiceStatus] = frozenset(),
    ) -> tuple[Invoice, ...]:
        column = invoices.c
        statement = select(invoices).where(column.contact == contact)
        if statuses:
            statement = statement.where(column.status.in_(sorted(statuses)))
        if before is not None:
            last = select(column.created_at, column.id).where(column.contact == contact, column.id == before)
            seen = self._connection.execute(last).one_or_none()
            if seen is None:
                raise NotFound(before)
            older = or_(column.created_at < seen.created_at, column.id < seen.id)
            statement = statement.where(column.created_at <= seen.created_at, older)
        statement = statement.order_by(column.created_at.desc(), column.id.desc()).limit(limit)
        return tuple(invoice_of(row) for row in self._connection.execute(statement))

    def open_invoices(
        self, contact: ContactId, limit: int = 100, after: InvoiceId | None = None
    ) -> tuple[Invoice, ...]:
        column = invoices.c
        place = (func.coalesce(column.due_at, column.created_at), column.id)
        statement = select(invoices).where(column.contact == contact, column.status == InvoiceStatus.OPEN.value)
        if after is not None:
            last = self._connection.execute(select(*place).where(column.contact == contact, column.id == after)).one()
            statement = statement.where(tuple_(*place) > tuple_(*last))
        statement = statement.order_by(*place).limit(limit)
        return tuple(invoice_of(row) for row in self._connection.execute(statement))

    def open_sums(self, contact: ContactId) -> dict[Currency, tuple[int, Money]]:
        column = invoices.c
        statement = (
            select(column.currency, func.count(), func.sum(column.due))
            .where(column.contact == contact, column.status == InvoiceStatus.OPEN.value)
            .group_by(column.currency)
        )
        rows = self._connection.execute(statement)
        return {currency: (many, Money(amount=int(due), currency=currency)) for currency, many, due in rows}

    def invoice(self, contact: ContactId, invoice: InvoiceId) -> Invoice | None:
        column = invoices.c
        statement = select(invoices).where(column.contact == contact, column.id == invoice)
        row = self._connection.execute(statement).one_or_none()
        return invoice_of(row) if row else None

    def covers(self, contact: ContactId) -> int:
        return self._connection.scalar(select(balances.c.covers).where(balances.c.contact == contact)) or 0

    def unseen(self, since: datetime, after: CustomerId | None, limit: int = 100) -> tuple[CustomerId, ...]:
        runs = sorted(one.value for one in SubscriptionStatus if one.runs)
        running = exists().where(subscriptions.c.contact == contacts.c.id, subscriptions.c.status.in_(runs))
        chargeable = exists().where(payment_methods.c.contact == contacts.c.id)
        statement = (
            select(contacts.c.customer)
            .join(balances, balances.c.contact == contacts.c.id)
            .where(balances.c.read_at < since, or_(running, chargeable))
            .order_by(contacts.c.customer)
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(contacts.c.customer > after)
        return tuple(CustomerId(one) for one in self._connection.scalars(statement))

    def whose_invoice(self, invoice: InvoiceId) -> tuple[ContactId, Invoice] | None:
        row = self._connection.execute(select(invoices).where(invoices.c.id == invoice)).one_or_none()
        return (ContactId(row.contact), invoice_of(row)) if row else None

    def add_invoice(self, contact: ContactId, invoice: Invoice) -> None:
        self._hold(contact)
        self._advance(contact, invoice)
        self._written(contact)

    def balance(self, contact: ContactId) -> Money | None:
        row = self._connection.execute(select(balances).where(balances.c.contact == contact)).one_or_none()
        return Money(amount=row.amount, currency=row.currency) if row else None

    def add_subscription(self, contact: ContactId, subscription: Subscription, invoice: Invoice | None) -> None:
        self._hold(contact)
        self._put(subscriptions, [_subscription_row(contact, subscription)])
        if invoice:
            self._advance(contact, invoice)
        self._written(contact)

    def replace(self, contact: ContactId, snapshot: CustomerSnapshot) -> frozenset[Part]:
        """Rows that are already as they should be are left alone."""
        if not self._is_news(contact, snapshot):
            return frozenset()
        methods = [_payment_method_row(contact, one) for one in snapshot.payment_methods]
        running = [_subscription_row(contact, one) for one in snapshot.subscriptions]
        mine = self._connection.execute(select(invoices).where(invoices.c.contact == contact))
        current = newest((invoice_of(row) for row in mine), snapshot.invoices)
        billed = [_invoice_row(contact, one) for one in current]
        differed = {
            Part.PAYMENT_METHODS: self._replace(payment_methods, contact, methods),
            Part.SUBSCRIPTIONS: self._replace(subscriptions, contact, running),
            Part.INVOICES: self._replace(invoices, contact, billed),
            Part.BALANCE: self.balance(contact) != snapshot.balance,
        }
        row = {
            "contact": contact,
            "amount": snapshot.balance.amount,
            "currency": snapshot.balance.currency,
            "read_at": snapshot.read_at,
            "covers": max(snapshot.covers, self.covers(contact)),
        }
        self._connection.execute(upsert(self._connection, balances, "contact"), row)
        return frozenset(part for part, different in differed.items() if different)

    def _advance(self, contact: ContactId, told: Invoice) -> None:
        """Between Stripe's answer and its record, a look at Stripe may have shown more, and nobody will look again."""
        known = self.invoice(contact, told.id)
        if known is None or not known.is_beyond(told):
            kept = {"refunded": known.refunded} if known else {}  # only a look at the whole customer tells it
            self._put(invoices, [_invoice_row(contact, told.model_copy(update=kept))])

    def _hold(self, contact: ContactId) -> None:
        """Whoever writes to the mirror of a contact waits for whoever else does; SQLite has one writer anyway."""
        mine = select(contacts.c.id).where(contacts.c.id == contact)
        self._connection.execute(mine.with_for_update(key_share=True))

    def _is_news(self, contact: ContactId, snapshot: CustomerSnapshot) -> bool:
        """Snapshots may be recorded in another order than they were read."""
        self._hold(contact)
        return not self.is_older(contact, snapshot)

    def is_older(self, contact: ContactId, snapshot: CustomerSnapshot) -> bool:
        known = self._connection.scalar(select(balances.c.read_at).where(balances.c.contact == contact))
        return known is not None and snapshot.read_at is not None and snapshot.read_at < known

    def _written(self, contact: ContactId) -> None:
        """An operation knows what it has just done; what was read from Stripe before must not hide it."""
        column = balances.c
        earlier = or_(column.read_at.is_(None), column.read_at < self._now)
        self._connection.execute(update(balances).where(column.contact == contact, earlier).values(read_at=self._now))

    def _replace(self, table: Table, contact: ContactId, wanted: list[dict[str, Any]]) -> bool:
        rows = self._connection.execute(select(table).where(table.c.contact == contact))
        there = {row["id"]: dict(row) for row in rows.mappings()}
        gone = there.keys() - {row["id"] for row in wanted}
        different = [row for row in wanted if there.get(row["id"]) != row]
        if gone:
            self._connection.execute(delete(table).where(table.c.id.in_(gone)))
        self._put(table, different)
        return bool(gone or different)

    def _put(self, table: Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(upsert(self._connection, table, "id"), rows)


AnyRow = Row[*tuple[Any, ...]]


def _payment_method_row(contact: ContactId, method: PaymentMethod) -> dict[str, Any]:
    return {
        "id": method.id,
        "contact": contact,
        "brand": method.brand,
        "last4": method.last4,
        "exp_month": method.exp_month,
        "exp_year": method.exp_year,
        "is_default": method.default,
    }


def _payment_method(row: AnyRow) -> PaymentMethod:
    return PaymentMethod(
        id=PaymentMethodId(row.id),
        brand=row.brand,
        last4=row.last4,
        exp_month=row.exp_month,
        exp_year=row.exp_year,
        default=row.is_default,
    )


def _subscription_row(contact: ContactId, subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "contact": contact,
        "status": subscription.status.value,
        "sold": [_item_column(item) for item in subscription.items],
        "currency": subscription.amount.currency,
        "billing_interval": subscription.interval,
        "interval_count": subscription.interval_count,
        "by_invoice": subscription.by_invoice,
        "discount": subscription.discount,
        "payment_method": subscription.payment_method,
        "started_at": subscription.started_at,
        "anchor": subscription.anchor,
        "current_period_start": subscription.current_period_start,
        "current_period_end": subscription.current_period_end,
        "cancel_at": subscription.cancel_at,
        "schedule": subscription.schedule,
    }


def _subscription(row: AnyRow) -> Subscription:
    return Subscription(
        id=SubscriptionId(row.id),
        status=SubscriptionStatus(row.status),
        items=tuple(_item(item, row.currency) for item in row.sold),
        interval=row.billing_interval,
        interval_count=row.interval_count,
        by_invoice=row.by_invoice,
        discount=row.discount,
        payment_method=PaymentMethodId(row.payment_method) if row.payment_method is not None else None,
        started_at=row.started_at,
        anchor=row.anchor,
        current_period_start=row.current_period_start,
        current_period_end=row.current_period_end,
        cancel_at=row.cancel_at,
        schedule=ScheduleId(row.schedule) if row.schedule is not None else None,
    )


def _item_column(item: SubscriptionItem) -> dict[str, Any]:
    return {
        "product": item.product,
        "price": item.price,
        "quantity": item.quantity,
        "unit_amount": item.unit_amount.amount,
    }


def _item(column: Mapping[str, Any], currency: str) -> SubscriptionItem:
    return SubscriptionItem(
        product=column["product"],
        price=LookupKey(column["price"]) if column["price"] is not None else None,
        quantity=column["quantity"],
        unit_amount=Money(amount=column["unit_amount"], currency=currency),
    )


def _invoice_row(contact: ContactId, invoice: Invoice) -> dict[str, Any]:
    return {
        "id": invoice.id,
        "contact": contact,
        "number": invoice.number,
        "status": invoice.status.value,
        "total": invoice.total.amount,
        "due": invoice.due.amount,
        "currency": invoice.total.currency,
        "created_at": invoice.created_at,
        "due_at": invoice.due_at,
        "subscription": invoice.subscription,
        "url": invoice.url,
        "paid": invoice.paid,
        "reduced": invoice.reduced,
        "given_back": invoice.given_back,
        "refunded": invoice.refunded,
        "pdf": invoice.pdf,
        "by_invoice": invoice.by_invoice,
        "attempts": invoice.attempts,
        "next_attempt_at": invoice.next_attempt_at,
        "decline": invoice.decline,
    }


def invoice_of(row: AnyRow) -> Invoice:
    return Invoice(
        id=InvoiceId(row.id),
        number=row.number,
        status=InvoiceStatus(row.status),
        total=Money(amount=row.total, currency=row.currency),
        due=Money(amount=row.due, currency=row.currency),
        created_at=row.created_at,
        due_at=row.due_at,
        subscription=SubscriptionId(row.subscription) if row.subscription is not None else None,
        url=row.url,
        paid=row.paid,
        reduced=row.reduced,
        given_back=row.given_back,
        refunded=row.refunded,
        pdf=row.pdf,
        by_invoice=row.by_invoice,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        decline=row.decline,
    )
