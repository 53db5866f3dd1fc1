"""The form: who asks, and the five things that can change (A8), for the plan that is chosen in it (A10, A15, A20, A22).

Another plan has other limits, seats and add-ons: their inputs get other block ids then, because Slack keeps what was
chosen in a block, and what was wished for travels in the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billing.catalogue import AddOn, Catalogue, LowerLimit, Proration, RecurringPrice, TakesEffect
from billing.change_requests.model import LONGEST_NOTE, Origin
from billing.change_requests.tickets import NOTHING_SAID, Said, TicketRequest
from billing.contacts import Contact, Member
from billing.plan_changes import ChangeForm, PlanChangeDraft
from billing.plans import is_of_account, may_purchase, plan_prices, seat_price
from blocks import kit, words
from blocks.graphemes import fit, units
from blocks.plan_changes import wording
from blocks.plan_changes.ids import Id
from blocks.texts import Translator, bold, one_line

LONGEST_VALUE = 150  # characters of an option's value


def form(shown: ChangeForm, catalogue: Catalogue, t: Translator, said: Said = NOTHING_SAID) -> kit.Modal:
    """The form, filled in as the draft says. What a help ticket said can be read beside it (A29)."""
    overview = shown.overview
    return kit.Modal(
        title=t("Change plan"),
        blocks=[
            kit.section(
                t.rich(
                    "For {name}, who has: {package}",
                    name=bold(fit(overview.contact.name, 300)),
                    package=fit(wording.package(overview.package, catalogue, t), 2000),
                )
            ),
            *_requester(shown, t),
            _plan(shown, catalogue, t),
            *_limit(shown, catalogue, t),
            *_seats(shown, catalogue, t),
            *(_add_on(add_on, price, shown, t) for add_on, price in shown.add_ons),
            *_ticket(said, t),
            kit.context(*_remarks(catalogue, t)),
        ],
        callback_id=Id.FORM,
        submit=t("Continue"),
        close=t("Cancel"),
        metadata={
            "contact": overview.contact.id,
            "subscription": overview.subscription.id,
            "seats": shown.draft.seats,
            "shown": _wish(shown.draft),
            "wished": _wish(shown.wished),
            "origin": said.origin.value,
        },
    )


def accounts(found: Sequence[TicketRequest], t: Translator) -> kit.Modal:
    """Several customers have the sender of a help ticket as their primary admin: which of them is it about?"""
    options = [_account(one.contact) for one in found[: kit.SELECT_OPTIONS]]
    return kit.Modal(
        title=t("Change plan"),
        blocks=[
            kit.section(t.rich("{address} is the primary admin of several accounts.", address=found[0].requester)),
            kit.field_input(
                t("Which account is it about?"),
                kit.select("plan_change.contact", options, placeholder=t("Choose an account")),
                block_id="contact",
            ),
            *_ticket(found[0].said, t),
        ],
        callback_id=Id.ACCOUNT,
        submit=t("Continue"),
        close=t("Cancel"),
        metadata={"requester": found[0].requester},
    )


def _account(one: Contact) -> kit.Option:
    name = one_line(one.name) or one_line(one.company) or one.email
    return kit.option(fit(name, 75) or one.id, one.id, description=fit(one_line(one.company), 75))


def _ticket(said: Said, t: Translator) -> Iterator[kit.Block]:
    if said.origin is Origin.TICKET:
        yield kit.field_input(
            t("What the help ticket says"),
            kit.text_input("plan_change.remark", initial=said.remark, at_most=LONGEST_NOTE, multiline=True),
            block_id="remark",
            optional=True,
            hint=t("Those who decide read this."),
        )


def _wish(draft: PlanChangeDraft) -> dict[str, object]:
    return draft.model_dump(include={"limit", "seats", "add_ons"})


def _requester(shown: ChangeForm, t: Translator) -> Iterator[kit.Block]:
    """Everybody at the customer, those who may first: whoever may not is refused with the names of those who may."""
    people = sorted(shown.overview.contact.members, key=lambda one: not may_purchase(one))
    offered = {one.email: one for one in people if 1 <= units(one.email) <= LONGEST_VALUE}
    options = [_member(one, t) for one in list(offered.values())[: kit.SELECT_OPTIONS]]
    if not options:
        return
    yield kit.field_input(
        t("Who at the customer asks for it?"),
        kit.choice("plan_change.requester", options, initial=shown.draft.requester),
        block_id="requester",
        hint=t("It has to be the primary admin or an admin with purchase permission."),
    )


def _member(one: Member, t: Translator) -> kit.Option:
    return kit.option(
        fit(one_line(one.name) or one.email, 75), one.email, description=words.rights(one.rights, t) or t("no rights")
    )


def _plan(shown: ChangeForm, catalogue: Catalogue, t: Translator) -> kit.Block:
    own = shown.overview.package.plan
    options = [
        kit.option(_from(name, shown, catalogue, t), name, description=t("has now") if name == own else "")
        for name in shown.plans[: kit.SELECT_OPTIONS]
    ]
    return kit.field_input(
        t("Plan"),
        kit.select(Id.CHOSEN, options, placeholder=t("Choose a plan"), initial=shown.draft.plan),
        block_id="plan",
        hint=t("What can be chosen below belongs to this plan."),
        dispatch=True,
    )


def _from(name: str, shown: ChangeForm, catalogue: Catalogue, t: Translator) -> str:
    """`Marketing Plus · from €49.00 per month`: where both do not fit, the name is shortened, never the price."""
    prices = plan_prices(catalogue, name, shown.overview.cadence)
    lowest = min(prices, key=lambda one: one.unit.amount)
    amount = _per_cycle(lowest, t)
    cost = t("from {amount}", amount=amount) if len(prices) > 1 else amount
    return f"{fit(words.plan_name(catalogue, name, t), 75 - units(cost) - 3)} · {cost}"


def _limit(shown: ChangeForm, catalogue: Catalogue, t: Translator) -> Iterator[kit.Block]:
    """Fixed steps, no free text (A10)."""
    if not shown.limits:
        return
    own = shown.overview.package
    prices = {one.contacts: one for one in plan_prices(catalogue, shown.draft.plan, shown.overview.cadence)}
    options = [
        kit.option(
            _up_to(limit, prices[limit], t),
            str(limit),
            description=t("has now") if (shown.draft.plan, limit) == (own.plan, own.limit) else "",
        )
        for limit in shown.limits[: kit.SELECT_OPTIONS]
    ]
    yield kit.field_input(
        t("Contact limit"),
        kit.select("plan_change.limit", options, initial=str(shown.draft.limit)),
        block_id=kit.field_id("limit", version=shown.draft.plan),
        hint=_contacts_in_use(shown, t),
    )


def _contacts_in_use(shown: ChangeForm, t: Translator) -> str:
    account = shown.overview.contact.account
    return t("In use: {used}.", used=account.active_contacts) if is_of_account(shown.overview.package, account) else ""


def _up_to(limit: int, price: RecurringPrice, t: Translator) -> str:
    contacts = t.count("{n} contact", "{n} contacts", limit)
    return f"{contacts} · {_per_cycle(price, t)}"


def _seats(shown: ChangeForm, catalogue: Catalogue, t: Translator) -> Iterator[kit.Block]:
    """Any number that the plan can have (A15); none to choose where it is one only."""
    possible = shown.seats
    if possible.least == possible.most:
        yield kit.context(t("Seats in this plan: {n}", n=possible.least))
        return
    yield kit.field_input(
        t("Seats"),
        kit.number_input(
            "plan_change.seats", at_least=possible.least, at_most=possible.most, initial=shown.draft.seats
        ),
        block_id=kit.field_id("seats", version=shown.draft.plan),
        hint=" ".join(_about_seats(shown, catalogue, t)),
    )


def _about_seats(shown: ChangeForm, catalogue: Catalogue, t: Translator) -> Iterator[str]:
    overview, possible = shown.overview, shown.seats
    yield t("{least} to {most}.", least=possible.least, most=possible.most)
    if is_of_account(overview.package, overview.contact.account):
        yield t("In use: {used}.", used=overview.contact.account.seats_used)
    price = seat_price(catalogue, shown.draft.plan, overview.cadence)
    if price:
        yield t("One more: {price}.", price=words.per_cycle(t.money(price), *_cycle(shown), t))


def _cycle(shown: ChangeForm) -> tuple[str, int]:
    return shown.overview.cadence.interval, shown.overview.cadence.count


def _add_on(add_on: AddOn, price: RecurringPrice, shown: ChangeForm, t: Translator) -> kit.Block:
    quantity = shown.draft.add_ons.get(add_on.id, 0)
    label = t("Add-on: {name}, {price}", name=add_on.name.in_(t.language), price=_per_cycle(price, t))
    block_id = kit.field_id("add_ons", key=add_on.id, version=shown.draft.plan)
    action_id = f"plan_change.add_on.{add_on.id}"
    if add_on.quantity.maximum >= kit.SELECT_OPTIONS:
        number = kit.number_input(action_id, at_least=0, at_most=add_on.quantity.maximum, initial=quantity)
        return kit.field_input(label, number, block_id=block_id)
    numbers = (0, *range(add_on.quantity.minimum, add_on.quantity.maximum + 1))
    options = [kit.option(_times(n, price, t), str(n)) for n in numbers]
    return kit.field_input(label, kit.select(action_id, options, initial=str(quantity)), block_id=block_id)


def _times(number: int, price: RecurringPrice, t: Translator) -> str:
    if number == 0:
        return t("none")
    return (
        f"{t.number(number)} · {words.per_cycle(t.money(price.unit * number), price.interval, price.interval_count, t)}"
    )


def _per_cycle(price: RecurringPrice, t: Translator) -> str:
    return words.per_cycle(t.money(price.unit), price.interval, price.interval_count, t)


def _remarks(catalogue: Catalogue, t: Translator) -> Iterator[str]:
    """What becomes of it, by the house's rules (K3, K5, K7)."""
    yield t("⬆️ More is charged at once for the rest of the period. The next page shows every amount.")
    if catalogue.plan_changes.proration is Proration.FULL_PRICE:
        yield t("💶 What was paid for the rest of the old plan is not credited.")
    if catalogue.plan_changes.lower_limit is LowerLimit.SELF_SERVICE:
        yield t(
            "⬇️ A lower contact limit begins with the next period. "
            "A lower plan or an add-on less is decided by managers."
        )
    else:
        yield t(
            "⬇️ A lower plan, a lower contact limit or an add-on less is decided by managers; "
            "it is filed on the next page."
        )
    if catalogue.plan_changes.downgrade is TakesEffect.AT_ONCE:
        yield t("🗓️ What managers approve takes effect at once.")
    else:
        yield t("🗓️ What managers approve takes effect at the end of the period.")
