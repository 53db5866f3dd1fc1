"""Ids in payloads of these views. Inputs have the command's field names as block ids, and `subscription.` before them
as action ids.
"""

from __future__ import annotations

from blocks import ways


class Id:
    OPEN = ways.TO_SUBSCRIPTION  # button; value: the contact
    FORM = "subscription.form"  # callback; metadata: contact
    REVIEW = "subscription.review"  # callback; metadata: every field of CreateSubscription
    RETRY = "subscription.retry"  # callback; the same metadata, with payment_method as an input
    CHOOSE_METHOD = "subscription.choose_method"  # button in a direct message; value: the declined operation
    REVIEW_AGAIN = "subscription.review_again"  # button in a direct message; value: the operation
    WORKING = "subscription.working"  # callback
    OPEN_STRIPE = "subscription.open_stripe"  # button with an address; needs only an acknowledgement

    PRICE = "subscription.price"  # option load, when there are too many products for a plain menu
    METHOD = "subscription.payment_method"
