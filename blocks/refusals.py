"""What a rule said no to, in a sentence: why, and who can help. One for every refusal in `billing.errors`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from billing.catalogue import Label
from billing.change_requests.model import RequestState
from billing.contacts import AccountStatus, SubscriptionStatus
from billing.errors import Parameter, Reason
from billing.invoices.model import InvoiceState
from billing.money import Money
from billing.roles import Permission
from blocks import declines, words
from blocks.texts import Translator, later

# By the refusal's key: the sentence, and what is said when a parameter of it is not known.
_SENTENCES: dict[str, tuple[str, str]] = {
    "NotStaff": (
        later("You have no role in Kontor yet, so it cannot show or bill customers."),
        "",
    ),
    "NotPermitted": (
        later("Your role does not include: {permission}."),
        later("Your role does not include this."),
    ),
    "UnknownContact": (
        later("This customer does not exist, or no longer."),
        "",
    ),
    "AccountNotBillable": (
        later("The account of {contact} is {status}. Nothing new can be billed before it is active again."),
        later("The customer’s account is not active. Nothing new can be billed before it is."),
    ),
    "PlanNeeded": (
        later(
            "The account of {contact} has expired. A plan has to be bought first, with “New subscription”; then it is "
            "active again."
        ),
        later("The account has expired. A plan has to be bought first; then it is active again."),
    ),
    "CountryUnknown": (
        later(
            "{contact} has no country in their billing address, so the tax is not known. "
            "It has to be entered at Stripe, and read again with “kontor contacts sync”."
        ),
        later("The customer has no country in their billing address, so the tax is not known."),
    ),
    "NothingToSell": (
        later("There is no product with a billing cycle in {currency}, the customer’s currency."),
        later("There is no product with a billing cycle in the customer’s currency."),
    ),
    "NotRecurring": (
        later("This product has no billing cycle, so it cannot become a subscription. Please choose another one."),
        "",
    ),
    "CurrencyDiffers": (
        later("The product is sold in {price}, but this customer pays in {contact}. Please choose another one."),
        later("The customer pays in another currency. Please choose another product."),
    ),
    "QuantityOutOfRange": (
        later("The quantity for this product is between {minimum} and {maximum}."),
        later("This quantity is not possible for this product."),
    ),
    "StartOutOfRange": (
        later("The start must be between {first} and {last}."),
        later("The start must be today or later, and at most a year from now."),
    ),
    "NotABillingDay": (
        later("This product is billed on day {day} of a month. It starts today or on a billing day, as on {first}."),
        later("This product has a fixed billing day. It starts today or on that day of a month."),
    ),
    "UnknownCoupon": (
        later("There is no coupon “{code}”. Please check the spelling, or leave the field empty."),
        later("There is no such coupon. Please check the spelling, or leave the field empty."),
    ),
    "CouponNotApplicable": (
        later("The coupon “{coupon}” is not valid today for this product and currency."),
        later("The coupon is not valid today for this product and currency."),
    ),
    "ForeignPaymentMethod": (
        later("This payment method is not on file for {contact}. Please choose one from the list."),
        later("This payment method is not on file for this customer. Please choose one from the list."),
    ),
    "PaymentMethodExpired": (
        later("{brand} •••• {last4} expires before the first payment. Please choose another one, or send a link."),
        later("The card expires before the first payment. Please choose another one, or send a link."),
    ),
    "NoEmailAddress": (
        later("No link can be sent: there is no e-mail address for {contact}."),
        later("No link can be sent: there is no e-mail address for this customer."),
    ),
    "NoPaymentMethod": (
        later(
            "{contact} has no payment method on file, so nothing can be charged. "
            "The customer has to add one on Stripe’s page first."
        ),
        later("The customer has no payment method on file, so nothing can be charged."),
    ),
    "AmountDiffers": (
        later(
            "Stripe would charge {charged} now instead of the {reviewed} that were reviewed, for example because an "
            "open item waits there for the next invoice or the balance changed. Nothing was started."
        ),
        later("Stripe would charge another amount than was reviewed. Nothing was started."),
    ),
    "PriceChanged": (
        later("Prices or terms for {contact} changed since the review. Nothing was started; please review again."),
        later("Prices or terms changed since the review. Nothing was started; please review again."),
    ),
    "CardNumberEntered": (
        later(
            "That looks like a card number. It was not stored. "
            "Cards are added only by the customer, on Stripe’s page: send a link instead."
        ),
        "",
    ),
    "NotReadable": (
        later("This value cannot be read. Please enter it again; if the form is old, close it and open it anew."),
        "",
    ),
    "NotWaiting": (
        later("This no longer waits for a payment method: it was started, declined or expired meanwhile."),
        "",
    ),
    "NoPlan": (
        later("{contact} has no running subscription to a plan."),
        later("The customer has no running subscription to this plan."),
    ),
    "UnknownPlan": (
        later("This plan is not sold in the customer’s currency and billing cycle. Please choose another one."),
        "",
    ),
    "UnknownAddOn": (
        later("This add-on, or so many of it, cannot be added to the plan in its billing cycle."),
        "",
    ),
    "LimitNotOffered": (
        later("The plan has no such contact limit. It has: {limits}."),
        later("The plan has no such contact limit. Please choose one from the list."),
    ),
    "SeatsOutOfRange": (
        later("The plan can have {minimum} to {maximum} seats."),
        later("The plan cannot have so many seats."),
    ),
    "SeatsInUse": (
        later("{used} seats are in use, so there cannot be {seats}. The customer has to remove users first."),
        later("More seats are in use. The customer has to remove users first."),
    ),
    "NothingChanges": (
        later("That is what {contact} has already. Please change something, or close the form."),
        later("That is what the customer has already. Please change something, or close the form."),
    ),
    "RequesterMayNot": (
        later("{name} may not change the plan of {contact}. These people may: {allowed}."),
        later("Only the primary admin, or an admin with purchase permission, may ask for this."),
    ),
    "NobodyMayPurchase": (
        later(
            "Nobody at {contact} is listed as primary admin or as admin with purchase permission, "
            "so nobody can ask for a change of plan."
        ),
        later("Nobody at the customer is listed who may ask for a change of plan."),
    ),
    "NeedsDecision": (
        later("A lower plan, a lower contact limit or an add-on less is not done at once: a manager decides it."),
        "",
    ),
    "NeedsNoDecision": (
        later("Nothing goes down by this change, so it needs no request: it can be made at once."),
        "",
    ),
    "NoOffer": (
        later("For this reason no discount is offered to {contact}, or no longer. Please go on with the request."),
        later("For this reason no discount is offered to this customer. Please go on with the request."),
    ),
    "OfferTakenBefore": (
        later("{contact} has taken the discount {coupon} before. It is offered once."),
        later("This customer has taken the discount before. It is offered once."),
    ),
    "DiscountRuns": (
        later("{contact} has a discount already: {coupon}. Another one would take its place."),
        later("This customer has a discount already. Another one would take its place."),
    ),
    "NotChangeable": (
        later("The subscription is in the state “{subscription_status}”. Only a running one can be changed."),
        later("Only a running subscription can be changed."),
    ),
    "PlanEnds": (
        later("The subscription is cancelled and ends on {last}. It has to be continued before it can be changed."),
        later("The subscription is cancelled. It has to be continued before it can be changed."),
    ),
    "SubscriptionChanged": (
        later("The subscription was changed in between. Nothing was done; please look at it again."),
        "",
    ),
    "ChangeWaits": (
        later(
            "A change of this subscription waits at Stripe already. Call it off first, on the plan page; "
            "what was scheduled in the Stripe Dashboard is released there."
        ),
        "",
    ),
    "ScheduledElsewhere": (
        later("A change that was scheduled in the Stripe Dashboard waits there. Release it there first."),
        "",
    ),
    "RequestScheduled": (
        later(
            "An approved change takes effect on {day}, and this one would call it off. "
            "Please wait for that day, or choose “Keep current plan” first."
        ),
        later(
            "An approved change waits for its day, and this one would call it off. "
            "Please wait for that day, or choose “Keep current plan” first."
        ),
    ),
    "RequestPending": (
        later("There is an open request about this subscription already, filed by {by} on {since}."),
        later("There is an open request about this subscription already."),
    ),
    "TooFewApprovers": (
        later("Managers who have to agree: {needed}. Managers who can be asked: {there}."),
        later("There are too few managers who can be asked."),
    ),
    "OnlyManager": (
        later("You are the only manager, and nobody decides their own request: there has to be another one."),
        "",
    ),
    "UnknownRequest": (
        later("This request does not exist, or no longer."),
        "",
    ),
    "NotApprover": (
        later("This request is decided by: {approvers}."),
        later("You were not asked to decide this request."),
    ),
    "OwnRequest": (
        later("Nobody decides a request that they filed themselves."),
        "",
    ),
    "AlreadyDecided": (
        later("Too late: the request is {state} ({by}, {at})."),
        later("This is over: the request can no longer be changed in this way."),
    ),
    "AlreadyAgreed": (
        later(
            "{name} has agreed already. A deputy’s agreement counts as that of who is away, so somebody else has to "
            "agree, too."
        ),
        later("You have agreed already. Somebody else has to agree, too."),
    ),
    "ReasonMissing": (
        later("Please say why in a few words."),
        "",
    ),
    "UsageAboveLimits": (
        later("The customer uses {used}, and {allowed} would be allowed. It takes a reason to do it all the same."),
        later("The customer uses more than would be allowed."),
    ),
    "NotFiler": (
        later("Only {by}, who filed the request, can do this."),
        later("Only who filed the request can do this."),
    ),
    "FilerGone": (
        later(
            "{by}, who filed the request, has no role in Kontor any more and could not answer. Please ask the customer "
            "({requester}), or decide without an answer."
        ),
        later(
            "Who filed the request has no role in Kontor any more and could not answer. Please ask the customer, or "
            "decide without an answer."
        ),
    ),
    "NotTheAdminsAddress": (
        later("The e-mail from {sender} is not from the primary admin’s address. The primary admin is: {admins}."),
        later("The e-mail does not come from the primary admin’s address, so it cannot become a request."),
    ),
    "TicketOfAnother": (
        later(
            "A help ticket becomes a request of the primary admin who wrote it, not of {name}. For somebody else "
            "please open the form from the plan page."
        ),
        later("A help ticket becomes a request of the primary admin who wrote it, and of nobody else."),
    ),
    "NoTicket": (
        later("No sender’s address was found in this message, so it cannot become a request."),
        "",
    ),
    "AbsenceImpossible": (
        later("Please choose days that are not over, a year at most, and a colleague with a role as deputy."),
        "",
    ),
    "HighestLimit": (
        later("There is no higher contact limit that could be chosen without asking."),
        "",
    ),
    "AccountExpired": (
        later(
            "The account of {contact} has expired. A plan has to be bought before the billing contact can be "
            "changed: new billing details alone do not bring the account back."
        ),
        later("The account has expired. A plan has to be bought before the billing contact can be changed."),
    ),
    "AccountNotActive": (
        later("The account of {contact} is {status}. The billing contact cannot be changed before it is active again."),
        later("The account is not active. The billing contact cannot be changed before it is."),
    ),
    "RequesterNotEntitled": (
        later(
            "This person may not have the billing contact changed. It has to be the card’s holder or a listed "
            "account admin: {allowed}."
        ),
        later(
            "Nobody at this account is listed as the card’s holder or as an account admin, or this person is not. So "
            "the request cannot be honoured."
        ),
    ),
    "WrongCard": (
        later("That is not right. Tries left before this account is locked: {left}."),
        later("That is not right."),
    ),
    "VerificationLocked": (
        later("There were too many wrong answers about this account’s card. It cannot be verified before {until}."),
        later("There were too many wrong answers about this account’s card. It cannot be verified for now."),
    ),
    "NoCardOnFile": (
        later(
            "No card is on file for {contact}, so nothing can be verified. The customer has to add one first, by a "
            "payment link."
        ),
        later("No card is on file, so nothing can be verified. The customer has to add one first."),
    ),
    "VerificationNeeded": (
        later(
            "The card has to be verified first. That holds for half an hour, for one change, and for who asked for it."
        ),
        "",
    ),
    "NotAPerson": (
        later("“{name}” is a team or a role. The billing contact has to be a real person."),
        later("The billing contact has to be a real person."),
    ),
    "NotAName": (
        later(
            "This cannot be a person’s name. Please type it again: no invisible signs, no addresses, and letters of "
            "one script."
        ),
        "",
    ),
    "NotAnEmail": (
        later("“{address}” is no e-mail address. Please check it; letters with accents are not possible in one."),
        later("This is no e-mail address. Please check it."),
    ),
    "RoleAddress": (
        later("{address} is a shared mailbox. The billing contact needs an e-mail address of their own."),
        later("This is a shared mailbox. The billing contact needs an e-mail address of their own."),
    ),
    "LookalikeAddress": (
        later("The address {address} looks like one at {domain}, but is not. Please ask the customer to spell it."),
        later("This address looks like one of the customer’s, but is not. Please ask the customer to spell it."),
    ),
    "VendorsAddress": (
        later("{address} is one of our own addresses. The billing contact is one of the customer’s people."),
        later("This is one of our own addresses. The billing contact is one of the customer’s people."),
    ),
    "AddressIncomplete": (
        later("Please fill in this field: addresses in this country need it ({country})."),
        later("Please fill in this field: addresses in this country need it."),
    ),
    "PostalCodeWrong": (
        later("This is no postal code of that country. One looks like this: {example}"),
        later("This is no postal code of that country."),
    ),
    "UnknownCountry": (
        later("There is no such country. Please choose one from the list."),
        "",
    ),
    "TaxIdWrong": (
        later("This is no valid tax id of that country ({country}). Please check it, or leave the field empty."),
        later("This is no valid tax id of that country. Please check it, or leave the field empty."),
    ),
    "TaxIdNotRegistered": (
        later("The official register does not know the VAT id {tax_id}. Please check it, or leave the field empty."),
        later("The official register does not know this VAT id."),
    ),
    "TaxServiceUnreachable": (
        later(
            "The official register of VAT ids does not answer at the moment. Nothing was changed; please try again "
            "later, or leave the field empty and add the id another day."
        ),
        "",
    ),
    "TaxWouldChange": (
        later(
            "With this country or tax id the running subscriptions of {contact} would be taxed in another way. Their "
            "tax has to be changed first."
        ),
        later(
            "With this country or tax id running subscriptions would be taxed in another way. Their tax has to be "
            "changed first."
        ),
    ),
    "BillToUnchanged": (
        later("That is what is on file already. Please change something, or close the form."),
        "",
    ),
    "BillToChanging": (
        later("Another change of this billing contact is under way. Please look at it again in a minute."),
        "",
    ),
    "BillingContactFrozen": (
        later(
            "A change of the billing contact of {contact} was reported as not in order. Nothing is changed before a "
            "manager has looked at it."
        ),
        later("A change was reported as not in order. Nothing is changed before a manager has looked at it."),
    ),
    "NoSelfService": (
        later(
            "The billing contact of this account is not changed with a link: support does it, after the card was "
            "verified."
        ),
        "",
    ),
    "TooManyLinks": (
        later(
            "Several links were sent today already. Please ask the customer to look for the last one, in the junk "
            "folder too."
        ),
        "",
    ),
    "LinkUnknown": (
        later("This link is not valid. Please check that it was copied as a whole."),
        "",
    ),
    "LinkUsed": (
        later("This link was used already. Each one works once."),
        "",
    ),
    "LinkExpired": (
        later("This link has expired. Support can send a new one."),
        "",
    ),
    "TooManyAttempts": (
        later("This link was tried too often. Support can send a new one."),
        "",
    ),
    "TooManyRecipients": (
        later("At most {most} addresses beside the billing contact are possible."),
        later("There are too many addresses."),
    ),
    "NothingToLift": (
        later("There is nothing to lift any more."),
        "",
    ),
    "UnknownInvoice": (
        later("This invoice does not exist, or no longer."),
        "",
    ),
    "NotNow": (
        later("This is not possible now: the invoice is “{invoice_state}”."),
        later("This is not possible in the invoice’s state."),
    ),
    "NumberTaken": (
        later(
            "Stripe has another invoice with the number {number}. Ask an admin to give the number up, then send a copy."
        ),
        later("Stripe has another invoice with this number. Ask an admin to give the number up, then send a copy."),
    ),
    "DraftGone": (
        later("The draft of {number} was deleted at Stripe. Send it again: it is made anew and keeps its number."),
        later("The draft was deleted at Stripe. Send it again: it is made anew and keeps its number."),
    ),
    "FieldMissing": (
        later("Every invoice needs this: {label}."),
        later("Something that every invoice needs is missing."),
    ),
    "EmptyInvoice": (
        later("The invoice has no line yet. Please add what the customer is to pay for."),
        "",
    ),
    "BilledInAnotherCurrency": (
        later(
            "The draft is in {draft}, but the customer is billed in {billed} by now. Please copy it to a new draft, or "
            "delete it."
        ),
        later("The customer is billed in another currency by now."),
    ),
    "TooManyLines": (
        later("An invoice has {most} lines at most."),
        later("The invoice would have too many lines."),
    ),
    "LineNeedsText": (
        later("Please say what it is for, or choose a product."),
        "",
    ),
    "AmountNotReadable": (
        later("“{text}” is no price in {currency}. Please write it as 150.00."),
        later("Please enter a price, as in 150.00."),
    ),
    "LineTooLarge": (
        later("This line comes to more than {most}, the most that can be billed on one."),
        later("This line comes to more than can be billed on one."),
    ),
    "QuantityNotReadable": (
        later("“{text}” is no quantity. It is above zero and has three decimals at most."),
        later("The quantity is above zero and has three decimals at most."),
    ),
    "DiscountNotReadable": (
        later("“{text}” is no discount. Please write 10 % or an amount, as in 5.00."),
        later("Please write 10 % or an amount, as in 5.00."),
    ),
    "UnknownTax": (
        later("This tax does not exist in the customer’s country. Please choose another one."),
        "",
    ),
    "DueDateOutOfRange": (
        later("The due date must be between {first} and {last}."),
        later("The due date must be today or later, and at most a year ahead."),
    ),
    "TooManyInvoiceRecipients": (
        later("At most {most} people can get an invoice, {given} were entered."),
        later("At most five people can get an invoice."),
    ),
    "RecipientNotReadable": (
        later("“{address}” is no e-mail address. Please divide several by commas."),
        later("Please enter one e-mail address at least."),
    ),
    "DraftChanged": (
        later("{by} has changed this draft in the meantime. Nothing was overwritten; please look at it again."),
        later("Somebody has changed this draft in the meantime. Please look at it again."),
    ),
    "NeedsApproval": (
        later("The discount or the total is above what your role may grant. A manager has to agree first."),
        "",
    ),
    "NoSuchApproval": (
        later("The draft was changed since this was asked for, so there is nothing to decide any more."),
        "",
    ),
    "ManualPaymentNotPossible": (
        later("Invoices of a subscription are not paid by hand: the subscription charges its payment method."),
        "",
    ),
    "PaymentTooHigh": (
        later("Only {due} is still to be paid."),
        later("This is more than is still to be paid."),
    ),
    "NotAnAmount": (
        later("“{text}” is no amount in {currency}. Please write it as 150.00."),
        later("Please enter an amount, as in 150.00."),
    ),
    "PaidDayOutOfRange": (
        later("The day must be between {first} and {last}."),
        later("The day must not be in the future, and at most a year ago."),
    ),
    "ReferenceMissing": (
        later("Please enter the check’s number or the transfer’s reference."),
        "",
    ),
    "AmountDueChanged": (
        later("Something was paid or credited in the meantime: {due} is still to be paid. Please look again."),
        later("Something was paid or credited in the meantime. Please look again."),
    ),
    "LeftToCreditChanged": (
        later("Something was taken back in the meantime: {left} is left of the invoice. Please look again."),
        later("Something was taken back in the meantime. Please look again."),
    ),
    "NothingToCredit": (
        later("At most {left} can be taken back. Choose an amount or lines, not both."),
        later("Stripe did not accept this: perhaps less is left than was shown. Nothing was credited."),
    ),
    "LineCreditedBefore": (
        later("Some of this was taken back before. Choose other lines, or enter what is still to be taken back."),
        "",
    ),
    "CannotCharge": (
        later("No card can be charged with {due}. The amount is too small or too large, or does not end in 0."),
        later("No card can be charged with this amount."),
    ),
    "CannotRefund": (
        later("No single card payment is behind this invoice, so nothing can go back to a card. Choose another way."),
        "",
    ),
    "InvoiceNotOpen": (
        later("Nothing is to be paid for this invoice any more, or it was cancelled. Nothing was charged."),
        "",
    ),
    "NotFailing": (
        later("Only a failed payment is collected this way. Open the invoice to see what can be done."),
        "",
    ),
    "AmountDue": (
        later("{due} is still to be paid, not {shown}. Nothing was charged; please look at the invoice again."),
        later("Another amount is to be paid than was shown. Nothing was charged."),
    ),
    "NoPaymentPage": (
        later("Stripe has no page on which this invoice can be paid, so no link can be sent."),
        "",
    ),
    "RaisingNotOffered": (
        later("Contact limits are not raised by themselves here: the product list does not offer it."),
        "",
    ),
    "Misconfigured": (
        later("The product list and Stripe do not agree. Nothing was started and nothing was charged."),
        "",
    ),
}


# Parameters in minor units, with their currency beside them.
_AMOUNTS = {"reviewed", "charged", "due", "left", "most", "shown"}


def sentence(reason: Reason, t: Translator) -> str:
    """The reason in plain words, with the people who can help at the end. Plain text, in the reader's language."""
    if reason.key == "Declined":
        return declines.sentence(str(reason.parameters.get("code")), t)
    full, short = _SENTENCES.get(reason.key, (later("This is not possible at the moment."), ""))
    why = t.template(full, **_parameters(reason, t)) or t(short)
    if reason.key == "AlreadyDecided" and reason.parameters.get("note"):
        quoted = t("Why: “{note}”", note=reason.parameters["note"])
        why = f"{why} {quoted}"
    if not reason.who_can:
        return why
    who = t("Who can help: {roles}.", roles=words.roles(reason.who_can, t))
    return f"{why} {who}"


def field_errors(reasons: Iterable[Reason], t: Translator) -> dict[str, str]:
    """The sentences by the field they belong to, as `response_action: errors` takes them; others are left out."""
    return {reason.field: sentence(reason, t) for reason in reasons if reason.field}


def known() -> frozenset[str]:
    """The keys that have a sentence."""
    return frozenset(_SENTENCES)


def _parameters(reason: Reason, t: Translator) -> dict[str, object]:
    currency = reason.parameters.get("currency")
    return {
        name: t.money(Money(amount=value, currency=currency))
        if name in _AMOUNTS and isinstance(value, int) and isinstance(currency, str)
        else _shown(name, value, t)
        for name, value in reason.parameters.items()
    }


def _state(name: str, value: str, t: Translator) -> str:
    """Raise ValueError for a state that does not exist (any more)."""
    match name:
        case "state":
            return words.request_state(RequestState(value), t)
        case "subscription_status":
            return words.subscription_status(SubscriptionStatus(value), t)
        case "invoice_state":
            return words.sales_state(InvoiceState(value), t)
        case _:
            return words.account_status(AccountStatus(value), t)


def _shown(name: str, value: Parameter, t: Translator) -> object:
    """A parameter as people call it. What cannot be read (an old row) is shown as it is."""
    try:
        match name, value:
            case "permission", str():
                return words.permission(Permission(value), t)
            case (("state" | "subscription_status" | "status" | "invoice_state"), str()):
                return _state(name, value, t)
            case "brand", str():
                return words.brand(value, t)
            case "country", str():
                return t.country(value)
            case "until", str():
                return datetime.fromisoformat(value)
            case "at", str():
                return t.datetime(datetime.fromisoformat(value))
            case (("first" | "last" | "since"), str()):
                return t.day(value)
            case "label", (str(en), str(de)):
                return Label(en=en, de=de).in_(t.language)
            case "limits", tuple():
                return t.list(int(one) for one in value)
            case _, tuple():
                return t.list(value)
    except ValueError:
        pass
    return value
