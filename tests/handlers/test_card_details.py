"""Nothing that Slack is told shows digits or expiry of a card to who may not see them (HX5, G11).

Ada's cards are unmistakable. An agent walks through everything there is of her and presses every button on the way;
neither what is shown nor what travels hidden in it may hold them.
"""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any

import pytest

from billing import event_entries
from billing.access import Actor
from billing.billing_contacts.rules import member_key
from billing.catalogue import BillingContactPolicy, CardDetails, Catalogue, Place
from billing.catalogue.policies import TeamNotices
from billing.errors import Declined
from billing.ids import EventId
from billing.invoices.payments import ChargeInvoice
from billing.ports import Origin, StripeEvent
from billing.roles import Role
from handlers.router import Kind
from tests.support.accounts import HOLDER, MIA, account
from tests.support.failing import fails, invoice, subscription
from tests.support.office import Office
from tests.support.plans import MAIL, SUB, customer, has, running
from tests.support.shop import ADA, ADAS_CARD, CATALOGUE, NOW, PLUS_MONTH, SAM, actor, method
from tests.support.slack import Json, filled, open_view, texts

PETRA = actor(Role.MANAGER, user="U_PETRA", name="Petra Manager")
ALEX = actor(Role.ADMIN, user="U_ALEX", name="Alex Admin")
SHOWN, PAYMENTS_ONLY = CardDetails.SHOWN, CardDetails.PAYMENTS_ONLY

CARDS = (
    method(last4="7391", exp_month=11, exp_year=2031, default=True),
    method("pm_soon", brand="mastercard", last4="8462", exp_month=4, exp_year=2026),
    method("pm_over", brand="amex", last4="5193", exp_month=1, exp_year=2026),
    method("pm_debit", brand="sepa_debit", last4="6607", exp_month=None, exp_year=None),
)
# As words of their own: ids are random, and may hold any four digits.
SECRETS = re.compile(r"\b(?:7391|8462|5193|6607|2031|(?:11|0?4|0?1)/(?:20)?(?:31|26))\b")
PAGES = (
    "", "ada", "history ada", "invoices ada", "subscribe ada", "billing-contact ada", "plan ada", "approvals",
    "help", "help privacy", "help why-not ada",
)  # fmt: skip
_numbers = count(1)  # of views: none is shown in the place of another


class Walk:
    """Everything that somebody is told, or reads in the managers' channel, from the first click to the last."""

    def __init__(self, office: Office, person: Actor = MIA) -> None:
        self.office = office
        self.person = person
        self.told: list[str] = []
        self._pressed: set[tuple[str, str | None]] = set()
        self._calls = len(office.slack.calls)
        self._reads = (person.user, f"D{person.user[1:]}", office.posts.managers)

    @property
    def secrets(self) -> set[str]:
        return set(SECRETS.findall("\n".join(self.told)))

    @property
    def shown(self) -> Json:
        return self.office.shown

    def types(self, text: str) -> Json:
        return self._goes_on(self.office.types(text, person=self.person).body)

    def presses(self, action_id: str, value: str | None, view: Json | None = None, **more: Any) -> Json:
        return self._goes_on(self.office.presses(action_id, value, view=view, person=self.person, **more).body)

    def submits(self, view: Json, **given: Any) -> Json:
        return self._goes_on(self.office.submits(view, person=self.person, **given).body)

    def opens_home(self) -> None:
        event = {"type": "app_home_opened", "user": self.person.user}
        self._goes_on(self.office.handles(Kind.EVENT, {"team_id": "T1", "event_id": "Ev1", "event": event}).body)

    def presses_everything(self, view: Json, depth: int = 1) -> None:
        """Every button and every option of a menu, once, and so on in what they lead to."""
        for name, value, is_menu in _ways_on(view):
            if (name, value) in self._pressed:
                continue
            self._pressed.add((name, value))
            before = len(self.office.slack.calls)
            self.presses(name, value, filled(opened(view, depth)), chosen=is_menu)
            if self.office.slack.calls[before:]:
                self.presses_everything(self.shown, min(depth + 1, 3))

    def _goes_on(self, answered: Any) -> Json:
        """What was answered and, once the engine was at work, all else that Slack was told; answers with the view."""
        self.office.works()
        calls = [one.arguments for one in self.office.slack.calls[self._calls :]]
        news = [one for one in calls if one.get("channel", self.person.user) in self._reads]
        self._calls = len(self.office.slack.calls)
        self.told.append(json.dumps([answered, news, self.office.responses], ensure_ascii=False, default=str))
        view: Json = answered["view"] if isinstance(answered, dict) and "view" in answered else self.shown
        return view


def opened(view: Json, depth: int = 1) -> Json:
    number = next(_numbers)
    return open_view(view, depth, id=f"V{number}", hash=f"h{number}")


def _ways_on(view: Json) -> list[tuple[str, str | None, bool]]:
    found: list[tuple[str, str | None, bool]] = []
    for block in view["blocks"]:
        for one in (block.get("element"), block.get("accessory"), *block.get("elements", [])):
            match one:
                case {"type": "button", "action_id": name}:
                    found.append((name, one.get("value"), False))
                case {"type": "static_select", "action_id": name, "options": options}:
                    found += [(name, option["value"], True) for option in options]
    return found


def office(setting: CardDetails, catalogue: Catalogue = CATALOGUE) -> Office:
    made = Office(catalogue=catalogue)
    for person in (MIA, PETRA, ALEX):
        made.hires(person)
    policy = BillingContactPolicy(card_details=setting)
    kept = catalogue.model_copy(update={"billing_contact": policy})
    made.catalogue = made.store.catalogue = made.payments.catalogue = kept
    return made


def busy(setting: CardDetails) -> Office:
    """Ada has four methods, a payment that failed, and an invoice that was charged; Stripe told of a card."""
    made = office(setting)
    made.knows(account())
    fails(made, invoice(), payment_methods=CARDS, subscriptions=(subscription(),))
    attached(made)
    made.types("invoice ada 3 x Onboarding 150.00")
    made.submits(opened(made.submits(opened(made.shown)).view, 2))
    made.works()
    [ref] = made.rows.sales_invoices
    charge = ChargeInvoice(contact=ADA, invoice=ref, payment_method=ADAS_CARD, due=53550)  # 450.00 and 19 %
    made.accepts(charge, person=PETRA, key="charge", reply_to="{}")
    return made


def attached(made: Office) -> None:
    event = StripeEvent(
        id=EventId("evt_attached"),
        type="payment_method.attached",
        customer=made.rows.contacts[ADA].customer,
        object_id="pm_soon",
        created_at=NOW,
        payload=json.dumps({"card": {"brand": "mastercard", "last4": "8462"}}),
        origin=Origin.ELSEWHERE,
    )
    entry = event_entries.history(event, made.rows.contacts[ADA])
    assert entry
    with made.store.writing(SAM) as uow:
        uow.timeline.append(entry)


def looks_around(walk: Walk) -> None:
    for page in PAGES:
        walk.presses_everything(walk.types(page))
    walk.opens_home()


def subscribes(walk: Walk) -> None:
    """A card that expires too early, a decline, and another try."""
    form = opened(walk.types("subscribe ada"))
    walk.submits(form, price=PLUS_MONTH, quantity=1, start="2026-05-04", payment_method="pm_soon")
    assert "expires before the first payment" in walk.told[-1]
    walk.office.payments.fails.append(Declined("insufficient_funds"))
    walk.submits(opened(walk.submits(form, price=PLUS_MONTH, quantity=1, payment_method=ADAS_CARD), 2))
    assert "refused" in texts(walk.shown)
    walk.submits(opened(walk.shown, 2), payment_method="pm_soon")
    assert "now runs for" in texts(walk.shown)


def collects(walk: Walk) -> None:
    """A decline, and another try."""
    walk.presses("collect.open", f"{ADA}:in_1")
    walk.office.payments.fails.append(Declined("lost_card"))
    walk.submits(opened(walk.shown), payment_method="pm_soon")
    assert "refused" in texts(walk.shown)
    walk.submits(opened(walk.shown), payment_method=ADAS_CARD)
    assert "was paid by Ada Lovelace" in texts(walk.shown)


def through_everything(setting: CardDetails, person: Actor) -> Walk:
    walk = Walk(busy(setting), person)
    collects(walk)
    subscribes(walk)
    looks_around(walk)
    return walk


# The sweep


def test_an_agent_finds_neither_digits_nor_dates_anywhere() -> None:
    """G11"""
    walk = through_everything(PAYMENTS_ONLY, MIA)
    assert walk.secrets == set()
    text = "\n".join(walk.told)
    for said in (
        "Visa (not expired)",
        "Mastercard (expires soon)",
        "American Express (expired)",
        "A card expires soon: Mastercard.",
        "A card has expired: American Express.",
        "Payment method added: Mastercard",
        "charged: €49.00 with Visa",
    ):
        assert said in text


@pytest.mark.parametrize(("setting", "person"), [(SHOWN, MIA), (PAYMENTS_ONLY, SAM)])
def test_who_may_see_them_finds_all_of_them(setting: CardDetails, person: Actor) -> None:
    """HX5: the sweep would find them."""
    expected = {"7391", "8462", "5193", "6607", "11/2031", "04/2026", "01/2026"}
    assert expected <= through_everything(setting, person).secrets


def test_an_agent_who_changes_a_plan_finds_neither_digits_nor_dates() -> None:
    """AX13, AX14, H30: the page, the review, a decline, and what came of it."""
    assert changes_a_plan(PAYMENTS_ONLY) == set()


def test_the_pages_of_a_plan_change_show_them_by_default() -> None:
    """HX5"""
    assert {"7391", "11/2031", "8462", "04/2026"} <= changes_a_plan(SHOWN)


def changes_a_plan(setting: CardDetails) -> set[str]:
    walk = Walk(has(office(setting, MAIL), running(), who=customer(), methods=CARDS))
    walk.presses_everything(walk.types("plan ada"))
    walk.presses("plan_change.open", SUB, opened(walk.types("plan ada")))
    form = opened(walk.shown, 2)
    walk.presses("plan_change.plan", "mail/pro", filled(form, plan="mail/pro"), chosen=True)
    walk.submits(opened(walk.shown, 2))
    assert "Visa" in texts(walk.shown)
    walk.office.payments.fails.append(Declined("insufficient_funds"))
    walk.submits(opened(walk.shown, 2))
    assert "refused" in texts(walk.shown)
    walk.submits(opened(walk.shown, 2), payment_method="pm_soon")
    assert "The plan of Ada Lovelace is changed" in texts(walk.shown)
    return walk.secrets


# Files and messages


@pytest.mark.parametrize(
    ("setting", "person", "sees"),
    [(SHOWN, ALEX, True), (PAYMENTS_ONLY, ALEX, False), (PAYMENTS_ONLY, PETRA, True)],
)
def test_the_file_of_the_history(setting: CardDetails, person: Actor, sees: bool) -> None:
    """H6: admins may have the file, and take no payments."""
    made = busy(setting)
    made.works()
    made.presses("timeline.open", ADA, person=person)
    made.presses("timeline.export", ADA, view=opened(made.shown), person=person)
    made.works()
    [upload] = made.slack.called("files_upload_v2")
    assert "payment_method_added" in upload.arguments["content"]
    assert set(SECRETS.findall(upload.arguments["content"])) == ({"7391", "8462"} if sees else set())


@pytest.mark.parametrize(("setting", "sees"), [(SHOWN, True), (PAYMENTS_ONLY, False)])
def test_the_managers_channel(setting: CardDetails, sees: bool) -> None:
    """HX15: who reads a channel, only Slack knows. Sam, who sent the invoice, is told with the digits."""
    made = busy(setting)
    team = TeamNotices(paid=(Place.SENDER, Place.CHANNEL))
    invoices = made.catalogue.invoices.model_copy(update={"tell_team": team})
    made.store.catalogue = made.catalogue.model_copy(update={"invoices": invoices})
    made.slack.calls.clear()
    made.works()
    told = {one.arguments["channel"]: texts(one.arguments["blocks"]) for one in made.slack.called("chat_postMessage")}
    assert "Petra Manager has charged Visa •••• 7391." in told[SAM.user]
    assert f"Petra Manager has charged Visa{' •••• 7391' if sees else ''}." in told["C_MANAGERS"]
    assert "7391" in str(made.mails[-1].get_body(("plain",))), "the customer knows the card"


def test_a_sender_who_may_not_take_payments_is_told_the_brand() -> None:
    """HX15: as an agent whose role was another when the invoice was sent."""
    made = busy(PAYMENTS_ONLY)
    made.dismisses(SAM)
    made.hires(SAM.model_copy(update={"roles": frozenset({Role.AGENT})}))
    made.slack.calls.clear()
    made.works()
    [told] = [one.arguments for one in made.slack.called("chat_postMessage") if one.arguments["channel"] == SAM.user]
    assert "Petra Manager has charged Visa." in texts(told["blocks"])


# The proof


def test_an_agent_who_sees_no_card_can_verify_it() -> None:
    """G11: right and wrong as before, and neither answer shows what is on file."""
    walk = Walk(busy(PAYMENTS_ONLY))
    walk.presses("billing_contact.verify", ADA, opened(walk.types("billing-contact ada")))
    questions = walk.shown
    walk.submits(opened(questions, 2), requester=member_key(HOLDER), last4="1234", expiry="11/31")
    assert "billing_contact.form" not in walk.told[-1]
    view = walk.submits(opened(questions, 2), requester=member_key(HOLDER), last4="7391", expiry="11/31")
    assert view["callback_id"] == "billing_contact.form"
    assert walk.secrets == set()
