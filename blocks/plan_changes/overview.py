"""`/billing plan NAME`: what the customer has, what it costs, and what can be done about it (A8, AX13, CX15)."""

from __future__ import annotations

from collections.abc import Iterator

from billing.catalogue import Catalogue
from billing.change_requests.model import ChangeRequest, RequestState
from billing.contacts import Subscription
from billing.errors import UnknownPlan
from billing.plan_changes import PlanOverview
from billing.plans import is_of_account
from billing.roles import PERMISSIONS, Permission
from blocks import cards, kit, ways, words
from blocks.graphemes import fit
from blocks.plan_changes import wording
from blocks.plan_changes.ids import Id
from blocks.texts import Mrkdwn, Translator, bold, joined, one_line

NAMED = 10  # people of the customer's who are named; the rest is counted


def plan(shown: PlanOverview, catalogue: Catalogue, t: Translator) -> kit.Modal:
    """The plan page of one subscription."""
    return kit.Modal(
        title=t("Plan"),
        blocks=[
            *_who(shown, catalogue, t),
            *_request(shown, catalogue, t),
            *_money(shown, catalogue, t),
            *_usage(shown, t),
            *_contents(shown, catalogue, t),
            *_raising(shown, t),
            kit.divider(),
            *_actions(shown, catalogue, t),
            kit.context(*_remarks(shown, t)),
        ],
        callback_id=Id.PLAN,
        close=t("Close"),
        metadata={"contact": shown.contact.id, "subscription": shown.subscription.id},
    )


def _who(shown: PlanOverview, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    contact = shown.contact
    name = one_line(contact.name) or one_line(contact.company) or contact.email or contact.id
    return [
        kit.header(words.plan_name(catalogue, shown.package.plan, t)),
        kit.section(
            t.rich(
                "For {name}: {package}",
                name=bold(fit(name, 300)),
                package=fit(wording.package(shown.package, catalogue, t), 2000),
            )
        ),
    ]


def _request(shown: PlanOverview, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    """The open request about this subscription, and what can be done with it (HX17)."""
    request = shown.request
    if request is None:
        if not shown.subscription.schedule:
            return []
        button = ways.call_off(shown.subscription.id, t) if shown.may_change else None
        return [kit.section(t.rich("🗓️ *A change waits at Stripe for its day.*"), accessory=button)]
    buttons: list[kit.Element] = [ways.request(request.id, t)]
    if request.state is RequestState.SCHEDULED and shown.may_change:
        buttons.insert(0, ways.keep(request.id, t))
    return [kit.section(requested(request, catalogue, t)), kit.actions(*buttons)]


def requested(request: ChangeRequest, catalogue: Catalogue, t: Translator) -> Mrkdwn:
    """An open request in three lines: what about, where it stands, who wants it."""
    state = words.request_state(request.state, t)
    when = t("from {day}", day=t.day_of(request.effective_at)) if request.effective_at else ""
    return joined(
        [
            t.rich("📝 *Open request: {state}*", state=", ".join(part for part in (state, when) if part)),
            wording.differences(request.differences[:10], catalogue, t),
            t(
                "Filed by {who} on {day}, on behalf of {whom}",
                who=fit(request.filed_by.name, 200),
                day=t.day_of(request.filed_at),
                whom=fit(request.requester_name, 200),
            ),
        ]
    )


def _money(shown: PlanOverview, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    one = shown.subscription
    discount = catalogue_discount(one, catalogue, t)
    return kit.fields(
        {
            t("Price"): t("{price}, before discount and tax", price=wording.price(one.amount, shown.cadence, t)),
            t("Next payment"): _next_payment(shown, t),
            t("Credit balance"): cards.balance(shown.next_payment.balance, t) if shown.next_payment else "",
            t("Payment method"): _method(shown, t),
            t("Subscription"): words.subscription_status(one.status, t),
            t("Coupon"): discount,
        }
    )


def catalogue_discount(one: Subscription, catalogue: Catalogue, t: Translator) -> str:
    """`SPRING10 · 10% off`, or the bare code of a coupon that the catalogue does not have."""
    if not one.discount:
        return ""
    known = next((coupon for coupon in catalogue.coupons if coupon.code == one.discount), None)
    return f"{one.discount} · {known.label.in_(t.language)}" if known else one.discount


def _next_payment(shown: PlanOverview, t: Translator) -> str:
    following = shown.next_payment
    if following is None:
        ends = shown.subscription.cancel_at
        return t("none: it ends on {day}", day=t.day_of(ends)) if ends else t("none")
    facts = {"amount": following.due or following.amount, "day": t.day_of(following.at)}
    match following.due is not None, following.balance.amount > 0:
        case True, True:
            return t("{amount} on {day}, tax included, credit taken off", **facts)
        case True, False:
            return t("{amount} on {day}, tax included", **facts)
        case False, True:
            return t("{amount} on {day}, before discount, tax and credit", **facts)
        case _:
            return t("{amount} on {day}, before discount and tax", **facts)


def _method(shown: PlanOverview, t: Translator) -> str:
    if shown.method:
        return words.method(shown.method, t)
    return t("by invoice") if shown.subscription.by_invoice else t("none on file")


def _usage(shown: PlanOverview, t: Translator) -> list[kit.Block]:
    """Contacts and seats in use; of the account's plan only, which is what they are counted for."""
    account, package = shown.contact.account, shown.package
    if not is_of_account(package, account):
        return []
    lines = [
        cards.used(t("Contacts"), account.active_contacts, package.limit, t),
        cards.used(t("Seats"), account.seats_used, package.seats, t),
    ]
    return [kit.section(joined(lines))] if any(lines) else []


def _contents(shown: PlanOverview, catalogue: Catalogue, t: Translator) -> Iterator[kit.Block]:
    add_ons = ", ".join(wording.add_ons(shown.package, catalogue, t))
    yield kit.section(t.rich("*Add-ons:* {add_ons}", add_ons=fit(add_ons or t("none"), 2000)))
    try:
        _, sold = catalogue.plan(shown.package.plan)
    except UnknownPlan:
        return
    included = ", ".join(one.in_(t.language) for one in sold.features)
    if included:
        yield kit.section(t.rich("*Features:* {features}", features=fit(included, 2500)))
    limits = ", ".join(
        t("{limit}: {number}", limit=catalogue.limit_name(name).in_(t.language), number=number)
        for name, number in sold.limits_for(shown.package.limit).items()
    )
    if limits:
        yield kit.section(t.rich("*Limits:* {limits}", limits=fit(limits, 2500)))


def _raising(shown: PlanOverview, t: Translator) -> list[kit.Block]:
    """The switch for raising the limit by itself, where the policy offers it (AX5, K4)."""
    if shown.raises_by_itself is None or shown.package.limit is None:
        return []
    if shown.raises_by_itself:
        text = t.rich("🎚️ *A reached contact limit is raised by itself:* on")
        button = kit.button(t("Switch off"), Id.STOP_RAISING, value=shown.contact.id)
    else:
        text = t.rich("🎚️ *A reached contact limit is raised by itself:* off")
        button = kit.button(t("Switch on"), Id.RAISE, value=shown.contact.id, confirm=_terms(t))
    return [kit.section(text, accessory=button if shown.may_change else None)]


def _terms(t: Translator) -> kit.Confirm:
    return kit.confirm(
        t("Does the customer agree to these terms?"),
        t(
            "When the contact limit is reached, the next higher one is bought at once, in your name: the rest of the "
            "period is charged by the usual payment method, and each period from then on costs more."
        ),
        yes=t("Agreed, switch on"),
        no=t("Back"),
    )


def _actions(shown: PlanOverview, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    buttons: list[kit.Element] = []
    if shown.may_change:
        buttons.append(kit.button(t("Change plan"), Id.CHANGE, value=shown.subscription.id, style="primary"))
    buttons.append(kit.button(t("Compare plans"), Id.COMPARE, value=shown.subscription.id))
    buttons.append(ways.card(shown.contact.id, t))
    blocks = [kit.actions(*buttons)]
    if shown.others:
        options = [_other(one, catalogue, t) for one in shown.others[: kit.SELECT_OPTIONS]]
        blocks.append(kit.actions(kit.select(Id.OTHER, options, placeholder=t("Show another plan of the customer"))))
    return blocks


def _other(one: Subscription, catalogue: Catalogue, t: Translator) -> kit.Option:
    label = catalogue.label(one.items[0].price) if one.items[0].price else None
    name = label.in_(t.language) if label else one.product
    amount = words.per_cycle(t.money(one.amount), one.interval, one.interval_count, t)
    return kit.option(fit(one_line(name), 75) or one.id, one.id, description=amount)


def _remarks(shown: PlanOverview, t: Translator) -> Iterator[str]:
    if shown.purchasers:
        names = [fit(one.name, 100) for one in shown.purchasers[:NAMED]]
        rest = len(shown.purchasers) - NAMED
        named = t.either(names) if rest <= 0 else ", ".join([*names, t("… and {n} more", n=rest)])
        yield t("👤 Changes can be asked for by {names}.", names=named)
    else:
        yield t("👤 Nobody at the customer is listed who may ask for changes.")
    if not shown.raises_by_itself:
        yield t("📈 The plan itself never changes on its own, even when a limit is reached.")
    if not shown.may_change:
        yield t("🔑 Who can change plans: {roles}.", roles=words.roles(PERMISSIONS[Permission.CHANGE_PLAN], t))
