"""Read models about billing contacts for the tests of views: the least and the most data."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from billing.billing_contacts.changing import BillingContactChanged, BillToForm, ChangeBillingContact
from billing.billing_contacts.explaining import Explanation, Topic
from billing.billing_contacts.links import LinkSent, OpenedLink
from billing.billing_contacts.model import BillTo, Guard, Link, Proof, Purpose
from billing.billing_contacts.rules import member_key
from billing.billing_contacts.showing import Asked, Overview, RecipientsForm
from billing.billing_contacts.verifying import VerificationForm
from billing.contacts import Account, Address, Contact, Member, MemberRight, Portal
from billing.errors import AccountExpired, BillingContactFrozen, NoCardOnFile, VerificationLocked
from billing.ids import ContactId, LinkId, OperationId, ProofId, TeamId, UserId
from billing.roles import Permission
from billing.timeline import Happening
from tests.blocks.samples import LONG, NOW, contact, entry, strange_contact

ADMIN = Member(name="Ada Lovelace", email="ada@engines.example", rights=frozenset({MemberRight.PRIMARY_ADMIN}))
HOLDER = Member(name="Carl Card", email="carl@engines.example", rights=frozenset({MemberRight.CARD_HOLDER}))
CURRENT = Member(name="Bea Books", email="bea@engines.example", rights=frozenset({MemberRight.BILLING_CONTACT}))
UNTIL = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
BERLIN = Address(line1="Lindenstraße 12", postal_code="10969", city="Berlin", country="DE")


def customer(**changes: Any) -> Contact:
    account = Account(portal=changes.pop("portal", Portal.CORPORATE))
    return contact(**({"members": (ADMIN, HOLDER, CURRENT), "address": BERLIN, "account": account} | changes))


def bill_to(**changes: Any) -> BillTo:
    return BillTo(**({"name": "Bea Books", "email": "bea@engines.example", "address": BERLIN} | changes))


LONGEST = BillTo(
    name=LONG,
    email="x" * 240 + "@engines.example",
    address=Address(line1=LONG, line2=LONG, postal_code=LONG, city=LONG, state=LONG, country="ZZ"),
    tax_id="D" * 300,
)


def overview(**changes: Any) -> Overview:
    fields = {
        "contact": customer(),
        "current": CURRENT,
        "before": bill_to(),
        "guard": Guard(),
        "recipients": (),
        "history": (),
        "stops": (),
        "self_service": True,
        "may": frozenset(Permission),
    }
    return Overview(**(fields | changes))


BARE_OVERVIEW = overview(
    contact=customer(name="", company="", members=(), portal=Portal.ONLINE),
    current=Member(name="", email=""),
    before=bill_to(name="", email="", address=Address(country="DE")),
    self_service=False,
    may=frozenset(),
)
FULL_OVERVIEW = overview(
    contact=strange_contact(),
    current=Member(name=LONG, email="x" * 240 + "@engines.example"),
    before=LONGEST,
    guard=Guard(locked_until=UNTIL, frozen_at=NOW),
    recipients=tuple("x" * 240 + f"{n}@engines.example" for n in range(5)),
    history=tuple(entry(what, by=LONG, on_behalf_of=LONG) for what in (Happening.BILLING_CONTACT_CHANGED,) * 5),
    stops=(
        AccountExpired(contact=LONG).reason,
        BillingContactFrozen(contact=LONG).reason,
        VerificationLocked(until=UNTIL.isoformat()).reason,
        NoCardOnFile(contact=LONG).reason,
    ),
    asked=Asked(key="k", name=LONG, may_be_told=False),
)


def asked(member: Member | None) -> Asked:
    told = member is not None and member is not HOLDER
    return Asked(key=member_key(member) if member else "-", name=member.name if member else None, may_be_told=told)


BARE_VERIFICATION = VerificationForm(contact=customer(members=()), people=())
FULL_VERIFICATION = VerificationForm(contact=strange_contact(), people=strange_contact().members)

BARE_FORM = BillToForm(
    contact=customer(),
    proof=ProofId("p"),
    requester="",
    before=bill_to(name="", email="", address=Address(country="ZZ")),
)
FULL_FORM = BillToForm(
    contact=strange_contact(),
    proof=ProofId("p" * 40),
    requester=LONG,
    before=LONGEST,
    draft=ChangeBillingContact(
        contact=ContactId("con_1"),
        proof=ProofId("p"),
        name=LONG,
        email=LONG,
        line1=LONG,
        line2=LONG,
        postal_code=LONG,
        city=LONG,
        state=LONG,
        country="DE",
        tax_id=LONG,
    ),
)
BARE_RECIPIENTS = RecipientsForm(contact=customer(), recipients=())
FULL_RECIPIENTS = RecipientsForm(contact=strange_contact(), recipients=FULL_OVERVIEW.recipients)


def receipt(**changes: Any) -> BillingContactChanged:
    fields = {
        "contact_name": "Analytical Engines Ltd",
        "before": bill_to(),
        "after": bill_to(name="Nora New", email="nora@engines.example"),
        "requester": "Carl Card",
        "by_link": False,
        "effective_on": date(2026, 11, 21),
        "next_invoice": date(2026, 12, 21),
        "drafts": 1,
    }
    return BillingContactChanged(**(fields | changes))


BARE_RECEIPT = receipt(contact_name="", after=bill_to(name="B"), requester="", next_invoice=None, drafts=0)
FULL_RECEIPT = receipt(contact_name=LONG, before=LONGEST, after=LONGEST, requester=LONG, by_link=True, drafts=99_999)


def sent(**changes: Any) -> LinkSent:
    return LinkSent(**({"name": "Bea Books", "email": "bea@engines.example", "expires_at": UNTIL} | changes))


def proof(**changes: Any) -> Proof:
    fields = {
        "id": ProofId("bcp_1"),
        "contact": ContactId("con_1"),
        "team": TeamId("T1"),
        "user": UserId("U1"),
        "requester": "Carl Card",
        "at": NOW,
        "right": False,
    }
    return Proof(**(fields | changes))


def link(**changes: Any) -> Link:
    fields = {
        "id": LinkId("bcl_1"),
        "contact": ContactId("con_1"),
        "purpose": Purpose.EDIT,
        "name": "Bea Books",
        "email": "bea@engines.example",
        "team": TeamId("T1"),
        "user": UserId("U1"),
        "operation": OperationId("op_1"),
        "created_at": NOW,
        "expires_at": UNTIL,
    }
    return Link(**(fields | changes))


def opened(**changes: Any) -> OpenedLink:
    return OpenedLink(**({"link": link(), "contact": customer(), "before": bill_to()} | changes))


def explanation(topic: Topic, **changes: Any) -> Explanation:
    fields = {
        "topic": topic,
        "contact": customer(),
        "current": CURRENT,
        "stops": (),
        "self_service": True,
        "admins": ("Ada Lovelace",),
        "may_ask": ("Ada Lovelace", "Carl Card"),
        "may_purchase": ("Ada Lovelace",),
        "invoices": 3,
        "open_invoices": 1,
        "cards": 1,
        "ends_on": None,
    }
    return Explanation(**(fields | changes))


def bare_explanation(topic: Topic) -> Explanation:
    return explanation(
        topic,
        contact=customer(portal=Portal.ONLINE, name="", company="", members=()),
        current=Member(name="", email=""),
        self_service=False,
        admins=(),
        may_ask=(),
        may_purchase=(),
        invoices=0,
        open_invoices=0,
        cards=0,
    )


def full_explanation(topic: Topic) -> Explanation:
    return explanation(
        topic,
        contact=strange_contact(),
        current=Member(name=LONG, email=LONG),
        stops=FULL_OVERVIEW.stops,
        admins=(LONG,) * 30,
        may_ask=(LONG,) * 30,
        may_purchase=(LONG,) * 30,
        ends_on=date(2026, 12, 31),
    )
