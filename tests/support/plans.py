"""The small business sells mail plans by contact tiers, and Ada has one of them, for tests of plan changes.

Mail Basic: 15.00 for 500 contacts, 25.00 for 1,000; one seat, at most two. Mail Pro: 49.00 for 1,000, 95.00 for 2,500;
three seats, and automations. An extra seat is 9.00, reports are 50.00 (Pro only). Desk Team is 20.00 a seat.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from billing.catalogue import Catalogue, load
from billing.catalogue.policies import ChangePolicy
from billing.contacts import (
    Account,
    Contact,
    Member,
    MemberRight,
    PaymentMethod,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)
from billing.ids import LookupKey, SubscriptionId
from billing.plan_changes import PlanChangeDraft
from billing.roles import Role
from tests.support.memory import Mirrored
from tests.support.shop import ADA, Shop, actor, contact, method

S = TypeVar("S", bound=Shop)

MAIL: Catalogue = load(Path(__file__).with_name("catalogue.toml"))
BASIC = LookupKey("mail-basic-500-month-eur")
BASIC_1000 = LookupKey("mail-basic-1000-month-eur")
PRO = LookupKey("mail-pro-1000-month-eur")
PRO_2500 = LookupKey("mail-pro-2500-month-eur")
SEAT = LookupKey("extra-seat-month-eur")
REPORTS = LookupKey("reports-month-eur")
DESK = LookupKey("desk-team-month-eur")
SUB = SubscriptionId("sub_ada")
PERIOD_START = datetime(2026, 2, 16, 10, tzinfo=UTC)
PERIOD_END = datetime(2026, 3, 16, 10, tzinfo=UTC)  # 28 days, of which 14 are over on 2 March

ADMIN = Member(name="Ada Admin", email="ada@engines.example", rights=frozenset({MemberRight.PRIMARY_ADMIN}))
BUYER = Member(
    name="Bea Buyer", email="bea@engines.example", rights=frozenset({MemberRight.ADMIN, MemberRight.PURCHASE})
)
CLERK = Member(name="Cyril Clerk", email="cyril@engines.example", rights=frozenset({MemberRight.ADMIN}))
PRIYA = actor(Role.MANAGER, user="U_PRIYA", name="Priya Manager")


def policy(**terms: Any) -> Catalogue:
    """The mail plans under other rules of the house."""
    return MAIL.model_copy(update={"plan_changes": ChangePolicy.model_validate(terms)})


def running(*sold: tuple[LookupKey, int], **changes: Any) -> Subscription:
    """A subscription of these prices and quantities, by default one Mail Basic."""
    items = []
    for key, quantity in sold or ((BASIC, 1),):
        price = MAIL.sold(key)
        assert price, key
        items.append(SubscriptionItem(product=price.label.en, price=key, quantity=quantity, unit_amount=price.unit))
    fields = {
        "id": SUB,
        "status": SubscriptionStatus.ACTIVE,
        "items": tuple(items),
        "interval": "month",
        "started_at": PERIOD_START,
        "current_period_start": PERIOD_START,
        "current_period_end": PERIOD_END,
    }
    return Subscription(**(fields | changes))


def customer(**changes: Any) -> Contact:
    """Ada, who uses 120 of 500 contacts and her one seat."""
    account = Account(plan="mail/basic", contact_limit=500, active_contacts=120, seats=1, seats_used=1)
    members = changes.pop("members", (CLERK, ADMIN, BUYER))
    return contact(
        ADA, **({"account": account.model_copy(update=changes.pop("account", {})), "members": members} | changes)
    )


def has(
    shop: S, *subscriptions: Subscription, who: Contact | None = None, methods: tuple[PaymentMethod, ...] = ()
) -> S:
    """From now on Ada has these subscriptions, in the mirror and at Stripe; a manager works here, too."""
    known = who or customer()
    shop.rows.contacts[known.id] = known
    cards = methods or (method(default=True),)
    shop.rows.mirror[known.id] = Mirrored(methods=cards, subscriptions=subscriptions)
    shop.payments.subscriptions.update({one.id: one for one in subscriptions})
    shop.hires(PRIYA)
    return shop


def draft(**changes: Any) -> PlanChangeDraft:
    """Ada's admin asks for Mail Pro with 1,000 contacts."""
    fields = {
        "contact": ADA,
        "subscription": SUB,
        "requester": ADMIN.email,
        "plan": "mail/pro",
        "limit": 1000,
        "seats": 3,
    }
    return PlanChangeDraft(**(fields | changes))
