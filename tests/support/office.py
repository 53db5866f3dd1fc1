"""The small business with a conversation: handlers, a fake Slack, and everything that an engine would do, at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from itertools import count
from typing import Any

from slack_bolt import Ack

import handlers
from billing import approvals, histories, syncs, usage
from billing.access import Actor
from billing.billing_contacts import verifying
from billing.change_requests import cards as request_cards
from billing.change_requests import deciding, watching
from billing.dunning import failures
from billing.errors import Undeliverable
from billing.events import EventSteps
from billing.ids import OperationId
from billing.invoices import approving, nudging, reminding, telling
from billing.operations import Operation
from billing.plan_changes import raising
from billing.roles import Role
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
from handlers.router import Kind, Router
from handlers.staff import Directory
from handlers.usage import UsageNotices
from tests.support import slack
from tests.support.shop import SAM, Shop
from tests.support.slack import FakeSlack, Json

_triggers = count(1)
LINKS_LAST = timedelta(days=30)  # another time than by default
PAGES = "https://kontor.example/billing-contact"


@dataclass(frozen=True)
class Reply:
    """What went back to Slack on the request itself; `None` where nothing did, which Slack shows as an error."""

    body: Any

    @property
    def view(self) -> Json:
        assert isinstance(self.body, dict), f"no view but {self.body!r}"
        return self.body["view"]

    @property
    def errors(self) -> Json:
        assert isinstance(self.body, dict), f"no errors but {self.body!r}"
        return self.body["errors"] if self.body.get("response_action") == "errors" else {}

    @property
    def text(self) -> str:
        return slack.texts(self.body)


@dataclass
class Office(Shop):
    slack: FakeSlack = field(default_factory=FakeSlack)
    responses: list[Json] = field(default_factory=list)  # what went to a response_url
    observed: list[tuple[str, str]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    settle_seconds: float = 0
    charts_address: str | None = None  # as where Slack cannot fetch pictures

    def __post_init__(self) -> None:
        super().__post_init__()
        links = Links(dashboard="https://stripe.example", documents="https://kontor.example/d", lifetime=LINKS_LAST)
        self.directory = Directory(self.desk, lambda: self.slack, {"billing-sales": Role.SALES})
        self.posts = Posts(lambda: self.slack, "C_MANAGERS")
        self.charts = Charts(self.charts_address, "signing secret")
        self.announcer = Announcer(self.desk, self.posts, links, self.settle_seconds)
        self.router = Router()
        handlers.register(self.router, self.announcer)
        self.conversation = Conversation(
            self.router,
            self.desk,
            self.directory,
            {"links": links, "posts": self.posts, "charts": self.charts},
            lambda kind, result, _: self.observed.append((kind, result)),
        )
        self.events = EventSteps(self.store, self.payments, self.posts.managers)
        self.tellers = Tellers(self.desk, self.posts)
        self.reconciled = ReconciliationNews(self.desk, self.posts)
        self.exports = Exports(self.desk, self.posts)
        self.outbox = Outbox(self.mails.append)
        self.invoice_mails = InvoiceMails(self.desk, self.outbox, "https://kontor.example/d", LINKS_LAST)
        self.invoice_news = InvoiceNews(self.desk, self.posts, self.invoice_mails)
        self.mailer = Mails(self.desk, self.outbox, self.invoice_mails.done)
        self.approval_news = ApprovalNews(self.desk, self.posts)
        self.contact_news = BillingContactNews(self.desk, self.posts, self.outbox, PAGES)
        self.follow_ups = FollowUps(self.desk, self.events, self.announcer)
        self.cards = Cards(self.desk, self.posts)
        self.homes = Homes(self.desk, self.posts, self.charts)
        self.request_mails = RequestMails(self.desk, self.outbox)
        messages = Messages(self.desk, self.posts)
        usage_notices = UsageNotices(self.desk, self.posts, self.outbox)
        self.work: dict[str, Callable[[str], str]] = {  # by the pipeline's name
            "operation": self.operates,
            "show_again": self.announcer.show_again,
            "event": self.hears,
            deciding.PIPELINE: self.tells_of_request,
            request_cards.PIPELINE: self.cards.show,
            deciding.NEWS: messages.news,
            watching.PIPELINE: messages.remind,
            approvals.EXPORT: messages.export,
            approving.PIPELINE: self.tells_of_approval,
            nudging.PIPELINE: self.approval_news.remind,
            reminding.PIPELINE: self.invoice_mails.remind,
            telling.PIPELINE: self.invoice_news.tell,
            usage.PIPELINE: usage_notices.send,
            raising.PIPELINE: usage_notices.not_raised,
            verifying.MAIL: self.contact_news.mail,
            verifying.ALERT: self.contact_news.alert,
            failures.PIPELINE: self.tells_of_failures,
            syncs.PIPELINE: self.reconciled.tell,
            histories.PIPELINE: self.makes_file,
        }

    # What people do

    def types(self, text: str, *, person: Actor = SAM) -> Reply:
        return self.handles(Kind.COMMAND, slack.command(text, person.user, self.trigger()))

    def presses(
        self, action_id: str, value: str | None = None, *, view: Json | None = None, person: Actor = SAM, **more: Any
    ) -> Reply:
        """A button in that modal or, without one, in a message."""
        where = {"view": view} if view else {"channel": {"id": "D1"}, "message": {"text": "hello"}}
        body = slack.interaction(person.user, self.trigger(), actions=[slack.action(action_id, value, **more)], **where)
        return self.handles(Kind.ACTION, body)

    def submits(self, view: Json, *, person: Actor = SAM, **given: Any) -> Reply:
        body = slack.interaction(person.user, self.trigger(), view=slack.filled(view, **given))
        return self.handles(Kind.VIEW, body)

    def searches(self, action_id: str, text: str, *, view: Json | None = None, person: Actor = SAM) -> Reply:
        where = {"view": view} if view else {}
        body = slack.interaction(person.user, self.trigger(), action_id=action_id, value=text, **where)
        return self.handles(Kind.OPTIONS, body)

    def bills_from(self, message: str, *, callback_id: str = "bill_customer", person: Actor = SAM) -> Reply:
        body = slack.interaction(
            person.user, self.trigger(), callback_id=callback_id, message={"text": message}, channel={"id": "C1"}
        )
        return self.handles(Kind.SHORTCUT, body)

    def trigger(self) -> str:
        return f"trigger-{next(_triggers)}"

    def handles(self, kind: Kind, body: Json) -> Reply:
        ack = Ack()
        self.conversation.handle(kind, body, ack, self.slack, lambda **answer: self.responses.append(answer))
        return Reply(_body(ack))

    # What they see

    @property
    def shown(self) -> Json:
        """The view that was opened, pushed or updated last."""
        return self.slack.called("views_open", "views_push", "views_update")[-1].arguments["view"]

    @property
    def told(self) -> list[str]:
        """The direct messages."""
        return [slack.texts(one.arguments["blocks"]) for one in self.slack.called("chat_postMessage")]

    # What the engine does

    def works(self) -> list[str]:
        """Everything that was accepted, to its end. Answers where it was announced."""
        told = []
        while self.rows.jobs:
            job = self.rows.jobs.pop(0)
            told.append(self.work[job.name](job.argument))
        return told

    def operates(self, operation: str) -> str:
        state = self.mailer.send(operation, self.walks(OperationId(operation)))
        return self.announcer.announce(operation, state)

    def refuses_mails(self) -> None:
        """From now on the mail server takes no mail to customers, as to an address that does not exist."""

        def refuses(_: EmailMessage) -> None:
            raise Undeliverable("550 no such user")

        self.mailer = Mails(self.desk, Outbox(refuses), self.invoice_mails.done)

    def hears(self, event: str) -> str:
        moved = self.events.handle(event)
        return self.follow_ups.run(event, moved) if moved else ""

    def tells_of_request(self, argument: str) -> str:
        return self.homes.refresh(argument, self.request_mails.send(argument, self.cards.show(argument)))

    def tells_of_approval(self, argument: str) -> str:
        return self.homes.refresh_for_invoice(argument, self.approval_news.tell(argument))

    def tells_of_failures(self, batch: str) -> str:
        return self.tellers.tell(batch, "")

    def makes_file(self, argument: str) -> str:
        return self.exports.make(argument, "")

    @property
    def last_operation(self) -> Operation:
        return list(self.rows.operations.values())[-1]


def _body(ack: Ack) -> Any:
    if ack.response is None:
        return None
    text = ack.response.body
    return json.loads(text) if text and text.startswith(("{", "[")) else text
