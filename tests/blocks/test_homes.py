"""Home: everything that was done has a name, and no amount is left out silently."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing.actions import actions
from billing.money import Money
from billing.operations import State
from billing.overviews import Sum
from blocks import homes
from blocks.texts import Translator
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
