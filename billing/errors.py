"""Everything that can go wrong, and what it means for the operation.

KontorError
├── Refusal                 a rule said no; nothing was done; names the rule and who can do it
│   ├── NotPermitted        the role lacks the permission (H16)
│   ├── NotStaff            the Slack user has no role at all
│   ├── UnknownContact      no such contact
│   ├── AccountNotBillable  the account is suspended or closed (GX3)
│   ├── PlanNeeded          the account has expired, and nothing but a plan can be bought (GX10)
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
│   ├── NoPaymentMethod     money is due now, and nothing is on file to take it from
│   ├── AmountDiffers       Stripe would charge another first payment than was reviewed
│   ├── PriceChanged        what was reviewed is not what would be charged now: review again
│   ├── CardNumberEntered   a card number was typed; it is kept nowhere
│   ├── NotReadable         a field holds what its kind cannot be: a forged or outdated form
│   ├── NotWaiting          the operation no longer waits for a payment method
│   ├── NoPlan              the contact has no running subscription to a plan of the catalogue (A8)
│   ├── UnknownPlan         no such plan, or not in this currency and billing cycle
│   ├── UnknownAddOn        no such add-on, or not for this plan and billing cycle (A20)
│   ├── LimitNotOffered     the plan has no such contact tier (A10)
│   ├── SeatsOutOfRange     more or fewer seats than the plan can have (AX10)
│   ├── SeatsInUse          fewer seats than are in use (A15)
│   ├── NothingChanges      what was chosen is what the customer has
│   ├── RequesterMayNot     the customer's person is neither primary admin nor admin with purchase permission (A1)
│   ├── NobodyMayPurchase   the account lists nobody who may (A1)
│   ├── NeedsDecision       a downgrade is decided by a manager, not done at once (A13, A24)
│   ├── NeedsNoDecision     an upgrade is done at once, no request is needed (A23)
│   ├── NoOffer             no discount is offered to this customer for this reason (HX17)
│   ├── OfferTakenBefore    a discount is offered to a customer once (HX17)
│   ├── DiscountRuns        a discount runs already, and an offer would take its place (HX17)
│   ├── NotChangeable       only active subscriptions and trials can be changed (HX3)
│   ├── TooFewApprovers     fewer managers than have to agree (A24)
│   ├── OnlyManager         the one manager there is has filed the request themselves (A24)
│   ├── PlanEnds            the subscription is cancelled for its period's end
│   ├── SubscriptionChanged the subscription is no longer what it was when the change was prepared
│   ├── ChangeWaits         a change waits at Stripe for its day already
│   ├── ScheduledElsewhere  what waits at Stripe was not scheduled by Kontor
│   ├── RequestScheduled    less would call off the approved change that waits for its day (HX17)
│   ├── RequestPending      there is an open request about this subscription already
│   ├── UnknownRequest      no such change request
│   ├── NotApprover         not among those who were asked when it was filed
│   ├── OwnRequest          nobody decides what they filed themselves
│   ├── AlreadyDecided      somebody was quicker, or it is over
│   ├── AlreadyAgreed       the same person cannot agree twice where two have to
│   ├── ReasonMissing       a rejection, a question, an override, a cancellation needs words
│   ├── UsageAboveLimits    the customer uses more than the new limits allow (A4)
│   ├── NotFiler            only who filed it may withdraw or answer
│   ├── FilerGone           who filed it has no role any more, so nobody could answer a question
│   ├── NoTicket            the message is no help ticket: no sender's address stands in it (A29)
│   ├── AbsenceImpossible   days that are over or the wrong way round, or a deputy who may not be one
│   ├── HighestLimit        the plan has no higher contact limit (AX5)
│   ├── RaisingNotOffered   the catalogue's policy has no contact limit raised by itself (AX5, K4)
│   ├── NotTheAdminsAddress the help ticket does not come from the primary admin's address (A30)
│   ├── TicketOfAnother     a help ticket becomes a request of the primary admin who wrote it, of nobody else (A30)
│   ├── AccountExpired      the account ran out: a plan has to be bought before anything else is changed (GX10)
│   ├── AccountNotActive    a suspended or closed account: its billing contact stays as it is (GX3)
│   ├── RequesterNotEntitled who asks is neither the card's holder nor a listed account admin (G12)
│   ├── WrongCard           what was said about the card is not what is on file (G11)
│   ├── VerificationLocked  too many wrong answers about the card of this account (G11)
│   ├── NoCardOnFile        there is no card that could be verified (G11)
│   ├── VerificationNeeded  the card was not verified, too long ago, or for another change (G10)
│   ├── NotAPerson          the name is that of a team or a role (SX7)
│   ├── NotAName            the name holds invisible signs, an address, or two scripts in one word (SX7)
│   ├── NotAnEmail          the e-mail address is none
│   ├── RoleAddress         a mailbox that is read by whoever is on duty (SX7)
│   ├── LookalikeAddress    a domain that looks like the customer's and is another one
│   ├── VendorsAddress      the billing contact is one of the customer's people, not one of ours (GX2)
│   ├── AddressIncomplete   a part of the address that the country needs is missing (G19)
│   ├── PostalCodeWrong     the postal code is not shaped like one of the country (G19)
│   ├── UnknownCountry      no such country
│   ├── TaxIdWrong          the tax id is not shaped like one of the country (GX6)
│   ├── TaxIdNotRegistered  the official service does not know the VAT id (GX6)
│   ├── TaxServiceUnreachable the official service for VAT ids does not answer (GX6)
│   ├── TaxWouldChange      with that country or tax id running subscriptions would be taxed otherwise (H15)
│   ├── BillToUnchanged     name, addresses and tax id are what is on file
│   ├── BillToChanging      another change of the same billing contact is under way
│   ├── BillingContactFrozen a change was reported as a fraud; a manager has to look at it
│   ├── NoSelfService       no link for this kind of account (G8, GX15)
│   ├── TooManyLinks        several links were sent today already
│   ├── LinkUnknown         no such link
│   ├── LinkUsed            the link was used
│   ├── LinkExpired         the link is too old, or the billing contact is another one by now
│   ├── TooManyAttempts     the link was submitted too often
│   ├── TooManyRecipients   at most five invoice recipients beside the billing contact (GX11)
│   ├── NothingToLift       there is neither a lock nor a freeze
│   ├── UnknownInvoice      no such invoice
│   ├── NotNow              the invoice's state does not allow it (HX9)
│   ├── NumberTaken         Stripe has another invoice under that number (H28)
│   ├── DraftGone           the draft at Stripe was deleted before it was issued (H28)
│   ├── FieldMissing        a field of the house's own that every invoice has to have (HX15)
│   ├── EmptyInvoice        an invoice without a line
│   ├── TooManyLines        more lines than an invoice may have
│   ├── LineNeedsText       a line without a description
│   ├── AmountNotReadable   a text that is no amount of the currency
│   ├── LineTooLarge        quantity times price is more than can be billed
│   ├── QuantityNotReadable a text that is no quantity
│   ├── DiscountNotReadable a text that is no discount, or one that is more than there is
│   ├── UnknownTax          no tax rate of the customer's country (HX14)
│   ├── DueDateOutOfRange   due in the past, or too far ahead
│   ├── TooManyInvoiceRecipients more than five on one invoice (GX11)
│   ├── RecipientNotReadable no e-mail address, or none at all
│   ├── DraftChanged        somebody else changed the draft in between
│   ├── NeedsApproval       above what the person's role may grant
│   ├── NoSuchApproval      the draft waits for nobody's approval
│   ├── ManualPaymentNotPossible subscriptions are not paid by hand (HX10)
│   ├── PaymentTooHigh      more than is still to be paid
│   ├── NotAnAmount         a text that is no amount above zero, where money is moved
│   ├── PaidDayOutOfRange   a payment that was received in the future, or long ago
│   ├── ReferenceMissing    a check without its number, a transfer without its reference
│   ├── AmountDueChanged    something was paid or credited in between
│   ├── LeftToCreditChanged something else was taken back in between
│   ├── NothingToCredit     no line chosen, or more than is left
│   ├── LineCreditedBefore  that line was taken back before, as a whole or in part
│   ├── CannotCharge        an amount that no card is charged with: too small, too large, or in parts of a fils
│   ├── CannotRefund        no single card payment that money could go back to
│   ├── InvoiceNotOpen      nothing (more) is to be paid on it: paid, cancelled or written off (H35)
│   ├── NotFailing          Stripe did not try to charge it in vain: it is settled on its own page (H35)
│   ├── AmountDue           another amount is still to be paid than the person was shown (H35)
│   ├── NoPaymentPage       Stripe has no page on which this invoice can be paid (H35)
│   └── Misconfigured       the catalogue and Stripe disagree; an admin has to act
├── Declined                the bank refused the payment method: choose another (H30)
├── Transient               try again later; `retry_after` in seconds when the other side said so
├── Undeliverable           a mail that its server will never take; what it belongs to goes on without it
└── NotFound                an id that our own rows should know and do not: a programming error
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from billing.models import Frozen
from billing.roles import Permission, Role

Parameter = str | int | tuple[str, ...] | None


class Reason(Frozen):
    """Why something was refused, as data: the texts layer turns the key and its parameters into a sentence."""

    key: str
    rule: str | None = None  # the requirement's number, as in H16
    field: str | None = None  # the form field it belongs to, when there is one; an entry of one is `fields[project]`
    who_can: tuple[Role, ...] = ()
    parameters: dict[str, Parameter] = {}


class KontorError(Exception):
    """The root. Carries a key and parameters, never a text."""


class Refusal(KontorError):
    """A rule said no. Subclasses name the rule; the key is the class's name."""

    rule: ClassVar[str | None] = None
    field: str | None = None
    who_can: tuple[Role, ...] = ()
    also: tuple[Refusal, ...] = ()  # what else is wrong in the same form, at other fields

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

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """This one's and those of what else is wrong."""
        return tuple(one.reason for one in (self, *self.also))


def together(found: Iterable[Refusal]) -> Refusal:
    """The first of them, which brings the others along."""
    first, *others = found
    first.also = tuple(others)
    return first


def refuse_all(*checks: Callable[[], object]) -> None:
    """Raise what the checks refuse, all of it: who filled in a form learns of every field at once."""
    found: list[Refusal] = []
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            found += (refusal, *refusal.also)
    if found:
        raise together(found)


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


class PlanNeeded(Refusal):
    rule = "GX10"


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


class NoPaymentMethod(Refusal):
    rule = "H31"


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


class NoPlan(Refusal):
    rule = "A8"


class UnknownPlan(Refusal):
    rule = "A22"
    field = "plan"


class UnknownAddOn(Refusal):
    rule = "A20"
    field = "add_ons"


class LimitNotOffered(Refusal):
    rule = "A10"
    field = "limit"


class SeatsOutOfRange(Refusal):
    rule = "AX10"
    field = "seats"


class SeatsInUse(Refusal):
    rule = "A15"
    field = "seats"


class NothingChanges(Refusal):
    rule = "A8"
    field = "plan"


class RequesterMayNot(Refusal):
    rule = "A1"
    field = "requester"


class NobodyMayPurchase(Refusal):
    rule = "A1"
    field = "requester"
    who_can = (Role.ADMIN,)


class NeedsDecision(Refusal):
    rule = "A24"
    who_can = (Role.MANAGER,)


class NeedsNoDecision(Refusal):
    rule = "A23"


class NoOffer(Refusal):
    rule = "HX17"


class OfferTakenBefore(Refusal):
    rule = "HX17"


class DiscountRuns(Refusal):
    rule = "HX17"


class NotChangeable(Refusal):
    rule = "HX3"


class TooFewApprovers(Refusal):
    rule = "A24"
    who_can = (Role.ADMIN,)


class OnlyManager(Refusal):
    rule = "A24"
    who_can = (Role.ADMIN,)


class PlanEnds(Refusal):
    rule = "GX9"


class SubscriptionChanged(Refusal):
    rule = "A2"


class ChangeWaits(Refusal):
    rule = "HX17"


class ScheduledElsewhere(Refusal):
    rule = "HX17"


class RequestScheduled(Refusal):
    rule = "HX17"


class RequestPending(Refusal):
    rule = "A27"


class UnknownRequest(Refusal):
    rule = "A27"


class NotApprover(Refusal):
    rule = "A24"
    who_can = (Role.MANAGER,)


class OwnRequest(Refusal):
    rule = "A24"
    who_can = (Role.MANAGER,)


class AlreadyDecided(Refusal):
    rule = "A24"


class AlreadyAgreed(Refusal):
    rule = "A24"


class ReasonMissing(Refusal):
    rule = "A24"

    def __init__(self, field: str = "note") -> None:
        super().__init__()
        self.field = field


class UsageAboveLimits(Refusal):
    rule = "A4"
    field = "override"


class NotFiler(Refusal):
    rule = "A27"


class FilerGone(Refusal):
    rule = "A24"


class NoTicket(Refusal):
    rule = "A29"


class AbsenceImpossible(Refusal):
    rule = "A24"
    field = "deputy"


class HighestLimit(Refusal):
    rule = "AX5"


class RaisingNotOffered(Refusal):
    rule = "AX5"
    who_can = (Role.ADMIN,)


class NotTheAdminsAddress(Refusal):
    rule = "A30"


class TicketOfAnother(Refusal):
    rule = "A30"
    field = "requester"


class AccountExpired(Refusal):
    rule = "GX10"


class AccountNotActive(Refusal):
    rule = "GX3"
    who_can = (Role.MANAGER, Role.ADMIN)


class RequesterNotEntitled(Refusal):
    rule = "G12"
    field = "requester"


class WrongCard(Refusal):
    rule = "G11"
    field = "last4"


class VerificationLocked(Refusal):
    rule = "G11"
    field = "last4"
    who_can = (Role.MANAGER,)


class NoCardOnFile(Refusal):
    rule = "G11"


class VerificationNeeded(Refusal):
    rule = "G10"


class NotAPerson(Refusal):
    rule = "SX7"
    field = "name"


class NotAName(Refusal):
    rule = "SX7"
    field = "name"


class NotAnEmail(Refusal):
    rule = "G19"
    field = "email"

    def __init__(self, address: str, field: str = "email") -> None:
        super().__init__(address=address)
        self.field = field


class RoleAddress(Refusal):
    rule = "SX7"
    field = "email"


class LookalikeAddress(Refusal):
    rule = "SX7"
    field = "email"
    who_can = (Role.MANAGER,)


class VendorsAddress(Refusal):
    rule = "GX2"
    field = "email"


class AddressIncomplete(Refusal):
    rule = "G19"

    def __init__(self, part: str, country: str) -> None:
        super().__init__(part=part, country=country)
        self.field = part


class PostalCodeWrong(Refusal):
    rule = "G19"
    field = "postal_code"


class UnknownCountry(Refusal):
    rule = "G19"
    field = "country"


class TaxIdWrong(Refusal):
    rule = "GX6"
    field = "tax_id"


class TaxIdNotRegistered(Refusal):
    rule = "GX6"
    field = "tax_id"


class TaxServiceUnreachable(Refusal):
    rule = "GX6"
    field = "tax_id"


class TaxWouldChange(Refusal):
    rule = "H15"
    field = "country"
    who_can = (Role.ADMIN,)

    def __init__(self, contact: str, field: str) -> None:
        super().__init__(contact=contact)
        self.field = field


class BillToUnchanged(Refusal):
    rule = "G20"
    field = "name"


class BillToChanging(Refusal):
    rule = "G20"


class BillingContactFrozen(Refusal):
    rule = "GX16"
    who_can = (Role.MANAGER,)


class NoSelfService(Refusal):
    rule = "G8"


class TooManyLinks(Refusal):
    rule = "G15"


class LinkUnknown(Refusal):
    rule = "G15"


class LinkUsed(Refusal):
    rule = "G15"


class LinkExpired(Refusal):
    rule = "G15"


class TooManyAttempts(Refusal):
    rule = "G15"


class UnknownInvoice(Refusal):
    rule = "H24"


class NotNow(Refusal):
    rule = "HX9"


class EmptyInvoice(Refusal):
    rule = "H27"


class BilledInAnotherCurrency(Refusal):
    rule = "H27"


class TooManyLines(Refusal):
    rule = "H27"


class LineNeedsText(Refusal):
    rule = "H27"
    field = "description"


class AmountNotReadable(Refusal):
    rule = "H27"
    field = "price"


class LineTooLarge(Refusal):
    rule = "H27"
    field = "quantity"


class QuantityNotReadable(Refusal):
    rule = "H27"
    field = "quantity"


class DiscountNotReadable(Refusal):
    rule = "H27"
    field = "discount"


class UnknownTax(Refusal):
    rule = "HX14"
    field = "tax"


class DueDateOutOfRange(Refusal):
    rule = "HX15"
    field = "due_on"


class TooManyRecipients(Refusal):
    rule = "GX11"
    field = "recipients"


class NothingToLift(Refusal):
    rule = "G11"


class TooManyInvoiceRecipients(Refusal):
    rule = "GX11"
    field = "recipients"


class RecipientNotReadable(Refusal):
    rule = "GX11"
    field = "recipients"


class DraftChanged(Refusal):
    rule = "H28"


class NeedsApproval(Refusal):
    rule = "H16"
    who_can = (Role.MANAGER,)


class NoSuchApproval(Refusal):
    rule = "H16"


class ManualPaymentNotPossible(Refusal):
    rule = "HX10"


class PaymentTooHigh(Refusal):
    rule = "HX10"
    field = "amount"


class NotAnAmount(Refusal):
    rule = "HX10"
    field = "amount"


class PaidDayOutOfRange(Refusal):
    rule = "HX10"
    field = "received_on"


class ReferenceMissing(Refusal):
    rule = "HX10"
    field = "reference"


class AmountDueChanged(Refusal):
    rule = "HX10"


class LeftToCreditChanged(Refusal):
    rule = "HX20"


class NothingToCredit(Refusal):
    rule = "HX20"
    field = "amount"


class NumberTaken(Refusal):
    rule = "H28"
    who_can = (Role.ADMIN,)


class DraftGone(Refusal):
    rule = "H28"


class FieldMissing(Refusal):
    """`entry`: the field's id in the catalogue; `label`: its name in English and in German."""

    rule = "HX15"

    def __init__(self, entry: str, label: tuple[str, str]) -> None:
        super().__init__(label=label)
        self.field = f"fields[{entry}]"


class LineCreditedBefore(Refusal):
    rule = "HX20"
    field = "lines"


class CannotCharge(Refusal):
    rule = "H27"
    field = "payment_method"


class CannotRefund(Refusal):
    rule = "HX20"
    field = "give_back"


class InvoiceNotOpen(Refusal):
    rule = "H35"


class NotFailing(Refusal):
    rule = "H35"


class AmountDue(Refusal):
    rule = "H35"


class NoPaymentPage(Refusal):
    rule = "H35"


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
