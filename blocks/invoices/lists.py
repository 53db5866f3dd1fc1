"""A customer's invoices in three parts, and the drafts of everybody (GX12, G25)."""

from __future__ import annotations

from billing.invoices.lists import DraftList, InvoiceList, Part, Row
from billing.invoices.model import InvoiceState, Template
from blocks import kit, ways, words
from blocks.graphemes import fit
from blocks.invoices.ids import Id
from blocks.texts import Mrkdwn, Translator, bold, escape, joined

TEMPLATES = 40  # that are shown; every form offers a hundred


def invoice_list(shown: InvoiceList, t: Translator) -> kit.Modal:
    """One part of a customer's invoices, a page of it."""
    contact = shown.contact.id
    blocks: list[kit.Block] = [
        kit.section(
            joined(
                [
                    t.rich("Invoices of {name}", name=bold(shown.contact.name)),
                    escape(_summary(shown, t)),
                ]
            )
        ),
        kit.actions(
            _part(Part.OPEN, Id.OPEN_PART, t("Open ({n})", n=shown.open_count), shown, t),
            _part(Part.CLOSED, Id.CLOSED_PART, t("Paid and closed"), shown, t),
            _part(Part.DRAFTS, Id.DRAFTS_PART, t("Drafts ({n})", n=shown.drafts), shown, t),
        ),
        kit.divider(),
        *(_row(one, t) for one in shown.rows),
    ]
    if not shown.rows:
        blocks.append(kit.context(t("There are none.")))
    buttons: list[kit.Element] = []
    if shown.following:
        buttons.append(kit.button(t("More →"), Id.MORE, value=shown.following))
    if shown.may_draft:
        buttons.append(ways.new_invoice(contact, t))
    blocks.append(kit.actions(*buttons, ways.card(contact, t)))
    return kit.Modal(
        title=t("Invoices"),
        blocks=blocks,
        close=t("Close"),
        metadata={"contact": contact, "part": shown.part.value},
    )


def draft_list(shown: DraftList, t: Translator) -> kit.Modal:
    """Everybody's drafts, last changed first."""
    blocks: list[kit.Block] = [kit.section(t.rich("*Drafts of everybody*, last changed first"))]
    blocks += [_row(one, t, whose=True) for one in shown.rows]
    if not shown.rows:
        blocks.append(kit.context(t("There are none.")))
    if shown.templates:
        blocks += [kit.divider(), kit.section(t.rich("*Templates*"))]
        blocks += [_template(one, t) for one in shown.templates[:TEMPLATES]]
        rest = len(shown.templates) - TEMPLATES
        blocks += [kit.context(t("… and {n} more", n=rest))] if rest > 0 else []
    buttons: list[kit.Element] = [ways.finder(t)]
    if shown.following:
        buttons.insert(0, kit.button(t("More →"), Id.MORE_DRAFTS, value=shown.following))
    return kit.Modal(title=t("Drafts"), blocks=[*blocks, kit.actions(*buttons)], close=t("Close"))


def _template(one: Template, t: Translator) -> kit.Block:
    sure = kit.confirm(
        t("Delete the template?"), t("Invoices that were made from it stay."), yes=t("Delete"), no=t("No"), danger=True
    )
    lines = t.count("{n} line", "{n} lines", len(one.lines))
    return kit.section(
        joined([bold(one.name), escape(f"{one.currency} · {lines}")]),
        accessory=kit.button(t("Delete"), Id.DELETE_TEMPLATE, value=one.id, confirm=sure),
    )


def _summary(shown: InvoiceList, t: Translator) -> str:
    if not shown.open_count:
        return t("Nothing is open.")
    return t.count(
        "{n} open invoice, {amount} still to be paid",
        "{n} open invoices, {amount} still to be paid",
        shown.open_count,
        amount=shown.open_total,
    )


def _part(part: Part, id_: str, text: str, shown: InvoiceList, t: Translator) -> kit.Element:
    del t
    return kit.button(text, id_, value=shown.contact.id, style="primary" if shown.part is part else None)


def _row(one: Row, t: Translator, *, whose: bool = False) -> kit.Block:
    return kit.section(
        joined([_first(one, t, whose=whose), escape(_second(one, t))]),
        accessory=kit.button(t("Show"), Id.SHEET, value=one.ref),
    )


def _first(one: Row, t: Translator, *, whose: bool) -> Mrkdwn:
    name = one.number or t("Draft")
    if whose:
        name = f"{name}: {one.customer}"
    state = "" if one.state is InvoiceState.DRAFT else words.sales_state(one.state, t)  # its name says so
    return joined([bold(fit(name, 200)), state], by=" · ")


def _second(one: Row, t: Translator) -> str:
    match one.state:
        case InvoiceState.DRAFT | InvoiceState.SENDING:
            return t("{amount}, changed on {day}", amount=one.total, day=one.day)
        case InvoiceState.PARTLY_PAID if one.overdue:
            return t(
                "{amount}, {due} still to be paid, overdue since {day}", amount=one.total, due=one.due, day=one.day
            )
        case InvoiceState.PARTLY_PAID:
            return t("{amount}, {due} still to be paid by {day}", amount=one.total, due=one.due, day=one.day)
        case InvoiceState.SENT | InvoiceState.OVERDUE | InvoiceState.PROCESSING:
            return t("{amount}, due on {day}", amount=one.total, day=one.day)
        case _:
            return t("{amount}, {day}", amount=one.total, day=one.day)
