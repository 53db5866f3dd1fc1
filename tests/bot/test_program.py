"""The program as a whole, between the local Slack and Stripe: one id through all logs, and no scope too few."""

from __future__ import annotations

import io
import json
import logging
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from billing.operations import State
from bot import logs
from bot.manifest import SCOPES
from bot.sandbox.workspace.api import METHODS
from tests.support.world import World, world

VISA = "pm_card_visa"


@pytest.fixture(scope="module")
def running(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    file = tmp_path_factory.mktemp("program") / "kontor.db"
    shutil.copyfile(sqlite_template, file)
    with world(f"sqlite:///{file}") as made:
        yield made


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("json", "info")
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_one_id_leads_from_slacks_request_to_stripes(running: World, written: io.StringIO) -> None:
    ada = running.contact(VISA, name="Ada Traced", email="ada.traced@example.com")
    mia = running.person("agent")
    assert mia.types(f"/billing subscribe {ada.email}").ok
    assert mia.submits({"price": "desk-team-month-eur", "quantity": 3}).ok
    written.truncate(0)
    written.seek(0)
    assert mia.submits().ok
    mia.waits_for(lambda one: "läuft" in one.text, 30)
    running.eventually(lambda: "payment_succeeded" in running.timeline(ada))

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    (traced,) = {line["trace"] for line in lines if line.get("step") == "perform"}
    (operation,) = {line["operation"] for line in lines if line.get("trace") == traced and "operation" in line}
    stored = running.operation(operation)
    assert (stored.state, stored.trace, stored.contact) == (State.DONE, traced, ada.id)

    created = running.stripe.v1.events.list({"type": "customer.subscription.created"}).data[0]
    assert created.data.object["customer"] == ada.customer
    assert created.request is not None
    at_stripe = [line for line in lines if line.get("stripe_request") == created.request.id]
    assert [(line["trace"], line["method"], line["step"]) for line in at_stripe] == [(traced, "POST", "perform")]

    told = written.getvalue()
    secrets = [running.environment[name] for name in ("SLACK_BOT_TOKEN", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET")]
    assert not [private for private in (*secrets, "Ada Traced", ada.email) if private in told]


def test_every_method_that_was_called_is_covered_by_a_scope(running: World) -> None:
    """The workspace refuses what lacks its scope; here that the manifest asks for nothing that was not needed."""
    mia = running.person("agent")
    mia.types("/billing")
    running.app.directory.refresh()
    called = {entry["what"] for entry in running.workspace.log() if entry["direction"] == "from_app"}
    assert {"views.open", "users.info", "usergroups.list", "auth.test"} <= called
    needed = {METHODS[name].scope for name in called} - {None}
    assert needed <= set(SCOPES)
    assert running.workspace.refused == []
