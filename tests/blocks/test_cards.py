"""The contact card and its timeline (H5, H6, H9, H10, CX15)."""

from datetime import timedelta

import pytest

from billing.cards import Attention, Concern
from billing.contacts import Account, AccountStatus, InvoiceStatus, SubscriptionStatus
from billing.roles import Permission
from billing.timeline import Happening, Page
from blocks import cards, timelines, ways
from bot.sandbox.workspace.limits import problems
from tests.blocks.samples import (
    BOTH,
    CATALOGUE,
    DE,
    EN,
    EVIL,
    NOW,
    TODAY,
    card,
    contact,
    elements,
    entry,
    eur,
    invoice,
    metadata,
    method,
    operation,
    strange_card,
    subscription,
    waiting_receipt,
    words,
)


def shown(t=EN, trail=(), **changes):
    return cards.card(card(**changes), CATALOGUE, t, trail).to_dict()


def test_the_card_is_silent_about_what_the_plan_does_not_count():
    account = Account(plan="marketing/plus", active_contacts=0, contact_limit=None, seats_used=2, seats=3)
    text = words(shown(contact=contact(account=account), monthly=eur(0)))
    assert "*Contacts:*" not in text
    assert "2 of 3 (67%)" in text
    assert "*Monthly revenue*\n€0.00" in text
    assert "€0.00 before discount" not in text


def test_what_needs_attention_is_called_as_the_catalogue_calls_it():
    """A product's name at Stripe is in one language only, and may be an older one."""
    mine = subscription(product="Marketing Plus, old name")
    failing = Attention(concern=Concern.PAYMENT_FAILING, parameters={"product": "Marketing Plus, old name"})
    text = words(shown(DE, subscriptions=(mine,), attention=(failing,)))
    assert "Die Zahlung für Marketing Plus schlägt fehl" in text
    assert "old name" not in text


def test_the_card_says_who_it_is():
    text = words(shown())
    for part in ("Ada Lovelace", "Analytical Engines Ltd", "Berlin, Germany", "ada@engines.example · +49 30 1234567"):
        assert part in text
    assert "Berlin, Deutschland" in words(shown(DE))


def test_the_card_has_plan_revenue_balance_and_usage():
    text = words(shown())
    assert "*Plan*\nMarketing Plus" in text
    assert "€147.00 before discount and tax" in text
    assert "€10.00 credit" in text
    assert "▰▰▰▰▰▰▱▱▱▱ 6,200 of 10,000 (62%)" in text
    assert "▰▰▰▰▰▰▱▱▱▱ 3 of 5 (60%)" in text
    assert "€10.00 still to be paid" in words(shown(balance=eur(-1000)))
    assert "*Guthaben*\nkeines" in words(shown(DE, balance=eur(0)))


@pytest.mark.parametrize(
    ("used", "limit", "marks"),
    [(0, 10, 0), (1, 1000, 1), (55, 100, 5), (999, 1000, 9), (1000, 1000, 10), (2000, 1000, 10)],
)
def test_the_bar_is_full_only_at_the_limit_and_empty_only_at_nothing(used, limit, marks):
    assert cards.bar(used, limit) == "▰" * marks + "▱" * (10 - marks)


@pytest.mark.parametrize(
    ("used", "limit", "percent"),
    [(0, 3, 0), (1, 3, 33), (2, 3, 67), (1, 200, 1), (999, 1000, 99), (1000, 1000, 100), (8200, 2500, 328)],
)
def test_the_share_is_rounded_and_100_only_at_the_limit(used, limit, percent):
    """2 of 3 are 66.67 percent; 1 of 200 is half a percent; 99.9 is not all."""
    assert cards.share(used, limit) == percent


def test_a_limit_that_is_exceeded_is_not_only_reached():
    def said(used, t):
        given = {"what": "contacts", "used": used, "limit": 2500}
        return words(shown(t, attention=(Attention(concern=Concern.LIMIT_REACHED, parameters=given),)))

    assert "Die Obergrenze für Kontakte ist überschritten: 8.200 von 2.500." in said(8200, DE)
    assert "is exceeded: 2,501 of 2,500" in said(2501, EN)
    assert "is reached: 2,500 of 2,500" in said(2500, EN)


def test_usage_without_a_limit_has_no_bar():
    text = words(shown(contact=contact(account=Account(active_contacts=5, contact_limit=None))))
    assert "5, no limit" in text
    assert "▱" not in text


def test_payment_methods_show_brand_last_four_and_expiry_and_never_more():
    """HX5."""
    text = words(shown(methods=(method(default=True), method(2, exp_year=2025))))
    assert "💳 Visa •••• 4242 (12/2027) · default" in text
    assert "Visa •••• 4242 (12/2025) · expired" in text
    assert "pm_1" not in str(shown())


@pytest.mark.parametrize(
    ("t", "said"),
    [
        (
            EN,
            (
                "💳 Visa (not expired) · default\n", "💳 Visa (expires soon)\n", "💳 Visa (expired)\n",
                "💳 SEPA Direct Debit\n", "🔴 A card has expired: Visa.", "🟡 A card expires soon: Visa.",
                "Payment method added: Visa",
            ),
        ),
        (
            DE,
            (
                "💳 Visa (nicht abgelaufen) · Standard\n", "💳 Visa (läuft bald ab)\n", "💳 Visa (abgelaufen)\n",
                "💳 SEPA-Lastschrift\n", "🔴 Eine Karte ist abgelaufen: Visa.", "🟡 Eine Karte läuft bald ab: Visa.",
                "Zahlungsmethode hinterlegt: Visa",
            ),
        ),
    ],
)  # fmt: skip
def test_who_may_not_see_digits_and_date_reads_brand_and_state_once(t, said):
    """G11"""
    cards_ = (method(default=True), method(2, exp_month=TODAY.month, exp_year=TODAY.year), method(3, exp_year=2020))
    debit = method(4, brand="sepa_debit", exp_month=None, exp_year=None)
    concerns = (Concern.CARD_EXPIRED, Concern.CARD_EXPIRES)
    added = entry(Happening.PAYMENT_METHOD_ADDED, parameters={"brand": "visa"})
    text = words(
        shown(
            t,
            methods=tuple(one.hidden(TODAY) for one in (*cards_, debit)),
            attention=tuple(Attention(concern=one, parameters={"brand": "visa"}) for one in concerns),
            timeline=Page(entries=(added,)),
        )
    )
    for part in said:
        assert part in text


def test_the_history_names_the_country_in_the_readers_language():
    """Entries of before, which hold its code among the rest, are shown as they were written."""
    changed = entry(
        Happening.BILL_TO_CHANGED,
        parameters={
            **{"before": "Bea, 10969 Berlin", "before_country": "DE", "before_tax_id": "DE136695976"},
            **{"after": "Bea, 1010 Wien", "after_country": "AT", "after_tax_id": ""},
        },
    )
    said = "Bea, 10969 Berlin, Deutschland, DE136695976 → Bea, 1010 Wien, Österreich"
    assert timelines.sentence(changed, CATALOGUE, DE).endswith(said)
    old = changed.model_copy(update={"parameters": {"before": "Bea, Berlin, DE", "after": "Bea, Wien, AT"}})
    assert timelines.sentence(old, CATALOGUE, DE).endswith(": Bea, Berlin, DE → Bea, Wien, AT")


def test_subscriptions_show_state_amount_and_what_comes_next():
    text = words(shown(subscriptions=(subscription(discount="SPRING10"),)))
    assert (
        "🟢 running: *Marketing Plus* × 3, €147.00 per month · coupon SPRING10 · next payment on Dec 21, 2026" in text
    )
    assert "endet am 21.11.2026" in words(shown(DE, subscriptions=(subscription(cancel_at=NOW),)))
    planned = subscription(status=SubscriptionStatus.SCHEDULED, started_at=NOW + timedelta(days=10))
    assert "starts on Dec 1, 2026" in words(shown(subscriptions=(planned,)))


def test_a_subscription_shows_what_was_added_and_that_it_is_paid_by_invoice():
    plan = subscription().items[0]
    seats = plan.model_copy(update={"product": "Extra seat", "price": None, "quantity": 4, "unit_amount": eur(900)})
    text = words(shown(subscriptions=(subscription(items=(plan, seats), by_invoice=True),)))
    # 3 x 49 + 4 x 9
    assert "*Marketing Plus* × 3 + *Extra seat* × 4, €183.00 per month · by invoice" in text


def test_invoices_show_state_number_as_a_link_amount_and_day():
    text = words(shown(invoices=(invoice(), invoice(2, status=InvoiceStatus.OPEN, due=eur(5744), due_at=NOW))))
    assert "🟢 paid: <https://pay.example/in_1|KON-0001>, €157.44, Nov 21, 2026" in text
    assert "not paid yet: <https://pay.example/in_1|KON-0002>, €157.44, Nov 21, 2026 · €57.44 still to be paid" in text
    late = invoice(status=InvoiceStatus.OPEN, due=eur(1), due_at=NOW - timedelta(days=1))
    assert "🔴 überfällig" in words(shown(DE, invoices=(late,)))


def test_empty_lists_say_so():
    text = words(shown(methods=(), subscriptions=(), invoices=(), timeline=Page()))
    assert "*Payment methods*\nnone on file" in text
    assert "*Subscriptions*\nnone" in text
    assert "Nothing yet." in text


def test_long_lists_are_counted_and_not_cut_silently():
    text = words(shown(methods=tuple(map(method, range(12)))))
    assert "… and 7 more" in text


CONCERNS = {
    Concern.ACCOUNT_EXPIRED: ({}, "a plan has to be bought"),
    Concern.ACCOUNT_NOT_ACTIVE: ({"status": "suspended"}, "suspended"),
    Concern.FROZEN: ({}, "Further changes are frozen until a manager lifts that"),
    Concern.PROOF_LOCKED: ({"until": "2026-12-01T09:00:00+00:00"}, "cannot be verified before Dec 1, 2026"),
    Concern.PAYMENT_FAILING: ({"product": "Marketing Plus"}, "Marketing Plus fails"),
    Concern.INVOICE_OVERDUE: ({"number": "KON-1", "days": 3}, "KON-1 over €20.00 is overdue since 3 days"),
    Concern.CARD_EXPIRED: ({"brand": "visa", "last4": "4242"}, "Visa •••• 4242 has expired"),
    Concern.CARD_EXPIRES: ({"brand": "visa", "last4": "4242", "month": 12, "year": 2026}, "end of 12/2026"),
    Concern.NO_PAYMENT_METHOD: ({}, "no payment method"),
    Concern.INVOICES_OVERDUE: (
        {"n": 2, "days": 3},
        "2 invoices are overdue, €20.00 together; the oldest since 3",
    ),
    Concern.LIMIT_REACHED: ({"what": "seats", "used": 5, "limit": 5}, "limit of seats is reached: 5 of 5"),
    Concern.LIMIT_NEAR: ({"what": "contacts", "used": 9500, "limit": 10000}, "9,500 of 10,000"),
}


@pytest.mark.parametrize("concern", Concern)
def test_every_concern_has_a_sentence(concern):
    parameters, expected = CONCERNS[concern]
    changes = {"attention": (Attention(concern=concern, parameters=parameters, amount=eur(2000)),)}
    if concern is Concern.ACCOUNT_NOT_ACTIVE:
        changes["contact"] = contact(account=Account(status=AccountStatus.SUSPENDED))
    assert expected in words(shown(**changes))
    assert "Das braucht Aufmerksamkeit" in words(shown(DE, **changes))


def test_a_failing_payment_that_no_subscription_is_about_is_named_by_its_invoice():
    parameters = {"number": "KON-1", "decline": "", "next": "2026-12-01T09:00:00+00:00"}
    failing = Attention(concern=Concern.PAYMENT_FAILING, parameters=parameters, amount=eur(2000))
    assert "The payment of €20.00 for invoice KON-1 fails." in words(shown(attention=(failing,)))
    assert "Die Zahlung von 20,00 € für Rechnung KON-1" in words(shown(DE, attention=(failing,))).replace("\xa0", " ")


def test_what_deserves_attention_stands_before_everything_else():
    text = words(shown(attention=(Attention(concern=Concern.NO_PAYMENT_METHOD),)))
    assert text.index("Needs attention") < text.index("*Plan*")
    assert "Needs attention" not in words(shown())


def test_what_waits_for_the_customer_is_visible():
    """H31."""
    text = words(shown(waiting=(operation(waiting_receipt().model_dump_json()), operation(None))))
    assert "*Marketing Plus* × 3 starts when a payment method was added" in text
    assert "valid until Nov 22, 2026" in text
    assert "A request, since Nov 21, 2026" in text


def test_only_what_the_person_may_do_is_offered():
    """H16."""
    assert {ways.TO_SUBSCRIPTION, ways.TO_FINDER} <= elements(shown()).keys()
    assert elements(shown())[ways.TO_SUBSCRIPTION]["value"] == "con_1"
    reader = frozenset({Permission.SEE_CONTACT, Permission.FIND_CONTACTS})
    assert ways.TO_SUBSCRIPTION not in elements(shown(may=reader))
    closed = contact(account=Account(status=AccountStatus.CLOSED))
    assert ways.TO_SUBSCRIPTION not in elements(shown(contact=closed))


def test_the_timeline_is_paged_both_ways():
    newest = shown(timeline=Page(entries=(entry(),), older="cursor-2"))
    assert elements(newest)[cards.Id.OLDER]["value"] == "cursor-2"
    assert cards.Id.NEWER not in elements(newest)
    second = shown(trail=("cursor-2",), timeline=Page(entries=(entry(),)))
    assert cards.Id.OLDER not in elements(second)
    assert cards.Id.NEWER in elements(second)
    assert metadata(second) == {"contact": "con_1", "trail": ["cursor-2"]}


def test_a_very_long_walk_through_the_timeline_still_fits():
    trail = tuple("c" * 60 for _ in range(500))
    assert problems(shown(trail=trail)) == []


# The timeline


def test_an_entry_says_what_who_on_whose_behalf_and_when():
    block = timelines.entry(entry(on_behalf_of="Ada"), CATALOGUE, EN).to_dict()
    text = block["elements"][0]["text"].replace("\u202f", " ")
    assert "*Subscription started: Marketing Plus × 3, first payment €157.44*" in text
    assert "Mia Agent, on behalf of Ada, Nov 21, 2026, 6:30 PM" in text


def test_what_nobody_of_us_did_was_reported_by_stripe():
    text = timelines.entry(entry(by=None), CATALOGUE, DE).to_dict()["elements"][0]["text"]
    assert "Von Stripe gemeldet, 21.11.2026, 18:30" in text


def test_a_payment_that_an_operation_tells_of_does_not_look_like_a_second_one():
    told = entry(Happening.PAYMENT_SUCCEEDED, by=None, amount=eur(2000), parameters={"number": "K-1", "confirms": 1})
    assert timelines.sentence(told, CATALOGUE, EN) == "Payment confirmed: €20.00 for invoice K-1"
    assert timelines.sentence(told, CATALOGUE, DE).replace("\xa0", " ") == "Zahlung bestätigt: 20,00 € für Rechnung K-1"
    came = told.model_copy(update={"parameters": {"number": "K-1"}})
    assert timelines.sentence(came, CATALOGUE, EN) == "Payment received: €20.00 for invoice K-1"


@pytest.mark.parametrize("happening", Happening)
@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
def test_everything_that_can_happen_has_a_sentence_also_without_details(happening, t):
    bare = timelines.sentence(entry(happening, parameters={}, amount=None), CATALOGUE, t)
    assert bare
    assert "{" not in bare


def test_a_decline_is_told_in_plain_words():
    declined = entry(Happening.PAYMENT_DECLINED, parameters={"decline": "insufficient_funds"})
    text = timelines.sentence(declined, CATALOGUE, EN)
    assert text == "Payment of €157.44 refused: There is not enough money on the account or card."


def test_a_planned_start_is_a_date_in_the_readers_writing():
    planned = entry(Happening.SUBSCRIPTION_SCHEDULED)
    assert "ab 21.11.2026" in timelines.sentence(planned, CATALOGUE, DE)


def test_a_product_that_is_no_longer_sold_keeps_its_key():
    old = entry(Happening.SUBSCRIPTION_ENDED, parameters={"product": "gone-month-eur"})
    assert timelines.sentence(old, CATALOGUE, EN) == "Subscription ended: gone-month-eur"


# Whatever the data


@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
def test_the_strangest_card_is_within_slacks_limits(t):
    assert problems(cards.card(strange_card(), CATALOGUE, t, ("c",) * 40).to_dict()) == []
    assert (
        problems(cards.card(card(contact=contact(name="", company="", email="", phone="")), CATALOGUE, t).to_dict())
        == []
    )


def test_nothing_on_a_card_calls_a_channel():
    view = cards.card(strange_card(), CATALOGUE, EN).to_dict()
    markup = [
        text["text"]
        for block in view["blocks"]
        for text in (block.get("text"), *block.get("fields", []), *block.get("elements", []))
        if isinstance(text, dict) and text.get("type") == "mrkdwn"
    ]
    assert markup
    assert not any("<!" in text or "*evil*" in text for text in markup)


def test_a_long_name_stands_there_in_full():
    name = ("Ada " * 75).strip()
    assert name in words(shown(contact=contact(name=name)))
    assert EVIL[:5] in words(shown(contact=contact(name=EVIL)))
