"""The copies of a request's card in Slack, which all show the same state: claimed, posted, changed and adopted.

A copy is claimed before it is posted, so that two jobs never post it twice. A job that dies between posting and writing
that down posts again; the lost copy is adopted as soon as somebody clicks in it. Every job shows the state of now and
looks once more whether it still is, so no job can leave an older state behind.
"""

from __future__ import annotations

import zlib

from billing.change_requests.model import Card, ChangeRequest
from billing.ids import RequestId, UserId
from billing.ports import Job, UnitOfWork

PIPELINE = "change_request_cards"  # argument: request:number, as `refresh` makes it
_LOST = "@"  # between the place and the timestamp of a copy that was lost and found


def claim(uow: UnitOfWork, request: RequestId, place: str, job: int) -> Card | None:
    """The copy at that place, if it is posted or this job is the one to post it; None when another job is posting it.

    `job` is another number for every job of a request; while a copy is being posted it stands in `shown`.
    """
    mine = Card(request=request, place=place, shown=job)
    if uow.requests.claim_card(mine):
        return mine
    there = next(one for one in uow.requests.cards(request) if one.place == place)
    if there.channel or there.shown == job:
        return there
    if there.shown == 0:
        uow.requests.save_card(mine)
        return mine
    return None


def shown(uow: UnitOfWork, card: Card) -> int:
    """Write down where it is and what it shows; the version of now, which may be another already."""
    uow.requests.save_card(card)
    return uow.requests.get(card.request).version


def clicked(uow: UnitOfWork, request_id: RequestId, channel: str, ts: str) -> None:
    """Somebody clicked in a copy. If it is a lost one, or shows an old state, have it shown as it is now."""
    request = uow.requests.get(request_id)
    cards = uow.requests.cards(request_id)
    place = place_of(request, channel, uow.actor.user)
    known = next((one for one in cards if (one.channel, one.ts) == (channel, ts)), None)
    if known and known.shown >= request.version:
        return
    if known is None:
        at_place = next((one for one in cards if one.place == place), None)
        is_lost = at_place is not None and at_place.channel is not None
        uow.requests.save_card(
            Card(request=request_id, place=f"{place}{_LOST}{ts}" if is_lost else place, channel=channel, ts=ts)
        )
    refresh(uow, request, f"{channel}:{ts}")


def refresh(uow: UnitOfWork, request: ChangeRequest, why: str) -> None:
    """Have all copies shown as they are now. The same reason at the same version is one job."""
    id_ = f"{request.id}:{request.version}:{why}"
    number = -(zlib.crc32(id_.encode()) >> 1) - 1  # negative: the job of a version has the version as its number
    uow.enqueue(Job(id=id_, name=PIPELINE, argument=f"{request.id}:{number}"))


def place_of(request: ChangeRequest, channel: str, user: UserId) -> str:
    """Where that person sees it: in a channel, or among their direct messages."""
    if not channel.startswith("D"):
        return f"channel:{channel}"
    return f"filer:{user}" if user == request.filed_by.user else f"approver:{user}"


def reader_of(card: Card) -> UserId | None:
    """Whose direct message it is; None for a channel, which several people read."""
    kind, _, whose = card.place.partition(":")
    return None if kind == "channel" else UserId(whose.partition(_LOST)[0])


def address_of(card: Card) -> str:
    """Where a copy is posted: a channel, or a person."""
    return card.place.partition(":")[2].partition(_LOST)[0]
