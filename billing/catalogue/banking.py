"""Where customers' money goes: accounts for transfers, and the address that checks are mailed to."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from stdnum import bic, iban
from stdnum.exceptions import ValidationError
from stdnum.us import rtn

from billing.catalogue.labels import Country, PostalAddress, Text
from billing.models import Frozen
from billing.money import Currency


def _iban(value: str) -> str:
    try:
        return str(iban.validate(value))
    except ValidationError:
        raise ValueError("is no IBAN: a digit or letter is wrong or missing") from None


def _bic(value: str) -> str:
    try:
        return str(bic.validate(value))
    except ValidationError:
        raise ValueError("is no BIC: it has 8 or 11 letters and digits, as in BELADEBEXXX") from None


def _routing_number(value: str) -> str:
    try:
        return str(rtn.validate(value))
    except ValidationError:
        raise ValueError("is no routing number of a US bank: a digit is wrong or missing") from None


class BankAccount(Frozen):
    """An account: by its IBAN, or by its number and the bank's routing number as in the US."""

    bank: Text
    holder: Text | None = None  # None: the business's legal name
    currency: Currency | None = None  # the documents that it stands on; None: all that have no account of their own
    iban: Annotated[str, AfterValidator(_iban)] | None = None  # without spaces
    bic: Annotated[str, AfterValidator(_bic)] | None = None
    account_number: Annotated[str, Field(pattern=r"^[0-9]{4,17}$")] | None = None
    routing_number: Annotated[str, AfterValidator(_routing_number)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.account_number is None) != (self.routing_number is None):
            raise ValueError("account_number and routing_number belong together")
        if (self.iban is None) == (self.account_number is None):
            raise ValueError("an account has either an iban or an account_number with its routing_number")
        return self


class Remittance(PostalAddress):
    """Where checks are mailed to (C6, C19)."""

    name: Text | None = None  # whom the check is for; None: the business's legal name
    country: Country
