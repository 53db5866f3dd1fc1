"""Changing who and what stands on a customer's invoices.

Drafts follow by themselves: until an invoice is finalized, `customer_name`, `customer_email`, `customer_address` and
`customer_tax_ids` equal the customer's (Stripe's API reference, "The Invoice object"). Finalized ones stay.

A tax id at Stripe has no metadata, so the customer's says which change is adding one. That is noted before the id is
added, and goes with the call by which the change takes effect: an id that is noted came of a change without effect.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import stripe

from billing.billing_contacts.model import BillTo
from billing.catalogue import is_in_eu
from billing.errors import TaxIdWrong, UnknownContact
from billing.ids import CustomerId, OperationId
from billing.stripe.customers import PAGE
from billing.stripe.failures import is_missing
from billing.stripe.names import noted

if TYPE_CHECKING:
    from stripe.params import CustomerUpdateParamsAddress

BILL_TO_BY = "bill_to_by"  # metadata of a customer: the operation that changed "Bill to" last
TAX_ID_BY = "tax_id_by"  # and the one that is adding a tax id, with that id

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
    client: stripe.StripeClient,
    customer: CustomerId,
    name: str,
    after: BillTo,
    replaced_tax_id: str | None,
    operation: OperationId,
) -> None:
    """The tax id comes first, for only that can be refused, and the former one goes last.

    The same again, after a crash between any two calls, changes nothing more. A country whose tax ids Stripe does not
    know keeps them in our rows only.
    """
    try:
        former = _with_tax_id(client, customer, after, replaced_tax_id, operation)
        _update(client, customer, name, after, operation)
        for id_ in former:
            _delete(client, customer, id_)
    except stripe.InvalidRequestError as error:
        if is_missing(error):
            raise UnknownContact from error
        if error.code == "tax_id_invalid":
            raise TaxIdWrong(country=after.address.country) from error
        raise


def has_bill_to(client: stripe.StripeClient, customer: CustomerId, operation: OperationId) -> bool:
    """Whether that change has taken effect, and no later one."""
    return noted(_metadata(client, customer), BILL_TO_BY) == operation


def take_back_tax_id(client: stripe.StripeClient, customer: CustomerId, operation: OperationId) -> None:
    """Take away the tax id that this change has added without taking effect. The same again changes nothing more."""
    adding, tax_id = _being_added(client, customer)
    if adding != operation:
        return
    for id_, value in _tax_ids(client, customer):
        if value == tax_id:
            _delete(client, customer, id_)
    client.v1.customers.update(customer, {"metadata": {TAX_ID_BY: ""}})


def _with_tax_id(
    client: stripe.StripeClient, customer: CustomerId, after: BillTo, replaced: str | None, operation: OperationId
) -> tuple[str, ...]:
    """Add the tax id, unless it is there; the ids of the one that it replaces, however that is written.

    And of what a change before this one has added without effect, and could not take away.
    """
    adding, left = _being_added(client, customer)
    if after.tax_id == replaced and not left:
        return ()
    known = _tax_ids(client, customer)
    wanted, former = _bare(after.tax_id or ""), _bare(replaced or "")
    kind = _kind(after.address.country, wanted)
    if after.tax_id and kind and after.tax_id != replaced and wanted not in (value for _, value in known):
        client.v1.customers.update(customer, {"metadata": {TAX_ID_BY: f"{operation} {wanted}"}})
        client.v1.customers.tax_ids.create(customer, {"type": kind, "value": after.tax_id})
    unwanted = {former, left if adding != operation else ""} - {wanted, ""}
    return tuple(id_ for id_, value in known if value in unwanted)


def _being_added(client: stripe.StripeClient, customer: CustomerId) -> tuple[str, str]:
    """By which change, and the id's letters and digits; both empty where none is."""
    by, _, tax_id = (noted(_metadata(client, customer), TAX_ID_BY) or "").partition(" ")
    return by, tax_id


def _metadata(client: stripe.StripeClient, customer: CustomerId) -> stripe.StripeObject | None:
    """None of a customer that is gone."""
    try:
        found = client.v1.customers.retrieve(customer)
    except stripe.InvalidRequestError as error:
        if is_missing(error):
            return None
        raise
    return None if getattr(found, "deleted", False) else cast("stripe.StripeObject | None", found.metadata)


def _tax_ids(client: stripe.StripeClient, customer: CustomerId) -> list[tuple[str, str]]:
    there = client.v1.customers.tax_ids.list(customer, {"limit": PAGE}).auto_paging_iter()
    return [(one.id, _bare(one.value)) for one in there]


def _delete(client: stripe.StripeClient, customer: CustomerId, tax_id: str) -> None:
    """Somebody else may have been quicker."""
    try:
        client.v1.customers.tax_ids.delete(customer, tax_id)
    except stripe.InvalidRequestError as error:
        if not is_missing(error):
            raise


def _bare(tax_id: str) -> str:
    return re.sub("[^0-9A-Z]", "", tax_id.upper())


def _kind(country: str, tax_id: str) -> str | None:
    """Of the countries with two numbers for businesses: which one it is."""
    if country == "CA" and "RT" in tax_id:
        return "ca_gst_hst"
    if country == "LI" and tax_id.isdigit():
        return "li_vat"
    return "eu_vat" if is_in_eu(country) else _TYPES.get(country)


def _update(
    client: stripe.StripeClient, customer: CustomerId, name: str, after: BillTo, operation: OperationId
) -> None:
    """Parts of an address cannot be emptied, only the whole: what the former one had more is taken away with it."""
    wanted = {part: value for part, value in after.address.model_dump().items() if value}
    found = client.v1.customers.update(
        customer,
        {
            "name": name,
            "email": after.email,
            "address": _address(wanted),
            "metadata": {BILL_TO_BY: operation, TAX_ID_BY: ""},
        },
    )
    there = found.address.to_dict() if found.address else {}
    if any(value and part not in wanted for part, value in there.items()):
        client.v1.customers.update(customer, {"address": ""})
        client.v1.customers.update(customer, {"address": _address(wanted)})


def _address(parts: dict[str, str]) -> CustomerUpdateParamsAddress:
    return cast("CustomerUpdateParamsAddress", parts)
