"""Things to put into rows."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from billing.access import Actor
from billing.catalogue import Feature
from billing.change_requests.model import Act, ChangeRequest, Decision, Person
from billing.contacts import Address, Contact, CustomerSnapshot, Invoice, PaymentMethod, Subscription
from billing.ids import ContactId, CustomerId, TeamId, UserId
from billing.invoices.model import Details, Line, SalesInvoice
from billing.money import Money
from billing.operations import Operation, operation_id
from billing.plans import Difference, Dimension, Direction, Excess, Impact, LimitChange, Package
from billing.roles import Role
from billing.timeline import Entry, Happening
from tests.support.sold import with_item

NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
CATALOGUE: Any = SimpleNamespace(business=SimpleNamespace(timezone="Europe/Berlin", currency="EUR"))
ACTOR = Actor(team=TeamId("T1"), user=UserId("U1"), name="Ada", roles=frozenset({Role.SALES}))


def contact(name: str = "Ada Roe", **fields: Any) -> Contact:
    """A contact whose ids come from its name, unless given."""
    short = hashlib.sha256(name.encode()).hexdigest()[:14]
    defaults: dict[str, Any] = {
        "id": ContactId(f"con_{short}"),
        "customer": CustomerId(f"cus_{short}"),
        "name": name,
        "currency": "EUR",
        "address": Address(country="DE"),
        "since": date(2024, 2, 29),
    }
    return Contact(**(defaults | fields))


def operation(key: str = "T1-V1", **fields: Any) -> Operation:
    defaults: dict[str, Any] = {
        "id": operation_id(key),
        "key": key,
        "kind": "create_subscription",
        "contact": "con_1",
        "team": "T1",
        "user": "U1",
        "command": "{}",
        "reply_to": "{}",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Operation(**(defaults | fields))


def entry(name: str, of: Contact, at: datetime = NOW, **fields: Any) -> Entry:
    return Entry(**({"id": name, "contact": of.id, "at": at, "what": Happening.SUBSCRIPTION_STARTED} | fields))


def subscription(name: str, **fields: Any) -> Subscription:
    defaults: dict[str, Any] = {
        "id": f"sub_{name}",
        "status": "active",
        "product": "Plus",
        "price": "plus_month",
        "quantity": 3,
        "unit_amount": Money(amount=1999, currency="EUR"),
        "interval": "month",
        "started_at": NOW,
    }
    return Subscription(**with_item(defaults | fields))


def invoice(name: str, **fields: Any) -> Invoice:
    defaults: dict[str, Any] = {
        "id": f"in_{name}",
        "number": f"K-{name}",
        "status": "open",
        "total": Money(amount=5997, currency="EUR"),
        "due": Money(amount=5997, currency="EUR"),
        "created_at": NOW,
        "due_at": NOW + timedelta(days=14),
    }
    return Invoice(**(defaults | fields))


def method(name: str, **fields: Any) -> PaymentMethod:
    return PaymentMethod(
        **({"id": f"pm_{name}", "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2030} | fields)
    )


def snapshot(of: Contact, **fields: Any) -> CustomerSnapshot:
    defaults: dict[str, Any] = {
        "customer": of.customer,
        "name": of.name,
        "email": of.email,
        "phone": of.phone,
        "currency": of.currency,
        "address": of.address,
        "language": None,
        "created_at": NOW,
        "balance": Money(amount=0, currency="EUR"),
    }
    return CustomerSnapshot(**(defaults | fields))


FILER = Person(user=UserId("U1"), name="Ada")
BOSS = Person(user=UserId("U2"), name="Ben")
CHIEF = Person(user=UserId("U3"), name="Cleo")
DEPUTY = Person(user=UserId("U4"), name="Dora", instead_of="Ben")


def change_request(name: str, of: Contact, at: datetime = NOW, **fields: Any) -> ChangeRequest:
    """Plus to Starter, filed by Ada, to be decided by Ben or Cleo; about a subscription of its own, unless given."""
    filer = fields.get("filed_by", FILER)
    defaults: dict[str, Any] = {
        "id": f"chr_{name}",
        "team": "T1",
        "contact": of.id,
        "contact_name": of.name,
        "subscription": f"sub_{name}",
        "filed_by": filer,
        "filed_at": at,
        "requester_name": "Roe",
        "requester_email": "roe@roe.example",
        "reply_to": "roe@roe.example",
        "reason": "too_expensive",
        "remark": "Grüße",
        "wished": date(2026, 12, 24),
        "before": Package(plan="marketing/plus", limit=5000, seats=3, add_ons={"domain": 2}),
        "after": Package(plan="marketing/starter", limit=1000),
        "differences": (
            Difference(
                dimension=Dimension.PLAN, direction=Direction.DOWN, before="marketing/plus", after="marketing/starter"
            ),
        ),
        "impact": Impact(
            gained=(),
            lost=(Feature(id="automation", en="Automation", de="Automatisierung"),),
            limits=(LimitChange(limit="emails", before=50_000, after=None),),
            above=(Excess(what=Dimension.LIMIT, used=1200, allowed=1000),),
            before=Money(amount=4900, currency="EUR"),
            after=Money(amount=1900, currency="EUR"),
        ),
        "approvers": (BOSS, CHIEF),
        "decisions": (Decision(number=1, act=Act.FILE, by=filer, at=at),),
        "nudged_at": at,
    }
    return ChangeRequest(**(defaults | fields))


def sales_invoice(name: str, **fields: Any) -> SalesInvoice:
    """A draft of Ada's with one line."""
    defaults: dict[str, Any] = {
        "id": f"inv_{name}",
        "team": "T1",
        "contact": "con_1",
        "contact_name": "Ada Roe",
        "currency": "EUR",
        "created_by": FILER,
        "created_at": NOW,
        "changed_by": FILER,
        "changed_at": NOW,
        "lines": (
            Line(
                id="l1",
                version=1,
                description="Grüße",
                quantity=Decimal("1.250"),
                unit=Money(amount=15000, currency="EUR"),
            ),
        ),
        "details": Details(recipients=("ada@roe.example",), due_on=date(2026, 12, 24)),
    }
    return SalesInvoice(**(defaults | fields))
