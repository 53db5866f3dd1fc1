"""`/billing approvals`: requests and invoices to grant, filtered and page by page, and the export (A27, HX17)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billing.approvals import ApprovalList, Asked, AskedInvoice
from billing.catalogue import Catalogue
from billing.change_requests.model import ChangeRequest, RequestFilter
from blocks import kit, ways, words
from blocks.answers import Answer
from blocks.change_requests import facts
from blocks.change_requests.ids import Id
from blocks.graphemes import fit
from blocks.texts import Mrkdwn, Translator, bold, joined, later

TRAIL = 30  # pages that can be walked back

_FILTERS = {
    RequestFilter.WAITING_FOR_ME: (later("Waiting for me"), later("Nothing waits for you.")),
    RequestFilter.FILED_BY_ME: (later("Filed by me"), later("You have not filed any request yet.")),
    RequestFilter.UNDECIDED: (later("Undecided"), later("No request waits for a decision.")),
    RequestFilter.SCHEDULED: (later("Approved and planned"), later("No approved change waits for its day.")),
    RequestFilter.ALL: (later("All requests"), later("There are no requests yet.")),
}


def listing(shown: ApprovalList, catalogue: Catalogue, t: Translator, trail: Sequence[str] = ()) -> kit.Modal:
    """A page of the list. `trail` is where each page began, up to the one that is shown; empty is the first."""
    name, empty = _FILTERS[shown.wanted]
    rows = [_row(one, shown, catalogue, t) for one in shown.page.shown]
    return kit.Modal(
        title=t("Approvals"),
        blocks=[
            kit.actions(_menu(shown, t), *_export(shown, t)),
            kit.section(t.rich("*{name}* ({n})", name=t(name), n=shown.page.total)),
            *(rows or [kit.context(t(empty))]),
            *_turning(shown, t, trail),
        ],
        callback_id=Id.LIST,
        close=t("Close"),
        metadata={"filter": shown.wanted.value, "trail": list(trail[-TRAIL:])},
    )


def exporting(t: Translator) -> Answer:
    """The answer to the export button."""
    text = t("The file is on its way: it comes as a direct message in a moment.")
    return Answer(title=t("Export"), text=text, blocks=[kit.section(t.rich("📤 {text}", text=text))], final=False)


def exported(wanted: RequestFilter, t: Translator) -> kit.Message:
    """The message before the file."""
    name, _ = _FILTERS[wanted]
    text = t("Approvals as a CSV file: {filter}. Amounts are in minor units, times in UTC.", filter=t(name))
    return kit.Message(text=text, blocks=[kit.section(t.rich("📤 {text}", text=text))])


def _menu(shown: ApprovalList, t: Translator) -> kit.Element:
    options = [kit.option(_label(one, shown, t), one.value) for one in RequestFilter]
    return kit.select(Id.FILTER, options, initial=shown.wanted.value)


def _label(wanted: RequestFilter, shown: ApprovalList, t: Translator) -> str:
    name, _ = _FILTERS[wanted]
    if wanted is RequestFilter.WAITING_FOR_ME and shown.waiting:
        return t("{name} ({n})", name=t(name), n=shown.waiting)
    return t(name)


def _export(shown: ApprovalList, t: Translator) -> list[kit.Element]:
    if not shown.may_export or not shown.page.total:
        return []
    return [kit.button(t("Export as CSV"), Id.EXPORT, value=shown.wanted.value)]


def _row(one: Asked, shown: ApprovalList, catalogue: Catalogue, t: Translator) -> kit.Block:
    if isinstance(one, AskedInvoice):
        return _invoice_row(one, shown, t)
    what = joined([bold(fit(one.contact_name, 100)), fit(facts.summary(one, catalogue, t), 200)], by=" · ")
    return kit.section(
        joined([what, words.request_state(one.state, t), _since(one, shown, t)]), accessory=ways.request(one.id, t)
    )


def _invoice_row(one: AskedInvoice, shown: ApprovalList, t: Translator) -> kit.Block:
    what = joined([bold(fit(one.invoice.contact_name, 100)), words.asked_invoice(one, t)], by=" · ")
    name, last = fit(one.approval.filed_by.name, facts.NAMES), one.approval.last
    if one.is_undecided:
        since = t.rich("filed by {name} {age} ago", name=name, age=words.age(one.age(shown.now), t))
    else:
        since = t.rich("filed by {name}, last changed {when}", name=name, when=last.at)
    button = ways.invoice(one.invoice.id, t)
    return kit.section(joined([what, words.asked_invoice_state(one, t), since]), accessory=button)


def _since(one: ChangeRequest, shown: ApprovalList, t: Translator) -> Mrkdwn:
    """Who filed it, and how long ago; of what is over, when it ended."""
    name = fit(one.filed_by.name, facts.NAMES)
    if one.state.undecided:
        return t.rich("filed by {name} {age} ago", name=name, age=words.age(one.age(shown.now), t))
    if one.effective_at and one.state.open:
        return t.rich("filed by {name}, takes effect on {day}", name=name, day=t.day_of(one.effective_at))
    return t.rich("filed by {name}, last changed {when}", name=name, when=one.last.at)


def _turning(shown: ApprovalList, t: Translator, trail: Sequence[str]) -> Iterator[kit.Block]:
    buttons: list[kit.Element] = []
    if trail:
        buttons.append(kit.button(t("← Back"), Id.BACK, value=shown.wanted.value))
    if shown.page.following:
        buttons.append(kit.button(t("Further →"), Id.FURTHER, value=shown.page.following))
    if buttons:
        yield kit.actions(*buttons)
