"""A small business for tests of rules: what it sells, two customers, and the people who work there.

Today is Monday, 2 March 2026, 11 o'clock in Berlin.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.access import Actor
from billing.actions import actions
from billing.catalogue import (
    AddOn,
    Business,
    Catalogue,
    Coupon,
    Duration,
    Interval,
    Label,
    Plan,
    Product,
    RecurringPrice,
)
from billing.catalogue.model import PostalAddress
from billing.catalogue.prices import Price, Quantity
from billing.catalogue.taxes import Override, Rate, Tax
from billing.contacts import Account, Address, Contact, PaymentMethod
from billing.desk import Desk
from billing.errors import TaxServiceUnreachable
from billing.ids import ContactId, CustomerId, LookupKey, OperationId, PaymentMethodId, TeamId, UserId
from billing.money import Money
from billing.operations import Operation, State
from billing.roles import Role
from billing.steps import OperationSteps
from billing.subscriptions import CreateSubscription, SubscriptionDraft, review
from tests.support.fakes import FakePayments
from tests.support.memory import Clock, MemoryStore, Mirrored

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
TEAM = TeamId("T1")

PLUS_MONTH = LookupKey("marketing-plus-month-eur")  # 49.00 EUR
PLUS_YEAR = LookupKey("marketing-plus-year-eur")  # 490.00 EUR
PLUS_MONTH_USD = LookupKey("marketing-plus-month-usd")
TEAM_MONTH = LookupKey("crm-team-month-eur")  # 19.90 EUR; 3 to 50 of it
ADD_ON_MONTH = LookupKey("sms-month-eur")

ADA = ContactId("con_ada")  # in Germany: 19 % VAT on top
BEN = ContactId("con_ben")  # somebody else
ADAS_CARD = PaymentMethodId("pm_ada")
BENS_CARD = PaymentMethodId("pm_ben")


def _name(text: str) -> Label:
    return Label(en=text, de=text)


def coupon(code: str, **terms: Any) -> Coupon:
    """Percentages as text: `percent="20"`."""
    percent = terms.pop("percent", None)
    fields = {"code": code, "label": _name(code), "duration": Duration.ONCE}
    return Coupon(**(fields | terms), percent=Decimal(percent) if percent else None)


def marketing(month: int = 4900) -> Product:
    """The main product, at this price a month."""
    return Product(
        id="marketing",
        name=_name("Marketing"),
        plans=(
            Plan(
                id="plus",
                name=_name("Marketing Plus"),
                quantity=Quantity(maximum=99),
                prices=(
                    Price(interval=Interval.MONTH, amounts={"EUR": month, "USD": 5500}),
                    Price(interval=Interval.YEAR, amounts={"EUR": 49000}),
                ),
            ),
        ),
    )


CATALOGUE = Catalogue(
    business=Business(
        name="Brightwell",
        legal_name="Brightwell GmbH",
        address=PostalAddress(line1="Kastanienallee 86", postal_code="10435", city="Berlin"),
        country="DE",
        timezone="Europe/Berlin",
        currency="EUR",
        currencies=("EUR", "USD"),
        support_email="support@brightwell.example",
        reply_to="billing@brightwell.example",
    ),
    products=(
        marketing(),
        Product(
            id="crm",
            name=_name("CRM"),
            plans=(
                Plan(
                    id="team",
                    name=_name("CRM Team"),
                    quantity=Quantity(minimum=3, maximum=50),
                    prices=(Price(interval=Interval.MONTH, amounts={"EUR": 1990}),),
                ),
            ),
        ),
    ),
    add_ons=(
        AddOn(
            id="sms",
            name=_name("SMS"),
            plans=("marketing/plus",),
            prices=(Price(interval=Interval.MONTH, amounts={"EUR": 900}),),
        ),
    ),
    tax=Tax(
        rates=(
            Rate(
                id="de-vat",
                country="DE",
                name=_name("VAT"),
                percent=Decimal(19),
                overrides=(Override(product="crm", percent=Decimal(7)),),
            ),
        )
    ),
    coupons=(
        coupon("WELCOME20", percent="20"),
        coupon("CRMONLY", percent="10", products=("crm",)),
        coupon("DOLLARS", amounts={"USD": 500}),
        coupon("EXPIRED", percent="10", ends=date(2026, 3, 1)),
        coupon("LASTDAY", percent="10", starts=TODAY, ends=TODAY),
        coupon("TOMORROW", percent="10", starts=date(2026, 3, 3)),
    ),
)


def price(key: str = PLUS_MONTH, **changes: Any) -> RecurringPrice:
    return CATALOGUE.recurring_price(key).model_copy(update=changes)


def actor(*roles: Role, user: str = "U_SAM", **changes: Any) -> Actor:
    fields = {"team": TEAM, "user": UserId(user), "name": "Sam Sales", "timezone": "Europe/Berlin"}
    return Actor(**(fields | changes), roles=frozenset(roles))


SAM = actor(Role.SALES)


def contact(id_: str = ADA, **changes: Any) -> Contact:
    fields = {
        "id": ContactId(id_),
        "customer": CustomerId(id_.replace("con_", "cus_")),
        "name": "Ada Lovelace",
        "email": "ada@engines.example",
        "currency": "EUR",
        "address": Address(country="DE", city="Berlin"),
        "account": Account(),
        "since": date(2024, 1, 15),
    }
    return Contact(**(fields | changes))


def method(id_: str = ADAS_CARD, **changes: Any) -> PaymentMethod:
    fields = {"id": PaymentMethodId(id_), "brand": "visa", "last4": "4242", "exp_month": 8, "exp_year": 2028}
    return PaymentMethod(**(fields | changes))


@dataclass
class FakeRegister:
    """The register of VAT ids: it knows all but those it was told not to, or does not answer."""

    unknown: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    answers: bool = True

    def knows(self, prefix: str, number: str) -> bool:
        self.asked.append(prefix + number)
        if not self.answers:
            raise TaxServiceUnreachable
        return prefix + number not in self.unknown


@dataclass
class Shop:
    """The business at work: rows in memory, Stripe in memory, and the steps that an engine would walk."""

    catalogue: Catalogue = CATALOGUE
    clock: Clock = field(default_factory=lambda: Clock(NOW))

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.catalogue, self.clock)
        self.payments = FakePayments(self.catalogue, NOW)
        self.desk = Desk(self.store, self.clock)
        self.register = FakeRegister()
        self.steps = OperationSteps(self.store, self.payments, self.actions)
        self.hires(SAM)
        self.knows(contact(), method(default=True))
        self.knows(contact(BEN, name="Ben Byron", email="ben@byron.example"), method(BENS_CARD))

    def hires(self, person: Actor) -> None:
        with self.store.writing(person) as uow:
            uow.staff.save(person)
            for role in person.roles:
                uow.staff.grant(person.team, person.user, role, "cli")

    def dismisses(self, person: Actor) -> None:
        """All roles are taken away; the person stays known."""
        with self.store.writing(person) as uow:
            uow.staff.dismiss(person.team, person.user)

    def knows(self, customer: Contact, *methods: PaymentMethod) -> None:
        self.rows.contacts[customer.id] = customer
        self.rows.mirror[customer.id] = Mirrored(methods=methods)

    def has_balance(self, amount: int, currency: str = "EUR", customer: ContactId = ADA) -> None:
        """Credit is positive, as in the mirror."""
        balance = Money(amount=amount, currency=currency)
        self.rows.mirror[customer] = replace(self.rows.mirror[customer], balance=balance)

    def sells(self, **changes: Any) -> None:
        """From now on the catalogue is another one."""
        terms = {name: getattr(self.catalogue, name) for name in Catalogue.model_fields}
        self.catalogue = self.store.catalogue = self.payments.catalogue = Catalogue(**(terms | changes))

    def banks_with(self, payments: FakePayments) -> None:
        """From now on Stripe is another one."""
        self.payments = payments
        self.steps = OperationSteps(self.store, payments, self.actions)

    @property
    def actions(self) -> dict[str, Any]:
        return actions(self.register)

    @property
    def rows(self) -> Any:
        return self.store.rows

    # Acting as Sam

    def draft(self, **changes: Any) -> SubscriptionDraft:
        fields = {
            "contact": ADA,
            "price": PLUS_MONTH,
            "quantity": 3,
            "start": self.clock.now.astimezone(self.catalogue.business.zone).date(),
            "payment_method": ADAS_CARD,
        }
        return SubscriptionDraft(**(fields | changes))

    def confirmed(self, **changes: Any) -> CreateSubscription:
        """What a person confirms after the review."""
        draft = self.draft(**changes)
        with self.store.reading(SAM) as uow:
            shown = review(uow, draft)
        return CreateSubscription(**draft.model_dump(), fingerprint=shown.fingerprint)

    def accepts(self, command: Any, *, person: Actor = SAM, key: str = "key", reply_to: str = "") -> OperationId:
        return self.desk.accept(command, person, key=key, reply_to=reply_to).id

    def walks(self, operation: OperationId) -> State:
        """Check, perform, record."""
        return State(self.records(operation, self.performs(operation)))

    def performs(self, operation: OperationId) -> str:
        return self.steps.perform(operation, self.steps.check(operation, ""))

    def records(self, operation: OperationId, performed: str) -> str:
        return self.steps.record(operation, performed)

    def starts(self, *, key: str = "key", **changes: Any) -> Operation:
        """The whole way of a subscription, and what its row says at the end."""
        operation = self.accepts(self.confirmed(**changes), key=key)
        self.walks(operation)
        return self.rows.operations[operation]

    def happened(self, customer: ContactId = ADA) -> list[str]:
        return [one.what.value for one in self.rows.timeline if one.contact == customer]
