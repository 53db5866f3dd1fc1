"""Pages that customers see in a browser, in their browser's language."""

from __future__ import annotations

from billing.catalogue import Business
from blocks.templating import render
from blocks.texts import Translator


def after_setup(business: Business, t: Translator, *, added: bool) -> str:
    """Where Stripe's page sends the customer back to, with or without a payment method added."""
    if added:
        title = t("Thank you, your payment method was added")
        sentence = t("Your subscription starts as agreed. This window can be closed.")
    else:
        title = t("No payment method was added")
        sentence = t("Nothing was charged. The link in the e-mail works again until it expires.")
    return render("after_setup.html", business=business, t=t, title=title, sentence=sentence)


def no_document(business: Business, t: Translator) -> str:
    """What a link shows that leads to no document, whatever the reason."""
    title = t("This link leads nowhere")
    sentence = t("It may have expired, or it was copied only in part. Write to us, and we send you a new one.")
    return render("after_setup.html", business=business, t=t, title=title, sentence=sentence)
