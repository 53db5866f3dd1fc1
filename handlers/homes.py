"""Home: published when it is opened, and when Refresh is pressed."""

from __future__ import annotations

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from billing import homes as domain
from billing.access import Actor
from billing.desk import Desk
from blocks import homes as views
from blocks.homes import Id
from blocks.kit import Home
from blocks.texts import Translator
from handlers.charts import Chart, Charts
from handlers.router import Router

log = structlog.get_logger(__name__)
OPENED = "app_home_opened"
NOT_FETCHED = ("invalid_blocks", "invalid_arguments")  # among other reasons for these


def register(router: Router) -> None:
    router.event(OPENED)(publish)
    router.action(Id.REFRESH)(publish)


def publish(actor: Actor, desk: Desk, client: WebClient, t: Translator, charts: Charts) -> None:
    """What the person sees now; it is theirs alone."""
    with desk.reading(actor) as uow:
        shown, last = domain.home(uow), uow.today
    picture = charts.link(Chart(t.locale, last), shown.now) if shown.business else None
    _publish(client, actor, views.home(shown, t, picture), views.home(shown, t) if picture else None)


def _publish(client: WebClient, actor: Actor, view: Home, without_picture: Home | None) -> None:
    """Slack fetches a picture while it takes the view; a Home whose picture it does not get is refused as a whole."""
    try:
        client.views_publish(user_id=actor.user, view=view.to_dict())
    except SlackApiError as error:
        if without_picture is None or error.response.get("error") not in NOT_FETCHED:
            raise
        log.warning("Slack could not fetch the chart; is KONTOR_PUBLIC_URL right?")
        client.views_publish(user_id=actor.user, view=without_picture.to_dict())
