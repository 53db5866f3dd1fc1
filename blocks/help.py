"""`/billing help`: the commands, and short answers to the questions that colleagues ask (C2, C25)."""

from __future__ import annotations

from functools import lru_cache

from billing.roles import PERMISSIONS, Permission
from blocks import kit, words
from blocks.kit import Message
from blocks.texts import Mrkdwn, Translator, bold, joined, later
from blocks.topics import TOPICS, find_topic


class Id:
    HELPFUL = "help.helpful"  # button; value: the topic, or `overview`
    NOT_HELPFUL = "help.not_helpful"  # the same
    TOPIC = "help.topic"  # menu; value: the topic


OVERVIEW = "overview"

_COMMANDS = (
    (later("/billing"), later("find a customer")),
    (later("/billing NAME"), later("go straight to a customer’s card")),
    (later("/billing subscribe NAME"), later("start a subscription")),
    (later("/billing history NAME"), later("see everything that happened to a customer")),
    (later("/billing plan NAME"), later("see and change a customer’s plan")),
    (later("/billing approvals"), later("change requests and invoices to approve: what waits for you, and all others")),
    (later("/billing away"), later("out of office, with a deputy for decisions")),
    (later("/billing billing-contact NAME"), later("who gets the invoices, and how that is changed")),
    (later("/billing invoice NAME"), later("write an invoice")),
    (later("/billing invoices NAME"), later("see a customer’s invoices; without a name all drafts")),
    (later("/billing help TOPIC"), later("help on one topic")),
    (later("/billing help TOPIC NAME"), later("what holds for one customer, as in: help why-not ada@example.com")),
)


def help_message(topic: str, t: Translator) -> Message:
    """The overview for an empty topic, else the topic as typed, the nearest one, or the overview with a remark."""
    wanted = topic.strip().casefold()[:100]
    if not wanted or wanted == OVERVIEW:
        return _overview(t.language)
    found = find_topic(wanted)
    if found is None:
        return _overview_for_unknown(topic, t)
    return _topic(found.name, t.language)


def thanks(t: Translator, *, helpful: bool) -> Message:
    """The answer to the feedback buttons."""
    text = (
        t("Thank you, good to know.")
        if helpful
        else t("Thank you. We will look at this page. Until then an admin or the billing team can help.")
    )
    return Message(text=text, blocks=[kit.section(text)])


@lru_cache(maxsize=8)
def _overview(language: str) -> Message:
    t = Translator(language)
    commands = [Mrkdwn(f"• `{t.rich(command)}`: {t.rich(text)}") for command, text in _COMMANDS]
    return Message(
        text=t("Help with billing in Slack"),
        blocks=[
            kit.section(
                joined(
                    [
                        t.rich("*Billing without leaving the conversation*"),
                        *commands,
                        t.rich("`/abrechnung` does the same. A message’s menu has *Bill this customer*."),
                    ]
                )
            ),
            *_feedback(OVERVIEW, t),
        ],
    )


def _overview_for_unknown(topic: str, t: Translator) -> Message:
    overview = _overview(t.language)
    remark = t(
        "There is no help on “{topic}”. Choose a topic from the menu below, or take one of these commands:",
        topic=topic[:100],
    )
    return Message(text=remark, blocks=[kit.section(remark), *overview.blocks])


@lru_cache(maxsize=64)
def _topic(name: str, language: str) -> Message:
    t = Translator(language)
    topic = next(one for one in TOPICS if one.name == name)
    paragraphs = [t.rich(paragraph) for paragraph in topic.paragraphs]
    if name == "permissions":
        paragraphs += [t.rich("• {what}: {who}", what=words.permission(one, t), who=_who(one, t)) for one in Permission]
    return Message(
        text=t(topic.title),
        blocks=[kit.section(joined([bold(t(topic.title)), *paragraphs])), *_feedback(name, t)],
    )


def _who(permission: Permission, t: Translator) -> str:
    return words.roles(PERMISSIONS[permission], t)


def _feedback(topic: str, t: Translator) -> list[kit.Block]:
    options = [kit.option(t(one.title), one.name) for one in TOPICS]
    return [
        kit.actions(
            kit.select(Id.TOPIC, options, placeholder=t("More help on …")),
            kit.button(t("👍 Helpful"), Id.HELPFUL, value=topic),
            kit.button(t("👎 Not helpful"), Id.NOT_HELPFUL, value=topic),
        )
    ]
