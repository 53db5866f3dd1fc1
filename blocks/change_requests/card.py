"""A request as a message: in the managers' channel, and as a direct message to who decides and who filed it (A24)."""

from __future__ import annotations

from collections.abc import Iterable

from billing.catalogue import Catalogue
from billing.change_requests.lists import RequestView
from billing.change_requests.model import Act, Decision
from blocks import kit, ways, words
from blocks.change_requests import facts
from blocks.change_requests.buttons import buttons
from blocks.graphemes import fit
from blocks.kit import Message
from blocks.texts import Mrkdwn, Translator, joined, later

TRAIL = 4  # acts that a card shows; the page shows all

# What is news, by what was done: `{who}` did it, `{name}` is the customer, `{change}` what it is about.
_NEWS = {
    Act.APPROVE: later("👍 {who} has approved the change for {name}: {change}"),
    Act.REJECT: later("👎 {who} has rejected the change for {name}: {change}"),
    Act.ASK: later("❓ {who} asks about the change for {name}: {change}"),
    Act.ANSWER: later("💬 {who} has answered about the change for {name}: {change}"),
    Act.TAKE_EFFECT: later("✅ The change for {name} is in effect: {change}"),
    Act.KEEP: later("🔒 {who} has called off the change for {name}: {change}"),
    Act.SUPERSEDE: later("⏭️ Another change for {name} supersedes this one: {change}"),
    Act.FAIL: later("⚠️ The change for {name} could not be made: {change}"),
}


def card(view: RequestView, catalogue: Catalogue, t: Translator) -> Message:
    """The request as it stands now, with what the reader may do."""
    request = view.request
    name = fit(request.contact_name, facts.NAMES)
    return Message(
        text=t(
            "Change request for {name}: {change} ({state})",
            name=name,
            change=facts.summary(request, catalogue, t),
            state=words.request_state(request.state, t),
        ),
        blocks=[
            kit.section(t.rich("🔽 *Change request for {name}*", name=fit(request.contact_name, 300))),
            kit.section(facts.changes(request, catalogue, t)),
            *kit.fields(
                {
                    t("Price before discount and tax"): facts.money(view, t),
                    t("Difference"): facts.money_a_month(view, t),
                    **facts.who(view, t),
                }
            ),
            *sections([facts.remark(request, t), *_meaning(view, t)]),
            *(kit.context(one) for one in facts.trail(request.decisions[1:], t, TRAIL)),
            kit.section(facts.stands(view, t)),
            kit.actions(*buttons(view, catalogue, t), ways.request(request.id, t)),
        ],
    )


def news(view: RequestView, done: Decision, catalogue: Catalogue, t: Translator) -> Message:
    """What was done, for somebody who waits for it or has to act."""
    request = view.request
    text = t(
        _NEWS[done.act],
        who=fit(done.by.name, facts.NAMES) if done.by else t("Somebody"),
        name=fit(request.contact_name, facts.NAMES),
        change=facts.summary(request, catalogue, t),
    )
    why = facts.failure(done.note, t) if done.act is Act.FAIL else facts.quoted(done.note, t)
    return _short(text, why, view, t)


def reminder(view: RequestView, catalogue: Catalogue, t: Translator) -> Message:
    """It still waits for the reader; it never decides itself (slack.md's fifth rule)."""
    request = view.request
    text = t(
        "⏰ The change for {name} has been waiting for {age}: {change}",
        name=fit(request.contact_name, facts.NAMES),
        age=words.age(request.age(view.now), t),
        change=facts.summary(request, catalogue, t),
    )
    return _short(text, facts.stands(view, t), view, t)


def sections(texts: Iterable[Mrkdwn]) -> list[kit.Block]:
    return [kit.section(text) for text in texts if text]


def _meaning(view: RequestView, t: Translator) -> Iterable[Mrkdwn]:
    yield facts.lost(view.request, t)
    yield facts.above(view, t)


def _short(text: str, more: str, view: RequestView, t: Translator) -> Message:
    return Message(text=text, blocks=[kit.section(joined([text, more])), kit.actions(ways.request(view.request.id, t))])
