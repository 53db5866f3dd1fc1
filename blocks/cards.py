"""The contact card: everything about a customer on one page, the urgent at the top (H5, H6, H9, CX15)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from pydantic import ValidationError

from billing.accounts import MAY_BUY
from billing.cards import Attention, Concern, ContactCard
from billing.catalogue import Catalogue
from billing.contacts import (
    Account,
    AccountStatus,
    Invoice,
    Member,
    PaymentMethod,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)
from billing.money import Money
from billing.operations import Operation
from billing.plan_changes import ChangePlan, PlanChanged
from billing.plans import has_plan
from billing.ports import SetupLink
from billing.roles import Permission
from billing.subscriptions import SubscriptionStarted
from blocks import declines, kit, timelines, ways, words
from blocks.graphemes import fit
from blocks.texts import Mrkdwn, Translator, bold, escape, joined, later, link, one_line

SHOWN = 5  # of each list; the rest is counted
TRAIL = 30  # pages of the timeline that can be walked back

Item = TypeVar("Item")


class Id:
    VIEW = "card"  # callback; metadata: contact, trail (where each page of the timeline began, the current one last)
    OPEN = ways.TO_CARD  # button; value: the contact
    OLDER = "card.older"  # button; value: where the next page begins
    NEWER = "card.newer"  # button; the page before is the trail without its last


_CONCERNS = {
    Concern.ACCOUNT_EXPIRED: (
        "⛔",
        later(
            "The account has expired: a plan has to be bought, then it is active again. Nothing else can be billed "
            "before."
        ),
    ),
    Concern.ACCOUNT_NOT_ACTIVE: (
        "⛔",
        later(
            "The account is {status}: nothing new can be billed before it is active again. "
            "“/billing help reactivate {name}” says what it takes."
        ),
    ),
    Concern.FROZEN: (
        "🔴",
        later(
            "A change of the billing contact was reported as not in order. Further changes are frozen until a manager "
            "lifts that."
        ),
    ),
    Concern.PROOF_LOCKED: (
        "🔴",
        later("There were too many wrong answers about this account’s card. It cannot be verified before {until}."),
    ),
    Concern.PAYMENT_FAILING: ("🔴", later("The payment for {product} fails.")),
    Concern.INVOICE_OVERDUE: ("🔴", later("Invoice {number} over {amount} is overdue since {since}.")),
    Concern.INVOICES_OVERDUE: ("🔴", later("{n} invoices are overdue, {amount} together; the oldest since {since}.")),
    Concern.CARD_EXPIRED: ("🔴", later("{brand} •••• {last4} has expired.")),
    Concern.CARD_EXPIRES: ("🟡", later("{brand} •••• {last4} expires at the end of {expiry}.")),
    Concern.NO_PAYMENT_METHOD: ("🔴", later("There is no payment method for the running subscriptions.")),
    Concern.LIMIT_REACHED: ("🔴", later("The limit of {what} is reached: {used} of {limit}.")),
    Concern.LIMIT_NEAR: ("🟡", later("The limit of {what} is nearly reached: {used} of {limit}.")),
}
# The same for who may see neither digits nor date (G11).
_WITHOUT_DETAILS = {
    Concern.CARD_EXPIRED: later("A card has expired: {brand}."),
    Concern.CARD_EXPIRES: later("A card expires soon: {brand}."),
}
_EXCEEDED = later("The limit of {what} is exceeded: {used} of {limit}.")
_LIMITED = {"contacts": later("contacts"), "seats": later("seats")}


def card(shown: ContactCard, catalogue: Catalogue, t: Translator, trail: Sequence[str] = ()) -> kit.Modal:
    """The card. `trail` is where each page of the timeline began, up to the one that is shown; empty is the newest."""
    return kit.Modal(
        title=t("Customer"),
        blocks=[
            *_who(shown, t),
            *_attention(shown, catalogue, t),
            *_waiting(shown, catalogue, t),
            *_actions(shown, catalogue, t),
            kit.divider(),
            *_plan_and_money(shown, catalogue, t),
            _list(t("Payment methods"), shown.methods, lambda one: _method(one, shown, t), t("none on file"), t),
            _list(t("Subscriptions"), shown.subscriptions, lambda one: _subscription(one, catalogue, t), t("none"), t),
            *_last_invoices(shown, t),
            *_people(shown, t),
            kit.divider(),
            *_history(shown, catalogue, t, trail),
        ],
        callback_id=Id.VIEW,
        close=t("Close"),
        metadata={"contact": shown.contact.id, "trail": list(trail[-TRAIL:])},
    )


def bar(used: int, limit: int) -> str:
    """Ten marks: `▰▰▰▰▰▰▱▱▱▱`. Anything used shows at least one, and only a reached limit shows all ten."""
    tenths = 10 if used >= limit else min(9, max(used * 10 // limit, 1 if used else 0))
    return "▰" * tenths + "▱" * (10 - tenths)


def share(used: int, limit: int) -> int:
    """How much of the limit is used, in whole percent, rounded; 100 is kept for a limit that is reached."""
    rounded = (used * 200 + limit) // (limit * 2)
    return rounded if used >= limit else min(rounded, 99)


# Who, and what is urgent


def _who(shown: ContactCard, t: Translator) -> list[kit.Block]:
    contact = shown.contact
    place = ", ".join(part for part in (one_line(contact.address.city), t.country(contact.address.country)) if part)
    company = one_line(contact.company) if contact.company != contact.name else ""
    ways_to_reach = " · ".join(one_line(part) for part in (contact.email, contact.phone) if part.strip())
    name = one_line(contact.name) or company or contact.email or contact.id
    where = " · ".join(part for part in (company, place) if part)
    lines = [fit(line, 400) for line in (where, ways_to_reach, t("Customer since {day}", day=contact.since)) if line]
    blocks: list[kit.Block] = [kit.header(name), kit.context(joined(lines))]
    if fit(name, 150) != name:  # a header is short; the whole name has to be somewhere
        blocks.insert(1, kit.section(fit(name, 2000)))
    return blocks


def _attention(shown: ContactCard, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    if not shown.attention:
        return []
    lines = [_concern(one, shown, catalogue, t) for one in shown.attention[:SHOWN]]
    return [kit.section(joined([t.rich("*Needs attention*"), *lines, _and_more(len(shown.attention), t)]))]


def _concern(one: Attention, shown: ContactCard, catalogue: Catalogue, t: Translator) -> Mrkdwn:
    icon, text = _CONCERNS[one.concern]
    given = one.parameters
    if one.concern is Concern.PAYMENT_FAILING and one.amount:
        return joined([icon, _payment_failing(one, shown, catalogue, t)], by=" ")
    known: dict[str, object] = {**given, "amount": one.amount}
    known["status"] = words.account_status(shown.contact.account.status, t)
    known["name"] = one_line(shown.contact.name)
    known["product"] = _called(str(given.get("product", "")), shown, catalogue, t)
    known["brand"] = words.brand(str(given.get("brand", "")), t)
    known["expiry"] = t.month(int(given.get("month", 0)), int(given.get("year", 0)))
    known["since"] = t.count("{n} day", "{n} days", int(given.get("days", 0)))
    known["until"] = datetime.fromisoformat(str(given["until"])) if "until" in given else ""
    known["what"] = t(_LIMITED.get(str(given.get("what")), str(given.get("what"))))
    if one.concern in _WITHOUT_DETAILS and "last4" not in given:
        text = _WITHOUT_DETAILS[one.concern]
    if one.concern is Concern.LIMIT_REACHED and int(given.get("used", 0)) > int(given.get("limit", 0)):
        text = _EXCEEDED
    return joined([icon, t.template(text, **known) or ""], by=" ")


def _payment_failing(one: Attention, shown: ContactCard, catalogue: Catalogue, t: Translator) -> str:
    """How much, why, and what Stripe does next."""
    given = one.parameters
    following = given.get("next")
    product = _called(str(given["product"]), shown, catalogue, t) if "product" in given else None
    return " ".join(
        [
            t("The payment of {amount} for {product} fails.", amount=one.amount, product=product)
            if product
            else t(
                "The payment of {amount} for invoice {number} fails.", amount=one.amount, number=given.get("number")
            ),
            declines.sentence(str(given.get("decline", "")), t),
            t("Stripe tries again on {day}.", day=t.day_of(datetime.fromisoformat(str(following))))
            if following
            else t("Stripe will not try again."),
        ]
    )


def _called(product: str, shown: ContactCard, catalogue: Catalogue, t: Translator) -> str:
    """A product of the customer's, given by its name at Stripe, as the reader calls it."""
    mine = (_product(one.items[0], catalogue, t) for one in shown.subscriptions if one.product == product)
    return next(mine, product)


def _waiting(shown: ContactCard, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    if not shown.waiting:
        return []
    lines = [_waits(one, catalogue, t) for one in shown.waiting[:SHOWN]]
    return [kit.section(joined([t.rich("*Waits for the customer*"), *lines, _and_more(len(shown.waiting), t)]))]


def _waits(operation: Operation, catalogue: Catalogue, t: Translator) -> Mrkdwn:
    try:
        line, link = _what_waits(operation, catalogue, t)
    except ValidationError:  # another kind of operation, or a receipt of an older version
        return t.rich("⏳ A request, since {when}", when=operation.created_at)
    return joined([line, t.rich("valid until {until}", until=link.expires_at)], by=", ") if link else line


def _what_waits(operation: Operation, catalogue: Catalogue, t: Translator) -> tuple[Mrkdwn, SetupLink | None]:
    if operation.kind == ChangePlan.kind:
        changed = PlanChanged.model_validate_json(operation.result or "")
        return t.rich(
            "⏳ The change to *{plan}* is made when a payment method was added; link sent {when}",
            plan=fit(words.plan_name(catalogue, changed.assessment.after.plan, t), 80),
            when=operation.created_at,
        ), changed.link
    started = SubscriptionStarted.model_validate_json(operation.result or "")
    return t.rich(
        "⏳ *{product}* × {quantity} starts when a payment method was added; link sent {when}",
        product=fit(words.product(started.preview.price, t), 80),
        quantity=started.preview.quantity,
        when=operation.created_at,
    ), started.link


def _actions(shown: ContactCard, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    """What this person may do with this customer, and nothing else."""
    buttons: list[kit.Element] = []
    if Permission.CREATE_SUBSCRIPTION in shown.may and shown.contact.account.status in MAY_BUY:
        buttons.append(ways.new_subscription(shown.contact.id, t))
    if Permission.CHARGE_INVOICE in shown.may and shown.failing:
        buttons.append(ways.collect(shown.contact.id, shown.failing[0].invoice.id, t, urgent=not buttons))
    running = (one for one in shown.subscriptions if one.status.runs and one.status is not SubscriptionStatus.SCHEDULED)
    if Permission.CHANGE_PLAN in shown.may and any(has_plan(catalogue, one) for one in running):
        buttons.append(ways.plan(shown.contact.id, t))
    if Permission.SEE_BILLING_CONTACT in shown.may:
        buttons.append(ways.billing_contact(shown.contact.id, t))
    if Permission.DRAFT_INVOICE in shown.may and shown.contact.account.status is AccountStatus.ACTIVE:
        buttons.append(ways.new_invoice(shown.contact.id, t))
    if Permission.FIND_CONTACTS in shown.may:
        buttons.append(ways.finder(t))
    return [kit.actions(*buttons)] if buttons else []


# What the customer has


def _plan_and_money(shown: ContactCard, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    account = shown.contact.account
    return [
        *kit.fields(
            {
                t("Plan"): _plan(account, catalogue, t),
                t("Monthly revenue"): _monthly(shown.monthly, t),
                t("Account"): words.account_status(account.status, t),
                t("Credit balance"): balance(shown.balance, t),
            }
        ),
        *_usage(account, t),
    ]


def _monthly(amount: Money, t: Translator) -> str:
    return t("{amount} before discount and tax", amount=amount) if amount.amount else t.money(amount)


def _plan(account: Account, catalogue: Catalogue, t: Translator) -> str:
    """`Marketing Plus`; a plan that is no longer sold by its id."""
    if not account.plan:
        return t("no plan")
    for product in catalogue.products:
        for plan in product.plans:
            if f"{product.id}/{plan.id}" == account.plan:
                return plan.name.in_(t.language)
    return account.plan


def balance(of_customer: Money, t: Translator) -> str:
    """Stripe's balance of the customer, which open invoices are no part of."""
    if of_customer.amount > 0:
        return t("{amount} credit", amount=of_customer)
    if of_customer.amount < 0:
        return t("{amount} still to be paid", amount=-of_customer)
    return t("no credit")


def _usage(account: Account, t: Translator) -> list[kit.Block]:
    """Only what the plan counts: a plan without seats says nothing about them."""
    lines = [
        used(t("Contacts"), account.active_contacts, account.contact_limit, t),
        used(t("Seats"), account.seats_used, account.seats, t),
    ]
    return [kit.section(joined(lines))] if any(lines) else []


def used(label: str, number: int, limit: int | None, t: Translator) -> Mrkdwn:
    """How much of a limit is used, with a bar; nothing when neither is counted."""
    if not limit:
        return t.rich("*{label}:* {used}, no limit", label=label, used=number) if number else Mrkdwn()
    percent = t.percent(Decimal(share(number, limit)))
    return t.rich(
        "*{label}:* {bar} {used} of {limit} ({percent})",
        label=label, bar=bar(number, limit), used=number, limit=limit, percent=percent,
    )  # fmt: skip


def _method(one: PaymentMethod, shown: ContactCard, t: Translator) -> Mrkdwn:
    remarks = [t("default") if one.default else "", t("expired") if not one.state and one.expired(shown.today) else ""]
    return joined([joined(["💳", words.method(one, t)], by=" "), *remarks], by=" · ")


def _subscription(one: Subscription, catalogue: Catalogue, t: Translator) -> Mrkdwn:
    amount = words.per_cycle(t.money(one.amount), one.interval, one.interval_count, t)
    line = t.rich(
        "{status}: {items}, {amount}",
        status=words.subscription_status(one.status, t),
        items=_items(one, catalogue, t),
        amount=amount,
    )
    remarks = [t("coupon {code}", code=one.discount) if one.discount else "", t("by invoice") if one.by_invoice else ""]
    return joined([line, *remarks, _what_next(one, t)], by=" · ")


def _items(one: Subscription, catalogue: Catalogue, t: Translator) -> Mrkdwn:
    """What was sold, and how much was added to it: a card is no price list."""
    shown = [
        t.rich("*{product}* × {quantity}", product=fit(_product(item, catalogue, t), 80), quantity=item.quantity)
        for item in one.items[:SHOWN]
    ]
    return joined([*shown, _and_more(len(one.items), t)], by=" + ")


def _product(one: SubscriptionItem, catalogue: Catalogue, t: Translator) -> str:
    """The reader's name for it; Stripe's for what the catalogue does not know."""
    label = catalogue.label(one.price) if one.price else None
    return label.in_(t.language) if label else one.product


def _what_next(one: Subscription, t: Translator) -> str:
    if one.cancel_at:
        return t("ends on {day}", day=t.day_of(one.cancel_at))
    if one.status is SubscriptionStatus.SCHEDULED:
        return t("starts on {day}", day=t.day_of(one.started_at))
    if one.status.runs and one.current_period_end:
        return t("next payment on {day}", day=t.day_of(one.current_period_end))
    return ""


def _invoice(one: Invoice, shown: ContactCard, t: Translator) -> Mrkdwn:
    number = one.number or t("without a number")
    status = t("🔴 overdue") if one.overdue(shown.now) else words.invoice_status(one.status, t)
    line = t.rich(
        "{status}: {number}, {amount}, {day}",
        status=status,
        number=link(one.url, number) if one.url else number,
        amount=one.total,
        day=t.day_of(one.created_at),
    )
    partly = bool(one.due) and one.due != one.total
    return joined([line, t("{amount} still to be paid", amount=one.due) if partly else ""], by=" · ")


def _last_invoices(shown: ContactCard, t: Translator) -> list[kit.Block]:
    """The button stands beside the title, so that it takes no width from the lines."""
    return [
        kit.section(t.rich("*Last invoices*"), accessory=ways.invoices(shown.contact.id, t)),
        _list("", shown.invoices, lambda one: _invoice(one, shown, t), t("none"), t),
    ]


def _people(shown: ContactCard, t: Translator) -> list[kit.Block]:
    if not shown.contact.members:
        return []
    return [_list(t("People at the customer"), shown.contact.members, lambda one: _member(one, t), "", t)]


def _member(one: Member, t: Translator) -> Mrkdwn:
    return joined(
        [joined(["👤", one_line(fit(one.name, 80))], by=" "), words.rights(one.rights, t), one_line(one.email)],
        by=" · ",
    )


# What happened


def _history(shown: ContactCard, catalogue: Catalogue, t: Translator, trail: Sequence[str]) -> Iterator[kit.Block]:
    yield kit.section(t.rich("*History*"))
    if not shown.timeline.entries:
        yield kit.context(t("Nothing yet."))
    for one in shown.timeline.entries:
        yield timelines.entry(one, catalogue, t)
    buttons: list[kit.Element] = []
    if trail:
        buttons.append(kit.button(t("← Newer"), Id.NEWER, value=shown.contact.id))
    if shown.timeline.older:
        buttons.append(kit.button(t("Older →"), Id.OLDER, value=shown.timeline.older))
    if shown.timeline.entries:
        buttons.append(ways.history(shown.contact.id, t))
    if buttons:
        yield kit.actions(*buttons)


# Lists


def _list(
    title: str,
    items: Sequence[Item],
    line: Callable[[Item], Mrkdwn],
    empty: str,
    t: Translator,
) -> kit.Block:
    """A title, if there is one, and at most five lines; the rest is counted."""
    lines: list[str] = [line(one) for one in items[:SHOWN]] or [escape(empty)]
    return kit.section(joined([bold(title) if title else "", *lines, _and_more(len(items), t)]))


def _and_more(count: int, t: Translator) -> str:
    return t("… and {n} more", n=count - SHOWN) if count > SHOWN else ""
