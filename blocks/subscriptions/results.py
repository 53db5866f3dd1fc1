"""What came of it: working, started, waiting, declined, refused, failed, delayed, expired (H30, H31).

Each result is an `Answer`: `.modal(t)` for the open modal, `.message()` for the direct message if it was closed.
"""

from __future__ import annotations

from billing.contacts import InvoiceStatus
from billing.errors import Reason
from billing.ids import ContactId, OperationId
from billing.previews import SubscriptionPreview
from billing.subscriptions import Review, SubscriptionForm, SubscriptionStarted
from blocks import declines, kit, notices, payment_links, payment_methods, refusals, ways, words
from blocks.answers import Answer
from blocks.subscriptions.ids import Id
from blocks.subscriptions.review import confirmation
from blocks.texts import Mrkdwn, Translator, escape, joined, link


def working(t: Translator) -> kit.Modal:
    """The answer to the confirmation: it is safely written down and under way."""
    return kit.Modal(
        title=t("One moment"),
        blocks=[
            kit.section(t.rich("⏳ *The request is on its way.* The result appears here in a moment.")),
            kit.context(t("This window may be closed: the result then comes as a direct message.")),
        ],
        callback_id=Id.WORKING,
        close=t("Close"),
        clear_on_close=True,
    )


def started(receipt: SubscriptionStarted, contact: ContactId, t: Translator, stripe_url: str | None = None) -> Answer:
    """It runs, or is planned for its day. `stripe_url` is the subscription's page at Stripe."""
    preview = receipt.preview
    names = {
        "product": words.product(preview.price, t),
        "quantity": preview.quantity,
        "name": receipt.contact_name,
        "day": preview.first.on,
    }
    if preview.starts_now:
        title, sentence = (
            t("Subscription started"),
            t.rich("✅ *{product}* × {quantity} now runs for *{name}*.", **names),
        )
        text = t("{product} × {quantity} now runs for {name}.", **names)
    else:
        title = t("Subscription scheduled")
        sentence = t.rich("🗓️ *{product}* × {quantity} for *{name}* starts on {day}.", **names)
        text = t("{product} × {quantity} for {name} starts on {day}.", **names)
    return Answer(
        title=title,
        text=text,
        blocks=[
            kit.section(sentence),
            *kit.fields(
                {
                    t("First payment"): _first_payment(receipt, t),
                    **_settled(receipt, t),
                    t("Payment method"): words.method(receipt.method, t) if receipt.method else "",
                    t("Next payment"): _next_payment(receipt, t),
                    t("Invoice"): _invoice(receipt),
                }
            ),
            *([] if preview.starts_now else _balance_hint(preview, t)),
            kit.actions(*_ways_on(contact, stripe_url, t)),
        ],
    )


def waiting(receipt: SubscriptionStarted, contact: ContactId, t: Translator, *, mailed: bool = True) -> Answer:
    """The link is out; it starts by itself when the customer has added a method (H31)."""
    preview = receipt.preview
    return payment_links.sent(
        receipt.contact_name,
        t(
            "The link for {name} is ready. The subscription starts as soon as a payment method was added.",
            name=receipt.contact_name,
        ),
        joined(
            [
                t.rich(
                    "*{product}* × {quantity} starts by itself as soon as the customer has added a payment method. "
                    "The first payment is {amount}. Until then nothing is charged.",
                    product=words.product(preview.price, t),
                    quantity=preview.quantity,
                    amount=preview.first.total,
                ),
                words.balance_hint(preview, t),
            ]
        ),
        receipt.link,
        [ways.card(contact, t)],
        t,
        mailed=mailed,
    )


def declined(shown: Review, form: SubscriptionForm, code: str, operation: OperationId, t: Translator) -> Answer:
    """The bank said no: why, and the other ways to pay (H30). Submitting it tries again with the way chosen.

    `code` is Stripe's decline code, `form` offers what else is on file, `operation` is the one that was declined.
    """
    used = words.method(shown.method, t) if shown.method else ""
    others = [one for one in form.methods if shown.method is None or one.id != shown.method.id]
    options = payment_methods.options(others, form.link_to, t)
    blocks: list[kit.Block] = [
        kit.section(
            joined(
                [
                    t.rich("❌ *The payment was refused: {method}*", method=used or t("new payment method")),
                    declines.sentence(code, t),
                ]
            )
        ),
        kit.section(
            t.rich(
                "*{product}* × {quantity} for *{name}*: the first payment would be {amount}. "
                "Nothing was started and nothing was charged.",
                product=words.product(shown.preview.price, t),
                quantity=shown.preview.quantity,
                name=shown.contact.name,
                amount=shown.preview.charge,
            )
        ),
    ]
    metadata = confirmation(shown) | {"fingerprint": shown.fingerprint_without_method}
    del metadata["payment_method"]
    return Answer(
        title=t("Payment refused"),
        text=t(
            "The payment for {name} was refused. {reason}", name=shown.contact.name, reason=declines.sentence(code, t)
        ),
        blocks=blocks,
        in_modal=[payment_methods.choice(options, None, Id.METHOD, t) if options else _no_other_way(t)],
        in_message=[
            kit.actions(
                kit.button(t("Choose another way to pay"), Id.CHOOSE_METHOD, value=operation, style="primary"),
                ways.card(shown.contact.id, t),
            )
        ],
        callback_id=Id.RETRY,
        submit=t("Try again") if options else None,
        metadata=metadata,
        final=False,
    )


def refused(reason: Reason, contact: ContactId, t: Translator, *, operation: OperationId | None = None) -> Answer:
    """A rule said no. `operation`: offer to review it again (in a message), as after a change of price."""
    again = [kit.button(t("Review again"), Id.REVIEW_AGAIN, value=operation)] if operation else []
    return Answer(
        title=t("Not possible"),
        text=refusals.sentence(reason, t),
        blocks=[kit.section(joined([t.rich("🚫 *No subscription was started.*"), refusals.sentence(reason, t)]))],
        in_message=[kit.actions(*again, ways.card(contact, t))],
        final=False,
    )


def failed(reference: str, t: Translator) -> Answer:
    """Something broke that nobody foresaw. What to do, and what to quote."""
    return notices.broken(reference, t)


def delayed(t: Translator) -> Answer:
    """Stripe does not answer; the operation is safe and goes on by itself."""
    return Answer(
        title=t("Still under way"),
        text=t("Stripe does not answer at the moment. Kontor keeps trying and reports back."),
        blocks=[
            kit.section(
                joined(
                    [
                        t.rich("⏳ *Stripe does not answer at the moment.*"),
                        t("Kontor keeps trying and reports back by direct message. Nothing is charged twice."),
                    ]
                )
            ),
            kit.context(t("Please do not ask for it a second time.")),
        ],
    )


def expired(contact: ContactId, name: str, t: Translator) -> Answer:
    """The customer did not use the link in time; somebody should know."""
    return payment_links.expired(
        t("{name} did not use the payment link in time. Nothing was started.", name=name),
        t.rich("⌛ *{name} did not use the payment link in time.* Nothing was started and nothing charged.", name=name),
        [ways.new_subscription(contact, t, again=True), ways.card(contact, t)],
        t,
    )


def _first_payment(receipt: SubscriptionStarted, t: Translator) -> str:
    preview, invoice = receipt.preview, receipt.invoice
    if not preview.starts_now:
        return t("{amount} on {day}", amount=preview.charge, day=preview.first.on)
    charge = invoice.charge if invoice else preview.charge
    if not charge:
        return t("nothing is charged")
    if invoice and invoice.status is InvoiceStatus.PAID:
        return t("{amount}, paid", amount=charge)
    return t("{amount}, being collected", amount=charge)


def _settled(receipt: SubscriptionStarted, t: Translator) -> dict[str, str]:
    """What Stripe took from the customer's balance for it, or collected of what was owed before."""
    taken = receipt.invoice.total - receipt.invoice.charge if receipt.invoice else None
    if not taken:
        return {}
    if taken.amount < 0:
        return {t("Of that, owed from before"): t.money(-taken)}
    return {t("Taken from the customer’s balance"): t.money(taken)}


def _balance_hint(preview: SubscriptionPreview, t: Translator) -> list[kit.Block]:
    hint = words.balance_hint(preview, t)
    return [kit.context(hint)] if hint else []


def _next_payment(receipt: SubscriptionStarted, t: Translator) -> str:
    if not receipt.preview.following:
        return ""
    following = receipt.preview.following[0]
    return t("{amount} on {day}", amount=following.total, day=following.on)


def _invoice(receipt: SubscriptionStarted) -> Mrkdwn:
    if not receipt.invoice:
        return Mrkdwn()
    number = receipt.invoice.number or receipt.invoice.id
    return link(receipt.invoice.url, number) if receipt.invoice.url else escape(number)


def _ways_on(contact: ContactId, stripe_url: str | None, t: Translator) -> list[kit.Element]:
    buttons: list[kit.Element] = [ways.card(contact, t)]
    if stripe_url:
        buttons.append(kit.button(t("Open in Stripe"), Id.OPEN_STRIPE, url=stripe_url))
    return buttons


def _no_other_way(t: Translator) -> kit.Block:
    return kit.section(t("There is no other payment method on file, and no e-mail address to which a link could go."))
