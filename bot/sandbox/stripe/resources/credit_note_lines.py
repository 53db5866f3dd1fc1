"""What a credit note takes back, line by line: parts of the invoice's lines, or amounts of its own.

A part of a line takes its share of the line's discounts and taxes with it. Shares are rounded over all that was
credited of the line so far, so that the parts of a whole line add up to it exactly.
"""

from __future__ import annotations

from fractions import Fraction

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import invalid, missing_param
from bot.sandbox.stripe.money import rounded
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.routing import Params

from .invoice_lines import taxes_on
from .tax_rates import usable


def lines_for(account: Account, invoice: Object, issued: list[Object], sent: list[Params]) -> list[Object]:
    """The lines of a new credit note; `issued` are the invoice's credit notes in force. Raises Stripe's 400s."""
    lines: list[Object] = []
    for number, entry in enumerate(sent):
        param = f"lines[{number}]"
        if entry.get("tax_amounts"):
            raise invalid("The local Stripe has no automatic tax: give tax_rates.", f"{param}[tax_amounts]")
        if entry["type"] == "custom_line_item":
            lines.append(_custom(account, invoice, entry, param))
        else:
            before = [line for note in issued for line in note["lines"]["data"]] + lines
            lines.append(_of_invoice(account, invoice, before, entry, param))
    return lines


def whole_amount(account: Account, amount: int) -> Object:
    """The one line of a credit note that names an amount only, tax and all."""
    return _line(account, "custom_line_item", amount, description="Credit", quantity=1, unit_amount=amount)


def _custom(account: Account, invoice: Object, sent: Params, param: str) -> Object:
    for name in {"invoice_line_item", "amount"} & set(sent):
        raise invalid(f"{name} is only valid with type=invoice_line_item.", f"{param}[{name}]")
    if "unit_amount_decimal" in sent:
        raise invalid("The local Stripe knows whole unit amounts only.", f"{param}[unit_amount_decimal]")
    for name in ("description", "unit_amount"):
        if name not in sent:
            raise missing_param(f"{param}[{name}]")
    quantity, unit_amount = sent.get("quantity", 1), sent["unit_amount"]
    if quantity <= 0 or unit_amount <= 0:
        raise invalid("quantity and unit_amount are positive.", param, "parameter_invalid_integer")
    line = _line(
        account,
        "custom_line_item",
        quantity * unit_amount,
        description=sent["description"],
        quantity=quantity,
        unit_amount=unit_amount,
    )
    rates = usable(account, sent.get("tax_rates") or [], f"{param}[tax_rates]")
    line["tax_rates"] = rates
    line["taxes"] = taxes_on(line["amount"], rates, invoice["customer_tax_exempt"])
    line["metadata"] = merge_metadata({}, sent.get("metadata"))
    return line


def _of_invoice(account: Account, invoice: Object, before: list[Object], sent: Params, param: str) -> Object:
    for name in {"description", "unit_amount", "unit_amount_decimal", "tax_rates"} & set(sent):
        raise invalid(f"{name} is only valid with type=custom_line_item.", f"{param}[{name}]")
    if "invoice_line_item" not in sent:
        raise missing_param(f"{param}[invoice_line_item]")
    found = [entry for entry in invoice["lines"]["data"] if entry["id"] == sent["invoice_line_item"]]
    if not found:
        raise invalid(
            f"No such line item on the invoice: '{sent['invoice_line_item']}'",
            f"{param}[invoice_line_item]",
            "resource_missing",
        )
    (source,) = found
    earlier = [line for line in before if line["invoice_line_item"] == source["id"]]
    start = sum(line["amount"] for line in earlier)
    if source["amount"] <= 0:
        raise invalid("The local Stripe credits lines with a positive amount only.", f"{param}[invoice_line_item]")
    amount, quantity = _wanted(source, earlier, start, sent, param)
    if start + amount > source["amount"]:
        raise invalid(
            f"The amount to credit ({amount}) is more than what is left of the line ({source['amount'] - start}).",
            f"{param}[amount]",
        )
    line = _line(
        account,
        "invoice_line_item",
        amount,
        description=source["description"],
        quantity=quantity,
        unit_amount=None if quantity is None else amount // quantity,
    )
    span = (start, start + amount, source["amount"])
    line["invoice_line_item"] = source["id"]
    line["discount_amounts"] = [
        {"amount": _part(cut["amount"], *span), "discount": cut["discount"]} for cut in source["discount_amounts"]
    ]
    line["discount_amount"] = sum(cut["amount"] for cut in line["discount_amounts"])
    line["pretax_credit_amounts"] = [
        {**cut, "credit_balance_transaction": None, "type": "discount"} for cut in line["discount_amounts"]
    ]
    line["taxes"] = [
        {**tax, "amount": _part(tax["amount"], *span), "taxable_amount": _part(tax["taxable_amount"], *span)}
        for tax in source["taxes"]
    ]
    line["tax_rates"] = [account.get("tax_rate", tax["tax_rate_details"]["tax_rate"]) for tax in source["taxes"]]
    line["metadata"] = merge_metadata({}, sent.get("metadata"))
    return line


def _wanted(source: Object, earlier: list[Object], start: int, sent: Params, param: str) -> tuple[int, int | None]:
    """(amount, quantity) of a part of a line, which is credited either by amount or by quantity, never by both."""
    if ("amount" in sent) == ("quantity" in sent):
        raise invalid("You must specify exactly one of: amount, quantity.", param)
    by_quantity = "quantity" in sent
    if any((line["quantity"] is not None) != by_quantity for line in earlier):
        raise invalid("A line that was credited by amount or by quantity is credited in that way again.", param)
    if not by_quantity:
        if sent["amount"] <= 0:
            raise invalid("Invalid positive integer", f"{param}[amount]", "parameter_invalid_integer")
        return int(sent["amount"]), None
    quantity = int(sent["quantity"])
    taken = sum(line["quantity"] for line in earlier)
    if not 0 < quantity <= source["quantity"] - taken:
        raise invalid(f"The quantity lies between 1 and {source['quantity'] - taken}.", f"{param}[quantity]")
    return rounded(Fraction(source["amount"] * (taken + quantity), source["quantity"])) - start, quantity


def _part(total: int, start: int, stop: int, whole: int) -> int:
    """What of a total belongs to the part of a line between two marks."""
    return rounded(Fraction(total * stop, whole)) - rounded(Fraction(total * start, whole))


def _line(
    account: Account, kind: str, amount: int, *, description: str, quantity: int | None, unit_amount: int | None
) -> Object:
    return {
        "id": account.new_id("cnli"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": description,
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": None,
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": quantity,
        "tax_rates": [],
        "taxes": [],
        "type": kind,
        "unit_amount": unit_amount,
        "unit_amount_decimal": None if unit_amount is None else str(unit_amount),
    }
