"""Why a bank refused, in plain words for the colleague at the phone (H30).

Codes: Stripe's document "Stripe decline codes". Where Stripe asks not to tell the customer more (lost, stolen,
suspected fraud), the sentence is the general one.
"""

from __future__ import annotations

from blocks.texts import Translator, later

_GENERAL = later("The bank refused the payment and gives no reason. The customer can ask the bank, or pay another way.")
_CALL = later("The bank wants to hear from the customer before it allows the payment.")
_DATA = later("The card details on file are not right. The customer can enter the card again by a link.")
_NOT_POSSIBLE = later("The bank does not allow this kind of payment with this card.")
_LIMIT = later("The card’s limit is used up.")
_LATER = later("The bank could not be reached or had a problem. It may work in a few minutes.")
_CONFIRM = later("The bank wants the customer to confirm the payment in person. Send a link for that.")

_SENTENCES = {
    "insufficient_funds": later("There is not enough money on the account or card."),
    "withdrawal_count_limit_exceeded": _LIMIT,
    "card_velocity_exceeded": _LIMIT,
    "card_decline_rate_limit_exceeded": later("The card was refused too often today. Use another one."),
    "expired_card": later("The card has expired."),
    "invalid_expiry_month": _DATA,
    "invalid_expiry_year": _DATA,
    "invalid_number": _DATA,
    "incorrect_number": _DATA,
    "incorrect_cvc": _DATA,
    "invalid_cvc": _DATA,
    "incorrect_zip": _DATA,
    "incorrect_address": _DATA,
    "incorrect_pin": _DATA,
    "invalid_account": later("The account that the card belongs to is closed or unknown to the bank."),
    "new_account_information_available": later(
        "The customer has a new card number. A link lets the customer enter it."
    ),
    "processing_error": _LATER,
    "issuer_not_available": _LATER,
    "reenter_transaction": _LATER,
    "try_again_later": _LATER,
    "approve_with_id": _LATER,
    "authentication_required": _CONFIRM,
    "offline_pin_required": _CONFIRM,
    "online_or_offline_pin_required": _CONFIRM,
    "call_issuer": _CALL,
    "pin_try_exceeded": _CALL,
    "card_not_supported": _NOT_POSSIBLE,
    "not_permitted": _NOT_POSSIBLE,
    "service_not_allowed": _NOT_POSSIBLE,
    "transaction_not_allowed": _NOT_POSSIBLE,
    "restricted_card": _NOT_POSSIBLE,
    "currency_not_supported": later("The card cannot pay in this currency."),
    "invalid_amount": later("The bank does not allow a payment of this amount with this card."),
    "duplicate_transaction": later(
        "The bank saw the same amount on this card a moment ago and stopped the second payment."
    ),
    "testmode_decline": later("This is a test card. It cannot pay real money."),
    "test_mode_live_card": later("This is a real card, but the workspace is set up for tests."),
    "debit_not_authorized": later("The customer has not allowed direct debits from this account."),
    "refer_to_customer": later("The customer has stopped the direct debit at the bank."),
}


def sentence(code: str, t: Translator) -> str:
    """The reason in one or two sentences; the general one for every code that is secret, new or unknown."""
    return t(_SENTENCES.get(code, _GENERAL))
