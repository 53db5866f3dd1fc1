"""What went wrong, as a line for the person at the terminal."""

from __future__ import annotations

from urllib.error import URLError

from slack_sdk.errors import SlackApiError

from billing.errors import Misconfigured, Transient
from bot.logs import mask
from bot.settings import CannotStart


def line(error: BaseException) -> str:
    """Names what to do where that is known; never a secret."""
    match error:
        case Misconfigured():
            setting = error.reason.parameters.get("setting") or "settings"
            return f"{setting}: refused; it is wrong, or may not do this"
        case Transient():
            return f"no answer ({error.what}); try again later"
        case SlackApiError():
            return f"Slack says {error.response.get('error')}"
        case URLError():  # nobody but Slack's library uses urllib
            return f"Slack does not answer: {error.reason}"
        case CannotStart():
            return str(error)
        case _:
            return mask(str(error)) or type(error).__name__
