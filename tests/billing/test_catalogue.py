"""The catalogue: what it answers, and how it names the mistakes in its file."""

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.catalogue import AfterLastTry, CatalogueError, Coupon, Duration, Interval, Label, ReasonCode, load
from billing.catalogue.files import parse
from billing.catalogue.lines import lines_of
from billing.errors import NotRecurring, UnknownCoupon
from billing.money import CurrencyMismatch, Money

DEMO = Path(__file__).parents[2] / "bot" / "catalogue.toml"

SMALL = """\
[business]
name = "Acme"
legal_name = "Acme GmbH"
address = { line1 = "Weg 1", postal_code = "10115", city = "Berlin" }
country = "DE"
timezone = "Europe/Berlin"
currency = "EUR"
currencies = ["EUR", "JPY"]
support_email = "help@acme.example"
reply_to = "billing@acme.example"

[[products]]
id = "desk"
name = { en = "Desk", de = "Tisch" }

[[products.plans]]
id = "solo"
name = { en = "Desk Solo", de = "Tisch Solo" }
prices = [
    { interval = "month", amounts = { EUR = 1900, JPY = 3000 } },
    { interval = "month", count = 3, amounts = { EUR = 5400, JPY = 8600 } },
]

[[products.plans]]
id = "crowd"
name = { en = "Desk Crowd", de = "Tisch Viele" }
quantity = { minimum = 3, maximum = 50 }

[[products.plans.tiers]]
contacts = 1000
prices = [{ interval = "year", amounts = { EUR = 90000, JPY = 140000 } }]

[[add_ons]]
id = "bot"
name = { en = "Bot", de = "Bot" }
plans = ["desk/solo"]
prices = [{ interval = "month", amounts = { EUR = 500, JPY = 800 } }]

[[unit_packs]]
id = "sms-1000"
name = { en = "1,000 SMS", de = "1.000 SMS" }
unit = { en = "SMS", de = "SMS" }
units = 1000
amounts = { EUR = 7500, JPY = 12000 }

[[tax.rates]]
id = "de-vat"
country = "DE"
name = { en = "VAT", de = "USt." }
percent = 19
overrides = [{ product = "desk", percent = 7 }]

[[tax.rates]]
id = "at-vat"
country = "AT"
name = { en = "VAT", de = "USt." }
percent = 20

[[coupons]]
code = "Welcome20"
label = { en = "Welcome", de = "Willkommen" }
percent = 20
duration = "repeating"
months = 3
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(CatalogueError) as caught:
        parse(text)
    return list(caught.value.mistakes)


def line_with(text: str, part: str) -> int:
    """Of a part that occurs once."""
    assert text.count(part) == 1, part
    return text[: text.index(part)].count("\n") + 1


def replaced(old: str, new: str) -> str:
    assert SMALL.count(old) == 1, f"{old!r} is {SMALL.count(old)} times in the file"
    return SMALL.replace(old, new)


# --- what it answers --------------------------------------------------------------------------------------------------


def test_recurring_prices_are_those_of_the_plans_in_the_order_of_the_file():
    catalogue = parse(SMALL)
    assert [price.lookup_key for price in catalogue.recurring_prices("EUR")] == [
        "desk-solo-month-eur",
        "desk-solo-3month-eur",
        "desk-crowd-1000-year-eur",
    ]
    assert catalogue.recurring_prices("GBP") == ()


def test_a_recurring_price_has_its_cycle_amount_and_quantities():
    """H18: the cycle is the product's."""
    price = parse(SMALL).recurring_price("desk-crowd-1000-year-jpy")
    assert price.unit == Money(amount=140000, currency="JPY")
    assert (price.interval, price.interval_count) == (Interval.YEAR, 1)
    assert (price.minimum, price.maximum, price.contacts) == (3, 50, 1000)
    assert (price.product, price.plan) == ("desk", "crowd")
    assert price.label == Label(en="Desk Crowd, 1,000 contacts", de="Tisch Viele, 1.000 Kontakte")


@pytest.mark.parametrize("key", ["sms-1000-eur", "bot-month-eur", "desk-solo-month-usd", "", "DESK-SOLO-MONTH-EUR"])
def test_what_is_not_sold_as_a_subscription_is_refused(key):
    """H14, H18: one-time packs, add-ons and unknown prices have no cycle of their own."""
    with pytest.raises(NotRecurring):
        parse(SMALL).recurring_price(key)


def test_add_ons_are_offered_for_their_plans():
    catalogue = parse(SMALL)
    assert [price.lookup_key for price in catalogue.add_on_prices("desk/solo", "jpy")] == ["bot-month-jpy"]
    assert catalogue.add_on_prices("desk/crowd", "JPY") == ()


def test_every_price_has_a_label_and_unknown_ones_have_none():
    catalogue = parse(SMALL)
    assert catalogue.label("sms-1000-eur") == Label(en="1,000 SMS", de="1.000 SMS")
    assert catalogue.label("bot-month-eur") == Label(en="Bot", de="Bot")
    assert catalogue.label("retired-month-eur") is None


@pytest.mark.parametrize(("language", "text"), [("de", "Tisch"), ("de-AT", "Tisch"), ("en-GB", "Desk"), ("fr", "Desk")])
def test_labels_are_german_for_german_and_english_for_everyone_else(language, text):
    assert Label(en="Desk", de="Tisch").in_(language) == text


OFFERS = "[[plan_changes.offers]]\n"
OFFER = 'months = 3\n[[plan_changes.offers]]\ncoupon = "{}"\nreasons = ["{}"]\n'

# --- coupons ----------------------------------------------------------------------------------------------------------


def coupon(**terms) -> Coupon:
    given = {"code": "X", "label": Label(en="x", de="x"), "duration": Duration.ONCE}
    return Coupon.model_validate(given | terms)


@pytest.mark.parametrize("typed", ["WELCOME20", "welcome20", " Welcome20 "])
def test_codes_are_found_however_they_are_typed(typed):
    assert parse(SMALL).coupon(typed).code == "WELCOME20"


def test_an_unknown_code_is_refused():
    with pytest.raises(UnknownCoupon):
        parse(SMALL).coupon("WELCOME2")


@pytest.mark.parametrize(
    ("percent", "subtotal", "off"),
    [
        ("12.5", 2900, 363),  # 362.5 rounds up
        ("33.33", 100, 33),  # 33.33 rounds down
        ("100", 1999, 1999),
        ("50", 1, 1),  # 0.5 rounds up
    ],
)
def test_a_percentage_is_rounded_half_up_to_a_minor_unit(percent, subtotal, off):
    assert coupon(percent=Decimal(percent)).off(Money(amount=subtotal, currency="EUR")).amount == off


def test_an_amount_is_never_more_than_there_is():
    ten = coupon(amounts={"EUR": 1000, "JPY": 1500})
    assert ten.off(Money(amount=900, currency="EUR")) == Money(amount=900, currency="EUR")
    assert ten.off(Money(amount=5000, currency="JPY")) == Money(amount=1500, currency="JPY")
    with pytest.raises(CurrencyMismatch):
        ten.off(Money(amount=900, currency="USD"))


@pytest.mark.parametrize(
    ("terms", "today", "applies"),
    [
        ({"percent": 5}, date(2026, 1, 1), True),
        ({"percent": 5, "products": ["desk"]}, date(2026, 1, 1), True),
        ({"percent": 5, "products": ["chair"]}, date(2026, 1, 1), False),
        ({"amounts": {"JPY": 100}}, date(2026, 1, 1), False),  # the price is in euros
        ({"percent": 5, "starts": date(2026, 2, 1)}, date(2026, 1, 31), False),
        ({"percent": 5, "starts": date(2026, 2, 1)}, date(2026, 2, 1), True),
        ({"percent": 5, "ends": date(2026, 2, 28)}, date(2026, 2, 28), True),
        ({"percent": 5, "ends": date(2026, 2, 28)}, date(2026, 3, 1), False),
    ],
)
def test_a_coupon_applies_by_product_currency_and_day(terms, today, applies):
    price = parse(SMALL).recurring_price("desk-solo-month-eur")
    assert coupon(**terms).applies_to(price, today) is applies


# --- tax --------------------------------------------------------------------------------------------------------------


def test_tax_is_by_country_and_product():
    """HX14: a global rate with exceptions by product; exclusive unless said otherwise."""
    catalogue = parse(SMALL)
    (reduced,) = catalogue.taxes_for("DE", None, "desk")
    assert (reduced.name, reduced.percent, reduced.inclusive) == ("de-vat-desk", Decimal(7), False)
    (general,) = catalogue.taxes_for("DE", "DE136695976", "other")  # at home a tax id changes nothing
    assert (general.name, general.percent) == ("de-vat", Decimal(19))
    assert catalogue.taxes_for("US", None, "desk") == ()


@pytest.mark.parametrize(
    ("country", "tax_id", "reversed_"),
    [
        ("AT", "ATU12345678", True),
        ("GR", "EL123456789", True),  # Greece's VAT numbers begin with EL
        ("AT", None, False),
        ("AT", "", False),
        ("AT", "12-3456789", False),  # some other kind of number
        ("DE", "DE136695976", False),  # at home
        ("GB", "GB123456789", False),  # not in the EU
        ("CH", "CHE-123.456.789", False),
    ],
)
def test_businesses_in_other_eu_countries_account_for_the_tax(country, tax_id, reversed_):
    catalogue = parse(SMALL)
    assert catalogue.reverse_charge(country, tax_id) is reversed_
    if reversed_:
        assert catalogue.taxes_for(country, tax_id, "desk") == ()


def test_reverse_charge_can_be_switched_off():
    catalogue = parse(
        replaced('[[tax.rates]]\nid = "de-vat"', '[tax]\nreverse_charge = false\n[[tax.rates]]\nid = "de-vat"')
    )
    assert not catalogue.reverse_charge("AT", "ATU12345678")
    assert [rate.name for rate in catalogue.taxes_for("AT", "ATU12345678", "desk")] == ["at-vat"]


# --- where money goes -------------------------------------------------------------------------------------------------


def with_account(account: str) -> str:
    """The file with one bank account."""
    return replaced('"billing@acme.example"', f'"billing@acme.example"\nbank_accounts = [{{ bank = "B", {account} }}]')


def test_account_numbers_are_kept_without_spaces():
    catalogue = parse(with_account('iban = "DE02 1203 0000 0000 2020 51", bic = "byladem1001"'))
    (account,) = catalogue.business.bank_accounts
    assert (account.iban, account.bic) == ("DE02120300000000202051", "BYLADEM1001")


@pytest.mark.parametrize(
    ("account", "where", "what"),
    [
        ('iban = "DE03120300000000202051"', ".iban", "is no IBAN"),  # its check digits are 02
        ('iban = "DE02120300000000202051", bic = "COBADE"', ".bic", "is no BIC"),
        ('holder = "Acme"', "", "either an iban or an account_number"),
        (
            'iban = "DE02120300000000202051", account_number = "12345", routing_number = "021000021"',
            "",
            "either an iban",
        ),
        ('account_number = "12345"', "", "belong together"),
        ('routing_number = "021000021", iban = "DE02120300000000202051"', "", "belong together"),
        ('account_number = "12-3", routing_number = "021000021"', ".account_number", "4 to 17 digits"),
        ('account_number = "12345", routing_number = "021000022"', ".routing_number", "is no routing number"),
    ],
)
def test_a_mistake_in_an_account_is_found_before_a_customer_pays(account, where, what):
    (mistake,) = mistakes(with_account(account))
    assert f"business.bank_accounts[1]{where}: " in mistake
    assert what in mistake


def test_two_accounts_for_the_same_currency_are_a_mistake():
    other = 'iban = "DE02120300000000202051", currency = "EUR" }, { bank = "C", iban = "DE89370400440532013000"'
    assert len(parse(with_account(other)).business.bank_accounts) == 2
    (mistake,) = mistakes(with_account(f'{other}, currency = "eur"'))
    assert "two bank accounts are for the same currency" in mistake


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "at", "where", "what"),
    [
        ('"Acme GmbH"', "3", "legal_name", "business.legal_name", "must be a text"),
        ('"Acme GmbH"', '"Acme\\u0000GmbH"', "legal_name", "business.legal_name", "holds a control character"),
        ("units = 1000", "unit_s = 1000", "unit_s", "[sms-1000].unit_s", "did you mean units? allowed: id, name"),
        ("units = 1000\n", "", "[[unit_packs]]", "unit_packs[sms-1000].units", "is missing"),
        ("EUR = 5400", "EUR = 54.00", "54.00", "prices[2].amounts.EUR", "whole number"),
        ("EUR = 5400", 'EUR = "5400"', '"5400"', "prices[2].amounts.EUR", "whole number"),
        ("EUR = 5400", "EUR = -1", "EUR = -1", "prices[2].amounts.EUR", "greater than 0; it is -1"),
        ("EUR = 5400, ", "", "JPY = 8600", "prices[2].amounts", "missing in EUR"),
        ("JPY = 8600", "USD = 8600, JPY = 8600", "USD", "prices[2].amounts.USD", "does not sell"),
        ("JPY = 8600", "YEN4 = 8600, JPY = 1", "YEN4", "amounts.YEN4", "ISO 4217"),
        ("JPY = 8600", "JPY = 8600, eur = 1", "eur = 1", "amounts.eur", "already an amount in EUR"),
        ('"year"', '"years"', '"years"', "tiers[1].prices[1].interval", "'month' or 'year'; it is years"),
        ("count = 3", "count = 37", "count = 37", "plans[solo].prices[2]", "at most 36 months"),
        (', count = 3', "", "EUR = 5400", "plans[solo].prices[2]", "already a price for this cycle 1 month"),
        ('id = "crowd"', 'id = "solo"', '', "products[desk].plans[solo].id", "already a plan of this product solo"),
        ('id = "bot"', 'id = "Bot"', '"Bot"\nname', "add_ons[Bot].id", "small letters"),
        ('id = "bot"', 'id = "desk-solo"', '"desk-solo"', "add_ons[desk-solo].id", "already a name"),
        ('"desk/solo"', '"desk/sola"', '"desk/sola"', "add_ons[bot].plans[1]", "did you mean desk/solo?"),
        ('["desk/solo"]', "[]", "plans = []", "add_ons[bot].plans", "must not be empty"),
        ('product = "desk"', 'product = "x"', '"x"', "overrides[1].product", "no product x; there are: desk"),
        ("percent = 19", "percent = 190", "= 190\n", "rates[de-vat].percent", "less than or equal to 100; it is 190"),
        ('id = "at-vat"', 'id = "de-vat"', "", "tax.rates[de-vat].id", "already a tax rate de-vat"),
        ('country = "AT"', 'country = "Austria"', '"Austria"', "tax.rates[at-vat].country", "two capital letters"),
        ('"Europe/Berlin"', '"Berlin"', '"Berlin"\ncurrency', "business.timezone", "IANA"),
        ('"help@acme.example"', '"help"', '"help"', "business.support_email", "e-mail"),
        ('currency = "EUR"', 'currency = "CHF"', 'currencies = ', "business.currencies", "own currency CHF is missing"),
        ("months = 3\n", "", "[[coupons]]", "coupons[Welcome20]", "months belong to"),
        ("months = 3\n", 'months = 3\nends = "soon"\n', '"soon"', "coupons[Welcome20].ends", "as in 2026-12-31"),
        ("months = 3\n", 'months = 3\nproducts = ["dest"]\n', '"dest"', "products[1]", "did you mean desk?"),
        ("months = 3\n", 'months = 3\namounts = {EUR = 5}\n', "[[coupons]]", "coupons[Welcome20]", "either a percent"),
        ("months = 3\n", OFFER.format("WELCOM20", "other"), '"WELCOM20"', "offers[1].coupon", "mean WELCOME20?"),
        ("months = 3\n", OFFER.format("WELCOME20", "none"), '"none"', "offers[1].reasons", "too_expensive"),
        ("minimum = 3", "minimum = 51", "minimum = 51", "plans[crowd].quantity", "not be above"),
        ("[[add_ons]]", "[[addons]]", "[[addons]]", "addons", "did you mean add_ons?"),
        ('name = { en = "Desk", de = "Tisch" }', 'name = { en = "Desk" }', 'en = "Desk" }', "name.de", "is missing"),
        ('name = { en = "Desk", de = "Tisch" }', 'name = "Desk"', 'name = "Desk"', "[desk].name", "must be a table"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_its_place_and_what_is_allowed(old, new, at, where, what):
    text = replaced(old, new)
    found = mistakes(text)
    hits = [mistake for mistake in found if where in mistake and what in mistake]
    assert len(hits) == 1, found
    if at:
        assert hits[0].startswith(f"catalogue.toml:{line_with(text, at)}: ")


def test_all_mistakes_are_told_at_once_in_the_order_of_lines():
    text = (
        SMALL.replace('"desk/solo"', '"desk/none"').replace("percent = 19", 'percent = "a"').replace("units = 1000", "")
    )
    found = mistakes(text)
    assert len(found) == 3
    assert [int(mistake.split(":")[1]) for mistake in found] == [
        line_with(text, '"desk/none"'),
        line_with(text, "[[unit_packs]]"),
        line_with(text, 'percent = "a"'),
    ]


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ('"year"', '"years"', 1),
        ('["desk/solo"]', "[7]", 1),
        ("EUR = 7500, JPY = 12000", "EUR = 7.5, JPY = 1.2", 2),
    ],
)
def test_what_holds_a_mistake_is_no_mistake_itself(old, new, count):
    """Nothing of it is sound, so nothing is left of what it stands in; that was not forgotten by anybody."""
    assert len(mistakes(replaced(old, new))) == count


def test_a_file_that_is_not_there_or_no_text_has_no_line(tmp_path):
    for file, why in (("none.toml", "No such file or directory"), ("latin.toml", "it is not UTF-8")):
        (tmp_path / "latin.toml").write_bytes("name = 'Müller'".encode("latin-1"))
        with pytest.raises(CatalogueError) as caught:
            load(tmp_path / file)
        assert str(caught.value).startswith(f"{tmp_path / file}: cannot be read: {why}")


def test_the_second_of_two_equal_ids_is_the_mistake():
    text = replaced('id = "at-vat"', 'id = "de-vat"')
    second = text.rindex('id = "de-vat"')
    assert mistakes(text)[0].startswith(f"catalogue.toml:{text[:second].count(chr(10)) + 1}: tax.rates[de-vat].id")


def test_codes_that_differ_only_in_capitals_are_the_same_coupon():
    text = SMALL + '[[coupons]]\ncode = "WELCOME20"\nlabel = { en = "a", de = "b" }\npercent = 5\nduration = "once"\n'
    assert any("already a coupon WELCOME20" in mistake for mistake in mistakes(text))


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = \n", 1), ("a = 1\nb = [1,\n2\n", 3), ("a = 1\n\n[x\ny = 2", 3), ("a = 1\na = 2\n", 2), ('x = "\n', 1)],
)
def test_a_file_that_is_not_toml_is_told_with_the_line(text, line):
    (found,) = mistakes(text)
    assert found.startswith(f"catalogue.toml:{line}: not TOML: ")


def test_three_decimal_amounts_end_in_zero():
    """Stripe, "Supported currencies": 5.125 KWD cannot be charged, 5.130 can."""
    text = SMALL.replace('["EUR", "JPY"]', '["EUR", "JPY", "KWD"]')
    text = text.replace('id = "desk"\n', 'id = "desk"\nnot_sold_in = ["KWD"]\n').replace(
        'id = "bot"\n', 'id = "bot"\nnot_sold_in = ["KWD"]\n'
    )
    assert parse(text.replace("JPY = 12000", "JPY = 12000, KWD = 5130")).label("sms-1000-kwd")
    (found,) = mistakes(text.replace("JPY = 12000", "JPY = 12000, KWD = 5125"))
    assert "must end in 0" in found


def test_two_prices_with_one_lookup_key_are_a_mistake():
    """The plan `crowd-1000` and the tier of 1,000 of the plan `crowd` would both be desk-crowd-1000-year-eur."""
    plan = """
[[products.plans]]
id = "crowd-1000"
name = { en = "A", de = "A" }
prices = [{ interval = "year", amounts = { EUR = 2, JPY = 2 } }]

[[add_ons]]"""
    found = mistakes(replaced("[[add_ons]]", plan))
    assert any("same lookup key: desk-crowd-1000-year-eur, desk-crowd-1000-year-jpy" in mistake for mistake in found)


# --- lines ------------------------------------------------------------------------------------------------------------


def test_lines_are_found_inside_everything_that_toml_has():
    text = '''\
# a comment with "quotes" and [brackets]
"odd key".'b' = 1  # = [ {
text = """
[[not.a.table]]
\\""" still inside """
raw = \'\'\'
key = 1\'\'\'
list = [
    1979-05-27 07:32:00, # ]
    { a.b = "}", c = [1, [2,
        3]] },
    "]",
]
[ outer . "in.ner" ]
x = 1
[[rows]]
[[rows.cells]]
v = 1
[[rows.cells]]
v = 2
[rows.cells.style]
bold = true
[[rows]]
[[rows.cells]]
v = 3
'''
    tomllib.loads(text)
    lines = lines_of(text)
    assert lines["odd key", "b"] == 2
    assert lines["text",] == 3
    assert lines["raw",] == 6
    assert [lines["list", n] for n in range(3)] == [9, 10, 12]
    assert lines["list", 1, "a", "b"] == 10
    assert lines["list", 1, "c", 1, 1] == 11
    assert lines["outer", "in.ner", "x"] == 15
    assert lines["rows", 0, "cells", 0, "v"] == 18
    assert lines["rows", 0, "cells", 1, "v"] == 20
    assert lines["rows", 0, "cells", 1, "style", "bold"] == 22
    assert lines["rows", 1, "cells", 0, "v"] == 25


def test_lines_are_the_same_with_windows_line_ends():
    assert lines_of(SMALL.replace("\n", "\r\n")) == lines_of(SMALL)


def paths_of(value, path=()):
    """Every path in what `tomllib` read."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, one in inner:
        yield (*path, part)
        yield from paths_of(one, (*path, part))


def test_every_value_of_the_demo_has_a_line_and_the_line_holds_its_key():
    text = DEMO.read_text()
    lines = lines_of(text)
    paths = list(paths_of(tomllib.loads(text)))
    assert len(paths) > 1000
    assert set(paths) == set(lines)
    for path in paths:
        if isinstance(path[-1], str):
            assert path[-1] in text.splitlines()[lines[path] - 1]


keys = st.text("ab-_9", min_size=1, max_size=3)
strings = st.sampled_from(['"x"', '"a\\"b"', "'#'", '"""\n] ""x"""', "'''}\n'''", '""', "''", '"]"', "'\\'"])
scalars = st.one_of(strings, st.sampled_from(["1", "true", "-1.5", "1979-05-27 07:32:00", "07:32:00"]))
space = st.sampled_from(["", " ", "\n", " # ]}\n"])


@st.composite
def arrays(draw, inner):
    return "[" + ",".join(draw(space) + draw(inner) + draw(space) for _ in range(draw(st.integers(1, 3)))) + "]"


@st.composite
def inline_tables(draw, inner):
    names = draw(st.lists(keys, max_size=3, unique=True))
    return "{" + ", ".join(f"{name} = {draw(inner).replace(chr(10), '')}" for name in names) + "}"


values = st.recursive(scalars, lambda inner: st.one_of(arrays(inner), inline_tables(inner)), max_leaves=6)


@given(st.lists(st.tuples(st.sampled_from(["", "[[t]]\n", "[[t.u]]\n"]), keys, values), max_size=8))
def test_every_path_that_tomllib_reads_has_a_line(parts):
    text = "".join(f"{header}{key} = {value}\n" for header, key, value in parts)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(lines_of(text)) == set(paths_of(data))


# --- the demo's file --------------------------------------------------------------------------------------------------


def test_the_demo_sells_in_every_cycle_and_currency():
    catalogue = load(DEMO)
    cycles = {(price.interval, price.interval_count) for price in catalogue.recurring_prices("EUR")}
    assert cycles == {("week", 1), ("month", 1), ("month", 3), ("year", 1)}
    assert all(catalogue.recurring_prices(currency) for currency in catalogue.business.currencies)
    assert catalogue.recurring_price("service-inbox-month-kwd").unit.decimal() == Decimal("5.1")
    assert {term.months: (term.discount, term.nonprofit_discount) for term in catalogue.prepay} == {
        6: (10, 20),
        12: (15, 30),
    }


def test_the_demo_taxes_as_its_countries_do():
    catalogue = load(DEMO)
    rates = {
        country: [(rate.percent, rate.inclusive) for rate in catalogue.taxes_for(country, None, "sales")]
        for country in ("DE", "AT", "FR", "NL", "GB", "CH", "US", "JP")
    }
    assert rates == {
        "DE": [(19, False)],
        "AT": [(20, False)],
        "FR": [(20, False)],
        "NL": [(21, False)],
        "GB": [(20, False)],
        "CH": [(Decimal("8.1"), False)],
        "US": [],
        "JP": [(10, True)],
    }


def test_a_limit_is_called_as_the_file_says_else_by_the_words_of_its_id():
    named = parse(
        SMALL + '[limit_names]\nsends-per-contact = { en = "Sends per contact", de = "Sendungen je Kontakt" }\n'
    )
    assert named.limit_name("sends-per-contact").in_("de") == "Sendungen je Kontakt"
    assert named.limit_name("sending-domains").in_("de") == "sending domains"


# What people are told of failed payments


@pytest.mark.parametrize("policy", AfterLastTry)
def test_what_stripe_does_after_the_last_try_is_said_in_the_file(policy):
    """HX1"""
    assert parse(SMALL).dunning.after_last_try is AfterLastTry.UNPAID
    assert parse(f'{SMALL}\n[dunning]\nafter_last_try = "{policy}"\n').dunning.after_last_try is policy


@pytest.mark.parametrize("wrong", ['after_last_try = "hope"', "retries = 3"])
def test_a_wrong_dunning_policy_is_named_with_its_line(wrong):
    with pytest.raises(CatalogueError) as error:
        parse(f"{SMALL}\n[dunning]\n{wrong}\n")
    line = f"{SMALL}\n[dunning]\n{wrong}\n".splitlines().index(wrong) + 1
    assert str(line) in str(error.value)


def test_an_offer_is_for_its_reasons_and_without_any_for_all():
    """HX17: in the order of the file, however the code is written."""
    text = SMALL + OFFERS + 'coupon = "welcome20"\nreasons = ["seasonal"]\n' + OFFERS + 'coupon = "WELCOME20"\n'
    policy = parse(text).plan_changes
    assert policy.offered_for(ReasonCode.SEASONAL) == ("WELCOME20", "WELCOME20")
    assert policy.offered_for(ReasonCode.OTHER) == ("WELCOME20",)
    assert parse(SMALL).plan_changes.offered_for(ReasonCode.SEASONAL) == ()
