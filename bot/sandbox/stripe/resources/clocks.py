"""Test clocks: customers who live in a time of their own, which stands still until it is advanced.

As at Stripe, a clock belongs to at most three customers, and deleting it deletes them. Advancing is done when the call
returns; the answer says `advancing` all the same, as Stripe's does, and the next retrieve says `ready`.
"""

from __future__ import annotations

from bot.sandbox.stripe.account import DAY, TEST_CLOCK, Account, due
from bot.sandbox.stripe.errors import invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.objects import Object
from bot.sandbox.stripe.periods import boundary
from bot.sandbox.stripe.routing import Params, crud, route

from .customers import delete as delete_customer
from .prices import interval_of

_URL = "/v1/test_helpers/test_clocks"
_LIFETIME = 30 * DAY
_TWO_YEARS = 2 * 366 * DAY


def create(account: Account, params: Params) -> Object:
    if "customer" in params:
        raise invalid("The local Stripe puts new customers on a clock only (test_clock of the customer).", "customer")
    if not 0 <= params["frozen_time"] < 10**11:
        raise invalid("frozen_time is out of range.", "frozen_time", "parameter_invalid_integer")
    clock: Object = {
        "id": account.new_id("clock"),
        "object": TEST_CLOCK,
        "created": account.now(),
        "deletes_after": account.now() + _LIFETIME,
        "frozen_time": params["frozen_time"],
        "livemode": False,
        "name": params.get("name"),
        "status": "ready",
        "status_details": {},
    }
    account.store.set_fact("test_clocks", True)
    account.plan(clock["deletes_after"], "test_clock.delete", clock["id"])
    return account.add(clock, "test_helpers.test_clock.created")


crud("test_helpers.TestClock", _URL, kind=TEST_CLOCK, create=create)


@route("GET", _URL, "test_helpers.TestClockListParams")
def list_clocks(account: Account, params: Params) -> Object:
    return page(account, TEST_CLOCK, _URL, params)


@route("POST", f"{_URL}/{{}}/advance", "test_helpers.TestClockAdvanceParams")
def advance(account: Account, params: Params, clock_id: str) -> Object:
    """Everything due for the clock's customers happens in order; at most two of their shortest intervals at once."""
    clock = account.get(TEST_CLOCK, clock_id)
    target, frozen = params["frozen_time"], clock["frozen_time"]
    if target <= frozen:
        raise invalid("frozen_time must be after the test clock's current frozen time.", "frozen_time")
    if target > _farthest(account, clock):
        raise invalid(
            "frozen_time cannot be more than two intervals in the future from the shortest subscription in this test "
            "clock, or two years when it has none.",
            "frozen_time",
        )
    advancing = {**clock, "status": "advancing", "status_details": {"advancing": {"target_frozen_time": target}}}
    account.emit("test_helpers.test_clock.advancing", advancing)
    account.advance_clock(clock_id, target)
    clock["frozen_time"] = target
    account.save(clock)
    account.emit("test_helpers.test_clock.ready", clock)
    return advancing


def _farthest(account: Account, clock: Object) -> int:
    running = account.matching("subscription", test_clock=clock["id"], ended=False)
    ends = [
        boundary(clock["frozen_time"], *interval_of(item["price"]), 2)
        for subscription in running
        for item in subscription["items"]["data"]
    ]
    return min(ends, default=int(clock["frozen_time"]) + _TWO_YEARS)


@route("DELETE", f"{_URL}/{{}}", "test_helpers.TestClockDeleteParams")
def delete(account: Account, _params: Params, clock_id: str) -> Object:
    """The clock's customers are deleted with it, which ends their subscriptions."""
    clock = account.get(TEST_CLOCK, clock_id)
    with account.on_clock(clock_id, clock["frozen_time"]):
        for customer in account.matching("customer", test_clock=clock_id):
            delete_customer(account, {}, customer["id"])
    account.store.forget_due(clock_id)
    account.emit("test_helpers.test_clock.deleted", clock)
    gone = {"id": clock_id, "object": TEST_CLOCK, "deleted": True}
    account.store.put({**gone, "created": clock["created"]})
    return gone


@due("test_clock.delete")
def _delete_due(account: Account, clock_id: str) -> None:
    if account.find(TEST_CLOCK, clock_id) is not None:
        delete(account, {}, clock_id)
