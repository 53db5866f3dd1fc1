"""The customer's own pages: changing "Bill to", and saying that a change was not in order; without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache

from billing.billing_contacts.links import OpenedLink
from billing.billing_contacts.places import countries
from billing.catalogue import Business
from billing.errors import Reason
from billing.operations import State
from blocks import refusals
from blocks.templating import render
from blocks.texts import Translator, later

# Where the sentence for the staff would be none for a customer.
_FOR_CUSTOMERS = {
    "AccountExpired": later("The account has expired. Please write to us before you change the billing details."),
    "AccountNotActive": later("The account is not active. Please write to us before you change the billing details."),
    "BillingContactFrozen": later("A change was reported as not in order. We look at it before anything is changed."),
    "CardNumberEntered": later("That looks like a card number. It was not stored; please enter none here."),
    "LookalikeAddress": later("This address looks like one at {domain}, but is not. Please check every letter."),
    "NoSelfService": later("The billing details of this account are changed by our support only. Please write to us."),
    "TaxWouldChange": later("This would change the tax of your subscriptions. Please write to us, we do it with you."),
    "VendorsAddress": later("This is one of our own addresses. Please name one of your own people."),
}

FIELDS = ("name", "email", "line1", "line2", "postal_code", "city", "state", "country", "tax_id")


def bill_to(
    opened: OpenedLink,
    business: Business,
    t: Translator,
    csrf: str,
    typed: Mapping[str, str] | None = None,
    refused: Sequence[Reason] = (),
) -> str:
    """The form. `typed` is what stood in it when it was refused, so that nothing is typed twice."""
    before = opened.before
    on_file = {"name": before.name, "email": before.email, "tax_id": before.tax_id or ""} | before.address.model_dump()
    values = {name: (typed or on_file).get(name, "") for name in FIELDS}
    at_field = {one.field: _sentence(one, t) for one in reversed(refused) if one.field in FIELDS}
    return render(
        "bill_to_page.html",
        business=business,
        t=t,
        title=t("Billing details"),
        account=opened.contact.company or opened.contact.name,
        csrf=csrf,
        values=values,
        errors=at_field,
        problem="" if at_field or not refused else _sentence(refused[0], t),
        codes=countries(),
        countries=_countries(t.language),
    )


def used(state: State, business: Business, t: Translator) -> str:
    """What became of the change that the link was used for."""
    match state:
        case State.DONE:
            title, sentence = t("Saved"), t("The new details are in effect.")
        case State.ACCEPTED | State.WAITING:
            title = t("Received")
            sentence = t("Your change is on its way. You get an e-mail when it is in effect, usually within a minute.")
        case State.REFUSED | State.DECLINED | State.EXPIRED | State.FAILED:
            title = t("Not saved")
            sentence = t("Your change could not be made. Support has been told; nothing was changed.")
    return notice(title, sentence, business, t)


def report(day: date, account: str, business: Business, t: Translator, csrf: str) -> str:
    return render(
        "report_page.html",
        business=business,
        t=t,
        title=t("This was not me"),
        day=day,
        account=account,
        csrf=csrf,
    )


def reported(business: Business, t: Translator, *, frozen: bool) -> str:
    sentence = t("Thank you. Somebody looks at it at once and will get in touch with you.")
    if frozen:
        sentence = " ".join((sentence, t("Until then nothing more is changed.")))
    return notice(t("We have been told"), sentence, business, t)


def refused(reason: Reason, business: Business, t: Translator) -> str:
    """There is nothing to fill in: the link is none, is used or too old, or the account has to be settled first."""
    return notice(t("This is not possible"), _sentence(reason, t), business, t)


def notice(title: str, sentence: str, business: Business, t: Translator) -> str:
    return render("customer_page.html", business=business, t=t, title=title, sentence=sentence)


def _sentence(reason: Reason, t: Translator) -> str:
    """What the customer is told; who of the staff can help is not their business."""
    own = _FOR_CUSTOMERS.get(reason.key)
    said = t.template(own, **reason.parameters) if own else None
    return said or refusals.sentence(reason.model_copy(update={"who_can": ()}), t)


@cache
def _countries(language: str) -> tuple[tuple[str, str], ...]:
    """Code and name, in the order of the names."""
    t = Translator(language)
    return tuple(sorted(((code, t.country(code)) for code in countries()), key=lambda one: one[1].casefold()))
