"""The local Stripe killed with -9 in the middle of writes, many times on one file: what it acknowledged is there."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import stripe

KILLS = int(os.environ.get("KONTOR_KILLS", "12"))
WRITERS = 4
PROGRAM = """
import sys
from pathlib import Path
from bot.sandbox.server import bind
from bot.sandbox.stripe import create_app
server = bind(create_app(path=Path(sys.argv[1]), public_url="http://local"), 0)
print(server.port, flush=True)
server.serve_forever()
"""

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


@contextmanager
def program(path: Path) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """The local Stripe in a process of its own on that file, and a client of it; killed at the end."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        try:
            yield process, stripe.StripeClient("sk_test_kills", base_addresses={"api": url}, max_network_retries=0)
        finally:
            process.kill()


class Writer(threading.Thread):
    """Writes until nobody answers any more, and keeps what was acknowledged."""

    def __init__(self, client: Any, price: str, number: int) -> None:
        super().__init__(name=f"writer-{number}")
        self.v1 = client.v1
        self.price = price
        self.customers: dict[str, str] = {}
        self.subscriptions: list[str] = []
        self.keys: dict[str, str] = {}

    def run(self) -> None:
        try:
            while True:
                self._write()
        except stripe.APIConnectionError:
            return

    def _write(self) -> None:
        key = f"{self.name}-{random.random()}"
        made = self.v1.customers.create({"name": "first", "payment_method": "pm_card_visa"}, {"idempotency_key": key})
        self.keys[key], self.customers[made.id] = made.id, "first"
        self.v1.customers.update(made.id, {"name": "second"})
        self.customers[made.id] = "second"
        (method,) = self.v1.customers.payment_methods.list(made.id).data
        terms = {"customer": made.id, "items": [{"price": self.price}], "default_payment_method": method.id}
        self.subscriptions.append(self.v1.subscriptions.create(terms).id)


def assert_whole(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        orphans = "SELECT count(*) FROM fields WHERE seq NOT IN (SELECT seq FROM objects)"
        assert database.execute(orphans).fetchone() == (0,)


def assert_there(client: Any, writers: list[Writer]) -> None:
    """Every acknowledged customer, change and subscription, and the whole of each subscription."""
    v1 = client.v1
    for writer in writers:
        for customer, name in writer.customers.items():
            found = v1.customers.retrieve(customer).name
            assert found in ("second", name)  # a change that was made, but not acknowledged any more, is no loss
        for key, customer in writer.keys.items():
            again = v1.customers.create({"name": "first", "payment_method": "pm_card_visa"}, {"idempotency_key": key})
            assert again.id == customer
        for subscription in writer.subscriptions:
            found = v1.subscriptions.retrieve(subscription, {"expand": ["latest_invoice.payments"]})
            assert (found.status, found.latest_invoice.status) == ("active", "paid")
            intent = v1.payment_intents.retrieve(found.latest_invoice.payments.data[0].payment.payment_intent)
            assert v1.charges.retrieve(intent.latest_charge).amount == found.latest_invoice.amount_paid == 900


def test_what_was_acknowledged_survives_every_kill(tmp_path: Path) -> None:
    path, writers = tmp_path / "stripe.db", []
    with program(path) as (_, client):
        product = {"product_data": {"name": "Team"}, "recurring": {"interval": "month"}}
        price = client.v1.prices.create({"currency": "eur", "unit_amount": 900, **product}).id
    for _ in range(KILLS):
        with program(path) as (process, client):
            round_ = [Writer(client, price, number) for number in range(WRITERS)]
            for writer in round_:
                writer.start()
            time.sleep(random.uniform(0.1, 0.6))
            os.kill(process.pid, signal.SIGKILL)
            for writer in round_:
                writer.join()
        writers += round_
        assert_whole(path)
    with program(path) as (_, client):
        assert_there(client, writers)
    assert sum(len(writer.subscriptions) for writer in writers) >= KILLS
    assert_whole(path)
