"""Changing who and what stands on a customer's invoices.

Drafts follow by themselves: until an invoice is finalized, `customer_name`, `customer_email`, `customer_address` and
`customer_tax_ids` equal the customer's (Stripe's API reference, "The Invoice object"). Finalized ones stay.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import stripe

from billing.billing_contacts.model import BillTo
from billing.catalogue import is_in_eu
from billing.errors import TaxIdWrong, UnknownContact
from billing.ids import CustomerId
from billing.stripe.customers import PAGE
from billing.stripe.failures import is_missing

if TYPE_CHECKING:
    from stripe.params import CustomerUpdateParamsAddress

# Stripe's types of tax ids (API reference, "Tax IDs") by country, where there is one for every business.
_TYPES = {
    "AU": "au_abn",
    "BR": "br_cnpj",
    "CA": "ca_bn",
    "CH": "ch_vat",
    "CN": "cn_tin",
    "GB": "gb_vat",
    "IN": "in_gst",
    "IS": "is_vat",
    "JP": "jp_cn",
    "KR": "kr_brn",
    "LI": "li_uid",
    "MX": "mx_rfc",
    "NO": "no_vat",
    "NZ": "nz_gst",
    "SG": "sg_uen",
    "TR": "tr_tin",
    "US": "us_ein",
    "ZA": "za_vat",
}


def change_bill_to(
    client: stripe.StripeClient, customer: CustomerId, name: str, after: BillTo, replaced_tax_id: str | None
) -> None:
    """The tax id comes first, for only that can be refused, and the former one goes last.

    The same again, after a crash between any two calls, changes nothing more. A country whose tax ids Stripe does not
    know keeps them in our rows only.
    """
    try:
        former = _with_tax_id(client, customer, after, replaced_tax_id)
        _update(client, customer, name, after)
        for id_ in former:
            client.v1.customers.tax_ids.delete(customer, id_)
    except stripe.InvalidRequestError as error:
        if is_missing(error):
            raise UnknownContact from error
        if error.code == "tax_id_invalid":
            raise TaxIdWrong(country=after.address.country) from error
        raise


def _with_tax_id(
    client: stripe.StripeClient, customer: CustomerId, after: BillTo, replaced: str | None
) -> tuple[str, ...]:
    """Add the tax id, unless it is there; the ids of the one that it replaces, however that is written."""
    if after.tax_id == replaced:
        return ()
    there = client.v1.customers.tax_ids.list(customer, {"limit": PAGE}).auto_paging_iter()
    known = [(one.id, _bare(one.value)) for one in there]
    wanted, former = _bare(after.tax_id or ""), _bare(replaced or "")
    kind = _kind(after.address.country, wanted)
    if after.tax_id and kind and wanted not in (value for _, value in known):
        client.v1.customers.tax_ids.create(customer, {"type": kind, "value": after.tax_id})
    return tuple(id_ for id_, value in known if value == former != wanted)


def _bare(tax_id: str) -> str:
    return re.sub("[^0-9A-Z]", "", tax_id.upper())


def _kind(country: str, tax_id: str) -> str | None:
    """Of the countries with two numbers for businesses: which one it is."""
    if country == "CA" and "RT" in tax_id:
        return "ca_gst_hst"
    if country == "LI" and tax_id.isdigit():
        return "li_vat"
    return "eu_vat" if is_in_eu(country) else _TYPES.get(country)


def _update(client: stripe.StripeClient, customer: CustomerId, name: str, after: BillTo) -> None:
    """Parts of an address cannot be emptied, only the whole: what the former one had more is taken away with it."""
    wanted = {part: value for part, value in after.address.model_dump().items() if value}
    found = client.v1.customers.update(customer, {"name": name, "email": after.email, "address": _address(wanted)})
    there = found.address.to_dict() if found.address else {}
    if any(value and part not in wanted for part, value in there.items()):
        client.v1.customers.update(customer, {"address": ""})
        client.v1.customers.update(customer, {"address": _address(wanted)})


def _address(parts: dict[str, str]) -> CustomerUpdateParamsAddress:
    return cast("CustomerUpdateParamsAddress", parts)
