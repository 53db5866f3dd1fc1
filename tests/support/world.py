"""Everything at once, for flow tests: local Slack, local Stripe, mailbox, and our program between them, over HTTP.

The bot runs in the test's process (its engine too) or as `kontor serve` in a process of its own, which can be killed.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from wsgiref.types import StartResponse, WSGIEnvironment

import requests
import stripe
from rich.console import Console
from sqlalchemy import Engine, create_engine, inspect, text

from billing.contacts import Account, Address, Contact
from billing.ids import ContactId, CustomerId, OperationId
from billing.operations import Operation
from billing.steps import NOBODY
from billing.storage import schema
from billing.storage.engines import parse_url
from bot import chores
from bot.app import App, opened
from bot.engine import migrate_engine
from bot.manifest import app_manifest
from bot.sandbox import mailbox
from bot.sandbox import stripe as local_stripe
from bot.sandbox import workspace as local_workspace
from bot.sandbox.server import WSGIApp, running
from bot.settings import Settings
from tests.support.person import Person, Workspace

T = TypeVar("T")
Witness = Callable[[str], None]
CATALOGUE = Path(__file__).with_name("catalogue.toml")
STRIPE_KEY = "sk_test_flows"
_numbers = count(1)


@dataclass
class World:
    """The running whole. Contacts are made per test, so that one world serves many."""

    app: App
    settings: Settings
    workspace: Workspace
    stripe_url: str
    mailbox_url: str
    bot_url: str
    database: Engine  # to look past the program
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def stripe(self) -> stripe.StripeClient:
        return self.app.stripe.client

    def person(self, who: str) -> Person:
        return self.workspace.person(who)

    def contact(self, *cards: str, **fields: Any) -> Contact:
        """A contact at Stripe and in our rows, with these test cards; the first is the standard one."""
        number = next(_numbers)
        name = fields.pop("name", f"Ada Example {os.getpid()}-{number}")
        email = fields.pop("email", f"ada{os.getpid()}-{number}@example.com")
        address = fields.pop("address", Address(country="DE", city="Berlin", postal_code="10969"))
        customer = self.stripe.v1.customers.create({"name": name, "email": email or "none@example.com"})
        for position, token in enumerate(cards):
            method = self.stripe.v1.payment_methods.attach(token, {"customer": customer.id})
            if position == 0:
                default = {"invoice_settings": {"default_payment_method": method.id}}
                self.stripe.v1.customers.update(customer.id, default)
        contact = Contact(
            id=ContactId(f"con_{customer.id[4:]}"),
            customer=CustomerId(customer.id),
            name=name,
            email=email,
            currency=fields.pop("currency", "EUR"),
            address=address,
            account=fields.pop("account", Account()),
            since=datetime.now(UTC).date(),
            **fields,
        )
        snapshot = self.app.payments.snapshot(contact.customer)
        assert snapshot is not None
        with self.app.desk.writing(NOBODY) as uow:
            uow.contacts.save(contact)
            uow.mirror.replace(contact.id, snapshot)
        return contact

    def subscriptions(self, contact: Contact) -> list[stripe.Subscription]:
        return self.stripe.v1.subscriptions.list({"customer": contact.customer, "status": "all"}).data

    def payments(self, contact: Contact) -> list[stripe.PaymentIntent]:
        """The payments that went through."""
        intents = self.stripe.v1.payment_intents.list({"customer": contact.customer}).data
        return [intent for intent in intents if intent.status == "succeeded"]

    def methods(self, contact: Contact) -> list[str]:
        with self.app.desk.reading(NOBODY) as uow:
            return [method.id for method in uow.mirror.payment_methods(contact.id)]

    def balance(self, contact: Contact) -> int:
        """In the mirror; credit is positive."""
        with self.app.desk.reading(NOBODY) as uow:
            found = uow.mirror.balance(contact.id)
        return found.amount if found else 0

    def stripe_methods(self, contact: Contact) -> list[stripe.PaymentMethod]:
        return self.stripe.v1.customers.payment_methods.list(contact.customer).data

    def timeline(self, contact: Contact) -> list[str]:
        with self.app.desk.reading(NOBODY) as uow:
            return [entry.what.value for entry in uow.timeline.page(contact.id, limit=50).entries]

    def waiting(self, contact: Contact) -> tuple[Operation, ...]:
        with self.app.desk.reading(NOBODY) as uow:
            return uow.operations.waiting(contact.id)

    def operation(self, operation: str) -> Operation:
        with self.app.desk.reading(NOBODY) as uow:
            return uow.operations.get(OperationId(operation))

    def operations(self, contact: Contact) -> list[Operation]:
        """All of this contact, in the order in which they were accepted."""
        with self.database.connect() as connection:
            rows = connection.execute(
                text("SELECT id FROM operations WHERE contact = :contact ORDER BY created_at"), {"contact": contact.id}
            )
            return [self.operation(row.id) for row in rows]

    def jobs(self) -> dict[str, str]:
        """The engine's jobs with the state of each; without what it does by the clock."""
        with self.database.connect() as connection:
            table = "dbos.workflow_status" if connection.dialect.name == "postgresql" else "workflow_status"
            rows = connection.exec_driver_sql(
                f"SELECT workflow_uuid, status FROM {table} WHERE name IN ('operation', 'event')"
            )
            return {row.workflow_uuid: row.status for row in rows}

    def under_way(self) -> int:
        """How many operations have not come to their end."""
        with self.database.connect() as connection:
            open_ones = "SELECT count(*) FROM operations WHERE state = 'accepted'"
            return int(connection.exec_driver_sql(open_ones).scalar_one())

    def is_quiet(self) -> bool:
        """Every operation has come to its end."""
        return self.under_way() == 0

    def everything_stored(self) -> str:
        """All rows of all tables, the engine's included, as text."""
        with self.database.connect() as connection:
            inspector = inspect(connection)
            schemas = [None, "dbos"] if connection.dialect.name == "postgresql" else [None]
            tables = [(schema, table) for schema in schemas for table in inspector.get_table_names(schema)]
            names = [f'"{schema}"."{table}"' if schema else f'"{table}"' for schema, table in tables]
            return "".join(str(connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall()) for name in names)

    def only_row(self, **fields: Any) -> Contact:
        """A contact that only our rows know."""
        number = next(_numbers)
        contact = Contact(
            id=ContactId(f"con_row{os.getpid()}x{number}"),
            customer=CustomerId(f"cus_row{os.getpid()}x{number}"),
            currency="EUR",
            address=Address(country="DE"),
            since=datetime.now(UTC).date(),
            **fields,
        )
        with self.app.desk.writing(NOBODY) as uow:
            uow.contacts.save(contact)
        return contact

    def metadata(self, person: Person) -> dict[str, Any]:
        """What the view on top carries, hidden from people."""
        assert person.view
        found: dict[str, Any] = json.loads(person.view["private_metadata"])
        return found

    def block_of(self, person: Person, action: str, value: str) -> str:
        """The block whose button has that value: a list has the same button in every row."""
        assert person.view
        return next(
            block["block_id"]
            for block in person.view["blocks"]
            if (block.get("accessory") or {}).get("action_id") == action and block["accessory"]["value"] == value
        )

    def channel(self, name: str) -> str:
        channels = self.workspace.get("/control/channels", user="admin")["channels"]
        return next(one["id"] for one in channels if one["name"] == name.lstrip("#"))

    def bystander(self) -> Person:
        """Somebody of the workspace without any role."""
        people = self.workspace.get("/control/people")["people"]
        return self.person(next(one["id"] for one in people if one["role"] is None and not one["is_guest"]))

    def link_in(self, mail: dict[str, Any]) -> str:
        """The address of Stripe's page in a mail."""
        found = re.search(re.escape(self.stripe_url) + r"/[^\s\"<>]+", mail["text"])
        assert found, mail["text"]
        return found.group()

    def expire_link(self, contact: Contact) -> None:
        (session,) = self.stripe.v1.checkout.sessions.list({"customer": contact.customer}).data
        self.stripe.v1.checkout.sessions.expire(session.id)

    def surcharge(self, contact: Contact) -> None:
        """Make Stripe's first invoice for the contact another than the catalogue says: by what it still owes."""
        item = {"customer": contact.customer, "amount": 500, "currency": "eur", "description": "setup fee"}
        self.stripe.v1.invoice_items.create(item)

    def breaks_card(self, payment_method: str, decline: str) -> None:
        """From now on the bank says no to that card, with this decline code."""
        order = {"payment_method": payment_method, "behaviour": decline}
        requests.post(f"{self.stripe_url}/control/card", json=order, timeout=10).raise_for_status()

    def mails(self) -> list[dict[str, Any]]:
        found = requests.get(f"{self.mailbox_url}/control/mails", timeout=10).json()
        return found if isinstance(found, list) else found["mails"]

    def stripe_fails(self, kind: str, *, path: str = "/v1/", times: int = 1, **more: Any) -> None:
        """The next `times` calls meet the fault, or with `share` such a part of all of them."""
        body = {"kind": kind, "path": path, **({} if "share" in more else {"next": times}), **more}
        requests.post(f"{self.stripe_url}/control/faults", json=body, timeout=10).raise_for_status()

    def heals(self) -> None:
        requests.delete(f"{self.stripe_url}/control/faults", timeout=10).raise_for_status()
        self.workspace.heals()

    def eventually(self, condition: Callable[[], T], seconds: float = 30) -> T:
        until = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            assert time.monotonic() < until, f"not within {seconds} seconds"
            time.sleep(0.03)


@contextmanager
def sandboxes(database_url: str, *, witness: Witness = lambda _call: None, **settings: Any) -> Iterator[World]:
    """The local Slack and Stripe and the mailbox, and our program's parts on the database; nothing serves yet.

    `witness` is told of every call to the local Slack and Stripe, as `POST /v1/subscriptions`, when it comes in.
    """
    schema.migrate(database_url)
    migrate_engine(database_url)
    bot_url = f"http://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        stripe_app = local_stripe.create_app()
        stack.callback(stripe_app.close)
        stripe_url = stack.enter_context(running(_witnessed(stripe_app, witness)))
        workspace_app = local_workspace.create_app(app_url=f"{bot_url}/slack/events", manifest=app_manifest(bot_url))
        workspace_url = stack.enter_context(running(_witnessed(workspace_app, witness)))
        mails = stack.enter_context(mailbox.running())
        environment = {
            "DATABASE_URL": database_url,
            "SLACK_SIGNING_SECRET": local_workspace.SIGNING_SECRET,
            "SLACK_BOT_TOKEN": local_workspace.BOT_TOKEN,
            "SLACK_APP_TOKEN": local_workspace.APP_TOKEN,
            "SLACK_API_URL": f"{workspace_url}/api/",
            "STRIPE_API_KEY": STRIPE_KEY,
            "STRIPE_API_URL": stripe_url,
            "STRIPE_WEBHOOK_SECRET": "whsec_later",
            "SMTP_URL": f"smtp://{mails.smtp_host}:{mails.smtp_port}",
            "KONTOR_PUBLIC_URL": bot_url,
            "KONTOR_MANAGERS_CHANNEL": "C07APPROVAL",
            "KONTOR_STRIPE_DASHBOARD": f"{stripe_url}/dashboard",
            "KONTOR_CATALOGUE": str(CATALOGUE),
            "KONTOR_SETTLE_SECONDS": "0.1",
            "KONTOR_OWN_EVENTS_DELAY": "0",
            **{name.upper(): str(value) for name, value in settings.items()},
        }
        chores.push(_settings(environment), Console(quiet=True), dry_run=False, yes=True)
        environment["STRIPE_WEBHOOK_SECRET"] = _listen(stripe_url, bot_url)
        found = _settings(environment)
        app = stack.enter_context(opened(found))
        app.directory.refresh()
        database = create_engine(parse_url(database_url))
        stack.callback(database.dispose)
        yield World(app, found, Workspace(workspace_url), stripe_url, mails.page, bot_url, database, environment)


@contextmanager
def world(database_url: str, **settings: Any) -> Iterator[World]:
    """Everything, with the bot in this process."""
    with sandboxes(database_url, **settings) as made:
        port = int(made.bot_url.rpartition(":")[2])
        engine = made.app.engine()
        engine.start()
        try:
            with running(made.app.web(), port):
                yield made
        finally:
            engine.stop()


class Bot:
    """`kontor serve`, or another command, as a process of its own, for tests that kill it."""

    def __init__(self, made: World, *arguments: str, log: Path) -> None:
        self._made = made
        self._log = log
        self._arguments = arguments or ("serve", "--port", made.bot_url.rpartition(":")[2])
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", *self._arguments],
                env=os.environ | self._made.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_healthy(self, seconds: float = 30) -> None:
        self._made.eventually(self._healthy, seconds)

    def _healthy(self) -> bool:
        try:
            return requests.get(f"{self._made.bot_url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        """kill -9, gunicorn's children included."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self, seconds: float = 40) -> int:
        """As an operator does (SIGTERM); the exit code."""
        assert self.process
        self.process.terminate()
        code = self.process.wait(seconds)
        self.process = None
        return code


def _witnessed(app: WSGIApp, witness: Witness) -> WSGIApp:
    def told(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        witness(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        return app(environ, start_response)

    return told


def _settings(environment: dict[str, str]) -> Settings:
    values = {name.lower(): value for name, value in environment.items()}
    return Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]


def _listen(stripe_url: str, bot_url: str) -> str:
    client = stripe.StripeClient(STRIPE_KEY, base_addresses={"api": stripe_url})
    endpoint = client.v1.webhook_endpoints.create({"url": f"{bot_url}/stripe/webhook", "enabled_events": ["*"]})
    assert endpoint.secret
    return endpoint.secret


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
