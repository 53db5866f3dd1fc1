"""One invoice: its state, its figures, and what this person may do with it (HX9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from billing.invoices.model import InvoiceState
from billing.invoices.sheets import Act, Sheet
from blocks import kit, ways, words
from blocks.graphemes import fit
from blocks.invoices import figures
from blocks.invoices.approvals import deciding
from blocks.invoices.ids import Id
from blocks.texts import Mrkdwn, Translator, bold, escape, joined, later, link

SHOWN = 15  # lines; the rest is counted


def sheet(shown: Sheet, t: Translator, *, saved: bool = False) -> kit.Modal:
    """The page of one invoice. `saved`: it was just kept as a draft."""
    blocks: list[kit.Block] = []
    if saved:
        blocks.append(kit.section(t.rich("💾 *The draft is saved.* It can be sent at any time.")))
    blocks += [
        kit.section(
            joined(
                [
                    _called(shown, t),
                    t("For {name}", name=shown.contact.name),
                ]
            )
        ),
        *kit.fields(
            {
                t("Total"): t.money(shown.total),
                t("Still to be paid"): t.money(shown.due) if shown.due else "",
                t("Due on"): _due(shown, t),
                t("Taken back"): _credited(shown, t),
                t("Stripe’s tries"): figures.next_try(shown.stripe, t) if shown.stripe and shown.stripe.failing else "",
            }
        ),
    ]
    if shown.ours and shown.state is InvoiceState.DRAFT and shown.ours.currency != shown.contact.currency:
        blocks.append(kit.section(figures.in_another_currency(shown.ours, shown.contact, t)))
    if shown.stripe and shown.stripe.refunded < 0:
        came_back = shown.total.with_amount(-shown.stripe.refunded)
        said = t("{amount} did not reach the card. Please give it back by another way.", amount=came_back)
        blocks.append(kit.section(joined(["⚠️", escape(said)], by=" ")))
    if shown.totals:
        blocks += _lines(shown, t)
    blocks += _about(shown, t)
    blocks += _approval(shown, t)
    if shown.by_subscription:
        blocks += _at_stripe(shown, t)
        blocks.append(kit.context(t("This invoice belongs to a subscription. It cannot be paid by hand.")))
    rows = list(_actions(shown, t))
    blocks += [kit.actions(*rows[first : first + 5]) for first in range(0, len(rows), 5)]
    blocks.append(kit.actions(ways.invoices(shown.contact.id, t), ways.card(shown.contact.id, t)))
    return kit.Modal(
        title=t("Invoice"),
        blocks=blocks,
        close=t("Close"),
        metadata={"contact": shown.contact.id, "invoice": shown.ref},
    )


def _called(shown: Sheet, t: Translator) -> Mrkdwn:
    """The number and the state; a draft has none, and its state is its name."""
    state = words.sales_state(shown.state, t)
    if shown.number is None:
        return bold(t("Draft") if shown.state is InvoiceState.DRAFT else state)
    return joined([bold(shown.number), state], by=" · ")


def _due(shown: Sheet, t: Translator) -> str:
    if shown.due_on is None or shown.state in (InvoiceState.PAID, InvoiceState.VOID, InvoiceState.REFUNDED):
        return ""
    if shown.state is not InvoiceState.DRAFT and shown.due_on < shown.today:
        late = t.count("{n} day ago", "{n} days ago", (shown.today - shown.due_on).days)
        return t("{day}, {late}", day=shown.due_on, late=late)
    return t.date(shown.due_on)


def _credited(shown: Sheet, t: Translator) -> str:
    back = shown.total - shown.stripe.left_to_credit if shown.stripe else None
    return t.money(back) if back else ""


def _lines(shown: Sheet, t: Translator) -> Iterator[kit.Block]:
    totals = shown.totals
    assert totals, "asked only for invoices of ours"
    yield kit.divider()
    yield from kit.rows(figures.line_row(one, t) for one in totals.lines[:SHOWN])
    if len(totals.lines) > SHOWN:
        yield kit.context(t("… and {n} more", n=len(totals.lines) - SHOWN))
    given = shown.ours.details.discount if shown.ours else None
    yield from kit.rows(figures.sum_rows(totals, given, t))


def _at_stripe(shown: Sheet, t: Translator) -> Iterator[kit.Block]:
    """The page and the document of an invoice that Stripe made."""
    pages = [(shown.stripe.url, t("Page at Stripe")), (shown.stripe.pdf, "PDF")] if shown.stripe else []
    links = [link(address, label) for address, label in pages if address]
    if links:
        yield kit.context(joined(links, by=" · "))


def _about(shown: Sheet, t: Translator) -> Iterator[kit.Block]:
    if shown.ours is None:
        return
    ours = shown.ours
    yield kit.context(
        t("Goes to {addresses}", addresses=t.list(ours.details.recipients)) if ours.details.recipients else "",
        t("Written by {name}, {when}", name=ours.created_by.name, when=ours.created_at),
    )


def _approval(shown: Sheet, t: Translator) -> Iterator[kit.Block]:
    """That it waits for a manager, why, and the buttons for those who decide."""
    ours = shown.ours
    if ours is None or ours.approval is None or not ours.awaits_approval:
        return
    asked = ours.approval
    who = t.rich("🔒 *{name} asks for an approval*", name=asked.filed_by.name)
    yield kit.section(joined([who, fit(asked.decisions[0].note, 1000)]))
    if shown.may_decide:
        yield kit.actions(*deciding(ours, asked, t))


def _actions(shown: Sheet, t: Translator) -> Iterator[kit.Element]:
    """What this person may do now; what cannot be taken back asks once more."""
    for act in shown.acts:
        if act is not Act.REVOKE and (act is not Act.REFUND or Act.CREDIT not in shown.acts):
            yield _button(act, shown, t)
    if shown.ours and shown.state is not InvoiceState.DRAFT:
        yield kit.button(t("Document and links"), Id.DOCUMENT, value=shown.ref)
    elif shown.stripe and shown.stripe.url:
        yield kit.button(t("Stripe’s page"), Id.OPEN_PAGE, url=shown.stripe.url)


_PLAIN: Mapping[Act, tuple[str, str, str | None]] = {
    Act.EDIT: (later("Edit"), Id.EDIT, None),
    Act.SEND: (later("Review and send"), Id.TO_REVIEW, "primary"),
    Act.CHARGE: (later("Charge a card"), Id.CHARGE, "primary"),
    Act.RECORD: (later("Record a payment"), Id.RECORD, None),
    Act.CREDIT: (later("Credit"), Id.CREDIT, None),
    Act.REFUND: (later("Refund"), Id.CREDIT, None),
    Act.VOID: (later("Cancel invoice"), Id.VOID, "danger"),
    Act.WRITE_OFF: (later("Write off"), Id.WRITE_OFF, None),
    Act.CLONE: (later("Copy to a new draft"), Id.CLONE, None),
    Act.TEMPLATE: (later("Save as template"), Id.TO_TEMPLATE, None),
    Act.CORRECT: (later("Correct"), Id.CORRECT, None),
    Act.GIVE_UP: (later("Give up the number"), Id.GIVE_UP, "danger"),
}


def _button(act: Act, shown: Sheet, t: Translator) -> kit.Element:
    if act in _PLAIN:
        text, id_, style = _PLAIN[act]
        return kit.button(t(text), id_, value=shown.ref, style=style)
    return _asking_button(act, shown, t)


def _asking_button(act: Act, shown: Sheet, t: Translator) -> kit.Element:
    """What goes out, or cannot be taken back, asks once more."""
    ref = shown.ref
    match act:
        case Act.DELETE:
            sure = _sure(t("Delete the draft?"), t("It is gone for everybody."), t("Delete"), t)
            return kit.button(t("Delete"), Id.DELETE, value=ref, style="danger", confirm=sure)
        case _:
            sure = kit.confirm(
                t("Send it again?"),
                t("The document goes to the recipients once more."),
                yes=t("Send again"),
                no=t("No"),
            )
            return kit.button(t("Send again"), Id.SEND_AGAIN, value=ref, confirm=sure)


def _sure(title: str, text: str, yes: str, t: Translator) -> kit.Confirm:
    return kit.confirm(title, text, yes=yes, no=t("No"), danger=True)
