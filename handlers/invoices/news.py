"""Telling what happened to an invoice: its sender, the managers, its customer."""

from __future__ import annotations

from billing.desk import Desk
from billing.ids import TeamId, UserId
from billing.invoices import telling
from billing.invoices.telling import Audience, Told, ToTell
from billing.ports import UnitOfWork
from billing.steps import NOBODY
from blocks import invoices as views
from blocks.texts import Translator
from handlers.invoices.mailing import InvoiceMails
from handlers.managers import Managers
from handlers.posts import Posted, Posts


class InvoiceNews:
    """The steps of one job: one thing that happened, for one audience."""

    def __init__(self, desk: Desk, posts: Posts, mails: InvoiceMails) -> None:
        self._desk = desk
        self._posts = posts
        self._mails = mails
        self._managers = Managers(desk, posts)

    def readers(self, argument: str, _: str = "") -> str:
        """Who is told, as a list: kept, so that a repetition tells nobody else. Empty for what is no longer so."""
        wanted = ToTell.model_validate_json(argument)
        with self._desk.reading(NOBODY) as uow:
            told = telling.told(uow, wanted.news)
            return self._readers(uow, wanted.audience, told) if told else ""

    def tell(self, argument: str, readers: str) -> str:
        wanted = ToTell.model_validate_json(argument)
        for reader in filter(None, readers.split(",")):
            if wanted.audience is Audience.CUSTOMER:
                self._mails.of_news(wanted.id, wanted.news)
            else:
                self._post(wanted, reader)
        return readers

    def _readers(self, uow: UnitOfWork, audience: Audience, told: Told) -> str:
        match audience:
            case Audience.CUSTOMER:
                return audience
            case Audience.SENDER:
                sender = telling.sender(uow, told)
                return f"{sender.team}:{sender.user}" if sender else ""
            case Audience.MANAGERS:
                people = telling.managers(uow, told)
                return self._posts.managers or ",".join(f"{one.team}:{one.user}" for one in people)

    def _post(self, wanted: ToTell, reader: str) -> None:
        team, _, place = reader.rpartition(":")
        with self._desk.reading(NOBODY) as uow:
            person = uow.staff.get(TeamId(team), UserId(place)) if team else None
            told = telling.told(uow, wanted.news, person)
            managers = telling.managers(uow, told) if told else ()
        if told is None:
            return

        def show(where: str, t: Translator) -> Posted | None:
            return self._posts.post(where, views.news(told, t))

        if person:
            show(place, Translator(person.locale, person.timezone))
        else:
            self._managers.tell(show, managers)
