"""The catalogue: everything in the file, and the questions that the rest of Kontor asks of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, model_validator

from billing.catalogue.banking import BankAccount, Remittance
from billing.catalogue.coupons import Coupon
from billing.catalogue.labels import Country, Id, Label, PostalAddress, Text
from billing.catalogue.policies import BillingContactPolicy, ChangePolicy, DunningPolicy, InvoicePolicy
from billing.catalogue.prices import OneTimePrice, RecurringPrice
from billing.catalogue.products import AddOn, Plan, PrepayTerm, Product, UnitPack
from billing.catalogue.taxes import Tax, TaxRate, crosses_eu_border, is_vat_id_of
from billing.errors import NotRecurring, UnknownAddOn, UnknownCoupon, UnknownPlan
from billing.ids import LookupKey
from billing.models import Frozen
from billing.money import Currency


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("a time zone has an IANA name, as in Europe/Berlin")
    return name


Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class Business(Frozen):
    """Who sells. What is optional stands on documents where it is set."""

    name: Text
    legal_name: Text
    address: PostalAddress
    country: Country
    tax_id: str | None = None
    timezone: Annotated[str, AfterValidator(_time_zone)]
    language: Literal["en", "de"] = "en"  # of names at Stripe
    currency: Currency  # the one that books are kept in
    currencies: Annotated[tuple[Currency, ...], Field(min_length=1)]  # those that we sell in
    support_email: Email
    reply_to: Email
    tax_number: Text | None = None  # beside the VAT id: Steuernummer, EIN, ...
    register_entry: Text | None = None  # "Amtsgericht Charlottenburg, HRB 12345 B" (§ 35a GmbHG)
    directors: tuple[Text, ...] = ()  # (§ 35a GmbHG)
    phone: Text | None = None
    website: Text | None = None
    bank_accounts: tuple[BankAccount, ...] = ()
    remittance: Remittance | None = None
    untaxed: Label | None = None  # why documents without tax have none (§ 19 UStG, ...)

    @model_validator(mode="after")
    def _one_account_for_a_currency(self) -> Self:
        currencies = Counter(account.currency for account in self.bank_accounts)
        if any(count > 1 for count in currencies.values()):
            raise ValueError("two bank accounts are for the same currency, or for all others")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Catalogue(Frozen):
    """What we sell, to whom with which tax, and what is taken off."""

    business: Business
    products: Annotated[tuple[Product, ...], Field(min_length=1)]
    add_ons: tuple[AddOn, ...] = ()
    unit_packs: tuple[UnitPack, ...] = ()
    prepay: tuple[PrepayTerm, ...] = ()
    tax: Tax = Tax()
    coupons: tuple[Coupon, ...] = ()
    plan_changes: ChangePolicy = ChangePolicy()
    billing_contact: BillingContactPolicy = BillingContactPolicy()
    invoices: InvoicePolicy = InvoicePolicy()
    dunning: DunningPolicy = DunningPolicy()
    limit_names: dict[Id, Label] = Field(default_factory=dict)  # what people call the limits of plans, by their ids

    @model_validator(mode="after")
    def _every_price_has_its_own_key(self) -> Self:
        keys = Counter(price.lookup_key for price in self.all_recurring_prices())
        keys.update(price.lookup_key for price in self.one_time_prices())
        if twice := sorted(key for key, count in keys.items() if count > 1):
            raise ValueError(f"two prices would have the same lookup key: {', '.join(twice)}; change an id")
        return self

    def recurring_prices(self, currency: str) -> tuple[RecurringPrice, ...]:
        """What a subscription can be started with in that currency, in the order of the file.

        Add-ons are not among them: they are added to a plan, see `add_on_prices`.
        """
        return tuple(price for price in self._by_key.values() if price.unit.currency == currency.upper())

    def recurring_price(self, lookup_key: str) -> RecurringPrice:
        """Raise NotRecurring for an add-on, for what is paid once and for what nobody sells (H14, H18)."""
        price = self._by_key.get(LookupKey(lookup_key))
        if price is None:
            raise NotRecurring(price=lookup_key)
        return price

    def add_on_prices(self, plan: str, currency: str) -> tuple[RecurringPrice, ...]:
        """The add-ons for a plan ("product/plan") in that currency, in the order of the file."""
        return tuple(
            price
            for add_on in self.add_ons
            if plan in add_on.plans
            for price in add_on.recurring_prices()
            if price.unit.currency == currency.upper()
        )

    def plan(self, name: str) -> tuple[Product, Plan]:
        """The plan of that name ("product/plan") and its product. Raise UnknownPlan."""
        product_id, _, plan_id = name.partition("/")
        for product in self.products:
            for plan in product.plans:
                if (product.id, plan.id) == (product_id, plan_id):
                    return product, plan
        raise UnknownPlan(plan=name)

    def add_on(self, name: str) -> AddOn:
        """Raise UnknownAddOn."""
        for add_on in self.add_ons:
            if add_on.id == name:
                return add_on
        raise UnknownAddOn(add_on=name)

    def sold(self, lookup_key: str) -> RecurringPrice | None:
        """The recurring price of that name, of a plan or an add-on; None for what is not (any more) in the file."""
        return self._sold.get(LookupKey(lookup_key))

    def coupon(self, code: str) -> Coupon:
        """The coupon or promotion code, however it is capitalised. Raise UnknownCoupon."""
        wanted = code.strip().upper()
        for coupon in self.coupons:
            if coupon.code == wanted:
                return coupon
        raise UnknownCoupon(code=code)

    def taxes_for(self, country: str, tax_id: str | None, product: str) -> tuple[TaxRate, ...]:
        """What is charged to a customer in that country for that product; nothing where the charge is reversed."""
        if self.reverse_charge(country, tax_id):
            return ()
        return tuple(rate.for_product(product) for rate in self.tax.rates if rate.country == country)

    def reverse_charge(self, country: str, tax_id: str | None) -> bool:
        """Whether a business in another EU country accounts for the tax itself (VAT directive, article 196)."""
        return (
            self.tax.reverse_charge
            and crosses_eu_border(self.business.country, country)
            and is_vat_id_of(country, tax_id)
        )

    def tax_rates(self) -> tuple[TaxRate, ...]:
        """Every tax that may be charged, in the order of the file."""
        return tuple(tax for rate in self.tax.rates for tax in rate.all())

    def label(self, lookup_key: str) -> Label | None:
        """What a person calls what that price is for; None for a price that the catalogue does not have (any more)."""
        return self._labels.get(LookupKey(lookup_key))

    def limit_name(self, limit: str) -> Label:
        """What a person calls that limit of a plan; the id's words where the file has no name for it."""
        plain = limit.replace("-", " ")
        return self.limit_names.get(limit) or Label(en=plain, de=plain)

    def all_recurring_prices(self) -> Iterator[RecurringPrice]:
        """Those of plans and of add-ons."""
        for product in self.products:
            yield from product.recurring_prices()
        for add_on in self.add_ons:
            yield from add_on.recurring_prices()

    def one_time_prices(self) -> Iterator[OneTimePrice]:
        for pack in self.unit_packs:
            yield from pack.one_time_prices()

    @cached_property
    def _by_key(self) -> dict[LookupKey, RecurringPrice]:
        return {price.lookup_key: price for product in self.products for price in product.recurring_prices()}

    @cached_property
    def _sold(self) -> dict[LookupKey, RecurringPrice]:
        return {price.lookup_key: price for price in self.all_recurring_prices()}

    @cached_property
    def _labels(self) -> dict[LookupKey, Label]:
        recurring = {price.lookup_key: price.label for price in self.all_recurring_prices()}
        return recurring | {price.lookup_key: price.label for price in self.one_time_prices()}
