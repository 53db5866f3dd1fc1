"""Home: what the person did, what waits for them, and for managers how the business stands (H6, H9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billing.approvals import Asked, AskedInvoice
from billing.change_requests.model import RequestState
from billing.homes import Business, Day, Did, Home, Owed
from billing.money import Money
from billing.operations import State
from billing.overviews import Sum
from billing.roles import Permission
from blocks import charts, kit, ways, words
from blocks.graphemes import fit
from blocks.invoices.figures import next_try
from blocks.texts import Translator, bold, joined, later

CURRENCIES = 3  # in a figure


class Id:
    REFRESH = "home.refresh"  # button


_KINDS = {
    "create_subscription": later("Subscription"),
    "resume_subscription": later("Subscription"),
    "preview_plan_change": later("Price of a plan change"),
    "raise_limit": later("Higher contact limit"),
    "change_plan": later("Plan change"),
    "resume_plan_change": later("Plan change"),
    "call_off_plan_change": later("Plan kept"),
    "preview_discount_offer": later("Discount offer"),
    "take_discount_offer": later("Discount offer"),
    "file_change_request": later("Downgrade request"),
    "apply_change_request": later("Downgrade"),
    "keep_plan": later("Plan kept"),
    "pay_invoice": later("Open invoice charged"),
    "send_invoice_link": later("Link for paying an invoice"),
    "send_invoice": later("Sending an invoice"),
    "issue_invoice": later("Sending an invoice"),
    "send_invoice_again": later("Invoice sent again"),
    "charge_invoice": later("Open invoice charged"),
    "record_payment": later("Payment recorded"),
    "credit_invoice": later("Invoice credited"),
    "end_invoice": later("Invoice ended"),
    "give_up_number": later("Number of an invoice given up"),
    "send_billing_contact_link": later("Link to the customer"),
    "change_billing_contact": later("Billing contact changed"),
    "change_bill_to": later("Billing details changed"),
}
_STATES = {
    State.ACCEPTED: ("⏳", later("under way")),
    State.WAITING: ("📨", later("waits for the customer")),
    State.DONE: ("✅", later("done")),
    State.REFUSED: ("🚫", later("not possible")),
    State.DECLINED: ("❌", later("refused by the bank")),
    State.EXPIRED: ("⌛", later("link expired")),
    State.FAILED: ("⚠️", later("went wrong")),
}


def home(shown: Home, t: Translator, picture: str | None = None) -> kit.Home:
    """The whole tab: what waits for the person's own decision comes first.

    `picture` is the chart's address; without one the chart is drawn with characters.
    """
    if Permission.SEE_CONTACT not in shown.may:
        return kit.Home([kit.header(t("Welcome to Kontor")), kit.section(_no_role(t)), _refreshed(shown, t)])
    return kit.Home(
        [
            kit.header(fit(t("Hello {name}", name=shown.name), 150)),
            *_numbers(shown, t),
            kit.actions(
                kit.button(t("Find a customer"), ways.TO_FINDER, style="primary"), kit.button(t("Refresh"), Id.REFRESH)
            ),
            *_requests(t("Waits for your decision"), shown.to_decide, shown.to_decide_count, shown, t),
            *_business(shown.business, t, picture),
            *_requests(t("Your requests"), shown.filed, shown.filed_count, shown, t),
            *_waiting(shown, t),
            *_drafts(shown, t),
            *_open_invoices(shown, t),
            *_did(shown, t),
            _refreshed(shown, t),
        ]
    )


def _no_role(t: Translator) -> str:
    return t("You have no role in Kontor yet, so it cannot show or bill customers.")


def _numbers(shown: Home, t: Translator) -> list[kit.Block]:
    """One row of figures, those that concern the reader."""
    figures = [(t("Waits for your decision"), shown.to_decide_count)] if shown.to_decide_count else []
    figures.append((t("Waiting for customers"), shown.waiting_count))
    pairs = {label: t.number(figure) for label, figure in figures}
    if shown.business:
        pairs |= {
            t("Overdue"): _sums(shown.business.overdue, t),
            t("Failing payments"): _sums(shown.business.failing, t),
            t("Expiring cards"): t.number(shown.business.expiring),
        }
    return kit.fields(pairs)


def _sums(sums: Sequence[Sum], t: Translator) -> str:
    """`€4,100.00 and $80.00 in 12 invoices`; of many currencies the rest is counted."""
    if not sums:
        return t("none")
    shown = [t.money(one.amount) for one in sums[:CURRENCIES]]
    if len(sums) > CURRENCIES:
        shown.append(t.count("{n} more currency", "{n} more currencies", len(sums) - CURRENCIES))
    amounts = t.list(shown)
    count = sum(one.count for one in sums)
    return t.count("{amounts} in {n} invoice", "{amounts} in {n} invoices", count, amounts=amounts)


def _business(business: Business | None, t: Translator, picture: str | None) -> Iterator[kit.Block]:
    if business is None:
        return
    yield kit.divider()
    if business.days:
        yield from _chart(business.days, t, picture)
    if business.worst:
        yield kit.section(t.rich("*Failing payments, the largest first*"))
        yield from (_owed(one, next_try(one.invoice, t), t) for one in business.worst)


def _chart(days: Sequence[Day], t: Translator, picture: str | None) -> Iterator[kit.Block]:
    whole, highest = charts.whole(days), charts.highest(days)
    said = t("Nothing yet.")
    if whole:
        said = t(
            "{amount} altogether, {today} today, most on {day}.", amount=whole, today=days[-1].received, day=highest.on
        )
    if picture:
        yield kit.image(picture, charts.in_words(days, t))
        yield kit.context(said)
    else:
        yield kit.section(joined([bold(charts.title(days, t)), charts.drawn(days), said]))


def _requests(title: str, requests: Sequence[Asked], count: int, shown: Home, t: Translator) -> Iterator[kit.Block]:
    if not requests:
        return
    yield kit.divider()
    yield kit.section(bold(title))
    yield from (_request(one, shown, t) for one in requests)
    if count > len(requests):
        yield kit.context(t("… and {n} more", n=count - len(requests)))


def _request(one: Asked, shown: Home, t: Translator) -> kit.Block:
    age = words.age(one.age(shown.now), t)
    if isinstance(one, AskedInvoice):
        name, by, state = one.invoice.contact_name, one.approval.filed_by.name, words.asked_invoice_state(one, t)
        what, button = [words.asked_invoice(one, t)], ways.invoice(one.invoice.id, t)
    else:
        name, by, state = one.contact_name, one.filed_by.name, words.request_state(one.state, t)
        what, button = [], ways.request(one.id, t)
    head = t.rich("*{name}*: {state}", name=fit(name, 200), state=state)
    since = t("filed by {name} {age} ago", name=fit(by, 200), age=age)
    return kit.section(joined([head, joined([*what, since], by=" · ")]), accessory=button)


def _waiting(shown: Home, t: Translator) -> Iterator[kit.Block]:
    if not shown.waiting:
        return
    yield kit.divider()
    yield kit.section(t.rich("*Waits for the customer*"))
    yield from (_operation(one, t) for one in shown.waiting)
    if shown.waiting_count > len(shown.waiting):
        yield kit.context(t("… and {n} more", n=shown.waiting_count - len(shown.waiting)))


def _drafts(shown: Home, t: Translator) -> Iterator[kit.Block]:
    if not shown.drafts:
        return
    yield kit.divider()
    yield kit.section(t.rich("*Your drafts of invoices*"))
    for one in shown.drafts:
        text = joined(
            [bold(fit(one.customer, 200)), t("{amount}, changed on {day}", amount=one.total, day=one.day)], by=" · "
        )
        yield kit.section(text, accessory=kit.button(t("Show"), ways.TO_INVOICE, value=one.ref))


def _open_invoices(shown: Home, t: Translator) -> Iterator[kit.Block]:
    if not shown.open_invoices:
        return
    yield kit.divider()
    yield kit.section(t.rich("*Open invoices of your customers*"))
    for one in shown.open_invoices:
        status = t("🔴 overdue") if one.invoice.overdue(shown.now) else words.invoice_status(one.invoice.status, t)
        yield _owed(one, status, t)


def _did(shown: Home, t: Translator) -> Iterator[kit.Block]:
    yield kit.divider()
    yield kit.section(t.rich("*What you did last*"))
    yield from (_operation(one, t) for one in shown.did)
    if not shown.did:
        yield kit.context(t("Nothing yet."))


def _operation(one: Did, t: Translator) -> kit.Block:
    icon, state = _STATES[State.FAILED if one.request is RequestState.FAILED else one.operation.state]
    said = words.request_state(one.request, t) if one.request else t(state)
    kind = t(_KINDS.get(one.operation.kind, later("Request")))
    name = fit(one.name, 200)
    text = joined(
        [
            joined([icon, bold(f"{kind}: {name}" if name else kind)], by=" "),
            t("{state}, {when}", state=said, when=one.operation.updated_at),
        ]
    )
    show = kit.button(t("Show"), ways.TO_CARD, value=one.operation.contact) if name else None
    return kit.section(text, accessory=show)


def _owed(one: Owed, remark: str, t: Translator) -> kit.Block:
    amount: Money = one.invoice.due
    facts = [one.invoice.number or t("without a number"), remark]
    return kit.section(
        joined([t.rich("*{name}*: {amount}", name=fit(one.name, 200), amount=amount), joined(facts, by=" · ")]),
        accessory=kit.button(t("Show"), ways.TO_CARD, value=one.contact),
    )


def _refreshed(shown: Home, t: Translator) -> kit.Block:
    return kit.context(t("As of {when}", when=shown.now))
