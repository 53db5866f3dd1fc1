"""Products."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import invalid
from bot.sandbox.stripe.lists import page, search
from bot.sandbox.stripe.objects import Object
from bot.sandbox.stripe.routing import Params, crud, route

from .prices import create as create_price
from .product_objects import apply_fields, new_product


def create(account: Account, params: Params) -> Object:
    default_price = params.pop("default_price_data", None)
    product = new_product(account, params)
    if default_price is not None:
        price = create_price(account, {**default_price, "product": product["id"]})
        product["default_price"] = price["id"]
        account.save(product)
    return product


def update(account: Account, params: Params, product_id: str) -> Object:
    product = account.get("product", product_id)
    if "default_price" in params:
        price = account.get("price", params["default_price"], "default_price")
        if price["product"] != product_id:
            raise invalid("The default price must belong to the product.", "default_price")
        product["default_price"] = price["id"]
    apply_fields(product, params)
    product["updated"] = account.now()
    return account.save(product, "product.updated")


crud("Product", "/v1/products", kind="product", create=create, update=update)


@route("GET", "/v1/products", "ProductListParams")
def list_products(account: Account, params: Params) -> Object:
    if "ids" in params:
        found = [product for one in params["ids"] if (product := account.find("product", one))]
        return {"object": "list", "data": found, "has_more": False, "url": "/v1/products"}
    return page(account, "product", "/v1/products", params, "active")


@route("GET", "/v1/products/search", "ProductSearchParams")
def search_products(account: Account, params: Params) -> Object:
    fields = frozenset({"active", "description", "metadata", "name", "shippable", "url"})
    return search(account, "product", "/v1/products/search", params, fields)


@route("DELETE", "/v1/products/{}", "ProductDeleteParams")
def delete(account: Account, _params: Params, product_id: str) -> Object:
    product = account.get("product", product_id)
    if account.matching("price", product=product_id):
        raise invalid(
            "This product cannot be deleted because it has one or more user-created prices. You can archive it "
            "instead (active=false)."
        )
    account.emit("product.deleted", product)
    gone = {"id": product_id, "object": "product", "deleted": True}
    account.store.put({**gone, "created": product["created"]})
    return gone
