"""A help ticket becomes a request only if the primary admin wrote it (A29, A30)."""

from __future__ import annotations

import pytest

from billing.change_requests.tickets import AccountChoice, Ticket, TicketRequest, accepted, chosen, read
from billing.contacts import Member, MemberRight
from billing.errors import NoTicket, NotPermitted, NotTheAdminsAddress
from tests.support.asking import ADMIN, ALEX, BOOKKEEPER, MIA, AskingShop, customer


@pytest.fixture
def shop() -> AskingShop:
    return AskingShop()


@pytest.mark.parametrize(
    "text",
    [
        "From: Ada Lovelace <ada@engines.example>\nPlease lower our plan",
        "Von: ada@engines.example\nPlease lower our plan",
        "*From:* <mailto:ada@engines.example|ada@engines.example>\nPlease lower our plan",
        "> Absender: Ada <ada@engines.example>\nPlease lower our plan",
        "\n  From: ada@engines.example  \nPlease lower our plan",
    ],
)
def test_the_sender_stands_in_a_line_of_its_own(text: str) -> None:
    ticket = read(text)
    assert (ticket.sender, ticket.text) == ("ada@engines.example", "Please lower our plan")


def test_what_slack_says_of_a_forwarded_mail_counts_more_than_the_text(shop: AskingShop) -> None:
    ticket = read("From: ada@engines.example\nhello", sender=" eve@evil.example ")
    assert ticket.sender == "eve@evil.example"


@pytest.mark.parametrize("text", ["", "Please lower our plan", "write to ada@engines.example", "From: nobody"])
def test_a_message_without_a_sender_is_no_ticket(text: str) -> None:
    with pytest.raises(NoTicket):
        read(text)


def takes(shop: AskingShop, sender: str, person=MIA) -> TicketRequest:
    (only,) = all_of(shop, sender, person)
    return only


def all_of(shop: AskingShop, sender: str, person=MIA) -> tuple[TicketRequest, ...]:
    with shop.store.reading(person) as uow:
        return accepted(uow, Ticket(sender=sender, text="Please lower our plan"))


@pytest.mark.parametrize("sender", ["ada@engines.example", "ADA@Engines.Example", " ada@engines.example "])
def test_the_primary_admins_mail_is_accepted(shop: AskingShop, sender: str) -> None:
    found = takes(shop, sender.strip())
    assert (found.contact.name, found.requester) == ("Ada Lovelace", ADMIN.email)
    assert (found.said.remark, found.said.origin) == ("Please lower our plan", "ticket")


def test_another_members_mail_names_the_primary_admin(shop: AskingShop) -> None:
    with pytest.raises(NotTheAdminsAddress) as refusal:
        takes(shop, BOOKKEEPER.email)
    assert refusal.value.parameters == {"sender": BOOKKEEPER.email, "admins": ("Ada Lovelace",)}


@pytest.mark.parametrize("sender", ["ada@engines.example.evil.example", "ada@engínes.example", "eve@evil.example"])
def test_a_look_alike_or_a_stranger_is_nobodys_admin(shop: AskingShop, sender: str) -> None:
    with pytest.raises(NotTheAdminsAddress) as refusal:
        takes(shop, sender)
    assert refusal.value.parameters["admins"] is None


def test_the_customer_is_the_one_whose_primary_admin_it_is(shop: AskingShop) -> None:
    """The same person is a bookkeeper elsewhere."""
    elsewhere = Member(name="Ada", email=ADMIN.email, rights=frozenset({MemberRight.BILLING_CONTACT}))
    shop.knows(customer(id="con_aaa", customer="cus_aaa", name="Aardvark", members=(elsewhere,)))
    assert takes(shop, ADMIN.email).contact.name == "Ada Lovelace"


def choose(shop: AskingShop, contact: str, sender: str = ADMIN.email) -> TicketRequest:
    with shop.store.reading(MIA) as uow:
        return chosen(uow, AccountChoice(contact=contact, requester=sender, remark="Less"))


def test_the_primary_admin_of_several_accounts_is_asked_about_one(shop: AskingShop) -> None:
    """A30: the address says who asks, and not for which account."""
    shop.knows(customer(id="con_aaa", customer="cus_aaa", name="Aardvark"))
    assert {one.contact.name for one in all_of(shop, ADMIN.email)} == {"Aardvark", "Ada Lovelace"}
    one = choose(shop, "con_aaa")
    assert (one.contact.name, one.requester, one.said.remark) == ("Aardvark", ADMIN.email, "Less")


def test_only_an_account_of_the_sender_can_be_chosen(shop: AskingShop) -> None:
    """A form can be forged."""
    shop.knows(customer(id="con_eve", customer="cus_eve", name="Eve", members=(BOOKKEEPER,)))
    with pytest.raises(NotTheAdminsAddress):
        choose(shop, "con_eve")
    with pytest.raises(NotTheAdminsAddress):
        choose(shop, "con_eve", BOOKKEEPER.email)


def test_who_may_not_file_may_not_turn_a_ticket_into_a_request(shop: AskingShop) -> None:
    with pytest.raises(NotPermitted):
        takes(shop, ADMIN.email, ALEX)
