"""Products with their plans, and what is sold beside them: add-ons, unit packs, prepay terms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from babel.numbers import format_decimal
from pydantic import Field, StrictInt, model_validator

from billing.catalogue.labels import Amounts, Id, Label, Percent
from billing.catalogue.prices import OneTimePrice, Price, Quantity, RecurringPrice, lookup_key
from billing.models import Frozen
from billing.money import Currency, Money

Limits = dict[Id, Annotated[StrictInt, Field(ge=0)]]  # what is limited, and to how many
Prices = tuple[Price, ...]


class Feature(Label):
    """One line of what a plan contains; the id is the same in every plan that has it."""

    id: Id


class Seats(Frozen):
    """Users of the customer's: how many are in the price, how many there may be (None: any number)."""

    included: Annotated[StrictInt, Field(ge=0)] = 1
    maximum: Annotated[StrictInt, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.maximum is not None and self.included > self.maximum:
            raise ValueError("more seats are included than there may be")
        return self


class Tier(Frozen):
    """A contact tier: the plan's whole price for up to so many active contacts (CX14)."""

    contacts: Annotated[StrictInt, Field(ge=1)]
    limits: Limits = Field(default_factory=dict)  # added to the plan's, or instead of them
    prices: Annotated[Prices, Field(min_length=1)]

    @property
    def label(self) -> Label:
        return Label(
            en=f"{format_decimal(self.contacts, locale='en')} contacts",
            de=f"{format_decimal(self.contacts, locale='de')} Kontakte",
        )


class Plan(Frozen):
    """What a customer subscribes to. Has prices of its own, or one set of prices for each contact tier."""

    id: Id
    name: Label
    seats: Seats = Seats()
    quantity: Quantity = Quantity()
    limits: Limits = Field(default_factory=dict)
    features: tuple[Feature, ...] = ()
    prices: Prices = ()
    tiers: tuple[Tier, ...] = ()

    @model_validator(mode="after")
    def _priced_one_way(self) -> Self:
        if bool(self.prices) == bool(self.tiers):
            raise ValueError("a plan has either prices or tiers with prices")
        return self

    def limits_for(self, contacts: int | None) -> Limits:
        """The plan's limits, with those of its tier on top."""
        tier = next((tier for tier in self.tiers if tier.contacts == contacts), None)
        return self.limits | tier.limits if tier else self.limits


class Product(Frozen):
    """A family of plans that a customer moves between."""

    id: Id
    name: Label
    description: Label | None = None
    not_sold_in: tuple[Currency, ...] = ()
    plans: Annotated[tuple[Plan, ...], Field(min_length=1)]

    def recurring_prices(self) -> Iterator[RecurringPrice]:
        for plan in self.plans:
            yield from self._of_plan(plan, plan.prices, None)
            for tier in plan.tiers:
                yield from self._of_plan(plan, tier.prices, tier)

    def _of_plan(self, plan: Plan, prices: Prices, tier: Tier | None) -> Iterator[RecurringPrice]:
        names = (self.id, plan.id, str(tier.contacts)) if tier else (self.id, plan.id)
        label = plan.name.with_detail(tier.label) if tier else plan.name
        for price in prices:
            for unit in price.by_currency():
                yield RecurringPrice(
                    lookup_key=lookup_key(*names, price.cadence, currency=unit.currency),
                    product=self.id,
                    plan=plan.id,
                    label=label,
                    unit=unit,
                    interval=price.interval,
                    interval_count=price.count,
                    minimum=plan.quantity.minimum,
                    maximum=plan.quantity.maximum,
                    contacts=tier.contacts if tier else None,
                    billing_day=price.billing_day,
                )


class AddOn(Frozen):
    """Something recurring that is added to a plan and never sold without one."""

    id: Id
    name: Label
    plans: Annotated[tuple[str, ...], Field(min_length=1)]  # "product/plan"
    seats: Annotated[StrictInt, Field(ge=0)] = 0  # how many seats one of it brings (A14)
    quantity: Quantity = Quantity()
    not_sold_in: tuple[Currency, ...] = ()
    prices: Annotated[Prices, Field(min_length=1)]

    def recurring_prices(self) -> Iterator[RecurringPrice]:
        for price in self.prices:
            for unit in price.by_currency():
                yield RecurringPrice(
                    lookup_key=lookup_key(self.id, price.cadence, currency=unit.currency),
                    product=self.id,
                    plan=None,
                    label=self.name,
                    unit=unit,
                    interval=price.interval,
                    interval_count=price.count,
                    minimum=self.quantity.minimum,
                    maximum=self.quantity.maximum,
                    billing_day=price.billing_day,
                )


class UnitPack(Frozen):
    """A package of prepaid usage units, paid once (SX1)."""

    id: Id
    name: Label
    unit: Label  # "text message", "user day"
    units: Annotated[StrictInt, Field(ge=1)]
    not_sold_in: tuple[Currency, ...] = ()
    amounts: Annotated[Amounts, Field(min_length=1)]

    def one_time_prices(self) -> Iterator[OneTimePrice]:
        for currency, amount in self.amounts.items():
            yield OneTimePrice(
                lookup_key=lookup_key(self.id, currency=currency),
                pack=self.id,
                label=self.name,
                unit=Money(amount=amount, currency=currency),
            )


class PrepayTerm(Frozen):
    """Money paid ahead for exactly 6 or 12 months (C14), and what is taken off for it (CX1)."""

    months: Literal[6, 12]
    discount: Percent
    nonprofit_discount: Percent
