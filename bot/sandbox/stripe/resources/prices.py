"""Prices: one-time and recurring, per unit or tiered, in one or several currencies, found by lookup key."""

from __future__ import annotations

from decimal import Decimal

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import invalid, missing_param
from bot.sandbox.stripe.lists import page, search
from bot.sandbox.stripe.money import CURRENCIES, fraction, rounded, tiered
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.routing import Params, crud, route

from .product_objects import new_product

_LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}
_MOST = 99_999_999_999


def create(account: Account, params: Params) -> Object:
    price = build(account, params)
    if "lookup_key" in params:
        _take_lookup_key(account, params["lookup_key"], transfer=params.get("transfer_lookup_key", False))
    return account.add(price, "price.created")


def build(account: Account, params: Params, *, prefix: str = "") -> Object:
    """A price from its parameters, not kept yet. Raises Stripe's 400s."""
    currency = _currency(params["currency"].lower(), f"{prefix}currency")
    product = _product(account, params)
    recurring = _recurring(params.get("recurring"))
    scheme = params.get("billing_scheme", "per_unit")
    price: Object = {
        "id": account.new_id("price"),
        "object": "price",
        "active": params.get("active", True),
        "billing_scheme": scheme,
        "created": account.now(),
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": params.get("lookup_key"),
        "metadata": merge_metadata({}, params.get("metadata")),
        "nickname": params.get("nickname"),
        "product": product["id"],
        "recurring": recurring,
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": _transform(params.get("transform_quantity")),
        "type": "recurring" if recurring else "one_time",
        "unit_amount": None,
        "unit_amount_decimal": None,
    }
    if "custom_unit_amount" in params:
        raise invalid("The local Stripe does not know prices that the customer chooses.", "custom_unit_amount")
    if scheme == "tiered":
        if "tiers_mode" not in params or not params.get("tiers"):
            raise missing_param("tiers_mode" if "tiers_mode" not in params else "tiers")
        price["tiers_mode"] = params["tiers_mode"]
        price["tiers"] = _tiers(params["tiers"])
    else:
        price.update(_unit_amount(params, prefix))
    options = {currency: {**_option(price), **({"tiers": price["tiers"]} if "tiers" in price else {})}}
    for other, option in (params.get("currency_options") or {}).items():
        options[_currency(other.lower(), "currency_options")] = _foreign(option, scheme, price)
    price["currency_options"] = options
    return price


def _currency(currency: str, param: str) -> str:
    if currency not in CURRENCIES:
        raise invalid(
            f"Invalid currency: {currency[:20]}. Stripe currently supports these currencies: "
            f"{', '.join(sorted(CURRENCIES))}",
            param,
        )
    return currency


def _product(account: Account, params: Params) -> Object:
    if "product_data" in params:
        return new_product(account, params["product_data"])
    if "product" not in params:
        raise invalid("You must specify either `product` or `product_data` when creating a price.", "product")
    return account.get("product", params["product"], "product")


def _recurring(sent: Params | None) -> Object | None:
    if not sent:
        return None
    interval, count = sent["interval"], sent.get("interval_count", 1)
    if sent.get("usage_type", "licensed") != "licensed" or "meter" in sent:
        raise invalid("The local Stripe does not know metered prices.", "recurring[usage_type]")
    if not 1 <= count <= _LONGEST[interval]:
        raise invalid("Prices recur at least every three years.", "recurring[interval_count]")
    return {
        "interval": interval,
        "interval_count": count,
        "meter": None,
        "trial_period_days": sent.get("trial_period_days"),
        "usage_type": "licensed",
    }


def _transform(sent: Params | None) -> Object | None:
    if not sent:
        return None
    if sent["divide_by"] < 1:
        raise invalid("divide_by must be at least 1.", "transform_quantity[divide_by]")
    return {"divide_by": sent["divide_by"], "round": sent["round"]}


def _unit_amount(params: Params, prefix: str) -> Object:
    if ("unit_amount" in params) == ("unit_amount_decimal" in params):
        raise invalid("You must specify exactly one of `unit_amount` or `unit_amount_decimal`.", f"{prefix}unit_amount")
    text = str(params.get("unit_amount", params.get("unit_amount_decimal")))
    value = Decimal(text)
    if value < 0 or value > _MOST:
        raise invalid(f"Invalid amount: must lie between 0 and {_MOST}.", f"{prefix}unit_amount")
    whole = int(value) if value == value.to_integral_value() else None
    return {"unit_amount": whole, "unit_amount_decimal": f"{value.normalize():f}"}


def _tiers(sent: list[Params]) -> list[Object]:
    tiers, last = [], 0
    for number, tier in enumerate(sent):
        open_ended = tier["up_to"] == "inf"
        up_to = None if open_ended else int(tier["up_to"])
        if open_ended != (number == len(sent) - 1) or (up_to is not None and up_to <= last):
            raise invalid("Tiers ascend and only the last one ends at `inf`.", f"tiers[{number}][up_to]")
        if "unit_amount_decimal" in tier or "flat_amount_decimal" in tier:
            raise invalid("The local Stripe knows tiers in whole minor units only.", f"tiers[{number}]")
        last = up_to or last
        unit, flat = tier.get("unit_amount"), tier.get("flat_amount")
        tiers.append(
            {
                "flat_amount": flat,
                "flat_amount_decimal": None if flat is None else str(flat),
                "unit_amount": unit,
                "unit_amount_decimal": None if unit is None else str(unit),
                "up_to": up_to,
            }
        )
    return tiers


def _option(price: Object) -> Object:
    return {
        "custom_unit_amount": None,
        "tax_behavior": price["tax_behavior"],
        "unit_amount": price["unit_amount"],
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def _foreign(option: Params, scheme: str, price: Object) -> Object:
    shown = {**_option(price), "tax_behavior": option.get("tax_behavior", price["tax_behavior"])}
    if scheme == "tiered":
        return {**shown, "tiers": _tiers(option.get("tiers") or [])}
    return {**shown, **_unit_amount(option, "currency_options ")}


def _take_lookup_key(account: Account, key: str, *, transfer: bool) -> None:
    for holder in account.matching("price", lookup_key=key):
        if not transfer:
            raise invalid(
                f"A price (`{holder['id']}`) already uses that lookup key. You can use `transfer_lookup_key=true` to "
                "transfer it.",
                "lookup_key",
                "resource_already_exists",
            )
        holder["lookup_key"] = None
        account.save(holder, "price.updated")


def update(account: Account, params: Params, price_id: str) -> Object:
    price = account.get("price", price_id)
    if params.get("lookup_key") and params["lookup_key"] != price["lookup_key"]:
        _take_lookup_key(account, params["lookup_key"], transfer=params.get("transfer_lookup_key", False))
    if "lookup_key" in params:
        price["lookup_key"] = params["lookup_key"] or None
    if params.get("tax_behavior", price["tax_behavior"]) != price["tax_behavior"]:
        if price["tax_behavior"] != "unspecified":
            raise invalid("The tax behavior of a price cannot be changed once it is set.", "tax_behavior")
        price["tax_behavior"] = params["tax_behavior"]
    for name in ("active", "nickname"):
        if name in params:
            price[name] = params[name]
    for currency, option in (params.get("currency_options") or {}).items():
        if currency.lower() == price["currency"]:
            raise invalid("The amount of a price cannot be changed.", "currency_options")
        price["currency_options"][_currency(currency.lower(), "currency_options")] = _foreign(
            option, price["billing_scheme"], price
        )
    price["metadata"] = merge_metadata(price["metadata"], params.get("metadata"))
    return account.save(price, "price.updated")


def in_currency(price: Object, currency: str, param: str = "currency") -> Object:
    """The option of a price in a currency; 400 where the price has none."""
    option = price["currency_options"].get(currency)
    if option is None:
        raise invalid(
            f"The price specified supports currencies of `{'`, `'.join(sorted(price['currency_options']))}`. This "
            f"doesn't match the expected currency: `{currency}`.",
            param,
        )
    return option  # type: ignore[no-any-return]  # JSON of ours


def amount_for(price: Object, quantity: int, currency: str) -> int:
    """What a quantity costs in the currency's minor unit, rounded half up once (tiers, packages, decimals)."""
    option = in_currency(price, currency)
    if price["billing_scheme"] == "tiered":
        return tiered(quantity, option["tiers"], price["tiers_mode"])
    if (transform := price["transform_quantity"]) is not None:
        whole, rest = divmod(quantity, transform["divide_by"])
        quantity = whole + (1 if rest and transform["round"] == "up" else 0)
    return rounded(quantity * fraction(option["unit_amount_decimal"]))


def interval_of(price: Object) -> tuple[str, int]:
    """(interval, count) of a recurring price."""
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


crud("Price", "/v1/prices", kind="price", create=create, update=update)


@route("GET", "/v1/prices", "PriceListParams")
def list_prices(account: Account, params: Params) -> Object:
    keys = params.pop("lookup_keys", [])
    extra = {"lookup_key": keys} if keys else {}
    return page(account, "price", "/v1/prices", params, "active", "currency", "product", "type", **extra)


@route("GET", "/v1/prices/search", "PriceSearchParams")
def search_prices(account: Account, params: Params) -> Object:
    fields = frozenset({"active", "currency", "lookup_key", "metadata", "product", "type"})
    return search(account, "price", "/v1/prices/search", params, fields)
