"""A request as a modal: before and after, what it means, every decision with who and when, and what can be done now."""

from __future__ import annotations

from collections.abc import Iterator

from billing.catalogue import Catalogue
from billing.change_requests.lists import RequestView
from billing.change_requests.model import Origin
from blocks import kit, ways
from blocks.answers import Answer
from blocks.change_requests import facts
from blocks.change_requests.buttons import buttons
from blocks.change_requests.card import sections
from blocks.change_requests.ids import Id
from blocks.graphemes import fit
from blocks.plan_changes.request import deciders
from blocks.texts import Mrkdwn, Translator

DECISIONS = 40  # acts that are shown one by one; the export has all


def page(view: RequestView, catalogue: Catalogue, t: Translator, *, final: bool = False) -> kit.Modal:
    """Everything about it. `final`: closing it closes what lies below, too, which shows an older state."""
    request = view.request
    return kit.Modal(
        title=t("Change request"),
        blocks=[
            kit.section(t.rich("🔽 *Change request for {name}*", name=fit(request.contact_name, 300))),
            kit.section(facts.stands(view, t)),
            *_actions(view, catalogue, t),
            kit.divider(),
            kit.section(facts.changes(request, catalogue, t)),
            *kit.fields(
                {
                    t("Price before discount and tax"): facts.money(view, t),
                    t("Difference"): facts.money_a_month(view, t),
                }
            ),
            *sections(_meaning(view, catalogue, t)),
            kit.divider(),
            *kit.fields({**facts.who(view, t), **_more(view, t)}),
            *sections([facts.remark(request, t)]),
            kit.divider(),
            kit.section(t.rich("*What was done*")),
            *(kit.context(one) for one in facts.trail(request.decisions, t, DECISIONS)),
        ],
        callback_id=Id.PAGE,
        close=t("Close"),
        metadata={"request": request.id},
        clear_on_close=final,
    )


def under_way(t: Translator) -> Answer:
    """Stripe is being told; the cards change when it is done."""
    text = t("Stripe is being told. The result appears here and on the request’s card in a moment.")
    return Answer(title=t("One moment"), text=text, blocks=[kit.section(t.rich("⏳ {text}", text=text))], final=False)


def _actions(view: RequestView, catalogue: Catalogue, t: Translator) -> Iterator[kit.Block]:
    yield kit.actions(*buttons(view, catalogue, t), ways.card(view.request.contact, t))


def _meaning(view: RequestView, catalogue: Catalogue, t: Translator) -> Iterator[Mrkdwn]:
    yield facts.lost(view.request, t)
    if view.request.impact.lost:
        yield t.rich("Automations that use what is lost are switched off when the change takes effect.")
    yield facts.limits(view.request, catalogue, t)
    yield facts.above(view, t)


def _more(view: RequestView, t: Translator) -> dict[str, str]:
    request = view.request
    return {
        t("Customer is written to at"): fit(request.reply_to, 200),
        t("Came in by"): t("help ticket") if request.origin is Origin.TICKET else t("form"),
        t("Who decides"): deciders(request.deciders, t),
        t("Effective at"): t.datetime(request.effective_at) if request.effective_at else "",
    }
