"""Payment methods on file: which can be charged, and whether one that somebody chose may be (H30, H31)."""

from __future__ import annotations

from datetime import date

from billing.contacts import Contact, PaymentMethod
from billing.errors import ForeignPaymentMethod, PaymentMethodExpired
from billing.models import Frozen
from billing.ports import UnitOfWork


class WaysToPay(Frozen):
    """What can be chosen: a method on file, or a link by which the customer adds one."""

    methods: tuple[PaymentMethod, ...]  # still good, the standard one first
    link_to: str | None  # the address that a link would go to; None: a link cannot be sent


def ways_to_pay(uow: UnitOfWork, contact: Contact) -> WaysToPay:
    """What the contact has on file, and where a link would go."""
    good = tuple(one for one in uow.mirror.payment_methods(contact.id) if not one.expired(uow.today))
    return WaysToPay(methods=good, link_to=contact.email or None)


def chosen(uow: UnitOfWork, contact: Contact, wanted: str, on: date) -> PaymentMethod:
    """The method, which must be the contact's own (a form can be forged) and still good on that day.

    Raises ForeignPaymentMethod or PaymentMethodExpired.
    """
    for method in uow.mirror.payment_methods(contact.id):
        if method.id == wanted:
            if method.expired(on):
                raise PaymentMethodExpired(brand=method.brand, last4=method.last4)
            return method
    raise ForeignPaymentMethod(contact=contact.name)
