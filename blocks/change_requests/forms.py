"""The small forms in which somebody says why: a rejection, a question, its answer, an approval despite the usage."""

from __future__ import annotations

from billing.catalogue import Catalogue
from billing.change_requests.lists import RequestView
from billing.change_requests.model import LONGEST_NOTE
from blocks import kit
from blocks.change_requests import facts
from blocks.change_requests.ids import Id
from blocks.graphemes import fit
from blocks.texts import Mrkdwn, Translator, joined


def rejection(view: RequestView, catalogue: Catalogue, t: Translator) -> kit.Modal:
    return _form(
        view,
        title=t("Reject the request"),
        callback_id=Id.REJECTION,
        submit=t("Reject"),
        label=t("Why?"),
        hint=t("Your colleagues read this. The customer is only told that the request was not approved."),
        above=facts.changes(view.request, catalogue, t),
        t=t,
    )


def question(view: RequestView, catalogue: Catalogue, t: Translator) -> kit.Modal:
    return _form(
        view,
        title=t("Ask back"),
        callback_id=Id.QUESTION,
        submit=t("Ask"),
        label=t("What do you need to know?"),
        hint=t("{name} gets the question. Until it is answered the request waits.", name=_filer(view)),
        above=facts.changes(view.request, catalogue, t),
        t=t,
    )


def reply(view: RequestView, t: Translator) -> kit.Modal:
    return _form(
        view,
        title=t("Answer the question"),
        callback_id=Id.REPLY,
        submit=t("Answer"),
        label=t("Your answer"),
        hint=t("After that the request waits for a decision again."),
        above=facts.decision(view.request.last, t),
        t=t,
    )


def override(view: RequestView, t: Translator) -> kit.Modal:
    """An approval although the customer uses more than the new limits allow (A4)."""
    return _form(
        view,
        title=t("Approve all the same"),
        callback_id=Id.OVERRIDE,
        submit=t("Approve"),
        label=t("Why is it approved all the same?"),
        hint=t("This is kept with the decision."),
        above=facts.above(view, t),
        t=t,
    )


def _form(
    view: RequestView,
    *,
    title: str,
    callback_id: str,
    submit: str,
    label: str,
    hint: str,
    above: Mrkdwn,
    t: Translator,
) -> kit.Modal:
    name = fit(view.request.contact_name, 300)
    note = kit.text_input(f"{callback_id}.note", at_most=LONGEST_NOTE, multiline=True)
    return kit.Modal(
        title=title,
        blocks=[
            kit.section(joined([t.rich("🔽 *Change request for {name}*", name=name), above])),
            kit.field_input(label, note, block_id="note", hint=hint),
        ],
        callback_id=callback_id,
        submit=submit,
        close=t("Back"),
        metadata={"request": view.request.id},
    )


def _filer(view: RequestView) -> str:
    return fit(view.request.filed_by.name, facts.NAMES)
