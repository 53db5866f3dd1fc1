"""Who is told of what happened to a request by a message of their own, beside the cards, which all change (A24).

A changed card makes no sound: whoever has to act, or waits for the outcome, gets a message. Who did it, gets none.
"""

from __future__ import annotations

from billing.change_requests.model import Act, ChangeRequest, RequestState
from billing.ids import UserId


def news_for(request: ChangeRequest) -> tuple[UserId, ...]:
    """Of the last act. The filing itself comes as a new card, which is news enough."""
    by = request.last.by
    return tuple(user for user in dict.fromkeys(_concerned(request)) if by is None or user != by.user)


def _concerned(request: ChangeRequest) -> tuple[UserId, ...]:
    filer = request.filed_by.user
    deciders = tuple(one.user for one in request.deciders)
    match request.last.act:
        case Act.APPROVE:
            return (filer,) if request.state is not RequestState.FILED else ()
        case Act.ASK | Act.REJECT | Act.TAKE_EFFECT | Act.KEEP:
            return (filer,)
        case Act.ANSWER:
            return deciders
        case Act.SUPERSEDE | Act.FAIL:
            return (filer, *deciders)
        case Act.FILE | Act.WITHDRAW | Act.SCHEDULE:
            return ()
