"""The ways from one capability to another: buttons that many views carry, and their ids."""

from __future__ import annotations

from billing.change_requests.model import RequestFilter
from billing.ids import ContactId, InvoiceId, RequestId, SubscriptionId
from blocks import kit
from blocks.texts import Translator

TO_CARD = "card.open"  # value: the contact
TO_SUBSCRIPTION = "subscription.open"  # value: the contact
TO_FINDER = "finder.open"
TO_PLAN = "plan.open"  # value: the contact
TO_OFFER = "discount_offer.preview"  # in the form of a request
TO_REQUEST = "request.open"  # value: the change request
TO_KEEP = "request.keep"  # value: the change request, which is scheduled
TO_CALL_OFF = "plan.call_off"  # value: the subscription; metadata: contact, subscription
TO_APPROVALS = "requests.open"  # value: a RequestFilter
TO_INVOICE = "invoice.open"  # value: the invoice
TO_INVOICES = "invoices.open"  # value: the contact
TO_NEW_INVOICE = "invoice.new"  # value: the contact
TO_BILLING_CONTACT = "billing_contact.open"  # value: the contact
TO_TIMELINE = "timeline.open"  # value: the contact
TO_COLLECT = "collect.open"  # value: the contact and, behind a colon, the invoice


def card(contact: ContactId, t: Translator) -> kit.Element:
    return kit.button(t("Show customer"), TO_CARD, value=contact)


def new_subscription(contact: ContactId, t: Translator, *, again: bool = False) -> kit.Element:
    text = t("Start anew") if again else t("New subscription")
    return kit.button(text, TO_SUBSCRIPTION, value=contact, style="primary")


def billing_contact(contact: ContactId, t: Translator) -> kit.Element:
    return kit.button(t("Billing contact"), TO_BILLING_CONTACT, value=contact)


def plan(contact: ContactId, t: Translator, *, change: bool = True) -> kit.Element:
    return kit.button(t("Change plan") if change else t("Show plan"), TO_PLAN, value=contact)


def invoice(ref: str, t: Translator) -> kit.Element:
    return kit.button(t("Show invoice"), TO_INVOICE, value=ref)


def invoices(contact: ContactId, t: Translator) -> kit.Element:
    return kit.button(t("All invoices"), TO_INVOICES, value=contact)


def new_invoice(contact: ContactId, t: Translator) -> kit.Element:
    return kit.button(t("New invoice"), TO_NEW_INVOICE, value=contact)


def finder(t: Translator) -> kit.Element:
    return kit.button(t("Find another customer"), TO_FINDER)


def history(contact: ContactId, t: Translator) -> kit.Element:
    return kit.button(t("Whole history"), TO_TIMELINE, value=contact)


def collect(contact: ContactId, invoice: InvoiceId, t: Translator, *, urgent: bool = True) -> kit.Element:
    text, value = t("Collect the payment"), f"{contact}:{invoice}"
    return kit.button(text, TO_COLLECT, value=value, style="primary" if urgent else None)


def request(request_id: RequestId, t: Translator) -> kit.Element:
    return kit.button(t("Show request"), TO_REQUEST, value=request_id)


def keep(request_id: RequestId, t: Translator) -> kit.Element:
    """The scheduled downgrade is called off; asks before it does so (HX17)."""
    return _keep(TO_KEEP, request_id, t)


def call_off(subscription: SubscriptionId, t: Translator) -> kit.Element:
    """The same for a lower limit that waits without a request (K3), in a view with the metadata of a plan."""
    return _keep(TO_CALL_OFF, subscription, t)


def _keep(action_id: str, value: str, t: Translator) -> kit.Element:
    question = kit.confirm(
        t("Keep the current plan?"),
        t("The planned downgrade is called off. Plan, features and price stay as they are."),
        yes=t("Keep current plan"),
        no=t("Back"),
    )
    return kit.button(t("Keep current plan"), action_id, value=value, confirm=question)


def approvals(wanted: RequestFilter, t: Translator) -> kit.Element:
    return kit.button(t("Show change requests"), TO_APPROVALS, value=wanted.value)
