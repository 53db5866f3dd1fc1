"""The whole history of a customer: by kind and time, page by page, and as a file (H6, H10)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.catalogue import Catalogue
from billing.histories import EXPORTED, ExportedHistory, History, HistoryFilter, Period
from billing.timeline import Topic
from blocks import kit, timelines, ways
from blocks.graphemes import fit
from blocks.texts import Translator, later

TRAIL = 20  # pages that can be walked back
EVERYTHING = "everything"  # the option that filters nothing


class Id:
    VIEW = "timeline"  # callback; metadata: contact, topic, period, trail (where each page began, the current one last)
    OPEN = ways.TO_TIMELINE  # button; value: the contact
    TOPIC = "timeline.topic"  # menu; value: a Topic, or EVERYTHING
    PERIOD = "timeline.period"  # menu; value: a Period
    OLDER = "timeline.older"  # button; value: where the next page begins
    NEWER = "timeline.newer"  # button
    EXPORT = "timeline.export"  # button; value: the contact


_TOPICS = {
    Topic.OPERATIONS: later("Done in Kontor"),
    Topic.PAYMENTS: later("Payments"),
    Topic.FAILURES: later("Failures"),
    Topic.DECISIONS: later("Decisions"),
    Topic.MAILS: later("Mails"),
    Topic.AT_STRIPE: later("Happened at Stripe"),
}
_PERIODS = {
    Period.ALL: later("Since the beginning"),
    Period.MONTH: later("Last 30 days"),
    Period.QUARTER: later("Last 90 days"),
    Period.YEAR: later("Last 12 months"),
}


def history(shown: History, catalogue: Catalogue, t: Translator, trail: Sequence[str] = ()) -> kit.Modal:
    """A page. `trail` is where each page began, up to the one that is shown; empty is the newest."""
    blocks: list[kit.Block] = [
        kit.header(fit(t("History of {name}", name=shown.contact.name or shown.contact.email), 150)),
        kit.actions(_topics(shown.wanted, t), _periods(shown.wanted, t), block_id="filter"),
    ]
    blocks += [timelines.entry(one, catalogue, t) for one in shown.page.entries]
    if not shown.page.entries:
        blocks.append(kit.section(t("Nothing of that kind in this time.")))
    if turning := _turning(shown, trail, t):
        blocks.append(kit.actions(*turning, block_id="pages"))
    buttons = [ways.card(shown.contact.id, t), ways.invoices(shown.contact.id, t)]
    if shown.may_export:
        buttons.append(kit.button(t("Export as CSV"), Id.EXPORT, value=shown.contact.id))
    return kit.Modal(
        title=t("History"),
        blocks=[*blocks, kit.divider(), kit.actions(*buttons, block_id="ways")],
        callback_id=Id.VIEW,
        close=t("Close"),
        metadata={
            "contact": shown.contact.id,
            "topic": shown.wanted.topic,
            "period": shown.wanted.period,
            "trail": list(trail[-TRAIL:]),
        },
    )


def file(exported: ExportedHistory, t: Translator) -> kit.Message:
    """The direct message that the file belongs to."""
    said = t("The history of {name} as a CSV file, {n} entries.", name=exported.contact.name, n=exported.entries)
    cut = exported.entries >= EXPORTED
    blocks = [kit.section(said)]
    if cut:
        blocks.append(kit.context(t("A file holds at most {n} entries, the newest.", n=EXPORTED)))
    return kit.Message(text=said, blocks=blocks)


def _topics(wanted: HistoryFilter, t: Translator) -> kit.Element:
    options = [kit.option(t("Everything"), EVERYTHING)]
    options += [kit.option(t(text), topic.value) for topic, text in _TOPICS.items()]
    return kit.select(Id.TOPIC, options, initial=wanted.topic or EVERYTHING)


def _periods(wanted: HistoryFilter, t: Translator) -> kit.Element:
    options = [kit.option(t(text), period.value) for period, text in _PERIODS.items()]
    return kit.select(Id.PERIOD, options, initial=wanted.period)


def _turning(shown: History, trail: Sequence[str], t: Translator) -> list[kit.Element]:
    buttons: list[kit.Element] = []
    if trail:
        buttons.append(kit.button(t("← Newer"), Id.NEWER, value=shown.contact.id))
    if shown.page.older:
        buttons.append(kit.button(t("Older →"), Id.OLDER, value=shown.page.older))
    return buttons
