"""Two accounts with people, for tests about the billing contact: Ada's online one and Cora's corporate one.

The card of both is a Visa that ends in 4242 and is good until 8/2028.
"""

from __future__ import annotations

from typing import Any

from billing.access import Actor
from billing.billing_contacts import changing, verifying
from billing.billing_contacts.changing import ChangeBillingContact
from billing.billing_contacts.links import SendLink, hand_in, new_token
from billing.billing_contacts.model import Link, Proof, Purpose
from billing.billing_contacts.rules import member_key
from billing.billing_contacts.verifying import CardAnswer
from billing.contacts import Account, Address, Contact, CustomerSnapshot, Member, MemberRight, PaymentMethod, Portal
from billing.ids import ContactId
from billing.money import Money
from billing.operations import Operation
from billing.roles import Role
from tests.support.shop import ADA, NOW, Shop, actor, contact, method

CORA = ContactId("con_cora")
MIA = actor(Role.AGENT, user="U_MIA", name="Mia Agent")
PIA = actor(Role.MANAGER, user="U_PIA", name="Pia Manager")
ANSWER = '{"user":"U_MIA"}'  # to Mia, by direct message
BERLIN = Address(line1="Lindenstraße 12", postal_code="10969", city="Berlin", country="DE")

ADMIN = Member(
    name="Ada Lovelace",
    email="ada@engines.example",
    rights=frozenset({MemberRight.PRIMARY_ADMIN, MemberRight.PURCHASE}),
)
HOLDER = Member(name="Carl Card", email="carl@engines.example", rights=frozenset({MemberRight.CARD_HOLDER}))
BOOKS = Member(name="Bea Books", email="bea@engines.example", rights=frozenset({MemberRight.BILLING_CONTACT}))
USER = Member(name="Uwe User", email="uwe@engines.example")
PEOPLE = (ADMIN, HOLDER, BOOKS, USER)

NEW = {
    "name": "Nora New",
    "email": "nora@engines.example",
    "line1": "Kanalstraße 5",
    "postal_code": "20095",
    "city": "Hamburg",
    "country": "DE",
}


def account(id_: str = ADA, portal: Portal = Portal.ONLINE, **changes: Any) -> Contact:
    fields = {"members": PEOPLE, "address": BERLIN, "account": Account(portal=portal), "company": "Engines Ltd"}
    return contact(id_, **(fields | changes))


def card(**changes: Any) -> PaymentMethod:
    return method(**({"default": True} | changes))


def furnish(shop: Shop) -> None:
    """Hire Mia and Pia, and open the two accounts, at Stripe too."""
    shop.hires(MIA)
    shop.hires(PIA)
    opens(shop, account(), card())
    opens(shop, account(CORA, Portal.CORPORATE, name="Cora Corp", email="cora@engines.example"), card(id_="pm_cora"))


def opens(shop: Shop, customer: Contact, *methods: PaymentMethod) -> None:
    shop.knows(customer, *methods)
    shop.payments.snapshots[customer.customer] = CustomerSnapshot(
        customer=customer.customer,
        name=customer.name,
        email=customer.email,
        phone="",
        currency="EUR",
        address=customer.address,
        language=None,
        created_at=NOW,
        balance=Money.zero("EUR"),
        payment_methods=methods,
    )


def says(last4: str = "4242", expiry: str = "08/28", *, who: Member = HOLDER, of: str = ADA) -> CardAnswer:
    return CardAnswer(contact=ContactId(of), requester=member_key(who), last4=last4, expiry=expiry)


def verifies(shop: Shop, *, of: str = ADA, person: Actor = MIA, key: str = "v1", who: Member = HOLDER) -> Proof:
    return verifying.verify(shop.desk, person, says(of=of, who=who), key)


def changes(
    shop: Shop, proof: Proof, *, person: Actor = MIA, key: str = "c1", reply_to: str = ANSWER, **fields: str
) -> Operation:
    """Accepted, not walked."""
    command = ChangeBillingContact(contact=proof.contact, proof=proof.id, **(NEW | fields))
    with shop.store.writing(person) as uow:
        return changing.accept(uow, command, key=key, reply_to=reply_to)


def walked(shop: Shop, operation: Operation) -> Operation:
    shop.walks(operation.id)
    found: Operation = shop.rows.operations[operation.id]
    return found


def sends_link(shop: Shop, *, of: str = CORA, key: str = "s1", person: Actor = MIA) -> Operation:
    command = SendLink(contact=ContactId(of))
    return walked(shop, shop.desk.accept(command, person, key=key, reply_to=ANSWER))


def token(shop: Shop, purpose: Purpose = Purpose.EDIT) -> str:
    """What stands in the mail of the last link for that."""
    links: list[Link] = [one for one in shop.rows.links.values() if one.purpose is purpose]
    with shop.store.writing(MIA) as uow:
        return new_token(uow, links[-1].id)


def saves(shop: Shop, secret: str, **fields: str) -> Operation:
    """By the customer's page."""
    return hand_in(shop.desk, secret, NEW | fields, ANSWER)
