"""Changing the billing contact: with proof, by the customer's link, and what stops it (G1 to G31, GX1 to GX16)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from billing.access import Actor
from billing.billing_contacts import changing, links, showing, verifying
from billing.billing_contacts.changing import BillingContactChanged, ChangeBillTo
from billing.billing_contacts.explaining import Topic, explain, topic_of
from billing.billing_contacts.model import ATTEMPTS_PER_LINK, Purpose, billing_contact, with_bill_to
from billing.billing_contacts.rules import member_key
from billing.catalogue import BillingContactPolicy, CorporateChange
from billing.contacts import (
    Account,
    AccountStatus,
    Address,
    InvoiceStatus,
    Member,
    MemberRight,
    Portal,
    billed_as,
    from_stripe,
)
from billing.errors import (
    AccountExpired,
    AccountNotActive,
    BillingContactFrozen,
    BillToChanging,
    BillToUnchanged,
    DraftChanged,
    LinkExpired,
    LinkUnknown,
    LinkUsed,
    Misconfigured,
    NoCardOnFile,
    NoEmailAddress,
    NoSelfService,
    NotAnEmail,
    NotAPerson,
    NothingToLift,
    NotPermitted,
    NotReadable,
    PostalCodeWrong,
    RequesterNotEntitled,
    TaxIdWrong,
    TaxWouldChange,
    TooManyAttempts,
    TooManyLinks,
    TooManyRecipients,
    Transient,
    UnknownContact,
    VerificationLocked,
    VerificationNeeded,
    WrongCard,
)
from billing.ids import ContactId, LinkId, ProofId, SalesInvoiceId
from billing.invoices import drafting
from billing.invoices.model import SalesInvoice
from billing.operations import State
from billing.roles import Role
from tests.support.accounts import (
    ADMIN,
    BOOKS,
    CORA,
    HOLDER,
    MIA,
    NEW,
    PIA,
    USER,
    account,
    card,
    changes,
    furnish,
    opens,
    saves,
    says,
    sends_link,
    token,
    verifies,
    walked,
)
from tests.support.shop import ADA, BEN, SAM, Shop, actor


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    furnish(made)
    return made


def policy(shop: Shop, **changed: Any) -> None:
    shop.sells(billing_contact=BillingContactPolicy(**changed))


def guard(shop: Shop, of: str = ADA) -> Any:
    with shop.store.reading(MIA) as uow:
        return uow.billing_contacts.guard(ContactId(of))


def tries(shop: Shop, last4: str, key: str, *, of: str = ADA, expiry: str = "08/28", person: Actor = MIA) -> Any:
    return verifying.verify(shop.desk, person, says(last4, expiry, of=of), key)


def jobs(shop: Shop, name: str) -> list[str]:
    return [job.argument for job in shop.rows.jobs if job.name == name]


def of(shop: Shop, id_: str = ADA) -> Any:
    return shop.rows.contacts[ContactId(id_)]


# Who it is


def test_the_billing_contact_is_who_has_the_right() -> None:
    """G1"""
    assert billing_contact(account()) == BOOKS


def test_where_nobody_is_listed_it_is_who_is_billed() -> None:
    """G1"""
    found = billing_contact(account(members=(ADMIN,)))
    assert (found.name, found.email) == ("Ada Lovelace", "ada@engines.example")


def test_after_a_change_one_person_has_the_right_and_others_keep_theirs() -> None:
    """G2 to G4"""
    new = changing.BillTo(name="Carl Card", email="CARL@engines.example", address=Address(country="DE"))
    after = with_bill_to(account(), new)
    rights = {member.name: member.rights for member in after.members}
    assert rights["Bea Books"] == frozenset()
    assert rights["Carl Card"] == {MemberRight.CARD_HOLDER, MemberRight.BILLING_CONTACT}
    assert rights["Ada Lovelace"] == ADMIN.rights


NORA = changing.BillTo(name="Nora New", email="nora@engines.example", address=Address(country="DE"))


def test_who_is_billed_is_called_and_written_to_as_before() -> None:
    """Bea was the billing contact; Ada, who the contact is, stays Ada. The address is that of the account."""
    after = with_bill_to(account(), NORA)
    assert (after.name, after.email, after.company) == ("Ada Lovelace", "ada@engines.example", "Engines Ltd")
    assert (after.address, billing_contact(after).name) == (NORA.address, "Nora New")
    company = with_bill_to(account(name="Engines Ltd", company=""), NORA)
    assert (company.name, company.email, billed_as(company)) == ("Engines Ltd", "ada@engines.example", "Engines Ltd")


def test_a_contact_who_was_the_billing_contact_makes_room() -> None:
    for one in (account(name=BOOKS.name, email=BOOKS.email), account(members=(ADMIN,))):
        after = with_bill_to(one, NORA)
        assert (after.name, after.email, after.company) == ("Nora New", "nora@engines.example", "Engines Ltd")


def test_a_name_that_may_be_a_companys_stays_where_nobody_is_listed() -> None:
    """So come customers from Stripe: one name and one address. Whoever only corrects the name still may."""
    imported = account(name="Engines Ltd", company="", members=())
    after = with_bill_to(imported, NORA)
    assert (after.name, after.email, billing_contact(after).name) == ("Engines Ltd", "nora@engines.example", "Nora New")
    corrected = with_bill_to(imported, NORA.model_copy(update={"name": "Ada King", "email": imported.email}))
    assert (corrected.name, corrected.email) == ("Ada King", "ada@engines.example")


def test_nothing_is_sent_any_more_to_an_address_that_was_the_former_billing_contacts() -> None:
    after = with_bill_to(account(name="Engines Ltd", company="", email="BEA@engines.example"), NORA)
    assert (after.name, after.email) == ("Engines Ltd", "nora@engines.example")


def test_the_page_shows_who_it_is_to_the_staff(shop: Shop) -> None:
    """G1 to G7"""
    with shop.store.reading(MIA) as uow:
        shown = showing.overview(uow, ADA)
        corporate = showing.overview(uow, CORA)
    assert shown.current == BOOKS
    assert not shown.stops
    assert (shown.self_service, corporate.self_service) == (False, True)


@pytest.mark.parametrize("role", [Role.ADMIN])
def test_a_role_without_the_right_sees_and_changes_nothing(shop: Shop, role: Role) -> None:
    """GX1, on our side"""
    nosy = actor(role, user="U_NOSY")
    shop.hires(nosy)
    with shop.store.reading(nosy) as uow:
        for look in (
            lambda: showing.overview(uow, ADA),
            lambda: explain(uow, ADA, Topic.WHO),
            lambda: verifying.form(uow, ADA),
            lambda: showing.recipients_form(uow, ADA),
            lambda: showing.lift(uow, ADA, (), "k"),
        ):
            with pytest.raises(NotPermitted):
                look()


def test_sales_sees_but_does_not_change(shop: Shop) -> None:
    with shop.store.reading(SAM) as uow:
        assert showing.overview(uow, ADA).current == BOOKS
        with pytest.raises(NotPermitted):
            verifying.form(uow, ADA)
    with pytest.raises(NotPermitted):
        tries(shop, "4242", "k", person=SAM)


@pytest.mark.parametrize(("who", "told"), [(ADMIN, True), (BOOKS, True), (HOLDER, False), (USER, False)])
def test_only_billing_contacts_and_admins_are_told(shop: Shop, who: Member, told: bool) -> None:
    """GX1: and it is noted who asked."""
    with shop.store.writing(MIA) as uow:
        shown = showing.ask(uow, ADA, member_key(who), "k")
    assert shown.asked is not None
    assert shown.asked.may_be_told is told
    [entry] = shop.rows.timeline
    assert entry.what == ("billing_contact_told" if told else "billing_contact_not_told")
    assert (entry.by, entry.on_behalf_of) == ("Mia Agent", who.name)


def test_somebody_who_is_not_listed_is_told_nothing(shop: Shop) -> None:
    """GX1, and the same click twice is noted once."""
    for _ in range(2):
        with shop.store.writing(MIA) as uow:
            shown = showing.ask(uow, ADA, "-", "k")
    assert shown.asked is not None
    assert not shown.asked.may_be_told
    assert shop.happened() == ["billing_contact_not_told"]


# Verifying the card


def test_the_right_answer_is_a_proof(shop: Shop) -> None:
    """G10, G11"""
    proof = verifies(shop)
    assert proof.right
    assert proof.requester == "Carl Card"
    assert shop.happened() == ["card_verified"]
    assert shop.rows.timeline[0].on_behalf_of == "Carl Card"


@pytest.mark.parametrize("expiry", ["08/28", "8/28", "08/2028", "0828", "08-28", " 08 / 28 "])
def test_an_expiry_may_be_written_in_several_ways(shop: Shop, expiry: str) -> None:
    assert tries(shop, "4242", "k", expiry=expiry).right


@pytest.mark.parametrize(
    ("last4", "expiry"), [("4243", "08/28"), ("4242", "09/28"), ("4242", "08/29"), ("0000", "01/30")]
)
def test_only_right_or_wrong_is_told(shop: Shop, last4: str, expiry: str) -> None:
    """G11: the refusal is the same whatever was wrong."""
    with pytest.raises(WrongCard) as refused:
        tries(shop, last4, "k", expiry=expiry)
    assert refused.value.parameters == {"left": 2}
    assert shop.happened() == ["card_not_verified"]


def test_what_was_said_is_kept_nowhere(shop: Shop) -> None:
    """SX8: digits, expiry and card are in no row that a try writes."""
    with pytest.raises(WrongCard):
        tries(shop, "9137", "k", expiry="11/31")
    verifies(shop)
    written = [*shop.rows.proofs.values(), *shop.rows.timeline, *shop.rows.guards.values(), *shop.rows.jobs]
    for digits in ("9137", "11/31", "1131", "4242", "08/28"):
        assert not any(digits in one.model_dump_json() for one in written)


@pytest.mark.parametrize(
    ("last4", "expiry", "field"),
    [("42", "08/28", "last4"), ("42424", "08/28", "last4"), ("abcd", "08/28", "last4"), ("٤٢٤٢", "08/28", "last4"),
     ("4242", "13/28", "expiry"), ("4242", "soon", "expiry"), ("4242", "", "expiry"), ("4242", "08/٢٨", "expiry")],
)  # fmt: skip
def test_what_cannot_be_digits_is_no_try(shop: Shop, last4: str, expiry: str, field: str) -> None:
    with pytest.raises(NotReadable) as refused:
        tries(shop, last4, "k", expiry=expiry)
    assert refused.value.reason.field == field
    assert guard(shop).tries == 0


@pytest.mark.parametrize("who", [BOOKS, USER, Member(name="Eve", email="eve@evil.example")])
def test_who_is_neither_holder_nor_admin_is_refused_before_anything_is_compared(shop: Shop, who: Member) -> None:
    """G12, G13"""
    with pytest.raises(RequesterNotEntitled) as refused:
        verifies(shop, who=who)
    assert refused.value.parameters["allowed"] == ("Ada Lovelace", "Carl Card")
    assert guard(shop).tries == 0


@pytest.mark.parametrize("who", [HOLDER, ADMIN])
def test_the_holder_or_a_listed_admin_may_ask(shop: Shop, who: Member) -> None:
    """G12"""
    assert verifies(shop, who=who).requester == who.name


def test_three_wrong_answers_lock_the_account_for_everybody(shop: Shop) -> None:
    """G11: for 24 hours, across all staff; managers and the billing contact are told."""
    for key in ("1", "2"):
        with pytest.raises(WrongCard):
            tries(shop, "0000", key)
    with pytest.raises(VerificationLocked):
        tries(shop, "0000", "3")
    assert guard(shop).locked_until == shop.clock.now + timedelta(hours=24)
    with pytest.raises(VerificationLocked):
        tries(shop, "4242", "4", person=PIA)
    assert shop.happened()[-2:] == ["card_not_verified", "verification_locked"]
    [proof] = [one for one in shop.rows.proofs.values() if one.left == 0]
    assert jobs(shop, verifying.MAIL) == [f"locked:{proof.id}"]
    assert jobs(shop, verifying.ALERT) == [f"locked:{proof.id}:channel", f"locked:{proof.id}:U_PIA"]


def test_the_lock_ends_after_its_hours(shop: Shop) -> None:
    policy(shop, tries=1, lock_hours=2)
    with pytest.raises(VerificationLocked):
        tries(shop, "0000", "1")
    shop.clock.goes_on(hours=1, minutes=59)
    with pytest.raises(VerificationLocked):
        verifies(shop, key="2")
    shop.clock.goes_on(minutes=1)
    assert verifies(shop, key="3").right
    assert guard(shop).locked_until is None


def test_wrong_answers_of_long_ago_do_not_count(shop: Shop) -> None:
    for key in ("1", "2"):
        with pytest.raises(WrongCard):
            tries(shop, "0000", key)
    shop.clock.goes_on(hours=24)
    with pytest.raises(WrongCard) as refused:
        tries(shop, "0000", "3")
    assert refused.value.parameters == {"left": 2}


def test_the_same_submission_twice_is_one_try(shop: Shop) -> None:
    """Slack repeats what was not answered in time."""
    for _ in range(3):
        with pytest.raises(WrongCard) as refused:
            tries(shop, "0000", "same")
        assert refused.value.parameters == {"left": 2}
    assert guard(shop).tries == 1
    assert len(shop.happened()) == 1


def test_a_right_answer_forgives_earlier_ones(shop: Shop) -> None:
    with pytest.raises(WrongCard):
        tries(shop, "0000", "1")
    verifies(shop)
    assert guard(shop).tries == 0


def test_one_accounts_lock_is_no_others(shop: Shop) -> None:
    policy(shop, tries=1)
    with pytest.raises(VerificationLocked):
        tries(shop, "0000", "1")
    assert tries(shop, "4242", "2", of=CORA).right


def test_the_standard_card_counts(shop: Shop) -> None:
    """G11: the card listed for the account."""
    opens(shop, account(), card(id_="pm_2", last4="1111", default=False), card())
    with pytest.raises(WrongCard):
        tries(shop, "1111", "1")
    assert tries(shop, "4242", "2").right


def test_without_a_card_nothing_can_be_verified(shop: Shop) -> None:
    """G11, G13"""
    opens(shop, account())
    with pytest.raises(NoCardOnFile):
        verifies(shop)
    opens(shop, account(), card(brand="sepa_debit", exp_month=None, exp_year=None))
    with pytest.raises(NoCardOnFile):
        verifies(shop)


def test_an_expired_account_is_told_what_comes_first(shop: Shop) -> None:
    """GX3, GX10"""
    opens(shop, account(account=Account(status=AccountStatus.EXPIRED)), card())
    with pytest.raises(AccountExpired) as refused:
        verifies(shop)
    assert refused.value.rule == "GX10"


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.CLOSED])
def test_an_account_that_is_not_active_is_refused(shop: Shop, status: AccountStatus) -> None:
    """GX3"""
    opens(shop, account(CORA, Portal.CORPORATE, account=Account(portal=Portal.CORPORATE, status=status)), card())
    with pytest.raises(AccountNotActive):
        verifies(shop, of=CORA)
    operation = sends_link(shop)
    assert operation.reason is not None
    assert operation.reason.key == "AccountNotActive"


# Changing with proof


def test_a_change_reaches_stripe_rows_and_history(shop: Shop) -> None:
    """G8, G10, G20"""
    done = walked(shop, changes(shop, verifies(shop)))
    assert done.state is State.DONE
    assert shop.payments.bill_to["cus_ada"].email == "nora@engines.example"
    now = of(shop)
    assert billing_contact(now).name == "Nora New"
    assert now.address.city == "Hamburg"
    [entry] = [one for one in shop.rows.timeline if one.what == "billing_contact_changed"]
    assert entry.parameters == {
        "before": "Bea Books, bea@engines.example, Lindenstraße 12, 10969 Berlin",
        "before_country": "DE",
        "before_tax_id": "",
        "after": "Nora New, nora@engines.example, Kanalstraße 5, 20095 Hamburg",
        "after_country": "DE",
        "after_tax_id": "",
    }
    assert (entry.by, entry.on_behalf_of) == ("Mia Agent", "Carl Card")
    assert guard(shop).changing is None


def test_the_company_stays_the_name_at_stripe(shop: Shop) -> None:
    """Its renewals name the business, whoever gets them; and of a person that is billed, the person."""
    walked(shop, changes(shop, verifies(shop)))
    there = shop.payments.snapshots["cus_ada"]
    assert (there.name, there.email) == ("Engines Ltd", "nora@engines.example")
    now = of(shop)
    assert (now.name, now.company) == ("Ada Lovelace", "Engines Ltd")
    assert from_stripe(now, there) == now
    opens(shop, account(company="", name=BOOKS.name, email=BOOKS.email), card())
    walked(shop, changes(shop, verifies(shop, key="v2"), key="c2"))
    assert shop.payments.snapshots["cus_ada"].name == "Nora New"


@pytest.mark.parametrize(
    "known",
    [
        account(),
        account(name="Engines Ltd", company=""),
        account(company=""),
        account(name=BOOKS.name),
        account(email=BOOKS.email),
        account(name=BOOKS.name, email=BOOKS.email),
        account(members=(ADMIN,)),
        account(members=(ADMIN,), company="", name="Engines Ltd"),
    ],
)
def test_what_a_change_writes_at_stripe_reads_back_as_what_it_wrote_down(shop: Shop, known: Any) -> None:
    """At night's comparison, and when the next change is about something else."""
    opens(shop, known, card())
    walked(shop, changes(shop, verifies(shop, who=ADMIN)))
    now, there = of(shop), shop.payments.snapshots["cus_ada"]
    assert (there.name, there.email) == (billed_as(now), "nora@engines.example")
    assert from_stripe(now, there) == now
    called = from_stripe(now, there.model_copy(update={"phone": "+49 30 2"}))
    assert called == now.model_copy(update={"phone": "+49 30 2"})


def test_the_receipt_says_from_when_it_holds(shop: Shop) -> None:
    """GX14: from today, for the next invoice."""
    renews = shop.clock.now + timedelta(days=11)
    shop.starts(key="sub")
    running = shop.rows.mirror[ADA].subscriptions[0].model_copy(update={"current_period_end": renews})
    draft = shop.rows.mirror[ADA].invoices[0].model_copy(update={"status": InvoiceStatus.DRAFT})
    there = shop.payments.snapshots["cus_ada"]
    shop.payments.snapshots["cus_ada"] = there.model_copy(update={"subscriptions": (running,), "invoices": (draft,)})
    done = walked(shop, changes(shop, verifies(shop)))
    receipt = BillingContactChanged.model_validate_json(done.result or "")
    assert receipt.effective_on == date(2026, 3, 2)
    assert receipt.next_invoice == date(2026, 3, 13)
    assert receipt.drafts == 1


def drafts_invoice(shop: Shop, id_: str, recipients: tuple[str, ...] | None = None) -> SalesInvoice:
    """With the recipients that the form offers, unless others are given."""

    def written(blank: SalesInvoice) -> SalesInvoice:
        given = {} if recipients is None else {"recipients": recipients}
        return blank.model_copy(update={"details": blank.details.model_copy(update=given)})

    with shop.store.writing(SAM) as uow:
        return drafting.change(uow, ADA, SalesInvoiceId(id_), written)


def test_our_own_drafts_go_to_the_new_contact(shop: Shop) -> None:
    """G20: in the former one's place, once; what was addressed to others only stays."""
    assert drafts_invoice(shop, "inv_1").details.recipients == ("bea@engines.example",)
    drafts_invoice(shop, "inv_2", ("cfo@engines.example", "BEA@engines.example", "Nora@engines.example"))
    drafts_invoice(shop, "inv_3", ("cfo@engines.example",))
    done = walked(shop, changes(shop, verifies(shop)))
    with shop.store.reading(MIA) as uow:
        first, second, third = (uow.invoices.get(SalesInvoiceId(f"inv_{number}")) for number in (1, 2, 3))
    assert first.details.recipients == ("nora@engines.example",)
    assert [one.casefold() for one in second.details.recipients] == ["cfo@engines.example", "nora@engines.example"]
    assert third.version == 1
    assert BillingContactChanged.model_validate_json(done.result or "").drafts == 2


def test_a_form_that_was_open_does_not_put_the_former_contact_back(shop: Shop) -> None:
    seen = drafts_invoice(shop, "inv_1")
    walked(shop, changes(shop, verifies(shop)))
    form = drafting.SaveDetails(
        contact=ADA, invoice=seen.id, version=seen.version, due_days=14, recipients="bea@engines.example"
    )
    with shop.store.writing(SAM) as uow, pytest.raises(DraftChanged):
        drafting.save_details(uow, form)


def test_both_get_a_letter_and_the_former_one_a_link_to_report(shop: Shop) -> None:
    done = walked(shop, changes(shop, verifies(shop)))
    assert jobs(shop, verifying.MAIL) == [f"former:bcl_{done.id}", f"new:{done.id}"]
    [link] = shop.rows.links.values()
    assert (link.purpose, link.email) == (Purpose.REPORT, "bea@engines.example")


def test_another_address_of_the_same_person_is_one_letter(shop: Shop) -> None:
    """G19: and a mailbox that is there already may stay."""
    walked(shop, changes(shop, verifies(shop), name=BOOKS.name, email=BOOKS.email))
    assert [one.partition(":")[0] for one in jobs(shop, verifying.MAIL)] == ["former"]
    assert "bill_to_changed" in shop.happened()


def test_a_role_that_is_contact_already_may_move(shop: Shop) -> None:
    """SX7 is about new ones."""
    team = Member(name="Accounting", email="accounting@engines.example", rights=BOOKS.rights)
    opens(shop, account(members=(ADMIN, team)), card())
    done = walked(shop, changes(shop, verifies(shop, who=ADMIN), name=team.name, email=team.email))
    assert done.state is State.DONE


def test_without_proof_nothing_is_accepted(shop: Shop) -> None:
    """G10: an invented, a wrong, somebody else's and another account's proof."""
    right = verifies(shop)
    with pytest.raises(WrongCard):
        tries(shop, "0000", "wrong")
    [wrong] = [one for one in shop.rows.proofs.values() if not one.right]
    for proof, person in (
        (right.model_copy(update={"id": ProofId("bcp_invented")}), MIA),
        (wrong, MIA),
        (right, PIA),
        (right.model_copy(update={"contact": CORA}), MIA),
    ):
        with pytest.raises(VerificationNeeded):
            changes(shop, proof, person=person, key=f"{proof.id}{person.user}{proof.contact}")
    assert not [one for one in shop.rows.operations.values() if one.kind == "change_billing_contact"]


def test_a_proof_holds_for_half_an_hour(shop: Shop) -> None:
    proof = verifies(shop)
    shop.clock.goes_on(minutes=30)
    with pytest.raises(VerificationNeeded):
        changes(shop, proof)
    with shop.store.reading(MIA) as uow, pytest.raises(VerificationNeeded):
        changing.form(uow, ADA, proof.id)


@pytest.mark.parametrize("rights", [None, frozenset(), BOOKS.rights])
def test_who_lost_the_right_to_ask_has_nothing_of_an_earlier_proof(shop: Shop, rights: Any) -> None:
    """G12: removed, no admin any more, or the billing contact only; also after the change was accepted."""
    proof, early = verifies(shop, who=ADMIN), verifies(shop, key="v2", who=ADMIN)
    accepted = changes(shop, early, key="early")
    admin = () if rights is None else (ADMIN.model_copy(update={"rights": rights}),)
    opens(shop, account(members=(*admin, HOLDER, USER)), card())
    refused = walked(shop, accepted)
    assert refused.reason is not None
    assert refused.reason.key == RequesterNotEntitled.__name__
    with pytest.raises(RequesterNotEntitled) as refusal:
        changes(shop, proof)
    assert refusal.value.parameters["allowed"] == ("Carl Card",)
    assert shop.payments.called("change_bill_to") == 0


def test_an_earlier_proof_is_worth_nothing_while_the_account_is_locked(shop: Shop) -> None:
    """G11: the lock is for everybody, and the proof is good again when it is lifted in time."""
    proof = verifies(shop)
    policy(shop, tries=1)
    with pytest.raises(VerificationLocked):
        tries(shop, "0000", "w", person=PIA)
    with pytest.raises(VerificationLocked):
        changes(shop, proof)
    with shop.store.reading(MIA) as uow, pytest.raises(VerificationLocked):
        changing.form(uow, ADA, proof.id)
    lifts(shop)
    assert walked(shop, changes(shop, proof)).state is State.DONE


def test_nobody_gives_the_primary_admin_another_name(shop: Shop) -> None:
    """By the link as by support: their address brings the name that is listed."""
    sends_link(shop)
    done = walked(shop, saves(shop, token(shop), name="Totally Different", email="ADA@engines.example"))
    assert BillingContactChanged.model_validate_json(done.result or "").after.name == "Ada Lovelace"
    assert [one.name for one in of(shop, CORA).members] == [one.name for one in account().members]
    assert shop.payments.bill_to["cus_cora"].name == billing_contact(of(shop, CORA)).name == "Ada Lovelace"


def test_a_primary_admin_that_is_listed_as_a_team_is_no_billing_contact(shop: Shop) -> None:
    """SX7: the name that is typed does not hide it."""
    opens(shop, account(members=(ADMIN.model_copy(update={"name": "IT Department"}), HOLDER, BOOKS)), card())
    with pytest.raises(NotAPerson):
        changes(shop, verifies(shop), name="Nora New", email=ADMIN.email)


def test_an_operation_that_was_held_up_does_not_lose_its_proof(shop: Shop) -> None:
    operation = changes(shop, verifies(shop))
    shop.clock.goes_on(hours=5)
    assert walked(shop, operation).state is State.DONE


def test_a_proof_is_for_one_change(shop: Shop) -> None:
    proof = verifies(shop)
    walked(shop, changes(shop, proof))
    with pytest.raises(VerificationNeeded):
        changes(shop, proof, key="another", name="Eve Other", email="eve@engines.example")


def test_a_submission_that_is_repeated_is_one_change(shop: Shop) -> None:
    proof = verifies(shop)
    first, second = changes(shop, proof), changes(shop, proof)
    assert first.id == second.id
    assert [job.name for job in shop.rows.jobs if job.argument == first.id] == ["operation", "show_again"]
    with pytest.raises(VerificationNeeded):
        changes(shop, proof, city="Bremen")  # the same key with other words


def test_the_rules_are_looked_at_again_before_stripe_is_told(shop: Shop) -> None:
    operation = changes(shop, verifies(shop))
    opens(shop, account(account=Account(status=AccountStatus.EXPIRED)), card())
    refused = walked(shop, operation)
    assert refused.reason is not None
    assert refused.reason.key == "AccountExpired"
    assert shop.payments.called("change_bill_to") == 0


def test_what_comes_to_nothing_gives_proof_and_account_back(shop: Shop) -> None:
    proof = verifies(shop)
    operation = changes(shop, proof)
    shop.dismisses(MIA)
    assert walked(shop, operation).state is State.REFUSED
    shop.hires(MIA)
    assert guard(shop).changing is None
    assert walked(shop, changes(shop, proof, key="again")).state is State.DONE


def test_a_broken_change_gives_them_back_too(shop: Shop) -> None:
    proof = verifies(shop)
    operation = changes(shop, proof)
    shop.steps.fail(operation.id, "ref")
    assert guard(shop).changing is None
    assert shop.rows.proofs[proof.id].used_by is None


def test_whoever_cannot_take_back_what_was_begun_says_so(shop: Shop) -> None:
    """An administrator has to see to it; that the change was called off comes second."""
    operation = changes(shop, verifies(shop))
    shop.payments.fails += [UnknownContact(), Misconfigured(setting="STRIPE_API_KEY")]
    refused = walked(shop, operation)
    assert refused.reason is not None
    assert refused.reason.key == "Misconfigured"
    assert shop.payments.called("take_back_tax_id") == 1


def test_a_repeated_step_changes_nothing(shop: Shop) -> None:
    """The connection broke after Stripe had it."""
    operation = changes(shop, verifies(shop))
    shop.payments.fails_after.append(Transient("Stripe"))
    with pytest.raises(Transient):
        shop.performs(operation.id)
    assert walked(shop, operation).state is State.DONE
    assert shop.happened().count("billing_contact_changed") == 1


def test_one_change_at_a_time(shop: Shop) -> None:
    changes(shop, verifies(shop, key="v1"), key="c1")
    with pytest.raises(BillToChanging):
        changes(shop, verifies(shop, key="v2"), key="c2")


def test_nothing_changed_is_said(shop: Shop) -> None:
    at = account().address
    same = {"name": BOOKS.name, "email": BOOKS.email, "line1": at.line1, "postal_code": at.postal_code, "city": at.city}
    with pytest.raises(BillToUnchanged):
        changes(shop, verifies(shop), **same)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": "Support"}, NotAPerson),
        ({"email": "nora@engines.example\nBcc: eve@evil.example"}, NotAnEmail),
        ({"postal_code": "1"}, PostalCodeWrong),
    ],
)
def test_what_is_typed_is_checked_before_it_is_accepted(shop: Shop, fields: dict[str, str], refusal: type) -> None:
    """G19, SX7: and nothing is used up by it."""
    proof = verifies(shop)
    with pytest.raises(refusal):
        changes(shop, proof, **fields)
    assert shop.rows.proofs[proof.id].used_by is None
    assert walked(shop, changes(shop, proof, key="better")).state is State.DONE


# Tax


def test_a_change_of_country_is_refused_while_something_runs(shop: Shop) -> None:
    """H15: running subscriptions keep the German VAT that they began with."""
    shop.starts(key="sub")
    proof = verifies(shop)
    with pytest.raises(TaxWouldChange) as refused:
        changes(shop, proof, country="FR", postal_code="75001", city="Paris")
    assert refused.value.reason.field == "country"


def test_without_subscriptions_the_country_may_change(shop: Shop) -> None:
    done = walked(shop, changes(shop, verifies(shop), country="FR", postal_code="75001", city="Paris"))
    assert done.state is State.DONE


def test_a_tax_id_that_changes_no_tax_is_fine_while_something_runs(shop: Shop) -> None:
    """At home there is no reverse charge."""
    shop.starts(key="sub")
    running = shop.rows.mirror[ADA].subscriptions
    there = shop.payments.snapshots["cus_ada"]
    shop.payments.snapshots["cus_ada"] = there.model_copy(update={"subscriptions": running})
    done = walked(shop, changes(shop, verifies(shop), tax_id="DE136695976"))
    assert done.state is State.DONE
    assert of(shop).tax_id == "DE136695976"


def test_the_register_is_asked_when_that_is_switched_on(shop: Shop) -> None:
    """GX6"""
    walked(shop, changes(shop, verifies(shop), tax_id="DE136695976"))
    assert not shop.register.asked
    policy(shop, verify_tax_id=True)
    walked(shop, changes(shop, verifies(shop, key="v2", who=ADMIN), key="c2", tax_id="DE129273398"))
    assert shop.register.asked == ["DE129273398"]


def test_a_vat_id_that_the_register_does_not_know_is_refused(shop: Shop) -> None:
    policy(shop, verify_tax_id=True)
    shop.register.unknown.add("DE136695976")
    refused = walked(shop, changes(shop, verifies(shop), tax_id="DE136695976"))
    assert refused.reason is not None
    assert (refused.reason.key, refused.reason.field) == ("TaxIdNotRegistered", "tax_id")
    assert shop.payments.called("change_bill_to") == 0


def test_a_tax_id_that_stripe_refuses_leaves_everything_as_it_was(shop: Shop) -> None:
    """GX6: and the proof is good for the corrected one."""
    proof, before = verifies(shop), of(shop)
    shop.payments.fails.append(TaxIdWrong(country="DE"))
    refused = walked(shop, changes(shop, proof, tax_id="DE136695976"))
    assert refused.reason is not None
    assert (refused.reason.key, refused.reason.field) == ("TaxIdWrong", "tax_id")
    assert of(shop) == before
    assert jobs(shop, verifying.MAIL) == []
    assert walked(shop, changes(shop, proof, key="without")).state is State.DONE


def test_a_register_that_does_not_answer_is_said_clearly_and_the_proof_stays_good(shop: Shop) -> None:
    policy(shop, verify_tax_id=True)
    shop.register.answers = False
    proof = verifies(shop)
    refused = walked(shop, changes(shop, proof, tax_id="DE136695976"))
    assert refused.reason is not None
    assert refused.reason.key == "TaxServiceUnreachable"
    assert walked(shop, changes(shop, proof, key="without")).state is State.DONE


# By the customer's link


def test_the_link_goes_to_the_billing_contact_of_a_corporate_account(shop: Shop) -> None:
    """G14, G15"""
    done = sends_link(shop)
    receipt = links.LinkSent.model_validate_json(done.result or "")
    assert receipt.email == "bea@engines.example"
    assert receipt.expires_at == shop.clock.now + timedelta(hours=48)
    assert jobs(shop, verifying.MAIL) == [f"edit:bcl_{done.id}"]
    assert shop.happened(CORA) == ["billing_contact_link_sent"]


def test_only_digests_of_tokens_are_kept(shop: Shop) -> None:
    sends_link(shop)
    secret = token(shop)
    assert len(secret) >= 43  # 256 bits in base64
    assert secret not in str(shop.rows)


def test_online_accounts_have_no_link(shop: Shop) -> None:
    """G8"""
    refused = sends_link(shop, of=ADA)
    assert refused.reason is not None
    assert refused.reason.key == NoSelfService.__name__


def test_the_house_may_switch_the_link_off(shop: Shop) -> None:
    """K6: GX15"""
    sends_link(shop)
    secret = token(shop)
    policy(shop, corporate=CorporateChange.SUPPORT_ONLY)
    refused = sends_link(shop, key="s2")
    assert refused.reason is not None
    assert refused.reason.key == NoSelfService.__name__
    with pytest.raises(NoSelfService):
        saves(shop, secret)


def test_a_link_needs_an_address(shop: Shop) -> None:
    opens(shop, account(CORA, Portal.CORPORATE, members=(ADMIN,), email=""), card())
    refused = sends_link(shop)
    assert refused.reason is not None
    assert refused.reason.key == NoEmailAddress.__name__


def test_nobody_is_flooded_with_links(shop: Shop) -> None:
    for number in range(5):
        assert sends_link(shop, key=f"s{number}").state is State.DONE
    refused = sends_link(shop, key="s5")
    assert refused.reason is not None
    assert refused.reason.key == TooManyLinks.__name__
    shop.clock.goes_on(days=1, seconds=1)
    assert sends_link(shop, key="s6").state is State.DONE


def test_name_and_address_are_saved_together(shop: Shop) -> None:
    """G14, G19, G20"""
    sends_link(shop)
    done = walked(shop, saves(shop, token(shop)))
    assert done.state is State.DONE
    assert billing_contact(of(shop, CORA)).name == "Nora New"
    [entry] = [one for one in shop.rows.timeline if one.what == "billing_contact_changed"]
    assert (entry.by, entry.on_behalf_of) == ("Bea Books", None)


def test_looking_uses_nothing(shop: Shop) -> None:
    sends_link(shop)
    secret = token(shop)
    before = dict(shop.rows.links)
    for _ in range(50):
        with shop.store.reading(MIA) as uow:
            assert links.open_edit(uow, secret).before.name == "Bea Books"
    assert shop.rows.links == before
    assert walked(shop, saves(shop, secret)).state is State.DONE


def test_a_link_works_once(shop: Shop) -> None:
    sends_link(shop)
    secret = token(shop)
    walked(shop, saves(shop, secret))
    with pytest.raises(LinkUsed):
        saves(shop, secret, name="Eve Evil", email="eve@evil.example")
    with shop.store.reading(MIA) as uow:
        assert links.open_edit(uow, secret).state is State.DONE


def test_a_mail_that_was_sent_twice_has_two_tokens_for_one_use(shop: Shop) -> None:
    sends_link(shop)
    first, second = token(shop), token(shop)
    assert first != second
    walked(shop, saves(shop, first))
    with pytest.raises(LinkUsed):
        saves(shop, second, city="Bremen")


def test_a_link_expires(shop: Shop) -> None:
    sends_link(shop)
    secret = token(shop)
    shop.clock.goes_on(hours=48)
    with pytest.raises(LinkExpired):
        saves(shop, secret)
    with shop.store.reading(MIA) as uow, pytest.raises(LinkExpired):
        links.open_edit(uow, secret)


@pytest.mark.parametrize("secret", ["", "x", "a" * 43, "a" * 5000, "../../x"])
def test_an_invented_token_leads_nowhere(shop: Shop, secret: str) -> None:
    with pytest.raises(LinkUnknown):
        saves(shop, secret)
    with shop.store.writing(MIA) as uow, pytest.raises(LinkUnknown):
        links.report(uow, secret, freeze=True)


def test_a_link_is_for_its_account_only(shop: Shop) -> None:
    """A changed account id in what is submitted."""
    sends_link(shop)
    [link] = shop.rows.links.values()
    command = ChangeBillTo(contact=BEN, link=link.id, **NEW)
    with shop.store.writing(MIA) as uow, pytest.raises(LinkUnknown):
        changing.accept(uow, command, key="forged", reply_to="{}")
    assert of(shop, BEN).name == "Ben Byron"


def test_a_link_is_for_its_purpose_only(shop: Shop) -> None:
    walked(shop, changes(shop, verifies(shop, of=CORA)))
    report = token(shop, Purpose.REPORT)
    with pytest.raises(LinkUnknown):
        saves(shop, report)
    sends_link(shop)
    edit = token(shop, Purpose.EDIT)
    with shop.store.writing(MIA) as uow, pytest.raises(LinkUnknown):
        links.report(uow, edit, freeze=True)


def test_after_a_change_links_of_the_former_contact_are_over(shop: Shop) -> None:
    """The race between link and support: whoever lost the right cannot take it back."""
    sends_link(shop)
    secret = token(shop)
    walked(shop, changes(shop, verifies(shop, of=CORA)))
    with pytest.raises(LinkExpired):
        saves(shop, secret)


def test_link_and_support_at_once_is_one_change(shop: Shop) -> None:
    """Whichever is accepted first goes on alone."""
    sends_link(shop)
    secret = token(shop)
    proof = verifies(shop, of=CORA)
    accepted = changes(shop, proof)
    with pytest.raises(BillToChanging):
        saves(shop, secret, name="Eve Evil", email="eve@somewhere.example")
    assert shop.rows.links[LinkId(next(iter(shop.rows.links)))].used_at is None
    assert walked(shop, accepted).state is State.DONE
    assert billing_contact(of(shop, CORA)).name == "Nora New"


def test_a_refused_submission_can_be_mended_but_not_without_end(shop: Shop) -> None:
    sends_link(shop)
    secret = token(shop)
    for _ in range(ATTEMPTS_PER_LINK):
        with pytest.raises(NotAPerson):
            saves(shop, secret, name="Support")
    with pytest.raises(TooManyAttempts):
        saves(shop, secret)


def test_a_change_by_link_that_is_refused_later_gives_the_link_back(shop: Shop) -> None:
    policy(shop, verify_tax_id=True)
    sends_link(shop)
    secret = token(shop)
    shop.register.answers = False
    assert walked(shop, saves(shop, secret, tax_id="DE136695976")).state is State.REFUSED
    shop.register.answers = True
    assert walked(shop, saves(shop, secret, tax_id="DE136695976")).state is State.DONE


def test_the_same_submission_of_a_page_twice_is_one_change(shop: Shop) -> None:
    """Both were sent before either was answered."""
    sends_link(shop)
    [link] = shop.rows.links.values()
    command = ChangeBillTo(contact=CORA, link=link.id, **NEW)
    for _ in range(2):
        with shop.store.writing(MIA) as uow:
            operation = changing.accept(uow, command, key=f"{link.id}:0", reply_to="{}")
    assert len([one for one in shop.rows.operations.values() if one.kind == ChangeBillTo.kind]) == 1
    other = command.model_copy(update={"city": "Bremen"})
    with shop.store.writing(MIA) as uow, pytest.raises(LinkUsed):
        changing.accept(uow, other, key=f"{link.id}:0", reply_to="{}")
    assert walked(shop, operation).state is State.DONE


# This was not me


def reports(shop: Shop, secret: str, *, freeze: bool = True) -> None:
    with shop.store.writing(MIA) as uow:
        links.report(uow, secret, freeze=freeze)


def test_a_report_alerts_managers_and_freezes_the_account(shop: Shop) -> None:
    done = walked(shop, changes(shop, verifies(shop)))
    reports(shop, token(shop, Purpose.REPORT))
    assert jobs(shop, verifying.ALERT) == [f"reported:bcl_{done.id}:channel", f"reported:bcl_{done.id}:U_PIA"]
    assert shop.happened()[-2:] == ["billing_contact_reported", "billing_contact_frozen"]
    with pytest.raises(BillingContactFrozen) as refused:
        verifies(shop, key="v2")
    assert refused.value.who_can == (Role.MANAGER,)


def test_a_report_without_freezing_only_alerts(shop: Shop) -> None:
    walked(shop, changes(shop, verifies(shop)))
    reports(shop, token(shop, Purpose.REPORT), freeze=False)
    assert shop.happened()[-1] == "billing_contact_reported"
    assert verifies(shop, key="v2", who=ADMIN).right


def test_a_change_is_reported_once_and_in_time(shop: Shop) -> None:
    walked(shop, changes(shop, verifies(shop)))
    secret = token(shop, Purpose.REPORT)
    shop.clock.goes_on(days=30)
    with pytest.raises(LinkExpired):
        reports(shop, secret)
    shop.clock.goes_on(days=-1)
    reports(shop, secret)
    with pytest.raises(LinkUsed):
        reports(shop, secret)


def test_a_freeze_stops_a_change_that_was_accepted(shop: Shop) -> None:
    walked(shop, changes(shop, verifies(shop)))
    second = changes(
        shop, verifies(shop, key="v2", who=ADMIN), key="c2", name="Eve Evil", email="eve@somewhere.example"
    )
    reports(shop, token(shop, Purpose.REPORT))
    refused = walked(shop, second)
    assert refused.reason is not None
    assert refused.reason.key == BillingContactFrozen.__name__


def second_change(shop: Shop) -> Any:
    """A change of Ada's account is done and can be reported; another one is accepted."""
    walked(shop, changes(shop, verifies(shop)))
    proof = verifies(shop, key="v2", who=ADMIN)
    return changes(shop, proof, key="c2", name="Eve Evil", email="eve@somewhere.example")


def lifts(shop: Shop, of: str = ADA) -> None:
    with shop.store.writing(PIA) as uow:
        showing.lift(uow, ContactId(of), guard(shop, of).held_by, "lifted")


@pytest.mark.parametrize("lifted", [False, True])
def test_a_freeze_stops_a_change_until_stripe_is_told(shop: Shop, lifted: bool) -> None:
    """Found allowed before, while Stripe was out of reach; a manager who lifts the freeze does not let it go on."""
    second = second_change(shop)
    checked = shop.steps.check(second.id, "")
    reports(shop, token(shop, Purpose.REPORT))
    if lifted:
        lifts(shop)
    assert shop.records(second.id, shop.steps.perform(second.id, checked)) == State.REFUSED
    assert shop.rows.operations[second.id].reason.key == BillingContactFrozen.__name__
    assert shop.payments.bill_to["cus_ada"].email == billing_contact(of(shop)).email == "nora@engines.example"


def test_what_stripe_has_before_the_freeze_is_written_down(shop: Shop) -> None:
    """The connection broke after Stripe had it, and the freeze came before the next try."""
    second = second_change(shop)
    checked = shop.steps.check(second.id, "")
    shop.payments.fails_after.append(Transient("Stripe"))
    with pytest.raises(Transient):
        shop.steps.perform(second.id, checked)
    reports(shop, token(shop, Purpose.REPORT))
    assert shop.records(second.id, shop.steps.perform(second.id, checked)) == State.DONE
    assert shop.payments.bill_to["cus_ada"].email == billing_contact(of(shop)).email == "eve@somewhere.example"


@pytest.mark.parametrize("is_used", [False, True])
def test_proofs_of_before_the_freeze_are_void(shop: Shop, is_used: bool) -> None:
    """Also the one that comes back from the change which the freeze has stopped."""
    walked(shop, changes(shop, verifies(shop)))
    proof = verifies(shop, key="v2", who=ADMIN)
    evil = {"name": "Eve Evil", "email": "eve@somewhere.example"}
    if is_used:
        stopped = changes(shop, proof, key="c2", **evil)
    reports(shop, token(shop, Purpose.REPORT))
    if is_used:
        assert walked(shop, stopped).state is State.REFUSED
    lifts(shop)
    with pytest.raises(VerificationNeeded):
        changes(shop, proof, key="c3", **evil)
    assert walked(shop, changes(shop, verifies(shop, key="v3"), key="c4", city="Bremen")).state is State.DONE


@pytest.mark.parametrize("is_used", [False, True])
def test_links_of_before_the_freeze_are_over(shop: Shop, is_used: bool) -> None:
    """Also the one that comes back from the change which the freeze has stopped."""
    walked(shop, changes(shop, verifies(shop, of=CORA)))
    sends_link(shop)
    edit = token(shop)
    evil = {"name": "Eve Evil", "email": "eve@somewhere.example"}
    if is_used:
        stopped = saves(shop, edit, **evil)
    reports(shop, token(shop, Purpose.REPORT))
    if is_used:
        assert walked(shop, stopped).state is State.REFUSED
    lifts(shop, CORA)
    with pytest.raises(LinkExpired):
        saves(shop, edit, **evil)


def test_a_freeze_stops_links_too(shop: Shop) -> None:
    walked(shop, changes(shop, verifies(shop, of=CORA)))
    sends_link(shop)
    edit = token(shop)
    reports(shop, token(shop, Purpose.REPORT))
    with pytest.raises(BillingContactFrozen):
        saves(shop, edit, name="Eve Evil", email="eve@somewhere.example")
    assert sends_link(shop, key="s2").state is State.REFUSED


def test_a_manager_lifts_freeze_and_lock(shop: Shop) -> None:
    policy(shop, tries=1)
    walked(shop, changes(shop, verifies(shop)))
    with pytest.raises(VerificationLocked):
        tries(shop, "0000", "x", of=ADA)
    reports(shop, token(shop, Purpose.REPORT))
    seen = guard(shop).held_by
    with shop.store.writing(PIA) as uow:
        shown = showing.lift(uow, ADA, seen, "k")
    assert not shown.stops
    assert {"billing_contact_unfrozen", "verification_unlocked"} <= set(shop.happened())
    assert verifies(shop, key="v9", who=ADMIN).right
    with shop.store.writing(PIA) as uow, pytest.raises(NothingToLift):
        showing.lift(uow, ADA, seen, "k2")


def test_what_was_seen_is_lifted_and_nothing_that_came_later(shop: Shop) -> None:
    """An old message about the lock does not end the freeze after it, nor one of an old freeze the next freeze."""
    policy(shop, tries=1)
    walked(shop, changes(shop, verifies(shop)))
    with pytest.raises(VerificationLocked):
        tries(shop, "0000", "x")
    lock = guard(shop).held_by
    reports(shop, token(shop, Purpose.REPORT))
    with shop.store.writing(PIA) as uow:
        showing.lift(uow, ADA, lock, "k1")
    assert guard(shop).locked_until is None
    freeze = guard(shop).held_by
    shop.clock.goes_on(hours=1)
    with shop.store.writing(PIA) as uow:
        uow.billing_contacts.freeze(ADA, uow.now)
        with pytest.raises(NothingToLift):
            showing.lift(uow, ADA, freeze | lock, "k2")
    assert guard(shop).frozen_at == shop.clock.now


def test_only_managers_lift(shop: Shop) -> None:
    with shop.store.writing(MIA) as uow, pytest.raises(NotPermitted):
        showing.lift(uow, ADA, (), "k")


# Invoice recipients


def test_up_to_five_addresses_get_invoices_beside_the_main_one(shop: Shop) -> None:
    """GX11: shared mailboxes are fine, and the billing contact is not counted."""
    typed = "\n".join(
        [f"books{n}@engines.example" for n in range(5)] + ["BEA@engines.example", "books0@engines.example"]
    )
    with shop.store.writing(MIA) as uow:
        shown = showing.save_recipients(uow, ADA, typed, "k")
    assert shown.recipients == tuple(f"books{n}@engines.example" for n in range(5))
    assert shop.happened() == ["invoice_recipients_changed"]


def test_the_billing_contact_is_told_of_new_recipients(shop: Shop) -> None:
    """No proof is asked for this, so that they can say when it is not in order."""
    for key in ("1", "2"):
        with shop.store.writing(MIA) as uow:
            showing.save_recipients(uow, ADA, "eve@somewhere.example", key)
    [argument] = jobs(shop, verifying.MAIL)
    assert argument.startswith("recipients:")
    assert argument.endswith(f".{MIA.team}.{ADA}")


def test_what_stops_a_change_stops_new_recipients(shop: Shop) -> None:
    """GX16, GX3: nothing is changed while the account is frozen or not active."""
    walked(shop, changes(shop, verifies(shop)))
    reports(shop, token(shop, Purpose.REPORT))
    opens(shop, account(CORA, Portal.CORPORATE, account=Account(status=AccountStatus.SUSPENDED)), card())
    for who, refusal in ((ADA, BillingContactFrozen), (CORA, AccountNotActive)):
        with shop.store.writing(MIA) as uow:
            with pytest.raises(refusal):
                showing.recipients_form(uow, who)
            with pytest.raises(refusal):
                showing.save_recipients(uow, who, "eve@somewhere.example", "k")
            assert not uow.billing_contacts.recipients(who)


def test_a_sixth_is_refused(shop: Shop) -> None:
    """GX11"""
    with shop.store.writing(MIA) as uow, pytest.raises(TooManyRecipients):
        showing.save_recipients(uow, ADA, ",".join(f"b{n}@engines.example" for n in range(6)), "k")


@pytest.mark.parametrize("typed", ["nobody", "a@b.example\nBcc: x", "a@b.example\u200b"])
def test_a_recipient_is_an_address(shop: Shop, typed: str) -> None:
    with shop.store.writing(MIA) as uow, pytest.raises(NotAnEmail) as refused:
        showing.save_recipients(uow, ADA, typed, "k")
    assert refused.value.reason.field == "recipients"


def test_recipients_that_stay_are_no_news(shop: Shop) -> None:
    for key in ("1", "2"):
        with shop.store.writing(MIA) as uow:
            showing.save_recipients(uow, ADA, "books@engines.example", key)
    with shop.store.writing(MIA) as uow:
        assert showing.save_recipients(uow, ADA, "", "3").recipients == ()
    assert shop.happened() == ["invoice_recipients_changed"] * 2


# Why not


def test_what_stops_this_very_account_is_explained(shop: Shop) -> None:
    """G30, GX3"""
    opens(shop, account(account=Account(status=AccountStatus.EXPIRED)))
    with shop.store.reading(MIA) as uow:
        shown = explain(uow, ADA, Topic.WHY_NOT)
    assert [one.key for one in shown.stops] == ["AccountExpired", "NoCardOnFile"]
    assert shown.may_ask == ("Ada Lovelace", "Carl Card")
    assert shown.admins == shown.may_purchase == ("Ada Lovelace",)


def test_the_facts_are_those_of_the_account(shop: Shop) -> None:
    """G22 to G31"""
    shop.starts(key="sub")
    with shop.store.reading(MIA) as uow:
        online, corporate = explain(uow, ADA, Topic.FAQ), explain(uow, CORA, Topic.FAQ)
    assert (online.invoices, online.open_invoices, online.cards) == (1, 0, 1)
    assert (online.self_service, corporate.self_service) == (False, True)
    assert online.current == BOOKS


def test_a_topic_that_is_none_becomes_the_last_question() -> None:
    assert topic_of("sign-in") is Topic.SIGN_IN
    assert topic_of("forged") is Topic.WHY_NOT
