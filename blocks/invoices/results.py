"""What came of it: sent, paid, credited, cancelled, declined, refused."""

from __future__ import annotations

from billing.errors import Reason
from billing.ids import ContactId
from billing.invoices.crediting import InvoiceCredited
from billing.invoices.issuing import InvoiceSent
from billing.invoices.model import Template
from billing.invoices.payments import InvoicePaid
from billing.invoices.sending import InvoiceNumbered
from billing.invoices.voiding import InvoiceEnded
from billing.ports import GiveBack
from blocks import declines, kit, refusals, ways
from blocks.answers import Answer
from blocks.invoices.ids import Id
from blocks.texts import Translator, escape, joined


def working(t: Translator) -> kit.Modal:
    """The answer to a confirmation: it is safely written down and under way."""
    return kit.Modal(
        title=t("One moment"),
        blocks=[
            kit.section(t.rich("⏳ *The request is on its way.* The result appears here in a moment.")),
            kit.context(t("This window may be closed: the result then comes as a direct message.")),
        ],
        close=t("Close"),
        clear_on_close=True,
    )


def numbered(receipt: InvoiceNumbered, contact: ContactId, t: Translator) -> Answer:
    """It has its number and is on its way to Stripe."""
    text = t("Invoice {number} has its number and is being sent.", number=receipt.number)
    return _answer(t("Being sent"), f"⏳ {text}", text, receipt.invoice, contact, t)


def sent(
    receipt: InvoiceSent, contact: ContactId, t: Translator, *, mailed: bool = True, undelivered: str = ""
) -> Answer:
    """It was issued, and goes to its recipients. `mailed`: there is a mail server; `undelivered`: who got no mail."""
    text = t("Invoice {number} for {name} was sent.", number=receipt.number, name=receipt.contact_name)
    more = _mailed(receipt.recipients, t, mailed=mailed, undelivered=undelivered)
    return _answer(t("Invoice sent"), f"✅ {text}", text, receipt.invoice, contact, t, *more)


def paid(receipt: InvoicePaid, contact: ContactId, t: Translator) -> Answer:
    """Money has come: all of it, or a part."""
    number = receipt.number or receipt.ref
    text = t("{amount} received for invoice {number}.", amount=receipt.amount, number=number)
    rest = t("{amount} is still to be paid.", amount=receipt.left) if receipt.left else t("Nothing is left to be paid.")
    return _answer(t("Payment received"), f"💶 {text}", text, receipt.ref, contact, t, rest)


def credited(
    receipt: InvoiceCredited, contact: ContactId, t: Translator, *, mailed: bool = True, undelivered: str = ""
) -> Answer:
    """A credit note was issued; what goes back and where, and who gets the document, if it is ours."""
    number = receipt.number or receipt.ref
    text = t("{amount} of invoice {number} was taken back.", amount=receipt.total, number=number)
    return _answer(
        t("Credit note issued"),
        f"↩️ {text}",
        text,
        receipt.ref,
        contact,
        t,
        t("Credit note {number}.", number=receipt.note),
        _where(receipt, t),
        *(_mailed(receipt.recipients, t, mailed=mailed, undelivered=undelivered) if receipt.taken else ()),
    )


def ended(receipt: InvoiceEnded, contact: ContactId, t: Translator) -> Answer:
    number = receipt.number or receipt.ref
    if receipt.write_off:
        text = t("Invoice {number} was written off. It can still be paid.", number=number)
        return _answer(t("Written off"), f"📉 {text}", text, receipt.ref, contact, t)
    text = t("Invoice {number} was cancelled. It keeps its number.", number=number)
    return _answer(t("Invoice cancelled"), f"🚫 {text}", text, receipt.ref, contact, t)


def declined(ref: str, code: str, t: Translator) -> Answer:
    """The bank said no: why, and what else can be done."""
    why = declines.sentence(code, t)
    return Answer(
        title=t("Payment refused"),
        text=t("The card was refused. {reason}", reason=why),
        blocks=[
            kit.section(joined([t.rich("❌ *The card was refused.* Nothing was charged."), why])),
            kit.actions(
                kit.button(t("Choose another card"), Id.CHARGE, value=ref, style="primary"),
                kit.button(t("Record a payment"), Id.RECORD, value=ref),
                ways.invoice(ref, t),
            ),
        ],
    )


def refused(reason: Reason, ref: str, contact: ContactId, t: Translator, *, again: bool = False) -> Answer:
    """A rule, or Stripe, said no. `again`: it may be reviewed again."""
    buttons: list[kit.Element] = [ways.invoice(ref, t), ways.card(contact, t)]
    if again:
        buttons.insert(0, kit.button(t("Review again"), Id.TO_REVIEW, value=ref, style="primary"))
    return Answer(
        title=t("Not possible"),
        text=refusals.sentence(reason, t),
        blocks=[
            kit.section(joined([t.rich("🚫 *Nothing was done.*"), refusals.sentence(reason, t)])),
            kit.actions(*buttons),
        ],
    )


def deleted(contact: ContactId, t: Translator) -> Answer:
    return Answer(
        title=t("Draft deleted"),
        text=t("The draft is deleted."),
        blocks=[
            kit.section(t.rich("🗑️ *The draft is deleted.*")),
            kit.actions(ways.invoices(contact, t), ways.card(contact, t)),
        ],
        final=False,
    )


def template_saved(template: Template, t: Translator) -> Answer:
    return Answer(
        title=t("Template saved"),
        text=t("The template “{name}” is saved.", name=template.name),
        blocks=[
            kit.section(t.rich("💾 *The template “{name}” is saved.* Every new invoice offers it.", name=template.name))
        ],
        final=False,
    )


def _where(receipt: InvoiceCredited, t: Translator) -> str:
    if not receipt.given_back:
        return t("It is no longer asked for.")
    match receipt.give_back:
        case GiveBack.REFUND:
            return t("{amount} goes back to the card.", amount=receipt.given_back)
        case GiveBack.BALANCE:
            return t("{amount} is kept as credit for the next invoices.", amount=receipt.given_back)
        case GiveBack.OUTSIDE:
            return t("{amount} is given back by another way.", amount=receipt.given_back)


def _mailed(recipients: tuple[str, ...], t: Translator, *, mailed: bool, undelivered: str) -> tuple[str, str]:
    """Where the document goes, and who could not be mailed it."""
    where = (
        t("It goes to {addresses}.", addresses=t.list(recipients))
        if mailed
        else t("Kontor mails nothing here. Please pass the link on: “Document and links” has it.")
    )
    return where, t("⚠️ No mail could be sent to: {addresses}", addresses=undelivered) if undelivered else ""


def _answer(title: str, headline: str, text: str, ref: str, contact: ContactId, t: Translator, *more: str) -> Answer:
    return Answer(
        title=title,
        text=text,
        blocks=[
            kit.section(joined([escape(headline), *more])),
            kit.actions(ways.invoice(ref, t), ways.card(contact, t)),
        ],
    )
