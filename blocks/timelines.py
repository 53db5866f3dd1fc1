"""The timeline in words: an icon, a sentence, who, on whose behalf, when (H10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from billing.catalogue import Catalogue
from billing.ports import PaidBy
from billing.timeline import Entry, Happening
from blocks import declines, kit, words
from blocks.texts import Translator, bold, joined, later

# What happened: an icon, the sentence, and the sentence for entries that do not say more.
_SENTENCES: Mapping[Happening, tuple[str, str, str]] = {
    Happening.SUBSCRIPTION_STARTED: (
        "✅",
        later("Subscription started: {product} × {quantity}, first payment {amount}"),
        later("Subscription started"),
    ),
    Happening.SUBSCRIPTION_SCHEDULED: (
        "🗓️",
        later("Subscription planned: {product} × {quantity} from {start}, first invoice {amount}"),
        later("Subscription planned"),
    ),
    Happening.SUBSCRIPTION_ENDED: ("🏁", later("Subscription ended: {product}"), later("Subscription ended")),
    Happening.PAYMENT_LINK_SENT: (
        "🔗",
        later("Link for adding a payment method made, for {product} × {quantity}"),
        later("Link for adding a payment method made"),
    ),
    Happening.LINK_NOT_MAILED: ("📭", later("The link could not be mailed and has to be passed on"), ""),
    Happening.PAYMENT_LINK_EXPIRED: (
        "⌛",
        later("Link for {product} expired without being used"),
        later("Link expired without being used"),
    ),
    Happening.PAYMENT_METHOD_ADDED: (
        "💳",
        later("Payment method added: {brand} •••• {last4}"),
        later("Payment method added"),
    ),
    Happening.PAYMENT_METHOD_REMOVED: (
        "🗑️",
        later("Payment method removed: {brand} •••• {last4}"),
        later("Payment method removed"),
    ),
    Happening.PAYMENT_DECLINED: (
        "❌",
        later("Payment of {amount} refused: {decline}"),
        later("Payment refused"),
    ),
    Happening.PAYMENT_SUCCEEDED: (
        "💶",
        later("Payment received: {amount} for invoice {number}"),
        later("Payment received"),
    ),
    Happening.PAYMENT_FAILED: ("🔴", later("Payment failed: {amount} for invoice {number}"), later("Payment failed")),
    Happening.PLAN_CHANGED: (
        "🔀",
        later("Plan changed: {plan_before} → {plan}, seats: {seats}, {amount} at once"),
        later("Plan changed"),
    ),
    Happening.PLAN_CHANGE_SCHEDULED: (
        "🗓️",
        later("Lower contact limit planned for the end of the period: {limit} contacts"),
        later("Change of plan planned for the end of the period"),
    ),
    Happening.PLAN_CHANGE_CALLED_OFF: ("🔒", later("Lower contact limit called off"), ""),
    Happening.OFFER_TAKEN: (
        "🎁",
        later("Discount {coupon} given instead of a downgrade of {plan}"),
        later("Discount given instead of a downgrade"),
    ),
    Happening.REQUEST_FILED: ("📝", later("Downgrade requested: {plan_before} → {plan}"), later("Downgrade requested")),
    Happening.REQUEST_APPROVED: ("👍", later("Downgrade approved: {plan}"), later("Downgrade approved")),
    Happening.REQUEST_REJECTED: ("👎", later("Downgrade rejected: {note}"), later("Downgrade rejected")),
    Happening.REQUEST_ASKED: ("❓", later("Asked about the downgrade: {note}"), later("Asked about the downgrade")),
    Happening.REQUEST_ANSWERED: ("💬", later("Answered: {note}"), later("Answered")),
    Happening.REQUEST_WITHDRAWN: ("↩️", later("Downgrade request withdrawn"), ""),
    Happening.REQUEST_SCHEDULED: (
        "🗓️",
        later("Downgrade planned: {plan} from {day}"),
        later("Downgrade planned"),
    ),
    Happening.REQUEST_EFFECTIVE: ("🔽", later("Downgrade in effect: {plan}"), later("Downgrade in effect")),
    Happening.REQUEST_KEPT: ("🔒", later("Downgrade called off: {plan_before} is kept"), later("Downgrade called off")),
    Happening.REQUEST_SUPERSEDED: ("⏭️", later("Downgrade request superseded by another change"), ""),
    Happening.REQUEST_FAILED: ("⚠️", later("Downgrade failed at Stripe"), ""),
    Happening.USAGE_NOTICE: (
        "📈",
        later("{percent}% of the contact limit used: {used} of {limit}"),
        later("Contact limit nearly used up"),
    ),
    Happening.RAISING_SWITCHED: (
        "🎚️",
        later("Raising the contact limit by itself: {on}"),
        later("Raising the contact limit by itself was switched on or off"),
    ),
    Happening.BILLING_CONTACT_CHANGED: (
        "👤",
        later("Billing contact changed: {before} → {after}"),
        later("Billing contact changed"),
    ),
    Happening.BILL_TO_CHANGED: (
        "🏷️",
        later("Billing details changed: {before} → {after}"),
        later("Billing details changed"),
    ),
    Happening.BILLING_CONTACT_LINK_SENT: (
        "📨",
        later("Link for changing the billing details sent to {name}"),
        later("Link for changing the billing details sent"),
    ),
    Happening.BILLING_CONTACT_NOT_MAILED: (
        "📭",
        later("E-mail about the billing contact could not be sent to {email}"),
        later("E-mail about the billing contact could not be sent: there is no address"),
    ),
    Happening.BILLING_CONTACT_TOLD: ("❔", later("Asked who the billing contact is: may be told"), ""),
    Happening.BILLING_CONTACT_NOT_TOLD: ("❔", later("Asked who the billing contact is: may not be told"), ""),
    Happening.BILLING_CONTACT_REPORTED: ("🚨", later("“This was not me”: change of the billing contact reported"), ""),
    Happening.BILLING_CONTACT_FROZEN: ("🧊", later("Changes of the billing contact frozen"), ""),
    Happening.BILLING_CONTACT_UNFROZEN: ("🔓", later("Changes of the billing contact are possible again"), ""),
    Happening.CARD_VERIFIED: ("✅", later("Card on file verified"), ""),
    Happening.CARD_NOT_VERIFIED: (
        "❌",
        later("Card on file not verified, tries left: {left}"),
        later("Card on file not verified"),
    ),
    Happening.VERIFICATION_LOCKED: (
        "🔒",
        later("Verification of the card locked until {until}"),
        later("Verification of the card locked"),
    ),
    Happening.VERIFICATION_UNLOCKED: ("🔓", later("Verification of the card unlocked"), ""),
    Happening.INVOICE_RECIPIENTS_CHANGED: (
        "✉️",
        later("Invoices also go to {recipients}"),
        later("Invoices go to the billing contact only"),
    ),
    Happening.INVOICE_SENT: (
        "🧾",
        later("Invoice {number} sent: {amount}, due on {day}"),
        later("Invoice sent"),
    ),
    Happening.INVOICE_SENT_AGAIN: ("📨", later("Invoice {number} sent again"), later("Invoice sent again")),
    Happening.INVOICE_NOT_MAILED: (
        "📭",
        later("Invoice {number} could not be mailed to {recipients}"),
        later("An invoice could not be mailed"),
    ),
    Happening.INVOICE_LINKS_REVOKED: (
        "🔒",
        later("All links to invoice {number} revoked: {count}"),
        later("Links to an invoice revoked"),
    ),
    Happening.INVOICE_REMINDED: ("🔔", later("Reminded of invoice {number}"), later("Reminded of an invoice")),
    Happening.PAYMENT_RECORDED: (
        "💶",
        later("{amount} recorded for invoice {number}: {paid_by}, received on {day}"),
        later("Payment recorded"),
    ),
    Happening.INVOICE_CREDITED: (
        "↩️",
        later("{amount} of invoice {number} credited: {note}"),
        later("Invoice credited"),
    ),
    Happening.INVOICE_REFUNDED: (
        "↩️",
        later("{amount} of invoice {number} refunded: {note}"),
        later("Invoice refunded"),
    ),
    Happening.INVOICE_NOT_REFUNDED: (
        "❌",
        later("Invoice {number} could not be refunded"),
        later("An invoice could not be refunded"),
    ),
    Happening.REFUND_FAILED: (
        "❌",
        later("{amount} of invoice {number} did not reach the card: the refund failed"),
        later("A refund failed"),
    ),
    Happening.INVOICE_VOIDED: ("🚫", later("Invoice {number} cancelled: {note}"), later("Invoice cancelled")),
    Happening.INVOICE_WRITTEN_OFF: ("📉", later("Invoice {number} written off: {note}"), later("Invoice written off")),
    Happening.NUMBER_GIVEN_UP: (
        "🚫",
        later("Number {number} given up, the invoice was never sent: {note}"),
        later("Number of an invoice given up"),
    ),
    Happening.INVOICE_APPROVAL_ASKED: (
        "🔒",
        later("Approval asked for an invoice: {note}"),
        later("Approval asked for an invoice"),
    ),
    Happening.INVOICE_APPROVED: ("👍", later("Invoice approved: {note}"), later("Invoice approved")),
    Happening.INVOICE_REJECTED: ("👎", later("Invoice not approved: {note}"), later("Invoice not approved")),
    Happening.INVOICE_CHARGED: (
        "💳",
        later("Invoice {number} charged: {amount} with {brand} •••• {last4}"),
        later("Open invoice charged"),
    ),
    Happening.INVOICE_LINK_SENT: (
        "🔗",
        later("Link for paying invoice {number} made: {amount}"),
        later("Link for paying an invoice made"),
    ),
    Happening.CHANGED_AT_STRIPE: ("🛠️", "", later("Something was changed at Stripe")),
    Happening.CONTACT_IMPORTED: ("📥", later("Customer imported from {source}"), later("Customer imported")),
}

# The same of a card whose digits the reader may not see (G11), or that has none.
_WITHOUT_DIGITS: Mapping[Happening, str] = {
    Happening.PAYMENT_METHOD_ADDED: later("Payment method added: {brand}"),
    Happening.PAYMENT_METHOD_REMOVED: later("Payment method removed: {brand}"),
    Happening.INVOICE_CHARGED: later("Invoice {number} charged: {amount} with {brand}"),
}

# Stripe's word for a payment that the line of our own operation tells of: it did not come twice.
_CONFIRMED = (later("Payment confirmed: {amount} for invoice {number}"), later("Payment confirmed"))

# What somebody changed at Stripe: the sentence, and the one for entries that do not name product or invoice.
_CHANGES: Mapping[str, tuple[str, str]] = {
    "subscription_started": (
        later("Subscription started at Stripe: {product}"),
        later("Subscription started at Stripe"),
    ),
    "subscription_items": (
        later("Plan, price or quantity changed at Stripe: {product}"),
        later("Plan, price or quantity of a subscription changed at Stripe"),
    ),
    "subscription_end": (
        later("End of the subscription changed at Stripe: {product}"),
        later("End of a subscription changed at Stripe"),
    ),
    "subscription_pause": (
        later("Collection paused or resumed at Stripe: {product}"),
        later("Collection of a subscription paused or resumed at Stripe"),
    ),
    "subscription_discount": (
        later("Discount changed at Stripe: {product}"),
        later("Discount of a subscription changed at Stripe"),
    ),
    "subscription_payment_method": (
        later("Payment method of the subscription changed at Stripe: {product}"),
        later("Payment method of a subscription changed at Stripe"),
    ),
    "subscription_trial": (
        later("Trial changed at Stripe: {product}"),
        later("Trial of a subscription changed at Stripe"),
    ),
    "subscription_collection": (
        later("Way of billing changed at Stripe: {product}"),
        later("Way of billing of a subscription changed at Stripe"),
    ),
    "subscription_paused": (later("Subscription paused at Stripe: {product}"), later("Subscription paused at Stripe")),
    "subscription_resumed": (
        later("Subscription resumed at Stripe: {product}"),
        later("Subscription resumed at Stripe"),
    ),
    "customer_name": (later("Name changed at Stripe"), ""),
    "customer_email": (later("E-mail address changed at Stripe"), ""),
    "customer_phone": (later("Phone number changed at Stripe"), ""),
    "customer_address": (later("Address changed at Stripe"), ""),
    "customer_balance": (later("Balance changed at Stripe"), ""),
    "customer_tax": (later("Tax status changed at Stripe"), ""),
    "customer_deleted": (later("Customer deleted at Stripe; all subscriptions ended"), ""),
    "invoice_voided": (later("Invoice {number} cancelled at Stripe"), later("Invoice cancelled at Stripe")),
    "invoice_written_off": (
        later("Invoice {number} written off at Stripe"),
        later("Invoice written off at Stripe"),
    ),
    "credit_note": (later("Credit note {number} made at Stripe"), later("Credit note made at Stripe")),
    "refund": (later("{amount} of invoice {number} refunded at Stripe"), later("Payment refunded at Stripe")),
}


def entry(one: Entry, catalogue: Catalogue, t: Translator) -> kit.Block:
    """One line of the timeline, and below it who and when."""
    icon, _, _ = _SENTENCES[one.what]
    happened = joined([icon, bold(sentence(one, catalogue, t))], by=" ")
    return kit.context(joined([happened, _details(one, t), _who_and_when(one, t)]))


def sentence(one: Entry, catalogue: Catalogue, t: Translator) -> str:
    """What happened, in plain text."""
    if one.what is Happening.CHANGED_AT_STRIPE:
        full, short = _CHANGES.get(str(one.parameters.get("change")), ("", _SENTENCES[one.what][2]))
        return (t.template(full, **_parameters(one, catalogue, t)) if full else None) or t(short)
    _, full, short = _SENTENCES[one.what]
    if one.what is Happening.PAYMENT_SUCCEEDED and one.parameters.get("confirms"):
        full, short = _CONFIRMED
    if one.what in _WITHOUT_DIGITS and not one.parameters.get("last4"):
        full = _WITHOUT_DIGITS[one.what]
    return t.template(full, **_parameters(one, catalogue, t)) or t(short)


def _details(one: Entry, t: Translator) -> str:
    """Why a payment failed, and what follows."""
    if one.what is not Happening.PAYMENT_FAILED:
        return ""
    decline, following = one.parameters.get("decline"), one.parameters.get("next_attempt")
    why = declines.sentence(str(decline), t) if decline else ""
    then = t("Next try on {day}.", day=t.day(str(following))) if following else ""
    return " ".join(part for part in (why, then) if part)


# What Kontor does without being asked, on its own account and not because of what Stripe says.
_BY_ITSELF = (
    Happening.USAGE_NOTICE,
    Happening.INVOICE_REMINDED,
    Happening.INVOICE_NOT_MAILED,
    Happening.BILLING_CONTACT_NOT_MAILED,
    Happening.LINK_NOT_MAILED,
)


def _who_and_when(one: Entry, t: Translator) -> str:
    if one.what is Happening.CHANGED_AT_STRIPE or one.parameters.get("outside"):
        return t("In the Stripe Dashboard or on a page of Stripe’s, not in Kontor, {when}", when=one.at)
    if one.by and one.on_behalf_of:
        return t("{who}, on behalf of {whom}, {when}", who=one.by, whom=one.on_behalf_of, when=one.at)
    nobody = t("By Kontor itself") if one.what in _BY_ITSELF else t("Reported by Stripe")
    return t("{who}, {when}", who=one.by or nobody, when=one.at)


def _parameters(one: Entry, catalogue: Catalogue, t: Translator) -> dict[str, object]:
    shown: dict[str, object] = {**one.parameters, "amount": one.amount}
    for name, value in one.parameters.items():
        match name, value:
            case "product", str():
                label = catalogue.label(value)
                shown[name] = label.in_(t.language) if label else value
            case "decline", str():
                shown[name] = declines.sentence(value, t)
            case "paid_by", str() if value in tuple(PaidBy):
                shown[name] = words.paid_by(PaidBy(value), t)
            case "brand", str():
                shown[name] = words.brand(value, t)
            case "on", int():
                shown[name] = t("switched on") if value else t("switched off")
            case (("plan" | "plan_before"), str()):
                shown[name] = words.plan_name(catalogue, value, t)
            case "until", str():
                shown[name] = _instant(value)
            case (("start" | "day"), str()):
                shown[name] = t.day(value)
            case (("before" | "after"), str()) if f"{name}_country" in one.parameters:
                shown[name] = _billed_to(value, one.parameters[f"{name}_country"], one.parameters[f"{name}_tax_id"], t)
    return shown


def _billed_to(who_and_where: str, country: object, tax_id: object, t: Translator) -> str:
    parts = (who_and_where, t.country(str(country)) if country else "", str(tax_id))
    return ", ".join(part for part in parts if part)


def _instant(iso: str) -> datetime | str:
    """An instant as rows hold it; what is none stays as it is."""
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        return iso
