"""The form: product, quantity, start, coupon, payment method (H21, H22). The cycle is the product's: no field (H18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from billing.catalogue import RecurringPrice
from billing.errors import Reason
from billing.subscriptions import SubscriptionForm
from blocks import kit, payment_methods, refusals, words
from blocks.graphemes import fit, units
from blocks.subscriptions.ids import Id
from blocks.texts import Translator, bold, joined


def form(shown: SubscriptionForm, t: Translator, errors: Mapping[str, Reason] | None = None) -> kit.Modal:
    """The form. `errors` are refusals by field, shown above; Slack itself shows those of `response_action: errors`."""
    methods = payment_methods.options(shown.methods, shown.link_to, t)
    if not methods:
        return _cannot_pay(shown, t)
    draft = shown.draft
    blocks: list[kit.Block] = [kit.section(t.rich("For {name}", name=bold(shown.contact.name)))]
    blocks += [kit.section(joined(["⚠️", refusals.sentence(one, t)], by=" ")) for one in (errors or {}).values()]
    blocks += [
        _price_input(shown, t),
        kit.field_input(
            t("Quantity"),
            kit.number_input(
                "subscription.quantity",
                at_least=min(price.minimum for price in shown.prices),
                at_most=max(price.maximum for price in shown.prices),
                initial=draft.quantity if draft else min(price.minimum for price in shown.prices),
            ),
            block_id="quantity",
        ),
        kit.field_input(
            t("Starts on"),
            kit.day_input("subscription.start", initial=draft.start if draft else shown.today),
            block_id="start",
            hint=t("Today or later, up to {latest}.", latest=shown.latest),
        ),
        kit.field_input(
            t("Coupon"),
            kit.text_input("subscription.coupon", initial=draft.coupon if draft else None, at_most=100),
            block_id="coupon",
            hint=t("Coupon or promotion code, if the customer has one."),
            optional=True,
        ),
        payment_methods.choice(methods, draft.payment_method if draft else None, Id.METHOD, t),
        kit.context(t("Nothing is charged yet: the next page shows every amount.")),
    ]
    return kit.Modal(
        title=t("New subscription"),
        blocks=blocks,
        callback_id=Id.FORM,
        submit=t("Review"),
        close=t("Cancel"),
        metadata={"contact": shown.contact.id},
    )


def price_choices(prices: Sequence[RecurringPrice], query: str, t: Translator) -> kit.Choices:
    """What the product menu offers when it is opened and while the person types.

    An option with the value `kit.REMARK` is a remark and stands for no product.
    """
    wanted = query.casefold().split()
    matching = [one for one in prices if all(word in _known_as(one, t) for word in wanted)]
    found = _options(matching, t)
    if not found:
        return kit.Choices(
            [kit.group(t("No product matches “{query}”", query=query), [kit.option(t("Try another word"), kit.REMARK)])]
        )
    if len(found) > kit.SELECT_OPTIONS:
        return kit.Choices([kit.group(t("More than 100 products: keep typing"), found[: kit.SELECT_OPTIONS])])
    return kit.Choices([kit.group(t.count("{n} product", "{n} products", len(found)), found)])


def _price_input(shown: SubscriptionForm, t: Translator) -> kit.Block:
    return kit.field_input(
        t("Product"),
        _price_menu(shown, t),
        block_id="price",
        hint=t("The billing cycle comes with the product and cannot be changed."),
    )


def _price_menu(shown: SubscriptionForm, t: Translator) -> kit.Element:
    """It asks the app, which knows the products by their names in every language; a plain menu knows one."""
    options = _options(shown.prices, t)
    chosen = shown.draft.price if shown.draft else None
    is_short = len(options) <= kit.SELECT_OPTIONS
    return kit.search(
        Id.PRICE,
        placeholder=t("Choose a product") if is_short else t("Type the product’s name"),
        at_least=0 if is_short else 1,
        initial=next((one for one in options if one.value == chosen), None),
    )


def _known_as(price: RecurringPrice, t: Translator) -> str:
    """What a person may type for it: its name and price, and its name in every language."""
    return f"{_name_and_price(price, t)} {price.label.en} {price.label.de}".casefold()


def _options(prices: Sequence[RecurringPrice], t: Translator) -> list[kit.Option]:
    return [kit.option(_name_and_price(price, t), price.lookup_key) for price in prices]


def _name_and_price(price: RecurringPrice, t: Translator) -> str:
    """`Marketing Plus · €49.00 per month`: where both do not fit, the name is shortened, never the price."""
    amount = words.per_cycle(t.money(price.unit), price.interval, price.interval_count, t)
    return f"{fit(words.product(price, t), 75 - units(amount) - 3)} · {amount}"


def _cannot_pay(shown: SubscriptionForm, t: Translator) -> kit.Modal:
    return kit.Modal(
        title=t("New subscription"),
        blocks=[
            kit.section(t.rich("*{name} cannot pay yet.*", name=shown.contact.name)),
            kit.section(
                t(
                    "There is no payment method on file, and no e-mail address to which a link could go. "
                    "Add the customer’s e-mail address first."
                )
            ),
        ],
        close=t("Close"),
        metadata={"contact": shown.contact.id},
    )
