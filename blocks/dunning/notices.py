"""Telling of failed payments: one in full, many as a list that can be opened (H35)."""

from __future__ import annotations

from billing.catalogue import Catalogue
from billing.dunning.failures import FailedPayment, FailureReport
from blocks import kit, ways
from blocks.dunning import sentences
from blocks.dunning.ids import Id
from blocks.graphemes import fit
from blocks.invoices.figures import next_try, title
from blocks.texts import Translator, bold, joined

SHOWN = 5  # of many, in the message; the rest is in the list


def message(report: FailureReport, catalogue: Catalogue, t: Translator) -> kit.Message:
    """What one place is told. `report` holds at least one payment that still fails."""
    if report.count == 1:
        return _one(report.shown[0], report, catalogue, t)
    return _many(report, catalogue, t)


def listing(report: FailureReport, catalogue: Catalogue, t: Translator) -> kit.Modal:
    """A page of the payments that a message was about and that still fail."""
    blocks: list[kit.Block] = [kit.section(_headline(report, t))]
    blocks += [_row(one, catalogue, t) for one in report.shown]
    if not report.shown:
        blocks.append(kit.section(t("All of these are paid by now, or written off.")))
    if report.following:
        more = kit.button(t("More →"), Id.OLDER, value=f"{report.batch}:{report.following}")
        blocks.append(kit.actions(more, block_id="pages"))
    return kit.Modal(title=t("Failed payments"), blocks=blocks, callback_id=Id.VIEW, close=t("Close"))


def _one(one: FailedPayment, report: FailureReport, catalogue: Catalogue, t: Translator) -> kit.Message:
    name = one.contact.name or one.contact.email
    said = t("The payment of {amount} by {name} failed.", amount=one.invoice.due, name=name)
    product = sentences.product(one, catalogue, t)
    return kit.Message(
        text=said,
        blocks=[
            kit.section(
                joined(
                    [
                        t.rich("🔴 *The payment of {amount} by {name} failed.*", amount=one.invoice.due, name=name),
                        sentences.why(one, t),
                        sentences.what_next(one, report.afterwards, t),
                    ]
                )
            ),
            *kit.fields({t("Invoice"): title(one.invoice, t), t("For"): fit(product, 200)}),
            kit.actions(
                ways.collect(one.contact.id, one.invoice.id, t),
                ways.card(one.contact.id, t),
            ),
        ],
    )


def _many(report: FailureReport, catalogue: Catalogue, t: Translator) -> kit.Message:
    shown = report.shown[:SHOWN]
    rest = report.count - len(shown)
    blocks: list[kit.Block] = [kit.section(_headline(report, t)), *(_row(one, catalogue, t) for one in shown)]
    if rest > 0:
        blocks.append(kit.context(t("… and {n} more", n=rest)))
    blocks.append(kit.actions(kit.button(t("Show the list"), Id.LIST, value=report.batch)))
    return kit.Message(text=t.count("{n} payment failed.", "{n} payments failed.", report.count), blocks=blocks)


def _headline(report: FailureReport, t: Translator) -> str:
    count = t.count("{n} payment failed", "{n} payments failed", report.count)
    amounts = t.list([t.money(one) for one in report.totals])
    return joined([bold(f"🔴 {count}"), t("Together {amounts}.", amounts=amounts)])


def _row(one: FailedPayment, catalogue: Catalogue, t: Translator) -> kit.Block:
    name = fit(one.contact.name or one.contact.email, 200)
    facts = [t.money(one.invoice.due), fit(sentences.product(one, catalogue, t), 80), next_try(one.invoice, t)]
    return kit.section(
        joined([bold(name), joined(facts, by=" · ")]),
        accessory=kit.button(t("Show"), ways.TO_CARD, value=one.contact.id),
    )
