"""Messages that the program sends by itself: posted, changed, and what becomes of them when their place is gone."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from billing.errors import Transient
from blocks import kit
from blocks.kit import Message, Modal
from handlers.posts import Posted, Posts
from tests.support.slack import FakeSlack, slack_error

MESSAGE = Message(text="Decided", blocks=[kit.section("Decided by Priya")])
MODAL = Modal(title="Customer", blocks=[kit.section("Ada")])


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack()


@pytest.fixture
def posts(slack: FakeSlack) -> Posts:
    return Posts(lambda: slack, "C_MANAGERS")


def test_a_direct_message_is_changed_where_it_was_posted(posts: Posts, slack: FakeSlack) -> None:
    """Slack answers a message to a person with the channel of their direct messages; only that can be changed."""
    posted = posts.post("U1", MESSAGE)
    assert posted == Posted(channel="D1", ts="1.0")
    assert posts.update(posted, MESSAGE)
    [_, update] = slack.calls
    assert (update.method, update.arguments["channel"], update.arguments["ts"]) == ("chat_update", "D1", "1.0")


@pytest.mark.parametrize(
    "error",
    ["channel_not_found", "not_in_channel", "is_archived", "restricted_action_read_only_channel", "user_not_found"],
)
def test_a_place_that_is_gone_is_an_answer_and_a_line_in_the_log(posts: Posts, slack: FakeSlack, error: str) -> None:
    slack.fails["chat_postMessage"].append(slack_error(error))
    with capture_logs() as logged:
        assert posts.post("C1", MESSAGE) is None
    assert [one["error"] for one in logged] == [error]


def test_a_message_that_was_deleted_is_not_changed(posts: Posts, slack: FakeSlack) -> None:
    slack.fails["chat_update"].append(slack_error("message_not_found"))
    assert posts.update(Posted("C1", "1.0"), MESSAGE) is False


def test_a_view_that_was_closed_is_an_answer_without_a_line_in_the_log(posts: Posts, slack: FakeSlack) -> None:
    slack.fails["views_update"].append(slack_error("not_found"))
    with capture_logs() as logged:
        assert posts.update_view("V1", MODAL) is False
    assert not logged
    assert posts.update_view("V1", MODAL)


@pytest.mark.parametrize("method", ["chat_postMessage", "chat_update", "views_update"])
def test_a_busy_slack_is_tried_again_when_it_says(posts: Posts, slack: FakeSlack, method: str) -> None:
    calls = {
        "chat_postMessage": lambda: posts.post("U1", MESSAGE),
        "chat_update": lambda: posts.update(Posted("C1", "1.0"), MESSAGE),
        "views_update": lambda: posts.update_view("V1", MODAL),
    }
    slack.fails[method].append(slack_error("ratelimited", 429, retry_after="7"))
    with pytest.raises(Transient) as busy:
        calls[method]()
    assert busy.value.retry_after == 7
    assert not slack.calls


def test_what_slack_refuses_for_good_is_raised(posts: Posts, slack: FakeSlack) -> None:
    slack.fails["chat_postMessage"].append(slack_error("invalid_blocks"))
    with pytest.raises(Exception, match="invalid_blocks"):
        posts.post("U1", MESSAGE)
