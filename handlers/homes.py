"""Home: published when it is opened, when Refresh is pressed, and when what it shows to decide has moved on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from billing import homes as domain
from billing.access import Actor
from billing.desk import Desk
from billing.ids import RequestId, SalesInvoiceId
from billing.invoices.deciders import deciders
from billing.steps import NOBODY
from blocks import homes as views
from blocks.homes import Id
from blocks.kit import Home
from blocks.texts import Translator
from handlers.charts import Chart, Charts
from handlers.posts import Posts
from handlers.router import Router

log = structlog.get_logger(__name__)
OPENED = "app_home_opened"
NOT_FETCHED = ("invalid_blocks", "invalid_arguments")  # among other reasons for these


def register(router: Router) -> None:
    router.event(OPENED)(publish)
    router.action(Id.REFRESH)(publish)


def publish(actor: Actor, desk: Desk, client: WebClient, t: Translator, charts: Charts) -> None:
    """What the person sees now; it is theirs alone."""
    _publish(lambda home: client.views_publish(user_id=actor.user, view=home.to_dict()), actor, desk, t, charts)


class Homes:
    """Steps that may be repeated: what moved on is shown so in the Home of everybody concerned (A24)."""

    def __init__(self, desk: Desk, posts: Posts, charts: Charts) -> None:
        self._desk = desk
        self._posts = posts
        self._charts = charts

    def refresh(self, argument: str, _: str = "") -> str:
        """`argument` is `request:version`. Whom Slack does not know any more has no Home to be refreshed."""
        with self._desk.reading(NOBODY) as uow:
            request = uow.requests.get(RequestId(argument.partition(":")[0]))
            concerned = dict.fromkeys((request.filed_by.user, *(one.user for one in request.deciders)))
            people = [uow.staff.get(request.team, user) for user in concerned]
        return self._refresh_all(people)

    def refresh_for_invoice(self, argument: str, _: str = "") -> str:
        """`argument` is `invoice:version`. A draft that was thrown away meanwhile is nobody's any more."""
        with self._desk.reading(NOBODY) as uow:
            invoice = uow.invoices.find(SalesInvoiceId(argument.partition(":")[0]))
            if invoice is None or invoice.approval is None:
                return ""
            people = [uow.staff.get(invoice.team, invoice.approval.filed_by.user), *deciders(uow, invoice)]
        return self._refresh_all(people)

    def _refresh_all(self, people: Iterable[Actor | None]) -> str:
        for person in people:
            if person and person.roles:
                self._refresh(person)
        return ""

    def _refresh(self, person: Actor) -> None:
        t = Translator(person.locale, person.timezone)
        try:
            _publish(lambda home: self._posts.publish(person.user, home), person, self._desk, t, self._charts)
        except SlackApiError as error:
            log.warning("Home not refreshed", error=error.response.get("error"))


def _publish(send: Callable[[Home], object], actor: Actor, desk: Desk, t: Translator, charts: Charts) -> None:
    """Slack fetches a picture while it takes the view; a Home whose picture it does not get is refused as a whole."""
    with desk.reading(actor) as uow:
        shown, last = domain.home(uow), uow.today
    picture = charts.link(Chart(t.locale, last), shown.now) if shown.business else None
    try:
        send(views.home(shown, t, picture))
    except SlackApiError as error:
        if picture is None or error.response.get("error") not in NOT_FETCHED:
            raise
        log.warning("Slack could not fetch the chart; is KONTOR_PUBLIC_URL right?")
        send(views.home(shown, t))
