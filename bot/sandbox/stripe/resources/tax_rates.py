"""Tax rates, given by hand (automatic tax is not here)."""

from __future__ import annotations

from decimal import Decimal

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.routing import Params, crud, route

_DESCRIPTIVE = ("country", "description", "jurisdiction", "state", "tax_type")


def create(account: Account, params: Params) -> Object:
    percentage = Decimal(params["percentage"])
    if not 0 <= percentage <= 100:
        raise invalid("Invalid percentage: must lie between 0 and 100.", "percentage")
    tax_rate: Object = {
        "id": account.new_id("txr"),
        "object": "tax_rate",
        "active": params.get("active", True),
        "created": account.now(),
        "display_name": params["display_name"],
        "effective_percentage": None,
        "flat_amount": None,
        "inclusive": params["inclusive"],
        "jurisdiction_level": None,
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "percentage": float(percentage),
        "rate_type": None,
        **{name: params.get(name) for name in _DESCRIPTIVE},
    }
    return account.add(tax_rate, "tax_rate.created")


def update(account: Account, params: Params, rate_id: str) -> Object:
    tax_rate = account.get("tax_rate", rate_id)
    for name in ("active", "display_name", *_DESCRIPTIVE):
        if name in params:
            tax_rate[name] = params[name]
    tax_rate["metadata"] = merge_metadata(tax_rate["metadata"], params.get("metadata"))
    return account.save(tax_rate, "tax_rate.updated")


def usable(account: Account, sent: list[str] | str | None, param: str) -> list[Object]:
    """The tax rates of a parameter; 400 for an unknown or archived one."""
    rates = [account.get("tax_rate", rate_id, param) for rate_id in sent or []]
    for rate in rates:
        if not rate["active"]:
            raise invalid(f"The tax rate {rate['id']} is archived and cannot be used for new objects.", param)
    return rates


crud("TaxRate", "/v1/tax_rates", kind="tax_rate", create=create, update=update)


@route("GET", "/v1/tax_rates", "TaxRateListParams")
def list_tax_rates(account: Account, params: Params) -> Object:
    return page(account, "tax_rate", "/v1/tax_rates", params, "active", "inclusive")
