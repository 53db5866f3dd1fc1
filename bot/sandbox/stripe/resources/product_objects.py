"""How a product comes into being, for the endpoints of products and for prices that bring their own."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import invalid
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.routing import Params

_UNSETTABLE = (
    "description",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
    "shippable",
    "package_dimensions",
)


def new_product(account: Account, params: Params) -> Object:
    """A new product, kept and announced."""
    product_id = params.get("id") or account.new_id("prod")[:19]
    if account.store.get(product_id) is not None:
        raise invalid(f"Product already exists: {product_id}", "id", "resource_already_exists")
    product: Object = {
        "id": product_id,
        "object": "product",
        "active": params.get("active", True),
        "created": account.now(),
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": params["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "tax_details": None,
        "type": params.get("type", "service"),
        "unit_label": None,
        "updated": account.now(),
        "url": None,
    }
    apply_fields(product, params)
    return account.add(product, "product.created")


def apply_fields(product: Object, params: Params) -> None:
    """Take over the fields that were sent."""
    for name in ("name", "active"):
        if name in params:
            product[name] = params[name]
    for name in _UNSETTABLE:
        if name in params:
            product[name] = None if params[name] == "" else params[name]
    for name in ("images", "marketing_features"):
        if name in params:
            product[name] = params[name] or []
    product["metadata"] = merge_metadata(product["metadata"], params.get("metadata"))
