"""Read models about what Stripe says: history, invoices, failed payments, Home, comparisons: plain and strange."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from billing.catalogue import AfterLastTry
from billing.contacts import InvoiceStatus, Part, SubscriptionStatus
from billing.dunning.collecting import CollectForm, InvoiceCollected, InvoiceLinkSent
from billing.dunning.failures import FailedPayment, FailureReport
from billing.histories import ON_A_PAGE, ExportedHistory, History, HistoryFilter
from billing.homes import Business, Day, Did, Home, Owed
from billing.ids import ContactId, SubscriptionId
from billing.money import Money
from billing.operations import Operation, State
from billing.overviews import Sum
from billing.reconciliations import Difference, Reconciliation
from billing.roles import Permission
from billing.timeline import Entry, Happening, Page, Topic
from blocks.timelines import _CHANGES
from tests.billing.storage.examples import change_request
from tests.blocks.samples import (
    LONG,
    NOW,
    contact,
    entry,
    eur,
    invoice,
    method,
    operation,
    strange_contact,
    subscription,
)
from tests.blocks.samples_invoices import row

NEXT = NOW + timedelta(days=3)


def failing_invoice(n: int = 1, **changes: Any) -> Any:
    fields = {
        "status": InvoiceStatus.OPEN,
        "due": eur(15744),
        "subscription": SubscriptionId("sub_1"),
        "attempts": 1,
        "next_attempt_at": NEXT,
        "decline": "insufficient_funds",
        "pdf": "https://pay.example/in_1/pdf",
    }
    return invoice(n, **(fields | changes))


def failed(**changes: Any) -> FailedPayment:
    running = subscription(status=SubscriptionStatus.PAST_DUE)
    return FailedPayment(**({"contact": contact(), "invoice": failing_invoice(), "subscription": running} | changes))


def strange_failed(n: int = 1) -> FailedPayment:
    return failed(
        contact=strange_contact(),
        invoice=failing_invoice(n, number=LONG, url="https://pay.example/" + "x" * 400, next_attempt_at=None),
        subscription=subscription(n, product=LONG, price=None, status=SubscriptionStatus.UNPAID),
    )


def collect_form(**changes: Any) -> CollectForm:
    fields = {
        "contact": contact(),
        "failed": failed(),
        "methods": (method(default=True), method(2, brand="mastercard", last4="4444")),
        "others": 0,
        "link_to": "ada@engines.example",
    }
    return CollectForm(**(fields | changes))


STRANGE_FORM = collect_form(
    contact=strange_contact(),
    failed=strange_failed(),
    methods=tuple(method(n, brand="b" * 90) for n in range(1, 120)),
    others=7,
    link_to="x" * 240 + "@engines.example",
)


def collected(**changes: Any) -> InvoiceCollected:
    paid = invoice(status=InvoiceStatus.PAID)
    fields = {"contact_name": "Ada", "invoice": paid, "method": method(), "kept": False, "others": 0}
    return InvoiceCollected(**(fields | changes))


def link(**changes: Any) -> InvoiceLinkSent:
    fields = {"contact_name": "Ada", "invoice": failing_invoice(), "url": "https://pay.example/in_1", "goes_on": True}
    return InvoiceLinkSent(**(fields | changes))


def report(*shown: FailedPayment, **changes: Any) -> FailureReport:
    fields = {
        "batch": "failures:U1:1",
        "count": len(shown),
        "totals": (eur(15744),),
        "shown": shown,
        "afterwards": AfterLastTry.UNPAID,
    }
    return FailureReport(**(fields | changes))


MANY = report(
    *(strange_failed(n) for n in range(10)),
    batch="failures:" + "C" * 40 + ":100000",
    count=1000,
    totals=tuple(Money(amount=10**12, currency=code) for code in ("EUR", "USD", "JPY")),
    following=10_000,
    afterwards=AfterLastTry.CANCEL,
)


def history(**changes: Any) -> History:
    fields = {"contact": contact(), "wanted": HistoryFilter(), "page": Page(entries=(entry(),)), "may_export": False}
    return History(**(fields | changes))


def _strange_entries() -> tuple[Entry, ...]:
    changed = [
        entry(Happening.CHANGED_AT_STRIPE, by=None, parameters={"change": change, "product": LONG, "number": LONG})
        for change in _CHANGES
    ]
    failed_ = entry(Happening.PAYMENT_FAILED, parameters={"decline": "generic_decline", "next_attempt": "2026-12-24"})
    return (*changed, failed_, *(entry(what, by=LONG, on_behalf_of=LONG) for what in Happening))


# Every happening at its longest, as many as one page has.
STRANGE_HISTORIES = tuple(
    history(
        contact=strange_contact(),
        wanted=HistoryFilter(topic=Topic.FAILURES),
        page=Page(entries=_strange_entries()[first : first + ON_A_PAGE], older="c" * 80),
        may_export=True,
    )
    for first in range(0, len(_strange_entries()), ON_A_PAGE)
)


def exported(entries: int = 3, name: str = "Ada") -> ExportedHistory:
    return ExportedHistory(contact=contact(name=name), csv="at\r\n", entries=entries)


def did(state: State, kind: str = "create_subscription", name: str = "Ada") -> Did:
    made: Operation = operation(None)
    return Did(operation=made.model_copy(update={"state": state, "kind": kind}), name=name)


def home(**changes: Any) -> Home:
    fields = {
        "name": "Mia",
        "may": frozenset({Permission.SEE_CONTACT}),
        "did": (),
        "waiting": (),
        "waiting_count": 0,
        "to_decide": (),
        "to_decide_count": 0,
        "filed": (),
        "filed_count": 0,
        "drafts": (),
        "open_invoices": (),
        "business": None,
        "now": NOW,
    }
    return Home(**(fields | changes))


def days(*amounts: int) -> tuple[Day, ...]:
    return tuple(Day(on=date(2026, 11, 1) + timedelta(days=n), received=eur(one)) for n, one in enumerate(amounts))


def owed(n: int = 1, name: str = "Ada", **changes: Any) -> Owed:
    return Owed(contact=ContactId(f"con_{n}"), name=name, invoice=failing_invoice(n, **changes))


SUMS = tuple(Sum(count=10**6, amount=Money(amount=10**14, currency=code)) for code in ("EUR", "USD", "JPY", "CHF"))
KINDS = ("pay_invoice", *["of_next_year"] * 6)
FULL_HOME = home(
    name=LONG,
    may=frozenset(Permission),
    did=tuple(
        did(state, kind, LONG) for state, kind in zip(State, ("pay_invoice", *["of_next_year"] * 6), strict=True)
    ),
    waiting=tuple(did(State.WAITING, name="") for _ in range(5)),
    waiting_count=77,
    to_decide=tuple(change_request(str(n), contact(), contact_name=LONG) for n in range(5)),
    to_decide_count=99,
    filed=tuple(change_request(str(n), contact()) for n in range(5)),
    filed_count=5,
    drafts=tuple(row(n, customer=LONG, total=eur(10**14)) for n in range(5)),
    open_invoices=tuple(owed(n, LONG, number=LONG, due_at=NOW - timedelta(days=1)) for n in range(5)),
    business=Business(
        overdue=SUMS,
        failing=SUMS,
        expiring=123_456,
        worst=tuple(owed(n, LONG, number=None, next_attempt_at=None) for n in range(5)),
        days=days(*range(0, 10**13, 10**12)),
    ),
)


def reconciliation(**changes: Any) -> Reconciliation:
    return Reconciliation(**({"id": "rec_1", "began_at": NOW, "customers": 10, "missed_events": 1} | changes))


FULL_RECONCILIATION = reconciliation(
    customers=10**6,
    differing=1000,
    differences=tuple(Difference(contact=ContactId(f"con_{n}"), parts=tuple(Part), details=True) for n in range(1000)),
)
