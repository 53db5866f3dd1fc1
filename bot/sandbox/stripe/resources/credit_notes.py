"""Credit notes: take back a part of a finalized invoice (docs: "Generate credit notes programmatically").

What has not been paid yet is simply not asked for any more (`pre_payment_amount`); the rest is given back as a refund,
as credit, or outside Stripe, and these must add up to it (`post_payment_amount`).
"""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.lists import page, page_of_list
from bot.sandbox.stripe.objects import Object, merge_metadata, nested_list, new_id
from bot.sandbox.stripe.routing import Params, crud, route

from .balances import change_balance
from .credit_note_lines import lines_for, whole_amount
from .credit_note_refunds import check_given_back, link_refunds, refund_now
from .invoice_lines import sum_taxes, total_taxes
from .invoice_payments import keep_in_step, settle


def create(account: Account, params: Params) -> Object:
    """Issue a credit note. Raises 400 when it credits more than is left, or when the parts do not add up."""
    if "shipping_cost" in params:
        raise invalid("The local Stripe does not know shipping_cost of credit notes.", "shipping_cost")
    invoice = account.get("invoice", params["invoice"], "invoice")
    if invoice["status"] not in ("open", "paid"):
        raise invalid(
            f"You can only create credit notes for open or paid invoices; this one is {invoice['status']}.", "invoice"
        )
    notes = account.matching("credit_note", invoice=invoice["id"])
    issued = [note for note in notes if note["status"] == "issued"]
    note = _totals(_draft(account, params, invoice, len(notes) + 1), _lines(account, params, invoice, issued))
    _check_total(params, invoice, note)
    note["pre_payment_amount"] = min(note["total"], invoice["amount_remaining"])
    note["post_payment_amount"] = note["total"] - note["pre_payment_amount"]
    note["type"] = _type(note)
    linked = link_refunds(account, invoice, issued, params.get("refunds") or [])
    check_given_back(account, invoice, note, params, linked)
    note["out_of_band_amount"] = params.get("out_of_band_amount")
    note["refunds"] = linked
    if params.get("refund_amount"):
        note["refunds"] = [*linked, refund_now(account, invoice, params["refund_amount"])]
    if params.get("credit_amount"):
        note["customer_balance_transaction"] = _credit(account, invoice, note, params["credit_amount"])
    account.add(note, "credit_note.created")
    _apply(account, invoice, note)
    return note


def _draft(account: Account, params: Params, invoice: Object, number: int) -> Object:
    note_id, secret = account.new_id("cn"), new_id("local", 20)
    return {
        "id": note_id,
        "object": "credit_note",
        "amount": 0,
        "amount_shipping": 0,
        "created": account.now(),
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_account": None,
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": params.get("effective_at", account.now()),
        "invoice": invoice["id"],
        "livemode": False,
        "memo": params.get("memo"),
        "metadata": merge_metadata({}, params.get("metadata")),
        "number": f"{invoice['number']}-CN-{number:02d}",
        "out_of_band_amount": None,
        "pdf": account.address(f"/credit_note/{note_id}/{secret}/pdf"),
        "post_payment_amount": 0,
        "pre_payment_amount": 0,
        "pretax_credit_amounts": [],
        "reason": params.get("reason"),
        "refunds": [],
        "shipping_cost": None,
        "status": "issued",
        "subtotal": 0,
        "total": 0,
        "total_taxes": [],
        "voided_at": None,
        "_secret": secret,
    }


def _lines(account: Account, params: Params, invoice: Object, issued: list[Object]) -> list[Object]:
    if params.get("lines"):
        return lines_for(account, invoice, issued, params["lines"])
    if "amount" not in params:
        raise ApiError("You must provide one of: amount, lines.", param="amount", code="parameter_missing")
    if params["amount"] <= 0:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    return [whole_amount(account, params["amount"])]


def _totals(note: Object, lines: list[Object]) -> Object:
    """Fill in what the lines add up to."""
    discounts: dict[str, int] = {}
    for line in lines:
        for cut in line["discount_amounts"]:
            discounts[cut["discount"]] = discounts.get(cut["discount"], 0) + cut["amount"]
    subtotal = sum(line["amount"] for line in lines)
    total = subtotal - sum(discounts.values()) + sum_taxes(lines, "exclusive")
    included = sum_taxes(lines, "inclusive")
    note.update(
        lines=nested_list(lines, f"/v1/credit_notes/{note['id']}/lines"),
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - included,
        total=total,
        total_excluding_tax=total - sum_taxes(lines, "exclusive") - included,
        amount=total,
        discount_amount=sum(discounts.values()),
        discount_amounts=[{"amount": amount, "discount": discount} for discount, amount in discounts.items()],
        total_taxes=total_taxes(lines),
    )
    note["pretax_credit_amounts"] = [
        {**cut, "credit_balance_transaction": None, "type": "discount"} for cut in note["discount_amounts"]
    ]
    return note


def _check_total(params: Params, invoice: Object, note: Object) -> None:
    if params.get("lines") and params.get("amount", note["total"]) != note["total"]:
        raise invalid(f"amount ({params['amount']}) is not what the lines add up to ({note['total']}).", "amount")
    credited = invoice["pre_payment_credit_notes_amount"] + invoice["post_payment_credit_notes_amount"]
    left = invoice["total"] - credited
    if note["total"] > left:
        raise invalid(
            f"The credit note's amount ({note['total']}) is greater than what can still be credited of the invoice "
            f"({left}).",
            "lines" if params.get("lines") else "amount",
        )


def _type(note: Object) -> str:
    if not note["post_payment_amount"]:
        return "pre_payment"
    return "mixed" if note["pre_payment_amount"] else "post_payment"


def _credit(account: Account, invoice: Object, note: Object, amount: int) -> str:
    transaction = change_balance(
        account,
        invoice["customer"],
        -amount,
        "credit_note",
        currency=invoice["currency"],
        credit_note=note["id"],
        invoice=invoice["id"],
    )
    return str(transaction["id"])


def _apply(account: Account, invoice: Object, note: Object) -> None:
    """Less is asked for; an invoice of which nothing remains is paid."""
    before = invoice["amount_remaining"]
    for name in ("amount_due", "amount_remaining"):
        invoice[name] -= note["pre_payment_amount"]
    for name in ("pre_payment", "post_payment"):
        invoice[f"{name}_credit_notes_amount"] += note[f"{name}_amount"]
    if before and not invoice["amount_remaining"]:
        settle(account, invoice)
        return
    keep_in_step(account, invoice)
    account.save(invoice, "invoice.updated")


def update(account: Account, params: Params, note_id: str) -> Object:
    note = account.get("credit_note", note_id)
    note["memo"] = params.get("memo", note["memo"])
    note["metadata"] = merge_metadata(note["metadata"], params.get("metadata"))
    return account.save(note, "credit_note.updated")


@route("GET", "/v1/credit_notes/preview", "CreditNotePreviewParams")
def preview(account: Account, params: Params) -> Object:
    """The credit note that these parameters would issue; nothing of it stays."""
    with account.rehearsal():
        return create(account, params)


@route("GET", "/v1/credit_notes/preview/lines", "CreditNotePreviewLinesListParams")
def preview_lines(account: Account, params: Params) -> Object:
    cursor: Params = {name: params.pop(name) for name in ("limit", "starting_after", "ending_before") if name in params}
    lines = preview(account, params)["lines"]["data"]
    return page_of_list(lines, "/v1/credit_notes/preview/lines", cursor)


crud("CreditNote", "/v1/credit_notes", kind="credit_note", create=create, update=update)


@route("GET", "/v1/credit_notes", "CreditNoteListParams")
def list_notes(account: Account, params: Params) -> Object:
    return page(account, "credit_note", "/v1/credit_notes", params, "customer", "invoice")


@route("GET", "/v1/credit_notes/{}/lines", "CreditNoteLineItemListParams")
def list_lines(account: Account, params: Params, note_id: str) -> Object:
    """Lines stand in the order of the credit note."""
    lines = account.get("credit_note", note_id)["lines"]["data"]
    return page_of_list(lines, f"/v1/credit_notes/{note_id}/lines", params)


@route("POST", "/v1/credit_notes/{}/void", "CreditNoteVoidCreditNoteParams")
def void(account: Account, _params: Params, note_id: str) -> Object:
    """Take a credit note back: only while its invoice is open, and only when nothing was given back with it."""
    note = account.get("credit_note", note_id)
    invoice = account.get("invoice", note["invoice"])
    if note["status"] != "issued":
        raise invalid("This credit note is void already.")
    if invoice["status"] != "open" or note["post_payment_amount"]:
        raise invalid("You can only void credit notes of open invoices that reduced what was still to be paid.")
    for name in ("amount_due", "amount_remaining"):
        invoice[name] += note["pre_payment_amount"]
    invoice["pre_payment_credit_notes_amount"] -= note["pre_payment_amount"]
    keep_in_step(account, invoice)
    account.save(invoice, "invoice.updated")
    note.update(status="void", voided_at=account.now())
    account.save(note)
    account.emit("credit_note.voided", note)
    return note
