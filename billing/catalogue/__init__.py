"""What we sell, as data: read from `catalogue.toml`, checked with the line of every mistake, pushed to Stripe."""

from billing.catalogue.banking import BankAccount, Remittance
from billing.catalogue.coupons import Coupon, Duration
from billing.catalogue.files import CatalogueError, load
from billing.catalogue.labels import Label
from billing.catalogue.model import Business, Catalogue
from billing.catalogue.policies import (
    AfterLastTry,
    BillingContactPolicy,
    CardDetails,
    ChangePolicy,
    CorporateChange,
    DiscountOffer,
    DunningPolicy,
    EditSent,
    GrantLimit,
    InvoiceField,
    InvoicePolicy,
    LowerLimit,
    Place,
    Proration,
    RaiseByItself,
    ReasonCode,
    TakesEffect,
)
from billing.catalogue.prices import Interval, OneTimePrice, RecurringPrice
from billing.catalogue.products import AddOn, Feature, Plan, PrepayTerm, Product, Seats, Tier, UnitPack
from billing.catalogue.taxes import TaxRate, is_in_eu

__all__ = [
    "AddOn",
    "AfterLastTry",
    "BankAccount",
    "BillingContactPolicy",
    "Business",
    "CardDetails",
    "Catalogue",
    "CatalogueError",
    "ChangePolicy",
    "CorporateChange",
    "Coupon",
    "DiscountOffer",
    "DunningPolicy",
    "Duration",
    "EditSent",
    "Feature",
    "GrantLimit",
    "Interval",
    "InvoiceField",
    "InvoicePolicy",
    "Label",
    "LowerLimit",
    "OneTimePrice",
    "Place",
    "Plan",
    "PrepayTerm",
    "Product",
    "Proration",
    "RaiseByItself",
    "ReasonCode",
    "RecurringPrice",
    "Remittance",
    "Seats",
    "TakesEffect",
    "TaxRate",
    "Tier",
    "UnitPack",
    "is_in_eu",
    "load",
]
