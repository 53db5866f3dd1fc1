"""Documents of credit notes, and links to an invoice's documents (HX20)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.contacts import Invoice, InvoiceStatus
from billing.documents import Document, DocumentKind, Period, Settlement
from billing.documents.sharing import LIFETIME, opened
from billing.errors import NotFound, NotNow, NotPermitted, UnknownInvoice
from billing.ids import InvoiceId
from billing.invoices import linking
from billing.invoices.crediting import CreditInvoice, InvoiceCredited, notes
from billing.invoices.linking import MOST_NOTES
from billing.invoices.payments import ChargeInvoice, RecordPayment
from billing.invoices.printing import InvoiceDocuments
from billing.money import Money
from billing.operations import Operation, State
from billing.ports import GiveBack, PaidBy
from billing.steps import NOBODY
from tests.support.invoicing import MIA, PETRA, REF, InvoiceShop
from tests.support.shop import ADA, ADAS_CARD, NOW, SAM, TODAY

CREDIT_NOTE = DocumentKind.CREDIT_NOTE


@pytest.fixture
def shop() -> InvoiceShop:
    """With an invoice of 535.50 out of the house: two lines of 300.00 and 150.00, and 19 %."""
    shop = InvoiceShop()
    shop.adds(quantity="2")
    shop.adds(quantity="1", description="Travel")
    shop.does(shop.confirms())
    return shop


def credited(shop: InvoiceShop, **changes: Any) -> Operation:
    sheet = shop.sheet()
    assert sheet.stripe
    left = sheet.stripe.left_to_credit.amount
    given = {"contact": ADA, "invoice": REF, "due": sheet.due.amount, "left": left, "reason": "Too  much"}
    operation = shop.does(CreditInvoice(**(given | changes)), person=PETRA)
    assert operation.state is State.DONE, operation.reason
    return operation


def document(shop: InvoiceShop, operation: Operation) -> Document:
    with shop.store.reading(NOBODY) as uow:
        return InvoiceDocuments().document(uow, CREDIT_NOTE, operation.id)


def sums(found: Document) -> tuple[int, int, int]:
    return found.totals.net.amount, found.totals.tax.amount, found.totals.gross.amount


def test_all_of_it(shop: InvoiceShop) -> None:
    """450.00 and 85.50 of tax, line by line as they were billed."""
    found = document(shop, credited(shop))
    assert sums(found) == (45000, 8550, 53550)
    assert [(one.description, one.amount.amount, one.tax) for one in found.lines] == [
        ("Onboarding", 30000, "19%"),
        ("Travel", 15000, "19%"),
    ]
    assert (found.number, found.issued_on, found.due_on) == ("INV-2026-00001-CN-01", TODAY, None)
    assert found.corrects
    assert (found.corrects.number, found.corrects.issued_on) == ("INV-2026-00001", TODAY)
    assert (found.settlement, found.set_off, found.memo) == (Settlement.LESS_DUE, None, "Too much")


def test_a_line(shop: InvoiceShop) -> None:
    """150.00 and 28.50 of tax."""
    found = document(shop, credited(shop, lines=("l2",)))
    assert sums(found) == (15000, 2850, 17850)
    assert [one.description for one in found.lines] == ["Travel"]


def test_an_amount_in_the_language_of_the_invoice() -> None:
    """100.00: 100.00 x 19 / 119 = 15.966 is 15.97 of tax."""
    shop = InvoiceShop()
    shop.details(language="de")
    shop.sends()
    found = document(shop, credited(shop, amount="100"))
    assert sums(found) == (8403, 1597, 10000)
    (line,) = found.lines
    assert (line.description, line.amount.amount) == ("Anteilig zu Rechnung INV-2026-00001", 8403)
    (tax,) = found.taxes
    assert (tax.percent, tax.base.amount) == (19, 8403)


def test_two_rates_and_a_discount_of_the_whole() -> None:
    """300.00 with 19 % and 150.00 without tax, less 10 %: 321.30 and 135.00 are 456.30. The second line alone is
    135.00. Then 91.26, from what is left: 91.26 x 19 / 119 = 14.5709.
    """
    shop = InvoiceShop()
    shop.details(discount="10 %")
    shop.adds(quantity="2")
    shop.adds(quantity="1", tax="none")
    shop.does(shop.confirms())
    first = document(shop, credited(shop, lines=("l2",)))
    assert sums(first) == (13500, 0, 13500)
    assert first.discount
    assert first.discount.amount.amount == 1500
    second = document(shop, credited(shop, amount="91.26"))
    assert sums(second) == (7669, 1457, 9126)
    assert second.discount is None
    # 321.30 - 91.26 = 230.04, tax 51.30 - 14.57 = 36.73
    assert sums(document(shop, credited(shop))) == (19331, 3673, 23004)


@pytest.mark.parametrize(
    ("give_back", "settlement"),
    [
        (GiveBack.REFUND, Settlement.REFUND),
        (GiveBack.BALANCE, Settlement.BALANCE),
        (GiveBack.OUTSIDE, Settlement.OUTSIDE),
    ],
)
def test_where_the_money_goes(shop: InvoiceShop, give_back: GiveBack, settlement: Settlement) -> None:
    shop.does(ChargeInvoice(contact=ADA, invoice=REF, payment_method=ADAS_CARD, due=53550))
    found = document(shop, credited(shop, amount="1.19", give_back=give_back))
    assert (found.settlement, found.set_off, sums(found)) == (settlement, None, (100, 19, 119))


def test_what_is_not_paid_yet_is_lowered_first(shop: InvoiceShop) -> None:
    """235.50 are still due of 535.50; of 300.00 that are credited 64.50 go back."""
    shop.does(
        RecordPayment(
            contact=ADA, invoice=REF, due=53550, by=PaidBy.CASH, amount="300", received_on=TODAY, reference=""
        )
    )
    found = document(shop, credited(shop, amount="300", give_back=GiveBack.OUTSIDE))
    assert found.settlement is Settlement.OUTSIDE
    assert found.set_off == Money(amount=23550, currency="EUR")


def test_the_day_of_supply_is_the_invoices(shop: InvoiceShop) -> None:
    shop.clock.goes_on(days=20)
    found = document(shop, credited(shop, amount="1"))
    assert found.issued_on == TODAY + timedelta(days=20)
    assert found.supplied == Period(first=TODAY, last=TODAY)


def test_it_stays_what_it_was_when_taxes_change(shop: InvoiceShop) -> None:
    operation = credited(shop, amount="100")
    before = document(shop, operation)
    shop.sells(tax=shop.catalogue.tax.model_copy(update={"rates": ()}))
    shop.rows.contacts[ADA] = shop.rows.contacts[ADA].model_copy(update={"name": "Ada King"})
    assert document(shop, operation) == before


def test_what_is_no_credit_note(shop: InvoiceShop) -> None:
    sent = next(one.id for one in shop.rows.operations.values() if one.kind != CreditInvoice.kind)
    refused = shop.does(CreditInvoice(contact=ADA, invoice=REF, due=1, left=1, reason="x"), person=PETRA)
    assert refused.state is State.REFUSED
    with shop.store.reading(NOBODY) as uow:
        for id_ in (sent, refused.id, "op_none"):
            with pytest.raises(NotFound):
                InvoiceDocuments().document(uow, CREDIT_NOTE, id_)


def test_of_what_stripe_made_there_is_no_document(shop: InvoiceShop) -> None:
    theirs = Invoice(
        id=InvoiceId("in_sub"),
        number="S-1",
        status=InvoiceStatus.OPEN,
        total=Money(amount=1000, currency="EUR"),
        due=Money(amount=1000, currency="EUR"),
        created_at=NOW,
    )
    shop.payments.invoices.there[theirs.id] = theirs
    with shop.store.writing(NOBODY) as uow:
        uow.mirror.add_invoice(ADA, theirs)
    operation = credited(shop, invoice="in_sub", due=1000, left=1000)
    assert InvoiceCredited.model_validate_json(operation.result or "").taken is None
    with pytest.raises(NotFound):
        document(shop, operation)
    with shop.store.writing(PETRA) as uow:
        with pytest.raises(UnknownInvoice):
            linking.links(uow, "in_sub", LIFETIME)
        with pytest.raises(NotNow):
            linking.revoke_links(uow, "in_sub")


def test_each_invoice_has_its_own_notes(shop: InvoiceShop) -> None:
    shop.sends("inv_2")
    first, second = credited(shop, amount="1"), credited(shop, amount="2")
    credited(shop, invoice="inv_2", due=53550, left=53550, amount="3")
    with shop.store.reading(SAM) as uow:
        assert {one.id for one in notes(uow, ADA, REF)} == {first.id, second.id}


# Links


def test_only_the_notes_of_that_invoice_are_read(shop: InvoiceShop) -> None:
    """However many others the customer has: those are not even looked into."""
    kept = credited(shop, amount="1")
    other = credited(shop, amount="2")
    shop.rows.operations[other.id] = other.model_copy(update={"result": '{"ref":"inv_2", "unreadable'})
    with shop.store.reading(SAM) as uow:
        assert [one.id for one in notes(uow, ADA, REF)] == [kept.id]


def tokens(shop: InvoiceShop) -> list[str]:
    with shop.store.writing(SAM) as uow:
        links = linking.links(uow, REF, LIFETIME)
    return [links.token, *(one.token for one in links.notes)]


def opens(shop: InvoiceShop, token: str) -> bool:
    with shop.store.reading(NOBODY) as uow:
        return opened(uow, token) is not None


def test_all_links_are_taken_back_once(shop: InvoiceShop) -> None:
    credited(shop, amount="1")
    old = tokens(shop) + tokens(shop)
    assert len(old) == 4
    with shop.store.writing(SAM) as uow:
        assert linking.revoke_links(uow, REF).count == 4
        assert linking.revoke_links(uow, REF).count == 0
    assert not any(opens(shop, one) for one in old)
    (entry,) = [one for one in shop.rows.timeline if one.what == "invoice_links_revoked"]
    assert (entry.by, entry.parameters) == (SAM.name, {"number": "INV-2026-00001", "count": "4"})
    assert all(opens(shop, one) for one in tokens(shop))


def test_only_who_may_send_takes_links_back(shop: InvoiceShop) -> None:
    (token,) = tokens(shop)
    with shop.store.writing(MIA) as uow, pytest.raises(NotPermitted):
        linking.revoke_links(uow, REF)
    assert opens(shop, token)


def test_another_invoices_links_stay(shop: InvoiceShop) -> None:
    shop.sends("inv_2")
    (token,) = tokens(shop)
    with shop.store.writing(SAM) as uow:
        assert linking.revoke_links(uow, "inv_2").count == 0
    assert opens(shop, token)


def test_only_the_last_notes_get_links(shop: InvoiceShop) -> None:
    for _ in range(MOST_NOTES + 2):
        credited(shop, amount="1")
    with shop.store.writing(SAM) as uow:
        found = linking.links(uow, REF, LIFETIME)
    assert (len(found.notes), found.more) == (MOST_NOTES, 2)
