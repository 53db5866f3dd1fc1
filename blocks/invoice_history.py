"""All invoices of a customer, open and paid apart, with the ways to their pages and documents (G25)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.contacts import Invoice
from billing.invoice_history import InvoiceList, Shelf
from blocks import kit, ways, words
from blocks.graphemes import fit
from blocks.texts import Mrkdwn, Translator, bold, joined, later, link

TRAIL = 30  # pages that can be walked back


class Id:
    VIEW = "invoices"  # callback; metadata: contact, shelf, trail (behind which invoice each page began)
    OPEN = ways.TO_INVOICES  # button; value: the contact
    SHELF = "invoices.shelf"  # menu; value: a Shelf
    OLDER = "invoices.older"  # button; value: the last invoice of the page
    NEWER = "invoices.newer"  # button


_SHELVES = {
    Shelf.OPEN: later("Open invoices"),
    Shelf.PAID: later("Paid invoices"),
    Shelf.ALL: later("All invoices"),
}
_EMPTY = {
    Shelf.OPEN: later("No invoice is open."),
    Shelf.PAID: later("No invoice is paid yet."),
    Shelf.ALL: later("There is no invoice yet."),
}


def listing(shown: InvoiceList, t: Translator, trail: Sequence[str] = ()) -> kit.Modal:
    """A page. `trail` is behind which invoice each page began, up to the one that is shown; empty is the newest."""
    options = [kit.option(t(text), shelf.value) for shelf, text in _SHELVES.items()]
    blocks: list[kit.Block] = [
        kit.header(fit(t("Invoices of {name}", name=shown.contact.name or shown.contact.email), 150)),
        kit.actions(kit.select(Id.SHELF, options, initial=shown.shelf), block_id="shelf"),
    ]
    blocks += [_row(one, shown, t) for one in shown.invoices]
    if not shown.invoices:
        blocks.append(kit.section(t(_EMPTY[shown.shelf])))
    turning: list[kit.Element] = []
    if trail:
        turning.append(kit.button(t("← Newer"), Id.NEWER, value=shown.contact.id))
    if shown.older:
        turning.append(kit.button(t("Older →"), Id.OLDER, value=shown.older))
    if turning:
        blocks.append(kit.actions(*turning, block_id="pages"))
    return kit.Modal(
        title=t("Invoices"),
        blocks=[
            *blocks,
            kit.divider(),
            kit.actions(ways.card(shown.contact.id, t), ways.history(shown.contact.id, t), block_id="ways"),
        ],
        callback_id=Id.VIEW,
        close=t("Close"),
        metadata={"contact": shown.contact.id, "shelf": shown.shelf, "trail": list(trail[-TRAIL:])},
    )


def _row(one: Invoice, shown: InvoiceList, t: Translator) -> kit.Block:
    status = t("🔴 overdue") if one.overdue(shown.now) else words.invoice_status(one.status, t)
    head = t.rich("{status} · *{number}* · {amount}", status=status, number=_number(one, t), amount=one.total)
    collect = ways.collect(shown.contact.id, one.id, t) if one.failing and shown.may_charge else None
    return kit.section(joined([head, joined(_facts(one, t), by=" · "), _links(one, t)]), accessory=collect)


def _number(one: Invoice, t: Translator) -> str:
    return one.number or t("without a number")


def _facts(one: Invoice, t: Translator) -> list[str]:
    facts = [t("made on {day}", day=t.day_of(one.created_at))]
    if one.due and one.due_at:
        facts.append(t("due on {day}", day=t.day_of(one.due_at)))
    if one.due and one.due != one.total:
        facts.append(t("{amount} still to be paid", amount=one.due))
    if one.failing:
        facts.append(next_try(one, t))
    return facts


def next_try(one: Invoice, t: Translator) -> str:
    """When Stripe tries to charge a failing invoice again."""
    if one.next_attempt_at is None:
        return t("no further try")
    return t("next try on {day}", day=t.day_of(one.next_attempt_at))


def _links(one: Invoice, t: Translator) -> Mrkdwn:
    pages = [link(one.url, t("Page at Stripe")) if one.url else "", link(one.pdf, "PDF") if one.pdf else ""]
    return joined(pages, by=" · ")


def title(one: Invoice, t: Translator) -> Mrkdwn:
    """The invoice's number, linked to its page."""
    number = _number(one, t)
    return link(one.url, number) if one.url else bold(number)
