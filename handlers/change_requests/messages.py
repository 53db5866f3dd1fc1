"""What people are told about requests beside the cards: news, reminders, the mail to the customer, the export."""

from __future__ import annotations

from collections.abc import Callable

from billing import approvals
from billing.access import Actor
from billing.change_requests import lists
from billing.change_requests.lists import RequestView
from billing.change_requests.model import Decision, RequestFilter
from billing.change_requests.watching import still_waiting
from billing.desk import Desk
from billing.ids import RequestId, TeamId, UserId
from billing.ports import UnitOfWork
from billing.roles import Permission
from billing.steps import NOBODY
from blocks import change_requests as views
from blocks import letters
from blocks.kit import Message
from blocks.texts import Translator
from handlers.mails import Outbox
from handlers.posts import Posts


class Messages:
    """Steps that may be repeated: a message that was posted just before a crash comes twice, and is never lost."""

    def __init__(self, desk: Desk, posts: Posts) -> None:
        self._desk = desk
        self._posts = posts

    def news(self, argument: str, _: str = "") -> str:
        """`argument` is `request:version:user`: what was done by that version."""
        request, version, user = argument.split(":")
        with self._desk.reading(NOBODY) as uow:
            team = uow.requests.get(RequestId(request)).team
        return self._tell(team, UserId(user), lambda uow, t: _news(uow, RequestId(request), int(version), t))

    def remind(self, argument: str, _: str = "") -> str:
        """`argument` is `request:user`. Whoever has answered meanwhile is not reminded."""
        request, user = argument.split(":")
        with self._desk.reading(NOBODY) as uow:
            waiting = still_waiting(uow, RequestId(request), UserId(user))
        if waiting is None:
            return ""
        return self._tell(waiting.team, UserId(user), lambda uow, t: _reminder(uow, waiting.id, t))

    def export(self, argument: str, _: str = "") -> str:
        """`argument` is `team:user:filter`. The message first: it says in which channel the file belongs."""
        team, user, wanted = argument.split(":")
        person = self._person(TeamId(team), UserId(user))
        if person is None or not person.may(Permission.EXPORT_CHANGE_REQUESTS):
            return ""
        with self._desk.reading(person) as uow:
            content, today = approvals.export(uow, RequestFilter(wanted)), uow.today
        t = Translator(person.locale, person.timezone)
        posted = self._posts.post(person.user, views.exported(RequestFilter(wanted), t))
        if posted:
            self._posts.upload(posted.channel, f"change-requests-{wanted}-{today}.csv", content)
        return ""

    def _tell(self, team: TeamId, user: UserId, compose: Callable[[UnitOfWork, Translator], Message]) -> str:
        """A direct message, unless the person has no role any more."""
        person = self._person(team, user)
        if person is None:
            return ""
        with self._desk.reading(person) as uow:
            message = compose(uow, Translator(person.locale, person.timezone))
        self._posts.post(user, message)
        return "message"

    def _person(self, team: TeamId, user: UserId) -> Actor | None:
        with self._desk.reading(NOBODY) as uow:
            person = uow.staff.get(team, user)
        return person if person and person.roles else None


class RequestMails:
    """The mail to the customer about what was done with their request (A28)."""

    def __init__(self, desk: Desk, outbox: Outbox) -> None:
        self._desk = desk
        self._outbox = outbox

    def send(self, argument: str, _: str = "") -> str:
        """`argument` is `request:version`: what was done by that version."""
        request_id, _, version = argument.partition(":")
        with self._desk.reading(NOBODY) as uow:
            view = lists.view(uow, RequestId(request_id))
            contact = uow.contacts.get(view.request.contact)
            catalogue = uow.catalogue
        done = _done(view, int(version))
        if not letters.is_told(done.act):
            return ""
        self._outbox.send(
            f"{request_id}.{version}",
            lambda: letters.about_request(view, done, contact, catalogue),
            request=request_id,
        )
        return "mail"


def _news(uow: UnitOfWork, request: RequestId, version: int, t: Translator) -> Message:
    view = lists.view(uow, request)
    return views.news(view, _done(view, version), uow.catalogue, t)


def _reminder(uow: UnitOfWork, request: RequestId, t: Translator) -> Message:
    return views.reminder(lists.view(uow, request), uow.catalogue, t)


def _done(view: RequestView, version: int) -> Decision:
    return next(one for one in view.request.decisions if one.number == version)
