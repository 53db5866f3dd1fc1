"""The web application: Slack's requests, Stripe's events, and the pages for whoever runs the program."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
from flask import Blueprint, Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST
from slack_bolt import App

from billing.catalogue import Business
from billing.errors import Transient
from billing.ports import Store
from billing.stripe.events import BadSignature, NoEvent, verify
from blocks import pages
from blocks.texts import LANGUAGES, Translator
from bot import metrics
from bot.slack_endpoint import SlackEndpoint

log = structlog.get_logger(__name__)
SAFE = {
    # Our pages have their style in themselves and nothing else: no script, no picture, no form.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
LARGEST_REQUEST = 1024 * 1024  # bytes; Slack's largest payload is a view of 250 KB


def create_web(
    bolt: App,
    store: Store,
    business: Business,
    webhook_secret: str,
    ready: Callable[[], str | None],
    pages_of_capabilities: Sequence[Blueprint] = (),
) -> Flask:
    """`ready` answers with what is missing, or None."""
    web = Flask("kontor", static_folder=None)
    web.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    web.wsgi_app = SlackEndpoint(bolt, web.wsgi_app, largest=LARGEST_REQUEST)  # type: ignore[method-assign]  # Flask's way

    @web.post("/stripe/webhook")
    def stripe_webhook() -> tuple[str, int]:
        """Verified on the raw body, stored once, handled by the engine."""
        try:
            event = verify(request.get_data(), request.headers.get("Stripe-Signature", ""), webhook_secret)
        except BadSignature:
            log.warning("webhook with a wrong signature")
            return "wrong signature", 401
        except NoEvent:
            log.warning("webhook without an event")
            return "no event", 400
        fresh = store.accept_event(event)
        metrics.STRIPE_EVENTS.labels(event.type, "new" if fresh else "repeated").inc()
        return "", 200

    @web.get("/favicon.ico")
    def no_icon() -> tuple[str, int]:
        """Browsers ask for it beside every page, and would note a fault."""
        return "", 204

    @web.get("/healthz")
    def healthz() -> tuple[str, int]:
        return "ok", 200

    @web.get("/readyz")
    def readyz() -> tuple[str, int]:
        missing = ready()
        return (missing, 503) if missing else ("ok", 200)

    @web.get("/metrics")
    def prometheus() -> Response:
        return Response(metrics.page(), content_type=CONTENT_TYPE_LATEST)

    @web.get('/payment-method/<any("added", "not-added"):outcome>')
    def after_setup(outcome: str) -> Response:
        """Where Stripe's hosted page sends the customer back to."""
        language = request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
        page = Response(pages.after_setup(business, Translator(language), added=outcome == "added"))
        page.vary.add("Accept-Language")
        return page

    @web.errorhandler(Transient)
    def unavailable(fault: Transient) -> tuple[str, int]:
        """Whoever asked asks again: Slack and Stripe repeat what was not answered with success."""
        log.warning("unavailable", what=fault.what, path=str(request.url_rule))  # a path may hold a link's secret
        return "not now", 503

    @web.after_request
    def safely(response: Response) -> Response:
        for name, value in SAFE.items():
            response.headers.setdefault(name, value)  # a page with a form says so itself
        return response

    for one in pages_of_capabilities:
        web.register_blueprint(one)
    return web
