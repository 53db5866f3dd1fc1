"""The billing contact: the page, the verification of the card, the change, the link, the recipients."""

from __future__ import annotations

from pydantic import ValidationError
from slack_bolt import Ack

from billing.access import Actor
from billing.billing_contacts import changing, explaining, showing, verifying
from billing.billing_contacts.changing import BillingContactChanged, ChangeBillingContact, ChangeBillTo
from billing.billing_contacts.explaining import Topic
from billing.billing_contacts.links import LinkSent, SendLink
from billing.billing_contacts.places import countries
from billing.billing_contacts.verifying import CardAnswer
from billing.desk import Desk
from billing.errors import NotReadable
from billing.ids import ContactId, OperationId, ProofId
from billing.operations import Operation, State
from billing.ports import UnitOfWork
from blocks import billing_contacts as views
from blocks.answers import Answer
from blocks.billing_contacts import Id
from blocks.kit import Modal
from blocks.texts import Translator
from handlers.announcements import Announcer, Links, News
from handlers.contacts import choose
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.router import Router


def register(router: Router, announcer: Announcer) -> None:
    for word in ("billing-contact", "abrechnungskontakt"):
        router.command(word)(by_command)
    router.action(Id.OPEN)(opened)
    router.action(Id.ASKED)(asked)
    router.action(Id.VERIFY)(opened_verification)
    router.view(Id.VERIFICATION)(verified)
    router.options(Id.COUNTRY)(found_countries)
    router.view(Id.FORM)(saved)
    router.action(Id.AGAIN)(opened_again)
    router.action(Id.SEND_LINK)(asked_for_link)
    router.action(Id.RECIPIENTS)(opened_recipients)
    router.view(Id.RECIPIENTS_FORM)(saved_recipients)
    router.action(Id.LIFT)(lifted)
    router.action(Id.WHY)(asked_why)
    router.action(Id.TOPIC)(chose_topic)
    for kind in (ChangeBillingContact.kind, ChangeBillTo.kind, SendLink.kind):
        announcer.presents(kind, present)


# The page


def by_command(call: Call, actor: Actor, desk: Desk, screen: Screen, router: Router, t: Translator) -> None:
    """`/billing billing-contact NAME`: to the page at once, or to a choice of contacts."""
    with desk.reading(actor) as uow:
        chosen = choose(uow, call, t, router)
        view = chosen if isinstance(chosen, Modal) else _page(uow, chosen, t)
    screen.show(view)


def opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = _page(uow, ContactId(call.value), t)
    screen.show(view)


def asked(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """Somebody asks who the billing contact is: noted, and answered with a yes or no (GX1)."""
    with desk.writing(actor) as uow:
        shown = showing.ask(uow, ContactId(call.metadata["contact"]), call.value, call.key())
        view = views.overview(shown, uow.catalogue, t)
    screen.replace(view)


def lifted(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    contact, *seen = call.value.split(" ")
    with desk.writing(actor) as uow:
        view = views.overview(showing.lift(uow, ContactId(contact), seen, call.key()), uow.catalogue, t)
    screen.replace(view)


def _page(uow: UnitOfWork, contact: ContactId, t: Translator) -> Modal:
    return views.overview(showing.overview(uow, contact), uow.catalogue, t)


# With proof


def opened_verification(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.verification(verifying.form(uow, ContactId(call.value)), t)
    screen.show(view)


def verified(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    """What the requester said is compared; when it is right, the form takes the place of the questions (G11).

    After an error the view is as it was, hash and all: what tells one try from the next is the trigger.
    """
    proof = verifying.verify(desk, actor, _answer(call), f"{call.team}:{call.user}:{call.trigger}")
    with desk.reading(actor) as uow:
        view = views.bill_to_form(changing.form(uow, proof.contact, proof.id), t)
    ack(response_action="update", view=view.to_dict())


def _answer(call: Call) -> CardAnswer:
    fields = {name: call.fields.get(name) for name in ("requester", "last4", "expiry")}
    try:
        return CardAnswer(contact=call.metadata["contact"], **fields)
    except ValidationError as error:
        raise NotReadable(str(error.errors()[0]["loc"][0])) from None


def found_countries(call: Call, ack: Ack, t: Translator) -> None:
    ack(**views.country_choices(sorted(countries()), call.text, t).to_dict())


def saved(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator, trace: str) -> None:
    with desk.writing(actor) as uow:
        command = call.parse(ChangeBillingContact)
        changing.accept(uow, command, key=call.key(), reply_to=call.reply_to(), trace=trace)
    ack(response_action="update", view=views.working(t).to_dict())


def opened_again(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """The form as it was filled in, after it was refused."""
    with desk.reading(actor) as uow:
        operation = uow.operations.get(OperationId(call.value))
        draft = ChangeBillingContact.model_validate_json(operation.command)
        view = views.bill_to_form(changing.form(uow, draft.contact, ProofId(draft.proof), draft), t)
    screen.show(view)


# By the customer's link


def asked_for_link(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator, trace: str) -> None:
    command = SendLink(contact=ContactId(call.value))
    desk.accept(command, actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    screen.replace(views.working(t))


# Invoice recipients


def opened_recipients(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.recipients_form(showing.recipients_form(uow, ContactId(call.value)), t)
    screen.show(view)


def saved_recipients(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    """GX11. The form gives way to the page as it is now."""
    typed = str(call.fields.get("recipients") or "")
    with desk.writing(actor) as uow:
        shown = showing.save_recipients(uow, ContactId(call.metadata["contact"]), typed, call.key())
        view = views.overview(shown, uow.catalogue, t)
    ack(response_action="update", view=view.to_dict())


# Why not


def asked_why(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    screen.show(explanation(Topic.WHY_NOT, ContactId(call.value), actor, desk, t).modal(t))


def chose_topic(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    topic, _, contact = call.value.partition(" ")
    screen.replace(explanation(explaining.topic_of(topic), ContactId(contact), actor, desk, t).modal(t))


def explanation(topic: Topic, contact: ContactId, actor: Actor, desk: Desk, t: Translator) -> Answer:
    with desk.reading(actor) as uow:
        return views.explained(explaining.explain(uow, contact, topic), t)


# What came of it


def present(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> News:
    """The news for the state that the operation ended in."""
    del uow
    answer = _news(operation, t, links)
    return News(answer.modal(t), answer.message())


def _news(operation: Operation, t: Translator, links: Links) -> Answer:
    contact = operation.contact
    if operation.state is State.DONE and operation.kind == SendLink.kind:
        receipt = LinkSent.model_validate_json(operation.result or "")
        return views.link_sent(receipt, contact, t, mailed=links.mailed)
    if operation.state is State.DONE:
        changed = BillingContactChanged.model_validate_json(operation.result or "")
        return views.changed(changed, contact, t, mailed=links.mailed)
    if operation.state is State.REFUSED and operation.reason:
        again = operation.id if operation.kind == ChangeBillingContact.kind else None
        return views.refused(operation.reason, contact, t, again)
    if operation.state is State.ACCEPTED:
        return views.delayed(contact, t)
    reference = operation.reason.parameters.get("reference") if operation.reason else None
    return views.failed(str(reference or operation.id), contact, t)
