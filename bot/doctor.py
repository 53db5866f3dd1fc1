"""`kontor doctor`: every setting checked against the running services, one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from smtplib import SMTPException
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import requests
from slack_sdk.errors import SlackApiError, SlackClientError
from stripe import APIConnectionError, StripeError, WebhookEndpoint

from billing.catalogue import CatalogueError, load
from billing.errors import KontorError, Transient
from billing.invoices.sending import number
from billing.steps import NOBODY
from billing.storage.finders import SearchStrength
from billing.stripe.push import Push
from bot import settings as environment
from bot.app import OldSchema, opened, schema_is_current, stripe_connection
from bot.faults import line
from bot.mail import connected
from bot.manifest import SCOPES
from bot.settings import CannotStart, Settings, WrongSettings
from bot.slack import slack_client

ANSWERS_WITHIN = 10  # seconds
NUMBERS = "numbers of invoices"
# Without any of these something that was begun would never end, or nobody would be told.
NEEDED_EVENTS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.updated",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.updated",
    "payment_method.attached",
    "subscription_schedule.updated",
    "charge.refunded",
    "refund.failed",
)
SEARCH = {
    SearchStrength.FULL: "finds any part of a word, and forgives spelling mistakes",
    SearchStrength.WORD_PREFIXES: "finds beginnings of words only: install pg_trgm, then run `kontor migrate`",
}


@dataclass(frozen=True)
class Finding:
    """`good` is None for something that works but deserves a look."""

    subject: str
    good: bool | None
    text: str


def examine() -> Iterator[Finding]:
    """Check after check; a failing one does not keep the next from being made."""
    try:
        settings = environment.load()
    except WrongSettings as error:
        for name, what in (error.problems or {"settings": str(error)}).items():
            yield Finding(name, False, what)
        return
    yield Finding("settings", True, "all there")
    yield from _guarded("KONTOR_CATALOGUE", lambda: _catalogue(settings))
    yield from _guarded("DATABASE_URL", lambda: _database(settings))
    stripe = settings.stripe_api_url
    yield from _guarded("SLACK_BOT_TOKEN", lambda: _slack(settings), settings.slack_api_url)
    yield from _guarded("SLACK_APP_TOKEN", lambda: _app_token(settings), settings.slack_api_url)
    yield from _guarded("STRIPE_API_KEY", lambda: _stripe(settings), stripe)
    yield from _guarded("Stripe's products and prices", lambda: _prices(settings), stripe)
    yield from _guarded(NUMBERS, lambda: _numbers(settings), stripe)
    yield from _guarded("SMTP_URL", lambda: _smtp(settings), _mail_server(settings))
    yield from _guarded("KONTOR_VIES_URL", lambda: _vies(settings), settings.kontor_vies_url)
    yield from _guarded("KONTOR_PUBLIC_URL", lambda: _public_url(settings), settings.kontor_public_url)


def _guarded(subject: str, check: Callable[[], Iterator[Finding]], address: str = "") -> Iterator[Finding]:
    """`address`: of whom the check asks. Mistakes in the catalogue are told once, by the check that is about it."""
    try:
        yield from check()
    except CatalogueError:
        yield Finding(subject, None, "not looked at: it needs the catalogue")
    except (CannotStart, KontorError, StripeError, OSError, SlackClientError) as error:
        is_silence = address and _is_silence(error)
        yield Finding(subject, False, f"{address} does not answer ({_reason(error)})" if is_silence else line(error))


def _is_silence(error: BaseException | None) -> bool:
    """Whether nobody answered; an error of SMTP is an OSError, too, but somebody's answer."""
    first = error.__cause__ if isinstance(error, Transient) else error
    return isinstance(first, APIConnectionError | OSError) and not isinstance(first, SMTPException)


def _reason(error: BaseException) -> str:
    """What the system said first; libraries wrap it in sentences of their own."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return (isinstance(error, OSError) and error.strerror) or line(error)


def _catalogue(settings: Settings) -> Iterator[Finding]:
    try:
        products = load(settings.kontor_catalogue).products
    except CatalogueError as error:
        yield from (Finding("KONTOR_CATALOGUE", False, mistake) for mistake in error.mistakes)
        return
    yield Finding("KONTOR_CATALOGUE", True, f"{len(products)} products in {settings.kontor_catalogue}")


def _database(settings: Settings) -> Iterator[Finding]:
    if not schema_is_current(settings.database_url):
        yield Finding("DATABASE_URL", False, str(OldSchema()))
        return
    yield Finding("DATABASE_URL", True, "SQLite" if settings.on_sqlite else "PostgreSQL")
    yield from _guarded("search", lambda: _search(settings))


def _search(settings: Settings) -> Iterator[Finding]:
    with opened(settings) as app:
        strength = app.database.search_strength()
    yield Finding("search", True if strength is SearchStrength.FULL else None, SEARCH[strength])


def _slack(settings: Settings) -> Iterator[Finding]:
    try:
        answer = slack_client(settings).auth_test()
    except SlackApiError as error:
        yield Finding("SLACK_BOT_TOKEN", False, f"Slack says {error.response.get('error')}")
        return
    yield Finding("SLACK_BOT_TOKEN", True, f"{answer['user']} in {answer['team']}")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    granted = set(headers.get("x-oauth-scopes", "").replace(" ", "").split(","))
    missing = sorted(SCOPES.keys() - granted)
    yield Finding("Slack scopes", not missing, f"missing: {', '.join(missing)}" if missing else "all granted")
    if "usergroups:read" not in missing:
        yield _role_groups(settings)
    if settings.kontor_managers_channel:
        yield _managers_channel(settings, settings.kontor_managers_channel)


def _role_groups(settings: Settings) -> Finding:
    """A group that is missing is no fault: roles can be granted one by one."""
    known = {group["handle"] for group in slack_client(settings).usergroups_list()["usergroups"] or []}
    missing = sorted(settings.kontor_role_groups.keys() - known)
    text = f"Slack has no group @{', @'.join(missing)}" if missing else "all are there"
    return Finding("KONTOR_ROLE_GROUPS", None if missing else True, text)


def _managers_channel(settings: Settings, channel: str) -> Finding:
    """What is told there goes to managers by direct message while the app cannot write in it."""
    subject = "KONTOR_MANAGERS_CHANNEL"
    try:
        found = slack_client(settings).conversations_info(channel=channel)["channel"]
    except SlackApiError as error:
        if error.response.get("error") == "missing_scope":
            return Finding(subject, None, f"not looked at: the app lacks {error.response.get('needed')}")
        text = f"Slack says {error.response.get('error')} of {channel}: does it exist, and is the app invited to it?"
        return Finding(subject, False, text)
    if found["is_archived"]:
        return Finding(subject, False, f"#{found['name']} is archived")
    if not found["is_member"]:
        return Finding(subject, False, f"the app is not in #{found['name']}: invite it")
    return Finding(subject, True, f"#{found['name']}")


def _app_token(settings: Settings) -> Iterator[Finding]:
    """Slack answers with an address for Socket Mode, which is not used."""
    if settings.slack_app_token is None:
        return
    try:
        slack_client(settings).apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except SlackApiError as error:
        yield Finding("SLACK_APP_TOKEN", False, f"Slack says {error.response.get('error')}")
        return
    yield Finding("SLACK_APP_TOKEN", True, "Slack offers Socket Mode")


def _stripe(settings: Settings) -> Iterator[Finding]:
    address = f"{settings.kontor_public_url.rstrip('/')}/stripe/webhook"
    with stripe_connection(settings) as connection:
        endpoints = connection.client.v1.webhook_endpoints.list({"limit": 100}).data
    mode = "test mode" if settings.test_mode else "live mode"
    yield Finding("STRIPE_API_KEY", True, mode)
    yield _webhook(address, [one for one in endpoints if one.url == address and one.status == "enabled"])


def _webhook(address: str, endpoints: Sequence[WebhookEndpoint]) -> Finding:
    sent = {event for one in endpoints for event in one.enabled_events}
    missing = [] if "*" in sent else [event for event in NEEDED_EVENTS if event not in sent]
    if not endpoints:
        text = f"no endpoint at Stripe sends to {address}"
    elif missing:
        text = f"Stripe does not send to {address}: {', '.join(missing)}"
    else:
        text = address
    return Finding("STRIPE_WEBHOOK_SECRET", not missing, text)


def _prices(settings: Settings) -> Iterator[Finding]:
    catalogue = load(settings.kontor_catalogue)
    today = datetime.now(ZoneInfo(catalogue.business.timezone)).date()
    with stripe_connection(settings) as connection:
        changes = Push(connection.client, catalogue, today, pause=_do_not_wait).plan()
    text = f"{len(changes)} changes to push: run `kontor catalogue push`" if changes else "the same as the catalogue"
    yield Finding("Stripe's products and prices", not changes, text)


def _numbers(settings: Settings) -> Iterator[Finding]:
    """Whether Stripe's newest invoices have numbers that are still to be given here, as after a restored backup."""
    with opened(settings) as app:
        with app.database.reading(NOBODY) as uow:
            series, year = uow.catalogue.invoices.series, uow.today.year
            last = uow.invoices.last_number(series, year)
        newest = app.stripe.client.v1.invoices.list({"limit": 100}).data
    begins = f"{series}-{year}-"
    tails = [one.number.removeprefix(begins) for one in newest if one.number and one.number.startswith(begins)]
    highest = max((int(tail) for tail in tails if tail.isdecimal()), default=0)
    text = f"the last one is {number(series, year, last)}" if last else f"none given in {begins.rstrip('-')} yet"
    if highest > last:
        text = f"Stripe has {number(series, year, highest)}, but {text}: those in between cannot be given again"
    yield Finding(NUMBERS, highest <= last, text)


def _do_not_wait(_seconds: float) -> None:
    """Whoever examines wants to know what is the matter now."""


def _mail_server(settings: Settings) -> str:
    """Host and port, without the password that may stand before them."""
    return urlsplit(settings.smtp_url.get_secret_value()).netloc.rpartition("@")[2] if settings.smtp_url else ""


def _smtp(settings: Settings) -> Iterator[Finding]:
    if settings.smtp_url is None:
        yield Finding("SMTP_URL", None, "not set: payment links are shown to the staff, but not mailed")
        return
    address = settings.smtp_url.get_secret_value()
    with connected(address, within=ANSWERS_WITHIN) as server:
        server.noop()
    yield Finding("SMTP_URL", True, f"{urlsplit(address).hostname} takes mails")


def _vies(settings: Settings) -> Iterator[Finding]:
    """Asked only where the catalogue wants VAT ids to be checked."""
    if not load(settings.kontor_catalogue).billing_contact.verify_tax_id:
        return
    answer = requests.get(f"{settings.kontor_vies_url.rstrip('/')}/check-status", timeout=ANSWERS_WITHIN)
    yield Finding("KONTOR_VIES_URL", answer.ok, f"{settings.kontor_vies_url} answers {answer.status_code}")


def _public_url(settings: Settings) -> Iterator[Finding]:
    answer = requests.get(f"{settings.kontor_public_url.rstrip('/')}/healthz", timeout=ANSWERS_WITHIN)
    yield Finding("KONTOR_PUBLIC_URL", answer.ok, f"{settings.kontor_public_url} answers {answer.status_code}")
