"""Telling what happened to an invoice: its sender, the managers, its customer."""

from __future__ import annotations

from functools import partial

from billing.desk import Desk
from billing.invoices import telling
from billing.invoices.telling import Audience, ToTell
from billing.steps import NOBODY
from blocks import invoices as views
from handlers.invoices.mailing import InvoiceMails
from handlers.managers import Managers
from handlers.posts import Posts


class InvoiceNews:
    """The step of one job: one thing that happened, for one audience or one of the managers."""

    def __init__(self, desk: Desk, posts: Posts, mails: InvoiceMails) -> None:
        self._desk = desk
        self._mails = mails
        self._managers = Managers(desk, posts)

    def tell(self, argument: str, _: str = "") -> str:
        """`argument` is a `ToTell`. What is no longer so is told to nobody."""
        wanted = ToTell.model_validate_json(argument)
        with self._desk.reading(NOBODY) as uow:
            told = telling.told(uow, wanted.news)
            if told is None:
                return ""
            sender, managers = telling.sender(uow, told), telling.managers(uow, told)
            is_for_sender = wanted.audience is Audience.SENDER
            reader = sender if is_for_sender else next((one for one in managers if one.user == wanted.place), None)
            told = telling.told(uow, wanted.news, reader) or told
        match wanted.audience:
            case Audience.CUSTOMER:
                self._mails.of_news(wanted.id, wanted.news)
            case Audience.SENDER if sender:
                self._managers.deliver(sender.user, partial(views.news, told), wanted.told_at)
            case Audience.MANAGERS:
                self._managers.deliver(wanted.place, partial(views.news, told), wanted.told_at, managers)
        return ""
