"""Telling managers what the comparison with Stripe found."""

from __future__ import annotations

from functools import partial

from billing import syncs
from billing.desk import Desk
from billing.managers import CHANNEL
from billing.steps import NOBODY
from blocks import reconciliations as views
from handlers.managers import Managers
from handlers.posts import Posts


class ReconciliationNews:
    """One message in the managers' channel; where there is no way into it, to every manager and admin."""

    def __init__(self, desk: Desk, posts: Posts) -> None:
        self._desk = desk
        self._managers = Managers(desk, posts)

    def tell(self, argument: str, _: str = "") -> str:
        """`argument` is `run:place`; without a place, as an earlier version left it, the channel is meant."""
        run_id, _, place = argument.partition(":")
        with self._desk.reading(NOBODY) as uow:
            run = uow.reconciliations.get(run_id)
            known = uow.contacts.known([one.contact for one in run.differences[: views.SHOWN]])
            people = syncs.concerned(uow)
        names = {str(contact): one.name for contact, one in known.items()}

        report = partial(views.report, run, names)
        self._managers.deliver(place or CHANNEL, report, partial(syncs.notice, run_id), people)
        return ""
