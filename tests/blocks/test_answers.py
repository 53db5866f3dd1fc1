"""Refusals, notices and help: a sentence for everything that can be said no to, and for every question."""

import pytest

from billing import errors
from billing.errors import Declined, NotPermitted, NotStaff, QuantityOutOfRange, Reason, Refusal, StartOutOfRange
from billing.roles import PERMISSIONS, Permission, Role
from blocks import declines, help, notices, refusals, topics  # noqa: A004 - our module, named for its command
from bot.sandbox.workspace.limits import problems
from tests.blocks.samples import BOTH, DE, EN, LONG, elements, words

# One of each, raised as `billing` raises it.
EXAMPLES = {
    "NotStaff": errors.NotStaff(),
    "NotPermitted": NotPermitted(Permission.CREATE_SUBSCRIPTION, PERMISSIONS[Permission.CREATE_SUBSCRIPTION]),
    "UnknownContact": errors.UnknownContact(contact="con_1"),
    "CountryUnknown": errors.CountryUnknown(contact="Ada"),
    "AccountNotBillable": errors.AccountNotBillable(contact="Ada", status="suspended"),
    "PlanNeeded": errors.PlanNeeded(contact="Ada"),
    "NothingToSell": errors.NothingToSell(currency="EUR"),
    "NotRecurring": errors.NotRecurring(price="setup-fee"),
    "CurrencyDiffers": errors.CurrencyDiffers(price="USD", contact="EUR"),
    "QuantityOutOfRange": QuantityOutOfRange(minimum=1, maximum=1500),
    "StartOutOfRange": StartOutOfRange(first="2026-11-21", last="2027-11-22"),
    "NotABillingDay": errors.NotABillingDay(day=1, first="2027-01-01"),
    "UnknownCoupon": errors.UnknownCoupon(code="SPRIMG"),
    "CouponNotApplicable": errors.CouponNotApplicable(coupon="SPRING10"),
    "ForeignPaymentMethod": errors.ForeignPaymentMethod(contact="Ada"),
    "PaymentMethodExpired": errors.PaymentMethodExpired(brand="visa", last4="4242"),
    "NoEmailAddress": errors.NoEmailAddress(contact="Ada"),
    "AmountDiffers": errors.AmountDiffers(reviewed=5426, charged=5926, currency="EUR"),
    "PriceChanged": errors.PriceChanged(contact="Ada"),
    "CardNumberEntered": errors.CardNumberEntered(),
    "NotReadable": errors.NotReadable("quantity"),
    "NotWaiting": errors.NotWaiting(state="done"),
    "Misconfigured": errors.Misconfigured(what="price"),
    "NoPlan": errors.NoPlan(contact="Ada"),
    "UnknownPlan": errors.UnknownPlan(plan="sales/gone"),
    "UnknownAddOn": errors.UnknownAddOn(add_on="gone"),
    "LimitNotOffered": errors.LimitNotOffered(limits=("500", "1000")),
    "SeatsOutOfRange": errors.SeatsOutOfRange(minimum=1, maximum=2500),
    "SeatsInUse": errors.SeatsInUse(used=5, seats=3),
    "NothingChanges": errors.NothingChanges(contact="Ada"),
    "RequesterMayNot": errors.RequesterMayNot(name="Felix", allowed=("Ada", "Ben"), contact="Ada Ltd"),
    "NobodyMayPurchase": errors.NobodyMayPurchase(contact="Ada Ltd"),
    "NeedsDecision": errors.NeedsDecision(),
    "NeedsNoDecision": errors.NeedsNoDecision(),
    "NoOffer": errors.NoOffer(contact="Ada Ltd"),
    "OfferTakenBefore": errors.OfferTakenBefore(contact="Ada Ltd", coupon="STAY20"),
    "DiscountRuns": errors.DiscountRuns(contact="Ada Ltd", coupon="TEN"),
    "NotChangeable": errors.NotChangeable(subscription_status="past_due"),
    "OnlyManager": errors.OnlyManager(),
    "TooFewApprovers": errors.TooFewApprovers(needed=2, there=1),
    "PlanEnds": errors.PlanEnds(last="2026-12-31"),
    "SubscriptionChanged": errors.SubscriptionChanged(),
    "ChangeWaits": errors.ChangeWaits(),
    "ScheduledElsewhere": errors.ScheduledElsewhere(),
    "RequestScheduled": errors.RequestScheduled(day="2026-12-31"),
    "RequestPending": errors.RequestPending(request="chr_1", by="Mia", since="2026-11-20"),
    "UnknownRequest": errors.UnknownRequest(request="chr_1"),
    "NotApprover": errors.NotApprover(approvers=("Petra", "Jonas")),
    "OwnRequest": errors.OwnRequest(),
    "AlreadyDecided": errors.AlreadyDecided(
        state="rejected", by="Petra", at="2026-11-21T17:30:00+00:00", note="They signed for a year"
    ),
    "AlreadyAgreed": errors.AlreadyAgreed(),
    "ReasonMissing": errors.ReasonMissing(),
    "UsageAboveLimits": errors.UsageAboveLimits(used=4610, allowed=2500, what="limit"),
    "NotFiler": errors.NotFiler(by="Mia"),
    "FilerGone": errors.FilerGone(by="Mia", requester="Ada"),
    "NotTheAdminsAddress": errors.NotTheAdminsAddress(sender="felix@example.com", admins=("Ada",)),
    "NoTicket": errors.NoTicket(),
    "AbsenceImpossible": errors.AbsenceImpossible(problem="days"),
    "HighestLimit": errors.HighestLimit(contact="Ada"),
    "AccountExpired": errors.AccountExpired(contact="Ada Ltd"),
    "AccountNotActive": errors.AccountNotActive(contact="Ada Ltd", status="suspended"),
    "RequesterNotEntitled": errors.RequesterNotEntitled(contact="Ada Ltd", allowed=("Ada", "Ben")),
    "WrongCard": errors.WrongCard(left=2),
    "VerificationLocked": errors.VerificationLocked(until="2026-11-22T10:00:00+00:00"),
    "NoCardOnFile": errors.NoCardOnFile(contact="Ada Ltd"),
    "VerificationNeeded": errors.VerificationNeeded(),
    "NotAPerson": errors.NotAPerson(name="Support"),
    "NotAName": errors.NotAName(),
    "NotAnEmail": errors.NotAnEmail("ada at home"),
    "RoleAddress": errors.RoleAddress(address="info@ada.example"),
    "LookalikeAddress": errors.LookalikeAddress(address="ada@englnes.example", domain="engines.example"),
    "VendorsAddress": errors.VendorsAddress(address="mia@brightwell.example"),
    "AddressIncomplete": errors.AddressIncomplete("city", "DE"),
    "PostalCodeWrong": errors.PostalCodeWrong(country="DE", example="10115"),
    "UnknownCountry": errors.UnknownCountry(country="XX"),
    "TaxIdWrong": errors.TaxIdWrong(country="DE"),
    "TaxIdNotRegistered": errors.TaxIdNotRegistered(tax_id="DE136695976"),
    "TaxServiceUnreachable": errors.TaxServiceUnreachable(),
    "TaxWouldChange": errors.TaxWouldChange("Ada Ltd", "country"),
    "BillToUnchanged": errors.BillToUnchanged(contact="Ada Ltd"),
    "BillToChanging": errors.BillToChanging(),
    "BillingContactFrozen": errors.BillingContactFrozen(contact="Ada Ltd"),
    "NoSelfService": errors.NoSelfService(contact="Ada Ltd", portal="online"),
    "TooManyLinks": errors.TooManyLinks(),
    "LinkUnknown": errors.LinkUnknown(),
    "TicketOfAnother": errors.TicketOfAnother(name="Pia"),
    "LinkUsed": errors.LinkUsed(),
    "LinkExpired": errors.LinkExpired(),
    "TooManyAttempts": errors.TooManyAttempts(),
    "TooManyRecipients": errors.TooManyRecipients(most=5),
    "NothingToLift": errors.NothingToLift(),
    "NotFailing": errors.NotFailing(),
    "InvoiceNotOpen": errors.InvoiceNotOpen(contact="Ada"),
    "AmountDue": errors.AmountDue(shown=4900, due=2900, currency="EUR"),
    "NoPaymentPage": errors.NoPaymentPage(contact="Ada"),
    "NoPaymentMethod": errors.NoPaymentMethod(contact="Ada"),
    "RaisingNotOffered": errors.RaisingNotOffered(),
    "UnknownInvoice": errors.UnknownInvoice(invoice="inv_1"),
    "NotNow": errors.NotNow(invoice_state="partly_paid", number="INV-2026-00001"),
    "EmptyInvoice": errors.EmptyInvoice(),
    "NumberTaken": errors.NumberTaken(number="INV-2026-00001"),
    "DraftGone": errors.DraftGone(number="INV-2026-00001"),
    "BilledInAnotherCurrency": errors.BilledInAnotherCurrency(draft="EUR", billed="USD"),
    "TooManyLines": errors.TooManyLines(most=100),
    "LineNeedsText": errors.LineNeedsText(),
    "AmountNotReadable": errors.AmountNotReadable(text="abc", currency="EUR"),
    "QuantityNotReadable": errors.QuantityNotReadable(text="abc"),
    "DiscountNotReadable": errors.DiscountNotReadable(text="abc"),
    "UnknownTax": errors.UnknownTax(tax="gone"),
    "DueDateOutOfRange": errors.DueDateOutOfRange(first="2026-11-21", last="2027-11-21"),
    "TooManyInvoiceRecipients": errors.TooManyInvoiceRecipients(most=5, given=6),
    "RecipientNotReadable": errors.RecipientNotReadable(address="nobody"),
    "DraftChanged": errors.DraftChanged(by="Mia", invoice="inv_1"),
    "NeedsApproval": errors.NeedsApproval(),
    "NoSuchApproval": errors.NoSuchApproval(),
    "ManualPaymentNotPossible": errors.ManualPaymentNotPossible(),
    "PaymentTooHigh": errors.PaymentTooHigh(due=5000, currency="EUR"),
    "NotAnAmount": errors.NotAnAmount(text="abc", currency="EUR"),
    "PaidDayOutOfRange": errors.PaidDayOutOfRange(first="2025-11-21", last="2026-11-21"),
    "ReferenceMissing": errors.ReferenceMissing(),
    "AmountDueChanged": errors.AmountDueChanged(due=5000, currency="EUR"),
    "LeftToCreditChanged": errors.LeftToCreditChanged(left=43550, currency="EUR"),
    "NothingToCredit": errors.NothingToCredit(left=5000, currency="EUR"),
    "FieldMissing": errors.FieldMissing("project", ("Project", "Projekt")),
    "LineTooLarge": errors.LineTooLarge(most=99_999_999_999, currency="EUR"),
    "CannotCharge": errors.CannotCharge(due=5, currency="KWD"),
    "LineCreditedBefore": errors.LineCreditedBefore(),
    "CannotRefund": errors.CannotRefund(),
}
UNKNOWN = Reason(key="SomethingNobodyThoughtOf")


def subclasses(of):
    for one in of.__subclasses__():
        yield one
        yield from subclasses(one)


REFUSALS = sorted({one.__name__ for one in subclasses(Refusal)})


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
def test_every_refusal_has_its_own_sentence(name, t):
    assert name in EXAMPLES, "give this refusal a sentence in blocks/refusals.py and an example here"
    sentence = refusals.sentence(EXAMPLES[name].reason, t)
    assert sentence != refusals.sentence(UNKNOWN, t)
    assert "{" not in sentence
    assert name not in sentence


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
def test_a_refusal_without_its_parameters_still_has_a_sentence(name, t):
    bare = refusals.sentence(EXAMPLES[name].reason.model_copy(update={"parameters": {}}), t)
    assert bare.strip()
    assert "{" not in bare


def test_there_is_no_sentence_for_a_refusal_that_does_not_exist():
    assert refusals.known() == set(REFUSALS)


def test_a_refusal_names_what_was_wanted_and_who_can():
    sentence = refusals.sentence(EXAMPLES["NotPermitted"].reason, EN)
    assert (
        sentence == "Your role does not include: start subscriptions. Who can help: support agents, sales, or managers."
    )
    assert refusals.sentence(NotStaff().reason, DE).endswith("Helfen können: Admins.")


def test_numbers_and_dates_are_written_as_the_reader_writes_them():
    assert "between 1 and 1,500" in refusals.sentence(EXAMPLES["QuantityOutOfRange"].reason, EN)
    assert "zwischen 21.11.2026 und 22.11.2027" in refusals.sentence(EXAMPLES["StartOutOfRange"].reason, DE)


def test_a_field_error_lands_at_its_field():
    found = refusals.field_errors([EXAMPLES["QuantityOutOfRange"].reason, EXAMPLES["PriceChanged"].reason], EN)
    assert list(found) == ["quantity"]


def test_a_decline_is_a_reason_too():
    assert refusals.sentence(Declined("expired_card").reason, EN) == "The card has expired."


@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
def test_no_decline_is_told_in_jargon(t):
    for code in ("insufficient_funds", "do_not_honor", "authentication_required", "processing_error", "", "new_code"):
        sentence = declines.sentence(code, t)
        assert "_" not in sentence
        assert sentence.endswith(".")


# Notices


def test_a_card_number_is_refused_without_repeating_it():
    """SX8."""
    text = words(notices.card_number(DE).message().to_dict())
    assert "nicht gespeichert" in text
    assert "Link" in text


def test_something_broken_has_a_reference():
    assert "`a1b2c3`" in words(notices.broken("a1b2c3", EN).modal(EN).to_dict())


def test_a_refusal_gets_the_notice_that_fits():
    assert words(notices.of(NotStaff(), EN).message().to_dict()) == words(notices.not_staff(EN).message().to_dict())
    assert "admins" in words(notices.not_staff(EN).message().to_dict())
    assert "1.500" in words(notices.of(EXAMPLES["QuantityOutOfRange"], DE).message().to_dict())


@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
def test_every_notice_is_within_slacks_limits(t):
    answers = [
        notices.not_staff(t),
        notices.card_number(t),
        notices.outdated(t),
        notices.broken("reference", t),
        *(notices.of(example, t) for example in EXAMPLES.values()),
        notices.refused(errors.UnknownCoupon(code=LONG).reason, t),
    ]
    for answer in answers:
        assert problems(answer.modal(t).to_dict()) == []
        assert problems(answer.message().to_dict()) == []
        assert answer.message().to_dict()["text"]


# Help


def test_help_alone_shows_the_commands():
    text = words(help.help_message("", EN).to_dict())
    for command in ("/billing", "/billing NAME", "/billing subscribe NAME", "/billing help TOPIC", "/abrechnung"):
        assert f"`{command}`" in text


@pytest.mark.parametrize(
    ("typed", "topic"),
    [("card", "card"), ("Karte", "card"), ("abo", "subscribe"), ("decline", "declined"), ("rechte", "permissions"),
     ("cupons", "coupons"), ("how do I find someone", "find"), ("Datenschutz", "privacy"), ("  LINK ", "link")],
)  # fmt: skip
def test_a_topic_is_found_by_its_words_in_both_languages_and_by_what_is_near(typed, topic):
    found = topics.find_topic(typed.strip())
    assert found is not None
    assert found.name == topic
    assert found.title in words(help.help_message(typed, EN).to_dict())


def test_an_unknown_topic_gets_the_overview_and_the_list():
    message = help.help_message("quantum physics", EN).to_dict()
    assert "no help on “quantum physics”. Choose a topic from the menu below" in words(message)
    assert "`/billing help TOPIC`" in words(message)
    assert len(elements(message)[help.Id.TOPIC]["options"]) == len(topics.TOPICS)


@pytest.mark.parametrize("typed", ["quatsch", "nonsense"])
def test_a_word_that_only_resembles_one_is_not_taken_for_it(typed):
    """ "quatsch" has five letters of "deutsch"."""
    assert topics.find_topic(typed) is None


def test_help_answers_carry_feedback_buttons():
    """C25."""
    found = elements(help.help_message("coupons", EN).to_dict())
    assert found[help.Id.HELPFUL]["value"] == found[help.Id.NOT_HELPFUL]["value"] == "coupons"
    assert words(help.thanks(EN, helpful=True).to_dict()) != words(help.thanks(EN, helpful=False).to_dict())


def test_help_on_permissions_names_every_permission_with_its_roles():
    text = words(help.help_message("roles", DE).to_dict())
    assert "• Abos starten: Support, Vertrieb oder Manager" in text
    assert text.count("•") >= len(Permission)


def test_every_role_and_permission_has_a_word():
    for t in BOTH:
        assert all(refusals.words.roles([role], t) for role in Role)
        assert all(refusals.words.permission(one, t) for one in Permission)


def test_a_word_leads_to_one_topic_only():
    every = [word for topic in topics.TOPICS for word in topic.words]
    assert len(every) == len(set(every))
    assert all(topic.words[0] == topic.name for topic in topics.TOPICS)


@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
def test_every_help_page_is_within_slacks_limits(t):
    for topic in ("", "quantum " * 100, *(topic.name for topic in topics.TOPICS)):
        assert problems(help.help_message(topic, t).to_dict()) == []
    assert problems(help.thanks(t, helpful=False).to_dict()) == []
