"""Addresses with what their country needs (G19), and tax ids with the format of their country (GX6)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol

from babel import Locale
from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from billing.billing_contacts.signs import hides_something
from billing.catalogue import is_in_eu
from billing.contacts import Address
from billing.errors import (
    AddressIncomplete,
    NotReadable,
    PostalCodeWrong,
    Refusal,
    TaxIdWrong,
    UnknownCountry,
    together,
)
from billing.guard import refuse_card_numbers
from billing.models import Frozen

LONGEST_LINE = 200
# What Unicode lists beside countries: regions, examples, islands that are part of a country.
_NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
_PARTS = ("line1", "line2", "postal_code", "city", "state")

# Where python-stdnum has the national tax number of businesses outside of the EU.
_NATIONAL = {
    "AU": "au.abn",
    "BR": "br.cnpj",
    "CA": "ca.bn",
    "CH": "ch.vat",
    "CN": "cn.uscc",
    "GB": "gb.vat",
    "IN": "in_.gstin",
    "IS": "is_.vsk",
    "JP": "jp.cn",
    "KR": "kr.brn",
    "LI": "ch.uid",
    "MX": "mx.rfc",
    "NO": "no.mva",
    "NZ": "nz.ird",
    "SG": "sg.uen",
    "TR": "tr.vkn",
    "US": "us.ein",
}
# VAT numbers without a check digit that anybody has published.
_VAT_NUMBERS = {
    "LI": r"[0-9]{5}",
    "ZA": r"4[0-9]{9}",
}
# Where they are written with more than the library keeps of them: with signs between, or otherwise.
_PUNCTUATED = {"BR", "CH", "KR", "US"}
_WRITTEN = {"GB": "GB{}", "NZ": "{:0>9}"}


class _Needs(Frozen):
    """A line of `countries.toml`."""

    postal: str | None = None  # None: nobody knows; empty: there are none
    example: str = ""
    state: bool = False


class TaxRegister(Protocol):
    """The official register of VAT ids (VIES)."""

    def knows(self, prefix: str, number: str) -> bool:
        """The id in its two parts, as `eu_prefix` has it. Raise TaxServiceUnreachable when there is no answer."""


@cache
def countries() -> frozenset[str]:
    """The codes of all countries (ISO 3166-1 alpha-2)."""
    codes = {str(code) for code in Locale("en").territories}
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - _NO_COUNTRIES


def needs_state(country: str) -> bool:
    return _needs(country).state


def checked_address(address: Address) -> Address:
    """The address in the country's way of writing.

    Raises UnknownCountry, AddressIncomplete, PostalCodeWrong, or NotReadable for signs that nobody sees.
    """
    country = address.country.strip().upper()
    if country not in countries():
        raise UnknownCountry(country=address.country[:20])
    lines = {part: _plain(getattr(address, part), part) for part in _PARTS}
    needs = _needs(country)
    wanted = ["line1", "city", *(["postal_code"] if needs.postal else []), *(["state"] if needs.state else [])]
    wrong: list[Refusal] = [AddressIncomplete(part, country) for part in wanted if not lines[part]]
    postal_code = lines["postal_code"].upper()
    if needs.postal and postal_code and not re.fullmatch(needs.postal, postal_code):
        wrong.append(PostalCodeWrong(country=country, example=needs.example))
    if wrong:
        raise together(wrong)
    return Address(country=country, **(lines | {"postal_code": postal_code}))


def checked_tax_id(tax_id: str, country: str) -> str | None:
    """The tax id as its country writes it, and as Stripe wants it; None for an empty one. Raises TaxIdWrong.

    Source: Stripe's "Customer tax IDs", the examples of the supported types.
    """
    number = re.sub(r"[\s.]", "", tax_id).upper()
    if not number:
        return None
    try:
        if is_in_eu(country):
            prefix = eu_prefix(country)
            found = vat.validate(number if number.startswith(prefix) else prefix + number)
            return prefix + str(found).removeprefix(prefix)
        if re.fullmatch(_VAT_NUMBERS.get(country, ""), number):
            return number
        if country in _NATIONAL:
            kind = import_module(f"stdnum.{_NATIONAL[country]}")
            valid = kind.validate(number)
            return str(kind.format(valid)) if country in _PUNCTUATED else _WRITTEN.get(country, "{}").format(valid)
    except ValidationError:
        raise TaxIdWrong(country=country) from None
    if country in _VAT_NUMBERS or not re.fullmatch(r"[A-Z0-9/-]{4,24}", number):
        raise TaxIdWrong(country=country)
    return number


def eu_prefix(country: str) -> str:
    """How the country's VAT ids begin: Greece has its own way."""
    return "EL" if country == "GR" else country


def _plain(text: str, field: str) -> str:
    if hides_something(text):
        raise NotReadable(field)
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if len(plain) > LONGEST_LINE:
        raise NotReadable(field)
    refuse_card_numbers([plain], field=field)
    return plain


@cache
def _needs(country: str) -> _Needs:
    return _table().get(country, _Needs())


@cache
def _table() -> dict[str, _Needs]:
    lines = tomllib.loads(Path(__file__).with_name("countries.toml").read_text(encoding="utf-8"))
    return {code: _Needs.model_validate(line) for code, line in lines.items()}
