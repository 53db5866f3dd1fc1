"""What the nightly comparison with Stripe found, for admins and managers."""

from __future__ import annotations

from billing.contacts import Part
from billing.reconciliations import Difference, Reconciliation
from blocks import kit, ways
from blocks.graphemes import fit
from blocks.texts import Translator, bold, joined, later

SHOWN = 10

_PARTS = {
    Part.PAYMENT_METHODS: later("payment methods"),
    Part.SUBSCRIPTIONS: later("subscriptions"),
    Part.INVOICES: later("invoices"),
    Part.BALANCE: later("balance"),
}


def report(run: Reconciliation, names: dict[str, str], t: Translator) -> kit.Message:
    """One message for a run that found something. `names` are those of the contacts that differed, by id."""
    said = t("The comparison with Stripe found differences. They are mended.")
    facts = [
        t.count("{n} customer differed.", "{n} customers differed.", run.differing) if run.differing else "",
        t.count("{n} event had not arrived.", "{n} events had not arrived.", run.missed_events)
        if run.missed_events
        else "",
        t("{n} customers were compared.", n=run.customers),
    ]
    blocks: list[kit.Block] = [kit.section(joined([bold(f"🔍 {said}"), *facts]))]
    blocks += [_row(one, names, t) for one in run.differences[:SHOWN]]
    if run.differing > SHOWN:
        blocks.append(kit.context(t("… and {n} more", n=run.differing - SHOWN)))
    blocks.append(kit.context(t("If this happens often, an admin should look at the webhook in Stripe’s settings.")))
    return kit.Message(text=said, blocks=blocks)


def _row(one: Difference, names: dict[str, str], t: Translator) -> kit.Block:
    parts = [t(_PARTS[part]) for part in one.parts] + ([t("name or address")] if one.details else [])
    return kit.section(
        joined([bold(fit(names.get(one.contact) or one.contact, 200)), t.list(parts)]),
        accessory=kit.button(t("Show"), ways.TO_CARD, value=one.contact),
    )
