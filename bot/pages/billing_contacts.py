"""The customer's own pages about the billing contact, reached by links in mails.

Opening a page uses nothing: mail programs and their scanners open every link. Saving needs the page's own token, made
of the link's secret, and a request that comes from the page itself. Nothing of the address gets into logs or to others.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from billing.billing_contacts import links
from billing.billing_contacts.model import Purpose
from billing.catalogue import Business
from billing.desk import Desk
from billing.errors import LinkExpired, LinkUnknown, LinkUsed, Refusal, TooManyAttempts
from billing.guard import refuse_card_numbers
from billing.steps import NOBODY
from blocks.billing_contacts import pages
from blocks.texts import LANGUAGES, Translator
from handlers.payloads import ReplyTo

PATH = "/billing-contact"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
_GONE = {LinkUnknown: 404, LinkUsed: 410, LinkExpired: 410, TooManyAttempts: 429}


def billing_contact_pages(desk: Desk, business: Business, public_url: str) -> Blueprint:
    """`public_url` is where customers reach us: the only origin from which a form is taken."""
    blueprint = Blueprint("billing_contacts", __name__, url_prefix=PATH)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(public_url))

    @blueprint.get("/edit/<token>")
    def edit(token: str) -> tuple[str, int]:
        t = _translator()
        with desk.reading(NOBODY) as uow:
            opened = links.open_edit(uow, token)
        if opened.state is not None:
            return pages.used(opened.state, business, t), 200
        return pages.bill_to(opened, business, t, _csrf(token, Purpose.EDIT)), 200

    @blueprint.post("/edit/<token>")
    def save(token: str) -> tuple[str, int] | Answer:
        """Saved explicitly (G20). Then the page is opened again, and says what became of it."""
        t = _translator()
        _refuse_forged(token, Purpose.EDIT, origin)
        typed = {name: request.form.get(name, "") for name in pages.FIELDS}
        with desk.reading(NOBODY) as uow:
            opened = links.open_edit(uow, token)
        try:
            refuse_card_numbers(typed.values())
            links.hand_in(desk, token, typed, ReplyTo(user=opened.link.user).model_dump_json())
        except Refusal as refusal:
            if type(refusal) in _GONE:
                raise
            page = pages.bill_to(opened, business, t, _csrf(token, Purpose.EDIT), typed, refusal.reasons)
            return page, 422
        return redirect(url_for(".edit", token=token, lang=t.language), 303)

    @blueprint.get("/report/<token>")
    def report(token: str) -> tuple[str, int]:
        with desk.reading(NOBODY) as uow:
            shown = links.open_report(uow, token)
            contact = uow.contacts.get(shown.link.contact)
        account = contact.company or contact.name
        csrf = _csrf(token, Purpose.REPORT)
        return pages.report(shown.changed_on, account, business, _translator(), csrf), 200

    @blueprint.post("/report/<token>")
    def reported(token: str) -> tuple[str, int]:
        _refuse_forged(token, Purpose.REPORT, origin)
        freeze = request.form.get("freeze") == "yes"
        with desk.writing(NOBODY) as uow:
            links.report(uow, token, freeze=freeze)
        return pages.reported(business, _translator(), frozen=freeze), 200

    @blueprint.errorhandler(Refusal)
    def refused(refusal: Refusal) -> tuple[str, int]:
        return pages.refused(refusal.reason, business, _translator()), _GONE.get(type(refusal), 409)

    @blueprint.errorhandler(_Forged)
    def forged(_: _Forged) -> tuple[str, int]:
        t = _translator()
        sentence = t("This form was not sent from our page. Please open the link in the e-mail again.")
        return pages.notice(t("Not saved"), sentence, business, t), 403

    @blueprint.after_request
    def safely(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    return blueprint


class _Forged(Exception):
    """The form does not come from the page."""


def _refuse_forged(token: str, purpose: Purpose, origin: str) -> None:
    """The page's token has to be right, and the browser has to say that the form was on our page.

    Because of our referrer policy browsers send `Origin: null` here, and `Sec-Fetch-Site`; very old ones neither.
    """
    if not hmac.compare_digest(request.form.get("csrf", "").encode(), _csrf(token, purpose).encode()):
        raise _Forged
    site, sent_from = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site != "same-origin":
        raise _Forged
    if sent_from not in (None, "null", origin):
        raise _Forged


def _csrf(token: str, purpose: Purpose) -> str:
    """Only who has the link can make it, and it is good for this link and purpose."""
    return hmac.new(token.encode(), f"billing-contact:{purpose}".encode(), "sha256").hexdigest()


def _translator() -> Translator:
    chosen = request.args.get("lang")
    wanted = chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES)
    return Translator(wanted or LANGUAGES[0])
