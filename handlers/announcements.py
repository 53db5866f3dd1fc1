"""Telling people what came of an operation: in the modal it came from or, when that was closed, by direct message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import sleep

from billing.access import Actor
from billing.desk import Desk
from billing.documents.sharing import LIFETIME
from billing.errors import NotFound
from billing.ids import OperationId
from billing.operations import Operation, State
from billing.ports import UnitOfWork
from billing.steps import NOBODY
from blocks.kit import Message, Modal
from blocks.texts import Translator
from handlers.payloads import ReplyTo
from handlers.posts import Posts


@dataclass(frozen=True)
class Links:
    """Where links in answers lead."""

    dashboard: str  # Stripe's, or the local one's
    mailed: bool = True  # customers get theirs by mail; else the staff passes them on
    documents: str = ""  # the address under which documents are shown
    lifetime: timedelta = LIFETIME  # of a link to a document

    def stripe(self, id_: str) -> str:
        """The object's page. Stripe's dashboard finds any object by its id."""
        return f"{self.dashboard}/{id_}"

    def document(self, token: str) -> str:
        """The page of a document, by the token of its link."""
        return f"{self.documents}/{token}"


@dataclass(frozen=True)
class News:
    """The same news in two forms: in the modal, or as a direct message when that is closed."""

    modal: Modal
    message: Message


Presenter = Callable[[UnitOfWork, Operation, Translator, Links], News]


class Announcer:
    """The last step of every operation. Repeated by itself until Slack has it; never repeats what came before."""

    def __init__(self, desk: Desk, posts: Posts, links: Links, settle_seconds: float) -> None:
        self._desk = desk
        self._posts = posts
        self._links = links
        self._settle_seconds = settle_seconds
        self._presenters: dict[str, Presenter] = {}

    def presents(self, kind: str, presenter: Presenter) -> None:
        self._presenters[kind] = presenter

    def announce(self, operation_id: str, _: str = "") -> str:
        """Tell the person; answers where it was told: `view` or `message`, or `seen` if they have gone on from it.

        Empty where nobody waits for an answer.
        """
        operation, actor = self._load(operation_id)
        if ReplyTo.model_validate_json(operation.reply_to).user is None:
            return ""
        return self._deliver(operation, self._news(operation, actor))

    def show_again(self, operation_id: str, _: str = "") -> str:
        """After the same was submitted again: the waiting view, its answer, may have covered the result."""
        sleep(self._settle_seconds)
        operation, actor = self._load(operation_id)
        view = ReplyTo.model_validate_json(operation.reply_to).view
        if view is None or operation.state is State.ACCEPTED or self._is_followed(operation):
            return ""
        self._posts.update_view(view, self._news(operation, actor).modal)
        return "view"

    def delayed(self, operation_id: str) -> None:
        """Stripe does not answer; the person may close the modal and is told later."""
        operation, actor = self._load(operation_id)
        reply_to = ReplyTo.model_validate_json(operation.reply_to)
        if reply_to.view:
            self._posts.update_view(reply_to.view, self._news(operation, actor).modal)

    def _news(self, operation: Operation, actor: Actor) -> News:
        t = Translator(actor.locale, actor.timezone)
        with self._desk.reading(actor) as uow:
            return self._presenters[operation.kind](uow, operation, t, self._links)

    def _deliver(self, operation: Operation, news: News) -> str:
        reply_to = ReplyTo.model_validate_json(operation.reply_to)
        if reply_to.view:
            self._let_the_waiting_view_settle(operation)
            if self._is_followed(operation):
                return "seen"
            if self._posts.update_view(reply_to.view, news.modal):
                return "view"
        if reply_to.user:
            self._posts.post(reply_to.user, news.message)
        return "message"

    def _let_the_waiting_view_settle(self, operation: Operation) -> None:
        """Slack shows the waiting view when our ack arrives; a result that overtook it would be covered by it."""
        with self._desk.reading(NOBODY) as uow:
            age = (uow.now - operation.created_at).total_seconds()
        if age < self._settle_seconds:
            sleep(self._settle_seconds - max(age, 0))

    def _is_followed(self, operation: Operation) -> bool:
        """An answer that is repeated after a crash must not cover what the person went on to from it: whoever was
        declined and then paid would be asked to pay again.
        """
        with self._desk.reading(NOBODY) as uow:
            return uow.operations.is_followed(operation)

    def _load(self, operation_id: str) -> tuple[Operation, Actor]:
        with self._desk.reading(NOBODY) as uow:
            operation = uow.operations.get(OperationId(operation_id))
            actor = uow.staff.get(operation.team, operation.user)
        if actor is None:
            raise NotFound(f"staff {operation.user}")
        return operation, actor
