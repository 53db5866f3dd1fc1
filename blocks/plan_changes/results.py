"""What came of it: being worked out, done, planned, waiting, declined, refused, delayed, expired (A17, A23, A31, H30).

Each result is an `Answer`: `.modal(t)` for the open modal, `.message()` for the direct message if it was closed.
"""

from __future__ import annotations

from billing.catalogue import Catalogue
from billing.contacts import Contact, InvoiceStatus
from billing.errors import Reason
from billing.ids import ContactId, OperationId
from billing.plan_changes import ChangeCalledOff, DeclinedChange, PlanChanged, PlanChangeReviewed
from blocks import declines, kit, payment_links, payment_methods, refusals, ways, words
from blocks.answers import Answer
from blocks.graphemes import fit
from blocks.plan_changes import wording
from blocks.plan_changes.ids import Id
from blocks.plan_changes.review import meaning
from blocks.texts import Mrkdwn, Translator, bold, escape, joined, link


def pricing(t: Translator) -> kit.Modal:
    """The form was submitted: Stripe is asked what the change costs."""
    return kit.Modal(
        title=t("One moment"),
        blocks=[
            kit.section(t.rich("⏳ *The price is being worked out.* It appears here in a moment.")),
            kit.context(t("Nothing has been changed and nothing charged.")),
        ],
        close=t("Close"),
        clear_on_close=True,
    )


def changing(t: Translator) -> kit.Modal:
    """The answer to the confirmation: it is safely written down and under way."""
    return kit.Modal(
        title=t("One moment"),
        blocks=[
            kit.section(t.rich("⏳ *The change is on its way.* The result appears here in a moment.")),
            kit.context(t("This window may be closed: the result then comes as a direct message.")),
        ],
        close=t("Close"),
        clear_on_close=True,
    )


def priced(shown: PlanChangeReviewed, operation: OperationId, t: Translator) -> kit.Message:
    """The window was closed before the price was there."""
    name, due = shown.assessment.contact.name, shown.preview.due
    return kit.Message(
        text=t("The change for {name} can be reviewed.", name=name),
        blocks=[
            kit.section(
                t.rich(
                    "🧮 *The change for {name} can be reviewed.* Charged now: {amount}", name=fit(name, 300), amount=due
                )
            ),
            kit.actions(
                kit.button(t("Review"), Id.SHOW_REVIEW, value=operation, style="primary"),
                ways.card(shown.assessment.contact.id, t),
            ),
        ],
    )


def raising(shown: PlanChangeReviewed, t: Translator) -> Answer:
    """The limit is reached and rises by itself, as was agreed (AX5); what came of it follows."""
    assessment = shown.assessment
    return Answer(
        title=t("Limit is being raised"),
        text=t("The contact limit of {name} is reached and is being raised.", name=assessment.contact.name),
        blocks=[
            kit.section(
                t.rich(
                    "🎚️ *The contact limit of {name} is reached.* "
                    "As agreed it is being raised from {before} to {after}.",
                    name=fit(assessment.contact.name, 300),
                    before=assessment.before.limit or 0,
                    after=assessment.after.limit or 0,
                )
            ),
            kit.actions(ways.plan(assessment.contact.id, t, change=False)),
        ],
    )


def not_raised(contact: Contact, reason: Reason, t: Translator) -> kit.Message:
    """To managers: a limit that should have risen by itself did not (AX5), and nobody else will arrange it."""
    name = contact.name or contact.email
    account = contact.account
    return kit.Message(
        text=t("The contact limit of {name} was not raised.", name=name),
        blocks=[
            kit.section(
                joined(
                    [
                        t.rich(
                            "🎚️ *The contact limit of {name} is reached and was not raised*, although that was agreed.",
                            name=fit(name, 300),
                        ),
                        t(
                            "{used} contacts are active; the limit is {limit}.",
                            used=account.active_contacts,
                            limit=account.contact_limit or 0,
                        ),
                        refusals.sentence(reason, t),
                        t(
                            "It is not tried again by itself. The customer was asked to reply by e-mail if they want "
                            "a higher limit."
                        ),
                    ]
                )
            ),
            kit.actions(ways.plan(contact.id, t, change=False), ways.card(contact.id, t)),
        ],
    )


def changed(receipt: PlanChanged, catalogue: Catalogue, t: Translator, stripe_url: str) -> Answer:
    """It is done, or planned for the end of the period. `stripe_url` is the subscription's page at Stripe."""
    assessment = receipt.assessment
    contact = assessment.contact
    if receipt.effective_at:
        title = t("Change planned")
        text = t("The change for {name} is planned for {day}.", name=contact.name, day=t.day_of(receipt.effective_at))
        icon = "🗓️"
    else:
        title, icon = t("Plan changed"), "✅"
        text = t("The plan of {name} is changed.", name=contact.name)
    cadence = assessment.cadence
    renewal = words.per_cycle(t.money(receipt.preview.renewal), cadence.interval, cadence.count, t)
    blocks: list[kit.Block] = [
        kit.section(joined([icon, bold(fit(text, 500))], by=" ")),
        kit.section(wording.differences(assessment.differences, catalogue, t)),
        *kit.fields(
            {
                t("Charged now"): _charged(receipt, t),
                t("Payment method"): words.method(receipt.method, t) if receipt.method else "",
                t("From {day} on", day=t.day_of(receipt.preview.renews_at)): renewal,
                t("Invoice"): _invoice(receipt),
            }
        ),
        *meaning(assessment, catalogue, t),
    ]
    if receipt.superseded:
        blocks.append(kit.context(t("⏭️ The open request about this subscription is over: this change took its place.")))
    return Answer(
        title=title,
        text=text,
        blocks=[
            *blocks,
            kit.actions(
                ways.plan(contact.id, t, change=False),
                ways.card(contact.id, t),
                kit.button(t("Open in Stripe"), Id.OPEN_STRIPE, url=stripe_url),
            ),
        ],
    )


def waiting(receipt: PlanChanged, catalogue: Catalogue, t: Translator, *, mailed: bool = True) -> Answer:
    """The link is out; the change is made by itself when the customer has added a method (H31)."""
    contact = receipt.assessment.contact
    return payment_links.sent(
        contact.name,
        t("The link for {name} is ready. The plan changes as soon as a payment method was added.", name=contact.name),
        joined(
            [
                wording.differences(receipt.assessment.differences, catalogue, t),
                t.rich(
                    "This is changed by itself as soon as the customer has added a payment method. At most {amount} is "
                    "charged then, for the rest of the period. Until then everything stays as it is.",
                    amount=receipt.preview.due,
                ),
            ]
        ),
        receipt.link,
        [ways.plan(contact.id, t, change=False), ways.card(contact.id, t)],
        t,
        mailed=mailed,
    )


def expired(contact: ContactId, name: str, t: Translator) -> Answer:
    """The customer did not use the link in time; somebody should know."""
    return payment_links.expired(
        t("{name} did not use the payment link in time. The plan stays as it is.", name=name),
        t.rich(
            "⌛ *{name} did not use the payment link in time.* The plan stays as it is, and nothing was charged.",
            name=fit(name, 300),
        ),
        [ways.plan(contact, t, change=False), ways.card(contact, t)],
        t,
    )


def called_off(receipt: ChangeCalledOff, t: Translator) -> Answer:
    """A lower limit that waited is called off, unless its day had come before (K3, HX17)."""
    contact = receipt.contact
    if receipt.too_late:
        title, icon = t("In effect already"), "✅"
        said = t("The change for {name} was in effect before Stripe could be told.", name=contact.name)
    else:
        title, icon = t("Plan kept"), "🔒"
        said = t("The planned change for {name} is called off. The plan stays as it is.", name=contact.name)
    return Answer(
        title=title,
        text=said,
        blocks=[
            kit.section(joined([icon, bold(fit(said, 500))], by=" ")),
            kit.actions(ways.plan(contact.id, t, change=False), ways.card(contact.id, t)),
        ],
    )


def declined(shown: DeclinedChange, code: str, operation: OperationId, t: Translator) -> Answer:
    """The bank said no: why, that nothing was changed, the other methods on file, and a link for adding one (H30).

    `code` is Stripe's decline code, `operation` is the one that was declined.
    """
    contact = shown.reviewed.assessment.contact
    used = words.method(shown.used, t) if shown.used else t("the customer’s default method")
    reason = declines.sentence(code, t)
    options = payment_methods.options(shown.others, shown.link_to, t)
    return Answer(
        title=t("Payment refused"),
        text=t("The payment for {name} was refused. {reason}", name=contact.name, reason=reason),
        blocks=[
            kit.section(joined([t.rich("❌ *The payment was refused: {method}*", method=used), reason])),
            kit.section(
                t.rich(
                    "{amount} would have been charged to *{name}*. Nothing was changed and nothing was charged.",
                    amount=shown.reviewed.preview.due,
                    name=fit(contact.name, 300),
                )
            ),
        ],
        in_modal=[_other_method(options, t), kit.actions(_change_selection(operation, t), ways.card(contact.id, t))],
        in_message=[
            kit.actions(
                kit.button(t("Choose another way to pay"), Id.PAY_OTHERWISE, value=operation, style="primary"),
                _change_selection(operation, t),
                ways.card(contact.id, t),
            )
        ],
        callback_id=Id.RETRY,
        submit=t("Try again"),
        metadata={"contact": contact.id, "preview": shown.preview},
        final=False,
    )


def refused(reason: Reason, contact: ContactId, operation: OperationId | None, t: Translator) -> Answer:
    """A rule said no. `operation`: offer the form again, as it was filled in."""
    again = [kit.button(t("Review again"), Id.EDIT, value=operation, style="primary")] if operation else []
    return Answer(
        title=t("Not possible"),
        text=refusals.sentence(reason, t),
        blocks=[
            kit.section(
                joined([t.rich("🚫 *Nothing was changed and nothing was charged.*"), refusals.sentence(reason, t)])
            ),
            kit.actions(*again, ways.card(contact, t)),
        ],
        final=False,
    )


def delayed(t: Translator) -> Answer:
    """Stripe does not answer; the operation is safe and goes on by itself."""
    return Answer(
        title=t("Still under way"),
        text=t("Stripe does not answer at the moment. Kontor keeps trying and reports back."),
        blocks=[
            kit.section(
                joined(
                    [
                        t.rich("⏳ *Stripe does not answer at the moment.*"),
                        t("Kontor keeps trying and reports back by direct message. Nothing is charged twice."),
                    ]
                )
            ),
            kit.context(t("Please do not ask for the change a second time.")),
        ],
    )


def _other_method(options: list[kit.Option], t: Translator) -> kit.Block:
    """Another method on file, or a link; without a choice the same is tried again, say after a call."""
    if not options:
        return kit.context(
            t("No other payment method is on file, and there is no e-mail address to which a link could go.")
        )
    return kit.field_input(
        t("Another payment method"),
        kit.choice(Id.METHOD, options),
        block_id="payment_method",
        optional=True,
        hint=t("It pays for the subscription from now on. Empty: the same one is tried again."),
    )


def _change_selection(operation: OperationId, t: Translator) -> kit.Element:
    return kit.button(t("Change the selection"), Id.EDIT, value=operation)


def _charged(receipt: PlanChanged, t: Translator) -> str:
    if receipt.effective_at:
        return t("nothing")
    if receipt.preview.total.amount < 0:
        return t("nothing; {amount} credited to the balance", amount=-receipt.preview.total)
    if receipt.invoice and receipt.invoice.status is InvoiceStatus.PAID:
        return t("{amount}, paid", amount=receipt.invoice.total.with_amount(receipt.invoice.paid))
    if receipt.assessment.subscription.by_invoice:
        return t("{amount}, by invoice", amount=receipt.preview.due)
    return t.money(receipt.preview.due)


def _invoice(receipt: PlanChanged) -> Mrkdwn:
    if not receipt.invoice:
        return Mrkdwn()
    number = receipt.invoice.number or receipt.invoice.id
    return link(receipt.invoice.url, number) if receipt.invoice.url else escape(number)
