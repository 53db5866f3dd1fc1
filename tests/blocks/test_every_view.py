"""Every view, message and menu that `blocks` makes is within Slack's limits: both languages, least and most data.

The validator is the local workspace's. A new public function that returns something to show needs an entry in
EXAMPLES; the first test here says so.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, get_args, get_type_hints

import pytest

import blocks
from billing import errors
from billing.billing_contacts.explaining import Topic
from billing.billing_contacts.places import countries
from billing.catalogue import Label
from billing.change_requests.model import RequestFilter
from billing.contacts import Account, Address, Found
from billing.histories import History
from billing.ids import ContactId, OperationId
from billing.plan_changes import ChangeCalledOff
from billing.timeline import Page
from blocks import (  # our module for /billing help is named for its command
    absences,
    billing_contacts,
    cards,
    change_requests,
    discount_offers,
    dunning,
    finder,
    help,  # noqa: A004 - our module, named for its command
    histories,
    homes,
    notices,
    payment_links,
    plan_changes,
    reconciliations,
    subscriptions,
    topics,
    ways,
)
from blocks.answers import Answer
from blocks.kit import Choices, Home, Message, Modal
from blocks.subscriptions.form import price_choices
from blocks.texts import Mrkdwn, Translator
from bot.sandbox.workspace.limits import option_problems, problems
from tests.blocks import samples_billing_contacts as bc
from tests.blocks import samples_change_requests as asked
from tests.blocks import samples_invoices
from tests.blocks import samples_mirror as mirror
from tests.blocks import samples_plan_changes as sold
from tests.blocks.samples import (
    BOTH,
    CATALOGUE,
    COUPON,
    LINK,
    LONG,
    card,
    contact,
    eur,
    form,
    invoice,
    method,
    preview,
    price,
    receipt,
    review,
    strange_card,
    strange_contact,
    subscription,
    summary,
    waiting_receipt,
)

SHOWN = (Modal, Message, Answer, Choices, Home)
Shown = Modal | Message | Answer | Choices | Home
Example = Callable[[Translator], Shown]

SHORT_ID, LONG_ID = ContactId("c"), ContactId("con_" + "x" * 60)
OPERATION = OperationId("op_" + "x" * 60)
REFERENCE = "r" * 60

# The least data

BARE = contact(name="", company="", email="", phone="", address=Address(country="DE"), account=Account(), members=())
EMPTY_CARD = card(
    contact=BARE,
    monthly=eur(0),
    balance=eur(0),
    methods=(),
    subscriptions=(),
    invoices=(),
    timeline=Page(),
    waiting=(),
    attention=(),
    may=frozenset(),
)
NOBODY = summary(0, name="", company="", email="", country="")
PLAIN = preview(coupon=None, following=())
BARE_REVIEW = review(contact=BARE, preview=PLAIN, method=None)
BARE_FORM = form(contact=BARE, prices=(price(),), methods=(), link_to=None)
BARE_RECEIPT = receipt(contact_name="", preview=PLAIN, invoice=None, method=None)

# The most data

CROWD = tuple(summary(n, name=LONG, company=LONG, email="x" * 300) for n in range(100))
LARGE = preview(
    price=price(label="P" * 500, unit=eur(99_999_999), interval_count=36),
    quantity=999_999,
    coupon=COUPON.model_copy(update={"code": "C" * 40, "label": Label(en="L" * 40, de="L" * 40)}),
    reverse_charge=True,
    balance=eur(999_999_999_999),
)
FULL_REVIEW = review(contact=strange_contact(), preview=LARGE)
FULL_FORM = form(
    contact=strange_contact(),
    prices=tuple(price(n, label="P" * 500) for n in range(2, 102)),
    methods=tuple(method(n, brand="x" * 300) for n in range(30)),
    link_to="x" * 250,
)
FULL_RECEIPT = receipt(contact_name=LONG, preview=LARGE, invoice=invoice(number=LONG), subscription=subscription())
WAITING = waiting_receipt(contact_name=LONG, preview=LARGE)
ADDRESS = "https://stripe.example/" + "x" * 500
TRAIL = ("c" * 60,) * 40
REFUSED = errors.AccountNotBillable(contact=LONG, status="x" * 100)

# By function: with the least data, with the most, and whatever else takes another road.


def _history(shown: History, t: Translator) -> Modal:
    return histories.history(shown, CATALOGUE, t, ["c" * 80] * 40)


EXAMPLES: dict[str, tuple[Example, ...]] = {
    "blocks.absences.ended": (absences.ended,),
    "blocks.absences.form": (
        lambda t: absences.form(None, asked.ABSENCE.first, t),
        lambda t: absences.form(asked.ABSENCE, asked.ABSENCE.first, t),
    ),
    "blocks.absences.noted": (lambda t: absences.noted(asked.ABSENCE, t),),
    "blocks.billing_contacts.explained.explained": (
        *(lambda t, topic=topic: billing_contacts.explained(bc.bare_explanation(topic), t) for topic in Topic),
        *(lambda t, topic=topic: billing_contacts.explained(bc.explanation(topic), t) for topic in Topic),
        *(lambda t, topic=topic: billing_contacts.explained(bc.full_explanation(topic), t) for topic in Topic),
    ),
    "blocks.billing_contacts.forms.bill_to_form": (
        lambda t: billing_contacts.bill_to_form(bc.BARE_FORM, t),
        lambda t: billing_contacts.bill_to_form(bc.FULL_FORM, t),
    ),
    "blocks.billing_contacts.forms.country_choices": (
        lambda t: billing_contacts.country_choices(("DE",), "", t),
        lambda t: billing_contacts.country_choices(("DE",), LONG, t),
        lambda t: billing_contacts.country_choices(sorted(countries()), "", t),
    ),
    "blocks.billing_contacts.forms.recipients_form": (
        lambda t: billing_contacts.recipients_form(bc.BARE_RECIPIENTS, t),
        lambda t: billing_contacts.recipients_form(bc.FULL_RECIPIENTS, t),
    ),
    "blocks.billing_contacts.forms.verification": (
        lambda t: billing_contacts.verification(bc.BARE_VERIFICATION, t),
        lambda t: billing_contacts.verification(bc.FULL_VERIFICATION, t),
    ),
    "blocks.billing_contacts.news.frozen_report": (
        lambda t: billing_contacts.frozen_report(BARE, bc.link(name=""), bc.BARE_RECEIPT, t, frozen_at=None),
        lambda t: billing_contacts.frozen_report(
            strange_contact(), bc.link(name=LONG), bc.FULL_RECEIPT, t, frozen_at=bc.NOW
        ),
    ),
    "blocks.billing_contacts.news.letter_not_sent": (
        lambda t: billing_contacts.letter_not_sent(BARE, "new", "", t),
        lambda t: billing_contacts.letter_not_sent(BARE, "edit", "bea@engines.example", t),
        lambda t: billing_contacts.letter_not_sent(BARE, "locked", "bea@engines.example", t),
        lambda t: billing_contacts.letter_not_sent(BARE, "recipients", "bea@engines.example", t),
        lambda t: billing_contacts.letter_not_sent(strange_contact(), "former", "x" * 240 + "@engines.example", t),
    ),
    "blocks.billing_contacts.news.locked": (
        lambda t: billing_contacts.locked(BARE, bc.proof(requester=""), "", bc.UNTIL, t),
        lambda t: billing_contacts.locked(strange_contact(), bc.proof(requester=LONG), LONG, bc.UNTIL, t),
    ),
    "blocks.billing_contacts.overview.overview": (
        lambda t: billing_contacts.overview(bc.BARE_OVERVIEW, CATALOGUE, t),
        lambda t: billing_contacts.overview(bc.overview(), CATALOGUE, t),
        lambda t: billing_contacts.overview(bc.overview(asked=bc.asked(bc.ADMIN)), CATALOGUE, t),
        lambda t: billing_contacts.overview(bc.overview(asked=bc.asked(None), self_service=False), CATALOGUE, t),
        lambda t: billing_contacts.overview(bc.FULL_OVERVIEW, CATALOGUE, t),
    ),
    "blocks.billing_contacts.results.changed": (
        lambda t: billing_contacts.changed(bc.BARE_RECEIPT, SHORT_ID, t),
        lambda t: billing_contacts.changed(bc.receipt(), SHORT_ID, t, mailed=False),
        lambda t: billing_contacts.changed(bc.FULL_RECEIPT, LONG_ID, t),
    ),
    "blocks.billing_contacts.results.delayed": (
        lambda t: billing_contacts.delayed(SHORT_ID, t),
        lambda t: billing_contacts.delayed(LONG_ID, t),
    ),
    "blocks.billing_contacts.results.failed": (
        lambda t: billing_contacts.failed("r", SHORT_ID, t),
        lambda t: billing_contacts.failed(REFERENCE, LONG_ID, t),
    ),
    "blocks.billing_contacts.results.link_sent": (
        lambda t: billing_contacts.link_sent(bc.sent(name="", email=""), SHORT_ID, t),
        lambda t: billing_contacts.link_sent(bc.sent(name=LONG, email=LONG), LONG_ID, t),
        lambda t: billing_contacts.link_sent(bc.sent(), SHORT_ID, t, mailed=False),
    ),
    "blocks.billing_contacts.results.refused": (
        lambda t: billing_contacts.refused(errors.NotStaff().reason, SHORT_ID, t),
        lambda t: billing_contacts.refused(REFUSED.reason, LONG_ID, t, OPERATION),
    ),
    "blocks.billing_contacts.results.working": (billing_contacts.working,),
    "blocks.cards.card": (
        lambda t: cards.card(EMPTY_CARD, CATALOGUE, t),
        lambda t: cards.card(strange_card(), CATALOGUE, t, TRAIL),
    ),
    "blocks.change_requests.card.card": (
        *(lambda t, view=view: change_requests.card(view, asked.PLANS, t) for view in asked.STATES.values()),
        lambda t: change_requests.card(asked.FORGOTTEN, asked.PLANS, t),
        lambda t: change_requests.card(asked.FOR_NOBODY, asked.PLANS, t),
        lambda t: change_requests.card(asked.FOR_FILER, asked.PLANS, t),
        lambda t: change_requests.card(asked.ABOVE, asked.PLANS, t),
        lambda t: change_requests.card(asked.LARGE, asked.PLANS, t),
    ),
    "blocks.change_requests.card.news": (
        *(
            lambda t, view=view: change_requests.news(view, view.request.last, asked.PLANS, t)
            for state, view in asked.STATES.items()
            if state not in (asked.S.FILED, asked.S.SCHEDULED, asked.S.WITHDRAWN)
        ),
        *(
            lambda t, view=view: change_requests.news(view, view.request.last, asked.PLANS, t)
            for view in (asked.ENDED, asked.BROKEN, asked.CALLED_OFF, asked.ANSWERED, asked.LARGE)
        ),
    ),
    "blocks.change_requests.card.reminder": (
        lambda t: change_requests.reminder(asked.view(), asked.PLANS, t),
        lambda t: change_requests.reminder(asked.view(stuck=True), asked.PLANS, t),
        lambda t: change_requests.reminder(asked.LARGE, asked.PLANS, t),
    ),
    "blocks.change_requests.forms.override": (
        lambda t: change_requests.override(asked.ABOVE, t),
        lambda t: change_requests.override(asked.LARGE, t),
    ),
    "blocks.change_requests.forms.question": (
        lambda t: change_requests.question(asked.view(), asked.PLANS, t),
        lambda t: change_requests.question(asked.LARGE, asked.PLANS, t),
    ),
    "blocks.change_requests.forms.rejection": (
        lambda t: change_requests.rejection(asked.view(), asked.PLANS, t),
        lambda t: change_requests.rejection(asked.LARGE, asked.PLANS, t),
    ),
    "blocks.change_requests.forms.reply": (
        lambda t: change_requests.reply(asked.STATES[asked.S.ASKED], t),
        lambda t: change_requests.reply(asked.LARGE, t),
    ),
    "blocks.change_requests.lists.exported": tuple(
        lambda t, wanted=wanted: change_requests.exported(wanted, t) for wanted in RequestFilter
    ),
    "blocks.change_requests.lists.exporting": (change_requests.exporting,),
    "blocks.change_requests.lists.listing": (
        *(lambda t, one=one: change_requests.listing(asked.listed(one), asked.PLANS, t) for one in RequestFilter),
        lambda t: change_requests.listing(
            asked.listed(RequestFilter.ALL, *(view.request for view in asked.STATES.values())), asked.PLANS, t
        ),
        lambda t: change_requests.listing(
            asked.listed(RequestFilter.ALL, *samples_invoices.ASKED, may_export=False), asked.PLANS, t
        ),
        lambda t: change_requests.listing(asked.FULL_LIST, asked.PLANS, t, TRAIL),
    ),
    "blocks.change_requests.page.page": (
        *(lambda t, view=view: change_requests.page(view, asked.PLANS, t) for view in asked.STATES.values()),
        lambda t: change_requests.page(asked.ABOVE, asked.PLANS, t),
        lambda t: change_requests.page(asked.LARGE, asked.PLANS, t, final=True),
    ),
    "blocks.change_requests.page.under_way": (change_requests.under_way,),
    "blocks.finder.choice": (
        lambda t: finder.choice(Found(matches=(NOBODY,)), t),
        lambda t: finder.choice(Found(matches=CROWD, more=True), t, LONG),
        lambda t: finder.choice(Found(matches=CROWD, guessed=True), t, LONG),
    ),
    "blocks.finder.choices": (
        lambda t: finder.choices(Found(), "", t),
        lambda t: finder.choices(Found(matches=(NOBODY,)), "a", t),
        lambda t: finder.choices(Found(matches=CROWD, more=True), LONG, t),
        lambda t: finder.choices(Found(matches=CROWD, guessed=True), LONG, t),
    ),
    "blocks.finder.finder": (
        lambda t: finder.finder((), t),
        lambda t: finder.finder((NOBODY,), t),
        lambda t: finder.finder(CROWD, t),
    ),
    "blocks.finder.named": (
        lambda t: finder.named(Found(matches=(NOBODY, *CROWD[:1])), t),
        lambda t: finder.named(Found(matches=CROWD, more=True), t, left=990),
    ),
    "blocks.finder.unnamed": (
        lambda t: finder.unnamed((), (), t, None),
        lambda t: finder.unnamed(CROWD, (LONG,) * 10, t, finder.Onward("invoice", finder.PLACE)),
    ),
    "blocks.finder.nobody": (lambda t: finder.nobody("a", None, t), lambda t: finder.nobody(LONG, "help", t)),
    "blocks.help.help_message": (
        lambda t: help.help_message("", t),
        lambda t: help.help_message("quantum " * 100, t),
        *(lambda t, name=topic.name: help.help_message(name, t) for topic in topics.TOPICS),
    ),
    "blocks.help.thanks": (lambda t: help.thanks(t, helpful=True), lambda t: help.thanks(t, helpful=False)),
    **samples_invoices.EXAMPLES,
    "blocks.notices.broken": (lambda t: notices.broken("r", t), lambda t: notices.broken(REFERENCE, t)),
    "blocks.notices.card_number": (notices.card_number,),
    "blocks.dunning.collecting.collected": (
        lambda t: dunning.collected(mirror.collected(), SHORT_ID, t),
        lambda t: dunning.collected(mirror.collected(contact_name=LONG, kept=True, others=7), LONG_ID, t),
    ),
    "blocks.dunning.collecting.declined": (
        lambda t: dunning.declined(mirror.collect_form(methods=(method(),)), method().id, "", CATALOGUE, t),
        lambda t: dunning.declined(mirror.STRANGE_FORM, method().id, "insufficient_funds", CATALOGUE, t),
    ),
    "blocks.dunning.collecting.delayed": (dunning.delayed,),
    "blocks.dunning.collecting.form": (
        lambda t: dunning.form(mirror.collect_form(methods=(), link_to=None), CATALOGUE, t),
        lambda t: dunning.form(mirror.collect_form(), CATALOGUE, t),
        lambda t: dunning.form(mirror.STRANGE_FORM, CATALOGUE, t),
    ),
    "blocks.dunning.collecting.link_sent": (
        lambda t: dunning.link_sent(mirror.link(), SHORT_ID, t),
        lambda t: dunning.link_sent(mirror.link(goes_on=False), SHORT_ID, t),
        lambda t: dunning.link_sent(mirror.link(contact_name=LONG, url=ADDRESS), LONG_ID, t, mailed=False),
    ),
    "blocks.dunning.collecting.refused": (
        lambda t: dunning.refused(errors.NotStaff().reason, SHORT_ID, t),
        lambda t: dunning.refused(errors.AmountDue(shown=4900, due=2900, currency="EUR").reason, LONG_ID, t),
    ),
    "blocks.dunning.notices.listing": (
        lambda t: dunning.listing(mirror.report(count=1), CATALOGUE, t),
        lambda t: dunning.listing(mirror.MANY, CATALOGUE, t),
    ),
    "blocks.dunning.notices.message": (
        lambda t: dunning.message(mirror.report(mirror.failed(subscription=None)), CATALOGUE, t),
        lambda t: dunning.message(mirror.report(mirror.strange_failed()), CATALOGUE, t),
        lambda t: dunning.message(mirror.MANY, CATALOGUE, t),
    ),
    "blocks.histories.file": (
        lambda t: histories.file(mirror.exported(), t),
        lambda t: histories.file(mirror.exported(100_000, LONG), t),
    ),
    "blocks.histories.history": (
        lambda t: histories.history(mirror.history(page=Page()), CATALOGUE, t),
        *(partial(_history, one) for one in mirror.STRANGE_HISTORIES),
    ),
    "blocks.homes.home": (
        lambda t: homes.home(mirror.home(may=frozenset()), t),
        lambda t: homes.home(mirror.home(), t),
        lambda t: homes.home(mirror.FULL_HOME, t),
        lambda t: homes.home(mirror.home(to_decide=samples_invoices.ASKED[-1:] * 5, to_decide_count=99), t),
        lambda t: homes.home(mirror.home(filed=samples_invoices.ASKED, filed_count=8), t),
        lambda t: homes.home(mirror.FULL_HOME, t, "https://kontor.example/charts/" + "A" * 90 + ".png"),
    ),
    "blocks.notices.file_follows": (notices.file_follows,),
    "blocks.reconciliations.report": (
        lambda t: reconciliations.report(mirror.reconciliation(), {}, t),
        lambda t: reconciliations.report(mirror.FULL_RECONCILIATION, {f"con_{n}": LONG for n in range(9)}, t),
    ),
    "blocks.notices.look_again": (lambda t: notices.look_again(REFUSED.reason, "inv_1", t),),
    "blocks.notices.not_staff": (notices.not_staff,),
    "blocks.notices.of": (lambda t: notices.of(errors.NotStaff(), t), lambda t: notices.of(REFUSED, t)),
    "blocks.notices.outdated": (notices.outdated,),
    "blocks.notices.refused": (
        lambda t: notices.refused(errors.Reason(key="SomethingNobodyThoughtOf"), t),
        lambda t: notices.refused(REFUSED.reason, t),
        lambda t: notices.refused(errors.UnknownCoupon(code=LONG).reason, t),
    ),
    "blocks.discount_offers.ready": (
        lambda t: discount_offers.ready(sold.offer_reviewed(), OperationId("o"), t),
        lambda t: discount_offers.ready(sold.offer_reviewed(assessment=sold.LARGE), OPERATION, t),
    ),
    "blocks.discount_offers.refused": (
        lambda t: discount_offers.refused(errors.NoOffer().reason, SHORT_ID, OperationId("o"), t),
        lambda t: discount_offers.refused(REFUSED.reason, LONG_ID, OPERATION, t),
    ),
    "blocks.discount_offers.review": (
        lambda t: discount_offers.review(sold.offer_reviewed(), OperationId("o"), sold.PLANS, t),
        lambda t: discount_offers.review(sold.offer_reviewed(assessment=sold.LARGE), OPERATION, sold.PLANS, t),
    ),
    "blocks.discount_offers.taken": (
        lambda t: discount_offers.taken(sold.offer_taken(), t, "https://s.example"),
        lambda t: discount_offers.taken(sold.offer_taken(assessment=sold.LARGE), t, ADDRESS),
    ),
    "blocks.payment_links.expired": (
        lambda t: payment_links.expired("-", Mrkdwn("-"), [ways.card(SHORT_ID, t)], t),
        lambda t: payment_links.expired(LONG, Mrkdwn(LONG[:2900]), [ways.card(LONG_ID, t)], t),
    ),
    "blocks.payment_links.sent": (
        lambda t: payment_links.sent("", "-", Mrkdwn("-"), None, [ways.card(SHORT_ID, t)], t, mailed=False),
        lambda t: payment_links.sent(LONG, LONG, Mrkdwn(LONG[:2900]), LINK, [ways.card(LONG_ID, t)], t),
    ),
    "blocks.plan_changes.comparison.comparison": (
        lambda t: plan_changes.comparison(sold.comparison("sales/solo"), sold.PLANS, t),
        lambda t: plan_changes.comparison(sold.comparison("marketing/professional", "sales/team"), sold.PLANS, t),
        lambda t: plan_changes.comparison(sold.wide_comparison(), sold.PLANS, t),
        lambda t: plan_changes.comparison(sold.lonely_comparison(), sold.PLANS, t),
    ),
    "blocks.plan_changes.form.accounts": (
        lambda t: plan_changes.accounts(asked.tickets(2), t),
        lambda t: plan_changes.accounts(asked.tickets(120), t),
    ),
    "blocks.plan_changes.form.form": (
        lambda t: plan_changes.form(sold.change_form("sales/solo"), sold.PLANS, t),
        lambda t: plan_changes.form(sold.change_form("marketing/professional"), sold.SELF_SERVICE, t),
        lambda t: plan_changes.form(sold.change_form("marketing/professional"), sold.PLANS, t, asked.TICKET),
        lambda t: plan_changes.form(sold.change_form("sales/team", sold.overview(contact=sold.crowd())), sold.PLANS, t),
    ),
    "blocks.plan_changes.overview.plan": (
        lambda t: plan_changes.plan(sold.overview(next_payment=None, purchasers=(), may_change=False), sold.PLANS, t),
        lambda t: plan_changes.plan(sold.full_overview(), sold.PLANS, t),
        lambda t: plan_changes.plan(sold.overview(raises_by_itself=True), sold.PLANS, t),
        lambda t: plan_changes.plan(sold.ending_overview(), sold.PLANS, t),
    ),
    "blocks.plan_changes.request.filed": (
        lambda t: plan_changes.filed(sold.request(), t),
        lambda t: plan_changes.filed(sold.LARGE_REQUEST, t),
    ),
    "blocks.plan_changes.request.request": (
        lambda t: plan_changes.request(sold.request_form(), sold.PLANS, t),
        lambda t: plan_changes.request(sold.large_request_form(), sold.SELF_SERVICE, t),
    ),
    "blocks.plan_changes.results.changed": (
        lambda t: plan_changes.changed(sold.changed(invoice=None, method=None), sold.PLANS, t, "https://s.example"),
        lambda t: plan_changes.changed(sold.changed(effective_at=sold.PERIOD_END), sold.PLANS, t, "https://s.example"),
        lambda t: plan_changes.changed(sold.changed(assessment=sold.LARGE, superseded=True), sold.PLANS, t, ADDRESS),
    ),
    "blocks.plan_changes.results.changing": (plan_changes.changing,),
    "blocks.plan_changes.results.declined": (
        lambda t: plan_changes.declined(sold.declined(used=None, others=(), link_to=None), "", OperationId("o"), t),
        lambda t: plan_changes.declined(sold.large_decline(), "insufficient_funds", OPERATION, t),
    ),
    "blocks.plan_changes.results.delayed": (plan_changes.delayed,),
    "blocks.plan_changes.results.called_off": (
        lambda t: plan_changes.called_off(ChangeCalledOff(contact=sold.customer()), t),
        lambda t: plan_changes.called_off(ChangeCalledOff(contact=sold.crowd(), too_late=True), t),
    ),
    "blocks.plan_changes.results.expired": (
        lambda t: plan_changes.expired(ContactId("con_1"), "", t),
        lambda t: plan_changes.expired(ContactId("con_1"), LONG, t),
    ),
    "blocks.plan_changes.results.waiting": (
        lambda t: plan_changes.waiting(sold.waiting(), sold.PLANS, t, mailed=False),
        lambda t: plan_changes.waiting(sold.waiting(assessment=sold.LARGE), sold.PLANS, t),
    ),
    "blocks.plan_changes.results.priced": (
        lambda t: plan_changes.priced(sold.reviewed(), OperationId("o"), t),
        lambda t: plan_changes.priced(sold.reviewed(assessment=sold.LARGE), OPERATION, t),
    ),
    "blocks.plan_changes.results.pricing": (plan_changes.pricing,),
    "blocks.plan_changes.results.not_raised": (
        lambda t: plan_changes.not_raised(sold.overview().contact, errors.HighestLimit().reason, t),
        lambda t: plan_changes.not_raised(sold.overview().contact, errors.Declined("card_declined").reason, t),
        lambda t: plan_changes.not_raised(sold.LARGE.contact, errors.Reason(key="Failed"), t),
    ),
    "blocks.plan_changes.results.raising": (
        lambda t: plan_changes.raising(sold.reviewed(), t),
        lambda t: plan_changes.raising(sold.reviewed(assessment=sold.LARGE), t),
    ),
    "blocks.plan_changes.results.refused": (
        lambda t: plan_changes.refused(errors.NotStaff().reason, SHORT_ID, None, t),
        lambda t: plan_changes.refused(REFUSED.reason, LONG_ID, OPERATION, t),
    ),
    "blocks.plan_changes.review.review": (
        lambda t: plan_changes.review(sold.reviewed(method=None), sold.NO_WAY, OperationId("o"), sold.PLANS, t),
        lambda t: plan_changes.review(sold.reviewed(method=None), sold.MANY_WAYS, OPERATION, sold.PLANS, t),
        lambda t: plan_changes.review(sold.period_end_review(), sold.NO_WAY, OPERATION, sold.PLANS, t),
        lambda t: plan_changes.review(sold.credit_review(), sold.NO_WAY, OPERATION, sold.PLANS, t),
        lambda t: plan_changes.review(sold.large_review(), sold.NO_WAY, OPERATION, sold.PLANS, t),
    ),
    "blocks.subscriptions.form.form": (
        lambda t: subscriptions.form(BARE_FORM, t),
        lambda t: subscriptions.form(form(), t),
        lambda t: subscriptions.form(FULL_FORM, t, {"quantity": errors.UnknownCoupon(code=LONG).reason}),
    ),
    "blocks.subscriptions.form.price_choices": (
        lambda t: price_choices((), "", t),
        lambda t: price_choices(FULL_FORM.prices, "", t),
        lambda t: price_choices(FULL_FORM.prices, LONG, t),
    ),
    "blocks.subscriptions.results.declined": (
        lambda t: subscriptions.declined(BARE_REVIEW, BARE_FORM, "", OperationId("o"), t),
        lambda t: subscriptions.declined(FULL_REVIEW, FULL_FORM, "insufficient_funds", OPERATION, t),
    ),
    "blocks.subscriptions.results.delayed": (subscriptions.delayed,),
    "blocks.subscriptions.results.expired": (
        lambda t: subscriptions.expired(SHORT_ID, "", t),
        lambda t: subscriptions.expired(LONG_ID, LONG, t),
    ),
    "blocks.subscriptions.results.failed": (
        lambda t: subscriptions.failed("r", t),
        lambda t: subscriptions.failed(REFERENCE, t),
    ),
    "blocks.subscriptions.results.refused": (
        lambda t: subscriptions.refused(errors.NotStaff().reason, SHORT_ID, t),
        lambda t: subscriptions.refused(REFUSED.reason, LONG_ID, t, operation=OPERATION),
    ),
    "blocks.subscriptions.results.started": (
        lambda t: subscriptions.started(BARE_RECEIPT, SHORT_ID, t),
        lambda t: subscriptions.started(FULL_RECEIPT, LONG_ID, t, ADDRESS),
    ),
    "blocks.subscriptions.results.waiting": (
        lambda t: subscriptions.waiting(waiting_receipt(contact_name="", preview=PLAIN), SHORT_ID, t),
        lambda t: subscriptions.waiting(WAITING, LONG_ID, t),
        lambda t: subscriptions.waiting(WAITING, LONG_ID, t, mailed=False),
    ),
    "blocks.subscriptions.results.working": (subscriptions.working,),
    "blocks.subscriptions.review.changed": (
        lambda t: subscriptions.changed(BARE_REVIEW, t),
        lambda t: subscriptions.changed(FULL_REVIEW, t, PLAIN),
        lambda t: subscriptions.changed(FULL_REVIEW.model_copy(update={"method": None}), t, LARGE),
    ),
    "blocks.subscriptions.review.review": (
        lambda t: subscriptions.review(BARE_REVIEW, t),
        lambda t: subscriptions.review(FULL_REVIEW, t),
    ),
}


def showing() -> Iterator[str]:
    """The public functions of `blocks` that return something to show, by their full names."""
    for module in pkgutil.walk_packages(blocks.__path__, "blocks."):
        if module.name in ("blocks.kit", "blocks.answers") or module.name.endswith("__main__"):
            continue
        for name, function in vars(importlib.import_module(module.name)).items():
            ours = inspect.isfunction(function) and function.__module__ == module.name and not name.startswith("_")
            if ours and _is_shown(get_type_hints(function).get("return")):
                yield f"{module.name}.{name}"


def _is_shown(returned: Any) -> bool:
    """Also in an optional, a tuple or a list."""
    return returned in SHOWN or any(_is_shown(inside) for inside in get_args(returned))


def test_every_function_that_shows_something_has_its_examples() -> None:
    found = set(showing())
    assert found - set(EXAMPLES) == set(), "give these examples with the least and the most data"
    assert set(EXAMPLES) - found == set(), "these are gone from blocks"


def sent(shown: Shown, t: Translator) -> Iterator[dict[str, Any]]:
    """What Slack gets of it: an answer goes into the modal, or into a message when that is closed."""
    yield from (
        part.to_dict() for part in ((shown.modal(t), shown.message()) if isinstance(shown, Answer) else (shown,))
    )


@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_within_slacks_limits(name: str, t: Translator) -> None:
    for example in EXAMPLES[name]:
        shown = example(t)
        for payload in sent(shown, t):
            found = option_problems(payload) if isinstance(shown, Choices) else problems(payload)
            assert [str(problem) for problem in found] == []
            assert "{" not in _words(payload), "a placeholder without its value"


@pytest.mark.parametrize("name", [name for name, examples in EXAMPLES.items() if len(examples) > 1])
def test_the_examples_differ(name: str) -> None:
    """So that what is called least and most data is not the same."""
    (t, _) = BOTH
    made = [json.dumps(list(sent(example(t), t))) for example in EXAMPLES[name]]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("t", BOTH, ids=["en", "de"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_message_has_words_for_notifications(name: str, t: Translator) -> None:
    for example in EXAMPLES[name]:
        shown = example(t)
        if isinstance(shown, Answer | Message):
            message = shown.message() if isinstance(shown, Answer) else shown
            assert message.to_dict()["text"].strip()


def _words(value: Any) -> str:
    """Every text that people read."""
    if isinstance(value, dict):
        if value.get("type") in ("plain_text", "mrkdwn"):
            return str(value["text"])
        return "\n".join(_words(inner) for inner in value.values())
    return "\n".join(_words(inner) for inner in value) if isinstance(value, list) else ""
