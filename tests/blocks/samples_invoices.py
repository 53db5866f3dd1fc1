"""Invoices for the tests of views: an ordinary one, one with hardly anything, and one as large as they can be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from billing.approvals import AskedInvoice
from billing.catalogue import InvoiceField, Label, TaxRate
from billing.change_requests.model import Act as Move
from billing.change_requests.model import Decision, Person, RequestState
from billing.contacts import Address, Invoice, InvoiceStatus
from billing.errors import NotNow, PriceChanged, Reason
from billing.ids import ContactId, InvoiceId, SalesInvoiceId, TeamId, UserId
from billing.invoices.amounts import InvoiceTotals, totals
from billing.invoices.approving import ApprovalView, Exceeded
from billing.invoices.crediting import InvoiceCredited
from billing.invoices.drafting import DraftForm
from billing.invoices.issuing import InvoiceSent
from billing.invoices.items import Item
from billing.invoices.lines import LineForm
from billing.invoices.linking import MOST_NOTES, InvoiceLinks, LinksRevoked, NoteLink
from billing.invoices.lists import DraftList, InvoiceList, Part, Row
from billing.invoices.model import (
    Approval,
    Details,
    Discount,
    FieldValue,
    InvoiceState,
    Line,
    SalesInvoice,
    Stage,
    Template,
)
from billing.invoices.payments import InvoicePaid
from billing.invoices.reviewing import InvoiceReview
from billing.invoices.sending import InvoiceNumbered
from billing.invoices.sheets import Act, Sheet
from billing.invoices.taking_back import Taken
from billing.invoices.telling import News, Told, What
from billing.invoices.voiding import InvoiceEnded
from billing.money import Money
from billing.ports import GiveBack
from blocks import invoices
from blocks.answers import Answer
from blocks.invoices.form import item_choices
from blocks.kit import Choices, Message, Modal
from blocks.texts import Translator
from tests.blocks.samples import LONG, NOW, TODAY, contact, eur, method, strange_contact

Example = Callable[[Translator], Modal | Message | Answer | Choices]

VAT = TaxRate(name="de-vat", label=Label(en="VAT", de="USt."), percent=Decimal(19), inclusive=False, country="DE")
ODD = TaxRate(
    name="x" * 80, label=Label(en="T" * 300, de="S" * 300), percent=Decimal("9.9750"), inclusive=True, country="DE"
)
PRIYA = Person(user=UserId("U_PRIYA"), name="Priya Nair")
SOMEBODY = Person(user=UserId("U" + "X" * 30), name=LONG)
LARGEST = 99_999_999_999
REF = SalesInvoiceId("inv_" + "x" * 24)
BARE = contact(name="A", company="", email="", phone="", address=Address(country="DE"), members=())


def line(n: int = 1, **changes: Any) -> Line:
    fields = {"id": f"l{n}", "version": 1, "description": "Onboarding", "quantity": Decimal(3), "unit": eur(15000)}
    return Line(**(fields | changes))


def large_line(n: int) -> Line:
    off = Discount(percent=Decimal("12.5")) if n % 2 else Discount(amount=LARGEST)
    return line(n, description=LONG[:250], quantity=Decimal("999999"), unit=eur(LARGEST), discount=off)


LINES = tuple(large_line(n) for n in range(1, 101))
DETAILS = Details(recipients=("ada@engines.example",))
FIELDS = tuple(
    InvoiceField(id=f"f{n}", name=Label(en=LONG[:40], de=f"{n}{LONG[:39]}"), required=n == 1) for n in range(3)
)
FULL_DETAILS = Details(
    due_on=date(2027, 1, 31),
    discount=Discount(percent=Decimal("33.33")),
    memo=(LONG * 3)[:500],
    terms=(LONG * 9)[:2000],
    order_number=LONG[:60],
    title=LONG[:40],
    fields=tuple(FieldValue(id=one.id, name=one.name.de, value=LONG[:140]) for one in FIELDS),
    recipients=tuple(f"{n}{'x' * 200}@engines.example" for n in range(5)),
    language="de",
)


def sales(*lines: Line, **changes: Any) -> SalesInvoice:
    fields = {
        "id": REF,
        "team": TeamId("T1"),
        "contact": ContactId("con_1"),
        "contact_name": "Ada Lovelace",
        "currency": "EUR",
        "created_by": PRIYA,
        "created_at": NOW,
        "changed_by": PRIYA,
        "changed_at": NOW,
        "lines": lines,
        "details": DETAILS,
    }
    return SalesInvoice(**(fields | changes))


def approval(state: RequestState = RequestState.FILED, **changes: Any) -> Approval:
    decisions = [Decision(number=1, act=Move.FILE, by=PRIYA, at=NOW, note=(LONG * 5)[:1500])]
    if state is not RequestState.FILED:
        act = Move.APPROVE if state is RequestState.APPROVED else Move.REJECT
        decisions.append(Decision(number=2, act=act, by=SOMEBODY, at=NOW, note=(LONG * 5)[:1500]))
    fields = {"fingerprint": "f", "filed_by": SOMEBODY, "decisions": tuple(decisions), "nudged_at": NOW, "state": state}
    return Approval(**(fields | changes))


BLANK = sales(version=0)
PLAIN = sales(line())
FULL = sales(
    *LINES,
    details=FULL_DETAILS,
    contact_name=LONG,
    changed_by=SOMEBODY,
    created_by=SOMEBODY,
    not_sent="AmountDiffers",
    approval=approval(),
)


def asked(state: RequestState = RequestState.FILED, *, outdated: bool = False, **changes: Any) -> AskedInvoice:
    """An invoice in the list of what is to be granted."""
    one = sales(line(), **changes)
    found = approval(state, fingerprint="other" if outdated else one.content)
    return AskedInvoice(invoice=one.model_copy(update={"approval": found}), approval=found, total=eur(53550))


# Everything that an approval can be by now.
ASKED = (
    asked(),
    asked(outdated=True),
    asked(RequestState.APPROVED),
    asked(RequestState.REJECTED),
    asked(RequestState.APPROVED, stage=Stage.ISSUED),
    asked(stage=Stage.ISSUED),
    asked().model_copy(update={"total": None}),
    asked(contact_name=LONG).model_copy(update={"total": eur(10**14)}),
)


def sums(invoice: SalesInvoice, *rates: TaxRate) -> InvoiceTotals:
    return totals(invoice.lines, invoice.details.discount, lambda _: rates, invoice.currency)


def template(n: int) -> Template:
    return Template(
        id=f"tpl_{n}{'x' * 24}", team=TeamId("T1"), name=f"{n} {LONG[:60]}", currency="EUR", lines=(), details=DETAILS
    )


def draft_form(invoice: SalesInvoice, *rates: TaxRate, **changes: Any) -> DraftForm:
    fields = {
        "contact": contact(),
        "invoice": invoice,
        "totals": sums(invoice, *rates),
        "lost_taxes": (),
        "reverse_charge": False,
        "today": TODAY,
        "latest_due": TODAY + timedelta(days=365),
        "templates": (),
        "fields": (),
        "may_send": True,
    }
    return DraftForm(**(fields | changes))


FULL_FORM = draft_form(
    FULL,
    VAT,
    ODD,
    contact=strange_contact(),
    reverse_charge=True,
    templates=tuple(template(n) for n in range(100)),
    fields=FIELDS,
    other=FULL,
    unread=(LONG,) * 20,
)


def bare_news(what: What) -> News:
    return News(what=what, invoice=REF, amount=eur(100) if what is What.REFUND_FAILED else None)


def full_news(what: What) -> News:
    return News(
        what=what,
        invoice=REF,
        amount=eur(LARGEST),
        brand="visa",
        last4="4242",
        decline="insufficient_funds",
        addresses=FULL_DETAILS.recipients,
        reason=Reason(key="Failed", parameters={"reference": "r" * 40})
        if what is What.NOT_SENT
        else NotNow(invoice_state="partly_paid", number="N").reason,
    )


def item(n: int, **changes: Any) -> Item:
    label = Label(en=f"{n} {'P' * 400}", de=f"{n} {'Q' * 400}")
    fields = {"key": f"k{n}", "label": label, "product": "p", "unit": eur(LARGEST), "cadence": ("month", 36)}
    return Item(**(fields | changes))


def line_form(**changes: Any) -> LineForm:
    fields = {
        "contact": contact(),
        "invoice": REF,
        "currency": "EUR",
        "line": None,
        "items": (),
        "taxes": (),
        "language": "en",
    }
    return LineForm(**(fields | changes))


def review(invoice: SalesInvoice, *rates: TaxRate, **changes: Any) -> InvoiceReview:
    fields = {
        "contact": contact(),
        "invoice": invoice,
        "totals": sums(invoice, *rates),
        "due_on": TODAY,
        "reverse_charge": False,
        "exceeds": None,
        "approval": None,
        "may_send": True,
    }
    return InvoiceReview(**(fields | changes))


EXCEEDED = Exceeded(discount=Decimal("33.33"), discount_limit=Decimal(20), total=eur(LARGEST), total_limit=eur(500_000))
FULL_REVIEW = review(
    FULL,
    VAT,
    ODD,
    contact=strange_contact(),
    reverse_charge=True,
    exceeds=EXCEEDED,
    approval=approval(RequestState.REJECTED),
)


def at_stripe(**changes: Any) -> Invoice:
    fields = {
        "id": InvoiceId("in_1"),
        "number": "INV-2026-00001",
        "status": InvoiceStatus.OPEN,
        "total": eur(53550),
        "due": eur(53550),
        "created_at": NOW,
        "due_at": NOW,
        "url": "https://invoice.stripe.example/in_1",
    }
    return Invoice(**(fields | changes))


def sheet(ours: SalesInvoice | None, stripe: Invoice | None, state: InvoiceState, **changes: Any) -> Sheet:
    zero = Money.zero("EUR")
    fields = {
        "contact": contact(),
        "ours": ours,
        "stripe": stripe,
        "state": state,
        "totals": sums(ours, VAT) if ours else None,
        "total": stripe.total if stripe else zero,
        "due": stripe.due if stripe else zero,
        "due_on": TODAY,
        "acts": (),
        "methods": (),
        "now": NOW,
        "today": TODAY,
    }
    return Sheet(**(fields | changes))


ISSUED = sales(line(), stage=Stage.ISSUED, number="INV-2026-00001", stripe=InvoiceId("in_1"), due_on=TODAY)
FULL_ISSUED = FULL.model_copy(
    update={"stage": Stage.ISSUED, "number": "INVOICES-2026-99999", "stripe": InvoiceId("in_1")}
)
LARGE = at_stripe(
    total=eur(LARGEST), due=eur(LARGEST), reduced=1, given_back=2, url="https://invoice.stripe.example/" + "x" * 500
)
DRAFT_SHEET = sheet(PLAIN, None, InvoiceState.DRAFT, acts=(Act.EDIT, Act.SEND, Act.DELETE))
OPEN_SHEET = sheet(ISSUED, at_stripe(), InvoiceState.SENT, methods=(method(),))
_WAITING = FULL.model_copy(update={"approval": approval(fingerprint=FULL.content)})
WAITING_SHEET = sheet(_WAITING, None, InvoiceState.DRAFT, acts=tuple(Act), may_decide=True)
BARE_SHEET = sheet(None, at_stripe(number=None, url=None), InvoiceState.SENT, contact=BARE, due_on=None)
FULL_SHEET = sheet(
    FULL_ISSUED,
    LARGE,
    InvoiceState.OVERDUE,
    contact=strange_contact(),
    acts=tuple(Act),
    methods=tuple(method(n, brand="x" * 300) for n in range(120)),
    due_on=date(2020, 1, 1),
)


def row(n: int = 1, **changes: Any) -> Row:
    fields = {
        "ref": f"inv_{n}",
        "number": f"INV-2026-{n:05}",
        "customer": "Ada Lovelace",
        "state": InvoiceState.SENT,
        "total": eur(53550),
        "due": eur(100),
        "day": TODAY,
    }
    return Row(**(fields | changes))


ROWS = tuple(
    row(n, state=state, total=eur(LARGEST), customer=LONG, number=None if n % 2 else "N" * 40, overdue=n % 3 == 0)
    for n, state in enumerate((*InvoiceState, InvoiceState.PARTLY_PAID, InvoiceState.PARTLY_PAID))
)


def listed(rows: tuple[Row, ...], **changes: Any) -> InvoiceList:
    fields = {
        "contact": contact(),
        "part": Part.OPEN,
        "rows": rows,
        "following": None,
        "drafts": 0,
        "open_count": len(rows),
        "open_total": eur(100),
        "may_draft": False,
    }
    return InvoiceList(**(fields | changes))


def approval_view(found: Approval, invoice: SalesInvoice = PLAIN, *, outdated: bool = False) -> ApprovalView:
    return ApprovalView(
        invoice=invoice,
        approval=found,
        totals=sums(invoice, VAT, ODD),
        exceeds=FULL_REVIEW.exceeds,
        outdated=outdated,
    )


def paid(left: int = 0, **changes: Any) -> InvoicePaid:
    return InvoicePaid(**({"ref": "inv_1", "number": "N", "amount": eur(100), "left": eur(left)} | changes))


def credited(give_back: GiveBack, back: int) -> InvoiceCredited:
    return InvoiceCredited(
        ref="inv_1", number="N", note="N-CN-01", total=eur(100), given_back=eur(back), give_back=give_back
    )


SENT = InvoiceSent(invoice=REF, number="N", contact_name="Ada", recipients=("ada@engines.example",))
FULL_SENT = SENT.model_copy(update={"contact_name": LONG, "recipients": FULL_DETAILS.recipients})
SHORT, LONG_ID = ContactId("c"), ContactId("con_" + "x" * 60)
ADDRESS = "https://kontor.example/d/" + "x" * 43


FULL_CREDITED = credited(GiveBack.BALANCE, 100).model_copy(
    update={"recipients": FULL_DETAILS.recipients, "taken": Taken(issued_on=TODAY, lines=())}
)


def address_of(token: str) -> str:
    return f"https://{'k' * 60}.example/d/{token}"


def links(shown: Sheet, notes: int = 0, more: int = 0) -> InvoiceLinks:
    receipt = credited(GiveBack.REFUND, LARGEST).model_copy(update={"note": "N" * 80, "total": eur(LARGEST)})
    return InvoiceLinks(
        sheet=shown, token="x" * 43, notes=(NoteLink(receipt=receipt, token="y" * 43),) * notes, more=more
    )


EXAMPLES: dict[str, tuple[Example, ...]] = {
    "blocks.invoices.form.form": (
        lambda t: invoices.form(draft_form(BLANK, contact=BARE), t),
        lambda t: invoices.form(draft_form(PLAIN, VAT), t),
        lambda t: invoices.form(FULL_FORM, t),
        lambda t: invoices.form(FULL_FORM, t, 2),
        lambda t: invoices.form(draft_form(sales(line(unit=eur(0))), contact=contact(currency="USD")), t),
        lambda t: invoices.form(FULL_FORM.model_copy(update={"lost_taxes": FULL_FORM.invoice.lines}), t),
        lambda t: invoices.form(FULL_FORM, t, 99),
    ),
    "blocks.invoices.form.changed": (
        lambda t: invoices.changed("Ada", "inv_1", t),
        lambda t: invoices.changed(LONG, REF, t),
    ),
    "blocks.invoices.form.line_form": (
        lambda t: invoices.line_form(line_form(), t, ""),
        lambda t: invoices.line_form(
            line_form(line=LINES[0], items=tuple(item(n) for n in range(100)), taxes=(VAT, ODD)), t, "V" * 30, 4
        ),
        lambda t: invoices.line_form(
            line_form(
                line=LINES[1],
                items=tuple(item(n) for n in range(101)),
                taxes=tuple(VAT.model_copy(update={"name": f"r{n}"}) for n in range(120)),
            ),
            t,
            "V",
        ),
    ),
    "blocks.invoices.form.item_choices": (
        lambda t: item_choices((), "", t),
        lambda t: item_choices((item(1, cadence=None),), "", t),
        lambda t: item_choices(tuple(item(n) for n in range(300)), "", t),
        lambda t: item_choices(tuple(item(n) for n in range(300)), LONG, t),
    ),
    "blocks.invoices.review.review": (
        lambda t: invoices.review(review(PLAIN), t),
        lambda t: invoices.review(review(PLAIN, VAT, may_send=False), t, ADDRESS),
        lambda t: invoices.review(FULL_REVIEW, t, ADDRESS),
        lambda t: invoices.review(FULL_REVIEW.model_copy(update={"approval": approval()}), t, ADDRESS),
        lambda t: invoices.review(
            FULL_REVIEW.model_copy(update={"exceeds": None, "approval": approval(RequestState.APPROVED)}), t, ADDRESS
        ),
    ),
    "blocks.invoices.review.asked": (
        lambda t: invoices.asked(review(PLAIN, contact=BARE), t),
        lambda t: invoices.asked(FULL_REVIEW, t),
    ),
    "blocks.invoices.sheet.sheet": (
        lambda t: invoices.sheet(BARE_SHEET, t),
        lambda t: invoices.sheet(DRAFT_SHEET, t, saved=True),
        lambda t: invoices.sheet(DRAFT_SHEET.model_copy(update={"contact": contact(currency="USD")}), t),
        lambda t: invoices.sheet(OPEN_SHEET, t),
        lambda t: invoices.sheet(FULL_SHEET, t),
        lambda t: invoices.sheet(WAITING_SHEET, t),
        lambda t: invoices.sheet(WAITING_SHEET.model_copy(update={"may_decide": False}), t),
    ),
    "blocks.invoices.linking.document_links": (
        lambda t: invoices.document_links(links(DRAFT_SHEET), address_of, t),
        lambda t: invoices.document_links(links(FULL_SHEET, notes=MOST_NOTES, more=90), address_of, t),
    ),
    "blocks.invoices.linking.links_revoked": (
        lambda t: invoices.links_revoked(LinksRevoked(sheet=OPEN_SHEET, count=0), t),
        lambda t: invoices.links_revoked(LinksRevoked(sheet=OPEN_SHEET, count=1), t),
        lambda t: invoices.links_revoked(LinksRevoked(sheet=FULL_SHEET, count=9999), t),
    ),
    "blocks.invoices.settling.charge_form": (
        lambda t: invoices.charge_form(BARE_SHEET, t),
        lambda t: invoices.charge_form(FULL_SHEET, t),
    ),
    "blocks.invoices.settling.record_form": (
        lambda t: invoices.record_form(BARE_SHEET, t),
        lambda t: invoices.record_form(FULL_SHEET, t),
    ),
    "blocks.invoices.settling.credit_form": (
        lambda t: invoices.credit_form(BARE_SHEET, t),
        lambda t: invoices.credit_form(FULL_SHEET, t),
    ),
    "blocks.invoices.settling.cancel_form": (
        lambda t: invoices.cancel_form(BARE_SHEET, t),
        lambda t: invoices.cancel_form(FULL_SHEET, t),
    ),
    "blocks.invoices.settling.write_off_form": (
        lambda t: invoices.write_off_form(BARE_SHEET, t),
        lambda t: invoices.write_off_form(FULL_SHEET, t),
    ),
    "blocks.invoices.settling.template_form": (lambda t: invoices.template_form(FULL_SHEET, t),),
    "blocks.invoices.settling.give_up_form": (
        lambda t: invoices.give_up_form(OPEN_SHEET, t),
        lambda t: invoices.give_up_form(FULL_SHEET, t),
    ),
    "blocks.invoices.settling.correct_form": (
        lambda t: invoices.correct_form(OPEN_SHEET, t),
        lambda t: invoices.correct_form(FULL_SHEET, t),
    ),
    "blocks.invoices.lists.invoice_list": (
        lambda t: invoices.invoice_list(listed((), contact=BARE), t),
        lambda t: invoices.invoice_list(listed((row(),), part=Part.CLOSED), t),
        lambda t: invoices.invoice_list(
            listed(ROWS, contact=strange_contact(), may_draft=True, following="x" * 60, drafts=50, part=Part.DRAFTS), t
        ),
    ),
    "blocks.invoices.lists.draft_list": (
        lambda t: invoices.draft_list(DraftList(rows=(), following=None), t),
        lambda t: invoices.draft_list(DraftList(rows=ROWS, following="x" * 60, templates=FULL_FORM.templates), t),
    ),
    "blocks.invoices.results.working": (invoices.working,),
    "blocks.invoices.results.numbered": (
        lambda t: invoices.numbered(InvoiceNumbered(invoice=REF, number="N" * 40), LONG_ID, t),
    ),
    "blocks.invoices.results.sent": (
        lambda t: invoices.sent(SENT, SHORT, t),
        lambda t: invoices.sent(FULL_SENT, LONG_ID, t),
        lambda t: invoices.sent(FULL_SENT, LONG_ID, t, mailed=False),
        lambda t: invoices.sent(FULL_SENT, LONG_ID, t, undelivered=", ".join(FULL_DETAILS.recipients)),
    ),
    "blocks.invoices.results.paid": (
        lambda t: invoices.paid(paid(number=None), SHORT, t),
        lambda t: invoices.paid(paid(LARGEST, amount=eur(LARGEST), number="N" * 40), LONG_ID, t),
    ),
    "blocks.invoices.results.credited": (
        lambda t: invoices.credited(credited(GiveBack.REFUND, 0), SHORT, t),
        *(lambda t, way=way: invoices.credited(credited(way, 100), LONG_ID, t) for way in GiveBack),
        lambda t: invoices.credited(FULL_CREDITED, LONG_ID, t, undelivered=", ".join(FULL_DETAILS.recipients)),
        lambda t: invoices.credited(FULL_CREDITED, LONG_ID, t, mailed=False),
    ),
    "blocks.invoices.results.ended": (
        lambda t: invoices.ended(InvoiceEnded(ref="inv_1", number=None, write_off=False), SHORT, t),
        lambda t: invoices.ended(InvoiceEnded(ref="inv_1", number="N" * 40, write_off=True), LONG_ID, t),
    ),
    "blocks.invoices.results.declined": (
        lambda t: invoices.declined("inv_1", "", t),
        lambda t: invoices.declined(REF, "insufficient_funds", t),
    ),
    "blocks.invoices.results.refused": (
        lambda t: invoices.refused(Reason(key="SomethingNobodyThoughtOf"), "inv_1", SHORT, t),
        lambda t: invoices.refused(NotNow(invoice_state="partly_paid", number="N").reason, REF, LONG_ID, t),
        lambda t: invoices.refused(PriceChanged(contact=LONG).reason, REF, LONG_ID, t, again=True),
    ),
    "blocks.invoices.results.deleted": (lambda t: invoices.deleted(LONG_ID, t),),
    "blocks.invoices.results.template_saved": (lambda t: invoices.template_saved(template(1), t),),
    "blocks.invoices.news.news": tuple(
        lambda t, one=one: invoices.news(one, t)
        for what in What
        for one in (
            Told(news=bare_news(what), sheet=OPEN_SHEET, by=""),
            Told(news=full_news(what), sheet=FULL_SHEET, by=LONG),
            Told(news=full_news(what), sheet=BARE_SHEET, by="Priya"),
        )
    ),
    "blocks.invoices.approvals.approval_card": (
        lambda t: invoices.approval_card(approval_view(approval()), t),
        lambda t: invoices.approval_card(approval_view(approval(), sales(line(list_price=eur(LARGEST)))), t),
        lambda t: invoices.approval_card(approval_view(approval(), FULL, outdated=True), t),
        lambda t: invoices.approval_card(approval_view(approval(RequestState.APPROVED), FULL), t),
        lambda t: invoices.approval_card(approval_view(approval(RequestState.APPROVED)), t, to_asker=True),
        lambda t: invoices.approval_card(approval_view(approval(RequestState.REJECTED), FULL), t),
    ),
    "blocks.invoices.approvals.approval_reminder": (
        lambda t: invoices.approval_reminder(approval_view(approval()), t, in_channel=False),
        lambda t: invoices.approval_reminder(approval_view(approval(), FULL), t, in_channel=True),
    ),
    "blocks.invoices.approvals.reject_form": (lambda t: invoices.reject_form(LONG_ID, REF, t),),
}
