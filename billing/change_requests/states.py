"""Where a change request may go: pure, without rows and without rights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing.change_requests.model import LONGEST_NOTE, Act, ChangeRequest, Decision, Person, RequestState
from billing.errors import AlreadyDecided, ReasonMissing

S = RequestState

# From where an act leads where. What is not here is refused (AlreadyDecided).
LEADS_TO: Mapping[tuple[RequestState, Act], RequestState] = {
    (S.FILED, Act.APPROVE): S.APPROVED,
    (S.FILED, Act.REJECT): S.REJECTED,
    (S.FILED, Act.ASK): S.ASKED,
    (S.FILED, Act.WITHDRAW): S.WITHDRAWN,
    (S.FILED, Act.SUPERSEDE): S.SUPERSEDED,
    (S.FILED, Act.FAIL): S.FAILED,
    (S.ASKED, Act.ANSWER): S.FILED,
    (S.ASKED, Act.REJECT): S.REJECTED,
    (S.ASKED, Act.WITHDRAW): S.WITHDRAWN,
    (S.ASKED, Act.SUPERSEDE): S.SUPERSEDED,
    (S.ASKED, Act.FAIL): S.FAILED,
    (S.APPROVED, Act.SCHEDULE): S.SCHEDULED,
    (S.APPROVED, Act.TAKE_EFFECT): S.EFFECTIVE,
    (S.APPROVED, Act.SUPERSEDE): S.SUPERSEDED,
    (S.APPROVED, Act.FAIL): S.FAILED,
    (S.SCHEDULED, Act.TAKE_EFFECT): S.EFFECTIVE,
    (S.SCHEDULED, Act.KEEP): S.KEPT,
    (S.SCHEDULED, Act.SUPERSEDE): S.SUPERSEDED,
    (S.SCHEDULED, Act.FAIL): S.FAILED,
}
_NEED_WORDS = (Act.REJECT, Act.ASK, Act.ANSWER)


def move(
    request: ChangeRequest,
    act: Act,
    by: Person | None,
    at: datetime,
    note: str = "",
    *,
    override: bool = False,
    **facts: Any,
) -> ChangeRequest:
    """The request after the act, with its audit row; `facts` are fields that become known by it.

    An approval that is not the last one needed leaves the state as it is. Raises AlreadyDecided for what is no longer
    possible, ReasonMissing where words are needed.
    """
    state = LEADS_TO.get((request.state, act))
    if state is None:
        raise already_decided(request)
    words = note.strip()[:LONGEST_NOTE]
    if not words and (act in _NEED_WORDS or override):
        raise ReasonMissing
    if act is Act.APPROVE and len(request.approvals) + 1 < request.approvals_needed:
        state = request.state
    version = request.version + 1
    decision = Decision(number=version, act=act, by=by, at=at, note=words, override=override)
    return request.model_copy(
        update={
            "version": version,
            "state": state,
            "decisions": (*request.decisions, decision),
            "nudged_at": at,
            **facts,
        }
    )


def already_decided(request: ChangeRequest) -> AlreadyDecided:
    """The refusal that says who was quicker, what became of it, when and why."""
    last = request.last
    return AlreadyDecided(
        state=request.state.value,
        by=last.by.name if last.by else "Stripe",
        at=last.at.isoformat(),
        note=(last.note or None) if last.by else None,
    )
