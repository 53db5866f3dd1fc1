"""The small business with plans that can be lowered: Ada has Mail Pro, and her people may ask for Mail Basic.

Mail Pro for 1,000 contacts is 49.00 EUR a month with three seats, campaigns, automations and the add-on Reports for
50.00; Mail Basic for 1,000 contacts is 25.00 EUR with one seat and campaigns only, for 500 contacts 15.00 EUR.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from billing.access import Actor
from billing.catalogue import Catalogue, ReasonCode, load
from billing.change_requests.deciding import decide
from billing.change_requests.filing import FileRequest, file
from billing.change_requests.model import Act, ChangeRequest
from billing.contacts import Account, Contact, Member, MemberRight, Subscription, SubscriptionItem, SubscriptionStatus
from billing.ids import ContactId, LookupKey, SubscriptionId
from billing.money import Money
from billing.roles import Role
from tests.support.memory import Mirrored
from tests.support.office import Office
from tests.support.shop import ADA, Shop, actor, contact

CATALOGUE: Catalogue = load(Path(__file__).with_name("catalogue.toml"))
PRO, BASIC = LookupKey("mail-pro-1000-month-eur"), LookupKey("mail-basic-1000-month-eur")
REPORTS = LookupKey("reports-month-eur")
SUBSCRIPTION = SubscriptionId("sub_ada")
PERIOD_END = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)  # 13 days from the shop's today

MIA = actor(Role.AGENT, user="U_MIA", name="Mia Agent")  # files
PRIYA = actor(Role.MANAGER, user="U_PRIYA", name="Priya Manager")  # decides
RUTH = actor(Role.MANAGER, user="U_RUTH", name="Ruth Manager", locale="de-DE")  # decides, too
TOM = actor(Role.AGENT, user="U_TOM", name="Tom Deputy")  # Priya's deputy
ALEX = actor(Role.ADMIN, user="U_ALEX", name="Alex Admin")
STAFF = (MIA, PRIYA, RUTH, TOM, ALEX)
NOBODY_OF_US = actor(user="U_EVE", name="Eve Nobody")  # is in the workspace, and has no role

ADMIN = Member(name="Ada Lovelace", email="ada@engines.example", rights=frozenset({MemberRight.PRIMARY_ADMIN}))
BOOKKEEPER = Member(name="Bob Books", email="bob@engines.example", rights=frozenset({MemberRight.BILLING_CONTACT}))


def customer(**changes: Any) -> Contact:
    account = Account(plan="mail/pro", contact_limit=1000, active_contacts=400, seats=3, seats_used=1)
    return contact(**({"members": (ADMIN, BOOKKEEPER), "account": account} | changes))


def subscription(*extra: LookupKey, **changes: Any) -> Subscription:
    fields = {
        "id": SUBSCRIPTION,
        "status": SubscriptionStatus.ACTIVE,
        "items": tuple(_item(key) for key in (PRO, *extra)),
        "interval": "month",
        "started_at": datetime(2026, 1, 15, 9, 0, tzinfo=UTC),
        "current_period_start": datetime(2026, 2, 15, 9, 0, tzinfo=UTC),
        "current_period_end": PERIOD_END,
    }
    return Subscription(**(fields | changes))


def _item(key: LookupKey) -> SubscriptionItem:
    price = CATALOGUE.sold(key)
    assert price
    return SubscriptionItem(product=price.label.en, price=key, quantity=1, unit_amount=price.unit)


def settles_on(shop: Shop, one: Subscription, who: ContactId = ADA) -> None:
    """That is what the customer has, at Stripe and in the mirror."""
    before = shop.rows.mirror.get(who, Mirrored())
    others = tuple(there for there in before.subscriptions if there.id != one.id)
    shop.rows.mirror[who] = Mirrored(methods=before.methods, subscriptions=(*others, one))
    shop.payments.subscriptions[one.id] = one


def furnish(shop: Shop) -> None:
    """Staff, customer and subscription."""
    for person in STAFF:
        shop.hires(person)
    shop.hires(NOBODY_OF_US)
    shop.knows(customer())
    settles_on(shop, subscription())


def wants(**changes: Any) -> FileRequest:
    """Mail Pro becomes Mail Basic."""
    fields = {
        "contact": ADA,
        "subscription": SUBSCRIPTION,
        "requester": ADMIN.email,
        "plan": "mail/basic",
        "limit": 1000,
        "seats": 1,
        "reason": ReasonCode.TOO_EXPENSIVE,
        "remark": "The season is over",
        "reply_to": "ada@engines.example",
    }
    return FileRequest(**(fields | changes))


class Asking:
    """What people do with requests, by the domain."""

    store: Any
    rows: Any

    def files(self, person: Actor = MIA, *, key: str = "filing", **changes: Any) -> ChangeRequest:
        with self.store.writing(person) as uow:
            return file(uow, wants(**changes), key)

    def does(self, act: Act, person: Actor, note: str = "", *, override: bool = False) -> ChangeRequest:
        """With the only request."""
        with self.store.writing(person) as uow:
            return decide(uow, self.request.id, act, note, override=override)

    @property
    def request(self) -> ChangeRequest:
        (only,) = self.rows.requests.values()
        return only


@dataclass
class AskingShop(Asking, Shop):
    catalogue: Catalogue = CATALOGUE

    def __post_init__(self) -> None:
        super().__post_init__()
        furnish(self)


@dataclass
class AskingOffice(Asking, Office):
    catalogue: Catalogue = field(default=CATALOGUE)

    def __post_init__(self) -> None:
        super().__post_init__()
        furnish(self)


def policy(shop: Shop, **terms: Any) -> None:
    """From now on another policy of the house for plan changes."""
    shop.sells(plan_changes=shop.catalogue.plan_changes.model_copy(update=terms))


def eur(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")
