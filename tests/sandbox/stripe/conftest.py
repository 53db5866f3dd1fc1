"""A local Stripe in memory whose clock starts on 15 January 2026."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from bot.sandbox.server import running
from bot.sandbox.stripe import create_app
from tests.sandbox.stripe.local import Local, utc


@pytest.fixture
def local() -> Iterator[Local]:
    app = create_app(start_at=utc("2026-01-15"))
    with running(app) as url:
        client = stripe.StripeClient("sk_test_anything", base_addresses={"api": url}, max_network_retries=0)
        yield Local(app, url, client.v1)
    app.close()
