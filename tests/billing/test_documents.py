"""The read model of documents: what cannot be built, and what the catalogue's business gives to it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from billing.catalogue import Label
from billing.contacts import Address
from billing.documents import (
    Buyer,
    Document,
    DocumentReference,
    Line,
    LineDiscount,
    Period,
    RemitTo,
    seller,
    ways_to_pay,
)
from tests.blocks.samples_documents import BUSINESS, PAGE, american, credit_note, german, money, tax, totals

LINE = Line(position=1, description="Beratung", amount=money(10000))


def simple(**changes: Any) -> Document:
    """One line of 100.00 with 19 percent on top: 119.00."""
    fields = {"lines": (LINE,), "taxes": (tax("19", 10000, 1900),), "totals": totals(10000, 1900)}
    return german(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"totals": totals(10001, 1900)}, "11900 is not 11901"),  # lines and tax are 119.00, not 119.01
        ({"totals": totals(10000, 1901)}, "1900 is not 1901; 11900 is not 11901"),  # the taxes are 19.00
        ({"taxes": ()}, "0 is not 1900; 10000 is not 11900"),
        ({"discount": LineDiscount(label="Rabatt", amount=money(1))}, "11899 is not 11900"),
        ({"totals": totals(10000, 1900).model_copy(update={"due": money(1)})}, "11900 is not 1"),
        ({"totals": totals(10000, 1900).model_copy(update={"net": money(9999)})}, "11899 is not 11900"),
    ],
)
def test_a_document_whose_amounts_do_not_add_up_cannot_be_built(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match="do not add up") as refused:
        simple(**changes)
    assert what in str(refused.value)


def test_amounts_that_add_up_with_everything_at_once() -> None:
    """Lines 300.00 gross of inclusive and exclusive; less 20.00; inclusive tax is inside, exclusive comes on top.

    280.00 + 19.00 exclusive = 299.00 gross; taxes 19.00 + 10.00 = 29.00; net 270.00; less 9.00 paid and 90.00
    credited, 200.00 are due.
    """
    document = simple(
        lines=(LINE, Line(position=2, description="Buch", amount=money(20000))),
        discount=LineDiscount(label="Rabatt", amount=money(2000)),
        taxes=(tax("19", 10000, 1900), tax("7", 14286, 1000, inclusive=True)),
        totals=totals(27000, 2900, paid=900, credited=9000),
    )
    assert document.subtotal == money(30000)
    assert document.totals.due == money(20000)


def test_a_document_has_one_currency() -> None:
    with pytest.raises(ValidationError, match="one currency"):
        simple(lines=(LINE.model_copy(update={"unit_price": money(10000, "USD")}),))


def test_a_reversed_charge_shows_no_tax() -> None:
    """§ 14c UStG: who shows it owes it."""
    with pytest.raises(ValidationError, match="reversed"):
        simple(reverse_charge=True)


def test_credit_notes_and_only_they_name_an_invoice() -> None:
    """§ 31 (5) UStDV."""
    with pytest.raises(ValidationError, match="corrects an invoice"):
        credit_note(corrects=None)
    with pytest.raises(ValidationError, match="corrects an invoice"):
        german(corrects=DocumentReference(number="RE-1", issued_on=date(2026, 1, 1)))


def test_a_document_is_for_somebody_and_about_something() -> None:
    with pytest.raises(ValidationError, match="for somebody"):
        Buyer(address=Address(country="DE"))
    with pytest.raises(ValidationError, match="at least 1 item"):
        simple(lines=())


def test_a_period_goes_forwards() -> None:
    assert Period(first=date(2026, 1, 1), last=date(2026, 1, 1)).last == date(2026, 1, 1)
    with pytest.raises(ValidationError, match="before the first"):
        Period(first=date(2026, 1, 2), last=date(2026, 1, 1))


# --- from the catalogue -----------------------------------------------------------------------------------------------


def test_the_seller_is_the_catalogues_business_in_the_documents_language() -> None:
    business = BUSINESS.model_copy(update={"untaxed": Label(en="No VAT", de="Keine Umsatzsteuer")})
    found = seller(business, "de-AT")
    assert found.name == "Brightwell Software GmbH"
    assert found.address == Address(line1="Kastanienallee 86", postal_code="10435", city="Berlin", country="DE")
    assert (found.vat_id, found.tax_number) == ("DE136695976", "37/123/45678")
    assert found.untaxed == "Keine Umsatzsteuer"
    assert seller(business, "fr").untaxed == "No VAT"


def test_a_business_that_says_little_is_a_seller_too() -> None:
    fields = {"tax_id", "tax_number", "register_entry", "phone", "website", "remittance"}
    bare = BUSINESS.model_copy(update=dict.fromkeys(fields) | {"directors": (), "bank_accounts": ()})
    found = seller(bare, "en")
    assert (found.vat_id, found.tax_number, found.register_entry, found.untaxed) == ("", "", "", "")
    ways = ways_to_pay(bare, "EUR")
    assert (ways.bank, ways.remit_to, ways.page) == (None, None, "")


def test_each_currency_has_its_account_and_the_rest_the_main_one() -> None:
    by_currency = {currency: ways_to_pay(BUSINESS, currency).bank for currency in ("EUR", "USD", "GBP")}
    assert {name: account and account.bank for name, account in by_currency.items()} == {
        "EUR": "Musterbank Berlin",
        "USD": "First Example Bank",
        "GBP": "Musterbank Berlin",
    }


def test_checks_go_to_the_remittance_address() -> None:
    """C19; to the business's legal name where no other is set."""
    address = Address(line1="P.O. Box 1200", postal_code="10119", city="New York", state="NY", country="US")
    assert ways_to_pay(BUSINESS, "USD", PAGE).remit_to == RemitTo(payee="Brightwell Software GmbH", address=address)
    assert BUSINESS.remittance is not None
    lockbox = BUSINESS.remittance.model_copy(update={"name": "Brightwell Inc."})
    other = ways_to_pay(BUSINESS.model_copy(update={"remittance": lockbox}), "USD").remit_to
    assert other is not None
    assert other.payee == "Brightwell Inc."


def test_samples_say_what_their_comments_work_out() -> None:
    assert german().totals.gross == money(168351)
    assert american().totals.due == money(266800, "USD")
