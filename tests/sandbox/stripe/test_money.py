"""Whatever is done in whichever order, the books are right: sums, payments, refunds, credits, balances.

Hypothesis makes up sequences of operations; what the local Stripe refuses (4xx) simply did not happen. After each one
every object that holds money is checked against every other that speaks of the same money.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from werkzeug.test import Client

from bot.sandbox.stripe import create_app
from tests.sandbox.stripe.local import DAY, utc
from tests.sandbox.stripe.nonsense import encoded

KEY = {"Authorization": "Bearer sk_test_money"}
CARDS = ["pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired"]
PRORATIONS = ["create_prorations", "always_invoice", "none"]
BEHAVIOURS = ["allow_incomplete", "error_if_incomplete", "default_incomplete"]
which = st.integers(0, 1000)
quantities = st.integers(0, 7)
amounts = st.integers(1, 9000)


class Books(RuleBasedStateMachine):
    """One account with two customers and a few things to sell and to take off."""

    def __init__(self) -> None:
        super().__init__()
        self.app = create_app(start_at=utc("2026-01-31"), public_url="http://local")
        self.client = Client(self.app)

    def teardown(self) -> None:
        self.app.close()

    def ask(self, method: str, path: str, **sent: Any) -> dict[str, Any] | None:
        """The answer; None when it was refused."""
        how = {"query_string" if method in ("GET", "DELETE") else "data": "&".join(encoded(_plain(sent)))}
        if method == "POST":
            how["content_type"] = "application/x-www-form-urlencoded"
        answer = self.client.open(f"/v1/{path}", method=method, headers=KEY, **how)
        assert answer.status_code < 500, (method, path, sent)
        return answer.json if answer.status_code == 200 else None  # type: ignore[no-any-return]

    def make(self, path: str, **sent: Any) -> str:
        made = self.ask("POST", path, **sent)
        assert made is not None
        return str(made["id"])

    def all(self, path: str, **filters: Any) -> list[dict[str, Any]]:
        listed = self.ask("GET", path, limit=100, **filters)
        assert listed is not None
        assert not listed["has_more"]
        return list(listed["data"])

    def one(self, path: str, number: int, **filters: Any) -> dict[str, Any]:
        """One of what there is; an object that nobody has when there is none."""
        found = self.all(path, **filters)
        return found[number % len(found)] if found else {"id": "none", "items": {"data": [{"id": "none"}]}}

    @initialize()
    def open(self) -> None:
        self.customers = [self.make("customers", name=name) for name in ("Anna", "Ben")]
        self.cards = []
        for customer in self.customers:
            self.cards.append(self.make("payment_methods/pm_card_visa/attach", customer=customer))
            self.ask("POST", f"customers/{customer}", invoice_settings={"default_payment_method": self.cards[-1]})
        product = self.make("products", name="Team")
        self.prices = [
            self.make("prices", currency="eur", unit_amount=amount, product=product, recurring={"interval": interval})
            for amount, interval in ((999, "month"), (3333, "month"), (8000, "year"))
        ]
        self.coupons = [
            self.make("coupons", percent_off=15, duration="forever"),
            self.make("coupons", percent_off=100, duration="repeating", duration_in_months=2),
            self.make("coupons", amount_off=2500, currency="eur", duration="once"),
        ]
        self.rates = [
            self.make("tax_rates", display_name="VAT", percentage="19", inclusive=True),
            self.make("tax_rates", display_name="City", percentage="8.875", inclusive=False),
        ]

    def terms(self, coupon: int, tax: int) -> dict[str, Any]:
        """Discounts and tax rates: none, one, or more."""
        discounts = [{"coupon": one} for n, one in enumerate(self.coupons) if coupon >> n & 1]
        return {
            **({"discounts": discounts} if discounts else {}),
            **({"default_tax_rates": [one for n, one in enumerate(self.rates) if tax >> n & 1]} if tax % 4 else {}),
        }

    @rule(who=which, price=which, quantity=quantities, coupon=st.integers(0, 7), tax=st.integers(0, 3),
          behaviour=st.sampled_from(BEHAVIOURS), trial=st.sampled_from([None, 10]), sent=st.booleans())  # fmt: skip
    def subscribe(
        self, who: int, price: int, quantity: int, coupon: int, tax: int, behaviour: str, trial: int | None, sent: bool
    ) -> None:
        terms = self.terms(coupon, tax)
        if trial:
            terms["trial_period_days"] = trial
        terms |= (
            {"collection_method": "send_invoice", "days_until_due": 14} if sent else {"payment_behavior": behaviour}
        )
        items = [{"price": self.prices[price % 3], "quantity": quantity}]
        self.ask("POST", "subscriptions", customer=self.customers[who % 2], items=items, **terms)

    @rule(number=which, price=which, quantity=quantities, how=st.sampled_from(PRORATIONS))
    def change(self, number: int, price: int, quantity: int, how: str) -> None:
        subscription = self.one("subscriptions", number)
        item = {"id": subscription["items"]["data"][0]["id"], "price": self.prices[price % 3], "quantity": quantity}
        self.ask("POST", f"subscriptions/{subscription['id']}", items=[item], proration_behavior=how)

    @rule(number=which, coupon=st.integers(0, 7), tax=st.integers(1, 3))
    def change_terms(self, number: int, coupon: int, tax: int) -> None:
        self.ask("POST", f"subscriptions/{self.one('subscriptions', number)['id']}", **self.terms(coupon, tax))

    @rule(number=which, prorate=st.booleans(), now=st.booleans())
    def cancel(self, number: int, prorate: bool, now: bool) -> None:
        path = f"subscriptions/{self.one('subscriptions', number)['id']}"
        self.ask("DELETE", path, prorate=prorate, invoice_now=now)

    @rule(who=which, amounts=st.lists(st.integers(-3000, 9000), min_size=1, max_size=3), coupon=st.integers(0, 7),
          tax=st.integers(0, 3), sent=st.booleans())  # fmt: skip
    def invoice(self, who: int, amounts: list[int], coupon: int, tax: int, sent: bool) -> None:
        customer = self.customers[who % 2]
        terms = {"collection_method": "send_invoice", "days_until_due": 5} if sent else {}
        made = self.ask("POST", "invoices", customer=customer, currency="eur", **terms, **self.terms(coupon, tax))
        if made is None:
            return
        for amount in amounts:
            self.ask("POST", "invoiceitems", customer=customer, currency="eur", amount=amount, invoice=made["id"])
        self.ask("POST", f"invoices/{made['id']}/finalize")

    @rule(number=which, how=st.sampled_from(["pay", "pay", "void", "mark_uncollectible", "finalize", "out of band"]))
    def settle(self, number: int, how: str) -> None:
        path = f"invoices/{self.one('invoices', number)['id']}"
        sent = {"paid_out_of_band": True} if how == "out of band" else {}
        self.ask("POST", f"{path}/{'pay' if sent else how}", **sent)

    @rule(number=which, amount=amounts)
    def pay_a_part(self, number: int, amount: int) -> None:
        invoice = self.one("invoices", number, status="open")
        if invoice["id"] == "none":
            return
        made = self.ask("POST", "payment_intents", amount=amount, currency="eur", customer=invoice["customer"],
                        payment_method=self.cards[self.customers.index(invoice["customer"])], confirm=True)  # fmt: skip
        if made is not None:
            self.ask("POST", f"invoices/{invoice['id']}/attach_payment", payment_intent=made["id"])

    @rule(number=which, amount=st.none() | amounts)
    def refund(self, number: int, amount: int | None) -> None:
        sent = {} if amount is None else {"amount": amount}
        self.ask("POST", "refunds", charge=self.one("charges", number)["id"], **sent)

    @rule(number=which, amount=amounts, back=st.sampled_from([None, "refund", "credit", "out_of_band"]))
    def credit(self, number: int, amount: int, back: str | None) -> None:
        sent = {f"{back}_amount": amount} if back else {}
        self.ask("POST", "credit_notes", invoice=self.one("invoices", number)["id"], amount=amount, **sent)

    @rule(number=which)
    def void_a_credit_note(self, number: int) -> None:
        self.ask("POST", f"credit_notes/{self.one('credit_notes', number)['id']}/void")

    @rule(who=which, amount=st.integers(-6000, 4000))
    def change_balance(self, who: int, amount: int) -> None:
        path = f"customers/{self.customers[who % 2]}/balance_transactions"
        self.ask("POST", path, amount=amount, currency="eur")

    @rule(who=which, behaviour=st.sampled_from(["succeed", "succeed", "insufficient_funds", "authenticate"]))
    def change_card(self, who: int, behaviour: str) -> None:
        self.app.control.change_card({"payment_method": self.cards[who % 2], "behaviour": behaviour})

    @rule(days=st.sampled_from([0.05, 1, 5, 14, 31]))
    def wait(self, days: float) -> None:
        self.app.account.advance_to(self.app.account.now() + int(days * DAY))

    @invariant()
    def invoices_add_up(self) -> None:
        for invoice in self.all("invoices"):
            check_sums(invoice)
            if invoice["status"] != "draft":
                self.check_payments(invoice)

    def check_payments(self, invoice: dict[str, Any]) -> None:
        """What was owed, used of the balance, credited before it was paid, paid and what remains belong together."""
        notes = [one for one in self.all("credit_notes", invoice=invoice["id"]) if one["status"] == "issued"]
        before = sum(note["pre_payment_amount"] for note in notes)
        after = sum(note["post_payment_amount"] for note in notes)
        assert invoice["pre_payment_credit_notes_amount"] == before, invoice
        assert invoice["post_payment_credit_notes_amount"] == after, invoice
        assert 0 <= after <= invoice["amount_paid"], invoice
        assert 0 <= before + after <= max(0, invoice["total"]), invoice
        owed = invoice["total"] + invoice["starting_balance"] - invoice["ending_balance"]
        assert invoice["amount_due"] == owed - before, invoice
        assert invoice["amount_remaining"] == invoice["amount_due"] - invoice["amount_paid"] >= 0, invoice
        if invoice["status"] == "paid":
            assert invoice["amount_remaining"] == 0, invoice
        payments = self.all("invoice_payments", invoice=invoice["id"], status="paid")
        by_card = sum(one["amount_paid"] for one in payments if one["payment"]["type"] == "payment_intent")
        off_stripe = invoice["amount_paid_off_stripe"]
        assert by_card + off_stripe == invoice["amount_paid"] + invoice["amount_overpaid"], invoice
        if invoice["status"] == "void":
            assert by_card == 0, invoice

    @invariant()
    def nothing_is_given_back_twice(self) -> None:
        given = Counter[str]()
        for refund in self.all("refunds"):
            given[refund["charge"]] += refund["amount"] if refund["status"] == "succeeded" else 0
        for charge in self.all("charges"):
            assert charge["amount_refunded"] == given[charge["id"]] <= charge["amount_captured"], charge
            assert charge["refunded"] is (0 < charge["amount"] == charge["amount_refunded"]), charge

    @invariant()
    def what_was_charged_was_received(self) -> None:
        charged = Counter[str]()
        for charge in self.all("charges"):
            charged[charge["payment_intent"]] += charge["amount_captured"]
        for intent in self.all("payment_intents"):
            assert intent["amount_received"] == charged[intent["id"]], intent
            assert intent["amount_received"] in (0, intent["amount"]), intent

    @invariant()
    def balances_are_explained(self) -> None:
        for customer in self.all("customers"):
            history = self.all(f"customers/{customer['id']}/balance_transactions")[::-1]
            running = 0
            for entry in history:
                running += entry["amount"]
                assert entry["ending_balance"] == running, history
            assert customer["balance"] == running, customer
            used = Counter[str]()
            for entry in history:
                if entry["type"] in ("applied_to_invoice", "unapplied_from_invoice"):
                    used[entry["invoice"]] += entry["amount"]
            for invoice in self.all("invoices", customer=customer["id"]):
                if invoice["status"] not in ("draft", "void"):
                    assert used[invoice["id"]] == invoice["ending_balance"] - invoice["starting_balance"], invoice
                else:
                    assert used[invoice["id"]] == 0, invoice


def check_sums(invoice: dict[str, Any]) -> None:
    """Lines, discounts and taxes add up to the totals."""
    lines = invoice["lines"]["data"]
    assert invoice["subtotal"] == sum(line["amount"] for line in lines), invoice
    discounts, taxes = Counter[str](), Counter[tuple[str, str]]()
    for line in lines:
        for cut in line["discount_amounts"]:
            discounts[cut["discount"]] += cut["amount"]
        for tax in line["taxes"]:
            taxes[tax["tax_rate_details"]["tax_rate"], tax["tax_behavior"]] += tax["amount"]
    for cut in invoice["total_discount_amounts"]:
        assert cut["amount"] == discounts.pop(cut["discount"], 0), invoice
    assert not +discounts, invoice
    for tax in invoice["total_taxes"]:
        assert tax["amount"] == taxes[tax["tax_rate_details"]["tax_rate"], tax["tax_behavior"]], invoice
    off = sum(cut["amount"] for cut in invoice["total_discount_amounts"])
    added = sum(tax["amount"] for tax in invoice["total_taxes"] if tax["tax_behavior"] == "exclusive")
    inside = sum(tax["amount"] for tax in invoice["total_taxes"] if tax["tax_behavior"] == "inclusive")
    assert invoice["total"] == invoice["subtotal"] - off + added, invoice
    assert invoice["total_excluding_tax"] == invoice["total"] - added - inside, invoice
    if all(line["amount"] >= 0 for line in lines):
        assert invoice["total"] >= 0, invoice


def _plain(sent: dict[str, Any]) -> dict[str, Any]:
    """Booleans as Stripe writes them."""
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in sent.items()}


TestBooks = Books.TestCase
TestBooks.pytestmark = [pytest.mark.timeout(300)]  # a busy machine, or a long run with KONTOR_BOOKS
TestBooks.settings = settings(
    max_examples=int(os.environ.get("KONTOR_BOOKS", "6")),
    stateful_step_count=22,
    deadline=None,
    database=None,
    derandomize="KONTOR_BOOKS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
