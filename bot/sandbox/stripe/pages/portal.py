"""The billing portal's page: subscriptions, invoices, and the card that is charged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from bot.sandbox.stripe.errors import ApiError
from bot.sandbox.stripe.objects import Object
from bot.sandbox.stripe.resources import billing_portal
from bot.sandbox.stripe.resources.subscription_items import period_of

from .hosted import EXAMPLES, with_secret

if TYPE_CHECKING:
    from . import Pages


def portal(pages: Pages, request: Request, session_id: str, secret: str) -> Response:
    """Show the portal, or save a card typed there; a card that wants authentication goes there first."""
    account, error = pages.account, None
    with account.effect(), account.time_of(session_id):
        session = with_secret(account, "billing_portal.session", session_id, secret)
        if account.now() >= session["created"] + billing_portal.LIFETIME:
            raise ApiError("This link has expired. Ask for a new one.", status=410)
        waited = session["_setup_intent"] is not None
        billing_portal.take_over(account, session)
        saved = waited and session["_setup_intent"] is None
        if request.method == "POST" and request.form.get("use"):
            billing_portal.make_default(account, session["customer"], request.form["use"])
        elif request.method == "POST":
            error = billing_portal.add_card(account, session, dict(request.form))
            saved = error is None
        intent = account.find("setup_intent", session["_setup_intent"] or "")
        shown = _shown(pages, session)
    if intent is not None and intent["status"] == "requires_action" and request.method == "POST":
        return redirect(f"/authenticate/{intent['id']}?then={request.path}", 303)
    message = error.message if error else _refusal(intent)
    return pages.render(
        "portal.html", 402 if error else 200, session=session, saved=saved, error=message, examples=EXAMPLES, **shown
    )


def _refusal(intent: Object | None) -> str:
    return str(((intent or {}).get("last_setup_error") or {}).get("message", ""))


def _shown(pages: Pages, session: Object) -> dict[str, Any]:
    account, customer_id = pages.account, session["customer"]
    customer = account.get("customer", customer_id)
    invoices = account.store.find("invoice", {"customer": customer_id}, limit=50)
    return {
        "customer": customer,
        "default": customer["invoice_settings"]["default_payment_method"],
        "subscriptions": [
            _row(pages, subscription)
            for subscription in account.matching("subscription", customer=customer_id, ended=False)
        ],
        "methods": account.matching("payment_method", customer=customer_id),
        "invoices": [invoice for invoice in invoices if invoice["hosted_invoice_url"]],
    }


def _row(pages: Pages, subscription: Object) -> dict[str, Any]:
    title, amount = pages.sold(subscription)
    end = period_of(subscription)[1]
    ends = end if subscription["cancel_at_period_end"] else subscription["cancel_at"]
    return {"title": title, "amount": amount, "status": subscription["status"], "renews": end, "ends": ends}
