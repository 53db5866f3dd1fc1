"""States, acts and roles: one table, the same for buttons and for forged submissions (HX9, HX10, H16, K8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.catalogue import EditSent
from billing.contacts import Invoice, InvoiceStatus
from billing.errors import ManualPaymentNotPossible, NotNow, NotPermitted, Transient, UnknownInvoice
from billing.ids import InvoiceId, SubscriptionId, TeamId
from billing.invoices import correcting, drafting, lists, sheets
from billing.invoices.correcting import CorrectInvoice
from billing.invoices.lists import Part
from billing.invoices.model import InvoiceState, Stage, state
from billing.invoices.payments import ChargeInvoice
from billing.invoices.sheets import Act
from billing.invoices.voiding import EndInvoice
from billing.money import Money
from billing.operations import State
from billing.roles import Role
from tests.support.invoicing import MIA, PETRA, REF, InvoiceShop
from tests.support.shop import ADA, ADAS_CARD, BEN, NOW, SAM, actor

S, A = InvoiceState, Act


def eur(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")


def at_stripe(**changes: object) -> Invoice:
    fields = {
        "id": InvoiceId("in_1"),
        "number": "INV-2026-00001",
        "status": InvoiceStatus.OPEN,
        "total": eur(53550),
        "due": eur(53550),
        "created_at": NOW,
        "due_at": NOW + timedelta(days=14),
    }
    return Invoice(**(fields | changes))


# What Stripe's invoice is in our words. Amounts are of 535.50.
AT_STRIPE = {
    S.SENT: at_stripe(),
    S.OVERDUE: at_stripe(due_at=NOW - timedelta(seconds=1)),
    S.PARTLY_PAID: at_stripe(paid=10000, due=eur(43550), due_at=NOW - timedelta(days=1)),
    S.PAID: at_stripe(status=InvoiceStatus.PAID, paid=53550, due=eur(0), given_back=53549),
    S.REFUNDED: at_stripe(status=InvoiceStatus.PAID, paid=53550, due=eur(0), given_back=53550),
    S.VOID: at_stripe(status=InvoiceStatus.VOID),
    S.UNCOLLECTIBLE: at_stripe(status=InvoiceStatus.UNCOLLECTIBLE),
}


@pytest.mark.parametrize("expected", AT_STRIPE)
def test_the_state_is_worked_out_from_the_mirror(expected: InvoiceState) -> None:
    assert state(Stage.ISSUED, AT_STRIPE[expected], NOW) is expected


def test_states_before_and_beside_stripe() -> None:
    assert state(Stage.DRAFT, None, NOW) is S.DRAFT
    assert state(Stage.SENDING, None, NOW) is S.SENDING
    assert state(Stage.ISSUED, None, NOW) is S.SENT  # the mirror has not heard of it yet
    assert state(Stage.ISSUED, AT_STRIPE[S.SENT], NOW, charging=True) is S.PROCESSING
    assert state(Stage.ISSUED, AT_STRIPE[S.PAID], NOW, charging=True) is S.PAID


def test_what_was_credited_before_it_was_paid_was_never_paid() -> None:
    """100.00 of 535.50 were credited, the rest was paid and given back: nothing of it is left."""
    gone = at_stripe(status=InvoiceStatus.PAID, paid=43550, due=eur(0), reduced=10000, given_back=43550)
    assert state(Stage.ISSUED, gone, NOW) is S.REFUNDED
    credited = at_stripe(status=InvoiceStatus.PAID, due=eur(0), reduced=53550)
    assert state(Stage.ISSUED, credited, NOW) is S.PAID


@pytest.mark.parametrize(
    ("given_back", "refunded", "expected"),
    [(0, 53550, S.REFUNDED), (13550, 40000, S.REFUNDED), (0, 53549, S.PAID), (53550, -53550, S.PAID)],
)
def test_what_went_back_without_a_credit_note_counts_and_what_came_back_does_not(
    given_back: int, refunded: int, expected: InvoiceState
) -> None:
    """Of 535.50 that were paid (HX20)."""
    found = at_stripe(status=InvoiceStatus.PAID, paid=53550, due=eur(0), given_back=given_back, refunded=refunded)
    assert state(Stage.ISSUED, found, NOW) is expected


def test_nothing_more_is_refunded_where_nothing_is_left(shop: InvoiceShop) -> None:
    """A credit note gave all of it back, and the refund failed: Stripe takes no second credit note."""
    invoice = shop.sends()
    found = at_stripe(status=InvoiceStatus.PAID, paid=53550, due=eur(0), given_back=53550, refunded=-53550)
    with shop.store.writing(SAM) as uow:
        uow.mirror.add_invoice(ADA, found.model_copy(update={"id": invoice.stripe}))
    sheet = shop.sheet(person=PETRA)
    assert (sheet.state, A.REFUND in sheet.acts) == (S.PAID, False)


COPIES = {A.CLONE, A.TEMPLATE}
SELL = {A.SEND_AGAIN, A.CHARGE, A.RECORD, A.REVOKE}
AGAIN = {A.SEND_AGAIN, A.REVOKE}
# By state: what an agent, a sales rep and a manager may do. Admins may look only; of GIVE_UP see test_sending.
TABLE = {
    S.DRAFT: ({A.EDIT, A.DELETE} | COPIES, {A.EDIT, A.SEND, A.DELETE} | COPIES, {A.EDIT, A.SEND, A.DELETE} | COPIES),
    S.SENDING: (set(), {A.SEND, A.REVOKE}, {A.SEND, A.REVOKE}),
    S.SENT: (COPIES, SELL | COPIES, SELL | COPIES | {A.CREDIT, A.VOID, A.WRITE_OFF}),
    S.OVERDUE: (COPIES, SELL | COPIES, SELL | COPIES | {A.CREDIT, A.VOID, A.WRITE_OFF}),
    S.PARTLY_PAID: (COPIES, SELL | COPIES, SELL | COPIES | {A.CREDIT, A.WRITE_OFF}),
    S.PROCESSING: (COPIES, AGAIN | COPIES, AGAIN | COPIES),
    S.PAID: (COPIES, AGAIN | COPIES, AGAIN | COPIES | {A.REFUND}),
    S.UNCOLLECTIBLE: (
        COPIES,
        {A.CHARGE, A.RECORD, A.REVOKE} | COPIES,
        {A.CHARGE, A.RECORD, A.VOID, A.REVOKE} | COPIES,
    ),
    S.VOID: (COPIES, {A.REVOKE} | COPIES, {A.REVOKE} | COPIES),
    S.REFUNDED: (COPIES, AGAIN | COPIES, AGAIN | COPIES),
}


def in_state(shop: InvoiceShop, wanted: InvoiceState) -> None:
    """An invoice of Ada's in that state."""
    if wanted is S.DRAFT:
        shop.adds()
        return
    if wanted is S.SENDING:
        shop.adds()
        shop.walks(shop.accepts(shop.confirms()))
        shop.rows.operations.clear()
        return
    invoice = shop.sends()
    found = AT_STRIPE[S.SENT if wanted is S.PROCESSING else wanted].model_copy(update={"id": invoice.stripe})
    with shop.store.writing(SAM) as uow:
        uow.mirror.add_invoice(ADA, found)
    if wanted is S.PROCESSING:
        shop.accepts(ChargeInvoice(contact=ADA, invoice=REF, payment_method=ADAS_CARD, due=53550), key="charge")


def test_the_table_is_complete() -> None:
    assert set(TABLE) == set(InvoiceState) == set(sheets.ALLOWED)
    assert set(sheets.NEEDS) == set(Act)


@pytest.mark.parametrize("wanted", TABLE)
def test_who_may_do_what_in_which_state(shop: InvoiceShop, wanted: InvoiceState) -> None:
    in_state(shop, wanted)
    assert shop.sheet().state is wanted
    admin = actor(Role.ADMIN, user="U_ADMIN")
    for person, expected in zip((MIA, SAM, PETRA), TABLE[wanted], strict=True):
        assert set(shop.sheet(person=person).acts) == expected, person.name
    assert shop.sheet(person=admin).acts == ()


@pytest.mark.parametrize("wanted", [one for one in TABLE if one is not S.PROCESSING])
@pytest.mark.parametrize("act", Act)
def test_a_forged_submission_meets_the_same_table(shop: InvoiceShop, wanted: InvoiceState, act: Act) -> None:
    in_state(shop, wanted)
    for person, expected in zip((MIA, SAM, PETRA), TABLE[wanted], strict=True):
        with shop.store.reading(person) as uow:
            if act in expected:
                sheets.require(uow, REF, ADA, act)
            else:
                with pytest.raises((NotNow, NotPermitted)):
                    sheets.require(uow, REF, ADA, act)


def test_while_a_card_is_being_charged_nothing_else_is_offered_and_what_is_forged_waits(shop: InvoiceShop) -> None:
    """By whichever name the charge calls the invoice; cancelling it comes after, and then it is paid."""
    stripe = shop.sends().stripe
    charge = shop.accepts(ChargeInvoice(contact=ADA, invoice=stripe, payment_method=ADAS_CARD, due=53550), key="charge")
    for ref in (REF, stripe):
        assert shop.sheet(ref).state is S.PROCESSING
    shop.clock.goes_on(seconds=1)
    forged = shop.accepts(EndInvoice(contact=ADA, invoice=stripe, reason="Typed twice"), person=PETRA, key="void")
    with pytest.raises(Transient):
        shop.steps.check(forged, "")
    shop.walks(charge)
    assert shop.walks(forged) is State.REFUSED
    assert shop.sheet().state is S.PAID


def test_another_customers_or_teams_invoice_does_not_exist(shop: InvoiceShop) -> None:
    shop.sends()
    with shop.store.reading(PETRA) as uow, pytest.raises(UnknownInvoice):
        sheets.require(uow, REF, BEN, Act.VOID)
    with shop.store.reading(actor(Role.SALES, team=TeamId("T2"))) as uow, pytest.raises(UnknownInvoice):
        sheets.sheet(uow, REF)
    with shop.store.reading(SAM) as uow, pytest.raises(UnknownInvoice):
        sheets.sheet(uow, "in_none")


def test_a_subscriptions_invoice_is_not_paid_by_hand(shop: InvoiceShop) -> None:
    """HX10: it can be charged and refunded, never recorded; nor edited, sent or copied, for it is not ours."""
    theirs = at_stripe(id=InvoiceId("in_sub"), subscription=SubscriptionId("sub_1"))
    with shop.store.writing(SAM) as uow:
        uow.mirror.add_invoice(ADA, theirs)
    assert set(shop.sheet("in_sub", person=PETRA).acts) == {A.CHARGE, A.CREDIT, A.VOID, A.WRITE_OFF}
    with shop.store.reading(SAM) as uow, pytest.raises(ManualPaymentNotPossible):
        sheets.require(uow, "in_sub", ADA, Act.RECORD)


def test_an_invoice_of_ours_is_found_by_stripes_id_too(shop: InvoiceShop) -> None:
    invoice = shop.sends()
    assert shop.sheet(invoice.stripe).ref == REF


@pytest.mark.parametrize("wanted", [S.SENT, S.OVERDUE, S.PARTLY_PAID])
def test_a_sent_invoice_is_corrected_only_where_the_house_allows_it(shop: InvoiceShop, wanted: InvoiceState) -> None:
    """K8: the source's reading is the default."""
    in_state(shop, wanted)
    command = CorrectInvoice(contact=ADA, invoice=REF, recipients="new@x.example", memo="New", order_number="PO-9")
    with shop.store.writing(SAM) as uow, pytest.raises(NotNow):
        correcting.correct(uow, command)
    shop.rules(edit_sent=EditSent.UNTIL_PAID)
    with shop.store.writing(SAM) as uow:
        after = correcting.correct(uow, command)
    assert (after.details.recipients, after.details.memo, after.number) == (("new@x.example",), "New", "INV-2026-00001")
    assert [one.id for one in after.lines] == ["l1"]
    with shop.store.writing(MIA) as uow, pytest.raises(NotPermitted):
        correcting.correct(uow, command)


def test_a_paid_invoice_is_never_corrected(shop: InvoiceShop) -> None:
    shop.rules(edit_sent=EditSent.UNTIL_PAID)
    in_state(shop, S.PAID)
    with shop.store.writing(SAM) as uow, pytest.raises(NotNow):
        correcting.correct(uow, CorrectInvoice(contact=ADA, invoice=REF, recipients="new@x.example"))


# Lists


def test_a_customers_invoices_in_three_parts(shop: InvoiceShop) -> None:
    """GX12: open and paid are apart; drafts are ours alone."""
    shop.sends("inv_open")
    shop.sends("inv_paid")
    shop.adds("inv_draft")
    paid = at_stripe(id=shop.invoice("inv_paid").stripe, status=InvoiceStatus.PAID, due=eur(0), paid=53550)
    theirs = at_stripe(id=InvoiceId("in_sub"), subscription=SubscriptionId("sub_1"), due=eur(100), number="S-1")
    with shop.store.writing(SAM) as uow:
        uow.mirror.add_invoice(ADA, paid)
        uow.mirror.add_invoice(ADA, theirs)

    def refs(part: Part) -> list[str]:
        with shop.store.reading(SAM) as uow:
            return [one.ref for one in lists.of_contact(uow, ADA, part).rows]

    assert sorted(refs(Part.OPEN)) == ["in_sub", "inv_open"]
    assert refs(Part.CLOSED) == ["inv_paid"]
    assert refs(Part.DRAFTS) == ["inv_draft"]
    with shop.store.reading(SAM) as uow:
        shown = lists.of_contact(uow, ADA, Part.OPEN)
    assert (shown.open_count, shown.open_total.amount, shown.drafts) == (2, 53550 + 100, 1)


def test_long_lists_are_turned_page_by_page(shop: InvoiceShop) -> None:
    with shop.store.writing(SAM) as uow:
        for n in range(25):
            status = InvoiceStatus.PAID if n % 2 else InvoiceStatus.OPEN
            at = NOW - timedelta(hours=n)
            uow.mirror.add_invoice(ADA, at_stripe(id=InvoiceId(f"in_{n:02}"), status=status, created_at=at, due_at=at))
    for part, expected in ((Part.OPEN, 13), (Part.CLOSED, 12)):
        seen: list[str] = []
        after = None
        for _ in range(2):
            with shop.store.reading(SAM) as uow:
                page = lists.of_contact(uow, ADA, part, after)
            seen += [one.ref for one in page.rows]
            after = page.following
        assert (len(seen), len(set(seen)), after) == (expected, expected, None)


def test_more_open_invoices_than_fit_a_page_are_all_counted_and_reached(shop: InvoiceShop) -> None:
    """GX12, G25: 130 of 1.00 each, on 13 pages of ten, are 130.00."""
    with shop.store.writing(SAM) as uow:
        for n in range(130):
            uow.mirror.add_invoice(ADA, at_stripe(id=InvoiceId(f"in_{n:03}"), due=eur(100), created_at=NOW))
    seen: list[str] = []
    after, pages = None, 0
    while pages == 0 or after:
        with shop.store.reading(SAM) as uow:
            page = lists.of_contact(uow, ADA, Part.OPEN, after)
        seen += [one.ref for one in page.rows]
        after, pages = page.following, pages + 1
    assert (page.open_count, page.open_total) == (130, eur(13000))
    assert (pages, len(set(seen))) == (13, 130)


def test_more_drafts_of_a_customer_than_fit_a_page_are_all_counted_and_reached(shop: InvoiceShop) -> None:
    """GX12: 61 drafts, on 7 pages of ten; one that is gone leads back to the first page."""
    for n in range(61):
        shop.clock.goes_on(minutes=1)
        shop.adds(f"inv_{n:02}")
    seen: list[str] = []
    after, pages = None, 0
    while pages == 0 or after:
        with shop.store.reading(MIA) as uow:
            page = lists.of_contact(uow, ADA, Part.DRAFTS, after)
        assert page.drafts == 61
        seen += [one.ref for one in page.rows]
        after, pages = page.following, pages + 1
    assert (pages, seen) == (7, [f"inv_{n:02}" for n in reversed(range(61))])
    with shop.store.reading(MIA) as uow:
        assert lists.of_contact(uow, ADA, Part.DRAFTS, "inv_gone").rows[0].ref == "inv_60"


def test_the_drafts_of_everybody(shop: InvoiceShop) -> None:
    for n in range(12):
        shop.clock.goes_on(minutes=1)
        shop.adds(f"inv_{n:02}")
    shop.sends("inv_sent")
    with shop.store.reading(MIA) as uow:
        first = lists.drafts(uow)
        second = lists.drafts(uow, first.following)
    assert [one.ref for one in first.rows][:2] == ["inv_11", "inv_10"]
    assert [one.ref for one in second.rows] == ["inv_01", "inv_00"]
    assert second.following is None
    with shop.store.writing(MIA) as uow:
        drafting.delete(uow, ADA, first.following)  # the last one of the page, by a colleague
        assert lists.drafts(uow, first.following).rows[0].ref == "inv_11"
    with shop.store.reading(actor(Role.ADMIN)) as uow, pytest.raises(NotPermitted):
        lists.drafts(uow)
