"""The billing contact is changed, as people do it: with proof, by the customer's link; and wrong hands are stopped."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from billing.billing_contacts.model import billing_contact
from billing.billing_contacts.rules import member_key
from billing.contacts import Account, Address, Contact, Member, MemberRight, Portal
from billing.steps import NOBODY
from tests.support.person import Person, texts
from tests.support.world import World

VISA = "pm_card_visa"
WEG = Address(line1="Weg 1", postal_code="10969", city="Berlin", country="DE")


def account(world: World, portal: Portal = Portal.ONLINE) -> Contact:
    """A customer with an admin and a billing contact, whose addresses are nobody else's."""
    admin = Member(name="Ada Admin", email="", rights=frozenset({MemberRight.ADMIN, MemberRight.CARD_HOLDER}))
    made = world.contact(VISA, account=Account(portal=portal), address=WEG, language="en")
    number = made.email.removeprefix("ada").partition("@")[0]
    people = (
        admin.model_copy(update={"email": made.email}),
        Member(name="Bea Books", email=f"bea{number}@example.com", rights=frozenset({MemberRight.BILLING_CONTACT})),
    )
    with world.app.desk.writing(NOBODY) as uow:
        uow.contacts.save(made.model_copy(update={"members": people}))
    return row(world, made)


def row(world: World, contact: Contact) -> Contact:
    with world.app.desk.reading(NOBODY) as uow:
        return uow.contacts.get(contact.id)


def new(contact: Contact) -> dict[str, str]:
    email = billing_contact(contact).email.replace("bea", "nora")
    return {"name": "Nora New", "email": email, "line1": "Weg 2", "postal_code": "20095", "city": "Hamburg"}


def answers(world: World, contact: Contact, *, of_card: str = "4242") -> dict[str, str]:
    """What the card's holder says: the local Stripe's card is good until 12 of the year after next."""
    (card,) = world.stripe_methods(contact)
    expiry = f"{card.card.exp_month:02}/{card.card.exp_year % 100}"
    return {"requester": member_key(contact.members[0]), "last4": of_card, "expiry": expiry}


def page(world: World, contact: Contact, who: str = "manager") -> Person:
    person = world.person(who)
    assert person.types(f"/billing billing-contact {contact.customer}").ok
    return person


def mail_to(world: World, address: str, subject: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        theirs = (mail for mail in world.mails() if address in str(mail["to"]) and subject in mail["subject"])
        return next(theirs, None)

    return world.eventually(found)


def link_in(world: World, mail: dict[str, Any]) -> str:
    found = re.search(re.escape(world.bot_url) + r"/billing-contact/\w+/[\w-]+", mail["text"])
    assert found, mail["text"]
    return found.group()


def save(url: str, **fields: str) -> requests.Response:
    """As a browser does: open the page, send the form back from it."""
    shown = requests.get(url, timeout=10)
    csrf = re.search(r'name="csrf" value="([^"]+)"', shown.text)
    given = {**fields, "csrf": csrf[1] if csrf else ""}
    return requests.post(url, data=given, headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"}, timeout=10)


def test_support_changes_it_for_who_verified_the_card(world: World) -> None:
    """G8 to G13, G20: right and wrong answers; Stripe, a draft, the card, letters and history have the new one."""
    ada = account(world)
    draft = world.stripe.v1.invoices.create({"customer": ada.customer, "currency": "eur"})
    sam = page(world, ada)
    assert "Bea Books" in sam.text
    assert "4242" not in sam.text
    sam.presses("billing_contact.verify")
    assert "4242" not in sam.text
    wrong = sam.submits(answers(world, ada, of_card="1111"))
    assert list(wrong.errors) == ["last4"]
    assert sam.submits(answers(world, ada)).ok
    assert sam.submits(new(ada)).ok
    sam.waits_for(lambda one: "is now the billing contact" in one.text)
    customer = world.stripe.v1.customers.retrieve(ada.customer)
    assert (customer.name, customer.email) == (ada.name, new(ada)["email"])  # who is billed, and who gets it
    assert customer.address.city == "Hamburg"
    assert world.stripe.v1.invoices.retrieve(draft.id).customer_email == new(ada)["email"]
    assert billing_contact(row(world, ada)).name == "Nora New"
    assert {"card_not_verified", "card_verified", "billing_contact_changed"} <= set(world.timeline(ada))
    mail_to(world, billing_contact(ada).email, "was changed")
    mail_to(world, new(ada)["email"], "You are the billing contact now")
    assert world.workspace.refused == []


def test_a_change_that_is_called_off_leaves_no_tax_id_at_stripe(world: World) -> None:
    """G20: Stripe breaks down after the id was added; until it is back the account is frozen."""
    ada = account(world)
    sam = page(world, ada)
    sam.presses("billing_contact.verify")
    assert sam.submits(answers(world, ada)).ok
    path = f"/v1/customers/{ada.customer}"
    world.stripe_fails("delay", path=path, method="POST", times=2, seconds=0.01)  # noted, and added
    world.stripe_fails("500", path=path, method="POST", share=1)
    assert sam.submits(new(ada) | {"tax_id": "DE136695976"}).ok
    world.eventually(lambda: tax_ids(world, ada) == ["DE136695976"])
    with world.app.desk.writing(NOBODY) as uow:
        uow.billing_contacts.freeze(ada.id, uow.now)
    world.eventually(
        lambda: tax_ids(world, ada) == []
    )  # by a try that knows of it; one under way fails as those before
    world.heals()
    sam.waits_for(lambda one: "reported as not in order" in one.text)
    assert tax_ids(world, ada) == []
    customer = world.stripe.v1.customers.retrieve(ada.customer)
    assert (customer.email, customer.metadata.to_dict()) == (ada.email, {})
    assert billing_contact(row(world, ada)).name == "Bea Books"


def tax_ids(world: World, contact: Contact) -> list[str]:
    return [one.value for one in world.stripe.v1.customers.tax_ids.list(contact.customer).data]


def test_the_customer_changes_it_by_a_link_and_the_former_contact_stops_it(world: World) -> None:
    """G14 to G20: and then "this was not me", a freeze, and a manager who lifts it."""
    ada = account(world, Portal.CORPORATE)
    mia = page(world, ada, "agent")
    mia.presses("billing_contact.send_link")
    mia.waits_for(lambda one: "Der Link ist unterwegs" in one.text)
    url = link_in(world, mail_to(world, billing_contact(ada).email, "Your link"))
    assert url.rpartition("/")[2] not in mia.text
    shown = requests.get(url, timeout=10)
    assert "Bea Books" in shown.text
    assert shown.headers["Referrer-Policy"] == "no-referrer"

    saved = save(url, **new(ada), country="DE")
    assert saved.status_code == 200, saved.text
    world.eventually(lambda: billing_contact(row(world, ada)).name == "Nora New")
    assert "in effect" in world.eventually(lambda: requests.get(url, timeout=10).text)
    assert world.stripe.v1.customers.retrieve(ada.customer).email == new(ada)["email"]
    assert save(url, **(new(ada) | {"name": "Eve Evil"}), country="DE").status_code in (403, 410)
    told = mia.waits_for(lambda one: [m for m in one.direct_messages if "Nora New" in "\n".join(texts(m))])
    assert "über den Link geändert" in "\n".join(texts(told[-1]))

    report = link_in(world, mail_to(world, billing_contact(ada).email, "was changed"))
    assert "nothing more is changed" in save(report, freeze="yes").text
    assert save(report, freeze="yes").status_code in (403, 410)
    sam = world.person("manager")

    def alarm(one: Person) -> list[dict[str, Any]]:
        return [message for message in one.direct_messages if "This was not me" in "\n".join(texts(message))]

    message = sam.waits_for(alarm)[-1]
    assert new(ada)["email"] in "\n".join(texts(message))
    frozen = page(world, ada)
    assert "reported as not in order" in frozen.text
    assert frozen.button("billing_contact.verify") is None
    frozen.closes(everything=True)
    sam.presses("billing_contact.lift", message=message)
    assert sam.button("billing_contact.verify")
    assert {"billing_contact_reported", "billing_contact_frozen", "billing_contact_unfrozen"} <= set(
        world.timeline(ada)
    )
    assert world.workspace.refused == []


def test_three_wrong_answers_lock_the_account_until_a_manager_has_looked(world: World) -> None:
    """G11: over all staff; the manager is told, and the billing contact by mail."""
    ada = account(world)
    mia = page(world, ada, "agent")
    mia.presses("billing_contact.verify")
    for _ in range(3):
        assert list(mia.submits(answers(world, ada, of_card="0000")).errors) == ["last4"]
    assert "gesperrt" not in world.person("manager").text
    mail_to(world, billing_contact(ada).email, "Somebody tried")
    sam = world.person("manager")

    def alarm(one: Person) -> list[dict[str, Any]]:
        return [message for message in one.direct_messages if "Wrong answers" in "\n".join(texts(message))]

    message = sam.waits_for(alarm)[-1]
    assert list(mia.submits(answers(world, ada)).errors) == ["last4"]
    locked = page(world, ada)
    assert "too many wrong answers" in locked.text
    assert locked.button("billing_contact.verify") is None
    locked.closes(everything=True)
    sam.presses("billing_contact.lift", message=message)
    assert mia.submits(answers(world, ada)).ok
    assert "Karte ist bestätigt" in mia.text
    assert world.workspace.refused == []


@pytest.mark.parametrize("number", ["4242424242424242"])
def test_a_whole_card_number_goes_nowhere(world: World, number: str) -> None:
    """SX8: the field is too short for it, and so is everything behind it."""
    ada = account(world)
    sam = page(world, ada)
    sam.presses("billing_contact.verify")
    assert not sam.submits({**answers(world, ada), "last4": number}).ok
    assert number not in world.everything_stored()


def test_why_not_is_answered_for_this_very_account(world: World) -> None:
    """G30"""
    ada = account(world, Portal.CORPORATE)
    sam = world.person("manager")
    assert sam.types(f"/billing help why-not {ada.email}").ok
    assert sam.waits_for(lambda one: [m for m in one.messages if "account: Bea Books" in "\n".join(texts(m))])
    assert world.workspace.refused == []
