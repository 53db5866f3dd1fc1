"""The forms of an invoice that was sent."""

from __future__ import annotations

from billing.money import Money
from blocks import invoices, kit
from blocks.texts import Translator
from tests.blocks.samples_invoices import BARE_SHEET


def inputs(form: kit.Modal) -> set[tuple[str, str]]:
    """By what Slack keeps the content of an input when one view takes the place of another."""
    blocks = form.to_dict()["blocks"]
    return {(one["block_id"], one["element"]["action_id"]) for one in blocks if one["type"] == "input"}


def test_what_was_typed_for_one_payment_is_not_left_in_the_next_form() -> None:
    """HX10, HX20: neither in the form of a credit, nor in that of the rest, nor of another invoice."""
    t = Translator()
    rest = BARE_SHEET.model_copy(update={"due": Money(amount=BARE_SHEET.due.amount - 1, currency="EUR")})
    assert BARE_SHEET.stripe
    reduced = BARE_SHEET.model_copy(update={"stripe": BARE_SHEET.stripe.model_copy(update={"reduced": 1})})
    typed = inputs(invoices.record_form(BARE_SHEET, t))
    assert len(typed) == 4
    for form in (invoices.record_form(rest, t), invoices.record_form(reduced, t), invoices.credit_form(BARE_SHEET, t)):
        assert not typed & inputs(form)
    assert typed == inputs(invoices.record_form(BARE_SHEET, t)), "what was typed stays while nothing has changed"
