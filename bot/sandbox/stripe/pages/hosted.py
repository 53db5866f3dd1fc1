"""The pages that a customer sees: saving a card, authenticating a payment, looking at and paying an invoice."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.documents import credit_note_pdf, invoice_pdf
from bot.sandbox.stripe.errors import ApiError
from bot.sandbox.stripe.objects import Object
from bot.sandbox.stripe.resources import checkout as sessions
from bot.sandbox.stripe.resources import collection, payment_intents
from bot.sandbox.stripe.resources.invoice_payments import intent_of
from bot.sandbox.stripe.resources.payments import check_not_too_small
from bot.sandbox.stripe.resources.setup_intents import approve as approve_setup

if TYPE_CHECKING:
    from . import Pages

EXAMPLES = [
    ("4242 4242 4242 4242", "Visa, succeeds"),
    ("5555 5555 5555 4444", "Mastercard, succeeds"),
    ("4000 0025 0000 3155", "asks for authentication when it is saved"),
    ("4000 0027 6000 3184", "asks for authentication at every payment"),
    ("4000 0000 0000 0341", "can be saved, every charge is declined"),
    ("4000 0000 0000 9995", "insufficient funds"),
    ("4000 0000 0000 0002", "declined"),
]


def checkout(pages: Pages, request: Request, session_id: str) -> Response:
    """Save a card. After success the customer goes back to the address that the session names."""
    account, error = pages.account, None
    with account.effect(), account.time_of(session_id):
        session = account.get("checkout.session", session_id)
        if request.method == "POST" and session["status"] == "open":
            session, error = sessions.submit(account, session_id, dict(request.form))
            session = account.get("checkout.session", session_id)
        else:
            session = sessions.complete(account, session_id)
        intent = account.get("setup_intent", session["setup_intent"])
    if session["status"] == "complete":
        return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id), 303)
    if intent["status"] == "requires_action" and session["status"] == "open":
        return redirect(f"/authenticate/{intent['id']}?then=/checkout/{session_id}", 303)
    return pages.render(
        "checkout.html",
        402 if error else 200,
        session=session,
        error=error.message if error else _setup_error(intent),
        form={name: request.form.get(name, "") for name in ("name", "email")},
        examples=EXAMPLES,
    )


def _setup_error(intent: Object) -> str:
    return str((intent["last_setup_error"] or {}).get("message", ""))


def authenticate(pages: Pages, request: Request, intent_id: str) -> Response:
    """The cardholder's bank asks: is it you?"""
    account = pages.account
    kind = "setup_intent" if intent_id.startswith("seti_") else "payment_intent"
    target = request.args.get("then", "")
    target = target if target.startswith("/") and not target.startswith("//") else ""
    with account.effect(), account.time_of(intent_id):
        intent = account.get(kind, intent_id)
        if request.method == "POST":
            approved = request.form.get("answer") == "approve"
            if kind == "setup_intent":
                intent = approve_setup(account, intent_id, approved=approved)
                _complete_session(pages, intent_id)
            else:
                intent = payment_intents.approve(account, intent_id, approved=approved)
    if request.method == "POST" and target:
        return redirect(target, 303)
    return pages.render("authenticate.html", intent=intent, then=target, waiting=intent["status"] == "requires_action")


def _complete_session(pages: Pages, intent_id: str) -> None:
    for session in pages.account.matching("checkout.session", status="open"):
        if session["setup_intent"] == intent_id:
            sessions.complete(pages.account, session["id"])


def with_secret(account: Account, kind: str, object_id: str, secret: str) -> Object:
    """An object whose page only who has the link may see; 404 for everyone else."""
    body = account.find(kind, object_id)
    if body is None or not secret or not hmac.compare_digest(secret.encode(), str(body.get("_secret", "")).encode()):
        raise ApiError("There is no such page.", status=404)
    return body


def document(pages: Pages, kind: str, object_id: str, secret: str) -> Response:
    """The PDF of an invoice or a credit note."""
    account = pages.account
    with account.effect():
        body = with_secret(account, kind, object_id, secret)
        text = (invoice_pdf if kind == "invoice" else credit_note_pdf)(account, body)
    response = Response(text, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{body["number"]}.pdf"'
    return response


def invoice(pages: Pages, request: Request, invoice_id: str, secret: str) -> Response:
    """The hosted invoice: its lines, what is owed, and a form to pay it by card."""
    account, problem = pages.account, ""
    with account.effect(), account.time_of(invoice_id):
        body = with_secret(account, "invoice", invoice_id, secret)
        if request.method == "POST" and body["status"] in ("open", "uncollectible"):
            problem = _pay(pages, body, dict(request.form))
            body = account.get("invoice", invoice_id)
        intent = intent_of(account, body)
    waiting = intent is not None and intent["status"] == "requires_action" and body["status"] == "open"
    if intent is not None and waiting and request.method == "POST":
        return redirect(f"/authenticate/{intent['id']}?then={request.path}", 303)
    return pages.render("invoice.html", 402 if problem else 200, invoice=body, error=problem, examples=EXAMPLES)


def _pay(pages: Pages, body: Object, form: dict[str, str]) -> str:
    """Pay with a typed card, which is saved only where its subscription says so. Returns why it did not work."""
    account = pages.account
    try:
        check_not_too_small(body["amount_remaining"], body["currency"], "amount_remaining")
        method = sessions.typed_card(account, form)
        account.add(method)
        outcome = collection.attempt_payment(account, body, method)
    except ApiError as error:
        return error.message
    return outcome.error.message if outcome.error else ""
