"""What came of something that a person did."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin

from bot.sandbox.workspace.common import Json
from bot.sandbox.workspace.delivery import NOT_ENABLED, TIMEOUT, Answer
from bot.sandbox.workspace.tickets import ResponseUrl
from bot.sandbox.workspace.workspace import Workspace

BUTTON_TIMEOUT = "Operation timed out. Apps need to respond within 3 seconds."


@dataclass
class Outcome:
    """`status` is the app's HTTP status: 0 when no answer came, None when nothing was sent.

    `errors` are texts by block_id; `error` is the failure as the person sees it; `confirm` is a confirmation dialog
    that must be agreed to first.
    """

    status: int | None = None
    ms: float = 0.0
    errors: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    confirm: Json | None = None

    def as_json(self) -> Json:
        answer: Json = {"status": self.status, "ms": round(self.ms, 1), "errors": self.errors, "error": self.error}
        if self.confirm:
            answer["confirm"] = self.confirm
        return answer


def of_click(answer: Answer) -> Outcome:
    """After a button, menu or shortcut: Slack says little, and only when it failed."""
    return Outcome(answer.status, answer.ms, error=click_failure(answer))


def click_failure(answer: Answer) -> str | None:
    if answer.failure is None:
        return None
    if answer.failure == TIMEOUT:
        return BUTTON_TIMEOUT
    if answer.failure == NOT_ENABLED:
        return "This app is not configured to handle interactive responses."
    return (
        f"This app responded with Status Code {answer.status}." if answer.status else "This app could not be reached."
    )


def response_url(workspace: Workspace, kind: str, url: ResponseUrl) -> str:
    """A fresh address for late answers; `kind` is the first part of its path, as in Slack."""
    key = workspace.tickets.new_response_url(url)
    return urljoin(workspace.url, f"/{kind}/{key}")
