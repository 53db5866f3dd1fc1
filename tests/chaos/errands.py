"""What people do while the program is killed: each errand is one contact, one confirmed review, and one known end."""

from __future__ import annotations

import os
import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import requests

from billing.contacts import Contact
from billing.operations import State
from billing.steps import NOBODY
from blocks.subscriptions import Id
from tests.support.person import Json, NotAccepted, Person
from tests.support.world import World

VISA, FAILS = "pm_card_visa", "pm_card_chargeCustomerFail"
KILLS = int(os.environ.get("KONTOR_KILLS", "6"))
# Seconds that people wait for an answer before they call it lost. As long as kills go on somebody may be unlucky each
# time: a program that lives for a second or two between them answers few clicks.
PATIENCE = 180.0 + 12 * KILLS
FIRST_PAYMENT = 7140  # cents: 3 x 20.00 = 60.00, and 19 % of it = 11.40

# What the answers say in the two languages of the people here.
STARTED = ("läuft", "now runs")
DECLINED = ("abgelehnt", "refused")
LINK = ("unterwegs", "is on its way to")


class Witness:
    """Sees every call to the local Slack and Stripe, so that a kill can be aimed."""

    def __init__(self) -> None:
        self._called = threading.Condition()
        self.calls: Counter[str] = Counter()

    def __call__(self, call: str) -> None:
        with self._called:
            self.calls[call] += 1
            self._called.notify_all()

    def wait_for(self, pattern: str, seconds: float) -> bool:
        """Until the next such call."""
        with self._called:
            before = self._count(pattern)
            return self._called.wait_for(lambda: self._count(pattern) > before, seconds)

    def _count(self, pattern: str) -> int:
        return sum(count for call, count in self.calls.items() if re.match(pattern, call))


@dataclass(frozen=True)
class Kind:
    """What becomes of a review: with these cards on file, this answer, and operations that end so, in their order."""

    name: str
    cards: tuple[str, ...]
    answer: tuple[str, ...]
    states: tuple[State, ...]
    by_link: bool = False

    @property
    def timeline(self) -> dict[str, int]:
        """How often what the operations did stands in the timeline."""
        started = int(State.DONE in self.states)
        return {
            "subscription_started": started,
            "payment_succeeded": started,
            "payment_declined": int(State.DECLINED in self.states),
            "payment_link_sent": int(self.by_link),
        }


PAYS = Kind("pays", (VISA,), STARTED, (State.DONE,))
LEAVES = Kind("closes the modal at once", (VISA,), STARTED, (State.DONE,))
GIVES_UP = Kind("closes it even without an answer", (VISA,), STARTED, (State.DONE,))
IS_DECLINED = Kind("is declined", (FAILS,), DECLINED, (State.DECLINED,))
CHANGES_CARD = Kind("is declined and takes the other card", (FAILS, VISA), STARTED, (State.DECLINED, State.DONE))
USES_LINK = Kind("sends a link, which is used", (), STARTED, (State.DONE, State.DONE), by_link=True)
IGNORES_LINK = Kind("sends a link, which is not", (), LINK, (State.WAITING,), by_link=True)
KINDS = (PAYS, LEAVES, GIVES_UP, IS_DECLINED, CHANGES_CARD, USES_LINK, IGNORES_LINK)


@dataclass
class Errand:
    kind: Kind
    contact: Contact
    person: Person | None = None
    seen: bool = False  # the answer, in the modal

    def is_shown(self, shown: str, words: tuple[str, ...] | None = None) -> bool:
        return self.contact.name in shown and any(word in shown for word in words or self.kind.answer)


def go(world: World, person: Person, errand: Errand) -> None:
    """One person does it, as people do: what got no answer is pressed again."""
    errand.person = person
    review(person, errand)
    if errand.kind in (LEAVES, GIVES_UP):
        leave(person, errand)
        return
    confirm(person)
    if errand.kind is CHANGES_CARD:
        person.waits_for(lambda one: errand.is_shown(one.text, DECLINED), PATIENCE)
        good = next(method for method in world.methods(errand.contact) if method in str(person.view))
        confirm(person, Id.RETRY, {"payment_method": good})
    words = LINK if errand.kind.by_link else errand.kind.answer
    person.waits_for(lambda one: errand.is_shown(one.text, words), PATIENCE)
    errand.seen = errand.kind is not USES_LINK
    person.closes(everything=True)


def leave(person: Person, errand: Errand) -> None:
    """Closes the modal at once. What Slack took before that was seen, if only for an instant."""
    before = person.workspace.get("/control/log", after=sys.maxsize)["last"]
    if errand.kind is GIVES_UP:
        person.submits()
    else:
        confirm(person)
    person.closes(everything=True)
    updates = [entry["response"] for entry in person.workspace.log(before) if entry["what"] == "views.update"]
    errand.seen = any(answer and answer["ok"] and errand.is_shown(str(answer)) for answer in updates)


def review(person: Person, errand: Errand) -> None:
    """Up to the page before the confirmation."""
    way = {"payment_method": "link"} if errand.kind.by_link else {}

    def is_reviewed() -> bool:
        if not person.types(f"/billing subscribe {errand.contact.email}").ok:
            return False
        reply = person.submits({"price": "desk-team-month-eur", "quantity": 3, **way})
        assert not reply.errors, reply.errors
        return reply.ok and callback(person) == Id.REVIEW

    again(is_reviewed)


def confirm(person: Person, page: str = Id.REVIEW, values: Json | None = None) -> None:
    """Press until there is an answer; it may be the result itself, if the submission before was accepted after all."""
    again(lambda: callback(person) != page or person.submits(values).ok)


def callback(person: Person) -> str | None:
    view = person.view
    return view["callback_id"] if view else None


def again(act: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if act():
                return
        except NotAccepted:  # the modal changed between the look at it and the click
            pass
        assert time.monotonic() < until, "no answer to a person's click"
        time.sleep(random.uniform(0.1, 0.4))


def add_card(world: World, contact: Contact) -> None:
    """The customer opens the link in the mail and adds a card."""
    mail = world.eventually(lambda: next((one for one in world.mails() if contact.email in str(one["to"])), None))
    card = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123", "name": "Ada", "email": contact.email}
    requests.post(world.link_in(mail), data=card, timeout=30, allow_redirects=False).raise_for_status()


def check(world: World, errand: Errand, told: Mapping[str, Sequence[str]]) -> list[str]:
    """Nothing lost, nothing twice, everybody told, and the mirror is what Stripe has; the operations' ids.

    `told` are the direct messages of each person.
    """
    contact, kind = errand.contact, errand.kind
    operations = world.operations(contact)
    if kind is GIVES_UP and not operations:
        assert world.subscriptions(contact) == []
        assert world.timeline(contact).count("subscription_started") == 0
        return []
    assert tuple(one.state for one in operations) == kind.states

    subscriptions = world.subscriptions(contact)
    assert [one.status for one in subscriptions] == ["active"] * (kind.states[-1] is State.DONE)
    assert [one.metadata["operation"] for one in subscriptions if one.metadata] == [
        one.id for one in operations[-1:] if one.state is State.DONE
    ]
    assert [one.amount for one in world.payments(contact)] == [FIRST_PAYMENT] * len(subscriptions)
    assert all(one.id in (operations[-1].result or "") for one in subscriptions)

    happened = Counter(world.timeline(contact))
    assert {what: happened[what] for what in kind.timeline} == kind.timeline
    assert_mirrored(world, contact)

    assert errand.person
    assert errand.seen or any(errand.is_shown(message) for message in told[errand.person.id]), "nobody was told"
    return [one.id for one in operations]


def assert_mirrored(world: World, contact: Contact) -> None:
    stripe = world.app.payments.snapshot(contact.customer)
    assert stripe
    with world.app.desk.reading(NOBODY) as uow:
        assert set(uow.mirror.payment_methods(contact.id)) == set(stripe.payment_methods)
        assert set(uow.mirror.subscriptions(contact.id)) == set(stripe.subscriptions)
        assert set(uow.mirror.invoices(contact.id)) == set(stripe.invoices)
        assert uow.mirror.balance(contact.id) == stripe.balance
