"""The review: the first payment line by line, the next three, start and method, before anything starts (H23)."""

from __future__ import annotations

from collections.abc import Iterator

from billing.money import Money
from billing.previews import Payment, SubscriptionPreview
from billing.subscriptions import Review
from blocks import kit, words
from blocks.subscriptions.ids import Id
from blocks.texts import Mrkdwn, Translator, bold


def review(shown: Review, t: Translator) -> kit.Modal:
    """The page before the confirmation. Its metadata is the command that the button confirms."""
    return _page(shown, [], t)


def changed(shown: Review, t: Translator, before: SubscriptionPreview | None = None) -> kit.Modal:
    """The review once more, because it is no longer what was confirmed; `before` is what the person saw, if known."""
    notice: list[kit.Block] = [
        kit.section(
            t.rich("⚠️ *Something changed since the review.* Nothing was started. These are the terms that apply now:")
        )
    ]
    differences = list(_differences(before, shown.preview, t)) if before else []
    if differences:
        notice.append(kit.section(Mrkdwn("\n".join(differences))))
    return _page(shown, [*notice, kit.divider()], t)


def payment_rows(preview: SubscriptionPreview, t: Translator) -> list[tuple[str, str]]:
    """The first payment, line by line: product, discount, each tax, total."""
    first = preview.first
    rows: list[tuple[str, str]] = [(_what(preview, t), t.money(first.subtotal))]
    if preview.coupon and first.discount:
        code, label = preview.coupon.code, preview.coupon.label.in_(t.language)
        rows.append((t("Coupon {code} · {label}", code=code, label=label), t.money(-first.discount)))
    rows += [(words.tax(tax, t), t.money(tax.amount)) for tax in first.taxes]
    rows.append((bold(t("Total")), bold(t.money(first.total))))
    return rows


def _balance_rows(shown: Review, t: Translator) -> list[tuple[str, str]]:
    """What the customer's balance makes of the total; nothing where there is none."""
    preview = shown.preview
    if preview.balance is None:
        return []
    label = t("Credit balance") if preview.balance.amount > 0 else t("Owed from before")
    charged = t("Charged now") if _charges_now(shown) else t("Charged then, as it stands today")
    return [(label, t.money(-preview.balance)), (bold(charged), bold(t.money(preview.charge)))]


def _charges_now(shown: Review) -> bool:
    return shown.method is not None and shown.preview.starts_now


def _what(preview: SubscriptionPreview, t: Translator) -> str:
    """What the first payment is for: a whole period, or what is left of the running one."""
    product, part = words.product(preview.price, t), preview.first.part
    if part is None:
        return t(
            "{product} × {quantity}, {price} each",
            product=product,
            quantity=preview.quantity,
            price=preview.price.unit,
        )
    return t(
        "{product} × {quantity}, {first} to {last} ({days} of {whole} days)",
        product=product,
        quantity=preview.quantity,
        first=part.first,
        last=part.last,
        days=part.days,
        whole=part.whole,
    )


def _page(shown: Review, notice: list[kit.Block], t: Translator) -> kit.Modal:
    preview = shown.preview
    return kit.Modal(
        title=t("Review and confirm"),
        blocks=[
            *notice,
            kit.section(t.rich("For {name}", name=bold(shown.contact.name))),
            kit.header(t("First payment")),
            *kit.rows([*payment_rows(preview, t), *_balance_rows(shown, t)]),
            *kit.fields(
                {
                    t("Starts"): _start(shown, t),
                    t("Payment method"): words.method(shown.method, t) if shown.method else t("Link to the customer"),
                    t("Billing cycle"): words.billing_cycle(preview.price, t),
                }
            ),
            kit.divider(),
            kit.section(t.rich("*The next payments*")),
            *kit.rows((t.date(one.on), t.money(one.total)) for one in preview.following),
            kit.context(*_remarks(shown, t)),
        ],
        callback_id=Id.REVIEW,
        submit=_button(shown, t),
        close=t("Back"),
        metadata=confirmation(shown),
    )


def confirmation(shown: Review) -> dict[str, object]:
    """The fields of the command that a confirmation of this page stands for."""
    draft: dict[str, object] = shown.draft.model_dump(mode="json", exclude_none=True)
    return {**draft, "fingerprint": shown.fingerprint}


def _button(shown: Review, t: Translator) -> str:
    if shown.method is None:
        return t("Send link")
    return t("Start subscription") if shown.preview.starts_now else t("Schedule subscription")


def _start(shown: Review, t: Translator) -> str:
    if not shown.preview.starts_now:
        return t.date(shown.preview.first.on)
    if shown.method is None:
        return t("when a method was added")
    return t("today, {day}", day=shown.preview.first.on)


def _remarks(shown: Review, t: Translator) -> Iterator[str]:
    preview = shown.preview
    if shown.method is None:
        yield t(
            "🔗 {email} gets a link to Stripe’s page. Nothing is charged and nothing starts before a method was added.",
            email=shown.contact.email,
        )
        if hint := words.part_hint(preview, t):
            yield f"📅 {hint}"
    elif preview.starts_now:
        if preview.charge:
            yield t("💳 {amount} is charged as soon as this is confirmed.", amount=preview.charge)
        else:
            yield t("💳 Nothing is charged now; the subscription starts as soon as this is confirmed.")
        if preview.left_over:
            yield t("💰 {amount} of the credit is kept for later payments.", amount=preview.left_over)
    else:
        yield t(
            "🗓️ Nothing is charged today. {amount} is charged on {day}.",
            amount=preview.charge,
            day=preview.first.on,
        )
    if not _charges_now(shown) and (hint := words.balance_hint(preview, t)):
        yield f"💰 {hint}"
    yield t("🔁 The cycle comes with the product and cannot be changed.")
    if preview.reverse_charge:
        yield t("🧾 Reverse charge: the invoice has no VAT, the customer pays it to the own tax office.")


def _differences(before: SubscriptionPreview, now: SubscriptionPreview, t: Translator) -> Iterator[Mrkdwn]:
    for label, old, new in (
        (t("Price"), t.money(before.price.unit), t.money(now.price.unit)),
        (t("Billing cycle"), words.billing_cycle(before.price, t), words.billing_cycle(now.price, t)),
        (t("First period"), _period(before, t), _period(now, t)),
        (t("Discount"), t.money(before.first.discount), t.money(now.first.discount)),
        (t("Tax"), _taxes(before.first, t), _taxes(now.first, t)),
        (t("First payment"), t.money(before.first.total), t.money(now.first.total)),
        (t("Balance"), _balance(before, t), _balance(now, t)),
        (t("Starts"), t.date(before.first.on), t.date(now.first.on)),
        (t("The next payments"), _following(before, t), _following(now, t)),
    ):
        if old != new:
            yield t.rich("• {label}: {old} → *{new}*", label=label, old=old, new=new)


def _period(preview: SubscriptionPreview, t: Translator) -> str:
    part = preview.first.part
    if part is None:
        return t("whole")
    return t("{days} of {whole} days", days=part.days, whole=part.whole)


def _taxes(payment: Payment, t: Translator) -> str:
    return ", ".join(words.tax(tax, t) for tax in payment.taxes) or t("none")


def _balance(preview: SubscriptionPreview, t: Translator) -> str:
    return t.money(preview.balance or Money.zero(preview.first.total.currency))


def _following(preview: SubscriptionPreview, t: Translator) -> str:
    return ", ".join(t("{day}: {amount}", day=one.on, amount=one.total) for one in preview.following)
