"""What is said of a link by which the customer adds a payment method: it is out, or nobody used it (H30, H31)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.ports import SetupLink
from blocks import kit
from blocks.answers import Answer
from blocks.graphemes import fit
from blocks.texts import Mrkdwn, Translator, joined, link


def sent(
    name: str,
    said: str,
    what_waits: Mrkdwn,
    found: SetupLink | None,
    buttons: Sequence[kit.Element],
    t: Translator,
    *,
    mailed: bool = True,
) -> Answer:
    """The link is out, or ready to be passed on where it could not be mailed; `what_waits` goes on by itself.

    `said` is the sentence for notifications.
    """
    return Answer(
        title=title(t, mailed=mailed),
        text=said,
        blocks=[
            kit.section(head(name, t, mailed=mailed)),
            kit.section(what_waits),
            *([_to_pass_on(found, t)] if found else []),
            kit.actions(*buttons),
        ],
    )


def title(t: Translator, *, mailed: bool) -> str:
    return t("Link sent") if mailed else t("Link is ready")


def head(name: str, t: Translator, *, mailed: bool) -> Mrkdwn:
    """Where the link is: with the customer, or only here."""
    name = fit(name, 300)
    if mailed:
        return t.rich("📨 *The link is on its way to {name}.*", name=name)
    return t.rich("🔗 *The link for {name} could not be mailed. Please pass it on.*", name=name)


def expired(said: str, shown: Mrkdwn, buttons: Sequence[kit.Element], t: Translator) -> Answer:
    """The customer did not use the link in time; somebody should know."""
    return Answer(title=t("Link expired"), text=said, blocks=[kit.section(shown), kit.actions(*buttons)])


def _to_pass_on(found: SetupLink, t: Translator) -> kit.Block:
    return kit.section(
        joined(
            [
                t.rich(
                    "*The link, to pass it on in the conversation* (valid until {until}):",
                    until=found.expires_at,
                ),
                link(found.url, found.url),
            ]
        )
    )
