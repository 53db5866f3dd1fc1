"""The names by which we find our own things at Stripe again."""

from __future__ import annotations

import hashlib
import json

import stripe

from billing.catalogue import Catalogue, Coupon

OPERATION = "operation"  # metadata of what an operation made: the operation's id
CATALOGUE = "kontor_catalogue"  # metadata of what the catalogue made: its name there


def noted(metadata: stripe.StripeObject | None, key: str) -> str | None:
    """What an object's metadata says under that key."""
    return None if metadata is None or key not in metadata else str(metadata[key])


def product_id(*parts: str) -> str:
    """A plan is a product of Stripe's (`marketing-plus`), and so are add-ons and packs."""
    return "-".join(parts)


def products_of(catalogue: Catalogue, coupon: Coupon) -> tuple[str, ...]:
    """Stripe's products that the coupon is for; none: all of them."""
    return tuple(
        product_id(product.id, plan.id)
        for product in catalogue.products
        if product.id in coupon.products
        for plan in product.plans
    )


def coupon_id(catalogue: Catalogue, coupon: Coupon) -> str:
    """The code and a digest of the terms, `WELCOME20_1f3a9c2e`.

    Stripe lets nobody change a coupon's terms. Other terms are another coupon, and whoever has the old one keeps it.
    """
    terms = {
        "percent": str(coupon.percent.normalize()) if coupon.percent is not None else None,
        "amounts": dict(sorted(coupon.amounts.items())),
        "duration": coupon.duration.value,
        "months": coupon.months,
        "products": sorted(products_of(catalogue, coupon)),
    }
    digest = hashlib.sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()
    return f"{coupon.code}_{digest[:8]}"


def code_of(coupon: str) -> str:
    """The code of a coupon of ours; of any other, its id."""
    return coupon.partition("_")[0]


OPERATION_KEYS = "op_"  # idempotency keys of operations begin with the operation's id
OTHER_KEYS = "kontor-"  # and those of all other calls with this


def is_ours(key: str) -> bool:
    """Whether a call with that idempotency key was made by Kontor."""
    return key.startswith((OPERATION_KEYS, OTHER_KEYS))
