"""Rate limits by tier, on request."""

from __future__ import annotations

import pytest
import requests
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.sandbox.workspace.api import METHODS
from bot.sandbox.workspace.rates import Rates, Tier
from tests.sandbox.workspace.counterpart import Pair
from tests.support.person import Person

SALES = "C07SALES000"


def enforce(pair: Pair, *, on: bool = True) -> None:
    assert pair.workspace.post("/control/limits", {"enforced": on}) == {"enforced": on}


def test_nothing_is_limited_unless_it_is_asked_for(pair: Pair) -> None:
    assert all(pair.api("usergroups.list")["ok"] for _ in range(25))
    assert pair.workspace.get("/control/limits") == {"enforced": False}


def test_tier_two_is_twenty_a_minute(pair: Pair) -> None:
    enforce(pair)
    assert all(pair.api("usergroups.list")["ok"] for _ in range(20))
    with pytest.raises(SlackApiError) as caught:
        pair.client.usergroups_list()
    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert 1 <= int(caught.value.response.headers["Retry-After"]) <= 60
    assert pair.workspace.refused[-1]["refused"] == ["ratelimited"]
    assert pair.api("users.info", {"user": "U07MIABRNDT"})["ok"], "another method has its own count"
    enforce(pair, on=False)
    assert pair.api("usergroups.list")["ok"]


def test_a_channel_takes_a_message_a_second_and_the_sdk_waits_for_it(pair: Pair, mia: Person) -> None:
    enforce(pair)
    pair.client.chat_postMessage(channel=SALES, text="One")
    url = f"{pair.workspace.url}/api/chat.postMessage"
    headers = {"Authorization": f"Bearer {pair.client.token}"}
    answer = requests.post(url, json={"channel": SALES, "text": "Two"}, headers=headers, timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    pair.client.chat_postMessage(channel="#support", text="Elsewhere")
    pair.client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    pair.client.chat_postMessage(channel=SALES, text="Three")
    assert [m["text"] for m in mia.messages if m["channel"] == SALES][-2:] == ["One", "Three"]


def test_the_window_slides() -> None:
    now = [0.0]
    rates = Rates(clock=lambda: now[0])
    rates.enforce(on=True)
    assert rates.called("x", Tier.ONE) is None
    now[0] = 12.5
    assert rates.called("x", Tier.ONE) == 48  # 60 - 12.5 = 47.5 seconds, rounded up
    now[0] = 60.0
    assert rates.called("x", Tier.ONE) is None


@pytest.mark.parametrize(
    ("tier", "methods"),
    [
        (
            Tier.TWO,
            {"conversations.list", "users.list", "usergroups.list", "usergroups.users.list", "reactions.remove"},
        ),
        (Tier.FOUR, {"views.open", "views.update", "views.push", "views.publish", "users.info", "chat.postEphemeral"}),
        (Tier.THREE, {"chat.update", "chat.delete", "conversations.open", "users.lookupByEmail", "chat.unfurl"}),
    ],
)
def test_tiers_are_those_of_slacks_pages(tier: Tier, methods: set[str]) -> None:
    assert {METHODS[name].tier for name in methods} == {tier}
