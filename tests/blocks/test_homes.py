"""Home: everything that was done has a name, and no amount is left out silently."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from billing.actions import actions
from billing.approvals import AskedInvoice
from billing.change_requests.model import RequestState
from billing.money import Money
from billing.operations import State
from billing.overviews import Sum
from blocks import charts, homes
from blocks.texts import Translator
from tests.blocks import samples_invoices as invoices
from tests.blocks import samples_mirror as mirror
from tests.support.shop import FakeRegister

EVERY_KIND = sorted(actions(FakeRegister()))


def text(language: str = "en", **changes: Any) -> str:
    view = homes.home(mirror.home(**changes), Translator(language)).to_dict()
    return json.dumps(view, ensure_ascii=False).replace("\u00a0", " ")


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_whatever_somebody_did_has_a_name(kind: str) -> None:
    assert "*Request: Ada*" in text(did=(mirror.did(State.DONE, "of_next_year"),))
    assert "*Request: Ada*" not in text(did=(mirror.did(State.DONE, kind),))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (RequestState.SCHEDULED, "✅ *Downgrade: Ada*\\napproved and planned, "),
        (RequestState.EFFECTIVE, "✅ *Downgrade: Ada*\\nin effect, "),
        (RequestState.FAILED, "⚠️ *Downgrade: Ada*\\nfailed at Stripe, "),
    ],
)
def test_an_approved_downgrade_says_how_things_stand_with_it(state: RequestState, said: str) -> None:
    did = mirror.did(State.DONE, "apply_change_request").model_copy(update={"request": state})
    assert said in text(did=(did,))


STATES = [
    ("waiting for a decision", "wartet auf eine Entscheidung"),
    ("changed since, has to be asked for anew", "seitdem geändert, muss neu angefragt werden"),
    ("approved", "genehmigt"),
    ("rejected", "abgelehnt"),
    ("approved and sent", "genehmigt und gesendet"),
    ("sent without an approval", "ohne Genehmigung gesendet"),
]


@pytest.mark.parametrize(("one", "said"), list(zip(invoices.ASKED, STATES, strict=False)))
def test_an_invoice_to_grant_says_how_it_stands_and_leads_to_its_page(one: AskedInvoice, said: tuple[str, str]) -> None:
    """The state, the amount, who asked and how long ago; the button opens the invoice."""
    now = one.approval.filed_at + timedelta(hours=5)
    for language, state, rest in (
        ("en", said[0], ("Invoice of €535.50", "5 hours ago")),
        ("de", said[1], ("Rechnung über 535,50 €", "vor 5 Stunden")),
    ):
        shown = text(language, to_decide=(one,), to_decide_count=1, now=now)
        assert f"*Ada Lovelace*: {state}\\n" in shown
        for part in (*rest, '"invoice.open"', f'"value": "{one.invoice.id}"'):
            assert part in shown


@pytest.mark.parametrize(
    ("language", "currencies", "said"),
    [
        ("en", ("EUR", "JPY", "KWD"), "€5.00, ¥500, and KWD 0.500 in 6 invoices"),
        ("en", ("EUR", "JPY", "KWD", "USD"), "€5.00, ¥500, KWD 0.500, and 1 more currency in 8 invoices"),
        (
            "en",
            ("EUR", "JPY", "KWD", "USD", "CHF"),
            "€5.00, ¥500, KWD 0.500, and 2 more currencies in 10 invoices",
        ),
        (
            "de",
            ("EUR", "JPY", "KWD", "USD"),
            "5,00 €, 500 ¥, 0,500 KWD und 1 weitere Währung in 8 Rechnungen",
        ),
    ],
)
def test_sums_of_many_currencies_are_counted(language: str, currencies: tuple[str, ...], said: str) -> None:
    """500 minor units are 5.00, 500 and 0.500, by the decimals of the currency; each sum is of two invoices."""
    sums = tuple(Sum(count=2, amount=Money(amount=500, currency=one)) for one in currencies)
    business = mirror.FULL_HOME.business
    assert business is not None
    shown = business.model_copy(update={"overdue": sums, "failing": (), "worst": (), "days": ()})
    assert said in text(language, business=shown)


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_waits_for_the_persons_own_decision_comes_first(language: str) -> None:
    """For a manager above the figures of the business."""
    t = Translator(language)
    view = homes.home(mirror.FULL_HOME, t).to_dict()
    texts = [block["text"]["text"] for block in view["blocks"] if "text" in block]
    decisions = texts.index(f"*{t('Waits for your decision')}*")
    assert decisions < texts.index(t("*Failing payments, the largest first*"))
    assert decisions < next(n for n, one in enumerate(texts) if charts.title(mirror.FULL_HOME.business.days, t) in one)
