"""Requests as Slack signs them, for tests that send what no honest client would."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import requests


def post(
    url: str, secret: str, fields: dict[str, str], *, at: float | None = None, **headers: str
) -> requests.Response:
    """Send form fields, signed with the secret at that time (now)."""
    body = urlencode(fields)
    timestamp = str(int(at or time.time()))
    base = f"v0:{timestamp}:{body}".encode()
    signature = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    sent = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature,
        **headers,
    }
    return requests.post(f"{url}/slack/events", body, headers=sent, timeout=30)


def submission(user: str, team: str, callback: str, *, view_id: str, metadata: dict[str, Any], **state: Any) -> str:
    """The payload of a `view_submission`, as anybody could write it who had the secret."""
    return json.dumps(
        {
            "type": "view_submission",
            "team": {"id": team, "domain": "test"},
            "user": {"id": user, "username": "x", "name": "x", "team_id": team},
            "api_app_id": "A0",
            "token": "t",
            "trigger_id": "1.2.3",
            "view": {
                "id": view_id,
                "type": "modal",
                "callback_id": callback,
                "private_metadata": json.dumps(metadata),
                "hash": "1.abc",
                "root_view_id": view_id,
                "previous_view_id": None,
                "blocks": [],
                "state": {"values": {name: {name: value} for name, value in state.items()}},
            },
            "response_urls": [],
            "is_enterprise_install": False,
            "enterprise": None,
        }
    )
