"""Starting a subscription, as people see it (H17 to H33)."""

from datetime import date

import pytest

from billing.billing_days import Part
from billing.catalogue import Label
from billing.errors import AccountNotBillable, PriceChanged, QuantityOutOfRange
from billing.ids import ContactId, OperationId
from billing.previews import Payment
from billing.subscriptions import CreateSubscription
from blocks import kit, subscriptions
from blocks.subscriptions import Id
from bot.sandbox.workspace.limits import option_problems, problems
from tests.blocks.samples import (
    BOTH,
    COUPON,
    DE,
    EN,
    EVIL,
    LINK,
    LONG,
    TODAY,
    elements,
    eur,
    form,
    invoice,
    metadata,
    method,
    option_values,
    payment,
    preview,
    price,
    receipt,
    review,
    strange_contact,
    subscription,
    waiting_receipt,
    words,
)

CONTACT = ContactId("con_1")


def inputs(view):
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


# The form


def test_the_form_asks_for_product_quantity_start_coupon_and_method_and_never_for_a_cycle():
    """H21, H22; the cycle is the product's (H18, H29)."""
    view = subscriptions.form(form(), EN).to_dict()
    assert inputs(view) == ["price", "quantity", "start", "coupon", "payment_method"]
    assert set(inputs(view)) <= set(CreateSubscription.model_fields)
    assert metadata(view) == {"contact": "con_1"}
    assert "cycle comes with the product" in words(view)


def test_a_product_is_offered_with_its_price_and_cycle():
    offered = (price(), price(2, label="Basic", interval_count=3))
    (group,) = subscriptions.price_choices(offered, "", DE).to_dict()["option_groups"]
    texts = [one["text"]["text"] for one in group["options"]]
    assert texts == ["Marketing Plus · 49,00\xa0€ pro Monat", "Basic · 49,00\xa0€ alle 3 Monate"]


def test_a_long_product_name_gives_way_to_the_price():
    (group,) = subscriptions.price_choices((price(label="P" * 300),), "", EN).to_dict()["option_groups"]
    (option,) = group["options"]
    assert option["text"]["text"].endswith("… · €49.00 per month")


def test_what_was_typed_before_is_still_there():
    drafted = form(draft=review().draft.model_copy(update={"start": date(2026, 12, 1), "payment_method": "pm_2"}))
    found = elements(subscriptions.form(drafted, EN).to_dict())
    assert found[Id.PRICE]["initial_option"]["value"] == "marketing-plus-month-eur"
    assert found["subscription.quantity"]["initial_value"] == "3"
    assert found["subscription.start"]["initial_date"] == "2026-12-01"
    assert found["subscription.coupon"]["initial_value"] == "SPRING10"
    assert found["subscription.payment_method"]["initial_option"]["value"] == "pm_2"


def test_the_start_is_today_unless_chosen_and_the_quantity_the_smallest():
    found = elements(subscriptions.form(form(prices=(price(minimum=5), price(2, minimum=2))), EN).to_dict())
    assert found["subscription.start"]["initial_date"] == "2026-11-21"
    assert found["subscription.quantity"]["initial_value"] == "2"


def test_the_methods_on_file_and_the_link_are_offered():
    """H22, H30: brand, last four, expiry, and never more."""
    view = subscriptions.form(form(), EN).to_dict()
    menu = elements(view)["subscription.payment_method"]
    assert option_values(menu) == ["pm_1", "pm_2", "link"]
    assert "Visa •••• 4242 (12/2027)" in words(view)
    assert "To ada@engines.example" in words(view)


def test_without_an_address_no_link_is_offered():
    menu = elements(subscriptions.form(form(link_to=None), EN).to_dict())["subscription.payment_method"]
    assert option_values(menu) == ["pm_1", "pm_2"]


def test_who_has_neither_method_nor_address_is_told_so():
    view = subscriptions.form(form(methods=(), link_to=None), EN).to_dict()
    assert inputs(view) == []
    assert "submit" not in view
    assert "e-mail address" in words(view)


def test_no_method_is_lost_when_there_are_many():
    """Radio buttons hold ten, a menu a hundred."""
    for count, kind in ((9, "radio_buttons"), (30, "static_select"), (150, "static_select")):
        menu = elements(subscriptions.form(form(methods=tuple(map(method, range(count)))), EN).to_dict())
        menu = menu["subscription.payment_method"]
        assert menu["type"] == kind
        assert option_values(menu)[-1] == "link"
        assert len(menu["options"]) == min(count + 1, 100)


def test_the_product_menu_asks_the_app_so_that_every_languages_names_are_found():
    """Slack's plain menu looks at the shown name only. Few products are offered at once, many after a letter."""
    many = tuple(price(n, label=f"Product {n}") for n in range(1, 251))
    menu = elements(subscriptions.form(form(prices=many, draft=review().draft), EN).to_dict())[Id.PRICE]
    assert menu["type"] == "external_select"
    assert menu["initial_option"]["value"] == "marketing-plus-month-eur"
    assert menu["min_query_length"] == 1
    menu = elements(subscriptions.form(form(prices=many[:100]), EN).to_dict())[Id.PRICE]
    assert (menu["type"], menu["min_query_length"]) == ("external_select", 0)
    (group,) = subscriptions.price_choices(many[:100], "", EN).to_dict()["option_groups"]
    assert len(group["options"]) == 100


def test_searching_products_tells_found_too_many_and_none_apart():
    many = tuple(price(n, label=f"Product {n}") for n in range(1, 251))
    some = subscriptions.price_choices(many, "product 25", EN).to_dict()["option_groups"]
    assert some[0]["label"]["text"] == "4 products"
    assert option_values(some[0]) == ["price-25", "price-125", "price-225", "price-250"]
    too_many = subscriptions.price_choices(many, "product", DE).to_dict()["option_groups"]
    assert "weitertippen" in too_many[0]["label"]["text"]
    assert len(too_many[0]["options"]) == 100
    label = Label(en="Sales Team", de="Vertrieb Team")
    team = many[0].model_copy(update={"label": label})
    for t, typed in ((DE, "sales"), (EN, "vertrieb")):
        (group,) = subscriptions.price_choices((team,), typed, t).to_dict()["option_groups"]
        assert option_values(group) == [team.lookup_key]
    none = subscriptions.price_choices(many, LONG, EN).to_dict()
    assert option_values(none["option_groups"][0]) == [kit.REMARK]
    assert none["option_groups"][0]["label"]["text"].startswith("No product matches")
    assert option_problems(none) == []


# The review


def test_the_review_shows_the_first_payment_line_by_line():
    """H23. 3 × 49.00 = 147.00; 10 % is 14.70; 19 % of 132.30 is 25.14; together 157.44."""
    text = words(subscriptions.review(review(), EN).to_dict())
    for line in (
        "Marketing Plus × 3, €49.00 each\n*€147.00*",
        "Coupon SPRING10 · 10% off\n*-€14.70*",
        "VAT, 19%\n*€25.14*",
        "*Total*\n*€157.44*",
    ):
        assert line in text


CREDIT, OWED, MUCH = eur(2000), eur(-5000), eur(20000)


@pytest.mark.parametrize(
    ("balance", "lines"),
    [
        (
            CREDIT,
            ("*Total*\n*€157.44*\nCredit balance\n*-€20.00*\n*Charged now*\n*€137.44*", "€137.44 is charged as soon"),
        ),
        (
            OWED,
            ("*Total*\n*€157.44*\nOwed from before\n*€50.00*\n*Charged now*\n*€207.44*", "€207.44 is charged as soon"),
        ),
        (
            MUCH,
            (
                "Credit balance\n*-€200.00*\n*Charged now*\n*€0.00*",
                "Nothing is charged now",
                "€42.56 of the credit is kept for later payments",
            ),
        ),
    ],
    ids=["credit", "owed", "much credit"],
)
def test_the_review_shows_the_balance_and_what_is_charged_now(balance, lines):
    """H23. 157.44 - 20.00 = 137.44; 157.44 + 50.00 = 207.44; 200.00 - 157.44 = 42.56 are left."""
    text = words(subscriptions.review(review(preview=preview(balance=balance)), EN).to_dict())
    for line in lines:
        assert line in text
    assert "Charged now" not in words(subscriptions.review(review(), EN).to_dict())


@pytest.mark.parametrize(
    "changes",
    [
        {"method": None, "preview": preview(balance=CREDIT)},
        {"preview": preview(balance=CREDIT, starts_now=False)},
    ],
    ids=["link", "later"],
)
def test_what_is_not_charged_now_is_shown_as_it_stands_with_the_balance(changes):
    """H23. 157.44 - 20.00 = 137.44."""
    text = words(subscriptions.review(review(**changes), EN).to_dict())
    assert "Credit balance\n*-€20.00*\n*Charged then, as it stands today*\n*€137.44*" in text
    assert "As it stands today, €137.44 is charged at first; this may change until then." in text
    assert "Charged now" not in text


def test_a_changed_review_names_the_other_balance():
    text = words(subscriptions.changed(review(preview=preview(balance=CREDIT)), EN, before=preview()).to_dict())
    assert "• Balance: €0.00 → *€20.00*" in text


def prorated():
    """10 of 30 days of 147.00 are 49.00; 10 % off is 4.90; 19 % of 44.10 is 8.379, so 8.38: 52.48."""
    part = Part(first=TODAY, last=date(2026, 11, 30), days=10, whole=30)
    vat = payment(TODAY).taxes[0].model_copy(update={"amount": eur(838)})
    first = Payment(on=TODAY, subtotal=eur(4900), discount=eur(490), taxes=(vat,), total=eur(5248), part=part)
    return preview(price=price(billing_day=1), first=first, following=(payment(date(2026, 12, 1)),))


@pytest.mark.parametrize(
    ("t", "lines"),
    [
        (
            EN,
            (
                "Marketing Plus × 3, Nov 21, 2026 to Nov 30, 2026 (10 of 30 days)\n*€49.00*",
                "Coupon SPRING10 · 10% off\n*-€4.90*",
                "VAT, 19%\n*€8.38*",
                "*Total*\n*€52.48*",
                "monthly, on day 1 of the month",
            ),
        ),
        (
            DE,
            (
                "Marketing Plus × 3, 21.11.2026 bis 30.11.2026 (10 von 30 Tagen)\n*49,00\xa0€*",
                "*52,48\xa0€*",
                "monatlich, jeweils am 1.",
            ),
        ),
    ],
    ids=["en", "de"],
)
def test_the_review_of_a_fixed_billing_day_names_the_days_that_are_paid_first(t, lines):
    """H18, H23."""
    text = words(subscriptions.review(review(preview=prorated()), t).to_dict())
    for line in lines:
        assert line in text
    assert problems(subscriptions.review(review(preview=prorated()), t).to_dict()) == []


def test_with_a_link_the_review_says_what_becomes_of_the_first_payment():
    """H31: nobody is charged more than was shown."""
    shown = review(preview=prorated(), method=None)
    assert "less with every day, and at most €157.44 from Dec 1, 2026 on" in words(
        subscriptions.review(shown, EN).to_dict()
    )
    assert "ab 01.12.2026 höchstens 157,44\xa0€" in words(subscriptions.review(shown, DE).to_dict())
    assert "less with every day" not in words(subscriptions.review(review(method=None), EN).to_dict())


def test_a_changed_review_names_the_other_part():
    before = prorated()
    part = before.first.part.model_copy(update={"days": 9})
    now = before.model_copy(update={"first": before.first.model_copy(update={"part": part})})
    text = words(subscriptions.changed(review(preview=now), EN, before=before).to_dict())
    assert "• First period: 10 of 30 days → *9 of 30 days*" in text


def test_the_review_shows_the_next_three_payments_with_dates():
    text = words(subscriptions.review(review(), DE).to_dict())
    for line in ("21.12.2026\n*157,44\xa0€*", "21.01.2027\n*157,44\xa0€*", "21.02.2027\n*157,44\xa0€*"):
        assert line in text


def test_the_review_names_who_when_how_and_the_cycle():
    text = words(subscriptions.review(review(), EN).to_dict())
    assert "For *Ada Lovelace*" in text
    assert "today, Nov 21, 2026" in text
    assert "Visa •••• 4242 (12/2027)" in text
    assert "*Billing cycle*\nmonthly" in text
    assert "cannot be changed" in text


def test_confirming_the_review_is_the_command_with_its_fingerprint():
    shown = review()
    view = subscriptions.review(shown, EN).to_dict()
    command = CreateSubscription.model_validate(metadata(view))
    assert command.fingerprint == shown.fingerprint
    assert command.model_dump(exclude={"fingerprint"}) == shown.draft.model_dump()


@pytest.mark.parametrize(
    ("changes", "english", "german"),
    [
        ({}, "Start subscription", "Abo starten"),
        ({"preview": preview(starts_now=False)}, "Schedule subscription", "Abo planen"),
        ({"method": None}, "Send link", "Link senden"),
    ],
)
def test_the_button_says_what_it_does(changes, english, german):
    assert subscriptions.review(review(**changes), EN).submit == english
    assert subscriptions.review(review(**changes), DE).submit == german


def test_the_review_says_when_money_moves():
    assert "€157.44 is charged as soon as" in words(subscriptions.review(review(), EN).to_dict())
    later = review(preview=preview(starts_now=False, first=payment(date(2026, 12, 1))))
    assert "Nothing is charged today. €157.44 is charged on Dec 1, 2026." in words(
        subscriptions.review(later, EN).to_dict()
    )
    link = words(subscriptions.review(review(method=None), EN).to_dict())
    assert "ada@engines.example gets a link" in link
    assert "*Starts*\nwhen a method was added" in link
    assert "is charged as soon as this is confirmed" not in link


def test_reverse_charge_is_explained_only_where_it_applies():
    assert "Reverse Charge" in words(subscriptions.review(review(preview=preview(reverse_charge=True)), DE).to_dict())
    assert "Reverse Charge" not in words(subscriptions.review(review(), DE).to_dict())


def test_a_changed_review_says_what_differs_and_only_that():
    now = preview(price=price(unit=eur(5900)))
    text = words(subscriptions.changed(review(preview=now), EN, before=preview()).to_dict())
    assert "Something changed" in text
    assert "• Price: €49.00 → *€59.00*" in text
    assert "• First payment" not in text
    assert "• Starts" not in text


def test_a_changed_review_carries_the_new_fingerprint():
    now = review(preview=preview(quantity=4))
    view = subscriptions.changed(now, EN).to_dict()
    assert view["callback_id"] == Id.REVIEW
    assert metadata(view)["fingerprint"] == now.fingerprint != review().fingerprint


# What came of it


def test_a_started_subscription_names_product_customer_amounts_and_dates():
    answer = subscriptions.started(receipt(), CONTACT, EN, "https://stripe.example/sub_1")
    for payload in (answer.modal(EN).to_dict(), answer.message().to_dict()):
        text = words(payload)
        assert "*Marketing Plus* × 3 now runs for *Ada Lovelace*" in text
        assert "€157.44, paid" in text
        assert "€157.44 on Dec 21, 2026" in text
        assert "<https://pay.example/in_1|KON-0001>" in text
        assert elements(payload)[Id.OPEN_STRIPE]["url"] == "https://stripe.example/sub_1"
    assert answer.message().to_dict()["text"] == "Marketing Plus × 3 now runs for Ada Lovelace."


def test_closing_the_result_does_not_lead_back_to_the_form():
    assert subscriptions.started(receipt(), CONTACT, EN).modal(EN).clear_on_close
    assert subscriptions.working(EN).clear_on_close
    assert (
        not subscriptions.declined(review(), form(), "expired_card", OperationId("op_1"), EN).modal(EN).clear_on_close
    )


def test_a_scheduled_subscription_says_when_it_starts_and_charges():
    later = preview(starts_now=False, first=payment(date(2026, 12, 1)))
    text = words(subscriptions.started(receipt(preview=later, invoice=None), CONTACT, DE).message().to_dict())
    assert "startet am 01.12.2026" in text
    assert "157,44\xa0€ am 01.12.2026" in text
    assert "bezahlt" not in text


def test_an_invoice_that_is_not_paid_yet_is_not_called_paid():
    text = words(
        subscriptions.started(receipt(invoice=invoice(status="open", due=eur(15744))), CONTACT, EN).message().to_dict()
    )
    assert "€157.44, being collected" in text
    assert "paid" not in text


@pytest.mark.parametrize(
    ("paid", "lines"),
    [
        (13744, ("*First payment*\n€137.44, paid", "*Taken from the customer’s balance*\n€20.00")),
        (20744, ("*First payment*\n€207.44, paid", "*Of that, owed from before*\n€50.00")),
        (0, ("*First payment*\nnothing is charged", "*Taken from the customer’s balance*\n€157.44")),
    ],
    ids=["credit", "owed", "much credit"],
)
def test_the_result_says_what_was_charged(paid, lines):
    """H23: of the invoice of 157.44, 20.00 by credit, none and 50.00 more, or all of it by credit."""
    text = words(subscriptions.started(receipt(invoice=invoice(paid=paid)), CONTACT, EN).message().to_dict())
    for line in lines:
        assert line in text


def test_what_was_planned_says_that_the_balance_may_change():
    planned = receipt(preview=preview(starts_now=False, balance=OWED), invoice=None)
    text = words(subscriptions.started(planned, CONTACT, EN).message().to_dict())
    assert "€207.44 on Nov 21, 2026" in text
    assert "Owed from before: €50.00. As it stands today, €207.44 is charged at first; this may change" in text


def test_a_sent_link_says_what_the_balance_makes_of_the_first_payment():
    text = words(
        subscriptions.waiting(waiting_receipt(preview=preview(balance=CREDIT)), CONTACT, EN).modal(EN).to_dict()
    )
    assert "The first payment is €157.44" in text
    assert "Credit balance: €20.00. As it stands today, €137.44 is charged at first" in text


def test_a_sent_link_can_be_copied_and_says_until_when():
    """H31: it waits, visibly."""
    text = words(subscriptions.waiting(waiting_receipt(), CONTACT, EN).modal(EN).to_dict())
    assert LINK.url.replace("&", "&amp;") in text
    assert "valid until Nov 22, 2026" in text
    assert "Until then nothing is charged" in text


def test_a_decline_says_why_and_offers_every_other_way():
    """H30: an alternative card, or a new one."""
    answer = subscriptions.declined(review(), form(), "insufficient_funds", OperationId("op_1"), EN)
    view = answer.modal(EN).to_dict()
    assert "not enough money" in words(view)
    assert "Visa •••• 4242" in words(view)
    assert "nothing was charged" in words(view)
    assert option_values(elements(view)["subscription.payment_method"]) == ["pm_2", "link"]
    assert view["callback_id"] == Id.RETRY
    fields = metadata(view)
    assert "payment_method" not in fields
    assert (
        CreateSubscription.model_validate({**fields, "payment_method": "pm_2"}).fingerprint
        == review().fingerprint_without_method
    )


def test_a_decline_as_a_message_has_a_button_to_the_other_ways():
    message = subscriptions.declined(review(), form(), "expired_card", OperationId("op_1"), DE).message().to_dict()
    assert "abgelaufen" in words(message)
    assert elements(message)[Id.CHOOSE_METHOD]["value"] == "op_1"
    assert not [block for block in message["blocks"] if block["type"] == "input"]


def test_a_decline_without_another_way_says_so():
    answer = subscriptions.declined(review(), form(methods=(method(),), link_to=None), "x", OperationId("op_1"), EN)
    view = answer.modal(EN).to_dict()
    assert "submit" not in view
    assert "no other payment method" in words(view)


def test_a_lost_or_stolen_card_is_not_called_so():
    """Stripe's document on decline codes asks for the general sentence."""
    general = words(
        subscriptions.declined(review(), form(), "generic_decline", OperationId("op_1"), EN).modal(EN).to_dict()
    )
    for code in ("lost_card", "stolen_card", "fraudulent", "merchant_blacklist", "a_code_of_next_year"):
        view = subscriptions.declined(review(), form(), code, OperationId("op_1"), EN).modal(EN).to_dict()
        assert words(view) == general
        assert code not in words(view)


def test_a_refusal_names_the_rule_and_who_can_help():
    reason = AccountNotBillable(contact="Ada", status="suspended").reason
    text = words(subscriptions.refused(reason, CONTACT, DE).modal(DE).to_dict())
    assert "Das Konto von Ada ist gesperrt" in text
    assert "Helfen können: Manager oder Admins." in text


def test_a_refusal_can_offer_to_review_again():
    reason = PriceChanged(contact="Ada").reason
    message = subscriptions.refused(reason, CONTACT, EN, operation=OperationId("op_1")).message().to_dict()
    assert elements(message)[Id.REVIEW_AGAIN]["value"] == "op_1"
    assert Id.REVIEW_AGAIN not in elements(subscriptions.refused(reason, CONTACT, EN).message().to_dict())


def test_a_failure_names_its_reference():
    assert "`op_77`" in words(subscriptions.failed("op_77", EN).message().to_dict())


def test_an_expired_link_can_be_started_anew():
    message = subscriptions.expired(CONTACT, "Ada", EN).message().to_dict()
    assert elements(message)[Id.OPEN]["value"] == "con_1"
    assert "Nothing was started" in words(message)


# Whatever the data


def strange_review(**changes):
    strange = preview(
        price=price(label="P" * 500, unit=eur(99_999_999), interval_count=36),
        quantity=999_999,
        coupon=COUPON.model_copy(update={"code": "C" * 40, "label": Label(en="L" * 40, de="L" * 40)}),
        reverse_charge=True,
    )
    return review(**({"contact": strange_contact(), "preview": strange} | changes))


def every_view(t):
    many = form(
        contact=strange_contact(),
        prices=tuple(price(n, label="P" * 500) for n in range(2, 102)),
        methods=tuple(method(n, brand="x" * 300) for n in range(30)),
        link_to="x" * 250,
    )
    yield subscriptions.form(form(), t)
    yield subscriptions.form(many, t, errors={"quantity": QuantityOutOfRange(minimum=1, maximum=2).reason})
    yield subscriptions.form(form(methods=(), link_to=None), t)
    yield subscriptions.working(t)
    for shown in (review(), strange_review(), strange_review(method=None)):
        yield subscriptions.review(shown, t)
        yield subscriptions.changed(shown, t)
        yield subscriptions.changed(shown, t, before=preview(following=()))
    answers = [
        subscriptions.started(receipt(), CONTACT, t, "https://stripe.example/" + "x" * 500),
        subscriptions.started(
            receipt(
                contact_name=LONG,
                preview=strange_review().preview,
                invoice=invoice(number=LONG),
                subscription=subscription(),
            ),
            CONTACT,
            t,
        ),
        subscriptions.waiting(waiting_receipt(contact_name=LONG, preview=strange_review().preview), CONTACT, t),
        subscriptions.declined(strange_review(), many, "insufficient_funds", OperationId("op_1"), t),
        subscriptions.declined(review(method=None), form(methods=(), link_to=None), "", OperationId("op_1"), t),
        subscriptions.refused(
            AccountNotBillable(contact=LONG, status="x").reason, CONTACT, t, operation=OperationId("op")
        ),
        subscriptions.failed("reference", t),
        subscriptions.delayed(t),
        subscriptions.expired(CONTACT, LONG, t),
    ]
    for answer in answers:
        yield answer.modal(t)
        yield answer.message()


@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
def test_every_view_is_within_slacks_limits(t):
    for view in every_view(t):
        assert problems(view.to_dict()) == []


@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
def test_no_name_calls_a_channel(t):
    shown = review(contact=strange_contact().model_copy(update={"name": EVIL}))
    for view in (
        subscriptions.review(shown, t),
        subscriptions.declined(shown, form(), "x", OperationId("op_1"), t).message(),
        subscriptions.waiting(waiting_receipt(contact_name=EVIL), CONTACT, t).message(),
        subscriptions.expired(CONTACT, EVIL, t).message(),
        subscriptions.started(receipt(contact_name=EVIL), CONTACT, t).message(),
    ):
        for block in view.to_dict()["blocks"]:
            for text in (block.get("text"), *block.get("fields", [])):
                if text and text["type"] == "mrkdwn":
                    assert "<!channel>" not in text["text"]
                    assert "*evil*" not in text["text"]
        assert "<!channel>" not in view.to_dict().get("text", "")
