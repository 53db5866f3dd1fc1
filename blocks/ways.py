"""The ways from one capability to another: buttons that many views carry, and their ids."""

from __future__ import annotations

from billing.ids import ContactId
from blocks import kit
from blocks.texts import Translator

TO_CARD = "card.open"  # value: the contact
TO_SUBSCRIPTION = "subscription.open"  # value: the contact
TO_FINDER = "finder.open"


def card(contact: ContactId, t: Translator) -> kit.Element:
    return kit.button(t("Show customer"), TO_CARD, value=contact)


def new_subscription(contact: ContactId, t: Translator, *, again: bool = False) -> kit.Element:
    text = t("Start anew") if again else t("New subscription")
    return kit.button(text, TO_SUBSCRIPTION, value=contact, style="primary")


def finder(t: Translator) -> kit.Element:
    return kit.button(t("Find another customer"), TO_FINDER)
