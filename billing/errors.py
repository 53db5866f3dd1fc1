"""Everything that can go wrong, and what it means for the operation.

KontorError
├── Refusal                 a rule said no; nothing was done; names the rule and who can do it
│   ├── NotPermitted        the role lacks the permission (H16)
│   ├── NotStaff            the Slack user has no role at all
│   ├── UnknownContact      no such contact
│   ├── AccountNotBillable  the account is suspended, expired or closed (GX3)
│   ├── CountryUnknown      nobody knows in which country the customer is, so nobody knows the tax (H15)
│   ├── NothingToSell       no recurring product is configured in the contact's currency (H14)
│   ├── NotRecurring        the price has no billing cycle (H14, H18)
│   ├── CurrencyDiffers     the price is in another currency than the contact is billed in
│   ├── QuantityOutOfRange  below or above what the price allows
│   ├── StartOutOfRange     a start date in the past or too far ahead (H21)
│   ├── NotABillingDay      a later start of a product with a fixed billing day, on another day (H18)
│   ├── UnknownCoupon       no such coupon or promotion code
│   ├── CouponNotApplicable it exists, but not for this product, currency, contact or day
│   ├── ForeignPaymentMethod the payment method is not this contact's
│   ├── PaymentMethodExpired the card ran out
│   ├── NoEmailAddress      a link cannot be sent
│   ├── AmountDiffers       Stripe would charge another first payment than was reviewed
│   ├── PriceChanged        what was reviewed is not what would be charged now: review again
│   ├── CardNumberEntered   a card number was typed; it is kept nowhere
│   ├── NotReadable         a field holds what its kind cannot be: a forged or outdated form
│   ├── NotWaiting          the operation no longer waits for a payment method
│   └── Misconfigured       the catalogue and Stripe disagree; an admin has to act
├── Declined                the bank refused the payment method: choose another (H30)
├── Transient               try again later; `retry_after` in seconds when the other side said so
├── Undeliverable           a mail that its server will never take; what it belongs to goes on without it
└── NotFound                an id that our own rows should know and do not: a programming error
"""

from __future__ import annotations

from typing import ClassVar

from billing.models import Frozen
from billing.roles import Permission, Role

Parameter = str | int | tuple[str, ...] | None


class Reason(Frozen):
    """Why something was refused, as data: the texts layer turns the key and its parameters into a sentence."""

    key: str
    rule: str | None = None  # the requirement's number, as in H16
    field: str | None = None  # the form field it belongs to, when there is one
    who_can: tuple[Role, ...] = ()
    parameters: dict[str, Parameter] = {}


class KontorError(Exception):
    """The root. Carries a key and parameters, never a text."""


class Refusal(KontorError):
    """A rule said no. Subclasses name the rule; the key is the class's name."""

    rule: ClassVar[str | None] = None
    field: str | None = None
    who_can: tuple[Role, ...] = ()

    def __init__(self, *, who_can: tuple[Role, ...] = (), **parameters: Parameter) -> None:
        super().__init__(type(self).__name__)
        self.parameters = parameters
        if who_can:
            self.who_can = who_can

    @property
    def reason(self) -> Reason:
        return Reason(
            key=type(self).__name__,
            rule=self.rule,
            field=self.field,
            who_can=self.who_can,
            parameters=self.parameters,
        )


class NotStaff(Refusal):
    rule = "H16"
    who_can = (Role.ADMIN,)


class NotPermitted(Refusal):
    rule = "H16"

    def __init__(self, permission: Permission, who_can: tuple[Role, ...]) -> None:
        super().__init__(who_can=who_can, permission=permission.value)


class UnknownContact(Refusal):
    field = "contact"


class AccountNotBillable(Refusal):
    rule = "GX3"
    who_can = (Role.MANAGER, Role.ADMIN)


class CountryUnknown(Refusal):
    rule = "H15"
    who_can = (Role.ADMIN,)


class NothingToSell(Refusal):
    rule = "H14"
    who_can = (Role.ADMIN,)


class NotRecurring(Refusal):
    rule = "H18"
    field = "price"
    who_can = (Role.ADMIN,)


class CurrencyDiffers(Refusal):
    rule = "HX3"
    field = "price"


class QuantityOutOfRange(Refusal):
    rule = "H21"
    field = "quantity"


class StartOutOfRange(Refusal):
    rule = "H21"
    field = "start"


class NotABillingDay(Refusal):
    rule = "H18"
    field = "start"


class UnknownCoupon(Refusal):
    rule = "H21"
    field = "coupon"


class CouponNotApplicable(Refusal):
    rule = "H21"
    field = "coupon"


class ForeignPaymentMethod(Refusal):
    rule = "H31"
    field = "payment_method"


class PaymentMethodExpired(Refusal):
    rule = "H31"
    field = "payment_method"


class NoEmailAddress(Refusal):
    rule = "H30"
    field = "payment_method"


class PriceChanged(Refusal):
    rule = "H23"


class AmountDiffers(Refusal):
    rule = "H23"
    who_can = (Role.ADMIN,)


class CardNumberEntered(Refusal):
    rule = "SX8"

    def __init__(self, field: str | None = None) -> None:
        super().__init__()
        self.field = field


class NotReadable(Refusal):
    def __init__(self, field: str) -> None:
        super().__init__(field=field)
        self.field = field


class NotWaiting(Refusal):
    rule = "H31"


class Misconfigured(Refusal):
    rule = "H12"
    who_can = (Role.ADMIN,)


class Declined(KontorError):
    """The payment method was refused (H30). `code` is Stripe's decline code, as in `insufficient_funds`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def reason(self) -> Reason:
        return Reason(key="Declined", rule="H30", parameters={"code": self.code})


class Transient(KontorError):
    """The other side is busy, broken or unreachable; the same call may be repeated."""

    def __init__(self, what: str, retry_after: float | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.retry_after = retry_after


class Undeliverable(KontorError):
    """The mail server said no for good: an address that does not exist, a password that is wrong."""


class NotFound(KontorError):
    """An id that our own rows should know."""
