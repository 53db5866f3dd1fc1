"""The page of the billing contact: who it is, whom that may be told, and the ways to change it (G1 to G21, GX1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from billing.billing_contacts.model import BillTo, Guard
from billing.billing_contacts.rules import member_key
from billing.billing_contacts.showing import Asked, Overview
from billing.catalogue import Catalogue
from billing.contacts import Contact, Member, Portal
from billing.errors import Reason
from billing.ids import ContactId
from billing.roles import Permission
from blocks import kit, refusals, timelines, ways, words
from blocks.billing_contacts.ids import NOT_LISTED, Id
from blocks.graphemes import fit
from blocks.texts import Mrkdwn, Translator, bold, joined, one_line

_MOST_PEOPLE = 99  # in a menu, beside "somebody who is not listed"


def overview(shown: Overview, catalogue: Catalogue, t: Translator) -> kit.Modal:
    contact = shown.contact
    return kit.Modal(
        title=t("Billing contact"),
        blocks=[
            kit.header(one_line(contact.company) or one_line(contact.name) or contact.id),
            kit.section(
                joined(
                    [
                        joined(["👤", bold(fit(shown.current.name, 200)) or t("not known")], by=" "),
                        one_line(fit(shown.current.email, 300)),
                    ]
                )
            ),
            kit.context(
                t(
                    "The billing contact may change the plan, payment and billing information, and other settings of "
                    "the account."
                )
            ),
            *kit.fields(
                {
                    t("Bill to"): address(shown.before, t),
                    t("Tax id"): shown.before.tax_id or t("none"),
                    t("Account"): _kind(contact, t),
                    t("Invoices also go to"): ", ".join(shown.recipients) or t("nobody else"),
                }
            ),
            kit.divider(),
            *_who_asks(shown, t),
            kit.divider(),
            *_ways(shown, t),
            *_history(shown, catalogue, t),
        ],
        callback_id=Id.VIEW,
        close=t("Close"),
        metadata={"contact": contact.id},
    )


def address(one: BillTo, t: Translator) -> str:
    """The parts of an address as one line, without the person."""
    at = one.address
    town = " ".join(part for part in (at.postal_code, at.city) if part)
    return fit(
        ", ".join(one_line(part) for part in (at.line1, at.line2, town, at.state, t.country(at.country)) if part), 1500
    )


def people_menu(contact: Contact, t: Translator) -> list[kit.Option]:
    """The people at the customer, each once, with their rights."""
    people: dict[str, Member] = {}
    for member in contact.members:
        people.setdefault(member_key(member), member)
    return [
        kit.option(one_line(member.name) or member.email or "–", key, description=words.rights(member.rights, t))
        for key, member in list(people.items())[:_MOST_PEOPLE]
    ]


def _kind(contact: Contact, t: Translator) -> str:
    kind = words.portal(contact.account.portal, t)
    return f"{kind}, {words.account_status(contact.account.status, t)}"


# Who asks


def _who_asks(shown: Overview, t: Translator) -> Iterator[kit.Block]:
    options = [*people_menu(shown.contact, t), kit.option(t("Somebody who is not listed"), NOT_LISTED)]
    yield kit.section(t.rich("*Does somebody ask who it is?* Choose who asks; it is noted in the history."))
    yield kit.actions(
        kit.select(
            Id.ASKED,
            options,
            placeholder=t("Who is asking?"),
            initial=shown.asked.key if shown.asked else None,
        ),
        block_id="asked",
    )
    if shown.asked:
        yield kit.section(_answer(shown.asked, t))


def _answer(asked: Asked, t: Translator) -> Mrkdwn:
    if asked.may_be_told:
        return t.rich("✅ *Yes.* {name} may be told who the billing contact is.", name=asked.name or "")
    if asked.name:
        return t.rich(
            "⛔ *No.* {name} may not be told. Only the billing contact and account admins may know.", name=asked.name
        )
    return t.rich("⛔ *No.* Somebody who is not listed at this account is told nothing about it.")


# The ways to change it


def _ways(shown: Overview, t: Translator) -> Iterator[kit.Block]:
    yield kit.section(joined([t.rich("*How it is changed*"), *_explained(shown, t)]))
    for reason in shown.stops:
        yield kit.section(joined(["🔒", refusals.sentence(reason, t)], by=" "))
    yield kit.actions(*_buttons(shown, t))


def _explained(shown: Overview, t: Translator) -> Iterator[str]:
    yield t.rich(
        "• *With proof:* the card’s holder or an account admin tells you the last four digits and the expiry of "
        "the card on file."
    )
    if shown.self_service:
        yield t.rich("• *By themselves:* the billing contact gets a link to a page for name and address.")
    elif shown.contact.account.portal is Portal.CORPORATE:
        yield t.rich("• There is no link for corporate accounts: only support changes the billing contact.")


def _buttons(shown: Overview, t: Translator) -> Iterator[kit.Element]:
    contact = shown.contact.id
    if Permission.CHANGE_BILLING_CONTACT in shown.may:
        if not shown.stops:
            yield kit.button(t("Change with proof"), Id.VERIFY, value=contact, style="primary")
        if shown.self_service and not is_stopped(shown.stops):
            yield kit.button(t("Send link"), Id.SEND_LINK, value=contact, confirm=_really_send(shown, t))
        if not is_stopped(shown.stops):
            yield kit.button(t("Invoice recipients"), Id.RECIPIENTS, value=contact)
    yield kit.button(t("Why can’t I change this?"), Id.WHY, value=contact)
    if Permission.UNLOCK_BILLING_CONTACT in shown.may and shown.guard.held_by:
        yield lift(contact, shown.guard, t)
    yield ways.card(contact, t)


def is_stopped(stops: Iterable[Reason]) -> bool:
    """What stops the link and the recipients, too: not what is about the card."""
    return any(one.key not in ("NoCardOnFile", "VerificationLocked") for one in stops)


def _really_send(shown: Overview, t: Translator) -> kit.Confirm:
    return kit.confirm(
        t("Send the link?"),
        t("It goes to {email}, the address on file, and to nobody else.", email=fit(shown.current.email, 150)),
        yes=t("Send"),
        no=t("Cancel"),
    )


def lift(contact: ContactId, seen: Guard, t: Translator) -> kit.Element:
    """Lifts what is seen there, and nothing that came later."""
    confirm = kit.confirm(
        t("Lift the lock?"),
        t("Please talk to the customer first: somebody may have tried to take over the account."),
        yes=t("Lift"),
        no=t("Cancel"),
        danger=True,
    )
    value = " ".join([contact, *sorted(seen.held_by)])
    return kit.button(t("Lift the lock"), Id.LIFT, value=value, style="danger", confirm=confirm)


def _history(shown: Overview, catalogue: Catalogue, t: Translator) -> Iterator[kit.Block]:
    if not shown.history:
        return
    yield kit.divider()
    yield kit.section(t.rich("*History*"))
    for one in shown.history:
        yield timelines.entry(one, catalogue, t)
