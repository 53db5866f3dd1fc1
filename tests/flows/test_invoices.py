"""A sales rep writes, checks, sends and settles an invoice without leaving Slack (H24 to H28)."""

from __future__ import annotations

import re
import time
from typing import Any

import requests
import stripe

from billing.contacts import Contact
from billing.steps import NOBODY
from tests.support.person import Person, texts
from tests.support.world import STRIPE_KEY, World

VISA, FAILS = "pm_card_visa", "pm_card_chargeCustomerFail"


def add_line(person: Person, **fields: Any) -> None:
    assert person.presses("invoice.add_line").ok
    reply = person.submits(fields)
    assert reply.ok, reply


def sent(world: World, contact: Contact, text: str = "3 x Onboarding 150.00") -> Person:
    """The sales rep, who reads German, sees that the invoice was sent: 450.00 and 19 % are 535.50."""
    jonas = world.person("sales")
    assert jonas.types(f"/billing invoice {contact.email} {text}").ok
    reply = jonas.submits()
    assert reply.ok, reply
    assert jonas.submits().ok
    jonas.waits_for(lambda one: "wurde gesendet" in one.text)
    return jonas


def issued(world: World, contact: Contact) -> Any:
    (invoice,) = world.stripe.v1.invoices.list({"customer": contact.customer}).data
    return invoice


def test_an_invoice_from_the_card_to_the_customer(world: World) -> None:
    """H24 to H28, GX11: customer filled in, two lines, a discount, the review, the number, mails with the document."""
    ada = world.contact(VISA)
    jonas = world.person("sales")
    jonas.types(f"/billing {ada.email}")
    assert jonas.presses("invoice.new").ok
    assert ada.name in jonas.text
    add_line(jonas, description="Onboarding", quantity="3", price="150.00")
    add_line(jonas, description="Travel", quantity="1", price="49.90", discount="10 %")
    jonas.enters({"memo": "Thank you"})
    add_line(jonas, description="Training", quantity="0.5", price="100")
    assert "Thank you" in jonas.text  # what was typed below the lines is still there
    recipients = f"{ada.email}, books@ada.example"
    assert jonas.submits({"discount": "5 %", "recipients": recipients, "due_days": 10}).ok
    # 450.00 + 44.91 + 50.00 = 544.91; 5 %: 22.50, 2.25 (2.2455), 2.50: 27.25; left 427.50, 42.66, 47.50 = 517.66
    # 19 %: 81.225 -> 81.23, 8.1054 -> 8.11, 9.025 -> 9.03: 98.37; together 616.03
    assert "616,03" in jonas.text
    assert jonas.submits().ok
    jonas.waits_for(lambda one: "wurde gesendet" in one.text)
    invoice = issued(world, ada)
    assert (invoice.status, invoice.total, invoice.description) == ("open", 61603, "Thank you")
    assert re.fullmatch(r"RE-\d{4}-\d{5}", invoice.number)
    assert "invoice_sent" in world.timeline(ada)
    mails = world.eventually(lambda: [one for one in world.mails() if invoice.number in one["subject"]])
    assert len(mails) == 2
    assert {ada.email in str(one["to"]) for one in mails} == {True, False}
    page = re.search(re.escape(world.bot_url) + r"/d/[\w-]+", mails[0]["text"])
    assert page
    shown = requests.get(page.group(), timeout=10)
    assert shown.ok
    assert invoice.number in shown.text
    assert "616.03" in shown.text
    assert world.workspace.refused == []


def test_it_is_paid_by_check_and_by_card_and_refunded(world: World) -> None:
    """HX9, HX10, HX20: 535.50; 100.00 by check, the rest by card; a manager refunds 35.50 to the card."""
    ada = world.contact(VISA)
    jonas = sent(world, ada)
    jonas.presses("invoice.open")
    assert jonas.presses("invoice.record").ok
    reply = jonas.submits({"by": "check", "amount": "100.00"})
    assert "reference" in reply.errors
    assert jonas.submits({"by": "check", "amount": "100.00", "reference": "4711"}).ok
    jonas.waits_for(lambda one: "435,50" in one.text and "eingegangen" in one.text)
    jonas.presses("invoice.open")
    assert "teilweise bezahlt" in jonas.text
    assert jonas.presses("invoice.charge").ok
    assert jonas.submits().ok
    jonas.waits_for(lambda one: "nichts mehr offen" in one.text)
    assert issued(world, ada).status == "paid"
    jonas.presses("invoice.open")
    assert jonas.button("invoice.credit") is None  # only managers give money back
    jonas.closes(everything=True)
    sam = world.person("manager")
    sam.types(f"/billing invoices {ada.email}")
    sam.presses("invoices.part.closed")
    sam.presses("invoice.open")
    assert sam.presses("invoice.credit").ok
    assert sam.submits({"amount": "35.50", "reason": "Goodwill"}).ok
    sam.waits_for(lambda one: "goes back to the card" in one.text)
    (charge,) = world.stripe.v1.charges.list({"customer": ada.customer}).data
    assert (charge.amount, charge.amount_refunded) == (43550, 3550)
    (note,) = world.stripe.v1.credit_notes.list({"invoice": issued(world, ada).id}).data
    (mail,) = world.eventually(lambda: [one for one in world.mails() if note.number in one["subject"]])
    page = re.search(re.escape(world.bot_url) + r"/d/[\w-]+", mail["text"])
    assert page
    shown = requests.get(page.group(), timeout=10)
    for text in (note.number, issued(world, ada).number, "29.83", "5.67", "35.50"):  # 35.50 x 19 / 119 = 5.668
        assert text in shown.text
    happened = world.timeline(ada)
    assert {"payment_recorded", "invoice_charged", "invoice_refunded"} <= set(happened)
    assert world.workspace.refused == []


def test_a_declined_card_leaves_it_open(world: World) -> None:
    ada = world.contact(FAILS)
    jonas = sent(world, ada)
    jonas.presses("invoice.open")
    assert jonas.presses("invoice.charge").ok
    assert jonas.submits().ok
    jonas.waits_for(lambda one: "abgelehnt" in one.text)
    assert issued(world, ada).status == "open"
    assert "payment_declined" in world.timeline(ada)


def test_a_cancelled_invoice_keeps_its_number(world: World) -> None:
    ada = world.contact()
    jonas = sent(world, ada)
    number = issued(world, ada).number
    jonas.closes(everything=True)
    sam = world.person("manager")
    sam.types(f"/billing invoices {ada.email}")
    sam.presses("invoice.open")
    assert sam.presses("invoice.void").ok
    assert sam.submits({"reason": "Typed twice"}).ok
    sam.waits_for(lambda one: "keeps its number" in one.text)
    assert (issued(world, ada).status, issued(world, ada).number) == ("void", number)
    again = sent(world, ada, "1 x Onboarding 10.00")
    assert number not in again.text


def test_above_the_limit_a_manager_decides(world: World) -> None:
    """25 % off is more than the 20 % that sales may give: asked, granted by the manager's card, and then sent."""
    ada = world.contact()
    jonas = world.person("sales")
    jonas.types(f"/billing invoice {ada.email} 1 x Onboarding 100.00, 25 %")
    assert jonas.submits().ok
    assert "genehmigen" in jonas.text
    assert jonas.submits({"note": "A loyal customer"}).ok
    jonas.waits_for(lambda one: "entscheidet" in one.text)
    jonas.closes(everything=True)
    sam = world.person("manager")
    card = sam.waits_for(lambda one: [m for m in one.messages if "A loyal customer" in str(m)])[-1]
    assert card["channel"] == world.channel("billing-approvals")
    assert sam.presses("invoice.approve", message=card).ok
    sam.waits_for(lambda one: any("A loyal customer" in str(m) and "approved" in str(m) for m in one.messages))
    jonas.waits_for(lambda one: one.direct_messages and "genehmigt" in str(one.direct_messages[-1]))
    jonas.presses("invoice.open", message=jonas.direct_messages[-1])
    assert jonas.presses("invoice.to_review").ok
    assert "Genehmigt von" in jonas.text
    assert jonas.submits().ok
    jonas.waits_for(lambda one: "wurde gesendet" in one.text)
    assert issued(world, ada).total == 8925  # 75.00 + 19 % = 89.25


def test_a_manager_finds_it_among_the_approvals_and_decides_on_its_page(world: World) -> None:
    """A27, H6: the list leads to the page, the page decides, and Home of both shows it."""
    ada = world.contact()
    jonas, sam = world.person("sales"), world.person("manager")
    jonas.types(f"/billing invoice {ada.email} 1 x Onboarding 100.00, 25 %")
    assert jonas.submits().ok
    assert jonas.submits({"note": "A loyal customer"}).ok
    jonas.waits_for(lambda one: "entscheidet" in one.text)
    with world.app.desk.reading(NOBODY) as uow:
        (draft,) = uow.invoices.drafts_of(ada.id, 2)
    assert sam.types("/billing approvals").ok
    assert "Invoice of €89.25" in sam.text  # 75.00 + 19 % = 89.25
    sam.presses("invoice.open", block_id=world.block_of(sam, "invoice.open", draft.id))
    assert "asks for an approval" in sam.text
    assert sam.presses("invoice.approve").ok
    sam.waits_for(lambda one: "asks for an approval" not in one.text)
    with world.app.desk.reading(NOBODY) as uow:
        assert uow.invoices.get(draft.id).is_granted
    jonas.closes(everything=True)
    assert jonas.types("/billing approvals").ok
    assert "Rechnung über 89,25" in jonas.text
    assert "genehmigt" in jonas.text


def test_a_total_that_differs_at_stripe_is_not_sent_and_takes_no_number(world: World) -> None:
    """What Stripe would add by itself is a refusal with both amounts; the next invoice has the next number."""
    ada = world.contact()
    sent(world, ada).closes(everything=True)
    first = issued(world, ada).number
    ben = world.contact()
    jonas = world.person("sales")
    jonas.types(f"/billing invoice {ben.email} 1 x Onboarding 100.00")
    assert jonas.submits().ok
    world.stripe.v1.customers.update(ben.customer, {"tax_exempt": "exempt"})
    assert jonas.submits().ok
    jonas.waits_for(lambda one: "100,00" in one.text and "119,00" in one.text)
    assert world.stripe.v1.invoices.list({"customer": ben.customer}).data == []
    world.stripe.v1.customers.update(ben.customer, {"tax_exempt": "none"})
    jonas.presses("invoice.open")
    assert jonas.presses("invoice.to_review").ok
    assert jonas.submits().ok
    jonas.waits_for(lambda one: "wurde gesendet" in one.text)
    assert int(issued(world, ben).number[-5:]) == int(first[-5:]) + 1


def test_what_happens_at_stripe_alone_is_seen(world: World) -> None:
    """The state follows Stripe's events: the customer pays on the hosted page."""
    ada = world.contact(VISA)
    sent(world, ada).closes(everything=True)
    invoice = issued(world, ada)
    world.stripe.v1.invoices.pay(invoice.id, {"payment_method": world.methods(ada)[0]})

    def state() -> bool:
        with world.app.desk.reading(NOBODY) as uow:
            found = uow.mirror.whose_invoice(invoice.id)
            return found is not None and found[1].status == "paid"

    world.eventually(state)
    jonas = world.person("sales")
    jonas.types(f"/billing invoices {ada.email}")
    jonas.presses("invoices.part.closed")
    assert invoice.number in jonas.text
    assert "bezahlt" in jonas.text


def test_sender_and_customer_hear_of_a_payment_on_stripes_page_and_of_a_card_that_failed_there(world: World) -> None:
    """HX15: once each, by direct message and by mail."""
    ada = world.contact()
    jonas = sent(world, ada)
    jonas.closes(everything=True)
    invoice = issued(world, ada)
    card = {"expiry": "12/34", "cvc": "123", "name": "Ada", "email": ada.email}
    for number, said, subject in (
        ("4000000000000002", f"Rechnung {invoice.number} ist fehlgeschlagen", "Your payment for invoice {} failed"),
        ("4242424242424242", f"hat Rechnung {invoice.number} bezahlt: 535,50", "Your payment for invoice {}"),
    ):
        requests.post(invoice.hosted_invoice_url, data={"number": number, **card}, timeout=30)
        world.eventually(lambda said=said: told(jonas, said))
        mailed = subject.format(invoice.number)
        world.eventually(lambda mailed=mailed: any(one["subject"] == mailed for one in world.mails()))
        assert len(told(jonas, said)) == 1
        assert sum(one["subject"] == mailed for one in world.mails()) == 1


def test_a_part_that_somebody_records_at_stripe_is_told_with_its_amount(world: World) -> None:
    """HX15: not by Kontor, so nobody has the answer; 535.50 less 100.00 are 435.50."""
    ada = world.contact()
    jonas = sent(world, ada)
    invoice = issued(world, ada)
    moment = int(time.time())
    elsewhere = stripe.StripeClient(STRIPE_KEY, base_addresses={"api": world.stripe_url})
    record = elsewhere.v1.payment_records.report_payment(
        {
            "amount_requested": {"currency": "eur", "value": 10000},
            "initiated_at": moment,
            "outcome": "guaranteed",
            "guaranteed": {"guaranteed_at": moment},
            "payment_method_details": {"type": "custom", "custom": {"display_name": "Check"}},
            "processor_details": {"type": "custom", "custom": {"payment_reference": "4711"}},
        }
    )
    elsewhere.v1.invoices.attach_payment(invoice.id, {"payment_record": record.id})
    said = f"hat 100,00\xa0€ von Rechnung {invoice.number} bezahlt"
    world.eventually(lambda: told(jonas, said))
    assert "435,50" in " ".join(texts(told(jonas, said)[0]))
    subject = f"Your payment for invoice {invoice.number}"
    (mail,) = world.eventually(lambda: [one for one in world.mails() if one["subject"] == subject])
    assert "your payment of €100.00 has arrived" in mail["text"]


def told(person: Person, said: str) -> list[Any]:
    """The direct messages that say so."""
    return [one for one in person.direct_messages if said in " ".join(texts(one))]
