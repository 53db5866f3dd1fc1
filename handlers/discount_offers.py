"""The discount that is offered instead of a downgrade: from the form of the request to its review, and given (HX17)."""

from __future__ import annotations

from functools import cache
from typing import Any

from slack_bolt import Ack

from billing import discount_offers as domain
from billing.access import Actor
from billing.desk import Desk
from billing.discount_offers import OfferReviewed, OfferTaken, PreviewOffer, TakeOffer
from billing.errors import Reason
from billing.ids import OperationId
from billing.operations import Operation, State
from billing.ports import UnitOfWork
from blocks import discount_offers as views
from blocks import notices, plan_changes
from blocks.discount_offers import Id
from blocks.texts import Translator
from handlers.announcements import Announcer, Links, News
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.router import Router


def register(router: Router, announcer: Announcer) -> None:
    router.action(Id.PREVIEW)(asked)
    router.action(Id.SHOW_REVIEW)(opened_review)
    router.action(Id.BACK)(went_back)
    router.action(Id.OPEN_STRIPE)(followed_link)
    router.view(Id.REVIEW)(confirmed)
    announcer.presents(PreviewOffer.kind, present_review)
    announcer.presents(TakeOffer.kind, present_taken)


def asked(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator, trace: str) -> None:
    """From the form of the request: Stripe is asked what the discount means."""
    desk.accept(call.parse(PreviewOffer), actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    screen.replace(plan_changes.pricing(t))


def opened_review(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """From a direct message: what was worked out after the window was closed."""
    with desk.reading(actor) as uow:
        view = views.review(domain.reviewed(uow, OperationId(call.value)), OperationId(call.value), uow.catalogue, t)
    screen.show(view)


def went_back(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """The customer does not want it: the form of the request as it was filled in."""
    with desk.reading(actor) as uow:
        view = plan_changes.request(domain.form(uow, domain.draft_of(uow, OperationId(call.value))), uow.catalogue, t)
    screen.replace(view)


def confirmed(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator, trace: str) -> None:
    desk.accept(call.parse(TakeOffer), actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    ack(response_action="update", view=_working(t.language))


@cache
def _working(language: str) -> dict[str, Any]:
    return plan_changes.changing(Translator(language)).to_dict()


def followed_link() -> None:
    """A button with an address: the browser opens it, Slack only wants to be told that we know."""


# What came of it


def present_review(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> News:
    del links
    if operation.state is not State.DONE:
        return _no_success(operation, operation.id, t)
    shown = OfferReviewed.model_validate_json(operation.result or "")
    return News(views.review(shown, operation.id, uow.catalogue, t), views.ready(shown, operation.id, t))


def present_taken(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> News:
    del uow
    if operation.state is not State.DONE:
        return _no_success(operation, TakeOffer.model_validate_json(operation.command).preview, t)
    receipt = OfferTaken.model_validate_json(operation.result or "")
    answer = views.taken(receipt, t, links.stripe(receipt.offer.order.subscription))
    return News(answer.modal(t), answer.message())


def _no_success(operation: Operation, preview: OperationId, t: Translator) -> News:
    """Refused, broken, or not answered yet. `preview` is the operation whose request can be gone on with."""
    reason = operation.reason or Reason(key="")
    match operation.state:
        case State.REFUSED:
            answer = views.refused(reason, operation.contact, preview, t)
        case State.ACCEPTED:
            answer = plan_changes.delayed(t)
        case _:
            answer = notices.broken(str(reason.parameters.get("reference", operation.id)), t)
    return News(answer.modal(t), answer.message())
