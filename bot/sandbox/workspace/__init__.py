"""A local Slack workspace for one app, over real HTTP on 127.0.0.1: as strict as Slack, with people to act as."""

from bot.sandbox.workspace.app import create_app, serve
from bot.sandbox.workspace.common import (
    APP_ID,
    APP_TOKEN,
    BOT_ID,
    BOT_TOKEN,
    BOT_USER_ID,
    SIGNING_SECRET,
    TEAM_ID,
    Timing,
)
from bot.sandbox.workspace.manifest import default_manifest
from bot.sandbox.workspace.people import PEOPLE

__all__ = [
    "APP_ID",
    "APP_TOKEN",
    "BOT_ID",
    "BOT_TOKEN",
    "BOT_USER_ID",
    "PEOPLE",
    "SIGNING_SECRET",
    "TEAM_ID",
    "Timing",
    "create_app",
    "default_manifest",
    "serve",
]
