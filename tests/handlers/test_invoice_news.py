"""What people are told of an invoice: in Slack, in their own language, and the customer by mail (HX15)."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest

from billing.access import Actor
from billing.catalogue import InvoicePolicy, Place
from billing.catalogue.policies import CustomerNotices, TeamNotices
from billing.errors import AmountDiffers, Declined, Transient, Undeliverable
from billing.events import COVERED
from billing.ids import CustomerId, EventId
from billing.invoices import issuing, reminding
from billing.invoices.crediting import CreditInvoice
from billing.invoices.payments import ChargeInvoice, RecordPayment
from billing.invoices.telling import PIPELINE
from billing.operations import Command
from billing.ports import PaidBy, StripeEvent
from billing.roles import Role
from billing.steps import NOBODY
from tests.support.failing import event as failure
from tests.support.failing import fails, invoice
from tests.support.office import Office
from tests.support.shop import ADA, ADAS_CARD, SAM, TODAY, actor
from tests.support.slack import open_view, slack_error, texts

PETRA = actor(Role.MANAGER, user="U_PETRA", name="Petra Manager", locale="de-DE")
_hashes = count(1)  # of views: another one each time that it is shown
JONAS = actor(Role.SALES, user="U_JONAS", name="Jonas Sales", locale="de-DE")


@pytest.fixture
def office() -> Office:
    """Sam has sent an invoice of 535.50, which Ada was mailed."""
    office = Office()
    office.hires(PETRA)
    sends(office)
    return office


def sends(office: Office, person: Actor = SAM, text: str = "invoice ada 3 x Onboarding 150.00") -> None:
    confirms(office, person, text)
    office.works()
    office.slack.calls.clear()
    office.mails.clear()


def confirms(office: Office, person: Actor = SAM, text: str = "invoice ada 3 x Onboarding 150.00") -> Any:
    """Types it, reviews it and sends it; what the review said."""
    office.types(text, person=person)
    reply = office.submits(open_view(office.shown), person=person)
    office.submits(open_view(reply.view, 2, id="V_REVIEW", hash=f"h{next(_hashes)}"), person=person)
    return reply.view


def ref(office: Office) -> Any:
    return next(iter(office.rows.sales_invoices))


def pays(office: Office, amount: str = "535.50", due: int = 53550) -> RecordPayment:
    return RecordPayment(
        contact=ADA, invoice=ref(office), due=due, by=PaidBy.CASH, amount=amount, received_on=TODAY, reference=""
    )


def does(office: Office, command: Command, person: Actor = PETRA, key: str = "key-1") -> None:
    office.accepts(command, person=person, key=key, reply_to="{}")
    office.works()


def hears(office: Office, type_: str, **payload: Any) -> None:
    """Of the invoice, from Stripe."""
    one = StripeEvent(
        id=EventId(f"evt_{len(office.rows.events)}"),
        type=type_,
        customer=CustomerId("cus_ada"),
        object_id=office.rows.sales_invoices[ref(office)].stripe,
        created_at=office.clock.now,
        payload=json.dumps({"currency": "eur", "number": "INV-2026-00001"} | payload),
    )
    office.store.accept_event(one)
    office.rows.jobs.clear()
    office.events.record(one.id, COVERED)
    office.works()


def places(office: Office) -> list[str]:
    return [one.arguments["channel"] for one in office.slack.called("chat_postMessage")]


def mailed(office: Office) -> list[str]:
    return [str(mail["Subject"]) for mail in office.mails]


def words(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


# Payments


def test_a_payment_that_a_colleague_records(office: Office) -> None:
    does(office, pays(office, "100.00"))
    assert places(office) == [SAM.user]
    (told,) = office.told
    for part in ("Ada Lovelace has paid €100.00 of invoice INV-2026-00001", "€435.50 is still", "Petra Manager"):
        assert part in told
    (mail,) = office.mails
    assert "your payment of €100.00 has arrived" in words(mail)


def test_who_records_it_is_told_by_the_answer_only(office: Office) -> None:
    does(office, pays(office), person=SAM)
    assert places(office) == []
    assert len(office.mails) == 1


def test_what_was_credited_is_not_said_to_be_paid(office: Office) -> None:
    """535.50 less 100.00 that were taken back are 435.50."""
    credit = CreditInvoice(contact=ADA, invoice=ref(office), due=53550, left=53550, amount="100", reason="Delay")
    does(office, credit, key="key-0")
    office.slack.calls.clear()
    does(office, pays(office, "435.50", due=43550))
    assert "Ada Lovelace has paid invoice INV-2026-00001: €435.50" in office.told[-1]


def test_a_payment_on_stripes_page(office: Office) -> None:
    """Nobody of ours did it: the sender hears of it, in full and without a name."""
    there = office.payments.invoices
    stripe = office.rows.sales_invoices[ref(office)].stripe
    there._paid(there.there[stripe], 53550)
    with office.store.writing(SAM) as uow:
        uow.mirror.add_invoice(ADA, there.there[stripe])
    for _ in range(2):
        hears(office, "invoice.paid", amount_paid=53550)
    (told,) = office.told
    assert "Ada Lovelace has paid invoice INV-2026-00001: €535.50" in told
    assert "Recorded by" not in told
    (mail,) = office.mails
    assert "Thank you: your payment has arrived." in words(mail)
    assert "The invoice is paid in full." in words(mail)


def test_a_card_that_was_charged(office: Office) -> None:
    does(office, ChargeInvoice(contact=ADA, invoice=ref(office), payment_method=ADAS_CARD, due=53550))
    assert "Petra Manager has charged Visa •••• 4242." in office.told[0]
    (mail,) = office.mails
    assert "We have charged €535.50 to your Visa •••• 4242." in words(mail)


def test_a_card_that_was_refused(office: Office) -> None:
    """The team hears why, the customer only that it did not work."""
    office.payments.invoices.fails.append(Declined("insufficient_funds"))
    does(office, ChargeInvoice(contact=ADA, invoice=ref(office), payment_method=ADAS_CARD, due=53550))
    (told,) = office.told
    for part in ("A payment by Ada Lovelace for invoice INV-2026-00001 failed", "€535.50 is still", "Tried by Petra"):
        assert part in told
    assert mailed(office) == ["Your payment for invoice INV-2026-00001 failed"]
    assert "did not go through. Nothing was charged." in words(office.mails[0])


def test_in_the_readers_language(office: Office) -> None:
    """The sender's, and in the channel the business's."""
    office.sells(invoices=InvoicePolicy(tell_team=TeamNotices(paid=tuple(Place))))
    office.hires(JONAS)
    office.rows.sales_invoices.clear()
    sends(office, JONAS, "rechnung ada 3 x Beratung 150,00")
    does(office, pays(office))
    assert places(office) == [JONAS.user, "C_MANAGERS"]
    german, english = office.told
    assert "Ada Lovelace hat Rechnung INV-2026-00002 bezahlt: 535,50\xa0€." in german
    assert "Erfasst von Petra Manager." in german
    assert "Ada Lovelace has paid invoice INV-2026-00002: €535.50." in english


# What could not be sent


def test_a_total_that_differs_is_told_to_the_managers(office: Office) -> None:
    office.payments.invoices.fails.append(AmountDiffers(reviewed=53550, charged=53551, currency="EUR"))
    confirms(office)
    office.works()
    assert places(office) == ["C_MANAGERS"]
    assert "The invoice for Ada Lovelace could not be sent" in office.told[0]
    assert "€535.51" in office.told[0]
    assert office.mails == []


def test_where_there_is_no_channel_the_managers_are_told_but_for_who_did_it(office: Office) -> None:
    office.posts.managers = None
    with office.store.writing(NOBODY) as uow:
        issuing.not_mailed(uow, uow.invoices.get(ref(office)), "op_1", ["bad@x.example"], by=SAM.user)
    office.works()
    assert places(office) == [PETRA.user]
    assert "konnte nicht zugestellt werden" in office.told[0]


def test_where_the_channel_cannot_be_written_to_the_managers_are_told(office: Office) -> None:
    office.slack.fails["chat_postMessage"].append(slack_error("not_in_channel"))
    with office.store.writing(NOBODY) as uow:
        issuing.not_mailed(uow, uow.invoices.get(ref(office)), "op_1", ["bad@x.example"], by=SAM.user)
    office.works()
    assert places(office) == [PETRA.user]


def test_a_manager_who_sent_it_is_told_once_where_there_is_no_way_into_the_channel(office: Office) -> None:
    """As its sender, and not as one of the managers, too; who recorded the payment is not told at all."""
    office.sells(invoices=InvoicePolicy(tell_team=TeamNotices(paid=tuple(Place))))
    max_, paul = (actor(Role.MANAGER, user=f"U_{name}", name=name) for name in ("MAX", "PAUL"))
    office.hires(max_)
    office.hires(paul)
    office.rows.sales_invoices.clear()
    sends(office, max_)
    office.posts.managers = None
    does(office, pays(office), person=paul)
    assert sorted(places(office)) == ["U_MAX", PETRA.user]


def test_each_manager_is_told_by_a_job_of_their_own(office: Office) -> None:
    """Where Slack is away for one of them, the others are not told again."""
    office.hires(actor(Role.MANAGER, user="U_MAX", name="Max Manager"))
    office.slack.fails["chat_postMessage"].append(slack_error("is_archived"))
    with office.store.writing(NOBODY) as uow:
        issuing.not_mailed(uow, uow.invoices.get(ref(office)), "op_1", ["bad@x.example"], by=SAM.user)
    office.invoice_news.tell(next(one for one in office.rows.jobs if one.name == PIPELINE).argument)
    assert places(office) == []
    office.works()
    assert sorted(places(office)) == ["U_MAX", PETRA.user]


def test_a_job_of_an_earlier_version_is_told(office: Office) -> None:
    news = {"what": "not_mailed", "invoice": ref(office), "addresses": ["bad@x.example"], "by": SAM.user}
    office.invoice_news.tell(json.dumps({"id": "x", "audience": "managers", "news": news}))
    assert places(office) == ["C_MANAGERS"]


def test_a_reminder_that_does_not_arrive_is_told(office: Office) -> None:
    def server(mail: Any) -> None:
        raise Undeliverable("550")

    office.outbox._send = server
    office.clock.goes_on(days=14)
    reminding.remind(office.store)
    office.works()
    assert places(office) == [SAM.user, "C_MANAGERS"]
    for told in office.told:
        assert "A mail to Ada Lovelace about invoice INV-2026-00001 could not be delivered" in told
        assert "Not reached: ada@engines.example" in told


# Durable


def test_slack_being_away_is_tried_again(office: Office) -> None:
    office.sells(invoices=InvoicePolicy(tell_customer=CustomerNotices(paid=False)))
    office.accepts(pays(office), person=PETRA, key="k", reply_to="{}")
    office.operates(office.rows.jobs.pop(0).argument)
    (job,) = [one for one in office.rows.jobs if one.name == PIPELINE]
    office.slack.fails["chat_postMessage"].append(slack_error("ratelimited", 429, retry_after="3"))
    with pytest.raises(Transient):
        office.invoice_news.tell(job.argument)
    office.works()
    assert places(office) == [SAM.user]


def test_a_mail_that_is_sent_again_is_the_same_mail(office: Office) -> None:
    office.accepts(pays(office), person=PETRA, key="k", reply_to="{}")
    office.operates(office.rows.jobs.pop(0).argument)
    jobs = list(office.rows.jobs)
    office.works()
    for job in jobs:
        office.invoice_news.tell(job.argument)
    assert len(office.mails) == 2
    assert len({mail["Message-ID"] for mail in office.mails}) == 1


# Switched off


def test_where_the_house_mails_no_invoices_it_says_so() -> None:
    """HX15: the review and the answer; “Send again” mails it, for somebody asked for that."""
    office = Office()
    office.sells(invoices=InvoicePolicy(tell_customer=CustomerNotices(received=False)))
    assert "Nothing is mailed: please pass the link to the document on." in texts(confirms(office))
    office.works()
    assert "Kontor mails nothing here." in texts(office.shown)
    assert office.mails == []
    office.presses("invoice.open", ref(office))
    office.presses("invoice.send_again", ref(office), view=open_view(office.shown))
    office.works()
    assert "It goes to ada@engines.example." in texts(office.shown)
    assert len(office.mails) == 1


def test_customers_are_mailed_of_no_payment_where_the_house_does_not_want_it(office: Office) -> None:
    notices = CustomerNotices(paid=False, failed=False, auto_payment=False)
    office.sells(invoices=InvoicePolicy(tell_customer=notices))
    office.payments.invoices.fails.append(Declined("insufficient_funds"))
    card = ChargeInvoice(contact=ADA, invoice=ref(office), payment_method=ADAS_CARD, due=53550)
    does(office, card)
    does(office, pays(office, "100"), key="key-2")
    does(office, card.model_copy(update={"due": 43550}), key="key-3")
    assert office.mails == []
    assert len(office.told) == 3


# Skipped


def test_a_renewal_without_a_payment_method_is_told_as_skipped(office: Office) -> None:
    """HX15, in the message about failed payments: no second one."""
    fails(office, invoice(decline=None, next_attempt_at=None), payment_methods=())
    office.store.accept_event(failure())
    office.works()
    office.clock.goes_on(minutes=1)
    office.tells_of_failures(collected(office))
    (told,) = office.told
    assert "There is no payment method on file, so nothing could be charged." in told


def collected(office: Office) -> str:
    with office.store.writing(NOBODY) as uow:
        return uow.failures.gather("C_MANAGERS")
