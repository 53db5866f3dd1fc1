"""Lines: from the catalogue or in free text, added, changed and removed, also while others do the same (H27)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from billing.catalogue import Label
from billing.ids import SalesInvoiceId
from billing.models import Frozen
from billing.money import Currency, Money
from billing.operations import Command
from billing.ports import UnitOfWork

_LONGEST = 150  # characters of a key, as a menu gives it


class Item(Frozen):
    """Something of the catalogue that can stand on a line."""

    key: str  # the price's lookup key
    label: Label
    product: str  # whose tax counts
    unit: Money
    cadence: tuple[str, int] | None = None  # interval and count, of what is sold by period


class SaveLine(Command):
    """The form of one line, as typed. Without `line` it is a new one; `version` is that of the line that was seen."""

    kind: ClassVar[str] = "save_invoice_line"

    invoice: SalesInvoiceId
    line: str | None = None
    version: int = 0
    item: str | None = Field(None, max_length=_LONGEST)
    description: str = Field("", max_length=250)
    quantity: str = Field("1", max_length=20)
    price: str = Field("", max_length=40)
    tax: str = Field("auto", max_length=_LONGEST)
    discount: str = Field("", max_length=40)


def offered(uow: UnitOfWork, currency: Currency) -> tuple[Item, ...]:
    """What can be chosen in the draft's currency: what is paid once, then plans and add-ons for one period."""
    once = (
        Item(key=one.lookup_key, label=one.label, product=one.pack, unit=one.unit)
        for one in uow.catalogue.one_time_prices()
    )
    recurring = (
        Item(
            key=one.lookup_key,
            label=one.label,
            product=one.product,
            unit=one.unit,
            cadence=(one.interval.value, one.interval_count),
        )
        for one in uow.catalogue.all_recurring_prices()
    )
    return tuple(one for one in (*once, *recurring) if one.unit.currency == currency)
