"""Coupons, promotion codes, and the discounts that come of redeeming them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.sandbox.stripe.account import Account, due
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.money import CURRENCIES
from bot.sandbox.stripe.objects import Object, merge_metadata, new_id
from bot.sandbox.stripe.periods import add_months
from bot.sandbox.stripe.routing import Params, crud, route


def create(account: Account, params: Params) -> Object:
    coupon_id = params.get("id") or new_id("c", 8)[2:]
    if account.store.get(coupon_id) is not None:
        raise invalid("Coupon already exists.", "id", "resource_already_exists")
    if ("percent_off" in params) == ("amount_off" in params):
        raise invalid("You must pass either `percent_off` or `amount_off`, not both.", "percent_off")
    percent = Decimal(params["percent_off"]) if "percent_off" in params else None
    if percent is not None and not 0 < percent <= 100:
        raise invalid("Invalid percent_off: must be above 0 and not above 100.", "percent_off")
    if params.get("amount_off", 1) <= 0:
        raise invalid("Invalid positive integer", "amount_off", "parameter_invalid_integer")
    currency = params.get("currency", "").lower() or None
    if "amount_off" in params and (currency is None or currency not in CURRENCIES):
        raise invalid("You must pass a supported currency when passing amount_off", "currency")
    duration = params.get("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in params):
        raise invalid("duration_in_months is required with, and only with, duration=repeating.", "duration_in_months")
    coupon: Object = {
        "id": coupon_id,
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": account.now(),
        "currency": currency if "amount_off" in params else None,
        "duration": duration,
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merge_metadata({}, params.get("metadata")),
        "name": params.get("name"),
        "percent_off": None if percent is None else float(percent),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }
    if params.get("applies_to"):
        products = params["applies_to"].get("products", [])
        for product in products:
            account.get("product", product, "applies_to[products]")
        coupon["applies_to"] = {"products": products}
    if coupon["amount_off"]:
        options = {other.lower(): {"amount_off": o["amount_off"]} for other, o in _options(params).items()}
        coupon["currency_options"] = {currency: {"amount_off": coupon["amount_off"]}, **options}
    if coupon["redeem_by"] is not None:
        if coupon["redeem_by"] <= account.now():
            raise invalid("redeem_by must be in the future.", "redeem_by")
        account.plan(coupon["redeem_by"], "coupon.expire", coupon_id)
    return account.add(coupon, "coupon.created")


def _options(params: Params) -> dict[str, Any]:
    return params.get("currency_options") or {}


@due("coupon.expire")
def _expire(account: Account, coupon_id: str) -> None:
    coupon = account.find("coupon", coupon_id)
    if coupon is not None and coupon["valid"]:
        coupon["valid"] = False
        account.save(coupon, "coupon.updated")


def update(account: Account, params: Params, coupon_id: str) -> Object:
    coupon = account.get("coupon", coupon_id)
    if "name" in params:
        coupon["name"] = params["name"]
    for currency, option in _options(params).items():
        coupon.setdefault("currency_options", {})[currency.lower()] = {"amount_off": option["amount_off"]}
    coupon["metadata"] = merge_metadata(coupon["metadata"], params.get("metadata"))
    return account.save(coupon, "coupon.updated")


crud("Coupon", "/v1/coupons", kind="coupon", create=create, update=update)


@route("GET", "/v1/coupons", "CouponListParams")
def list_coupons(account: Account, params: Params) -> Object:
    return page(account, "coupon", "/v1/coupons", params)


@route("DELETE", "/v1/coupons/{}", "CouponDeleteParams")
def delete(account: Account, _params: Params, coupon_id: str) -> Object:
    """Nobody can redeem it any more; discounts that came of it stay."""
    coupon = account.get("coupon", coupon_id)
    account.emit("coupon.deleted", coupon)
    account.store.put({**coupon, "deleted": True, "valid": False})
    return {"id": coupon_id, "object": "coupon", "deleted": True}


def create_code(account: Account, params: Params) -> Object:
    coupon = account.get("coupon", params["promotion"].get("coupon", ""), "promotion[coupon]")
    if not coupon["valid"]:
        raise invalid(f"Coupon is not valid: {coupon['id']}", "promotion[coupon]")
    code = params.get("code") or new_id("c", 8)[2:].upper()
    if account.matching("promotion_code", code=code.lower(), active=True):
        raise invalid(
            "An active promotion code with `code: " + code + "` already exists.", "code", "resource_already_exists"
        )
    if params.get("customer"):
        account.get("customer", params["customer"], "customer")
    restrictions = params.get("restrictions") or {}
    promotion_code: Object = {
        "id": account.new_id("promo"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": code,
        "created": account.now(),
        "customer": params.get("customer"),
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merge_metadata({}, params.get("metadata")),
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": {
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": restrictions.get("minimum_amount"),
            "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
        },
        "times_redeemed": 0,
    }
    if promotion_code["expires_at"] is not None:
        account.plan(promotion_code["expires_at"], "promotion_code.expire", promotion_code["id"])
    return account.add(promotion_code, "promotion_code.created")


@due("promotion_code.expire")
def _expire_code(account: Account, code_id: str) -> None:
    code = account.find("promotion_code", code_id)
    if code is not None and code["active"]:
        code["active"] = False
        account.save(code, "promotion_code.updated")


def update_code(account: Account, params: Params, code_id: str) -> Object:
    code = account.get("promotion_code", code_id)
    if params.get("active"):
        if not account.get("coupon", code["promotion"]["coupon"])["valid"] or _used_up(code):
            raise invalid("This promotion code cannot be activated: it or its coupon is used up or expired.", "active")
        if code["expires_at"] is not None and code["expires_at"] <= account.now():
            raise invalid("This promotion code is expired.", "active")
    if "active" in params:
        code["active"] = params["active"]
    code["metadata"] = merge_metadata(code["metadata"], params.get("metadata"))
    return account.save(code, "promotion_code.updated")


crud("PromotionCode", "/v1/promotion_codes", kind="promotion_code", create=create_code, update=update_code)


@route("GET", "/v1/promotion_codes", "PromotionCodeListParams")
def list_codes(account: Account, params: Params) -> Object:
    extra = {"code": params["code"].lower()} if "code" in params else {}
    return page(account, "promotion_code", "/v1/promotion_codes", params, "active", "coupon", "customer", **extra)


def _used_up(holder: Object) -> bool:
    return holder["max_redemptions"] is not None and holder["times_redeemed"] >= holder["max_redemptions"]


def give_to_customer(account: Account, customer: Object, coupon_id: str) -> Object:
    """A discount for whatever the customer is billed; only the Dashboard and older versions of the API give one."""
    discounts = redeem(account, [{"coupon": coupon_id}], customer["id"], customer["currency"] or "", param="coupon")
    keep_discounts(account, discounts)
    customer["discount"] = discounts[0]
    return account.save(customer, "customer.updated")


def inherited(account: Account, customer: Object) -> list[Params]:
    """What is billed has the customer's discount, unless it brings its own."""
    discount = customer["discount"]
    in_force = discount and (discount["end"] is None or discount["end"] > account.now())
    return [{"discount": discount["id"]}] if in_force else []


def redeem(
    account: Account,
    sent: list[Params],
    customer_id: str | None,
    currency: str,
    *,
    param: str = "discounts",
    since: int | None = None,
) -> list[Object]:
    """Discounts for what was sent as `discounts` (coupon, promotion_code or an existing discount), not kept yet.

    `since` is a backdated subscription's start, from which its coupons count (docs: "Backdating and discounts").
    Raises Stripe's 400s: unknown, expired, used up, restricted to another customer, in another currency.
    """
    found = []
    for number, entry in enumerate(sent):
        where = f"{param}[{number}]"
        if len(set(entry) & {"coupon", "promotion_code", "discount"}) != 1:
            raise invalid("You may only specify one of these parameters: coupon, discount, promotion_code.", where)
        if "discount" in entry:
            found.append(account.get("discount", entry["discount"], f"{where}[discount]"))
            continue
        code = None
        coupon_id = entry.get("coupon")
        if "promotion_code" in entry:
            code = account.get("promotion_code", entry["promotion_code"], f"{where}[promotion_code]")
            _check_code(code, customer_id, where)
            _check_first_time(account, code, customer_id, where)
            coupon_id = code["promotion"]["coupon"]
        coupon = account.get("coupon", str(coupon_id), f"{where}[coupon]")
        _check_coupon(coupon, currency, where)
        discount = _discount(coupon, code, customer_id, account.new_id("di"), account.now() if since is None else since)
        if discount["end"] is not None and discount["end"] <= account.now():
            raise invalid("The local Stripe does not know coupons that end within the backdated time.", where)
        found.append(discount)
    return found


def _check_coupon(coupon: Object, currency: str, param: str) -> None:
    if not coupon["valid"] or _used_up(coupon):
        raise invalid(f"Coupon expired: {coupon['id']}", f"{param}[coupon]", "coupon_expired")
    if coupon["amount_off"] is not None and currency not in coupon["currency_options"]:
        raise invalid(
            f"The coupon's currency ({coupon['currency']}) does not match the currency of what it is applied to "
            f"({currency}).",
            f"{param}[coupon]",
        )


def _check_code(code: Object, customer_id: str | None, param: str) -> None:
    if not code["active"] or _used_up(code):
        raise invalid("This promotion code is expired or used up.", f"{param}[promotion_code]", "coupon_expired")
    if code["customer"] is not None and code["customer"] != customer_id:
        raise invalid("This promotion code cannot be redeemed by this customer.", f"{param}[promotion_code]")


def _check_first_time(account: Account, code: Object, customer_id: str | None, param: str) -> None:
    if not code["restrictions"]["first_time_transaction"] or customer_id is None:
        return
    if account.store.find("invoice", {"customer": customer_id, "status": "paid"}, limit=1):
        raise ApiError(
            "This promotion code cannot be redeemed because the associated customer has prior transactions.",
            param=f"{param}[promotion_code]",
            code="customer_has_prior_transactions",
        )


def _discount(coupon: Object, code: Object | None, customer_id: str | None, discount_id: str, start: int) -> Object:
    return {
        "id": discount_id,
        "object": "discount",
        "checkout_session": None,
        "customer": customer_id,
        "customer_account": None,
        "end": add_months(start, coupon["duration_in_months"]) if coupon["duration"] == "repeating" else None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": code["id"] if code else None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": start,
        "subscription": None,
        "subscription_item": None,
    }


def keep_discounts(account: Account, discounts: list[Object], **about: str) -> list[str]:
    """Keep new discounts for a subscription or invoice and count the redemptions. Returns their ids."""
    for discount in discounts:
        if account.store.get(discount["id"]) is not None:
            continue
        discount.update(about)
        account.add(discount, "customer.discount.created")
        _count(account, account.store.get(discount["source"]["coupon"]))
        if discount["promotion_code"]:
            _count(account, account.store.get(discount["promotion_code"]))
    return [discount["id"] for discount in discounts]


def _count(account: Account, holder: Object | None) -> None:
    if holder is None:
        return
    holder["times_redeemed"] += 1
    if _used_up(holder):
        holder["valid" if holder["object"] == "coupon" else "active"] = False
    account.save(holder, f"{holder['object']}.updated")
