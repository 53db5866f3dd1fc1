"""Every action that there is: one list, for the engine and for whoever tests it."""

from __future__ import annotations

from billing import discount_offers
from billing.billing_contacts import changing, links
from billing.billing_contacts.places import TaxRegister
from billing.change_requests.applying import APPLY, KEEP
from billing.dunning.collecting import PAY, SEND_LINK
from billing.invoices import crediting, giving_up, issuing, payments, sending, voiding
from billing.operations import AnyAction
from billing.plan_changes import CALL_OFF, CHANGE, PREVIEW, RAISE
from billing.plan_changes import RESUME as RESUME_CHANGE
from billing.subscriptions import CREATE, RESUME

_ACTIONS: tuple[AnyAction, ...] = (
    CREATE,
    RESUME,
    PREVIEW,
    CHANGE,
    RESUME_CHANGE,
    CALL_OFF,
    RAISE,
    APPLY,
    KEEP,
    discount_offers.PREVIEW,
    discount_offers.TAKE,
    links.SEND,
    sending.SEND,
    issuing.ISSUE,
    issuing.SEND_AGAIN,
    payments.CHARGE,
    payments.RECORD,
    crediting.CREDIT,
    voiding.END,
    giving_up.GIVE_UP,
    PAY,
    SEND_LINK,
)


def actions(register: TaxRegister) -> dict[str, AnyAction]:
    """By the kind of their commands. `register` is the one that VAT ids are looked up in."""
    return {one.command.kind: one for one in _ACTIONS} | changing.actions(register)
