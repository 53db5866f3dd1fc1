"""Change requests in the world of the flow tests: a customer with Mail Pro, who wants Mail Basic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import requests

from billing.access import Actor
from billing.catalogue import ReasonCode
from billing.change_requests.filing import FileRequest, file
from billing.change_requests.model import ChangeRequest, RequestState
from billing.contacts import Account, Contact, Member, MemberRight
from billing.ids import LookupKey, OperationId, PaymentMethodId, RequestId, TeamId, UserId
from billing.money import Money
from billing.ports import SubscriptionOrder
from billing.roles import Role
from billing.steps import NOBODY
from tests.support.person import Json, Person
from tests.support.world import World

APPROVALS = "C07APPROVAL"
PRO, BASIC = "mail-pro-1000-month-eur", "mail-basic-1000-month-eur"
VISA = "pm_card_visa"
_keys = count(1)


def with_plan(world: World, *, price: str = PRO, used: int = 400, in_days: int = 0, **fields: Any) -> Contact:
    """Somebody who has paid for Mail Pro, 1,000 contacts and three seats, and uses so many contacts.

    With `in_days` it was to begin so many days later, which are over now: the local Stripe's clock was moved.
    """
    account = Account(plan="mail/pro", contact_limit=1000, active_contacts=used, seats=3, seats_used=1)
    contact = world.contact(VISA, account=account, **fields)
    admin = Member(name="Ada Admin", email=contact.email, rights=frozenset({MemberRight.PRIMARY_ADMIN}))
    if in_days:
        _begins_later(world, contact, price, in_days)
    else:
        (sold,) = world.stripe.v1.prices.list({"lookup_keys": [price]}).data
        world.stripe.v1.subscriptions.create({"customer": contact.customer, "items": [{"price": sold.id}]})
    snapshot = world.app.payments.snapshot(contact.customer)
    assert snapshot
    with world.app.desk.writing(NOBODY) as uow:
        uow.contacts.save(contact.model_copy(update={"members": (admin,)}))
        uow.mirror.replace(contact.id, snapshot)
        return uow.contacts.get(contact.id)


def _begins_later(world: World, contact: Contact, price: str, days: int) -> None:
    """49.00 a month and 19 % are 58.31."""
    (method,) = world.stripe_methods(contact)
    now = datetime.fromtimestamp(world.stripe.v1.customers.retrieve(contact.customer).created, UTC)
    order = SubscriptionOrder(
        customer=contact.customer,
        price=LookupKey(price),
        quantity=1,
        coupon=None,
        tax_rates=("de-vat",),
        starts_at=now + timedelta(days=days),
        payment_method=PaymentMethodId(method.id),
        first_payment=Money(amount=5831, currency="EUR"),
    )
    world.app.payments.start_subscription(order, OperationId(f"op_{contact.id}"), datetime.now(UTC))
    move_stripe(world, by_days=days + 1)


def staff(world: World, person: Person) -> Actor:
    with world.app.desk.reading(NOBODY) as uow:
        (known,) = (one for one in uow.staff.list() if one.user == person.id)
    return known


def promote(world: World, who: str = "admin") -> Person:
    """Makes somebody a manager, too: two are needed to see who is quicker."""
    person = world.person(who)
    team = TeamId(staff(world, world.person("manager")).team)
    with world.app.desk.writing(NOBODY) as uow:
        uow.staff.grant(team, UserId(person.id), Role.MANAGER, "cli")
    world.app.directory.forget()
    return person


def file_request(world: World, contact: Contact, who: str = "agent", **changes: Any) -> ChangeRequest:
    with world.app.desk.reading(NOBODY) as uow:
        (subscription,) = (one for one in uow.mirror.subscriptions(contact.id) if one.status.runs)
    fields = {
        "contact": contact.id,
        "subscription": subscription.id,
        "requester": contact.email,
        "plan": "mail/basic",
        "limit": 1000,
        "seats": 1,
        "reason": ReasonCode.TOO_EXPENSIVE,
        "remark": "The season is over",
        "reply_to": contact.email,
    }
    with world.app.desk.writing(staff(world, world.person(who))) as uow:
        return file(uow, FileRequest(**(fields | changes)), f"flow-{next(_keys)}-{contact.id}")


def request_now(world: World, request: ChangeRequest | RequestId) -> ChangeRequest:
    id_ = request if isinstance(request, str) else request.id
    with world.app.desk.reading(NOBODY) as uow:
        return uow.requests.get(RequestId(id_))


def reaches(world: World, request: ChangeRequest, state: RequestState, seconds: float = 30) -> ChangeRequest:
    world.eventually(lambda: request_now(world, request).state is state, seconds)
    return request_now(world, request)


def cards_of(person: Person, request: ChangeRequest) -> list[Json]:
    """The copies of the card that this person can read; news and reminders are none."""
    return [one for one in person.messages if _is_card(one, request)]


def _is_card(message: Json, request: ChangeRequest) -> bool:
    shown = str(message.get("blocks"))
    return request.id in shown and ("Change request for" in shown or "Änderungsantrag für" in shown)


def card(person: Person, request: ChangeRequest, channel: str | None = None) -> Json:
    """The copy in that channel, by default among the person's direct messages."""
    where = channel or person.direct_channel
    found = person.waits_for(lambda one: [m for m in cards_of(one, request) if m["channel"] == where])
    assert len(found) == 1, "one copy of the card"
    return found[0]


def buttons(message: Json) -> list[str]:
    """What a card offers, without the button that only shows the request."""
    elements = (element for block in message["blocks"] for element in block.get("elements", []))
    names = [str(one.get("action_id", "")).removeprefix("request.") for one in elements]
    return [name for name in names if name and name != "open"]


def move_stripe(world: World, **step: int) -> None:
    """On with the local Stripe's clock: `by_months=1`, `by_days=3`."""
    requests.post(f"{world.stripe_url}/control/clock", json=step, timeout=60).raise_for_status()
