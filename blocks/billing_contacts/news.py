"""What managers are told at once: an account that was locked, and a change that was reported as a fraud."""

from __future__ import annotations

from datetime import datetime

from billing.billing_contacts.changing import BillingContactChanged
from billing.billing_contacts.model import Guard, Link, Proof
from billing.contacts import Contact
from blocks import kit, ways
from blocks.billing_contacts.ids import Id
from blocks.billing_contacts.overview import address, lift
from blocks.graphemes import fit
from blocks.kit import Message
from blocks.texts import Mrkdwn, Translator, bold, joined, later


def locked(contact: Contact, proof: Proof, who: str, until: datetime, t: Translator) -> Message:
    """Too many wrong answers about the card (G11). `who` is the staff member who asked."""
    return Message(
        text=t("Locked after wrong answers about the card: {customer}", customer=_customer(contact)),
        blocks=[
            kit.section(
                joined(
                    [
                        t.rich("🔒 *Wrong answers about the card of {customer}*", customer=_customer(contact)),
                        t.rich(
                            "{requester} could not tell {who} what is on the card. The card of this account cannot be "
                            "verified before {until}.",
                            requester=fit(proof.requester, 200),
                            who=fit(who, 200),
                            until=until,
                        ),
                    ]
                )
            ),
            _buttons(contact, Guard(locked_until=until), t),
        ],
    )


def frozen_report(
    contact: Contact, link: Link, receipt: BillingContactChanged, t: Translator, *, frozen_at: datetime | None
) -> Message:
    """The former billing contact says that the change was not in order."""
    lines: list[str] = [
        t.rich("🚨 *“This was not me”: {customer}*", customer=_customer(contact)),
        t.rich(
            "{name} reports that the change of the billing contact on {day} was not in order.",
            name=fit(link.name, 200),
            day=receipt.effective_on,
        ),
        _frozen(t) if frozen_at else t.rich("Further changes are *not* frozen."),
    ]
    before, after = receipt.before, receipt.after
    return Message(
        text=t("A change of the billing contact was reported: {customer}", customer=_customer(contact)),
        blocks=[
            kit.section(joined(lines)),
            *kit.fields(
                {
                    t("Before"): joined([bold(fit(before.name, 200)), fit(before.email, 300), address(before, t)]),
                    t("Changed to"): joined([bold(fit(after.name, 200)), fit(after.email, 300), address(after, t)]),
                    t("Asked for by"): fit(receipt.requester, 300),
                }
            ),
            _buttons(contact, Guard(frozen_at=frozen_at), t),
        ],
    )


# What the letter was about, and so what somebody does not know now.
_LETTERS = {
    "former": later("They do not know of the change, and could not say that it was not in order."),
    "new": later("They do not know that they are the billing contact now."),
    "edit": later("They do not have the link for changing the billing details."),
    "recipients": later("They do not know who else gets their invoices now."),
    "locked": later("They do not know that somebody could not tell what is on the card."),
}


def letter_not_sent(contact: Contact, kind: str, email: str, t: Translator) -> Message:
    """A letter to a customer did not get out; whoever reads this can reach them another way."""
    title = t.rich(
        "📭 *An e-mail about the billing contact of {customer} could not be sent*", customer=_customer(contact)
    )
    to = t("It was for {email}.", email=fit(email, 300)) if email else t("There is no address for it.")
    what = t(_LETTERS[kind])
    return Message(
        text=t("An e-mail about the billing contact could not be sent: {customer}", customer=_customer(contact)),
        blocks=[
            kit.section(joined([title, to, what, t("Please tell them another way.")])),
            _buttons(contact, Guard(), t),
        ],
    )


def _frozen(t: Translator) -> Mrkdwn:
    return t.rich("Further changes of this account are *frozen* until a manager lifts that.")


def _customer(contact: Contact) -> str:
    return fit(contact.company or contact.name, 200)


def _buttons(contact: Contact, to_lift: Guard, t: Translator) -> kit.Block:
    return kit.actions(
        kit.button(t("Billing contact"), Id.OPEN, value=contact.id, style="primary"),
        ways.card(contact.id, t),
        *([lift(contact.id, to_lift, t)] if to_lift.held_by else []),
    )
