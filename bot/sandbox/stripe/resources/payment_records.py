"""Payment records: payments outside Stripe (a check, a bank transfer), reported so that invoices know of them."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import invalid, missing_param
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.money import CURRENCIES
from bot.sandbox.stripe.objects import Object, address, merge_metadata
from bot.sandbox.stripe.routing import Params, route

from .invoice_payments import record_changed

_MOMENTS = {"guaranteed": "guaranteed_at", "failed": "failed_at", "canceled": "canceled_at"}


@route("POST", "/v1/payment_records/report_payment", "PaymentRecordReportPaymentParams")
def report_payment(account: Account, params: Params) -> Object:
    """Report a payment and, with `outcome`, how it ended; without, it is on its way."""
    for name in {"shipping_details"} & set(params):
        raise invalid(f"The local Stripe does not know {name} of payment records.", name)
    asked = params["amount_requested"]
    currency = asked["currency"].lower()
    if currency not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}.", "amount_requested[currency]")
    if asked["value"] <= 0:
        raise invalid("Invalid positive integer", "amount_requested[value]", "parameter_invalid_integer")
    _check_not_ahead(account, params["initiated_at"], "initiated_at")
    customer = params.get("customer_details") or {}
    if "customer" in customer:
        account.get("customer", customer["customer"], "customer_details[customer]")
    record = _record(account, params, asked["value"], currency)
    account.add(record)
    if "outcome" in params:
        return _close(account, record, params["outcome"], params)
    for name in set(_MOMENTS) & set(params):
        raise invalid(f"{name} can only be given together with outcome={name}.", name)
    return record


def _record(account: Account, params: Params, value: int, currency: str) -> Object:
    customer = params.get("customer_details") or {}
    processor = params.get("processor_details")
    nothing = {"currency": currency, "value": 0}
    return {
        "id": account.new_id("pr"),
        "object": "payment_record",
        "amount": {"currency": currency, "value": value},
        "amount_authorized": nothing,
        "amount_canceled": nothing,
        "amount_failed": nothing,
        "amount_guaranteed": nothing,
        "amount_refunded": nothing,
        "amount_requested": {"currency": currency, "value": value},
        "application": None,
        "created": account.now(),
        "customer_details": {name: customer.get(name) for name in ("customer", "email", "name", "phone")}
        if customer
        else None,
        "customer_presence": params.get("customer_presence"),
        "description": params.get("description"),
        "latest_payment_attempt_record": account.new_id("par"),
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "payment_method_details": _method_details(account, params["payment_method_details"]),
        "processor_details": {"custom": {"payment_reference": None}, "type": "custom"}
        if processor is None
        else {"custom": _custom(processor), "type": "custom"},
        "reported_by": "self",
        "shipping_details": None,
        "_attached": None,
        "_refund_groups": {},
    }


def _custom(processor: Params) -> Params:
    if "custom" not in processor:
        raise missing_param("processor_details[custom]")
    return {**processor["custom"]}


def _method_details(account: Account, sent: Params) -> Object:
    """A custom payment method by its name, or one of ours by its id."""
    method = (
        account.get("payment_method", sent["payment_method"], "payment_method_details[payment_method]")
        if "payment_method" in sent
        else None
    )
    if method is None and not (sent.get("custom") or {}).get("display_name"):
        raise missing_param("payment_method_details[custom][display_name]")
    billing = sent.get("billing_details") or {}
    return {
        "billing_details": {
            "address": address(billing.get("address") or {"city": None}),
            **{name: billing.get(name) for name in ("email", "name", "phone")},
        },
        "custom": None
        if method is not None
        else {"display_name": sent["custom"]["display_name"], "type": sent["custom"].get("type")},
        "payment_method": method and method["id"],
        "type": "card" if method is not None else "custom",
    }


def _check_not_ahead(account: Account, moment: int, param: str) -> None:
    if moment > account.now():
        raise invalid(f"{param} cannot be in the future.", param)


def _close(account: Account, record: Object, outcome: str, sent: Params) -> Object:
    """The payment is guaranteed, has failed or was canceled; an invoice that it is attached to hears of it."""
    if outcome not in sent:
        raise missing_param(outcome)
    _check_not_ahead(account, sent[outcome][_MOMENTS[outcome]], f"{outcome}[{_MOMENTS[outcome]}]")
    if any(record[f"amount_{state}"]["value"] for state in _MOMENTS):
        raise invalid("The outcome of this payment has been reported already.")
    asked = record["amount_requested"]
    record[f"amount_{outcome}"] = {**asked}
    account.save(record)
    record_changed(account, record)
    return account.get("payment_record", record["id"])


@route("GET", "/v1/payment_records", "PaymentRecordListParams")
def list_records(account: Account, params: Params) -> Object:
    created = {"gte": "created_after", "lte": "created_before"}
    window = {operator: params.pop(name) for operator, name in created.items() if name in params}
    return page(account, "payment_record", "/v1/payment_records", {**params, "created": window})


@route("GET", "/v1/payment_records/{}", "PaymentRecordRetrieveParams")
def retrieve(account: Account, _params: Params, record_id: str) -> Object:
    return account.get("payment_record", record_id)


def _report(outcome: str) -> None:
    noun = f"PaymentRecordReportPaymentAttempt{outcome.capitalize()}Params"

    @route("POST", f"/v1/payment_records/{{}}/report_payment_attempt_{outcome}", noun)
    def report(account: Account, params: Params, record_id: str) -> Object:
        record = account.get("payment_record", record_id)
        record["metadata"] = merge_metadata(record["metadata"], params.get("metadata"))
        return _close(account, record, outcome, {outcome: params})


for _outcome in _MOMENTS:
    _report(_outcome)


@route("POST", "/v1/payment_records/{}/report_refund", "PaymentRecordReportRefundParams")
def report_refund(account: Account, params: Params, record_id: str) -> Object:
    """Report money that was given back outside Stripe; never more than was received."""
    record = account.get("payment_record", record_id)
    left = record["amount_guaranteed"]["value"] - record["amount_refunded"]["value"]
    amount = params.get("amount") or {"currency": record["amount"]["currency"], "value": left}
    if amount["currency"].lower() != record["amount"]["currency"]:
        raise invalid("A refund has the currency of the payment.", "amount[currency]")
    if left == 0:
        raise invalid("There is nothing of this payment left to refund.", "amount[value]")
    if amount["value"] <= 0:
        raise invalid("Invalid positive integer", "amount[value]", "parameter_invalid_integer")
    if amount["value"] > left:
        raise invalid(f"Refund amount ({amount['value']}) is greater than what is left ({left}).", "amount[value]")
    if "custom" not in params["processor_details"]:
        raise missing_param("processor_details[custom]")
    if "refunded" not in params:
        raise missing_param("refunded")
    _check_not_ahead(account, params["refunded"]["refunded_at"], "refunded[refunded_at]")
    group = params["processor_details"]["custom"]["refund_reference"]
    groups = record["_refund_groups"]
    groups[group] = groups.get(group, 0) + amount["value"]
    refunded = record["amount_refunded"]["value"] + amount["value"]
    record["amount_refunded"] = {"currency": record["amount"]["currency"], "value": refunded}
    record["metadata"] = merge_metadata(record["metadata"], params.get("metadata"))
    return account.save(record)
