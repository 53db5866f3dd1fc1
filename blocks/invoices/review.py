"""The review: everything that the customer will get, before it is sent (H28)."""

from __future__ import annotations

from collections.abc import Iterator

from billing.change_requests.model import RequestState
from billing.invoices.approving import Exceeded
from billing.invoices.reviewing import InvoiceReview
from blocks import kit, ways, words
from blocks.answers import Answer
from blocks.invoices import figures
from blocks.invoices.ids import Id
from blocks.texts import Translator, bold, escape, joined


def review(shown: InvoiceReview, t: Translator, document: str | None = None) -> kit.Modal:
    """The page before the invoice is sent. `document` is the address of what the customer would get."""
    invoice, details = shown.invoice, shown.invoice.details
    blocks: list[kit.Block] = [kit.section(t.rich("For {name}", name=bold(shown.contact.name)))]
    blocks += kit.rows(figures.line_row(one, t) for one in shown.totals.lines)
    blocks += [kit.divider(), *kit.rows(figures.sum_rows(shown.totals, details.discount, t)), kit.divider()]
    blocks += kit.fields(
        {
            t("Due on"): t.date(shown.due_on),
            t("Language"): words.language(details.language, t),
            t("Title"): details.title,
            t("Purchase order number"): details.order_number,
        }
    )
    blocks += kit.fields({one.name: one.value for one in details.fields})
    blocks.append(kit.section(joined([bold(t("Goes to")), *details.recipients])))
    for label, text in ((t("Message to the customer"), details.memo), (t("Terms"), details.terms)):
        if text:
            blocks.append(kit.section(joined([bold(label), escape(text)])))
    if shown.reverse_charge:
        blocks.append(
            kit.context(t("🧾 Reverse charge: the invoice has no VAT, the customer pays it to the own tax office."))
        )
    blocks += _standing(shown, t)
    blocks.append(kit.actions(*_buttons(shown, document, t)))
    waits = shown.approval is not None and shown.approval.state is RequestState.FILED and shown.exceeds is not None
    asks = shown.may_send and shown.exceeds is not None and not waits
    if asks:
        blocks.append(
            kit.field_input(
                t("Why should it be approved?"),
                kit.text_input("invoice.note", at_most=1000, multiline=True),
                block_id="note",
                optional=True,
            )
        )
    submit = t("Ask a manager") if asks else t("Send now") if shown.may_send and not shown.exceeds else None
    return kit.Modal(
        title=t("Review the invoice"),
        blocks=blocks,
        callback_id=Id.ASK if asks else Id.REVIEW,
        submit=submit,
        close=t("Back"),
        metadata={"contact": shown.contact.id, "invoice": invoice.id, "fingerprint": shown.fingerprint},
    )


def asked(shown: InvoiceReview, t: Translator) -> Answer:
    """A manager was asked; until then the invoice is a draft."""
    return Answer(
        title=t("A manager was asked"),
        text=t("A manager decides about the invoice for {name}.", name=shown.contact.name),
        blocks=[
            kit.section(
                joined(
                    [
                        t.rich("🙋 *A manager decides about the invoice for {name}.*", name=shown.contact.name),
                        t("It stays a draft until then. You are told as soon as it is decided."),
                    ]
                )
            ),
            kit.actions(ways.invoice(shown.invoice.id, t), ways.card(shown.contact.id, t)),
        ],
    )


def exceeds(found: Exceeded, t: Translator) -> Iterator[str]:
    """What is above the limit, in a sentence each."""
    if found.discount is not None and found.discount_limit is not None:
        yield t(
            "{given} are given off, {limit} may be given without asking.",
            given=t.percent(found.discount),
            limit=t.percent(found.discount_limit),
        )
    if found.total is not None and found.total_limit is not None:
        yield t(
            "The total is {given}, up to {limit} may be sent without asking.",
            given=found.total,
            limit=found.total_limit,
        )


def _standing(shown: InvoiceReview, t: Translator) -> Iterator[kit.Block]:
    """What the house says to it."""
    approval = shown.approval
    if shown.exceeds:
        yield kit.section(joined([t.rich("🔒 *A manager has to approve this.*"), *exceeds(shown.exceeds, t)]))
        if approval and approval.state is RequestState.FILED:
            yield kit.context(t("A manager was asked by {name}.", name=approval.filed_by.name))
        elif approval and approval.state is RequestState.REJECTED and approval.last.by:
            yield kit.context(
                t("{name} did not approve it: {reason}", name=approval.last.by.name, reason=approval.last.note)
            )
    elif approval and approval.state is RequestState.APPROVED and approval.last.by:
        yield kit.context(t("👍 Approved by {name}.", name=approval.last.by.name))
    if not shown.may_send:
        yield kit.section(t("It is saved as a draft. Your role may not send it; a colleague from sales can."))
    elif not shown.exceeds and not shown.mailed:
        yield kit.context(t("It gets its number. Nothing is mailed: please pass the link to the document on."))
    elif not shown.exceeds:
        yield kit.context(
            t.count(
                "📨 It gets its number, and the document goes to {n} address.",
                "📨 It gets its number, and the document goes to {n} addresses.",
                len(shown.invoice.details.recipients),
            )
        )


def _buttons(shown: InvoiceReview, document: str | None, t: Translator) -> Iterator[kit.Element]:
    if document:
        yield kit.button(t("Preview the document"), Id.OPEN_PAGE, url=document)
    yield kit.button(t("Keep as draft"), Id.KEEP, value=shown.invoice.id)
