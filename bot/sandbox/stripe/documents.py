"""What stands on the PDF of an invoice and of a credit note. It says on every page that it is not from Stripe."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from .account import Account
from .money import shown
from .objects import Object
from .pdf import HEIGHT, WIDTH, Text, wrapped, write

NOTICE = "Made by a local stand-in for tests, not by Stripe. No money moves, and this is no invoice to pay or to book."

_LEFT, _RIGHT, _TOP, _BOTTOM = 50, WIDTH - 50, HEIGHT - 50, 70
_QUANTITY = 400
_ROW = 14


@dataclass
class _Sheets:
    """Pages that fill from the top; a new one begins when there is no room."""

    heading: str
    pages: list[list[Text]] = field(default_factory=list)
    y: float = 0

    def begin(self) -> None:
        self.pages.append([Text(_LEFT, _TOP, NOTICE, 8), Text(_LEFT, _TOP - 30, self.heading, 16, bold=True)])
        self.y = _TOP - 60

    def room(self, rows: int) -> None:
        if not self.pages or self.y - rows * _ROW < _BOTTOM:
            self.begin()

    def row(self, *texts: tuple[float, str], right: str = "", bold: bool = False) -> None:
        """One row: texts at their left edges, and one at the right margin."""
        self.room(1)
        self.pages[-1] += [Text(x, self.y, text, bold=bold) for x, text in texts]
        if right:
            self.pages[-1].append(Text(_RIGHT, self.y, right, bold=bold, right=True))
        self.y -= _ROW

    def gap(self) -> None:
        self.y -= _ROW / 2

    def entry(self, text: str, quantity: str, amount: str, below: str = "") -> None:
        """A line of the table, its text wrapped and kept together."""
        lines = wrapped(text, _QUANTITY - _LEFT - 20, 9.5)
        self.room(len(lines) + bool(below))
        for number, line in enumerate(lines):
            self.row((_LEFT, line), (_QUANTITY, "" if number else quantity), right="" if number else amount)
        if below:
            self.row((_LEFT, below))
        self.gap()

    def total(self, label: str, amount: str, *, bold: bool = False) -> None:
        self.row((_QUANTITY - 120, label), right=amount, bold=bold)

    def file(self) -> bytes:
        count = len(self.pages)
        for number, page in enumerate(self.pages, start=1):
            page.append(Text(_RIGHT, 40, f"{self.heading}, page {number} of {count}", 8, right=True))
        return write(self.pages, self.heading)


def invoice_pdf(account: Account, invoice: Object) -> bytes:
    """A finalized invoice: who, what, and what of it is still to be paid."""
    currency = invoice["currency"]
    sheets = _Sheets(f"Invoice {invoice['number']}")
    sheets.row((_LEFT, f"Status: {invoice['status']}"))
    sheets.row((_LEFT, f"Date: {_date(invoice['effective_at'])}"))
    if invoice["due_date"]:
        sheets.row((_LEFT, f"Due: {_date(invoice['due_date'])}"))
    _who(sheets, invoice)
    sheets.row((_LEFT, "Description"), (_QUANTITY, "Quantity"), right="Amount", bold=True)
    for line in invoice["lines"]["data"]:
        period = f"{_date(line['period']['start'])} to {_date(line['period']['end'])}"
        amount = shown(line["amount"], currency)
        sheets.entry(line["description"] or "", str(line["quantity"] or ""), amount, period)
    sheets.room(9)
    sheets.total("Subtotal", shown(invoice["subtotal"], currency))
    for cut in invoice["total_discount_amounts"]:
        if cut["amount"]:
            sheets.total("Discount", shown(-cut["amount"], currency))
    _taxes(account, sheets, invoice)
    sheets.total("Total", shown(invoice["total"], currency), bold=True)
    credited = invoice["pre_payment_credit_notes_amount"]
    applied = invoice["amount_due"] + credited - invoice["total"]
    for label, amount in (("Balance", applied), ("Credit notes", -credited), ("Paid", -invoice["amount_paid"])):
        if amount:
            sheets.total(label, shown(amount, currency))
    sheets.total("Still to pay", shown(invoice["amount_remaining"], currency), bold=True)
    if invoice["footer"]:
        sheets.gap()
        for line in wrapped(invoice["footer"], _RIGHT - _LEFT, 9.5):
            sheets.row((_LEFT, line))
    return sheets.file()


def credit_note_pdf(account: Account, note: Object) -> bytes:
    """A credit note: what is taken back of which invoice."""
    currency, invoice = note["currency"], account.get("invoice", note["invoice"])
    sheets = _Sheets(f"Credit note {note['number']}")
    sheets.row((_LEFT, f"Status: {note['status']}"))
    sheets.row((_LEFT, f"Date: {_date(note['effective_at'])}"))
    sheets.row((_LEFT, f"Of invoice: {invoice['number']}"))
    _who(sheets, invoice)
    sheets.row((_LEFT, "Description"), (_QUANTITY, "Quantity"), right="Amount", bold=True)
    for line in note["lines"]["data"]:
        sheets.entry(line["description"] or "", str(line["quantity"] or ""), shown(line["amount"], currency))
    sheets.room(5)
    sheets.total("Subtotal", shown(note["subtotal"], currency))
    if note["discount_amount"]:
        sheets.total("Discount", shown(-note["discount_amount"], currency))
    _taxes(account, sheets, note)
    sheets.total("Credited", shown(note["total"], currency), bold=True)
    if note["memo"]:
        sheets.gap()
        for line in wrapped(note["memo"], _RIGHT - _LEFT, 9.5):
            sheets.row((_LEFT, line))
    return sheets.file()


def _who(sheets: _Sheets, invoice: Object) -> None:
    address = invoice["customer_address"] or {}
    town = " ".join(part for part in (address.get("postal_code"), address.get("city")) if part)
    lines = [invoice["customer_name"], address.get("line1"), address.get("line2"), town, address.get("country")]
    sheets.gap()
    for line in [line for line in lines if line] or [invoice["customer_email"] or invoice["customer"]]:
        sheets.row((_LEFT, line))
    sheets.gap()


def _taxes(account: Account, sheets: _Sheets, body: Object) -> None:
    for tax in body["total_taxes"]:
        rate = account.store.get(tax["tax_rate_details"]["tax_rate"]) or {}
        included = ", included" if tax["tax_behavior"] == "inclusive" else ""
        label = f"{rate.get('display_name', 'Tax')} {rate.get('percentage', 0):g} %{included}"
        sheets.total(label, shown(tax["amount"], body["currency"]))


def _date(moment: int) -> str:
    try:
        when = datetime.fromtimestamp(moment, UTC)
    except (OverflowError, ValueError, OSError):  # a caller's date may lie beyond all calendars
        return str(moment)
    return f"{when.day} {when:%b %Y}"
