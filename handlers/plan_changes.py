"""A customer's plan and its changes: the page, the form, the review, the request, and the answer of Stripe."""

from __future__ import annotations

from functools import cache
from typing import Any

from slack_bolt import Ack

from billing import discount_offers, usage
from billing import plan_changes as domain
from billing.access import Actor
from billing.change_requests import filing
from billing.change_requests.filing import FileRequest, RequestDraft
from billing.change_requests.tickets import NOTHING_SAID, Said, TicketRequest
from billing.desk import Desk
from billing.errors import AmountDiffers, PriceChanged, Reason, SubscriptionChanged
from billing.ids import ContactId, OperationId, SubscriptionId
from billing.operations import Operation, State
from billing.payment_links import was_mailed
from billing.payment_methods import ways_to_pay
from billing.plan_changes import (
    CallOffChange,
    ChangeCalledOff,
    ChangePlan,
    ComparePlans,
    PlanChangeDraft,
    PlanChangeReviewed,
    PlanChoice,
    PreviewPlanChange,
    RaiseLimit,
    ResumePlanChange,
    Way,
)
from billing.ports import UnitOfWork
from blocks import notices
from blocks import plan_changes as views
from blocks.answers import Answer
from blocks.kit import Modal
from blocks.plan_changes import Id
from blocks.texts import Translator
from handlers.announcements import Announcer, Links, News
from handlers.contacts import choose
from handlers.conversation import STACK, Screen
from handlers.payloads import Call
from handlers.router import Router

# What can be reviewed again: what is charged or changed is another by now.
_AGAIN = {one.__name__ for one in (PriceChanged, AmountDiffers, SubscriptionChanged)}


def register(router: Router, announcer: Announcer) -> None:
    for word in ("plan", "tarif"):
        router.command(word)(by_command)
    router.action(Id.OPEN)(opened)
    router.action(Id.OTHER)(chose_another)
    router.action(Id.COMPARE)(compared)
    router.action(Id.COMPARED)(compared_others)
    router.action(Id.RAISE)(switched_on)
    router.action(Id.STOP_RAISING)(switched_off)
    router.action(Id.CALL_OFF)(called_off)
    router.action(Id.CHANGE)(opened_form)
    router.action(Id.EDIT)(opened_again)
    router.action(Id.CHOSEN)(chose_plan)
    router.action(Id.SHOW_REVIEW)(opened_review)
    router.action(Id.PAY_OTHERWISE)(opened_ways_out)
    router.action(Id.OPEN_STRIPE)(followed_link)
    router.action(Id.REASON)(chose_reason)
    router.view(Id.FORM)(continued)
    router.view(Id.REVIEW)(confirmed)
    router.view(Id.RETRY)(confirmed)
    router.view(Id.REQUEST)(requested)
    for kind, presenter in (
        (PreviewPlanChange.kind, present_price),
        (RaiseLimit.kind, present_raise),
        (ChangePlan.kind, present_change),
        (ResumePlanChange.kind, present_change),
        (CallOffChange.kind, present_called_off),
    ):
        announcer.presents(kind, presenter)


# The page


def by_command(call: Call, actor: Actor, desk: Desk, screen: Screen, router: Router, t: Translator) -> None:
    """`/billing plan NAME`: to the page at once, or to a choice of contacts."""
    with desk.reading(actor) as uow:
        chosen = choose(uow, call, t, router)
        view = chosen if isinstance(chosen, Modal) else _page(uow, chosen, t)
    screen.show(view)


def opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """The button on the card, and on every answer about the plan."""
    with desk.reading(actor) as uow:
        view = _page(uow, ContactId(call.value), t)
    screen.show(view)


def chose_another(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """Another of the customer's subscriptions takes the place of the one shown."""
    with desk.reading(actor) as uow:
        view = _page(uow, call.parse(ComparePlans).contact, t, SubscriptionId(call.value))
    screen.replace(view)


def compared(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.comparison(domain.comparison(uow, call.parse(ComparePlans)), uow.catalogue, t)
    screen.show(view)


def compared_others(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """Other plans were chosen for the comparison (A5)."""
    with desk.reading(actor) as uow:
        view = views.comparison(domain.comparison(uow, call.parse(ComparePlans)), uow.catalogue, t)
    screen.replace(view)


def switched_on(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """The terms were confirmed in the dialog of the button (AX5)."""
    _switch(call, actor, desk, screen, t, on=True)


def switched_off(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _switch(call, actor, desk, screen, t, on=False)


def called_off(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator, trace: str) -> None:
    """The lower limit that waits without a request is called off: Stripe is told first (K3, HX17)."""
    desk.accept(call.parse(CallOffChange), actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    screen.replace(views.changing(t))


def _switch(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator, *, on: bool) -> None:
    shown = call.parse(ComparePlans)
    with desk.writing(actor) as uow:
        usage.switch(uow, shown.contact, on=on)
        view = _page(uow, shown.contact, t, shown.subscription)
    screen.replace(view)


def _page(uow: UnitOfWork, contact: ContactId, t: Translator, subscription: SubscriptionId | None = None) -> Modal:
    return views.plan(domain.overview(uow, contact, subscription), uow.catalogue, t)


# The form


def opened_form(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    shown = call.parse(ComparePlans)
    with desk.reading(actor) as uow:
        view = _form(uow, shown.contact, shown.subscription, None, t)
    screen.show(view)


def chose_plan(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """Another plan was chosen in the form: what belongs to it takes the place of what belonged to the other."""
    choice = call.parse(PlanChoice)
    with desk.reading(actor) as uow:
        view = _form(uow, choice.contact, choice.subscription, choice.draft(), t, call.parse(Said))
    screen.replace(view)


def ticket_form(uow: UnitOfWork, asked: TicketRequest, t: Translator) -> Modal:
    """A help ticket leads to the form: who asks is the primary admin who wrote it (A29, A30)."""
    return views.form(domain.form_for(uow, asked.contact.id, asked.requester), uow.catalogue, t, asked.said)


def opened_again(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """From the review, a refusal or a direct message: the form as it was filled in before."""
    with desk.reading(actor) as uow:
        draft = domain.draft_of(uow, OperationId(call.value))
        view = _form(uow, draft.contact, draft.subscription, draft, t)
    screen.replace(view)


def _form(
    uow: UnitOfWork,
    contact: ContactId,
    subscription: SubscriptionId | None,
    draft: PlanChangeDraft | None,
    t: Translator,
    said: Said = NOTHING_SAID,
) -> Modal:
    return views.form(domain.form(uow, draft, domain.overview(uow, contact, subscription)), uow.catalogue, t, said)


# From the form to the review, or to the request


def continued(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator, trace: str) -> None:
    """The first confirmation (A16): Stripe is asked for the price, or what needs a decision becomes a request (A24)."""
    draft = call.parse(RequestDraft, wished=None)  # what is wished for in this form is a package, and no day yet
    with desk.reading(actor) as uow:
        decided = domain.assess(uow, draft).way is Way.REQUEST
        asked = filing.request_form(uow, draft) if decided else None
        form = views.request(asked, uow.catalogue, t) if asked else None
    if form:
        ack(response_action="push" if call.depth < STACK else "update", view=form.to_dict())
        return
    desk.accept(call.parse(PreviewPlanChange), actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    ack(response_action="update", view=_waiting(t.language).to_dict())


def chose_reason(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """A reason was chosen in the request: what the house offers for it is shown (HX17)."""
    with desk.reading(actor) as uow:
        view = views.request(discount_offers.form(uow, call.parse(RequestDraft)), uow.catalogue, t)
    screen.replace(view)


def requested(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    """The request is filed (A27), unless an offer was not seen yet; the same again shows the same request."""
    command, key = call.parse(FileRequest), call.key()
    with desk.writing(actor) as uow:
        unseen = discount_offers.unseen(uow, command, key)
        if unseen:
            view = views.request(unseen, uow.catalogue, t)
        else:
            view = views.filed(filing.file(uow, command, key), t).modal(t)
    ack(response_action="update", view=view.to_dict())


def opened_review(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """From a direct message: what was worked out after the window was closed."""
    with desk.reading(actor) as uow:
        reviewed = domain.reviewed(uow, OperationId(call.value))
        view = _review(uow, reviewed, OperationId(call.value), t)
    screen.show(view)


def opened_ways_out(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """From a direct message: the other ways to pay after a decline (H30)."""
    with desk.reading(actor) as uow:
        operation = domain.declined_operation(uow, OperationId(call.value))
        view = _declined(uow, operation, t).modal(t)
    screen.show(view)


def confirmed(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator, trace: str) -> None:
    """The second confirmation (A17), or another way to pay after a decline."""
    desk.accept(call.parse(ChangePlan), actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    ack(response_action="update", view=_working(t.language))


@cache
def _waiting(language: str) -> Modal:
    return views.pricing(Translator(language))


@cache
def _working(language: str) -> dict[str, Any]:
    """Made once for each language: it says nothing about anybody, and confirming is what must be quickest."""
    return views.changing(Translator(language)).to_dict()


def followed_link() -> None:
    """A button with an address: the browser opens it, Slack only wants to be told that we know."""


# What came of it


def present_price(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> News:
    """The review, with what Stripe says that it costs."""
    del links
    if operation.state is not State.DONE:
        return _no_success(operation, t)
    reviewed = domain.review_in(uow, operation)
    return News(_review(uow, reviewed, operation.id, t), views.priced(reviewed, operation.id, t))


def _review(uow: UnitOfWork, reviewed: PlanChangeReviewed, preview: OperationId, t: Translator) -> Modal:
    return views.review(reviewed, ways_to_pay(uow, reviewed.assessment.contact), preview, uow.catalogue, t)


def present_raise(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> News:
    """The limit is reached (AX5). The change itself is an operation of its own, which answers after this one."""
    del links
    if operation.state is not State.DONE:
        return _no_success(operation, t)
    answer = views.raising(domain.review_in(uow, operation), t)
    return News(answer.modal(t), answer.message())


def present_change(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> News:
    match operation.state:
        case State.DONE:
            receipt = domain.changed(uow, operation)
            answer = views.changed(receipt, uow.catalogue, t, links.stripe(receipt.subscription.id))
        case State.WAITING:
            receipt = domain.changed(uow, operation)
            answer = views.waiting(receipt, uow.catalogue, t, mailed=was_mailed(uow, operation))
        case State.EXPIRED:
            answer = views.expired(operation.contact, uow.contacts.get(operation.contact).name, t)
        case State.DECLINED:
            answer = _declined(uow, operation, t)
        case _:
            return _no_success(operation, t)
    return News(answer.modal(t), answer.message())


def present_called_off(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> News:
    del uow, links
    if operation.state is not State.DONE:
        return _no_success(operation, t)
    answer = views.called_off(ChangeCalledOff.model_validate_json(operation.result or ""), t)
    return News(answer.modal(t), answer.message())


def _declined(uow: UnitOfWork, operation: Operation, t: Translator) -> Answer:
    code = str((operation.reason or Reason(key="")).parameters["code"])
    return views.declined(domain.ways_out(uow, operation), code, operation.id, t)


def _no_success(operation: Operation, t: Translator) -> News:
    """Refused, broken, or not answered yet."""
    reason = operation.reason or Reason(key="")
    match operation.state:
        case State.REFUSED:
            again = operation.id if reason.key in _AGAIN and operation.kind != CallOffChange.kind else None
            answer = views.refused(reason, operation.contact, again, t)
        case State.ACCEPTED:
            answer = views.delayed(t)
        case _:
            answer = notices.broken(str(reason.parameters.get("reference", operation.id)), t)
    return News(answer.modal(t), answer.message())
