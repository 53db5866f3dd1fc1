"""E-mails of a few plain sentences: to customers about their requests for a change (A28), and near their limit (A3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage

from billing.catalogue import Business, Catalogue
from billing.change_requests.filing import is_at_once
from billing.change_requests.lists import RequestView
from billing.change_requests.model import Act, ChangeRequest, Decision
from billing.contacts import Contact, Member
from billing.errors import Declined, Reason
from billing.usage import REACHED
from blocks import mails, readers
from blocks.change_requests import facts
from blocks.texts import Translator, later


@dataclass(frozen=True)
class Letter:
    """What the template `letter` shows, in the customer's language."""

    name: str
    subject: str
    lead: str
    closing: str
    rows: tuple[tuple[str, str], ...] = ()
    listed_under: str = ""
    listed: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()


# What the customer is told, by what was done last: subject and first sentence. Questions stay among colleagues.
_TOLD: Mapping[Act, tuple[str, str]] = {
    Act.FILE: (later("Your request for a change of plan"), later("We have received your request:")),
    Act.SCHEDULE: (
        later("Your change of plan is approved"),
        later("Your request was approved. The change takes effect on {day}:"),
    ),
    Act.TAKE_EFFECT: (later("Your plan has changed"), later("The change you asked for is now in effect:")),
    Act.REJECT: (
        later("Your request for a change of plan"),
        later("Your request was not approved. Your plan stays as it is. This is what you asked for:"),
    ),
    Act.WITHDRAW: (
        later("Your request for a change of plan was withdrawn"),
        later("Your request was withdrawn. Your plan stays as it is. This is what you asked for:"),
    ),
    Act.KEEP: (
        later("You keep your plan"),
        later("The planned change was cancelled. Your plan stays as it is. This was planned:"),
    ),
    Act.SUPERSEDE: (
        later("Your earlier request no longer applies"),
        later("Your plan has been changed in the meantime, so this earlier request no longer applies:"),
    ),
    Act.FAIL: (
        later("We could not change your plan"),
        later("We could not make the change you asked for, and will get in touch with you. You asked for:"),
    ),
}


def is_told(act: Act) -> bool:
    """Whether the customer gets a mail when that was done."""
    return act in _TOLD


def about_request(view: RequestView, done: Decision, contact: Contact, catalogue: Catalogue) -> EmailMessage:
    """What was done with the request, to the address that was given for it.

    Raises ValueError when that is none, KeyError for what the customer is not told.
    """
    request = view.request
    t = readers.customer(contact, catalogue.business)
    subject, lead = _TOLD[done.act]
    day = t.day_of(request.effective_at) if request.effective_at else ""
    loses = done.act in (Act.FILE, Act.SCHEDULE, Act.TAKE_EFFECT)
    return _mail(
        Letter(
            name=request.requester_name,
            subject=t(subject),
            lead=t(lead, day=day),
            rows=tuple(_rows(view, done, catalogue, t)),
            listed_under=t("No longer included:"),
            listed=tuple(one.in_(t.language) for one in request.impact.lost) if loses else (),
            paragraphs=tuple(_paragraphs(view, done, catalogue, t)),
            closing=t("Questions? Simply reply to this e-mail."),
        ),
        request.reply_to,
        catalogue.business,
        t,
    )


def near_limit(
    member: Member, contact: Contact, percent: int, business: Business, *, rises_by_itself: bool
) -> EmailMessage:
    """So much of the limit is used; nothing changes by itself (A3), unless it was agreed and can be done (AX5)."""
    t = readers.customer(contact, business)
    reached = percent >= REACHED
    subject = t("{percent}% of your contact limit is used", percent=percent)
    return _about_limit(
        member,
        contact,
        t("Your contact limit is reached") if reached else subject,
        tuple(_what_now(t, reached=reached, rises_by_itself=rises_by_itself)),
        business,
        t,
    )


def limit_not_raised(member: Member, contact: Contact, reason: Reason, business: Business) -> EmailMessage:
    """It was agreed that the limit rises by itself (AX5), and that was not possible."""
    t = readers.customer(contact, business)
    if reason.key == Declined.__name__:
        why = t("As agreed, the next higher limit was to be bought, but the payment was declined.")
    else:
        why = t("As agreed, the next higher limit was to be bought, but that was not possible.")
    next_ = (
        t("Your plan and its price stay as they are."),
        t("This is not tried again by itself: reply to this e-mail, and we arrange a higher limit."),
    )
    return _about_limit(member, contact, t("Your contact limit was not raised"), (why, *next_), business, t)


def _about_limit(
    member: Member, contact: Contact, subject: str, paragraphs: tuple[str, ...], business: Business, t: Translator
) -> EmailMessage:
    account = contact.account
    return _mail(
        Letter(
            name=member.name,
            subject=subject,
            lead=t(
                "The account of {name} has {used} active contacts; its limit is {limit}.",
                name=contact.name,
                used=account.active_contacts,
                limit=account.contact_limit or 0,
            ),
            paragraphs=paragraphs,
            closing=t("Questions? Simply reply to this e-mail."),
        ),
        member.email,
        business,
        t,
    )


def _mail(letter: Letter, address: str, business: Business, t: Translator) -> EmailMessage:
    return mails.compose(
        business, name=letter.name, address=address, subject=letter.subject, template="letter", letter=letter, t=t
    )


def _rows(view: RequestView, done: Decision, catalogue: Catalogue, t: Translator) -> Iterator[tuple[str, str]]:
    request = view.request
    for one in request.differences:
        yield facts.difference(one, catalogue, t)
    yield t("Price before discount and tax"), facts.money(view, t)
    if request.wished and done.act is Act.FILE:
        yield t("Wished for"), t("not before {day}", day=request.wished)


def _paragraphs(view: RequestView, done: Decision, catalogue: Catalogue, t: Translator) -> Iterator[str]:
    match done.act:
        case Act.FILE:
            yield t("We will look at it and write to you as soon as it is decided. Until then nothing changes.")
            yield _when(view.request, catalogue, t)
        case Act.SCHEDULE:
            yield t("Until that day everything stays as it is.")
            yield t("Have you changed your mind? Reply before that day and you will keep your plan.")
        case _:
            pass
    if done.act in (Act.SCHEDULE, Act.TAKE_EFFECT) and view.request.impact.lost:
        yield t("Automations that use what is no longer included will be switched off with the change.")


def _when(request: ChangeRequest, catalogue: Catalogue, t: Translator) -> str:
    if request.wished is None and is_at_once(catalogue.plan_changes, request.impact):
        return t("If it is approved, it takes effect at once.")
    return t("If it is approved, it takes effect at the end of a billing period, with the new price from then on.")


def _what_now(t: Translator, *, reached: bool, rises_by_itself: bool) -> Iterator[str]:
    if rises_by_itself and reached:
        yield t("As agreed, the next higher limit is being bought. Should that not be possible, we will write to you.")
        return
    if rises_by_itself:
        yield t("As agreed, the next higher limit will be bought when you reach your limit. You need not do anything.")
        return
    yield t("Your plan does not change by itself.")
    if reached:
        yield t("To add more contacts you need a higher limit: reply to this e-mail and we will arrange it.")
    else:
        yield t("If you expect more contacts, reply to this e-mail and we will arrange a higher limit.")
