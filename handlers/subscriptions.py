"""Starting a subscription: the form, the review, and the answer when Stripe has decided."""

from __future__ import annotations

from functools import cache
from typing import Any

from slack_bolt import Ack

from billing import subscriptions as domain
from billing.access import Actor
from billing.desk import Desk
from billing.errors import PriceChanged, Reason, Refusal
from billing.ids import ContactId, OperationId
from billing.operations import Operation, State
from billing.payment_links import was_mailed
from billing.ports import UnitOfWork
from billing.subscriptions import CreateSubscription, ResumeSubscription, SubscriptionDraft
from blocks import subscriptions as views
from blocks.answers import Answer
from blocks.kit import Modal
from blocks.subscriptions import Id
from blocks.texts import Translator
from handlers.announcements import Announcer, Links, News
from handlers.contacts import choose
from handlers.conversation import STACK, Screen
from handlers.payloads import Call
from handlers.router import Router


def register(router: Router, announcer: Announcer) -> None:
    for word in ("subscribe", "abo"):
        router.command(word)(by_command)
    router.action(Id.OPEN)(opened)
    router.action(Id.CHOOSE_METHOD)(opened_again)
    router.action(Id.REVIEW_AGAIN)(opened_again)
    router.action(Id.OPEN_STRIPE)(followed_link)
    router.options(Id.PRICE)(prices)
    router.view(Id.FORM)(reviewed)
    router.view(Id.REVIEW)(confirmed)
    router.view(Id.RETRY)(confirmed)
    for kind in (CreateSubscription.kind, ResumeSubscription.kind):
        announcer.presents(kind, present)


# From the card to the review


def by_command(call: Call, actor: Actor, desk: Desk, screen: Screen, router: Router, t: Translator) -> None:
    """`/billing subscribe NAME`: to the form at once, or to a choice of contacts."""
    with desk.reading(actor) as uow:
        chosen = choose(uow, call, t, router)
        view = chosen if isinstance(chosen, Modal) else views.form(domain.form(uow, chosen), t)
    screen.show(view)


def opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.form(domain.form(uow, ContactId(call.value)), t)
    screen.show(view)


def opened_again(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """From a direct message: the form as it was filled in before."""
    with desk.reading(actor) as uow:
        draft = _draft(uow, uow.operations.get(OperationId(call.value)))
        view = views.form(domain.form(uow, draft.contact, draft), t)
    screen.show(view)


def prices(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    """What the product menu offers for what was typed."""
    with desk.reading(actor) as uow:
        offered = domain.form(uow, ContactId(call.metadata["contact"])).prices
    ack(**views.price_choices(offered, call.text, t).to_dict())


def reviewed(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    """The form was filled in: show what will be charged before anything starts (H23)."""
    with desk.reading(actor) as uow:
        review = domain.review(uow, call.parse(SubscriptionDraft))
    lay = "push" if call.depth < STACK else "update"
    ack(response_action=lay, view=views.review(review, t).to_dict())


def confirmed(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator, trace: str) -> None:
    """The review, or another way to pay after a decline, was confirmed."""
    command = call.parse(CreateSubscription)
    desk.accept(command, actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    ack(response_action="update", view=_working(t.language))


@cache
def _working(language: str) -> dict[str, Any]:
    """Made once for each language: it says nothing about anybody, and confirming is what must be quickest."""
    return views.working(Translator(language)).to_dict()


def followed_link() -> None:
    """A button with an address: the browser opens it, Slack only wants to be told that we know."""


# What came of it


def present(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> News:
    """The news for the state that the operation ended in."""
    try:
        answer = _answer(uow, operation, t, links)
    except Refusal as refusal:  # what was asked for is not even allowed to be asked for again
        answer = views.refused(refusal.reason, operation.contact, t)
    return answer if isinstance(answer, News) else News(answer.modal(t), answer.message())


def _answer(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> Answer | News:
    reason = operation.reason or Reason(key="")
    match operation.state:
        case State.DONE | State.WAITING:
            return _success(uow, operation, t, links)
        case State.DECLINED:
            return _declined(uow, operation, str(reason.parameters["code"]), t)
        case State.EXPIRED:
            return views.expired(operation.contact, uow.contacts.get(operation.contact).name, t)
        case State.REFUSED if reason.key == PriceChanged.__name__:
            again = views.refused(reason, operation.contact, t, operation=operation.id)
            return News(views.changed(domain.review(uow, _draft(uow, operation)), t), again.message())
        case State.REFUSED:
            return views.refused(reason, operation.contact, t)
        case State.FAILED:
            return views.failed(str(reason.parameters.get("reference", operation.id)), t)
        case State.ACCEPTED:
            return views.delayed(t)


def _success(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> Answer:
    receipt = domain.started(uow, operation)
    if receipt.subscription is None:
        return views.waiting(receipt, operation.contact, t, mailed=was_mailed(uow, operation))
    return views.started(receipt, operation.contact, t, links.stripe(receipt.subscription.id))


def _declined(uow: UnitOfWork, operation: Operation, code: str, t: Translator) -> Answer:
    draft = _draft(uow, operation)
    form = domain.form(uow, operation.contact, draft)
    return views.declined(domain.review(uow, draft), form, code, operation.id, t)


def _draft(uow: UnitOfWork, operation: Operation) -> SubscriptionDraft:
    """What the form held; a start that has passed becomes today."""
    if operation.kind == ResumeSubscription.kind:
        operation = uow.operations.get(ResumeSubscription.model_validate_json(operation.command).waiting)
    command = CreateSubscription.model_validate_json(operation.command)
    fields = command.model_dump(exclude={"fingerprint"}) | {"start": max(command.start, uow.today)}
    return SubscriptionDraft.model_validate(fields)
