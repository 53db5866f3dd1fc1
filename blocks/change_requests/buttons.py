"""The buttons of a change request: what the reader may do now, each with a question or a form before it is done."""

from __future__ import annotations

from billing.catalogue import Catalogue
from billing.change_requests.lists import RequestView
from billing.change_requests.model import Act
from blocks import kit, ways
from blocks.change_requests import facts
from blocks.change_requests.ids import Id
from blocks.graphemes import fit
from blocks.texts import Translator


def buttons(view: RequestView, catalogue: Catalogue, t: Translator) -> list[kit.Element]:
    """In the order in which they may be pressed; none where the reader may do nothing now."""
    return [_button(act, view, catalogue, t) for act in view.may]


def _button(act: Act, view: RequestView, catalogue: Catalogue, t: Translator) -> kit.Element:
    request = view.request
    match act:
        case Act.APPROVE if view.above:
            return kit.button(t("Approve all the same …"), Id.APPROVE, value=request.id)
        case Act.APPROVE:
            return kit.button(
                t("Approve"), Id.APPROVE, value=request.id, style="primary", confirm=_approving(view, catalogue, t)
            )
        case Act.REJECT:
            return kit.button(t("Reject …"), Id.REJECT, value=request.id, style="danger")
        case Act.ASK:
            return kit.button(t("Ask back …"), Id.ASK, value=request.id)
        case Act.ANSWER:
            return kit.button(t("Answer …"), Id.ANSWER, value=request.id, style="primary")
        case Act.WITHDRAW:
            return kit.button(t("Withdraw"), Id.WITHDRAW, value=request.id, confirm=_withdrawing(t))
        case Act.KEEP:
            return ways.keep(request.id, t)
        case _:
            raise ValueError(f"nobody presses {act}")


def _approving(view: RequestView, catalogue: Catalogue, t: Translator) -> kit.Confirm:
    text = t(
        "{name}: {change}.",
        name=fit(view.request.contact_name, 80),
        change=fit(facts.summary(view.request, catalogue, t), 120),
    )
    return kit.confirm(t("Approve this change?"), text, yes=t("Approve"), no=t("Back"))


def _withdrawing(t: Translator) -> kit.Confirm:
    return kit.confirm(
        t("Withdraw this request?"),
        t("Nobody decides it any more, and the customer keeps what they have."),
        yes=t("Withdraw"),
        no=t("Back"),
        danger=True,
    )
