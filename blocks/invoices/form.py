"""The form of a draft: its lines, and everything else (H26, H27); and the form of one line on top of it.

Lines are changed one by one and kept at once, so that nothing typed is lost: what stands in the fields below stays
there, because the form keeps their ids whenever it is shown again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billing.catalogue import TaxRate
from billing.invoices.drafting import DraftForm
from billing.invoices.items import Item
from billing.invoices.lines import LineForm
from billing.invoices.model import (
    AUTOMATIC,
    LONGEST_DESCRIPTION,
    LONGEST_FIELD,
    LONGEST_MEMO,
    LONGEST_ORDER_NUMBER,
    LONGEST_TERMS,
    LONGEST_TITLE,
    MOST_LINES,
    MOST_RECIPIENTS,
    UNTAXED,
    SalesInvoice,
)
from blocks import kit, words
from blocks.answers import Answer
from blocks.graphemes import fit, units
from blocks.invoices import figures
from blocks.invoices.ids import Id
from blocks.texts import Translator, bold, joined

ON_A_PAGE = 20  # lines
LANGUAGES = (("en", "English"), ("de", "Deutsch"))


def form(shown: DraftForm, t: Translator, page: int = 0) -> kit.Modal:
    """The draft. `page` is which twenty lines are shown; one that is not there any more becomes the last."""
    invoice = shown.invoice
    last = max(0, (len(invoice.lines) - 1) // ON_A_PAGE)
    page = min(max(page, 0), last)
    blocks: list[kit.Block] = [kit.section(t.rich("For {name}", name=bold(shown.contact.name)))]
    if shown.other:
        blocks.append(_other(shown.other, t))
    if shown.unread:
        blocks.append(_unread(shown.unread, t))
    if invoice.currency != shown.contact.currency:
        copy = kit.button(t("Copy to a new draft"), Id.CLONE, value=invoice.id)
        blocks.append(kit.section(figures.in_another_currency(invoice, shown.contact, t), accessory=copy))
    if invoice.not_sent:
        blocks.append(kit.section(t.rich("⚠️ *It was not sent the last time.* Please review it and try again.")))
    blocks += _lines(shown, page, last, t)
    blocks += [kit.divider(), *_details(shown, t)]
    if invoice.version:
        blocks.append(
            kit.context(
                t("Last changed by {name}, {when}", name=invoice.changed_by.name, when=invoice.changed_at),
                t("Lines are saved at once. Nothing is sent before the review."),
            )
        )
    return kit.Modal(
        title=t("Invoice"),
        blocks=blocks,
        callback_id=Id.FORM,
        submit=t("Review"),
        close=t("Close"),
        metadata={
            "contact": shown.contact.id,
            "invoice": invoice.id,
            "version": invoice.version,
            "page": page,
        },
    )


def _other(draft: SalesInvoice, t: Translator) -> kit.Block:
    """What is begun already, perhaps by a colleague, and the way there."""
    said = t.rich(
        "📝 There is a draft for this customer already, last changed by {name}, {when}.",
        name=fit(draft.changed_by.name, 200),
        when=draft.changed_at,
    )
    return kit.section(said, accessory=kit.button(t("Show the draft"), Id.SHEET, value=draft.id))


def changed(by: str, invoice: str, t: Translator) -> Answer:
    """Somebody else changed the same thing in between: nothing is overwritten, and their version is one click away."""
    return Answer(
        title=t("Changed by a colleague"),
        text=t("{name} has changed this draft in the meantime.", name=by),
        blocks=[
            kit.section(
                joined(
                    [
                        t.rich("✋ *{name} has changed this draft in the meantime.*", name=by),
                        t("What you typed was not saved over it. Look at the draft as it is now, and change it there."),
                    ]
                )
            ),
            kit.actions(kit.button(t("Show the draft"), Id.DRAFT_CHANGED, value=invoice, style="primary")),
        ],
        final=False,
    )


def line_form(shown: LineForm, t: Translator, below: str, page: int = 0) -> kit.Modal:
    """One line. `below` is the id of the form's view, which shows it afterwards."""
    line, currency = shown.line, shown.currency
    blocks: list[kit.Block] = []
    if shown.items:
        blocks.append(
            kit.field_input(
                t("From the product list"),
                _item_menu(shown, t),
                block_id="item",
                hint=t("Fills in description and price where you leave them empty."),
                optional=True,
            )
        )
    blocks += [
        kit.field_input(
            t("Description"),
            kit.text_input(
                "invoice.description", initial=line.description if line else None, at_most=LONGEST_DESCRIPTION
            ),
            block_id="description",
            optional=bool(shown.items),
        ),
        kit.field_input(
            t("Quantity"),
            kit.text_input("invoice.quantity", initial=f"{line.quantity:f}" if line else "1", at_most=20),
            block_id="quantity",
        ),
        kit.field_input(
            t("Unit price in {currency}", currency=currency),
            kit.text_input("invoice.price", initial=figures.plain(line.unit) if line else None, at_most=40),
            block_id="price",
            optional=bool(shown.items),
        ),
        kit.field_input(
            t("Discount on this line"),
            kit.text_input(
                "invoice.line_discount",
                initial=figures.as_typed(line.discount, currency) if line else None,
                at_most=40,
            ),
            block_id="discount",
            hint=t("A percentage, as in 10 %, or an amount."),
            optional=True,
        ),
    ]
    if shown.taxes:
        blocks.append(
            kit.field_input(
                t("Tax"),
                kit.select("invoice.tax", _taxes(shown.taxes, t), initial=line.tax if line else AUTOMATIC),
                block_id="tax",
            )
        )
    return kit.Modal(
        title=t("Change line") if line else t("Add line"),
        blocks=blocks,
        callback_id=Id.LINE,
        submit=t("Save line"),
        close=t("Cancel"),
        metadata={
            "contact": shown.contact.id,
            "invoice": shown.invoice,
            "line": line.id if line else None,
            "version": line.version if line else 0,
            "form": below,
            "page": page,
        },
    )


def item_choices(items: Sequence[Item], query: str, t: Translator) -> kit.Choices:
    """What the menu of things offers while the person types, when they are too many for a plain menu."""
    wanted = query.casefold().split()
    found = [one for one in items if all(word in f"{one.label.en} {one.label.de}".casefold() for word in wanted)]
    if not found:
        remark = kit.option(t("Try another word"), kit.REMARK)
        return kit.Choices([kit.group(t("No product matches “{query}”", query=fit(query, 40)), [remark])])
    label = (
        t("More than 100 products: keep typing")
        if len(found) > kit.SELECT_OPTIONS
        else t.count("{n} product", "{n} products", len(found))
    )
    return kit.Choices([kit.group(label, [_item(one, t) for one in found[: kit.SELECT_OPTIONS]])])


# Lines


def _unread(parts: tuple[str, ...], t: Translator) -> kit.Block:
    return kit.section(
        joined(
            [
                t.rich("🤔 *This part I did not understand:*"),
                *(t.rich("• “{part}”", part=fit(part, 200)) for part in parts[:10]),
                t("Please enter it below."),
            ]
        )
    )


def _lines(shown: DraftForm, page: int, last: int, t: Translator) -> Iterator[kit.Block]:
    found = shown.totals.lines
    yield kit.section(t.rich("*Lines* ({n} of {most})", n=len(found), most=MOST_LINES))
    if not found:
        yield kit.context(t("None yet. Add what the customer is to pay for."))
    first = page * ON_A_PAGE
    for number, one in enumerate(found[first : first + ON_A_PAGE], first + 1):
        yield kit.section(
            figures.line_text(number, one, t),
            accessory=kit.overflow(Id.LINE_MENU, _line_options(one.line.id, t)),
            block_id=f"line-{one.line.id}",
        )
    yield kit.actions(*_line_buttons(shown, page, last, t), block_id="line-buttons")
    free = [t.number(number) for number, one in enumerate(found, 1) if not one.line.unit]
    if free:
        yield kit.context(t("Lines without a price: {lines}", lines=", ".join(free)))
    lost = [t.number(number) for number, one in enumerate(found, 1) if one.line in shown.lost_taxes]
    if lost:
        yield kit.context(
            t(
                "⚠️ The tax of these lines is not known any more, or not in the customer’s country: {lines}. Please "
                "change each and choose another one.",
                lines=", ".join(lost),
            )
        )
    yield from kit.rows(figures.sum_rows(shown.totals, shown.invoice.details.discount, t))
    if shown.reverse_charge:
        yield kit.context(t("🧾 Reverse charge: the invoice has no VAT, the customer pays it to the own tax office."))


def _line_options(line: str, t: Translator) -> list[kit.Option]:
    return [
        kit.option(t("Change"), f"change:{line}"),
        kit.option(t("Copy"), f"copy:{line}"),
        kit.option(t("Move up"), f"up:{line}"),
        kit.option(t("Move down"), f"down:{line}"),
        kit.option(t("Remove"), f"remove:{line}"),
    ]


def _line_buttons(shown: DraftForm, page: int, last: int, t: Translator) -> Iterator[kit.Element]:
    if len(shown.invoice.lines) < MOST_LINES:
        yield kit.button(t("Add line"), Id.ADD_LINE, value=shown.invoice.id, style="primary")
    if page > 0:
        yield kit.button(t("← Earlier lines"), Id.PAGE, value=str(page - 1))
    if page < last:
        # two buttons of a block differ in their ids
        yield kit.button(t("Later lines →"), f"{Id.PAGE}.on", value=str(page + 1))
    if shown.templates:
        options = [kit.option(one.name, one.id) for one in shown.templates[: kit.SELECT_OPTIONS]]
        yield kit.select(Id.TEMPLATE, options, placeholder=t("Add from a template"))
    yield kit.button(t("Save as draft"), Id.SAVE, value=shown.invoice.id)


# Everything else


def _details(shown: DraftForm, t: Translator) -> Iterator[kit.Block]:
    details, currency = shown.invoice.details, shown.invoice.currency
    yield kit.field_input(
        t("Due after days"),
        kit.number_input("invoice.due_days", at_least=0, at_most=365, initial=details.due_days),
        block_id="due_days",
    )
    yield kit.field_input(
        t("Or due on a day"),
        kit.day_input("invoice.due_on", initial=details.due_on),
        block_id="due_on",
        hint=t("A day counts before a number of days."),
        optional=True,
    )
    yield kit.field_input(
        t("Discount on the whole"),
        kit.text_input("invoice.discount", initial=figures.as_typed(details.discount, currency), at_most=40),
        block_id="discount",
        hint=t("A percentage, as in 10 %, or an amount. It comes off before tax that is added."),
        optional=True,
    )
    yield kit.field_input(
        t("Recipients"),
        kit.text_input("invoice.recipients", initial=", ".join(details.recipients), at_most=2000),
        block_id="recipients",
        hint=t("Up to {most} e-mail addresses, divided by commas.", most=MOST_RECIPIENTS),
    )
    yield kit.field_input(
        t("Purchase order number"),
        kit.text_input("invoice.order_number", initial=details.order_number, at_most=LONGEST_ORDER_NUMBER),
        block_id="order_number",
        optional=True,
    )
    given = {one.id: one.value for one in details.fields}
    for field in shown.fields:
        yield kit.field_input(
            field.name.in_(t.language),
            kit.text_input(f"invoice.fields.{field.id}", initial=given.get(field.id), at_most=LONGEST_FIELD),
            block_id=kit.field_id("fields", key=field.id),
            optional=not field.required,
        )
    yield kit.field_input(
        t("Message to the customer"),
        kit.text_input("invoice.memo", initial=details.memo, at_most=LONGEST_MEMO, multiline=True),
        block_id="memo",
        optional=True,
    )
    yield kit.field_input(
        t("Title of the document"),
        kit.text_input("invoice.title", initial=details.title, at_most=LONGEST_TITLE),
        block_id="title",
        hint=t("Left empty, it is called an invoice, in its language."),
        optional=True,
    )
    yield kit.field_input(
        t("Terms"),
        kit.text_input("invoice.terms", initial=details.terms, at_most=LONGEST_TERMS, multiline=True),
        block_id="terms",
        optional=True,
    )
    yield kit.field_input(
        t("Language of the document"),
        kit.select("invoice.language", [kit.option(name, code) for code, name in LANGUAGES], initial=details.language),
        block_id="language",
    )


# The line's menus


def _item_menu(shown: LineForm, t: Translator) -> kit.Element:
    if len(shown.items) <= kit.SELECT_OPTIONS:
        options = [_item(one, t) for one in shown.items]
        return kit.select(Id.ITEM, options, placeholder=t("Choose a product"))
    return kit.search(Id.ITEM, placeholder=t("Type the product’s name"))


def _item(one: Item, t: Translator) -> kit.Option:
    """`1,000 SMS · €75.00`: where both do not fit, the name is shortened, never the price."""
    price = t.money(one.unit)
    if one.cadence:
        price = words.per_cycle(price, *one.cadence, t)
    return kit.option(f"{fit(one.label.in_(t.language), 75 - units(price) - 3)} · {price}", one.key)


def _taxes(rates: Sequence[TaxRate], t: Translator) -> list[kit.Option]:
    options = [kit.option(t("As usual in the customer’s country"), AUTOMATIC)]
    options += [
        kit.option(words.tax_line(one.label, one.percent, t, inclusive=one.inclusive), one.name) for one in rates[:98]
    ]
    return [*options, kit.option(t("No tax"), UNTAXED)]
