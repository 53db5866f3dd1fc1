"""`/billing away`: out of office, and who decides change requests meanwhile (A24)."""

from __future__ import annotations

from datetime import date

from billing.change_requests.model import Absence
from blocks import kit
from blocks.answers import Answer
from blocks.texts import Mrkdwn, Translator, joined


class Id:
    FORM = "absence"  # callback; fields: first, last, deputy
    END = "absence.end"  # button


def form(current: Absence | None, today: date, t: Translator) -> kit.Modal:
    """First and last day and the deputy; an absence that is planned or running can be ended."""
    return kit.Modal(
        title=t("Out of office"),
        blocks=[
            kit.section(
                t.rich(
                    "While you are away your deputy is asked to decide change requests and invoices: at once if nobody "
                    "else is there, otherwise when something was left lying."
                )
            ),
            *_current(current, t),
            kit.field_input(
                t("First day"),
                kit.day_input("absence.first", initial=current.first if current else today),
                block_id="first",
            ),
            kit.field_input(
                t("Last day"),
                kit.day_input("absence.last", initial=current.last if current else None),
                block_id="last",
            ),
            kit.field_input(
                t("Deputy"),
                kit.person_input(
                    "absence.deputy",
                    placeholder=t("Choose a colleague"),
                    initial=current.deputy if current else None,
                ),
                block_id="deputy",
                hint=t("A colleague with a role in Kontor. Nobody decides what they filed themselves."),
            ),
        ],
        callback_id=Id.FORM,
        submit=t("Save"),
        close=t("Cancel"),
    )


def noted(absence: Absence, t: Translator) -> Answer:
    text = t("You are out of office from {first} to {last}.", first=absence.first, last=absence.last)
    return Answer(
        title=t("Out of office"),
        text=text,
        blocks=[kit.section(joined(["🌴 " + text, _deputy(absence, t)]))],
        final=True,
    )


def ended(t: Translator) -> Answer:
    text = t("Welcome back. You are asked for decisions again.")
    return Answer(
        title=t("Out of office"),
        text=text,
        blocks=[
            kit.section(joined(["👋 " + text, t("What your deputy was asked meanwhile, both of you can decide.")])),
        ],
    )


def _current(current: Absence | None, t: Translator) -> list[kit.Block]:
    if current is None:
        return []
    days = t.rich("🌴 *Noted:* {first} to {last}", first=current.first, last=current.last)
    button = kit.button(
        t("End it"),
        Id.END,
        confirm=kit.confirm(
            t("Are you back?"),
            t("The absence ends, and you are asked for decisions again."),
            yes=t("I am back"),
            no=t("Cancel"),
        ),
    )
    return [kit.section(joined([days, _deputy(current, t)]), accessory=button)]


def _deputy(absence: Absence, t: Translator) -> Mrkdwn:
    return t.rich("Deputy: {person}", person=Mrkdwn(f"<@{absence.deputy}>"))
