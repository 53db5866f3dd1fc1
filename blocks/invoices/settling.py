"""The forms by which an invoice is paid, taken back, corrected, or kept as a template."""

from __future__ import annotations

from billing.invoices.crediting import act_for
from billing.invoices.model import LONGEST_MEMO, LONGEST_ORDER_NUMBER, LONGEST_REASON, MOST_RECIPIENTS
from billing.invoices.sheets import Act, Sheet
from billing.ports import GiveBack, PaidBy
from blocks import kit, words
from blocks.graphemes import fit
from blocks.invoices import figures
from blocks.invoices.ids import Id
from blocks.texts import Translator, bold, escape, joined, later

_GIVE_BACK = {
    GiveBack.REFUND: later("Back to the card"),
    GiveBack.BALANCE: later("Kept as credit for the next invoices"),
    GiveBack.OUTSIDE: later("I give it back by another way"),
}


def charge_form(shown: Sheet, t: Translator) -> kit.Modal:
    """Which card is charged with what remains; what to do when there is none."""
    if not shown.methods:
        return kit.Modal(
            title=t("Charge a card"),
            blocks=[
                _head(shown, t),
                kit.section(t("There is no card on file. The customer can pay on the page that the invoice names.")),
            ],
            close=t("Back"),
        )
    options = [kit.option(words.method(one, t), one.id) for one in shown.methods[: kit.SELECT_OPTIONS]]
    return kit.Modal(
        title=t("Charge a card"),
        blocks=[
            _head(shown, t),
            kit.field_input(
                t("Payment method"),
                kit.choice(_input("payment_method", shown), options, initial=options[0].value),
                block_id="payment_method",
            ),
            kit.context(t("💳 {amount} is charged as soon as this is confirmed.", amount=shown.due)),
        ],
        callback_id=Id.CHARGE_FORM,
        submit=t("Charge now"),
        close=t("Back"),
        metadata=_metadata(shown),
    )


def record_form(shown: Sheet, t: Translator) -> kit.Modal:
    """Money that came by another way: all that is missing, or a part (HX10)."""
    return kit.Modal(
        title=t("Record a payment"),
        blocks=[
            _head(shown, t),
            kit.field_input(
                t("Paid by"),
                kit.radio(_input("by", shown), [kit.option(words.paid_by(one, t), one.value) for one in PaidBy]),
                block_id="by",
            ),
            kit.field_input(
                t("Amount in {currency}", currency=shown.due.currency),
                kit.text_input(_input("amount", shown), initial=figures.plain(shown.due), at_most=40),
                block_id="amount",
                hint=t("A part is possible: the rest stays open."),
            ),
            kit.field_input(
                t("Received on"),
                kit.day_input(_input("received_on", shown), initial=shown.today),
                block_id="received_on",
            ),
            kit.field_input(
                t("Check number or transfer reference"),
                kit.text_input(_input("reference", shown), at_most=100),
                block_id="reference",
                hint=t("Needed for checks and transfers."),
                optional=True,
            ),
        ],
        callback_id=Id.RECORD_FORM,
        submit=t("Record"),
        close=t("Back"),
        metadata=_metadata(shown),
    )


def credit_form(shown: Sheet, t: Translator) -> kit.Modal:
    """Taking back all of it, lines of it, or an amount (HX20)."""
    assert shown.stripe, "only what was issued is taken back"
    left = shown.stripe.left_to_credit
    refunds = act_for(shown) is Act.REFUND
    blocks: list[kit.Block] = [
        _head(shown, t),
        kit.section(
            t.rich("*{amount}* can be taken back. Leave both fields empty to take back all of it.", amount=left)
        ),
        kit.field_input(
            t("An amount in {currency}, tax included", currency=left.currency),
            kit.text_input(_input("credited", shown), at_most=40),
            block_id="amount",
            optional=True,
        ),
    ]
    if shown.totals and shown.totals.lines:
        options = [
            kit.option(f"{fit(one.line.description, 50)} · {t.money(one.total)}", one.line.id)
            for one in shown.totals.lines
        ]
        blocks.append(
            kit.field_input(
                t("Or whole lines"),
                kit.multi_select(_input("lines", shown), options, placeholder=t("Choose lines")),
                block_id="lines",
                optional=True,
            )
        )
    blocks.append(
        kit.field_input(
            t("What was paid goes"),
            kit.radio(
                _input("give_back", shown),
                [kit.option(t(text), one.value) for one, text in _GIVE_BACK.items()],
                initial=GiveBack.REFUND.value,
            ),
            block_id="give_back",
            hint=t("What was not paid yet is simply no longer asked for."),
        )
    )
    blocks.append(
        kit.field_input(
            t("Reason, as it stands on the credit note"),
            kit.text_input(_input("reason", shown), at_most=LONGEST_REASON),
            block_id="reason",
        )
    )
    return kit.Modal(
        title=t("Refund") if refunds else t("Credit"),
        blocks=blocks,
        callback_id=Id.CREDIT_FORM,
        submit=t("Refund now") if refunds else t("Credit now"),
        close=t("Back"),
        metadata=_metadata(shown) | {"left": left.amount},
    )


def cancel_form(shown: Sheet, t: Translator) -> kit.Modal:
    """Why it is cancelled; what that means (HX9)."""
    text = t("{number} is cancelled for good and keeps its number.", number=shown.number or "")
    return _end_form(shown, t("Cancel the invoice?"), text, t("Cancel invoice"), t, write_off=False)


def write_off_form(shown: Sheet, t: Translator) -> kit.Modal:
    """Why the money is given up; what that means (HX9)."""
    text = t("Nobody is reminded of {number} any more. It can still be paid.", number=shown.number or "")
    return _end_form(shown, t("Write the invoice off?"), text, t("Write off"), t, write_off=True)


def _end_form(shown: Sheet, title: str, text: str, submit: str, t: Translator, *, write_off: bool) -> kit.Modal:
    return kit.Modal(
        title=title,
        blocks=[
            _head(shown, t),
            kit.section(escape(text)),
            kit.field_input(
                t("Reason"),
                kit.text_input(_input("end_reason", shown), at_most=LONGEST_REASON, multiline=True),
                block_id="reason",
                hint=t("It stands in the history, and nowhere that the customer sees."),
            ),
        ],
        callback_id=Id.END_FORM,
        submit=submit,
        close=t("Back"),
        metadata={"contact": shown.contact.id, "invoice": shown.ref, "write_off": write_off},
    )


def template_form(shown: Sheet, t: Translator) -> kit.Modal:
    """What the template is to be called."""
    return kit.Modal(
        title=t("Save as template"),
        blocks=[
            kit.field_input(
                t("Name of the template"), kit.text_input(_input("name", shown), at_most=75), block_id="name"
            ),
            kit.context(t("Lines, discount, terms and message are kept, but no customer and no recipients.")),
        ],
        callback_id=Id.TEMPLATE_FORM,
        submit=t("Save"),
        close=t("Back"),
        metadata={"contact": shown.contact.id, "invoice": shown.ref},
    )


def correct_form(shown: Sheet, t: Translator) -> kit.Modal:
    """What does not change an amount (K8)."""
    assert shown.ours, "only invoices of ours are corrected"
    details = shown.ours.details
    return kit.Modal(
        title=t("Correct"),
        blocks=[
            _head(shown, t),
            kit.field_input(
                t("Recipients"),
                kit.text_input(_input("recipients", shown), initial=", ".join(details.recipients), at_most=2000),
                block_id="recipients",
                hint=t("Up to {most} e-mail addresses, divided by commas.", most=MOST_RECIPIENTS),
            ),
            kit.field_input(
                t("Purchase order number"),
                kit.text_input(
                    _input("order_number", shown), initial=details.order_number, at_most=LONGEST_ORDER_NUMBER
                ),
                block_id="order_number",
                optional=True,
            ),
            kit.field_input(
                t("Message to the customer"),
                kit.text_input(_input("memo", shown), initial=details.memo, at_most=LONGEST_MEMO, multiline=True),
                block_id="memo",
                optional=True,
            ),
        ],
        callback_id=Id.CORRECT_FORM,
        submit=t("Save"),
        close=t("Back"),
        metadata={"contact": shown.contact.id, "invoice": shown.ref},
    )


def give_up_form(shown: Sheet, t: Translator) -> kit.Modal:
    """Why the number of an invoice that Stripe does not take is never used (H28)."""
    number = shown.number or ""
    return kit.Modal(
        title=t("Give up the number"),
        blocks=[
            kit.section(t("{number} is cancelled and never given again; a copy gets the next number.", number=number)),
            kit.field_input(
                t("Reason, as it stands in the history"),
                kit.text_input(_input("note", shown), at_most=LONGEST_REASON),
                block_id="note",
            ),
        ],
        callback_id=Id.GIVE_UP_FORM,
        submit=t("Give up"),
        close=t("Back"),
        metadata={"contact": shown.contact.id, "invoice": shown.ref},
    )


def _head(shown: Sheet, t: Translator) -> kit.Block:
    name = shown.contact.name
    if shown.due:
        said = t("{name}, still to be paid: {amount}", name=name, amount=shown.due)
    else:
        said = t("{name}, nothing is left to be paid of {amount}", name=name, amount=shown.total)
    return kit.section(joined([bold(shown.number or t("Invoice")), escape(said)]))


def _input(name: str, shown: Sheet) -> str:
    """Slack keeps what was typed when one form takes another's place, by the input's ids: these are of this invoice as
    it stands now, so that no amount of an earlier payment is left in the next form.
    """
    settled = shown.stripe.reduced + shown.stripe.given_back if shown.stripe else 0
    return f"invoice.{name}.{shown.ref}.{shown.due.amount}.{settled}"


def _metadata(shown: Sheet) -> dict[str, object]:
    return {"contact": shown.contact.id, "invoice": shown.ref, "due": shown.due.amount}
