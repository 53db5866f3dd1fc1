"""What the team is told of an invoice that somebody has sent: paid, failed, not sent, not mailed (HX15)."""

from __future__ import annotations

from typing import assert_never

from billing.invoices.telling import Told, What
from blocks import declines, kit, refusals, ways, words
from blocks.graphemes import fit
from blocks.texts import Translator, bold, escape, joined


def news(told: Told, t: Translator) -> kit.Message:
    """By direct message, or in the managers' channel."""
    icon, said = _headline(told, t)
    sheet = told.sheet
    return kit.Message(
        text=said,
        blocks=[
            kit.section(joined([joined([icon, bold(said)], by=" "), *(escape(one) for one in _more(told, t) if one)])),
            kit.actions(ways.invoice(sheet.ref, t), ways.card(sheet.contact.id, t)),
        ],
    )


def _headline(told: Told, t: Translator) -> tuple[str, str]:
    sheet, amount = told.sheet, told.news.amount
    who = {"name": fit(sheet.contact.name, 200), "number": sheet.number or ""}
    match told.news.what:
        case What.PAID | What.CHARGED if sheet.due and amount:
            return "💶", t("{name} has paid {amount} of invoice {number}.", amount=amount, **who)
        case What.PAID | What.CHARGED:
            paid = sheet.total.with_amount(sheet.stripe.paid) if sheet.stripe else sheet.total
            return "💶", t("{name} has paid invoice {number}: {amount}.", amount=paid, **who)
        case What.FAILED:
            return "🔴", t("A payment by {name} for invoice {number} failed.", **who)
        case What.NOT_SENT:
            return "⚠️", t("The invoice for {name} could not be sent.", **who)
        case What.REFUND_FAILED:
            return "🔴", t("A refund to {name} for invoice {number} failed.", **who)
        case What.NOT_MAILED:
            return "📭", t("A mail to {name} about invoice {number} could not be delivered.", **who)
        case _:
            assert_never(told.news.what)


def _more(told: Told, t: Translator) -> tuple[str, ...]:
    """Who did it, why, and what remains."""
    news_, due = told.news, told.sheet.due
    left = t("{amount} is still to be paid.", amount=due) if due else ""
    match news_.what:
        case What.PAID:
            return (left, t("Recorded by {name}.", name=told.by) if told.by else "")
        case What.CHARGED:
            card = words.with_digits(news_.brand or "", news_.last4, t)
            return (left, t("{name} has charged {card}.", name=told.by, card=card))
        case What.FAILED:
            tried = t("Tried by {name}.", name=told.by) if told.by else ""
            return (declines.sentence(news_.decline, t) if news_.decline else "", left, tried)
        case What.NOT_SENT:
            return (_why(told, t), t("It stays as it is, and can be sent again."))
        case What.REFUND_FAILED:
            assert news_.amount, "it says how much"
            return (t("{amount} did not reach the card. Please give it back by another way.", amount=news_.amount),)
        case What.NOT_MAILED:
            return (
                t("Not reached: {addresses}", addresses=fit(", ".join(news_.addresses), 1000)),
                t("Please check the addresses. “Send again” mails it once more."),
            )
        case _:
            assert_never(news_.what)


def _why(told: Told, t: Translator) -> str:
    reason = told.news.reason
    if reason is None:
        return ""
    if "reference" in reason.parameters:
        return t("Something went wrong. Reference: {reference}", reference=reason.parameters["reference"])
    return refusals.sentence(reason, t)
