"""Payment methods on file: which can be charged, whether one that somebody chose may be (H30, H31), and who sees what
of them (G11).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Protocol, Self, TypeVar

from billing.access import Actor
from billing.catalogue import CardDetails, Catalogue
from billing.contacts import Contact, PaymentMethod
from billing.errors import ForeignPaymentMethod, PaymentMethodExpired
from billing.models import Frozen
from billing.ports import UnitOfWork
from billing.roles import Permission
from billing.timeline import Entry, Page


class WaysToPay(Frozen):
    """What can be chosen: a method on file, or a link by which the customer adds one."""

    methods: tuple[PaymentMethod, ...]  # still good, the standard one first; as the reader may see them
    link_to: str | None  # the address that a link would go to; None: a link cannot be sent


def ways_to_pay(uow: UnitOfWork, contact: Contact) -> WaysToPay:
    """What the contact has on file, and where a link would go."""
    good = (one for one in uow.mirror.payment_methods(contact.id) if not one.expired(uow.today))
    return WaysToPay(methods=seen(uow, good), link_to=contact.email or None)


def chosen(uow: UnitOfWork, contact: Contact, wanted: str, on: date) -> PaymentMethod:
    """The method, which must be the contact's own (a form can be forged) and still good on that day.

    Raises ForeignPaymentMethod or PaymentMethodExpired.
    """
    for method in uow.mirror.payment_methods(contact.id):
        if method.id == wanted:
            if method.expired(on):
                raise PaymentMethodExpired(brand=method.brand, last4=seen_one(uow, method).last4 or None)
            return method
    raise ForeignPaymentMethod(contact=contact.name)


# Who sees what


def sees_details(actor: Actor, catalogue: Catalogue) -> bool:
    """Whether this person sees digits and date: where the house says so, only who may take payments (G11).

    Whoever could read what a requester has to tell could answer in their place.
    """
    everybody = catalogue.billing_contact.card_details is CardDetails.SHOWN
    return everybody or actor.may(Permission.TAKE_PAYMENT)


def seen_one(uow: UnitOfWork, method: PaymentMethod) -> PaymentMethod:
    """The method as the reader may see it."""
    return method if sees_details(uow.actor, uow.catalogue) else method.hidden(uow.today)


def seen(uow: UnitOfWork, methods: Iterable[PaymentMethod]) -> tuple[PaymentMethod, ...]:
    return tuple(seen_one(uow, one) for one in methods)


class _Paid(Protocol):
    """A receipt, or a page, that names the method."""

    @property
    def method(self) -> PaymentMethod | None: ...

    def model_copy(self, *, update: dict[str, Any]) -> Self: ...


P = TypeVar("P", bound=_Paid)


def seen_in(uow: UnitOfWork, shown: P) -> P:
    """The same, with its method as the reader may see it."""
    return shown.model_copy(update={"method": seen_one(uow, shown.method)}) if shown.method else shown


def seen_page(uow: UnitOfWork, page: Page) -> Page:
    """A page of the timeline as the reader may see it: an entry may say with which card something was paid."""
    return page.model_copy(update={"entries": tuple(_seen_entry(uow, one) for one in page.entries)})


def _seen_entry(uow: UnitOfWork, entry: Entry) -> Entry:
    if "last4" not in entry.parameters or sees_details(uow.actor, uow.catalogue):
        return entry
    return entry.model_copy(update={"parameters": {k: v for k, v in entry.parameters.items() if k != "last4"}})
