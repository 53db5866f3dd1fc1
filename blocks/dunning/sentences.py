"""Sentences about a failed payment that message, list, card and form share."""

from __future__ import annotations

from billing.catalogue import AfterLastTry, Catalogue
from billing.dunning.failures import FailedPayment
from billing.dunning.model import Stage
from blocks import declines, words
from blocks.texts import Translator, joined, later

_AFTERWARDS = {
    AfterLastTry.UNPAID: later(
        "If the last try fails, too, the subscription becomes unpaid: it goes on, but nothing more is charged."
    ),
    AfterLastTry.CANCEL: later("If the last try fails, too, the subscription is cancelled."),
    AfterLastTry.PAST_DUE: later("If the last try fails, too, the subscription stays overdue until it is paid."),
}


def why(one: FailedPayment, t: Translator) -> str:
    """The bank's reason, as far as it is known; or that no bank was asked."""
    if one.skipped:
        return t("There is no payment method on file, so nothing could be charged.")
    return declines.sentence(one.invoice.decline or "", t)


def what_next(one: FailedPayment, afterwards: AfterLastTry, t: Translator) -> str:
    """When Stripe tries again, and what comes after the last try."""
    following = one.invoice.next_attempt_at
    if one.stage is Stage.GIVEN_UP or following is None:
        written_off = "" if one.invoice.failing else t("The invoice is written off, and can still be paid.")
        if one.subscription is None:
            return joined([t("Stripe will not try again."), written_off], by=" ")
        if one.subscription.status.has_ended:
            stopped = t("Stripe will not try again. The subscription has ended.")
        else:
            status = words.subscription_status(one.subscription.status, t)
            stopped = t("Stripe will not try again. The subscription now: {status}.", status=status)
        return joined([stopped, written_off], by=" ")
    again = t("Stripe tries again on {day}.", day=t.day_of(following))
    return f"{again} {t(_AFTERWARDS[afterwards])}" if one.subscription else again


def product(one: FailedPayment, catalogue: Catalogue, t: Translator) -> str:
    """What the invoice is for, as the reader calls it; empty for one that belongs to no subscription."""
    if one.subscription is None:
        return ""
    price = one.subscription.items[0].price
    label = catalogue.label(price) if price else None
    return label.in_(t.language) if label else one.subscription.product
