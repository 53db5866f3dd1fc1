"""Short answers that belong to no capability: unknown words, missing roles, outdated buttons, something that broke."""

from __future__ import annotations

from collections.abc import Iterable

from billing.errors import CardNumberEntered, Reason, Refusal
from billing.roles import Role
from blocks import kit, refusals, ways, words
from blocks.answers import Answer
from blocks.invoices.form import changed
from blocks.texts import Translator, joined


def refused(reason: Reason, t: Translator) -> Answer:
    """Any refusal where no view of a capability says it."""
    return _notice(t("Not possible"), refusals.sentence(reason, t), [], icon="🚫", over_form=True)


def look_again(reason: Reason, invoice: str, t: Translator) -> Answer:
    """The invoice is no longer what the form showed: from there it is one click away."""
    said = refusals.sentence(reason, t)
    return Answer(
        title=t("Not possible"),
        text=said,
        blocks=[
            kit.section(joined([t.rich("🚫 *Nothing was done.*"), said])),
            kit.actions(ways.invoice(invoice, t)),
        ],
        final=False,
    )


def card_number(t: Translator) -> Answer:
    """A card number was typed. It is in no log and no row (SX8)."""
    return _notice(
        t("No card numbers, please"),
        refusals.sentence(CardNumberEntered().reason, t),
        [t("Please delete the message if the number stands in one.")],
        icon="🔒",
        over_form=True,
    )


def not_staff(t: Translator) -> Answer:
    """A person without any role: who can give one."""
    return _notice(
        t("No role yet"),
        t("You have no role in Kontor yet, so it cannot show or bill customers."),
        [t("Who can give you one: {roles}.", roles=words.roles([Role.ADMIN], t))],
        icon="👋",
    )


def outdated(t: Translator) -> Answer:
    """A button or a form of an older version, or of something that is over."""
    return _notice(
        t("Out of date"),
        t("This button or form is out of date. Nothing was done."),
        [t.rich("Type `/billing` to see how things stand now.")],
        icon="⌛",
    )


def broken(reference: str, t: Translator) -> Answer:
    """Something broke that nobody foresaw. The reference is in the log, too."""
    return _notice(
        t("Something went wrong"),
        t("Something went wrong on our side."),
        [
            t("Please look at the customer’s card before trying again: it shows what was done."),
            t.rich("If it happens again, give an admin this reference: `{reference}`", reference=reference),
        ],
        icon="⚠️",
    )


def file_follows(t: Translator) -> Answer:
    """A file was asked for and is being made."""
    return _notice(
        t("The file follows"),
        t("The file is being made. It comes as a direct message in a moment."),
        [],
        icon="📄",
    )


def of(refusal: Refusal, t: Translator) -> Answer:
    """The notice for a refusal that was raised."""
    match refusal.reason.key:
        case "NotStaff":
            return not_staff(t)
        case "DraftChanged":
            parameters = refusal.reason.parameters
            return changed(str(parameters.get("by")), str(parameters.get("invoice")), t)
        case "AmountDueChanged" | "LeftToCreditChanged" if "invoice" in refusal.reason.parameters:
            return look_again(refusal.reason, str(refusal.reason.parameters["invoice"]), t)
        case "CardNumberEntered":
            return card_number(t)
        case _:
            return refused(refusal.reason, t)


def _notice(title: str, sentence: str, more: Iterable[str], *, icon: str, over_form: bool = False) -> Answer:
    blocks = [kit.section(joined([f"{icon} {sentence}", *more]))]
    return Answer(title=title, text=sentence, blocks=blocks, final=False, over_form=over_form)
