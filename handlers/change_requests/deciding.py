"""Buttons of a request's card or page: each is done, or answered with who decided what, when and why (A24, HX17)."""

from __future__ import annotations

from slack_bolt import Ack

from billing.access import Actor
from billing.change_requests import cards, lists, rights
from billing.change_requests.applying import KeepPlan
from billing.change_requests.deciding import Words, decide
from billing.change_requests.lists import RequestView
from billing.change_requests.model import Act
from billing.desk import Desk
from billing.errors import AlreadyDecided, Reason
from billing.ids import RequestId
from billing.operations import Operation, State
from billing.ports import UnitOfWork
from blocks import change_requests as views
from blocks import notices
from blocks.change_requests import Id
from blocks.texts import Translator
from handlers.announcements import Announcer, Links, News
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.router import Router


def register(router: Router, announcer: Announcer) -> None:
    router.action(Id.APPROVE)(approved)
    router.action(Id.REJECT)(asked_why_rejected)
    router.action(Id.ASK)(asked_what_is_unclear)
    router.action(Id.ANSWER)(asked_for_the_answer)
    router.action(Id.WITHDRAW)(withdrawn)
    router.action(Id.KEEP)(kept)
    router.view(Id.REJECTION)(rejected)
    router.view(Id.QUESTION)(asked)
    router.view(Id.REPLY)(answered)
    router.view(Id.OVERRIDE)(approved_all_the_same)
    announcer.presents(KeepPlan.kind, present)


# Buttons


def approved(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """At once; while the customer uses more than would be allowed, after saying why (A4)."""
    _bring_up_to_date(call, actor, desk)
    with desk.reading(actor) as uow:
        view = lists.view(uow, RequestId(call.value))
    if view.above and Act.APPROVE in view.may:
        screen.show(views.override(view, t))
    else:
        _decide(call, actor, desk, screen, t, Act.APPROVE)


def withdrawn(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _bring_up_to_date(call, actor, desk)
    _decide(call, actor, desk, screen, t, Act.WITHDRAW)


def asked_why_rejected(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _bring_up_to_date(call, actor, desk)
    with desk.reading(actor) as uow:
        form = views.rejection(_allowed(uow, call, Act.REJECT), uow.catalogue, t)
    screen.show(form)


def asked_what_is_unclear(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _bring_up_to_date(call, actor, desk)
    with desk.reading(actor) as uow:
        form = views.question(_allowed(uow, call, Act.ASK), uow.catalogue, t)
    screen.show(form)


def asked_for_the_answer(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _bring_up_to_date(call, actor, desk)
    with desk.reading(actor) as uow:
        form = views.reply(_allowed(uow, call, Act.ANSWER), t)
    screen.show(form)


def kept(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator, trace: str) -> None:
    """The planned change is called off: Stripe is told first, the cards change when it has let go of it (HX17)."""
    _bring_up_to_date(call, actor, desk)
    with desk.reading(actor) as uow:
        request = _allowed(uow, call, Act.KEEP).request
    command = KeepPlan(contact=request.contact, request=request.id)
    desk.accept(command, actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    if call.view_id:
        screen.replace(views.under_way(t).modal(t))


# Forms


def rejected(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    _decide_with_words(call, ack, actor, desk, t, Act.REJECT)


def asked(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    _decide_with_words(call, ack, actor, desk, t, Act.ASK)


def answered(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    _decide_with_words(call, ack, actor, desk, t, Act.ANSWER)


def approved_all_the_same(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    _decide_with_words(call, ack, actor, desk, t, Act.APPROVE)


def _bring_up_to_date(call: Call, actor: Actor, desk: Desk) -> None:
    """The message that was clicked in may be a copy that was lost in a crash, or show an old state."""
    if call.message and call.channel:
        with desk.writing(actor) as uow:
            cards.clicked(uow, RequestId(call.value), call.channel, call.message)


def _allowed(uow: UnitOfWork, call: Call, act: Act) -> RequestView:
    """The request, if that act is still possible and this person's. Raises the refusal that says why not."""
    view = lists.view(uow, RequestId(call.value))
    rights.entitled(uow, view.request, act)
    return view


def _decide(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator, act: Act) -> None:
    """A message changes with all its copies; a page is shown anew."""
    with desk.writing(actor) as uow:
        request = decide(uow, RequestId(call.value), act)
        page = views.page(lists.view(uow, request.id), uow.catalogue, t, final=True)
    if call.view_id:
        screen.replace(page)


def _decide_with_words(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator, act: Act) -> None:
    """An approval comes with words only where it is an override."""
    said = call.parse(Words)
    with desk.writing(actor) as uow:
        request = decide(uow, said.request, act, said.note, override=act is Act.APPROVE)
        page = views.page(lists.view(uow, request.id), uow.catalogue, t, final=True)
    if call.depth > 1:
        ack(response_action="update", view=page.to_dict())


# What came of keeping the plan


def present(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> News:
    """The request as it stands now, or why the plan could not be kept."""
    del links
    reason = operation.reason or Reason(key="")
    command = KeepPlan.model_validate_json(operation.command)
    match operation.state:
        case State.DONE:
            return _news(uow, command.request, t)
        case State.REFUSED if reason.key == AlreadyDecided.__name__:
            return _news(uow, command.request, t)
        case State.FAILED:
            answer = notices.broken(str(reason.parameters.get("reference", operation.id)), t)
        case State.ACCEPTED:
            answer = views.under_way(t)
        case _:
            answer = notices.refused(reason, t)
    return News(answer.modal(t), answer.message())


def _news(uow: UnitOfWork, request: RequestId, t: Translator) -> News:
    view = lists.view(uow, request)
    return News(views.page(view, uow.catalogue, t, final=True), views.news(view, view.request.last, uow.catalogue, t))
