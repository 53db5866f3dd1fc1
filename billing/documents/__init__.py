"""Documents for customers: what stands on an invoice or a credit note, and the links by which customers see them."""

from billing.documents.model import (
    Buyer,
    Document,
    DocumentKind,
    DocumentReference,
    DocumentTax,
    Line,
    LineDiscount,
    PaymentWays,
    Period,
    RemitTo,
    Seller,
    Settlement,
    Stamp,
    Totals,
    seller,
    ways_to_pay,
)

__all__ = [
    "Buyer",
    "Document",
    "DocumentKind",
    "DocumentReference",
    "DocumentTax",
    "Line",
    "LineDiscount",
    "PaymentWays",
    "Period",
    "RemitTo",
    "Seller",
    "Settlement",
    "Stamp",
    "Totals",
    "seller",
    "ways_to_pay",
]
