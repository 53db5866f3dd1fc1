"""Ids in payloads of these views. Inputs have the command's field names as block ids, and `plan_change.` before them
as action ids.
"""

from __future__ import annotations

from blocks import ways


class Id:
    OPEN = ways.TO_PLAN  # button; value: the contact
    PLAN = "plan"  # callback; metadata: contact, subscription
    OTHER = "plan.other"  # menu; value: another subscription of the contact
    COMPARE = "plan.compare"  # button
    COMPARISON = "plan.comparison"  # callback; metadata: contact, subscription
    COMPARED = "plan.compared"  # menu: the other plans
    RAISE = "plan.raise"  # button; confirms the terms (AX5)
    CALL_OFF = ways.TO_CALL_OFF  # button; the lower limit that waits without a request is called off
    STOP_RAISING = "plan.stop_raising"  # button

    CHANGE = "plan_change.open"  # button in a view with the metadata contact, subscription
    EDIT = "plan_change.edit"  # button; value: the operation whose draft the form shows
    FORM = "plan_change.form"  # callback; metadata: contact, subscription, and what `PlanChoice` needs
    ACCOUNT = "plan_change.account"  # callback: of which customer a help ticket is; metadata: requester
    CHOSEN = "plan_change.plan"  # menu, dispatched: another plan is chosen in the form
    REVIEW = "plan_change.review"  # callback; metadata: contact, preview
    SHOW_REVIEW = "plan_change.show_review"  # button in a direct message; value: the preview's operation
    RETRY = "plan_change.retry"  # callback; the same metadata, with payment_method as an input
    METHOD = "plan_change.payment_method"  # of the review, where nothing is on file by itself, and of RETRY
    PAY_OTHERWISE = "plan_change.pay_otherwise"  # button in a direct message; value: the declined operation
    REQUEST = "plan_change.request"  # callback; metadata: every field of the draft
    REASON = "plan_change.reason"  # menu of the request, dispatched where the house offers a discount for a reason
    OPEN_STRIPE = "plan_change.open_stripe"  # button with an address; needs only an acknowledgement
