"""What came of it: working, changed, link sent, refused, delayed, failed."""

from __future__ import annotations

from billing.billing_contacts.changing import BillingContactChanged
from billing.billing_contacts.links import LinkSent
from billing.errors import Reason
from billing.ids import ContactId, OperationId
from blocks import kit, refusals, ways
from blocks.answers import Answer
from blocks.billing_contacts.ids import Id
from blocks.billing_contacts.overview import address
from blocks.graphemes import fit
from blocks.texts import Translator, bold, joined


def working(t: Translator) -> kit.Modal:
    """It is safely written down and under way."""
    return kit.Modal(
        title=t("One moment"),
        blocks=[
            kit.section(t.rich("⏳ *The change is on its way.* The result appears here in a moment.")),
            kit.context(t("This window may be closed: the result then comes as a direct message.")),
        ],
        callback_id="billing_contact.working",
        close=t("Close"),
        clear_on_close=True,
    )


def changed(receipt: BillingContactChanged, contact: ContactId, t: Translator, *, mailed: bool = True) -> Answer:
    """From when on it holds, what it was before, and who is told. `mailed`: there is a mail server."""
    before, after = receipt.before, receipt.after
    name, customer = fit(after.name, 200), fit(receipt.contact_name, 200)
    what = (
        t.rich("✅ *{name} is now the billing contact of {customer}.*", name=name, customer=customer)
        if before.email != after.email
        else t.rich("✅ *The billing details of {customer} were changed.*", customer=customer)
    )
    how = (
        t("Changed by {name} with the link.", name=fit(receipt.requester, 200))
        if receipt.by_link
        else t("Changed for {name}, who verified the card.", name=fit(receipt.requester, 200))
    )
    return Answer(
        title=t("Changed"),
        text=t("The billing contact of {customer} was changed.", customer=customer),
        blocks=[
            kit.section(joined([what, how])),
            *kit.fields(
                {
                    t("Before"): joined([bold(fit(before.name, 200)), fit(before.email, 300), address(before, t)]),
                    t("Now"): joined([bold(name), fit(after.email, 300), address(after, t)]),
                    t("Tax id"): after.tax_id or t("none"),
                    t("In effect"): _effect(receipt, t),
                }
            ),
            kit.context(_told(before.email, t, mailed=mailed)),
            kit.actions(kit.button(t("Billing contact"), Id.OPEN, value=contact), ways.card(contact, t)),
        ],
    )


def _told(former: str, t: Translator, *, mailed: bool) -> str:
    if not former:
        return t("Nobody was told: the former billing contact had no e-mail address.")
    if not mailed:
        return t("⚠️ The former billing contact cannot be told: no mail server is set up. Please call them.")
    return t("The former billing contact gets an e-mail, and can report the change if it was not in order.")


def _effect(receipt: BillingContactChanged, t: Translator) -> str:
    lines = [t("From {day} on, for all future invoices", day=receipt.effective_on)]
    if receipt.next_invoice:
        lines.append(t("Next invoice: {day}", day=receipt.next_invoice))
    if receipt.drafts:
        lines.append(t.count("{n} draft changed, too", "{n} drafts changed, too", receipt.drafts))
    return "\n".join(lines)


def link_sent(receipt: LinkSent, contact: ContactId, t: Translator, *, mailed: bool = True) -> Answer:
    """Without a mail server nobody gets the link, and the staff never sees it: it is the customer's proof."""
    name = fit(receipt.name, 200)
    if mailed:
        sentence = t.rich("📨 *The link is on its way to {name}* ({email}).", name=name, email=fit(receipt.email, 300))
    else:
        sentence = t.rich("⚠️ *The link cannot be sent:* no mail server is set up. Please tell an admin.")
    return Answer(
        title=t("Link sent") if mailed else t("Link not sent"),
        text=t("The link for {name} is ready.", name=name),
        blocks=[
            kit.section(sentence),
            kit.context(t("It works once, until {until}. You are told when it was used.", until=receipt.expires_at)),
            kit.actions(ways.card(contact, t)),
        ],
    )


def refused(reason: Reason, contact: ContactId, t: Translator, again: OperationId | None = None) -> Answer:
    """`again`: the operation whose form can be filled in again; the card needs no second verification."""
    sentence = refusals.sentence(reason, t)
    buttons = [kit.button(t("Change the details"), Id.AGAIN, value=again, style="primary")] if again else []
    return Answer(
        title=t("Not changed"),
        text=sentence,
        blocks=[
            kit.section(joined([t.rich("🚫 *Nothing was changed.*"), sentence])),
            kit.actions(*buttons, kit.button(t("Billing contact"), Id.OPEN, value=contact), ways.card(contact, t)),
        ],
    )


def delayed(contact: ContactId, t: Translator) -> Answer:
    """Stripe, or the register of VAT ids, does not answer yet; the change is safe and goes on by itself."""
    sentence = t("The change takes longer than usual. Kontor keeps trying and reports back by direct message.")
    return Answer(
        title=t("Still under way"),
        text=sentence,
        blocks=[
            kit.section(joined([t.rich("⏳ *Still under way.*"), sentence])),
            kit.context(t("Until then nobody else can change this billing contact.")),
            kit.actions(ways.card(contact, t)),
        ],
    )


def failed(reference: str, contact: ContactId, t: Translator) -> Answer:
    sentence = t("Something went wrong on our side. Please look at the billing contact before trying again.")
    return Answer(
        title=t("Something went wrong"),
        text=sentence,
        blocks=[
            kit.section(
                joined(
                    [
                        f"⚠️ {sentence}",
                        t.rich("If it happens again, give an admin this reference: `{reference}`", reference=reference),
                    ]
                )
            ),
            kit.actions(kit.button(t("Billing contact"), Id.OPEN, value=contact)),
        ],
    )
