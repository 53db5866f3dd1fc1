"""Texts of the catalogue in both languages, and the small types that its files are made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from unicodedata import category

from pydantic import AfterValidator, Field, StrictInt

from billing.models import Frozen
from billing.money import Currency, minor_digits


def _showable(text: str) -> str:
    if any(category(char) == "Cc" and char not in "\n\t" for char in text):
        raise ValueError("holds a control character")
    return text


Text = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_showable)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]  # ISO 3166-1 alpha-2


def _payable(amounts: dict[str, int]) -> dict[str, int]:
    """Stripe's "Supported currencies": three-decimal amounts end in 0, because card networks know two decimals."""
    for currency, amount in amounts.items():
        if minor_digits(currency) == 3 and amount % 10:
            raise ValueError(f"an amount in {currency} must end in 0, as in {round(amount, -1)}")
    return amounts


# Minor units by currency. Stripe takes at most eight digits.
Amounts = Annotated[dict[Currency, Annotated[StrictInt, Field(gt=0, le=99_999_999)]], AfterValidator(_payable)]


class Label(Frozen):
    """A text in the languages that we speak."""

    en: Text
    de: Text

    def in_(self, language: str) -> str:
        """The German text for any kind of German (`de`, `de-AT`), the English one for every other language."""
        return self.de if language.partition("-")[0].lower() == "de" else self.en

    def with_detail(self, detail: Label) -> Label:
        return Label(en=f"{self.en}, {detail.en}", de=f"{self.de}, {detail.de}")


class PostalAddress(Frozen):
    """Where the business is, as it stands on its documents."""

    line1: Text
    line2: str = ""
    postal_code: Text
    city: Text
    state: str = ""
