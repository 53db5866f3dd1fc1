"""Customers, their balance, their tax ids, and the lists that hang on them."""

from __future__ import annotations

from bot.sandbox.stripe.account import TEST_CLOCK, Account
from bot.sandbox.stripe.errors import invalid
from bot.sandbox.stripe.lists import page, search
from bot.sandbox.stripe.objects import Object, address, id_of, merge_metadata
from bot.sandbox.stripe.routing import Params, only, route

from .balances import change_balance
from .invoice_drafts import follow_customer
from .payment_methods import attach_to, own_payment_method, take_away
from .subscriptions import end
from .tax_ids import check_tax_id

_MOST_ON_A_CLOCK = 3
_PLAIN = ("description", "email", "name", "phone", "business_name", "individual_name")
_CHANGEABLE = (
    *_PLAIN,
    "address",
    "balance",
    "invoice_prefix",
    "invoice_settings",
    "metadata",
    "next_invoice_sequence",
    "preferred_locales",
    "shipping",
    "tax_exempt",
)


def create(account: Account, params: Params) -> Object:
    only(params, "customers", *_CHANGEABLE, "payment_method", "tax_id_data", "test_clock")
    customer: Object = {
        "id": account.new_id("cus")[:18],
        "object": "customer",
        "address": None,
        "balance": 0,
        "business_name": None,
        "created": account.now(),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "individual_name": None,
        "invoice_credit_balance": {},
        "invoice_prefix": account.new_id("in")[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": _test_clock(account, params.pop("test_clock", None)),
    }
    token = params.pop("payment_method", None)
    tax_ids = params.pop("tax_id_data", [])
    balance = params.pop("balance", 0)
    _apply(account, customer, params)
    account.add(customer, "customer.created")
    if token is not None:
        attach_to(account, token, customer["id"], "payment_method")
    for entry in tax_ids:
        _add_tax_id(account, customer["id"], entry)
    if balance:
        change_balance(account, customer["id"], balance, "initial", currency="usd")
        customer = account.get("customer", customer["id"])
    return customer


def _test_clock(account: Account, clock_id: str | None) -> str | None:
    """A clock has at most three customers (docs: "Test clocks", limitations)."""
    if clock_id is None:
        return None
    account.get(TEST_CLOCK, clock_id, "test_clock")
    if len(account.matching("customer", test_clock=clock_id)) >= _MOST_ON_A_CLOCK:
        raise invalid(f"A test clock has at most {_MOST_ON_A_CLOCK} customers.", "test_clock")
    return clock_id


def update(account: Account, params: Params, customer_id: str) -> Object:
    only(params, "customers", *_CHANGEABLE)
    customer = account.get("customer", customer_id)
    if "balance" in params:
        difference = params.pop("balance") - customer["balance"]
        if difference:
            change_balance(account, customer_id, difference, "adjustment", currency=customer["currency"] or "usd")
            customer = account.get("customer", customer_id)
    _apply(account, customer, params)
    saved = account.save(customer, "customer.updated")
    follow_customer(account, saved)
    return saved


def _apply(account: Account, customer: Object, params: Params) -> None:
    for name in _PLAIN:
        if name in params:
            customer[name] = params[name] or None
    if "email" in params and params["email"] and "@" not in params["email"]:
        raise invalid(f"Invalid email address: {params['email']}", "email", "email_invalid")
    if "address" in params:
        customer["address"] = address(params["address"])
    if "shipping" in params:
        shipping = params["shipping"]
        customer["shipping"] = shipping and {
            "address": address(shipping.get("address")),
            "carrier": None,
            "name": shipping.get("name"),
            "phone": shipping.get("phone") or None,
            "tracking_number": None,
        }
        customer["shipping"] = customer["shipping"] or None
    for name in ("preferred_locales", "tax_exempt", "invoice_prefix", "next_invoice_sequence"):
        if name in params:
            customer[name] = params[name] or ("none" if name == "tax_exempt" else [])
    if "invoice_settings" in params:
        _apply_invoice_settings(account, customer, params["invoice_settings"])
    customer["metadata"] = merge_metadata(customer["metadata"], params.get("metadata"))


def _apply_invoice_settings(account: Account, customer: Object, settings: Params) -> None:
    current = customer["invoice_settings"]
    if "default_payment_method" in settings:
        wanted = settings["default_payment_method"] or None
        if wanted:
            own_payment_method(account, customer["id"], wanted, "invoice_settings[default_payment_method]")
        current["default_payment_method"] = wanted
    for name in ("custom_fields", "footer", "rendering_options"):
        if name in settings:
            current[name] = settings[name] or None


route("POST", "/v1/customers", "CustomerCreateParams")(create)
route("POST", "/v1/customers/{}", "CustomerUpdateParams")(update)


@route("GET", "/v1/customers", "CustomerListParams")
def list_customers(account: Account, params: Params) -> Object:
    """Customers on a test clock are shown only when asked for (docs: "List all customers")."""
    clock = params.get("test_clock")
    return page(account, "customer", "/v1/customers", params, "email", test_clock=clock)


@route("GET", "/v1/customers/search", "CustomerSearchParams")
def search_customers(account: Account, params: Params) -> Object:
    fields = frozenset({"created", "email", "metadata", "name", "phone"})
    return search(account, "customer", "/v1/customers/search", params, fields)


@route("GET", "/v1/customers/{}", "CustomerRetrieveParams")
def retrieve(account: Account, _params: Params, customer_id: str) -> Object:
    """A deleted customer is answered as such."""
    body = account.store.get(customer_id)
    if body is not None and body["object"] == "customer" and body.get("deleted"):
        return {name: body[name] for name in ("id", "object", "deleted")}
    return account.get("customer", customer_id)


@route("DELETE", "/v1/customers/{}", "CustomerDeleteParams")
def delete(account: Account, _params: Params, customer_id: str) -> Object:
    """Deleting a customer ends its subscriptions at once; what was invoiced stays."""
    customer = account.get("customer", customer_id)
    for subscription in account.matching("subscription", customer=customer_id, ended=False):
        end(account, subscription, reason="cancellation_requested")
    for method in account.matching("payment_method", customer=customer_id):
        take_away(account, method)
    account.emit("customer.deleted", customer)
    gone = {"id": customer_id, "object": "customer", "deleted": True}
    account.store.put({**gone, "created": customer["created"]})
    return gone


@route("POST", "/v1/customers/{}/balance_transactions", "CustomerBalanceTransactionCreateParams")
def create_transaction(account: Account, params: Params, customer_id: str) -> Object:
    return change_balance(
        account,
        customer_id,
        params["amount"],
        "adjustment",
        currency=params["currency"],
        description=params.get("description"),
        metadata=merge_metadata({}, params.get("metadata")),
    )


@route("GET", "/v1/customers/{}/balance_transactions", "CustomerBalanceTransactionListParams")
def list_transactions(account: Account, params: Params, customer_id: str) -> Object:
    account.get("customer", customer_id)
    url = f"/v1/customers/{customer_id}/balance_transactions"
    return page(account, "customer_balance_transaction", url, params, "invoice", customer=customer_id)


@route("GET", "/v1/customers/{}/balance_transactions/{}", "CustomerBalanceTransactionRetrieveParams")
def retrieve_transaction(account: Account, _params: Params, customer_id: str, transaction_id: str) -> Object:
    account.get("customer", customer_id)
    return account.get("customer_balance_transaction", transaction_id)


def _add_tax_id(account: Account, customer_id: str, params: Params) -> Object:
    check_tax_id(params["type"], params["value"])
    tax_id = {
        "id": account.new_id("txi"),
        "object": "tax_id",
        "country": params["type"][:2].upper() if params["type"] != "eu_vat" else params["value"][:2].upper(),
        "created": account.now(),
        "customer": customer_id,
        "customer_account": None,
        "livemode": False,
        "owner": {"customer": customer_id, "type": "customer"},
        "type": params["type"],
        "value": params["value"],
        "verification": {"status": "unavailable", "verified_address": None, "verified_name": None},
    }
    return account.add(tax_id, "customer.tax_id.created")


@route("POST", "/v1/customers/{}/tax_ids", "CustomerTaxIdCreateParams")
def create_tax_id(account: Account, params: Params, customer_id: str) -> Object:
    customer = account.get("customer", customer_id)
    tax_id = _add_tax_id(account, customer_id, params)
    follow_customer(account, customer)
    return tax_id


@route("GET", "/v1/customers/{}/tax_ids", "CustomerTaxIdListParams")
def list_tax_ids(account: Account, params: Params, customer_id: str) -> Object:
    account.get("customer", customer_id)
    return page(account, "tax_id", f"/v1/customers/{customer_id}/tax_ids", params, customer=customer_id)


@route("DELETE", "/v1/customers/{}/tax_ids/{}", "CustomerTaxIdDeleteParams")
def delete_tax_id(account: Account, _params: Params, customer_id: str, tax_id: str) -> Object:
    body = account.get("tax_id", tax_id)
    customer = account.get("customer", customer_id)
    account.emit("customer.tax_id.deleted", body)
    account.store.remove(tax_id)
    follow_customer(account, customer)
    return {"id": tax_id, "object": "tax_id", "deleted": True}


@route("GET", "/v1/customers/{}/payment_methods", "CustomerPaymentMethodListParams")
def list_payment_methods(account: Account, params: Params, customer_id: str) -> Object:
    account.get("customer", customer_id)
    url = f"/v1/customers/{customer_id}/payment_methods"
    return page(account, "payment_method", url, params, "type", customer=customer_id)


@route("GET", "/v1/customers/{}/payment_methods/{}", "CustomerPaymentMethodRetrieveParams")
def retrieve_payment_method(account: Account, _params: Params, customer_id: str, method_id: str) -> Object:
    return own_payment_method(account, id_of(account.get("customer", customer_id)), method_id, "payment_method")
