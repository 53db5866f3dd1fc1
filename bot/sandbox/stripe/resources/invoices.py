"""The endpoints of invoices, invoice payments and invoice items."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.lists import page, page_of_list
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.routing import Params, crud, only, route

from . import collection, invoice_drafts, invoicing
from .coupons import inherited, keep_discounts, redeem
from .invoice_items import add_new, take_pending
from .invoice_payments import attach_intent, attach_record, pay_out_of_band
from .payment_methods import own_payment_method, resolve
from .payments import check_not_too_small
from .tax_rates import usable


def create(account: Account, params: Params) -> Object:
    known = {"customer", "auto_advance", "collection_method", "currency", "days_until_due", "default_payment_method"}
    known |= {"default_tax_rates", "description", "discounts", "due_date", "metadata", "pending_invoice_items_behavior"}
    known |= {"footer", "custom_fields", "number"}
    for name in set(params) - known:
        raise invalid(f"The local Stripe does not know {name} of invoices.", name)
    if "customer" not in params:
        raise ApiError("Missing required param: customer.", param="customer", code="parameter_missing")
    customer = account.get("customer", params["customer"], "customer")
    currency = str(params.get("currency") or customer["currency"] or "usd").lower()
    collection = params.get("collection_method", "charge_automatically")
    if collection == "send_invoice" and "days_until_due" not in params and "due_date" not in params:
        raise invalid("If collection_method is send_invoice, days_until_due or due_date is required.", "days_until_due")
    if params.get("default_payment_method"):
        own_payment_method(account, customer["id"], params["default_payment_method"], "default_payment_method")
    sent = (params["discounts"] or []) if "discounts" in params else inherited(account, customer)
    discounts = redeem(account, sent, customer["id"], currency)
    invoice = invoice_drafts.draft(
        account,
        customer,
        [],
        currency=currency,
        reason="manual",
        discounts=discounts,
        collection_method=collection,
        days_until_due=params.get("days_until_due"),
        default_payment_method=params.get("default_payment_method"),
        default_tax_rates=usable(account, params.get("default_tax_rates"), "default_tax_rates"),
        description=params.get("description"),
        metadata=merge_metadata({}, params.get("metadata")),
        auto_advance=params.get("auto_advance", False),
    )
    invoice["due_date"] = params.get("due_date")
    _check_custom_fields(params.get("custom_fields") or [])
    for name in ("footer", "custom_fields"):
        invoice[name] = params.get(name) or invoice[name]
    _set_number(account, invoice, params)
    keep_discounts(account, discounts, invoice=invoice["id"])
    if params.get("pending_invoice_items_behavior") == "include":
        take_pending(account, invoice, currency)
    invoice_drafts.keep(account, invoice)
    if invoice["auto_advance"]:
        invoicing.finalize_later(account, invoice)
    return invoice


def update(account: Account, params: Params, invoice_id: str) -> Object:
    invoice = account.get("invoice", invoice_id)
    free = {"metadata", "auto_advance", "default_payment_method", "description"}
    drafts_only = {"collection_method", "days_until_due", "default_tax_rates", "discounts", "due_date", "footer"}
    drafts_only |= {"number"}
    for name in set(params) - free - drafts_only:
        raise invalid(f"The local Stripe does not change {name} of invoices.", name)
    if invoice["status"] != "draft" and set(params) & drafts_only:
        raise ApiError("Finalized invoices can't be updated in this way", code="invoice_not_editable")
    if "default_tax_rates" in params:
        invoice["default_tax_rates"] = usable(account, params["default_tax_rates"], "default_tax_rates")
    if "discounts" in params:
        discounts = redeem(account, params["discounts"] or [], invoice["customer"], invoice["currency"])
        invoice["discounts"] = keep_discounts(account, discounts, invoice=invoice_id)
    if params.get("default_payment_method"):
        own_payment_method(account, invoice["customer"], params["default_payment_method"], "default_payment_method")
    for name in ("auto_advance", "collection_method", "default_payment_method", "description", "due_date", "footer"):
        if name in params:
            invoice[name] = params[name]
    _set_number(account, invoice, params)
    if "days_until_due" in params:
        invoice["_days_until_due"] = params["days_until_due"]
    invoice["metadata"] = merge_metadata(invoice["metadata"], params.get("metadata"))
    if invoice["status"] == "draft":
        invoice_drafts.recompute(account, invoice)
    return account.save(invoice, "invoice.updated")


def _check_custom_fields(sent: list[Params]) -> None:
    """At most four, each with a name of up to 40 characters and a value of up to 140."""
    if len(sent) > 4:
        raise invalid("You may only specify up to 4 custom fields.", "custom_fields")
    for number, field in enumerate(sent):
        for name, longest in (("name", 40), ("value", 140)):
            if not 1 <= len(field.get(name) or "") <= longest:
                raise invalid(f"Must have 1 to {longest} characters.", f"custom_fields[{number}][{name}]")


def _set_number(account: Account, invoice: Object, params: Params) -> None:
    """A number of the seller's own, which no other invoice may have; "" takes it away again."""
    if "number" not in params:
        return
    number = params["number"] or None
    others = account.matching("invoice", number=number) if number else []
    if any(other["id"] != invoice["id"] for other in others):
        raise invalid(f"An invoice with the number {number} exists already.", "number")
    invoice["number"] = number


crud("Invoice", "/v1/invoices", kind="invoice", create=create, update=update)


@route("GET", "/v1/invoices", "InvoiceListParams")
def list_invoices(account: Account, params: Params) -> Object:
    return page(account, "invoice", "/v1/invoices", params, "customer", "status", "subscription", "collection_method")


@route("DELETE", "/v1/invoices/{}", "InvoiceDeleteParams")
def delete(account: Account, _params: Params, invoice_id: str) -> Object:
    invoice = account.get("invoice", invoice_id)
    if invoice["status"] != "draft" or invoice["parent"]:
        raise invalid("You can only delete draft invoices that do not belong to a subscription.")
    for entry in invoice["lines"]["data"]:
        if item := account.find("invoiceitem", entry.get("_item", "")):
            account.store.remove(item["id"])
    account.emit("invoice.deleted", invoice)
    account.store.remove(invoice_id)
    return {"id": invoice_id, "object": "invoice", "deleted": True}


@route("GET", "/v1/invoices/{}/lines", "InvoiceLineItemListParams")
def list_lines(account: Account, params: Params, invoice_id: str) -> Object:
    """Lines stand in the order of the invoice."""
    lines = account.get("invoice", invoice_id)["lines"]["data"]
    return page_of_list(lines, f"/v1/invoices/{invoice_id}/lines", params)


@route("POST", "/v1/invoices/{}/add_lines", "InvoiceAddLinesParams")
def add_lines(account: Account, params: Params, invoice_id: str) -> Object:
    """Put up to 250 lines on a draft at once; each is an invoice item, as if it had been added by itself."""
    only(params, "adding lines", "lines", "invoice_metadata")
    invoice = account.get("invoice", invoice_id)
    if invoice["status"] != "draft":
        raise ApiError("Finalized invoices can't be updated in this way", code="invoice_not_editable")
    if len(params["lines"]) > 250:
        raise invalid("At most 250 lines can be added at once.", "lines")
    for sent in params["lines"]:
        for name in set(sent) - {"amount", "description", "discountable", "metadata", "period", "tax_rates"}:
            raise invalid(f"The local Stripe does not know {name} of lines that are added.", f"lines[{name}]")
    whose = {"customer": invoice["customer"], "currency": invoice["currency"]}
    add_new(account, invoice, [{**whose, **sent} for sent in params["lines"]])
    invoice["metadata"] = merge_metadata(invoice["metadata"], params.get("invoice_metadata"))
    return account.save(invoice, "invoice.updated")


@route("POST", "/v1/invoices/{}/finalize", "InvoiceFinalizeInvoiceParams")
def finalize(account: Account, params: Params, invoice_id: str) -> Object:
    invoice = account.get("invoice", invoice_id)
    invoice["auto_advance"] = params.get("auto_advance", invoice["auto_advance"])
    return invoicing.finalize(account, invoice)


@route("POST", "/v1/invoices/{}/pay", "InvoicePayParams")
def pay(account: Account, params: Params, invoice_id: str) -> Object:
    """Pay now: by the method named, the one in force, or out of band. A decline is the answer's 402 and stays."""
    only(params, "paying an invoice", "payment_method", "paid_out_of_band", "off_session")
    invoice = account.get("invoice", invoice_id)
    if invoice["status"] == "draft":
        invoice = invoicing.finalize(account, invoice)
    if invoice["status"] == "paid":
        raise ApiError("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "void":
        raise invalid("This invoice is void and cannot be paid.")
    if params.get("paid_out_of_band"):
        pay_out_of_band(account, invoice)
        return account.get("invoice", invoice_id)
    if "payment_method" in params:
        method = resolve(account, params["payment_method"], "payment_method")
        if method["customer"] is not None:
            own_payment_method(account, invoice["customer"], method["id"], "payment_method")
    else:
        method = collection.method_for(account, invoice) or {}
    if not method:
        raise collection.no_method()
    check_not_too_small(invoice["amount_remaining"], invoice["currency"], "amount_remaining")
    outcome = collection.attempt_payment(account, invoice, method)
    if outcome.error is not None:
        raise outcome.error
    if outcome.action:
        raise ApiError(
            "This payment requires additional user action before it can be completed successfully.",
            status=402,
            type="card_error",
            code="invoice_payment_intent_requires_action",
            keep=True,
        )
    return account.get("invoice", invoice_id)


@route("POST", "/v1/invoices/{}/attach_payment", "InvoiceAttachPaymentParams")
def attach_payment(account: Account, params: Params, invoice_id: str) -> Object:
    """Let a payment intent or a reported payment pay a part of the invoice."""
    invoice = account.get("invoice", invoice_id)
    if ("payment_intent" in params) == ("payment_record" in params):
        raise invalid("You must specify exactly one of: payment_intent, payment_record.", "payment_intent")
    if "payment_intent" in params:
        attach_intent(account, invoice, account.get("payment_intent", params["payment_intent"], "payment_intent"))
    else:
        attach_record(account, invoice, account.get("payment_record", params["payment_record"], "payment_record"))
    return account.get("invoice", invoice_id)


@route("POST", "/v1/invoices/{}/void", "InvoiceVoidInvoiceParams")
def void(account: Account, _params: Params, invoice_id: str) -> Object:
    return invoicing.void(account, account.get("invoice", invoice_id))


@route("POST", "/v1/invoices/{}/mark_uncollectible", "InvoiceMarkUncollectibleParams")
def mark_uncollectible(account: Account, _params: Params, invoice_id: str) -> Object:
    return invoicing.mark_uncollectible(account, account.get("invoice", invoice_id))


@route("POST", "/v1/invoices/{}/send", "InvoiceSendInvoiceParams")
def send(account: Account, _params: Params, invoice_id: str) -> Object:
    """Announces the sending; no mail leaves the local Stripe."""
    invoice = account.get("invoice", invoice_id)
    if invoice["status"] == "draft":
        invoice = invoicing.finalize(account, invoice)
    if invoice["status"] in ("void", "uncollectible"):
        raise invalid(f"You cannot send an invoice that is {invoice['status']}.")
    account.emit("invoice.sent", invoice)
    return invoice


crud("InvoicePayment", "/v1/invoice_payments", kind="invoice_payment")


@route("GET", "/v1/invoice_payments", "InvoicePaymentListParams")
def list_payments(account: Account, params: Params) -> Object:
    extra = {}
    payment = params.pop("payment", None)
    if payment is not None:
        kind = payment["type"]
        if kind not in payment:
            raise invalid(f"Missing required param: payment[{kind}].", f"payment[{kind}]", "parameter_missing")
        extra[kind] = payment[kind]
    return page(account, "invoice_payment", "/v1/invoice_payments", params, "invoice", "status", **extra)
