"""Drafts: filled in, changed by several people, cloned, kept as templates, deleted (H24 to H28, HX14, HX15, GX11)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from billing.catalogue import InvoiceField, Label
from billing.catalogue.products import UnitPack
from billing.catalogue.taxes import Tax
from billing.contacts import Account, AccountStatus, Address, Member, MemberRight
from billing.errors import (
    AccountNotBillable,
    AmountNotReadable,
    BilledInAnotherCurrency,
    DraftChanged,
    DueDateOutOfRange,
    FieldMissing,
    LineNeedsText,
    LineTooLarge,
    NotNow,
    NotPermitted,
    NotReadable,
    NotStaff,
    PlanNeeded,
    TooManyInvoiceRecipients,
    TooManyLines,
    UnknownInvoice,
    UnknownTax,
)
from billing.ids import ContactId, SalesInvoiceId, TeamId
from billing.invoices import copying, drafting, lines, lists, reviewing, typed
from billing.invoices.drafting import DraftForm
from billing.invoices.items import SaveLine
from billing.invoices.model import UNTAXED, Discount, Line, SalesInvoice, Stage
from billing.money import Money
from billing.operations import State
from billing.roles import Role
from tests.support.invoicing import MIA, PETRA, REF, InvoiceShop
from tests.support.shop import ADA, BEN, CATALOGUE, PLUS_MONTH_USD, SAM, TEAM_MONTH, TODAY, actor, contact


def form(shop: InvoiceShop, invoice: str = REF, customer: ContactId = ADA, **how: object) -> DraftForm:
    with shop.store.reading(how.get("person", SAM)) as uow:
        return drafting.form(uow, customer, SalesInvoiceId(invoice))


def test_a_new_invoice_begins_with_what_is_known_of_the_customer(shop: InvoiceShop) -> None:
    """H26, HX15: the house's terms in the customer's language, the usual days, the billing contact's address."""
    shop.rules(due_days=30, terms=Label(en="Net 30", de="Zahlbar in 30 Tagen"))
    billed = Member(name="Bea", email="bea@engines.example", rights=frozenset({MemberRight.BILLING_CONTACT}))
    shop.knows(contact(language="de-DE", members=(billed,)))
    details = form(shop).invoice.details
    assert (details.due_days, details.terms, details.language) == (30, "Zahlbar in 30 Tagen", "de")
    assert details.recipients == ("bea@engines.example",)
    assert shop.rows.sales_invoices == {}  # looking writes nothing down


def test_who_gets_the_invoices_is_filled_in(shop: InvoiceShop) -> None:
    """GX11: the billing contact first, then the others, each once and five in all."""
    with shop.store.writing(SAM) as uow:
        uow.billing_contacts.save_recipients(ADA, ("ADA@engines.example", *(f"{n}@engines.example" for n in range(5))))
    assert form(shop).invoice.details.recipients == (
        "ada@engines.example",
        *(f"{n}@engines.example" for n in range(4)),
    )


def test_agents_may_write_and_strangers_may_not(shop: InvoiceShop) -> None:
    """H16."""
    shop.adds(person=MIA)
    with pytest.raises(NotPermitted):
        form(shop, person=actor(Role.ADMIN))
    with pytest.raises(NotStaff):
        form(shop, person=actor())


def test_nothing_is_billed_to_a_closed_account(shop: InvoiceShop) -> None:
    """GX3."""
    shop.knows(contact(account=Account(status=AccountStatus.CLOSED)))
    with pytest.raises(AccountNotBillable):
        form(shop)
    with pytest.raises(AccountNotBillable):
        shop.adds()


def test_an_expired_account_buys_a_plan_before_it_gets_invoices(shop: InvoiceShop) -> None:
    """GX10."""
    shop.knows(contact(account=Account(status=AccountStatus.EXPIRED)))
    with pytest.raises(PlanNeeded):
        form(shop)


def test_a_line_from_the_catalogue_needs_neither_words_nor_price(shop: InvoiceShop) -> None:
    """HX14: and has the tax of its product, 7 % for the CRM."""
    shop.adds(item=TEAM_MONTH, description="", price="", quantity="3")
    (line,) = shop.invoice().lines
    assert (line.description, line.unit.amount, line.product) == ("CRM Team", 1990, "crm")
    # 3 x 19.90 = 59.70; 7 % = 4.179 -> 4.18
    assert form(shop).totals.total.amount == 6388


def test_a_line_may_have_another_tax_of_the_country_or_none(shop: InvoiceShop) -> None:
    shop.adds(tax=UNTAXED)
    assert form(shop).totals.total.amount == 45000
    shop.adds(tax="de-vat-crm")
    assert form(shop).totals.total.amount == 45000 + 48150


def test_a_tax_of_another_country_is_refused(shop: InvoiceShop) -> None:
    """A forged menu."""
    with pytest.raises(UnknownTax):
        shop.adds(tax="fr-vat")


def test_a_line_whose_tax_is_gone_is_shown_without_it_and_cannot_be_sent(shop: InvoiceShop) -> None:
    """The customer has moved, or the catalogue has changed: the draft opens, is listed, and asks for another tax."""
    shop.adds(tax="de-vat-crm")
    shop.adds(tax=UNTAXED)
    shop.knows(contact(address=Address(country="FR")))
    shown = form(shop)
    assert [line.id for line in shown.lost_taxes] == ["l1"]
    assert shown.totals.total.amount == 90000
    with shop.store.reading(SAM) as uow:
        assert [row.total.amount for row in lists.drafts(uow).rows] == [90000]
        assert [row.total.amount for row in lists.of_contact(uow, ADA, lists.Part.DRAFTS).rows] == [90000]
        assert [row.total.amount for row in lists.mine(uow, 5)] == [90000]
        with pytest.raises(UnknownTax):
            reviewing.review(uow, ADA, REF)
    shop.adds(line="l1", version=shop.invoice().lines[0].version, tax=UNTAXED)
    assert form(shop).lost_taxes == ()


def test_reverse_charge_has_no_tax_whatever_the_line_says(shop: InvoiceShop) -> None:
    shop.sells(tax=Tax(reverse_charge=True, rates=CATALOGUE.tax.rates))
    shop.knows(contact(tax_id="FR12345678901", address=Address(country="FR")))
    shop.adds()
    found = form(shop)
    assert (found.reverse_charge, found.totals.total.amount, found.totals.taxes) == (True, 45000, ())


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"description": "  "}, LineNeedsText),
        ({"price": ""}, AmountNotReadable),
        ({"price": "1 USD"}, AmountNotReadable),
        ({"item": "no-such-price"}, NotReadable),
        ({"item": "marketing-plus-month-usd"}, NotReadable),
    ],
)
def test_what_a_line_refuses(shop: InvoiceShop, fields: dict[str, str], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        shop.adds(**fields)
    assert shop.rows.sales_invoices == {}


def test_a_line_is_not_larger_than_can_be_billed(shop: InvoiceShop) -> None:
    """999,999 x 100,000.00 is 99,999,900,000.00, which no invoice takes; typed in one line it is handed back."""
    with pytest.raises(LineTooLarge):
        shop.adds(quantity="999999", price="100000")
    shop.adds(quantity="9999", price="100000")  # 999,900,000.00
    with shop.store.writing(SAM) as uow:
        found = typed.one_line("ada@x.example 999999 x Gold 100000", "EUR", TODAY)
        assert copying.from_typed(uow, ADA, SalesInvoiceId("inv_2"), found)[1] == ("999999 x Gold 100000",)


def test_a_name_that_ends_in_a_number_is_no_price(shop: InvoiceShop) -> None:
    """Where the catalogue sells something of that very name."""
    name = Label(en="Pack 365", de="Paket 365")
    pack = UnitPack(id="pack-365", name=name, unit=Label(en="day", de="Tag"), units=365, amounts={"EUR": 5000})
    shop.sells(unit_packs=(pack,))
    with shop.store.writing(SAM) as uow:
        copying.from_typed(uow, ADA, REF, typed.one_line("ada@x.example 2 x paket 365, 3 x Tent 365", "EUR", TODAY))
    assert [(one.description, one.unit.amount, one.quantity) for one in shop.invoice().lines] == [
        ("paket 365", 5000, 2),
        ("Tent", 36500, 3),
    ]


def test_a_hundred_lines_and_no_more(shop: InvoiceShop) -> None:
    for _ in range(100):
        shop.adds()
    with pytest.raises(TooManyLines):
        shop.adds()
    with shop.store.writing(SAM) as uow, pytest.raises(TooManyLines):
        lines.copy_line(uow, ADA, REF, "l1")


def test_lines_are_changed_copied_moved_and_removed(shop: InvoiceShop) -> None:
    for name in ("A", "B", "C"):
        shop.adds(description=name)
    with shop.store.writing(SAM) as uow:
        lines.move_line(uow, ADA, REF, "l3", -1)
        lines.copy_line(uow, ADA, REF, "l1")
        lines.remove_line(uow, ADA, REF, "l2")
        lines.remove_line(uow, ADA, REF, "l2")  # twice is no mistake
        lines.move_line(uow, ADA, REF, "l1", -1)  # at the end it stays
    assert [(one.id, one.description) for one in shop.invoice().lines] == [("l1", "A"), ("l4", "A"), ("l3", "C")]
    shop.adds(line="l3", version=shop.invoice().line("l3").version, description="D")
    assert [one.description for one in shop.invoice().lines] == ["A", "A", "D"]
    shop.adds(description="E")
    assert shop.invoice().lines[-1].id == "l5"  # an id is never given again


def test_two_people_add_lines_at_the_same_time(shop: InvoiceShop) -> None:
    """Nobody's is lost."""
    shop.adds(description="A")
    shop.adds(description="B", person=PETRA)
    assert [one.description for one in shop.invoice().lines] == ["A", "B"]


def test_who_changes_a_line_that_another_has_just_changed_is_told(shop: InvoiceShop) -> None:
    shop.adds()
    seen = shop.invoice().line("l1").version
    shop.adds(line="l1", version=seen, price="99", person=PETRA)
    with pytest.raises(DraftChanged) as refusal:
        shop.adds(line="l1", version=seen, price="1")
    assert refusal.value.parameters["by"] == "Petra Manager"
    assert shop.invoice().line("l1").unit == Money(amount=9900, currency="EUR")


def test_who_saves_over_anothers_details_is_told(shop: InvoiceShop) -> None:
    """H28: several people edit one draft; they see each other's change instead of overwriting it."""
    seen = shop.details().version
    shop.details(memo="Petra's", person=PETRA)
    with pytest.raises(DraftChanged):
        shop.details(memo="Sam's", version=seen)
    assert shop.invoice().details.memo == "Petra's"
    shop.details(memo="Petra's", version=seen)  # the same is no conflict
    shop.details(memo="Sam's")


def test_the_own_older_form_is_no_conflict(shop: InvoiceShop) -> None:
    """The review was looked at, and then the form behind it was changed."""
    seen = shop.details().version
    shop.details(memo="first", version=seen)
    shop.details(memo="second", version=seen)
    assert shop.invoice().details.memo == "second"


def test_lines_of_others_do_not_keep_anybody_from_saving_the_details(shop: InvoiceShop) -> None:
    seen = shop.details().version
    shop.adds(person=PETRA)
    shop.details(memo="Sam's", version=seen)


def test_saving_nothing_new_changes_nothing(shop: InvoiceShop) -> None:
    before = shop.details()
    assert shop.details() == before


def test_the_form_as_it_is_typed(shop: InvoiceShop) -> None:
    found = shop.details(
        due_on=date(2026, 4, 1), discount="12,5 %", recipients="a@x.example, b@x.example", order_number=" PO-1 "
    ).details
    assert (found.due_on, found.discount, found.order_number) == (
        date(2026, 4, 1),
        Discount(percent=Decimal("12.5")),
        "PO-1",
    )


PROJECT = InvoiceField(id="project", name=Label(en="Project", de="Projekt"))
CENTRE = InvoiceField(id="centre", name=Label(en="Cost centre", de="Kostenstelle"), required=True)


def filled(invoice: SalesInvoice) -> list[tuple[str, str]]:
    return [(one.name, one.value) for one in invoice.details.fields]


def test_fields_of_the_houses_own(shop: InvoiceShop) -> None:
    """HX15: in the catalogue's order and the document's language; what it does not have (forged) is left out."""
    shop.rules(fields=(PROJECT, CENTRE))
    given = {"centre": " 47  11", "project": "Apollo", "forged": "x"}
    assert filled(shop.details(fields=given)) == [("Project", "Apollo"), ("Cost centre", "47 11")]
    assert filled(shop.details(fields={"project": "Apollo", "centre": " "}, language="de")) == [("Projekt", "Apollo")]


def test_a_field_that_is_required_may_be_missing_in_a_draft_only(shop: InvoiceShop) -> None:
    """HX15: at its input in the form; and a forged confirmation gets no further."""
    shop.adds()
    command = shop.confirms()
    shop.rules(fields=(CENTRE,))
    shop.details()
    with pytest.raises(FieldMissing) as refusal:
        shop.confirms()
    assert refusal.value.reason.field == "fields[centre]"
    operation = shop.does(command)
    assert (operation.state, operation.reason and operation.reason.key) == (State.REFUSED, "FieldMissing")
    shop.details(fields={"centre": "4711"})
    assert shop.does(shop.confirms()).state is State.DONE


def test_fields_go_with_a_copy_and_not_with_a_template(shop: InvoiceShop) -> None:
    """As the catalogue has them by then."""
    shop.rules(fields=(PROJECT, CENTRE))
    shop.adds()
    shop.details(fields={"project": "Apollo", "centre": "4711"})
    shop.rules(fields=(CENTRE.model_copy(update={"name": Label(en="Cost center", de="Kostenstelle")}),))
    with shop.store.writing(SAM) as uow:
        assert filled(copying.clone(uow, REF, SalesInvoiceId("inv_2"))) == [("Cost center", "4711")]
        template = copying.save_template(uow, REF, "Onboarding")
        assert template.details.fields == ()
        copying.use_template(uow, ADA, SalesInvoiceId("inv_2"), template.id)
    assert filled(shop.invoice("inv_2")) == [("Cost center", "4711")]


def test_title_and_terms_of_the_house_follow_the_language(shop: InvoiceShop) -> None:
    """HX15: unless somebody has written something else."""
    shop.rules(title=Label(en="Tax invoice", de="Steuerrechnung"), terms=Label(en="Net 30", de="30 Tage"))
    usual = form(shop).invoice.details
    assert (usual.title, usual.terms) == ("Tax invoice", "Net 30")
    german = shop.details(title=usual.title, terms=usual.terms, language="de").details
    assert (german.title, german.terms) == ("Steuerrechnung", "30 Tage")
    own = shop.details(title=" Bill ", terms="At once", language="en").details
    assert (own.title, own.terms) == ("Bill", "At once")
    assert shop.details(title="", terms="").details.title == ""


def test_what_the_form_refuses(shop: InvoiceShop) -> None:
    with pytest.raises(DueDateOutOfRange):
        shop.details(due_on=date(2026, 3, 1))
    with pytest.raises(DueDateOutOfRange):
        shop.details(due_on=date(2027, 3, 3))
    with pytest.raises(TooManyInvoiceRecipients):
        shop.details(recipients=",".join(f"{n}@x.example" for n in range(6)))


def test_a_draft_of_another_customer_or_team_is_nobodys(shop: InvoiceShop) -> None:
    """Forged metadata."""
    shop.adds()
    with shop.store.writing(SAM) as uow, pytest.raises(UnknownInvoice):
        lines.save_line(uow, SaveLine(contact=BEN, invoice=REF, description="x", price="1"))
    with shop.store.reading(actor(Role.SALES, team=TeamId("T2"))) as uow, pytest.raises(UnknownInvoice):
        drafting.form(uow, ADA, REF)


def test_what_is_sent_is_edited_no_more(shop: InvoiceShop) -> None:
    """HX9."""
    shop.sends()
    for change in (shop.adds, shop.details):
        with pytest.raises(NotNow):
            change()
    with shop.store.writing(SAM) as uow, pytest.raises(NotNow):
        drafting.delete(uow, ADA, REF)


def test_a_draft_is_deleted(shop: InvoiceShop) -> None:
    shop.adds()
    with shop.store.writing(SAM) as uow:
        drafting.delete(uow, ADA, REF)
    assert shop.rows.sales_invoices == {}


def test_a_copy_is_a_draft_of_its_own(shop: InvoiceShop) -> None:
    shop.adds()
    shop.details(due_on=TODAY, memo="Hello")
    shop.does(shop.confirms())
    shop.clock.goes_on(days=3)
    with shop.store.writing(MIA) as uow:
        copy = copying.clone(uow, REF, SalesInvoiceId("inv_2"))
    assert (copy.stage, copy.number, copy.stripe, copy.details.memo) == (Stage.DRAFT, None, None, "Hello")
    assert copy.details.due_on is None  # that day has passed
    assert [one.description for one in copy.lines] == ["Onboarding"]


def turns_american(shop: InvoiceShop) -> None:
    """Stripe says that Ada is billed in dollars by now."""
    shop.knows(shop.rows.contacts[ADA].model_copy(update={"currency": "USD"}))


def test_only_the_drafts_that_are_shown_are_worked_out(shop: InvoiceShop) -> None:
    """Of Sam's two the newer one is; the customer of the other one is not read."""
    with shop.store.writing(SAM) as uow:
        lines.save_line(uow, SaveLine(contact=BEN, invoice=SalesInvoiceId("inv_ben"), description="x", price="1"))
    shop.clock.goes_on(minutes=1)
    shop.adds()
    del shop.rows.contacts[BEN]
    with shop.store.reading(SAM) as uow:
        assert [row.ref for row in lists.mine(uow, 1)] == [REF]


def test_a_draft_keeps_its_currency(shop: InvoiceShop) -> None:
    """Lines of 450.00 and 5.00 less 5.00 and 19 % on top are 450.00 + 85.50 = 535.50; the menu has prices in EUR."""
    shop.adds()
    turns_american(shop)
    shop.adds(description="Travel", quantity="1", price="5")
    shop.details(discount="5")
    shown = form(shop)
    assert shown.totals.total == Money(amount=53550, currency="EUR")
    with shop.store.reading(SAM) as uow:
        assert [row.total for row in lists.drafts(uow).rows] == [shown.totals.total]
        offered = lines.line_form(uow, ADA, REF)
        assert (offered.currency, {one.unit.currency for one in offered.items}) == ("EUR", {"EUR"})
    with pytest.raises(AmountNotReadable):
        shop.adds(price="5 USD")
    with pytest.raises(NotReadable):
        shop.adds(item=PLUS_MONTH_USD)


def test_what_is_in_another_currency_than_the_customer_is_not_sent(shop: InvoiceShop) -> None:
    """Also when that happens between the review and the sending; the customer is written new ones in their own."""
    shop.adds()
    command = shop.confirms()
    turns_american(shop)
    with pytest.raises(BilledInAnotherCurrency):
        shop.confirms()
    assert shop.does(command).reason.key == "BilledInAnotherCurrency"
    assert shop.adds("inv_2", price="5").currency == "USD"


def test_a_copy_in_another_currency_carries_no_amounts_over(shop: InvoiceShop) -> None:
    """Marketing Plus is 49.00 EUR and 55.00 USD, Onboarding is not in the catalogue; percentages stay."""
    shop.adds(item="marketing-plus-month-eur", description="", price="", discount="10 %")
    shop.adds(discount="5")
    shop.details(discount="2.50")
    turns_american(shop)
    with shop.store.writing(SAM) as uow:
        copy = copying.clone(uow, REF, SalesInvoiceId("inv_2"))
    assert [(one.description, one.unit, one.discount) for one in copy.lines] == [
        ("Marketing Plus", Money(amount=5500, currency="USD"), Discount(percent=Decimal(10))),
        ("Onboarding", Money(amount=0, currency="USD"), None),
    ]
    assert (copy.currency, copy.details.discount) == ("USD", None)


def test_a_template_has_no_customer(shop: InvoiceShop) -> None:
    shop.adds()
    shop.details(order_number="PO-1", discount="5 %")
    with shop.store.writing(SAM) as uow:
        template = copying.save_template(uow, REF, "Onboarding")
        assert template.details.recipients == ()
        copying.use_template(uow, BEN, SalesInvoiceId("inv_2"), template.id)
    made = shop.invoice("inv_2")
    assert (made.contact, made.details.recipients, made.details.order_number) == (BEN, ("ben@byron.example",), "")
    assert (len(made.lines), made.details.discount) == (1, Discount(percent=Decimal(5)))
    with shop.store.writing(SAM) as uow, pytest.raises(UnknownInvoice):
        copying.use_template(uow, BEN, SalesInvoiceId("inv_3"), "tpl_forged")


def test_a_template_is_replaced_by_its_name_and_deleted(shop: InvoiceShop) -> None:
    shop.adds()
    with shop.store.writing(SAM) as uow:
        first = copying.save_template(uow, REF, " Onboarding ")
    shop.adds(description="Travel")
    with shop.store.writing(PETRA) as uow:
        second = copying.save_template(uow, REF, "onboarding")
        assert uow.invoices.templates(SAM.team) == (second,)
        assert first.id == second.id
        copying.delete_template(uow, second.id)
        copying.delete_template(uow, second.id)
    assert shop.rows.invoice_templates == {}
    with shop.store.writing(actor(Role.ADMIN)) as uow, pytest.raises(NotPermitted):
        copying.delete_template(uow, second.id)


def test_a_typed_invoice_becomes_a_draft(shop: InvoiceShop) -> None:
    """A line without a price takes the catalogue's, if one thing there is called so; the rest is handed back."""
    with shop.store.writing(SAM) as uow:
        found = typed.one_line("ada@x.example 2 x CRM Team, 1 x Nothing, Extra 10, due 7d, 10 %", "EUR", TODAY)
        _, unread = copying.from_typed(uow, ADA, REF, found)
    made = shop.invoice()
    assert [(one.description, f"{one.quantity}", one.unit.amount) for one in made.lines] == [
        ("CRM Team", "2", 1990),
        ("Extra", "1", 1000),
    ]
    assert (made.details.due_days, made.details.discount, unread) == (
        7,
        Discount(percent=Decimal(10)),
        ("1 x Nothing",),
    )


def test_a_due_day_that_cannot_be_is_handed_back(shop: InvoiceShop) -> None:
    with shop.store.writing(SAM) as uow:
        past = typed.one_line("ada@x.example 1 x A 1, due 2020-01-01", "EUR", TODAY)
        assert copying.from_typed(uow, ADA, REF, past)[1] == ("2020-01-01",)
        far = typed.one_line("ada@x.example 1 x A 1, due 999", "EUR", TODAY)
        assert copying.from_typed(uow, ADA, REF, far)[1] == ("999",)
    assert shop.invoice().details.due_days == 14


def test_only_a_name_writes_nothing_down(shop: InvoiceShop) -> None:
    with shop.store.writing(SAM) as uow:
        copying.from_typed(uow, ADA, REF, typed.one_line("ada", "EUR", TODAY))
    assert shop.rows.sales_invoices == {}


def test_a_line_is_a_line() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        Line(id="l1", version=1, description="x", quantity=Decimal(0), unit=Money(amount=1, currency="EUR"))
