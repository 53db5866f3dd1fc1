"""The test cards that Stripe documents ("Testing"), by number and by name, and how each behaves.

Only these numbers are accepted. A number lives for the length of one request: it is looked up here, and what is kept
are brand, last four digits and behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass

SUCCEED = "succeed"
AUTHENTICATE = "authenticate"
"""Every payment needs the cardholder, set up or not."""
AUTHENTICATE_ONCE = "authenticate_once"
"""Needs the cardholder unless it was set up before."""


@dataclass(frozen=True, slots=True)
class Card:
    number: str
    brand: str
    names: tuple[str, ...]
    funding: str = "credit"
    country: str = "US"
    on_charge: str = SUCCEED
    """`succeed`, an authentication rule, or the decline code of every charge."""
    on_attach: str = SUCCEED
    """`succeed` or the decline code with which saving the card fails."""
    refund_fails: bool = False
    """What goes back to it is sent back a day later."""

    @property
    def last4(self) -> str:
        return self.number[-4:]


@dataclass(frozen=True, slots=True)
class Decline:
    code: str
    message: str


DECLINES = {
    "generic_decline": Decline("card_declined", "Your card was declined."),
    "insufficient_funds": Decline("card_declined", "Your card has insufficient funds."),
    "lost_card": Decline("card_declined", "Your card was declined."),
    "stolen_card": Decline("card_declined", "Your card was declined."),
    "card_velocity_exceeded": Decline(
        "card_declined",
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    ),
    "expired_card": Decline("expired_card", "Your card has expired."),
    "incorrect_cvc": Decline("incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": Decline(
        "processing_error", "An error occurred while processing your card. Try again in a little bit."
    ),
    "incorrect_number": Decline("incorrect_number", "Your card number is incorrect."),
    "authentication_required": Decline(
        "authentication_required", "Your card was declined. This transaction requires authentication."
    ),
    "fraudulent": Decline("card_declined", "Your card was declined."),
    "do_not_honor": Decline("card_declined", "Your card was declined."),
}


def _declining(number: str, name: str, reason: str) -> Card:
    return Card(number, "visa", (name,), on_charge=reason, on_attach=reason)


CARDS = (
    Card("4242424242424242", "visa", ("visa", "us")),
    Card("4000056655665556", "visa", ("visa_debit",), funding="debit"),
    Card("5555555555554444", "mastercard", ("mastercard",)),
    Card("2223003122003222", "mastercard", ()),
    Card("5200828282828210", "mastercard", ("mastercard_debit",), funding="debit"),
    Card("5105105105105100", "mastercard", ("mastercard_prepaid",), funding="prepaid"),
    Card("378282246310005", "amex", ("amex",)),
    Card("371449635398431", "amex", ()),
    Card("6011111111111117", "discover", ("discover",)),
    Card("6011000990139424", "discover", ()),
    Card("6011981111111113", "discover", (), funding="debit"),
    Card("3056930009020004", "diners", ("diners",)),
    Card("36227206271667", "diners", ()),
    Card("3566002020360505", "jcb", ("jcb",), country="JP"),
    Card("6200000000000005", "unionpay", ("unionpay",), country="CN"),
    Card("4000002760000016", "visa", ("de",), country="DE"),
    Card("4000000400000008", "visa", ("at",), country="AT"),
    Card("4000007560000009", "visa", ("ch",), country="CH"),
    Card("4000008260000000", "visa", ("gb",), country="GB"),
    Card("4000002500000003", "visa", ("fr",), country="FR"),
    Card("4000003800000008", "visa", ("it",), country="IT"),
    Card("4000007240000007", "visa", ("es",), country="ES"),
    Card("4000005280000002", "visa", ("nl",), country="NL"),
    Card("4000003920000003", "visa", ("jp",), country="JP"),
    _declining("4000000000000002", "visa_chargeDeclined", "generic_decline"),
    _declining("4000000000009995", "visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    _declining("4000000000009987", "visa_chargeDeclinedLostCard", "lost_card"),
    _declining("4000000000009979", "visa_chargeDeclinedStolenCard", "stolen_card"),
    _declining("4000000000006975", "visa_chargeDeclinedVelocityLimitExceeded", "card_velocity_exceeded"),
    _declining("4000000000000069", "chargeDeclinedExpiredCard", "expired_card"),
    _declining("4000000000000127", "chargeDeclinedIncorrectCvc", "incorrect_cvc"),
    _declining("4000000000000119", "chargeDeclinedProcessingError", "processing_error"),
    _declining("4242424242424241", "chargeDeclinedIncorrectNumber", "incorrect_number"),
    _declining("4100000000000019", "radarBlock", "fraudulent"),
    Card("4000000000000341", "visa", ("chargeCustomerFail",), on_charge="generic_decline"),
    Card("4000000000005126", "visa", ("refundFail",), refund_fails=True),
    Card("4000002500003155", "visa", ("authenticationRequiredOnSetup",), country="FR", on_charge=AUTHENTICATE_ONCE),
    Card("4000002760003184", "visa", ("authenticationRequired",), country="DE", on_charge=AUTHENTICATE),
    Card("4000000000003220", "visa", ("threeDSecure2Required",), on_charge=AUTHENTICATE),
    Card("4000003800000446", "visa", ("authenticationRequiredSetupForOffSession",), country="IT"),
)

BY_NUMBER = {card.number: card for card in CARDS}
BY_NAME = {name: card for card in CARDS for name in card.names}


def by_token(token: str) -> Card | None:
    """The card of `pm_card_visa`, `tok_visa` and the like."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            return BY_NAME.get(token.removeprefix(prefix))
    return None
