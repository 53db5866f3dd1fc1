"""Reminders before, on and after the due date; never for what is paid or void (HX19). And the document itself."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from billing.catalogue import InvoiceField, Label
from billing.catalogue.banking import BankAccount
from billing.catalogue.taxes import Tax
from billing.contacts import Address, InvoiceStatus
from billing.documents import Document, DocumentField, DocumentKind, PaymentWays, Stamp
from billing.errors import NotFound
from billing.ids import InvoiceId
from billing.invoices import printing, reminding, sheets
from billing.invoices.payments import RecordPayment
from billing.invoices.voiding import EndInvoice
from billing.ports import PaidBy
from billing.steps import NOBODY
from tests.support.accounts import BOOKS
from tests.support.invoicing import PETRA, REF, InvoiceShop
from tests.support.shop import ADA, SAM, TODAY, contact


def reminded(shop: InvoiceShop) -> list[str]:
    """What is handed to the engine now: for which days of the schedule."""
    reminding.remind(shop.store)
    jobs = [job for job in shop.rows.jobs if job.name == reminding.PIPELINE]
    shop.rows.jobs = [job for job in shop.rows.jobs if job not in jobs]
    return [job.argument.partition(":")[2] for job in jobs]


def day(shop: InvoiceShop, of_march: int) -> None:
    shop.clock.now += date(2026, 3, of_march) - shop.clock.now.date()


def test_by_the_schedule(shop: InvoiceShop) -> None:
    """Sent on 2 March, due on the 16th: reminded on the 13th, the 16th, the 23rd and the 30th, once each."""
    shop.sends()
    assert shop.invoice().reminds_on == date(2026, 3, 13)
    found = {}
    for of_march in range(2, 32):
        day(shop, of_march)
        if due := reminded(shop) + reminded(shop):
            found[of_march] = due
    assert found == {13: ["-3"], 16: ["0"], 23: ["7"], 30: ["14"]}
    assert shop.invoice().reminds_on is None


def test_after_a_break_only_the_last_one_is_made_up_for(shop: InvoiceShop) -> None:
    shop.sends()
    day(shop, 24)
    assert reminded(shop) == ["7"]
    assert shop.invoice().reminders == (14,)


def test_days_before_the_invoice_was_sent_are_left_out(shop: InvoiceShop) -> None:
    """Due in two days: the reminder three days before is past."""
    shop.details(due_days=2)
    shop.sends()
    assert shop.invoice().reminders == (0, 7, 14)


def test_none_without_a_schedule(shop: InvoiceShop) -> None:
    shop.rules(remind=())
    shop.sends()
    day(shop, 31)
    assert reminded(shop) == []


@pytest.mark.parametrize("end", ["paid", "void"])
def test_they_stop_at_once(shop: InvoiceShop, end: str) -> None:
    """Also between being planned and being written: whoever sends it looks again."""
    shop.sends()
    with shop.store.reading(NOBODY) as uow:
        assert reminding.still_due(uow, REF) is not None
    if end == "paid":
        payment = RecordPayment(
            contact=ADA, invoice=REF, due=53550, by=PaidBy.CASH, amount="535.50", received_on=TODAY, reference=""
        )
        shop.does(payment)
    else:
        shop.does(EndInvoice(contact=ADA, invoice=REF, reason="Typed twice"), person=PETRA)
    with shop.store.reading(NOBODY) as uow:
        assert reminding.still_due(uow, REF) is None
    day(shop, 31)
    assert reminded(shop) == []
    assert shop.invoice().reminds_on is None


def test_a_partly_paid_invoice_is_reminded_of(shop: InvoiceShop) -> None:
    shop.sends()
    shop.does(
        RecordPayment(contact=ADA, invoice=REF, due=53550, by=PaidBy.CASH, amount="1", received_on=TODAY, reference="")
    )
    day(shop, 16)
    assert reminded(shop) == ["0"]


def test_the_history_has_each_reminder_once(shop: InvoiceShop) -> None:
    invoice = shop.sends()
    for _ in range(2):
        with shop.store.writing(NOBODY) as uow:
            reminding.was_reminded(uow, invoice, 7)
    assert shop.happened().count("invoice_reminded") == 1


def test_the_document_adds_up(shop: InvoiceShop) -> None:
    """GX12: service, quantity, unit price, total, with and without tax; 450.00 - 10 % = 405.00, tax 76.95."""
    shop.rules(fields=(InvoiceField(id="project", name=Label(en="Project", de="Projekt")),))
    shop.details(discount="10 %", memo="Thanks", order_number="PO-1", title="Bill", fields={"project": "Apollo"})
    shop.sends()
    with shop.store.reading(NOBODY) as uow:
        found = printing.InvoiceDocuments().document(uow, DocumentKind.INVOICE, REF)
    assert (found.number, found.due_on, found.reference, found.memo) == (
        "INV-2026-00001",
        TODAY + timedelta(days=14),
        "PO-1",
        "Thanks",
    )
    assert (found.title, found.fields) == ("Bill", (DocumentField(name="Project", value="Apollo"),))
    (line,) = found.lines
    assert (line.quantity, line.unit_price.amount, line.amount.amount, line.tax) == (3, 15000, 45000, "19%")
    totals = found.totals
    assert (totals.net.amount, totals.tax.amount, totals.gross.amount, totals.due.amount) == (40500, 7695, 48195, 48195)
    assert found.discount.amount.amount == 4500
    assert found.payment.page.startswith("https://invoice.stripe.example/")


def test_what_was_billed_stays_what_it_was(shop: InvoiceShop) -> None:
    """§ 14 UStG: neither other taxes nor another customer's name or country changes a document, nor what a credit note
    of it takes back; a draft follows them.
    """
    shop.adds(tax="de-vat")
    shop.does(shop.confirms())
    shop.adds("inv_draft")

    def documents() -> list[Document]:
        with shop.store.reading(NOBODY) as uow:
            return [printing.InvoiceDocuments().document(uow, DocumentKind.INVOICE, one) for one in (REF, "inv_draft")]

    issued, draft = documents()
    shop.sells(tax=Tax())
    moved = contact(
        name="Ada King", company="Kings", tax_id="FR40303265045", address=Address(country="FR", city="Lille")
    )
    shop.knows(moved)
    there = shop.payments.invoices.there[shop.invoice().stripe]
    with shop.store.writing(SAM) as uow:
        uow.mirror.add_invoice(ADA, there)
    assert documents()[0] == issued
    assert (issued.buyer.name, issued.totals.tax.amount) == ("Ada Lovelace", 8550)
    assert (documents()[1].buyer.name, documents()[1].totals.tax.amount) == ("Ada King", 0)
    assert draft.totals.tax.amount == 8550
    assert shop.sheet().totals.total.amount == shop.sheet().total.amount == 53550


def test_the_document_says_what_became_of_it(shop: InvoiceShop) -> None:
    invoice = shop.sends()
    shop.does(
        RecordPayment(
            contact=ADA, invoice=REF, due=53550, by=PaidBy.CASH, amount="100", received_on=TODAY, reference=""
        )
    )
    with shop.store.reading(SAM) as uow:
        partly = printing.document(uow, sheets.sheet(uow, REF))
    assert (partly.totals.paid.amount, partly.totals.due.amount, partly.stamp) == (10000, 43550, None)
    there = shop.payments.invoices.there[InvoiceId(invoice.stripe)]
    with shop.store.writing(SAM) as uow:
        uow.mirror.add_invoice(ADA, there.model_copy(update={"status": InvoiceStatus.VOID}))
    with shop.store.reading(SAM) as uow:
        assert printing.document(uow, sheets.sheet(uow, REF)).stamp is Stamp.VOID


def test_of_a_draft_the_document_is_a_preview(shop: InvoiceShop) -> None:
    """It says that it is none, and by nothing on it could it be paid."""
    bank = BankAccount(bank="Bank", iban="DE89370400440532013000")
    shop.sells(business=shop.catalogue.business.model_copy(update={"bank_accounts": (bank,)}))
    shop.adds()
    with shop.store.reading(SAM) as uow:
        found = printing.document(uow, sheets.sheet(uow, REF))
    assert (found.number, found.stamp) == ("INV-2026-…", Stamp.DRAFT)
    assert found.payment == PaymentWays()


@pytest.mark.parametrize(
    ("customer", "company", "name"),
    [
        ({"company": "Engines Ltd", "members": (BOOKS,)}, "Engines Ltd", "Bea Books"),
        ({"name": "Engines Ltd", "members": (BOOKS,)}, "Engines Ltd", "Bea Books"),
        ({"company": "Engines Ltd"}, "Engines Ltd", "Ada Lovelace"),
        ({"name": BOOKS.name, "members": (BOOKS,)}, "", "Bea Books"),
        ({}, "", "Ada Lovelace"),
    ],
)
def test_the_document_names_the_billing_contact_and_whom_it_is_for(
    shop: InvoiceShop, customer: Any, company: str, name: str
) -> None:
    """G19: what is changed as "Bill to" stands on it."""
    shop.adds()
    shop.knows(contact(**customer))
    with shop.store.reading(SAM) as uow:
        buyer = printing.document(uow, sheets.sheet(uow, REF)).buyer
    assert (buyer.company, buyer.name) == (company, name)


def test_what_has_no_document(shop: InvoiceShop) -> None:
    shop.details()
    source = printing.InvoiceDocuments()
    with shop.store.reading(NOBODY) as uow:
        for kind, id_ in ((DocumentKind.INVOICE, REF), (DocumentKind.INVOICE, "none"), (DocumentKind.CREDIT_NOTE, REF)):
            with pytest.raises(NotFound):
                source.document(uow, kind, id_)
