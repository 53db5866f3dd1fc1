"""An environment with which the program starts, for tests that take something out of it or make it wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings

ENVIRONMENT = {
    "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5",
    "SLACK_BOT_TOKEN": "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcBrzbqgy",
    "STRIPE_API_KEY": "sk_test_BQokikJOvBiI2HlWgH4olfQ2",
    "STRIPE_WEBHOOK_SECRET": "whsec_test_secret",
}


def set_environment(patch: pytest.MonkeyPatch, folder: Path, **changes: str) -> None:
    """These variables and no others of ours, in a folder without a `.env`."""
    for name in Settings.model_fields:
        patch.delenv(name.upper(), raising=False)
    patch.chdir(folder)
    for name, value in (ENVIRONMENT | changes).items():
        patch.setenv(name, value)
