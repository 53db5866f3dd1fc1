"""Collecting an open invoice: the form, and every way it can end (H30, H35, HX1)."""

from __future__ import annotations

from billing.catalogue import AfterLastTry, Catalogue
from billing.dunning.collecting import KEEP, CollectForm, InvoiceCollected, InvoiceLinkSent
from billing.errors import Reason
from billing.ids import ContactId, InvoiceId, PaymentMethodId
from blocks import declines, kit, payment_links, refusals, ways, words
from blocks.answers import Answer
from blocks.dunning import sentences
from blocks.dunning.ids import Id
from blocks.graphemes import fit
from blocks.invoices.figures import title
from blocks.texts import Translator, joined, link


def form(shown: CollectForm, catalogue: Catalogue, t: Translator) -> kit.Modal:
    """What can be done about an invoice that could not be charged."""
    inputs = _inputs(shown, None, t)
    return kit.Modal(
        title=t("Collect the payment"),
        blocks=[*_facts(shown, catalogue, t), *inputs, *_link(shown, t)],
        callback_id=Id.FORM,
        submit=t("Charge now") if inputs else None,
        close=t("Close"),
        metadata=_metadata(shown),
    )


def collected(receipt: InvoiceCollected, contact: ContactId, t: Translator) -> Answer:
    """The money is there."""
    said = t("{amount} was paid by {name}.", amount=receipt.invoice.total, name=receipt.contact_name)
    method = words.method(receipt.method, t)
    kept = t("From now on the subscription is charged to {method}.", method=method) if receipt.kept else ""
    others = (
        t.count("{n} other invoice still fails.", "{n} other invoices still fail.", receipt.others)
        if receipt.others
        else ""
    )
    buttons = [ways.card(contact, t), *([ways.invoices(contact, t)] if receipt.others else [])]
    return Answer(
        title=t("Paid"),
        text=said,
        blocks=[
            kit.section(joined([f"✅ {said}", kept, others])),
            *kit.fields({t("Invoice"): title(receipt.invoice, t), t("Payment method"): method}),
            kit.actions(*buttons),
        ],
    )


def declined(shown: CollectForm, used: PaymentMethodId, code: str, catalogue: Catalogue, t: Translator) -> Answer:
    """The bank said no again: why, and the other ways. Submitting it charges another method."""
    reason = declines.sentence(code, t)
    inputs = _inputs(shown, used, t)
    said = t("The payment by {name} was refused. {reason}", name=shown.contact.name, reason=reason)
    return Answer(
        title=t("Payment refused"),
        text=said,
        blocks=[
            kit.section(joined([t.rich("❌ *The payment was refused.*"), reason])),
            kit.context(t("Nothing was charged. The invoice stays open.")),
        ],
        in_modal=[*_facts(shown, catalogue, t), *inputs, *_link(shown, t)],
        in_message=[
            kit.actions(ways.collect(shown.contact.id, shown.failed.invoice.id, t), ways.card(shown.contact.id, t))
        ],
        callback_id=Id.FORM,
        submit=t("Try again") if inputs else None,
        metadata=_metadata(shown),
        final=False,
    )


def link_sent(receipt: InvoiceLinkSent, contact: ContactId, t: Translator, *, mailed: bool = True) -> Answer:
    """The link is out, or ready to be passed on where it could not be mailed."""
    values = {"name": receipt.contact_name, "amount": receipt.invoice.due}
    head = payment_links.head(receipt.contact_name, t, mailed=mailed)
    afterwards = [kit.context(t("When it is paid, the subscription goes on by itself."))] if receipt.goes_on else []
    return Answer(
        title=payment_links.title(t, mailed=mailed),
        text=t("The link with which {name} can pay {amount} is ready.", **values),
        blocks=[
            kit.section(
                joined([head, t("On this page {name} can pay {amount}, with an old or a new card:", **values)])
            ),
            kit.section(link(receipt.url, receipt.url)),
            *afterwards,
            kit.actions(ways.card(contact, t)),
        ],
    )


def refused(reason: Reason, contact: ContactId, t: Translator) -> Answer:
    """A rule said no."""
    said = refusals.sentence(reason, t)
    return Answer(
        title=t("Not possible"),
        text=said,
        blocks=[kit.section(joined([t.rich("🚫 *Nothing was charged.*"), said]))],
        in_message=[kit.actions(ways.card(contact, t))],
        final=False,
    )


def delayed(t: Translator) -> Answer:
    """Stripe does not answer; it goes on by itself."""
    said = t("Stripe does not answer at the moment. Kontor keeps trying and reports back.")
    return Answer(
        title=t("Still under way"),
        text=said,
        blocks=[kit.section(f"⏳ {said}"), kit.context(t("Nothing is charged twice."))],
    )


def _facts(shown: CollectForm, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    one = shown.failed
    afterwards: AfterLastTry = catalogue.dunning.after_last_try
    others = (
        t.count("{n} other invoice fails, too.", "{n} other invoices fail, too.", shown.others) if shown.others else ""
    )
    return [
        kit.section(
            joined(
                [
                    t.rich(
                        "*{name}* still has to pay *{amount}*.",
                        name=fit(shown.contact.name or shown.contact.email, 200),
                        amount=one.invoice.due,
                    ),
                    sentences.why(one, t),
                    sentences.what_next(one, afterwards, t),
                    others,
                ]
            )
        ),
        *kit.fields({t("Invoice"): title(one.invoice, t), t("For"): fit(sentences.product(one, catalogue, t), 200)}),
    ]


def _inputs(shown: CollectForm, without: PaymentMethodId | None, t: Translator) -> list[kit.Block]:
    """Which method is charged, and whether it is kept; nothing where there is none (left)."""
    methods = [one for one in shown.methods if one.id != without][: kit.SELECT_OPTIONS]
    if not methods:
        return []
    options = [
        kit.option(words.method(one, t), one.id, description=t("The customer’s default method") if one.default else "")
        for one in methods
    ]
    blocks = [
        kit.field_input(
            t("Charge it now to"),
            kit.choice(Id.METHOD, options, placeholder=t("Choose a payment method"), initial=methods[0].id),
            block_id="payment_method",
            hint=t("A new card is added by the customer on Stripe’s page. Never type a card number."),
        )
    ]
    if shown.failed.subscription and not shown.failed.subscription.status.has_ended:
        keep = kit.option(t("Charge the subscription to it from now on, too"), KEEP)
        blocks.append(
            kit.field_input(
                t("Later payments"), kit.checkboxes(Id.KEEP, [keep], initial=[KEEP]), block_id="keep", optional=True
            )
        )
    return blocks


def _link(shown: CollectForm, t: Translator) -> list[kit.Block]:
    if not shown.link_to:
        return [kit.context(t("No link can be sent: there is no e-mail address for this customer."))]
    button = kit.button(
        t("Send the customer a link"),
        Id.SEND_LINK,
        value=_value(shown.contact.id, shown.failed.invoice.id),
        confirm=kit.confirm(
            t("Send the link?"),
            t("{address} gets a mail with the page on which the invoice can be paid.", address=fit(shown.link_to, 150)),
            yes=t("Send"),
            no=t("Cancel"),
        ),
    )
    return [kit.divider(), kit.actions(button, ways.card(shown.contact.id, t), block_id="ways")]


def _value(contact: ContactId, invoice: InvoiceId) -> str:
    return f"{contact}:{invoice}"


def _metadata(shown: CollectForm) -> dict[str, object]:
    return {
        "contact": shown.contact.id,
        "invoice": shown.failed.invoice.id,
        "due": shown.failed.invoice.due.amount,
    }
