"""Everything put together, once per process: settings in, a running program out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import sleep

import structlog
from flask import Flask
from slack_bolt import App as Bolt
from slack_sdk.errors import SlackClientError

import handlers
from billing import approvals, histories, syncs, usage
from billing.actions import actions
from billing.billing_contacts import verifying
from billing.catalogue import Catalogue, load
from billing.change_requests import cards, deciding, watching
from billing.desk import Desk
from billing.dunning import failures
from billing.errors import Transient
from billing.events import EventSteps
from billing.imports import Report
from billing.invoices import approving, nudging, reminding, telling
from billing.invoices.printing import InvoiceDocuments
from billing.plan_changes import raising
from billing.reconciliations import Reconciliation
from billing.steps import NOBODY, OperationSteps
from billing.storage.database import Database
from billing.storage.engines import UNUSABLE
from billing.storage.schema import is_current
from billing.stripe.client import Connection
from billing.stripe.customers import StripeCustomers
from billing.stripe.event_log import StripeEventLog
from billing.stripe.payments import StripePayments
from bot import mail, metrics
from bot.clocks import Clock, clock_at
from bot.engine import ENQUEUE_FROM, Engine, Pipeline, Schedule, Step, enqueue, is_migrated
from bot.pages.billing_contacts import PATH, billing_contact_pages
from bot.pages.charts import PATH as CHARTS
from bot.pages.charts import chart_pages
from bot.pages.documents import document_pages
from bot.settings import CannotStart, Settings
from bot.slack import create_bolt, slack_client
from bot.vies import Vies
from bot.web import create_web
from handlers.announcements import Announcer, Links
from handlers.billing_contact_news import BillingContactNews
from handlers.change_requests.cards import Cards
from handlers.change_requests.messages import Messages, RequestMails
from handlers.charts import Charts
from handlers.conversation import Conversation
from handlers.dunning import Tellers
from handlers.followups import FollowUps
from handlers.histories import Exports
from handlers.homes import Homes
from handlers.invoices.approvals import ApprovalNews
from handlers.invoices.mailing import InvoiceMails
from handlers.invoices.news import InvoiceNews
from handlers.mails import Mails, Outbox
from handlers.posts import Posts
from handlers.reconciliations import ReconciliationNews
from handlers.router import Router
from handlers.staff import Directory
from handlers.usage import UsageNotices, reply_to

log = structlog.get_logger(__name__)


class OldSchema(CannotStart):
    """The database is not what this version needs; `kontor migrate` makes it so."""

    def __init__(self) -> None:
        super().__init__("the database is older than this version of Kontor (or empty): run `kontor migrate`")


class NoDatabase(CannotStart):
    """What DATABASE_URL names cannot be opened or does not answer."""

    def __init__(self, error: BaseException) -> None:
        said = next(iter(str(error).splitlines()), type(error).__name__)
        super().__init__(f"DATABASE_URL: the database cannot be used: {said}")


def undo(steps: OperationSteps, operation: str, reference: str) -> None:
    """Before a broken operation is over. What cannot be taken back does not keep people from being told: they get the
    reference, under which the log says what is left.
    """
    try:
        steps.undo(operation)
    except Transient:
        raise
    except Exception:
        log.exception("operation_not_undone", operation=operation, reference=reference)


@dataclass
class App:
    """What one process has open."""

    settings: Settings
    catalogue: Catalogue
    clock: Clock
    database: Database
    stripe: Connection
    desk: Desk
    payments: StripePayments
    directory: Directory
    posts: Posts
    announcer: Announcer
    charts: Charts
    router: Router
    bolt: Bolt

    def web(self) -> Flask:
        secret = self.settings.stripe_webhook_secret.get_secret_value()
        business = self.catalogue.business
        pages = [
            billing_contact_pages(self.desk, business, self.settings.kontor_public_url),
            document_pages(self.database, InvoiceDocuments(), business),
            chart_pages(self.database, self.charts),
        ]
        return create_web(self.bolt, self.database, business, secret, self.missing, pages)

    def engine(self) -> Engine:
        """The worker's part: operations, Stripe's events, and what is done by the clock."""
        register = Vies(self.settings.kontor_vies_url)
        steps = OperationSteps(self.database, self.payments, actions(register))
        events = EventSteps(self.database, self.payments, self.posts.managers)
        smtp = self.settings.smtp_url
        outbox = Outbox(mail.sender(smtp.get_secret_value()) if smtp else None)
        invoice_mails = InvoiceMails(self.desk, outbox, documents_address(self.settings), self.settings.links_last)
        mails = Mails(self.desk, outbox, invoice_mails.done)
        news = InvoiceNews(self.desk, self.posts, invoice_mails)
        customer_pages = f"{self.settings.kontor_public_url.rstrip('/')}{PATH}"
        contact_news = BillingContactNews(self.desk, self.posts, outbox, customer_pages)
        follow_ups = FollowUps(self.desk, events, self.announcer)
        tellers = Tellers(self.desk, self.posts)
        reconciled = ReconciliationNews(self.desk, self.posts)
        approval_news = ApprovalNews(self.desk, self.posts)
        exports = Exports(self.desk, self.posts)
        homes = Homes(self.desk, self.posts, self.charts)
        request_cards = Cards(self.desk, self.posts)
        messages = Messages(self.desk, self.posts)
        usage_notices = UsageNotices(self.desk, self.posts, outbox)

        def failed(operation: str, reference: str) -> None:
            undo(steps, operation, reference)
            steps.fail(operation, reference)
            self.announcer.announce(operation)

        return Engine(
            self.settings.database_url,
            [
                Pipeline(
                    "operation",
                    (
                        Step("check", steps.check),
                        Step("perform", steps.perform),
                        Step("record", steps.record),
                        Step("mail", mails.send),
                        Step("announce", self.announcer.announce),
                    ),
                    delayed=self.announcer.delayed,
                    failed=failed,
                ),
                Pipeline(verifying.MAIL, (Step("mail", contact_news.mail),)),
                Pipeline(verifying.ALERT, (Step("tell", contact_news.alert),)),
                Pipeline("show_again", (Step("show", self.announcer.show_again),)),
                Pipeline(
                    "event",
                    (Step("handle", events.handle, may_end=True), Step("follow_up", follow_ups.run)),
                    formerly="stripe_event",
                ),
                Pipeline(failures.PIPELINE, (Step("tell", tellers.tell),)),
                Pipeline(syncs.PIPELINE, (Step("tell", reconciled.tell),), formerly="reconciled"),
                Pipeline(histories.PIPELINE, (Step("make", exports.make),)),
                Pipeline(
                    deciding.PIPELINE,
                    (
                        Step("cards", request_cards.show),
                        Step("mail", RequestMails(self.desk, outbox).send),
                        Step("homes", homes.refresh),
                    ),
                ),
                Pipeline(cards.PIPELINE, (Step("cards", request_cards.show),)),
                Pipeline(deciding.NEWS, (Step("tell", messages.news),)),
                Pipeline(watching.PIPELINE, (Step("remind", messages.remind),)),
                Pipeline(approvals.EXPORT, (Step("export", messages.export),)),
                Pipeline(usage.PIPELINE, (Step("mail", usage_notices.send),)),
                Pipeline(raising.PIPELINE, (Step("tell", usage_notices.not_raised),)),
                Pipeline(
                    approving.PIPELINE,
                    (Step("tell", approval_news.tell), Step("homes", homes.refresh_for_invoice)),
                ),
                Pipeline(nudging.PIPELINE, (Step("remind", approval_news.remind),)),
                Pipeline(reminding.PIPELINE, (Step("remind", invoice_mails.remind),)),
                Pipeline(telling.PIPELINE, (Step("tell", news.tell),), formerly="invoice_news"),
            ],
            [
                Schedule("remind_of_invoices", "7 * * * *", self._remind_of_invoices),
                Schedule("refresh_staff", "*/5 * * * *", self._refresh_staff),
                Schedule("remind_of_requests", "*/5 * * * *", self._remind_of_requests),
                Schedule("watch_usage", "*/10 * * * *", self._watch_usage),
                Schedule("tell_failures", "* * * * *", self.tell_failures),
                Schedule("reconcile", "23 2 * * *", self.reconcile),
            ],
            concurrency=self.settings.kontor_concurrency,
            keep=timedelta(days=self.settings.kontor_keep_jobs_days),
        )

    def _remind_of_invoices(self) -> None:
        log.info("reminded of invoices to grant", count=nudging.remind(self.database))
        reminded = reminding.remind(self.database)
        if reminded:
            log.info("reminders handed to the engine", invoices=reminded)

    def refresh_staff_soon(self) -> None:
        """Read the user groups now, beside everything else; until then people have the roles of the last time."""
        threading.Thread(target=self._refresh_staff, name="refresh-staff", daemon=True).start()

    def tell_failures(self) -> None:
        """Have those told of failed payments for whom some have come together."""
        failures.collect(self.database)

    def reconcile(self) -> None:
        """Compare everything with Stripe and mend it; admins and managers are told if anything was different."""
        reconcile(self, tell=True)

    def _refresh_staff(self) -> None:
        try:
            self.directory.refresh()
        except (SlackClientError, OSError) as error:
            log.warning("staff not refreshed", error=type(error).__name__)

    def _remind_of_requests(self) -> None:
        log.info("reminded of requests", count=watching.remind(self.database))

    def _watch_usage(self) -> None:
        log.info("looked at usage", told=usage.watch(self.database, reply_to))

    def missing(self) -> str | None:
        """What keeps this process from serving, or None."""
        try:
            with database_told():
                self.database.ping()
            return None if schema_is_current(self.settings.database_url) else str(OldSchema())
        except (NoDatabase, Transient):
            return "the database does not answer"


def reconcile(app: App, report: Report | None = None, *, tell: bool) -> Reconciliation:
    """The whole comparison, counted and logged by ids."""
    customers = StripeCustomers(app.stripe.client, app.catalogue, app.clock)
    log_of_events = StripeEventLog(app.stripe.client)
    run = syncs.reconcile(app.database, NOBODY, customers, log_of_events, report, tell=tell)
    metrics.DIFFERENCES.inc(run.differing)
    metrics.MISSED_EVENTS.inc(run.missed_events)
    log.info(
        "reconciled",
        run=run.id,
        customers=run.customers,
        created=run.created,
        differing=run.differing,
        missed_events=run.missed_events,
        contacts=[one.contact for one in run.differences[:100]],
    )
    return run


@contextmanager
def database_told() -> Iterator[None]:
    """Raise NoDatabase where the database cannot be opened or does not answer."""
    try:
        yield
    except (*UNUSABLE, OSError) as error:
        raise NoDatabase(getattr(error, "orig", None) or error) from error


def schema_is_current(database_url: str) -> bool:
    """Whether `kontor migrate` has nothing to do. Raises NoDatabase."""
    with database_told():
        return is_current(database_url) and is_migrated(database_url)


@contextmanager
def opened(settings: Settings) -> Iterator[App]:
    """Open everything, close everything. Raises OldSchema."""
    if not schema_is_current(settings.database_url):
        raise OldSchema
    app = build(settings)
    try:
        yield app
    finally:
        app.stripe.close()
        app.database.close()


def stripe_connection(settings: Settings, throttle: Callable[[], None] | None = None) -> Connection:
    """The way to Stripe, with every request measured and logged under the operation it belongs to."""
    return Connection(
        settings.stripe_api_key.get_secret_value(),
        settings.stripe_api_url,
        throttle=throttle,
        on_request=metrics.observe_stripe,
    )


def documents_address(settings: Settings) -> str:
    """Where customers see their documents."""
    return f"{settings.kontor_public_url.rstrip('/')}/d"


def charts_address(settings: Settings) -> str | None:
    """Where Slack fetches charts. None where it cannot: then they are drawn with characters."""
    return f"{settings.kontor_public_url.rstrip('/')}{CHARTS}" if settings.slack_can_fetch else None


def build(settings: Settings) -> App:
    catalogue = load(settings.kontor_catalogue)
    clock = clock_at(settings.kontor_clock_url)
    database = Database(
        settings.database_url,
        catalogue=catalogue,
        enqueue=enqueue,
        enqueue_from=ENQUEUE_FROM,
        clock=clock,
        connections=max(64, settings.kontor_web_threads),
        own_delay=timedelta(seconds=settings.kontor_own_events_delay),
    )
    stripe = stripe_connection(settings, lambda: sleep(database.reserve("stripe", settings.kontor_stripe_rate)))
    customer_pages = f"{settings.kontor_public_url.rstrip('/')}/payment-method"
    payments = StripePayments(
        stripe.client,
        catalogue,
        success_url=f"{customer_pages}/added",
        cancel_url=f"{customer_pages}/not-added",
        clock=clock,
    )
    desk = Desk(database, clock)
    directory = Directory(desk, lambda: slack_client(settings), settings.kontor_role_groups)
    links = Links(
        settings.kontor_stripe_dashboard.rstrip("/"),
        mailed=settings.smtp_url is not None,
        documents=documents_address(settings),
        lifetime=settings.links_last,
    )
    posts = Posts(lambda: slack_client(settings), settings.kontor_managers_channel)
    announcer = Announcer(desk, posts, links, settings.kontor_settle_seconds)
    charts = Charts(charts_address(settings), settings.slack_signing_secret.get_secret_value())
    router = Router()
    handlers.register(router, announcer)
    extras = {"links": links, "posts": posts, "charts": charts}
    conversation = Conversation(router, desk, directory, extras, metrics.observe_request)
    return App(
        settings=settings,
        catalogue=catalogue,
        clock=clock,
        database=database,
        stripe=stripe,
        desk=desk,
        payments=payments,
        directory=directory,
        posts=posts,
        announcer=announcer,
        charts=charts,
        router=router,
        bolt=create_bolt(settings, conversation),
    )
