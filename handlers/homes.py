"""Home: published when it is opened, and when Refresh is pressed."""

from __future__ import annotations

from slack_sdk import WebClient

from billing import homes as domain
from billing.access import Actor
from billing.desk import Desk
from blocks import homes as views
from blocks.homes import Id
from blocks.texts import Translator
from handlers.router import Router

OPENED = "app_home_opened"


def register(router: Router) -> None:
    router.event(OPENED)(publish)
    router.action(Id.REFRESH)(publish)


def publish(actor: Actor, desk: Desk, client: WebClient, t: Translator) -> None:
    """What the person sees now; it is theirs alone."""
    with desk.reading(actor) as uow:
        view = views.home(domain.home(uow), t)
    client.views_publish(user_id=actor.user, view=view.to_dict())
