"""The card of an invoice that a manager has to grant, and the form of a rejection."""

from __future__ import annotations

from collections.abc import Iterator

from billing.change_requests.model import RequestState
from billing.ids import ContactId, SalesInvoiceId
from billing.invoices.approving import ApprovalView
from billing.invoices.model import Approval, SalesInvoice
from blocks import kit, ways, words
from blocks.graphemes import fit
from blocks.invoices import figures
from blocks.invoices.ids import Id
from blocks.invoices.review import exceeds
from blocks.texts import Mrkdwn, Translator, bold, escape, joined


def approval_card(shown: ApprovalView, t: Translator, *, to_asker: bool = False) -> kit.Message:
    """For managers, and for whoever asked, who goes on from there. Buttons to decide only while it can be decided."""
    invoice, approval, totals = shown.invoice, shown.approval, shown.totals
    text, title = _asked_or_decided(shown, t)
    blocks: list[kit.Block] = [
        kit.section(
            joined(
                [
                    title,
                    t("Invoice for {customer}", customer=invoice.contact_name),
                    escape(fit(approval.decisions[0].note, 1000)),
                ]
            )
        ),
        *kit.fields(
            {
                t("At full price"): t.money(totals.undiscounted),
                t("Given off"): t.money(totals.given),
                t("Total with tax"): t.money(totals.total),
                t("Lines"): t.number(len(totals.lines)),
            }
        ),
        *([kit.section(joined(exceeds(shown.exceeds, t)))] if shown.exceeds else []),
        *kit.rows(figures.line_row(one, t) for one in totals.lines[:10]),
    ]
    blocks += _decided(shown, t)
    buttons = [ways.invoice(invoice.id, t)]
    if approval.state is RequestState.FILED and not shown.outdated:
        buttons = [*deciding(invoice, approval, t), *buttons]
    elif to_asker and approval.state is RequestState.APPROVED and not shown.outdated and not invoice.number:
        buttons.insert(0, kit.button(t("Review and send"), Id.TO_REVIEW, value=invoice.id, style="primary"))
    blocks.append(kit.actions(*buttons))
    return kit.Message(text=text, blocks=blocks)


def _asked_or_decided(shown: ApprovalView, t: Translator) -> tuple[str, Mrkdwn]:
    """What the message is about: without markup, where it is announced, and with it, above the card."""
    names = {"name": shown.approval.filed_by.name, "customer": shown.invoice.contact_name}
    match shown.approval.state:
        case RequestState.APPROVED:
            return (
                t("Approved: invoice for {customer}", **names),
                t.rich("👍 *Approved; {name} had asked*", **names),
            )
        case RequestState.REJECTED:
            return (
                t("Not approved: invoice for {customer}", **names),
                t.rich("👎 *Not approved; {name} had asked*", **names),
            )
        case _:
            return (
                t("{name} asks for an approval: invoice for {customer}", **names),
                t.rich("🔒 *{name} asks for an approval*", **names),
            )


def deciding(invoice: SalesInvoice, approval: Approval, t: Translator) -> list[kit.Element]:
    """The buttons of those who decide."""
    sure = kit.confirm(
        t("Approve it?"),
        t("{name} may then send exactly this invoice.", name=fit(approval.filed_by.name, 200)),
        yes=t("Approve"),
        no=t("No"),
    )
    return [
        kit.button(t("Approve"), Id.APPROVE, value=invoice.id, style="primary", confirm=sure),
        kit.button(t("Reject"), Id.REJECT, value=invoice.id, style="danger"),
    ]


def approval_reminder(shown: ApprovalView, t: Translator, *, in_channel: bool) -> kit.Message:
    """That nobody has decided yet. The buttons are on the card only, in the managers' channel or further up."""
    filing = shown.approval.decisions[0]
    said = t("The invoice for {customer} still waits for a decision.", customer=shown.invoice.contact_name)
    where = t("Its card is in the managers’ channel.") if in_channel else t("Its card is further up in these messages.")
    asked = t("{name} asked for it, {when}.", name=shown.approval.filed_by.name, when=filing.at)
    return kit.Message(
        text=said,
        blocks=[
            kit.section(joined([joined(["⏰", bold(said)], by=" "), escape(asked), where])),
            kit.actions(ways.invoice(shown.invoice.id, t)),
        ],
    )


def reject_form(contact: ContactId, invoice: SalesInvoiceId, t: Translator) -> kit.Modal:
    return kit.Modal(
        title=t("Reject"),
        blocks=[
            kit.field_input(
                t("Why not?"), kit.text_input("invoice.note", at_most=1000, multiline=True), block_id="note"
            )
        ],
        callback_id=Id.REJECT_FORM,
        submit=t("Reject"),
        close=t("Cancel"),
        metadata={"contact": contact, "invoice": invoice},
    )


def _decided(shown: ApprovalView, t: Translator) -> Iterator[kit.Block]:
    approval, last = shown.approval, shown.approval.last
    if approval.state is not RequestState.FILED and last.by:
        line: Mrkdwn = t.rich(
            "*{name}*: {state}, {when}",
            name=last.by.name
            if last.by.instead_of is None
            else t("{name} (for {absent})", name=last.by.name, absent=last.by.instead_of),
            state=words.request_state(approval.state, t),
            when=last.at,
        )
        yield kit.context(joined([line, escape(last.note)]))
    elif shown.outdated:
        yield kit.context(t("The draft was changed since. What it is now has to be asked for anew."))
