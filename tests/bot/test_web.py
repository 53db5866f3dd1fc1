"""The web application: what is believed, what is refused unread, and what customers and operators see."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from slack_sdk.signature import SignatureVerifier
from werkzeug.test import TestResponse

from billing.errors import Transient
from billing.ids import EventId
from billing.storage.schema import migrate, revisions
from bot.app import build
from bot.engine import migrate_engine
from bot.settings import Settings
from bot.slack import create_bolt
from bot.web import LARGEST_REQUEST, create_web
from handlers.router import Kind
from tests.bot.settings_examples import ENVIRONMENT
from tests.support.shop import Shop

SIGNING, WEBHOOK = ENVIRONMENT["SLACK_SIGNING_SECRET"], ENVIRONMENT["STRIPE_WEBHOOK_SECRET"]


@dataclass
class Listening:
    """A conversation that only takes notes."""

    heard: list[tuple[Kind, Any]] = field(default_factory=list)

    def handle(self, kind: Kind, body: Mapping[str, Any], ack: Any, client: Any, respond: Any) -> None:
        self.heard.append((kind, body))
        ack()


@dataclass
class Site:
    client: FlaskClient
    shop: Shop
    conversation: Listening
    missing: str | None = None

    def slack(self, fields: dict[str, str], *, at: float | None = None, secret: str = SIGNING) -> TestResponse:
        body, moment = urlencode(fields), str(int(at or time.time()))
        signature = SignatureVerifier(secret).generate_signature(timestamp=moment, body=body) or ""
        headers = {"X-Slack-Request-Timestamp": moment, "X-Slack-Signature": signature}
        return self.client.post(
            "/slack/events", data=body, headers=headers, content_type="application/x-www-form-urlencoded"
        )

    def stripe(self, event: dict[str, Any], *, at: float | None = None, secret: str = WEBHOOK) -> TestResponse:
        body, moment = json.dumps(event), int(at or time.time())
        signed = hmac.new(secret.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()
        return self.client.post("/stripe/webhook", data=body, headers={"Stripe-Signature": f"t={moment},v1={signed}"})


def settings(**changes: Any) -> Settings:
    values = {name.lower(): value for name, value in (ENVIRONMENT | changes).items()}
    return Settings(_env_file=None, **values)


@pytest.fixture
def site() -> Site:
    shop, conversation = Shop(), Listening()
    bolt = create_bolt(settings(), conversation)
    made = Site(None, shop, conversation)
    web = create_web(bolt, shop.store, shop.store.catalogue.business, WEBHOOK, lambda: made.missing)
    made.client = web.test_client()
    return made


def event(id_: str = "evt_1", type_: str = "invoice.paid", **subject: Any) -> dict[str, Any]:
    thing = {"id": "in_1", "object": "invoice", "customer": "cus_ada"} | subject
    return {"id": id_, "object": "event", "type": type_, "created": 1772445600, "data": {"object": thing}}


COMMAND = {"command": "/billing", "text": "ada", "team_id": "T1", "user_id": "U1", "trigger_id": "1.2.3"}


def test_a_signed_command_is_heard_and_answered(site: Site) -> None:
    assert site.slack(COMMAND).status_code == 200
    ((kind, body),) = site.conversation.heard
    assert (kind, body["text"]) == (Kind.COMMAND, "ada")


@pytest.mark.parametrize("seconds", [-360, 360])
def test_an_old_signature_of_slack_is_refused_unread(site: Site, seconds: int) -> None:
    assert site.slack(COMMAND, at=time.time() + seconds).status_code == 401
    assert site.conversation.heard == []


def test_a_wrong_signature_of_slack_is_refused_unread(site: Site) -> None:
    assert site.slack(COMMAND, secret="another").status_code == 401
    assert site.client.post("/slack/events", data=COMMAND).status_code == 401
    assert site.conversation.heard == []


@pytest.mark.parametrize("wrong", [{"secret": "whsec_another"}, {"at": time.time() - 301}])
def test_a_wrong_or_old_signature_of_stripe_is_refused_unread(site: Site, wrong: dict[str, Any]) -> None:
    assert site.stripe(event(), **wrong).status_code == 401
    for signature in ({}, {"Stripe-Signature": ""}, {"Stripe-Signature": "t=now,v1=yes"}):
        assert site.client.post("/stripe/webhook", data=json.dumps(event()), headers=signature).status_code == 401
    assert site.client.post("/stripe/webhook", data=b"\xff\xfe").status_code == 401
    assert not site.shop.rows.events


def test_the_same_event_twice_is_stored_once(site: Site) -> None:
    assert [site.stripe(event()).status_code for _ in range(3)] == [200, 200, 200]
    assert list(site.shop.rows.events) == [EventId("evt_1")]
    assert [job.id for job in site.shop.rows.jobs] == ["evt_1"]


def test_an_event_that_we_know_nothing_of_is_kept(site: Site) -> None:
    assert (
        site.stripe(event("evt_2", "treasury.odd_thing.happened", object="odd_thing", customer=None)).status_code == 200
    )
    stored = site.shop.rows.events[EventId("evt_2")]
    assert (stored.type, stored.customer) == ("treasury.odd_thing.happened", None)


def test_what_is_signed_but_no_event_is_refused_without_a_fault(site: Site) -> None:
    assert site.stripe({"id": "evt_1"}).status_code == 400
    assert not site.shop.rows.events


@pytest.mark.parametrize("more", [{"livemode": True}, {"account": "acct_1"}, {"api_version": "2019-01-01"}])
def test_an_event_of_another_mode_account_or_version_is_kept_like_others(site: Site, more: dict[str, Any]) -> None:
    """It only says that something happened: whether there is such a customer is asked at Stripe, under our key."""
    assert site.stripe(event() | more).status_code == 200
    assert list(site.shop.rows.events) == [EventId("evt_1")]


@pytest.mark.parametrize("path", ["/slack/events", "/stripe/webhook"])
def test_a_huge_request_is_not_read(site: Site, path: str) -> None:
    assert site.client.post(path, data=b"x" * (LARGEST_REQUEST + 1)).status_code == 413


def test_while_the_database_is_away_stripe_is_asked_to_come_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: object) -> bool:
        raise Transient("database")

    monkeypatch.setattr(site.shop.store, "accept_event", away)
    assert site.stripe(event()).status_code == 503


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("de", "de"),
        ("en-GB", "en"),
        ("fr, de;q=0.5", "de"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_the_customer_reads_the_page_in_their_own_language(site: Site, accepts: str, language: str) -> None:
    titles = {
        "de": ("Vielen Dank, Ihre Zahlungsmethode ist hinterlegt", "Es wurde keine Zahlungsmethode hinterlegt"),
        "en": ("Thank you, your payment method was added", "No payment method was added"),
    }
    for path, title in zip(("added", "not-added"), titles[language], strict=True):
        answer = site.client.get(f"/payment-method/{path}", headers={"Accept-Language": accepts})
        assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
        assert f'<html lang="{language}">' in answer.text
        assert title in answer.text
        assert answer.headers["Vary"] == "Accept-Language"


def test_the_page_runs_nothing_and_is_shown_in_no_frame(site: Site) -> None:
    answer = site.client.get("/payment-method/added")
    assert not re.search(r"<script|javascript:|\son\w+=|<form|https?://", answer.text, re.IGNORECASE)
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert "script-src" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_there_is_nothing_else_to_see(site: Site) -> None:
    for path in ("/", "/payment-method/other", "/payment-method/", "/static/x", "/slack/install"):
        assert site.client.get(path).status_code == 404
    assert site.client.get("/stripe/webhook").status_code == 405


def test_health_says_that_the_process_lives_and_readiness_what_is_missing(site: Site) -> None:
    site.missing = "the tables"
    assert site.client.get("/healthz").status_code == 200
    assert site.client.get("/favicon.ico").status_code == 204
    answer = site.client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the tables")
    site.missing = None
    assert site.client.get("/readyz").status_code == 200


def test_a_process_is_not_ready_on_an_old_schema_or_without_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kontor.db'}"
    migrate(url, revisions()[0])
    app = build(settings(DATABASE_URL=url))
    client = app.web().test_client()
    try:
        assert "kontor migrate" in client.get("/readyz").text
        migrate(url)
        assert client.get("/readyz").status_code == 503, "the engine's tables are missing"
        migrate_engine(url)
        assert client.get("/readyz").status_code == 200
        app.database.close()
        (tmp_path / "kontor.db").rename(tmp_path / "moved.db")
        (tmp_path / "kontor.db").mkdir()
        answer = client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "the database does not answer")
        assert client.get("/healthz").status_code == 200
    finally:
        app.stripe.close()
        app.database.close()


def test_metrics_count_events_and_name_no_customer(site: Site) -> None:
    before = _count(site.client.get("/metrics").text, 'type="customer.updated",kind="new"')
    site.stripe(event("evt_m1", "customer.updated"))
    site.stripe(event("evt_m1", "customer.updated"))
    page = site.client.get("/metrics")
    assert page.content_type.startswith("text/plain")
    assert _count(page.text, 'type="customer.updated",kind="new"') == before + 1
    assert "cus_ada" not in page.text


def _count(page: str, labels: str) -> float:
    by_name = sorted(labels.split(","))
    for line in page.splitlines():
        found = re.fullmatch(r"kontor_stripe_events_total\{(.*)\} (\S+)", line)
        if found and sorted(found[1].split(",")) == by_name:
            return float(found[2])
    return 0


def test_metrics_are_the_sum_over_all_processes(tmp_path: Path) -> None:
    """As `kontor serve` does it with KONTOR_WEB_PROCESSES above one: each process writes to the shared folder."""
    program = (
        "from bot import metrics; metrics.STRIPE_EVENTS.labels('invoice.paid', 'new').inc();"
        "print(metrics.page().decode())"
    )
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    pages = [
        subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [_count(page.stdout, 'type="invoice.paid",kind="new"') for page in pages] == [1, 2]


def test_bolt_starts_without_a_word(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Bolt reads the token from the environment by itself, which is where ours comes from."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", ENVIRONMENT["SLACK_BOT_TOKEN"])
    create_bolt(settings(), Listening())
    assert caplog.records == []
