"""Read models of plan changes for the tests of views: an ordinary change, and one that is as large as data can be."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.catalogue import Catalogue, Coupon, Duration, Feature, Label, ReasonCode
from billing.catalogue.files import parse
from billing.change_requests.filing import RequestDraft, RequestForm
from billing.change_requests.model import Act, ChangeRequest, Decision, Person, RequestState
from billing.contacts import Account, Contact, Member, MemberRight, Subscription, SubscriptionItem
from billing.discount_offers import OfferReviewed, OfferTaken, OfferToMake
from billing.ids import ContactId, CustomerId, LookupKey, OperationId, RequestId, SubscriptionId, TeamId, UserId
from billing.operations import State
from billing.payment_methods import WaysToPay
from billing.plan_changes import (
    Assessment,
    ChangeForm,
    DeclinedChange,
    NextPayment,
    PlanChanged,
    PlanChangeDraft,
    PlanChangeReviewed,
    PlanOverview,
    Way,
)
from billing.plans import (
    Cadence,
    Difference,
    Dimension,
    Direction,
    Excess,
    Impact,
    LimitChange,
    Package,
    Range,
    add_ons_for,
    cadence_of,
    compare,
    limits_for,
    package_of,
    plans_for,
    purchasers,
    seats_for,
)
from billing.ports import ChangeLine, ChangePreview, CouponOrder, CouponPreview
from billing.previews import TaxLine
from tests.blocks.samples import LINK, LONG, NOW, contact, eur, invoice, method, subscription

_FILE = """
[business]
name = "Brightwell"
legal_name = "Brightwell Software GmbH"
address = { line1 = "Kastanienallee 86", postal_code = "10435", city = "Berlin" }
country = "DE"
timezone = "Europe/Berlin"
currency = "EUR"
currencies = ["EUR"]
support_email = "support@brightwell.example"
reply_to = "billing@brightwell.example"

[plan_changes]
LOWERraise_by_itself = "opt_in"

[limit_names]
automations = { en = "Automations", de = "Automationen" }

[[products]]
id = "marketing"
name = { en = "Marketing", de = "Marketing" }

[[products.plans]]
id = "plus"
name = { en = "Marketing Plus", de = "Marketing Plus" }
seats = { included = 1 }
quantity = { maximum = 1 }
limits = { automations = 50 }
features = [{ id = "campaigns", en = "E-mail campaigns", de = "E-Mail-Kampagnen" }]

[[products.plans.tiers]]
contacts = 1000
prices = [{ interval = "month", amounts = { EUR = 4900 } }]

[[products.plans.tiers]]
contacts = 2500
prices = [{ interval = "month", amounts = { EUR = 9500 } }]

[[products.plans]]
id = "professional"
name = { en = "Marketing Professional", de = "Marketing Professional" }
seats = { included = 3 }
quantity = { maximum = 1 }
limits = { automations = 500 }
features = [
    { id = "campaigns", en = "E-mail campaigns", de = "E-Mail-Kampagnen" },
    { id = "ab-tests", en = "A/B tests", de = "A/B-Tests" },
]

[[products.plans.tiers]]
contacts = 2500
prices = [{ interval = "month", amounts = { EUR = 18700 } }]

[[products]]
id = "sales"
name = { en = "Sales", de = "Vertrieb" }

[[products.plans]]
id = "team"
name = { en = "Sales Team", de = "Vertrieb Team" }
quantity = { maximum = 250 }
prices = [{ interval = "month", amounts = { EUR = 1900 } }]

[[products.plans]]
id = "solo"
name = { en = "Sales Solo", de = "Vertrieb Solo" }
quantity = { maximum = 1 }
prices = [{ interval = "month", amounts = { EUR = 900 } }]

[[add_ons]]
id = "extra-seat"
name = { en = "Extra seat", de = "Zusätzlicher Platz" }
plans = ["marketing/plus", "marketing/professional"]
seats = 1
quantity = { maximum = 10 }
prices = [{ interval = "month", amounts = { EUR = 900 } }]

[[add_ons]]
id = "dedicated-ip"
name = { en = "Dedicated IP address", de = "Eigene IP-Adresse" }
plans = ["marketing/plus", "marketing/professional"]
quantity = { maximum = 5 }
prices = [{ interval = "month", amounts = { EUR = 2900 } }]

[[add_ons]]
id = "tokens"
name = { en = "Tokens", de = "Token" }
plans = ["marketing/professional"]
quantity = { maximum = 500 }
prices = [{ interval = "month", amounts = { EUR = 100 } }]
"""
PLANS: Catalogue = parse(_FILE.replace("LOWER", ""))
SELF_SERVICE: Catalogue = parse(
    _FILE.replace("LOWER", 'lower_limit = "self_service"\ndowngrade = "at_once"\nproration = "full_price"\n')
)

PERIOD_END = datetime(2026, 12, 21, 12, tzinfo=UTC)
OPERATION = OperationId("op_1")
MONTHLY = Cadence(interval="month", count=1, currency="EUR")
YEARLY = Cadence(interval="year", count=1, currency="EUR")
ADA = Member(name="Ada Lovelace", email="ada@engines.example", rights=frozenset({MemberRight.PRIMARY_ADMIN}))
CHARLES = Member(name="Charles Babbage", email="charles@engines.example")
PLUS = Package(plan="marketing/plus", limit=1000, seats=1)
PROFESSIONAL = Package(plan="marketing/professional", limit=2500, seats=3)


def customer(**changes: Any) -> Contact:
    account = Account(plan="marketing/plus", active_contacts=820, contact_limit=1000, seats_used=1, seats=1)
    return contact(**({"account": account, "members": (ADA, CHARLES)} | changes))


def crowd() -> Contact:
    """The customer with the longest names and the most people."""
    people = tuple(
        Member(name=LONG, email=f"{n}" + "x" * 140 + "@e.example", rights=frozenset(MemberRight)) for n in range(120)
    )
    account = Account(plan="gone/plan", active_contacts=99_999_999, contact_limit=1)
    return customer(name=LONG, company=LONG, members=people, account=account)


def plus(**changes: Any) -> Subscription:
    """Marketing Plus, 1,000 contacts, from 21 November to 21 December."""
    items = (
        SubscriptionItem(
            product="Marketing Plus",
            price=LookupKey("marketing-plus-1000-month-eur"),
            quantity=1,
            unit_amount=eur(4900),
        ),
    )
    return subscription(**({"items": items, "current_period_end": PERIOD_END} | changes))


def difference(dimension: Dimension = Dimension.PLAN, **changes: Any) -> Difference:
    fields = {
        "dimension": dimension,
        "direction": Direction.UP,
        "before": "marketing/plus",
        "after": "marketing/professional",
    }
    return Difference(**(fields | changes))


UPWARDS = (
    difference(),
    difference(Dimension.LIMIT, before=1000, after=2500),
    difference(Dimension.SEATS, before=1, after=3),
    difference(Dimension.ADD_ON, before=0, after=1, add_on="dedicated-ip"),
)


def draft(**changes: Any) -> PlanChangeDraft:
    fields = {
        "contact": ContactId("con_1"),
        "subscription": SubscriptionId("sub_1"),
        "requester": "ada@engines.example",
        "plan": "marketing/professional",
        "limit": 2500,
        "seats": 3,
        "add_ons": {"dedicated-ip": 1},
    }
    return PlanChangeDraft(**(fields | changes))


def impact(**changes: Any) -> Impact:
    feature = Feature(id="ab-tests", en="A/B tests", de="A/B-Tests")
    fields = {
        "gained": (feature,),
        "lost": (),
        "limits": (LimitChange(limit="automations", before=50, after=500),),
        "above": (),
        "before": eur(4900),
        "after": eur(21600),
    }
    return Impact(**(fields | changes))


def assessment(**changes: Any) -> Assessment:
    fields = {
        "contact": customer(),
        "requester": ADA,
        "subscription": plus(),
        "draft": draft(),
        "before": PLUS,
        "after": PROFESSIONAL.model_copy(update={"add_ons": {"dedicated-ip": 1}}),
        "differences": UPWARDS,
        "impact": impact(),
        "way": Way.AT_ONCE,
        "cadence": MONTHLY,
    }
    return Assessment(**(fields | changes))


def line(amount: int, price: str | None = "marketing-plus-1000-month-eur", **changes: Any) -> ChangeLine:
    fields = {
        "price": price,
        "description": "Remaining time on Marketing Plus",
        "quantity": 1,
        "amount": eur(amount),
        "since": datetime(2026, 12, 6, 12, tzinfo=UTC),
        "until": PERIOD_END,
    }
    return ChangeLine(**(fields | changes))


def change_preview(**changes: Any) -> ChangePreview:
    """Half a month: -24.50 + 93.50 + 14.50 = 83.50; 19 % are 15.865, so 15.87 (-4.66 + 17.77 + 2.76): 99.37."""
    vat = TaxLine(label=Label(en="VAT", de="USt."), percent=Decimal(19), inclusive=False, amount=eur(1587))
    fields = {
        "prorated_at": datetime(2026, 12, 6, 12, tzinfo=UTC),
        "lines": (
            line(-2450),
            line(9350, "marketing-professional-2500-month-eur"),
            line(1450, "dedicated-ip-month-eur"),
        ),
        "discount": eur(0),
        "taxes": (vat,),
        "total": eur(9937),
        "due": eur(9937),
        "renews_at": PERIOD_END,
        "renewal": eur(25704),
    }
    return ChangePreview(**(fields | changes))


def reviewed(**changes: Any) -> PlanChangeReviewed:
    return PlanChangeReviewed(
        **({"assessment": assessment(), "preview": change_preview(), "method": method()} | changes)
    )


def request(**changes: Any) -> ChangeRequest:
    filer = Person(user=UserId("U1"), name="Mia Brandt")
    fields = {
        "id": RequestId("chr_1"),
        "team": TeamId("T1"),
        "contact": ContactId("con_1"),
        "contact_name": "Ada Lovelace",
        "subscription": SubscriptionId("sub_1"),
        "filed_by": filer,
        "filed_at": NOW,
        "version": 1,
        "requester_name": "Ada Lovelace",
        "requester_email": "ada@engines.example",
        "reply_to": "ada@engines.example",
        "reason": ReasonCode.TOO_EXPENSIVE,
        "before": PROFESSIONAL,
        "after": PLUS,
        "differences": (difference(direction=Direction.DOWN, before="marketing/professional", after="marketing/plus"),),
        "impact": impact(),
        "approvers": (Person(user=UserId("U2"), name="Priya Nair"),),
        "decisions": (Decision(number=1, act=Act.FILE, by=filer, at=NOW),),
        "nudged_at": NOW,
    }
    return ChangeRequest(**(fields | changes))


def overview(**changes: Any) -> PlanOverview:
    shown = changes.pop("subscription", plus())
    who = changes.pop("contact", customer())
    fields = {
        "contact": who,
        "subscription": shown,
        "package": package_of(PLANS, shown),
        "cadence": cadence_of(shown),
        "others": (),
        "request": None,
        "purchasers": purchasers(who),
        "may_change": True,
        "raises_by_itself": None,
        "next_payment": NextPayment(at=PERIOD_END, amount=eur(4900), total=eur(5831), balance=eur(0)),
        "method": method(),
    }
    return PlanOverview(**(fields | changes))


def change_form(plan: str = "marketing/plus", shown: PlanOverview | None = None, **changes: Any) -> ChangeForm:
    page = shown or overview()
    limits, seats = limits_for(PLANS, plan, MONTHLY), seats_for(PLANS, plan, MONTHLY)
    wanted = draft(plan=plan, limit=limits[0] if limits else None, seats=seats.least, add_ons={})
    fields = {
        "overview": page,
        "draft": wanted,
        "wished": wanted,
        "plans": plans_for(PLANS, MONTHLY),
        "limits": limits,
        "seats": seats,
        "add_ons": add_ons_for(PLANS, plan, MONTHLY),
    }
    return ChangeForm(**(fields | changes))


def request_form(**changes: Any) -> RequestForm:
    down = impact(gained=(), lost=impact().gained, before=eur(18700), after=eur(4900))
    fields = {
        "assessment": assessment(way=Way.REQUEST, impact=down, before=PROFESSIONAL, after=PLUS),
        "approvers": (Person(user=UserId("U2"), name="Priya Nair"), Person(user=UserId("U3"), name="Sam Okoye")),
        "approvals_needed": 1,
        "today": date(2026, 11, 21),
        "draft": RequestDraft(**draft().model_dump(), reply_to="ada@engines.example"),
        "at_once": False,
    }
    return RequestForm(**(fields | changes))


def comparison(*others: str) -> Any:
    return compare(PLANS, customer(), plus(), others or ("marketing/professional",))


def changed(**changes: Any) -> PlanChanged:
    fields = {
        "assessment": assessment(),
        "preview": change_preview(),
        "method": method(),
        "subscription": plus(),
        "invoice": invoice(paid=9937),
    }
    return PlanChanged(**(fields | changes))


def waiting(**changes: Any) -> PlanChanged:
    """A link was sent."""
    fields = {"state": State.WAITING, "method": None, "invoice": None, "link": LINK}
    return changed(**(fields | changes))


def declined(**changes: Any) -> DeclinedChange:
    fields = {
        "preview": OPERATION,
        "reviewed": reviewed(),
        "used": method(),
        "others": (method(2, brand="mastercard", last4="4444"),),
        "link_to": "ada@engines.example",
    }
    return DeclinedChange(**(fields | changes))


# The offer instead

OFFER = Coupon(
    code="A" * 40,
    label=Label(en="L" * 40, de="L" * 40),
    percent=Decimal(20),
    duration=Duration.REPEATING,
    months=3,
)


def offer(**changes: Any) -> OfferToMake:
    order = CouponOrder(
        customer=CustomerId("cus_1"), subscription=SubscriptionId("sub_1"), before=(), coupon=OFFER.code
    )
    fields = {"assessment": assessment(), "reason": ReasonCode.TOO_EXPENSIVE, "coupon": OFFER, "order": order}
    return OfferToMake(**(fields | changes))


def offer_reviewed(**changes: Any) -> OfferReviewed:
    """49.00 and 19 %: 58.31; with a fifth off 39.20 and 7.45: 46.65."""
    return OfferReviewed(offer=offer(**changes), preview=OFFER_PREVIEW)


def offer_taken(**changes: Any) -> OfferTaken:
    return OfferTaken(offer=offer(**changes), preview=OFFER_PREVIEW)


OFFER_PREVIEW = CouponPreview(renews_at=PERIOD_END, without=eur(5831), with_it=eur(4665))

NO_WAY = WaysToPay(methods=(), link_to=None)
MANY_WAYS = WaysToPay(methods=tuple(method(n, brand="x" * 300) for n in range(2, 130)), link_to="ada@engines.example")


# The most data

MANY = tuple(Feature(id=f"f{n}", en=LONG[:400], de=LONG[:400]) for n in range(60))
LARGE_IMPACT = impact(
    gained=MANY,
    lost=MANY,
    limits=tuple(LimitChange(limit=f"limit-{n}", before=None, after=99_999_999) for n in range(60)),
    above=(
        Excess(what=Dimension.LIMIT, used=99_999_999, allowed=1),
        Excess(what=Dimension.SEATS, used=99_999_999, allowed=1),
    ),
    before=eur(99_999_999),
    after=eur(1),
)
LARGE = assessment(
    contact=crowd(),
    requester=Member(name=LONG, email="x@e.example"),
    differences=UPWARDS * 8,
    impact=LARGE_IMPACT,
    cadence=YEARLY,
)
LARGE_REQUEST = request(
    contact_name=LONG,
    requester_name=LONG,
    filed_by=Person(user=UserId("U1"), name=LONG),
    differences=UPWARDS * 8,
    approvers=tuple(Person(user=UserId(f"U{n}"), name=LONG) for n in range(60)),
)


def wide_comparison() -> Any:
    """Three plans with more features than fit into one row, and one that is not sold in the billing cycle."""
    found = comparison("marketing/professional", "sales/team", "sales/solo")
    own, *others = found.columns
    many = own.plan.model_copy(update={"features": MANY, "name": Label(en=LONG[:400], de=LONG[:400])})
    wide = own.model_copy(update={"plan": many, "price": None, "seats": Range(least=1, most=999)})
    return found.model_copy(update={"columns": (wide, *others), "features": MANY, "contact_name": LONG})


def lonely_comparison() -> Any:
    """A billing cycle in which nothing else is sold."""
    found = comparison()
    return found.model_copy(update={"columns": found.columns[:1], "cadence": YEARLY})


def full_overview() -> PlanOverview:
    many = tuple(plus(id=SubscriptionId(f"sub_{n}")) for n in range(2, 130))
    return overview(
        contact=crowd(),
        subscription=plus(discount="C" * 40, schedule="sub_sched_1"),
        others=many,
        request=LARGE_REQUEST.model_copy(update={"state": RequestState.SCHEDULED, "effective_at": PERIOD_END}),
        raises_by_itself=False,
        next_payment=NextPayment(at=PERIOD_END, amount=eur(4900), total=None, balance=eur(2000)),
    )


def ending_overview() -> PlanOverview:
    return overview(subscription=plus(cancel_at=PERIOD_END, schedule="sub_sched_1"), next_payment=None)


def large_request_form() -> RequestForm:
    many = tuple(Person(user=UserId(f"U{n}"), name=LONG) for n in range(60))
    return request_form(
        assessment=LARGE.model_copy(update={"way": Way.REQUEST}),
        approvers=many,
        approvals_needed=2,
        at_once=True,
        draft=RequestDraft(
            **draft().model_dump(),
            reason=ReasonCode.OTHER,
            remark="r" * 1500,
            wished=date(2027, 1, 1),
            reply_to="x" * 254,
        ),
        offer=OFFER,
    )


def large_decline() -> DeclinedChange:
    return declined(
        reviewed=reviewed(assessment=LARGE), others=tuple(method(n, brand="x" * 300) for n in range(2, 130))
    )


def period_end_review() -> PlanChangeReviewed:
    """A lower limit with the next period (K3)."""
    lower = (difference(Dimension.LIMIT, direction=Direction.DOWN, before=2500, after=1000),)
    change = impact(gained=(), limits=(), before=eur(9500), after=eur(4900))
    return reviewed(assessment=assessment(way=Way.PERIOD_END, differences=lower, impact=change))


def credit_review() -> PlanChangeReviewed:
    """Two seats fewer: 9.00 of credit for half a month of each; 19 % are 1.71: 10.71."""
    fewer = (difference(Dimension.SEATS, direction=Direction.DOWN, before=3, after=1),)
    change = impact(gained=(), limits=(), before=eur(6700), after=eur(4900))
    vat = TaxLine(label=Label(en="VAT", de="USt."), percent=Decimal(19), inclusive=False, amount=eur(-171))
    preview = change_preview(
        lines=(line(-900, "extra-seat-month-eur", quantity=2),), taxes=(vat,), total=eur(-1071), due=eur(0)
    )
    return reviewed(assessment=assessment(differences=fewer, impact=change), preview=preview)


def large_review() -> PlanChangeReviewed:
    lines = tuple(line(99_999_999, None, description=LONG, quantity=99) for _ in range(60))
    taxes = change_preview().taxes * 5
    preview = change_preview(lines=lines, taxes=taxes, discount=eur(100), due=eur(1))
    return reviewed(assessment=LARGE, preview=preview, supersedes=LARGE_REQUEST)
