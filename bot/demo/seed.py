"""Fills the demo the first time: a catalogue at Stripe, sixty contacts, nine months of history, and some talk in Slack.

The history is made by living through it: the local Stripe's clock starts nine months ago and is moved on, day by day,
while customers come, pay, fail to pay and leave. In the file of contacts the column `history` says what becomes of one:
`PRICE*QUANTITY!COUPON` is a subscription, `+PRICE*QUANTITY` after it adds something to it, `invoice:` before it pays by
invoice, `ended@N:` ends it N days ago, `then@N:` starts it N days ago, `later@N:CARD` has everything paid by another
card since.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

import requests
from rich.console import Console

from billing.catalogue import TaxRate
from billing.contacts import Address, Contact
from billing.event_entries import history
from billing.ids import CustomerId, LookupKey, OperationId, PaymentMethodId
from billing.imports import contact_id
from billing.ports import SubscriptionOrder
from billing.previews import SubscriptionPreview, cycle, preview
from billing.steps import NOBODY
from billing.storage.schema import migrate
from billing.stripe.events import from_event
from billing.stripe.references import References
from billing.timeline import Entry, Happening
from bot import chores
from bot.app import App, opened
from bot.demo.folder import Webhook
from bot.demo.programs import Ports, webhook_url
from bot.engine import migrate_engine
from bot.settings import Settings

if TYPE_CHECKING:
    from stripe import WebhookEndpoint
    from stripe.params import (
        CustomerCreateParams,
        CustomerCreateParamsAddress,
        InvoiceListParams,
        SubscriptionUpdateParamsItem,
    )


PEOPLE = Path(__file__).with_name("contacts.csv")
TALK = Path(__file__).with_name("talk.json")
DAYS = 276  # of history
TERM = 14  # days in which an invoice is to be paid
PAYS_AFTER = 10  # days, for those who pay by invoice
STAFF = ("Mia Brandt", "Jonas Weber", "Priya Nair")
_OURS = ("days_ago", "card", "history")  # columns that the import does not know
TOLD = (  # the events that a timeline tells of
    "invoice.paid",
    "invoice.payment_failed",
    "payment_method.attached",
    "payment_method.detached",
    "customer.subscription.deleted",
)


def beginning() -> int:
    """When the history begins, in seconds since 1970."""
    return int((datetime.now(UTC) - timedelta(days=DAYS)).timestamp())


def fill(data: Path, ports: Ports, environment: dict[str, str], tell: Callable[[str], None]) -> Webhook:
    """Live through the history, and let the bot hear of everything from now on. `tell` gets what is being done."""
    url = environment["DATABASE_URL"]
    tell("Making the database")
    migrate(url)
    migrate_engine(url)
    values = {name.lower(): value for name, value in environment.items()} | {
        "stripe_webhook_secret": "whsec_later",
        "kontor_stripe_rate": "10000",  # nobody else uses the local Stripe yet
    }
    settings = Settings.model_validate(values)
    quiet = Console(quiet=True)
    tell("Putting the catalogue into Stripe")
    chores.push(settings, quiet, dry_run=False, yes=True)
    rows = list(csv.DictReader(PEOPLE.open(encoding="utf-8")))
    with opened(settings) as app:
        customers = _History(app, ports.url(ports.stripe), tell).live(rows)
    tell(f"Importing {len(rows)} contacts")
    _write_import(data / "contacts.csv", rows, customers)
    chores.import_file(settings.database_url, settings.kontor_catalogue, data / "contacts.csv", quiet)
    tell("Reading their subscriptions and invoices")
    chores.sync(settings, quiet)
    tell("Writing their timelines")
    with opened(settings) as app:
        _remember(app)
        endpoint = _listen(app, ports)
    _talk(ports)
    return Webhook(endpoint.id, endpoint.url, endpoint.secret or "")


def _talk(ports: Ports) -> None:
    """Some messages in the channels, so that there is something to bill from."""
    for message in json.loads(TALK.read_text()):
        requests.post(f"{ports.url(ports.workspace)}/control/messages", json=message, timeout=10).raise_for_status()


@dataclass
class _History:
    """What happened at the local Stripe, lived through day by day."""

    app: App
    stripe_url: str
    tell: Callable[[str], None]
    customers: dict[str, str] = field(default_factory=dict)  # by e-mail address
    contacts: dict[str, Contact] = field(default_factory=dict)  # the same

    def live(self, rows: list[dict[str, str]]) -> dict[str, str]:
        """Stripe's customer of every row, by e-mail address."""
        days = [day for number, row in enumerate(rows) for day in self._days(number, row)]
        for at, happen in sorted(days, key=lambda day: day[0]):
            self.tell(f"Living through {at:%B %Y}")
            self._advance(at)
            happen()
        self._advance(datetime.now(UTC))
        return self.customers

    def _days(self, number: int, row: dict[str, str]) -> Iterator[tuple[datetime, Callable[[], None]]]:
        """The days on which something happens to the customer, and what."""
        came = int(row["days_ago"])
        yield _office_hour(came, number), partial(self._arrive, row)
        for wish in filter(None, row["history"].split(";")):
            kind, _, what = wish.rpartition(":")
            kind, _, days_ago = kind.partition("@")
            if kind == "then":
                yield _office_hour(int(days_ago), number), partial(self._start_more, row, what)
            if kind == "later":
                yield _office_hour(int(days_ago), number), partial(self._use_card, row["email"], what)
            if kind == "ended":
                yield _office_hour(int(days_ago), number), partial(self._end, row["email"])
            if kind == "invoice":
                for paid in range(came - PAYS_AFTER, TERM, -31):
                    yield _office_hour(paid, number), partial(self._pay, row["email"])

    def _arrive(self, row: dict[str, str]) -> None:
        address = {name: row[name] for name in ("line1", "postal_code", "city", "country")}
        params: CustomerCreateParams = {
            "name": row["name"],
            "email": row["email"],
            "phone": row["phone"],
            "address": cast("CustomerCreateParamsAddress", address),
            "preferred_locales": [row["language"]],
            "metadata": {"company": row["company"]},
        }
        customer = self.app.stripe.client.v1.customers.create(params)
        self.customers[row["email"]] = customer.id
        contact = self.contacts[row["email"]] = Contact(
            id=contact_id(CustomerId(customer.id)),
            customer=CustomerId(customer.id),
            name=row["name"],
            email=row["email"],
            currency=row["currency"],
            address=Address.model_validate(address),
            since=self._now().date(),
        )
        with self.app.desk.writing(NOBODY) as uow:
            uow.contacts.save(contact)
        tokens = list(filter(None, row["card"].split("+")))
        methods = [self._add_card(customer.id, token) for token in tokens]
        self._advance(self._now() + timedelta(minutes=7))
        for number, wish in enumerate(filter(None, row["history"].split(";"))):
            kind, _, what = wish.rpartition(":")
            if kind.startswith(("later", "then")):
                continue
            good = next((m for m, token in zip(methods, tokens, strict=True) if "Fail" not in token), None)
            self._start(row, contact, good, what, number)

    def _start_more(self, row: dict[str, str], wish: str) -> None:
        """Another subscription, by the customer's standard card."""
        contact = self.contacts[row["email"]]
        customer = self.app.stripe.client.v1.customers.retrieve(contact.customer)
        self._start(row, contact, str(customer.invoice_settings.default_payment_method), wish, 1)  # type: ignore[union-attr]

    def _use_card(self, email: str, token: str) -> None:
        """From now on the subscriptions are paid by another card."""
        method = self._add_card(self.customers[email], token)
        for one in self.app.stripe.client.v1.subscriptions.list({"customer": self.customers[email]}).data:
            self.app.stripe.client.v1.subscriptions.update(one.id, {"default_payment_method": method})

    def _end(self, email: str) -> None:
        for one in self.app.stripe.client.v1.subscriptions.list({"customer": self.customers[email]}).data:
            self.app.stripe.client.v1.subscriptions.cancel(one.id)

    def _pay(self, email: str) -> None:
        """A bank transfer came in for what is open."""
        open_ones: InvoiceListParams = {"customer": self.customers[email], "status": "open"}
        for invoice in self.app.stripe.client.v1.invoices.list(open_ones).data:
            self.app.stripe.client.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})

    def _add_card(self, customer: str, token: str) -> str:
        method = self.app.stripe.client.v1.payment_methods.attach(token, {"customer": customer})
        if not self.app.stripe.client.v1.customers.retrieve(customer).invoice_settings.default_payment_method:  # type: ignore[union-attr]
            settings = {"invoice_settings": {"default_payment_method": method.id}}
            self.app.stripe.client.v1.customers.update(customer, settings)  # type: ignore[arg-type]
        return method.id

    def _start(self, row: dict[str, str], contact: Contact, method: str | None, wish: str, number: int) -> None:
        """A subscription, paid by the card or, without one, by invoice; and the line about it in the timeline."""
        first, *added = wish.split("+")
        key, quantity, code = _wish(first)
        catalogue = self.app.catalogue
        price = catalogue.recurring_price(LookupKey(key))
        coupon = catalogue.coupon(code) if code else None
        taxes = catalogue.taxes_for(row["country"], row["tax_id"] or None, price.product)
        now = self._now()
        zone = ZoneInfo(catalogue.business.timezone)
        today = now.astimezone(zone).date()
        shown = preview(
            price=price,
            quantity=quantity,
            start=today,
            coupon=coupon,
            taxes=taxes,
            reverse_charge=False,
            now=now,
            zone=zone,
        )
        if method is None:
            self._start_by_invoice(contact.customer, shown, taxes)
        else:
            when = cycle(price, today, now, zone)
            order = SubscriptionOrder(
                customer=contact.customer,
                price=price.lookup_key,
                quantity=quantity,
                coupon=code or None,
                tax_rates=tuple(rate.name for rate in taxes),
                starts_at=when.starts_at,
                billed_from=when.billed_from,
                anchor=when.anchor,
                payment_method=PaymentMethodId(method),
                first_payment=shown.first.total,
            )
            operation = OperationId(f"op_before_kontor_{contact.customer[-8:]}_{number}")
            started = self.app.payments.start_subscription(order, operation, datetime.now(UTC)).subscription
            self._add(started.id, added)
        self._tell(contact, shown, now)

    def _add(self, subscription: str, wishes: Sequence[str]) -> None:
        """Add-ons, from the first day on."""
        references = References(self.app.stripe.client, self.app.catalogue)
        for key, quantity, _ in map(_wish, wishes):
            item: SubscriptionUpdateParamsItem = {"price": references.price(LookupKey(key)), "quantity": quantity}
            self.app.stripe.client.v1.subscriptions.update(
                subscription, {"items": [item], "proration_behavior": "always_invoice"}
            )

    def _start_by_invoice(self, customer: CustomerId, shown: SubscriptionPreview, taxes: Sequence[TaxRate]) -> None:
        references = References(self.app.stripe.client, self.app.catalogue)
        known = references.resolve(shown.price.lookup_key, None, tuple(rate.name for rate in taxes))
        self.app.stripe.client.v1.subscriptions.create(
            {
                "customer": customer,
                "items": [{"price": known.price, "quantity": shown.quantity}],
                "collection_method": "send_invoice",
                "days_until_due": TERM,
                "default_tax_rates": list(known.tax_rates),
            }
        )

    def _tell(self, contact: Contact, shown: SubscriptionPreview, now: datetime) -> None:
        """Who of the staff started it, as the timeline has it."""
        started = Entry(
            id=f"before_kontor:{contact.id}:{shown.price.lookup_key}",
            contact=contact.id,
            at=now,
            what=Happening.SUBSCRIPTION_STARTED,
            by=STAFF[int(contact.id[-1], 16) % len(STAFF)],
            amount=shown.first.total,
            parameters={
                "product": shown.price.lookup_key,
                "quantity": shown.quantity,
                "start": shown.first.on.isoformat(),
            },
        )
        with self.app.desk.writing(NOBODY) as uow:
            uow.timeline.append(started)

    def _now(self) -> datetime:
        answer = requests.get(f"{self.stripe_url}/control/clock", timeout=10).json()
        return datetime.fromtimestamp(answer["now"], UTC)

    def _advance(self, to: datetime) -> None:
        until = min(to, datetime.now(UTC))
        if until <= self._now():
            return
        answer = requests.post(
            f"{self.stripe_url}/control/clock", json={"advance_to": int(until.timestamp())}, timeout=120
        )
        answer.raise_for_status()


def _office_hour(days_ago: int, number: int) -> datetime:
    """Some time of that day between eight and seventeen o'clock, another one for every customer."""
    day = (datetime.now(UTC) - timedelta(days=days_ago)).replace(hour=7, minute=0, second=0, microsecond=0)
    return day + timedelta(minutes=number * 47 % 540)


def _wish(text: str) -> tuple[str, int, str]:
    """`price*quantity!coupon`."""
    rest, _, code = text.partition("!")
    key, _, quantity = rest.partition("*")
    return key, int(quantity or 1), code


def _write_import(file: Path, rows: list[dict[str, str]], customers: dict[str, str]) -> None:
    """The contacts as a file for `kontor contacts import`."""
    now = datetime.now(UTC)
    with file.open("w", newline="", encoding="utf-8") as out:
        names = ["stripe_customer", "since", *(name for name in rows[0] if name not in _OURS)]
        writer = csv.DictWriter(out, names, extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            since = (now - timedelta(days=int(row["days_ago"]))).date()
            writer.writerow(row | {"stripe_customer": customers[row["email"]], "since": since.isoformat()})


def _listen(app: App, ports: Ports) -> WebhookEndpoint:
    """From now on the bot hears what happens at Stripe."""
    return app.stripe.client.v1.webhook_endpoints.create({"url": webhook_url(ports), "enabled_events": ["*"]})


def _remember(app: App) -> None:
    """Write what happened at Stripe into the timelines."""
    newest_first = app.stripe.client.v1.events.list({"limit": 100, "types": [*TOLD]}).auto_paging_iter()
    happened = [from_event(event.to_dict()) for event in newest_first]
    with app.desk.writing(NOBODY) as uow:
        for stored in reversed(happened):
            contact = uow.contacts.by_customer(stored.customer) if stored.customer else None
            entry = history(stored, contact) if contact else None
            if entry:
                uow.timeline.append(entry)
