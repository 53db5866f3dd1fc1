"""The choice of where money comes from: methods on file, and a link by which the customer adds one (H22, H30)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.contacts import PaymentMethod
from billing.payment_links import SEND_LINK
from blocks import kit, words
from blocks.texts import Translator


def options(methods: Sequence[PaymentMethod], link_to: str | None, t: Translator) -> list[kit.Option]:
    """The methods on file, and the link for adding one; what does not fit into a menu of 100 gives way to the link."""
    found = [
        kit.option(words.method(one, t), one.id, description=t("The customer’s default method") if one.default else "")
        for one in methods[: kit.SELECT_OPTIONS - 1]
    ]
    if link_to:
        found.append(
            kit.option(
                t("Send the customer a link to add a method"), SEND_LINK, description=t("To {address}", address=link_to)
            )
        )
    return found


def choice(offered: Sequence[kit.Option], chosen: str | None, action_id: str, t: Translator) -> kit.Block:
    """Where the money comes from; the first one is chosen unless another was."""
    values = [one.value for one in offered]
    return kit.field_input(
        t("Payment method"),
        kit.choice(
            action_id,
            offered,
            placeholder=t("Choose a payment method"),
            initial=chosen if chosen in values else values[0],
        ),
        block_id="payment_method",
        hint=t("A new card is added by the customer on Stripe’s page. Never type a card number."),
    )
