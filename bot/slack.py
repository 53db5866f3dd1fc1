"""The Bolt app: one listener for each kind of request, because Bolt asks its listeners in turn and we look ids up."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler

from bot.settings import Settings
from handlers.conversation import Conversation
from handlers.router import Kind

ANYTHING = re.compile(r".*", re.DOTALL)
CALL_SECONDS = 10


def slack_client(settings: Settings) -> WebClient:
    """A client for Slack's Web API that repeats what did not get through."""
    return _client(settings, settings.slack_bot_token.get_secret_value())


def _client(settings: Settings, token: str | None) -> WebClient:
    return WebClient(
        token=token,
        base_url=settings.slack_api_url,
        timeout=CALL_SECONDS,
        retry_handlers=[ConnectionErrorRetryHandler(max_retry_count=1)],
    )


def create_bolt(settings: Settings, conversation: Conversation) -> App:
    """The app. Requests with a wrong or old signature end in a 401 before anything of them is read."""
    token = settings.slack_bot_token.get_secret_value()

    logging.getLogger("slack_bolt.App").addFilter(_worth_saying)

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    app = App(
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        authorize=authorize,
        client=_client(settings, None),  # each request gets the token of `authorize`
        process_before_response=True,
        token_verification_enabled=False,
        ssl_check_enabled=False,
        attaching_function_token_enabled=False,  # we offer no steps for Slack's workflows
    )
    # Bolt asks in this order, and each question takes a tenth of the time that a whole answer takes.
    _listen(app.view, Kind.VIEW, conversation)
    _listen(app.options, Kind.OPTIONS, conversation)
    _listen(app.command, Kind.COMMAND, conversation)
    _listen(app.action, Kind.ACTION, conversation)
    _listen(app.shortcut, Kind.SHORTCUT, conversation)
    _listen(app.event, Kind.EVENT, conversation)
    return app


def _listen(register: Callable[..., Callable[..., Any]], kind: Kind, conversation: Conversation) -> None:
    def listener(body: dict[str, Any], ack: Ack, client: WebClient, respond: Respond) -> None:
        conversation.handle(kind, body, ack, client, respond)

    register(ANYTHING)(listener)


def _worth_saying(record: logging.LogRecord) -> bool:
    """Bolt reads SLACK_BOT_TOKEN from the environment by itself, to say that it does not need it."""
    return record.getMessage() != warning_client_prioritized_and_token_skipped()
