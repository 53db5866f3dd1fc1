"""Pages for people: what the local Stripe knows, its clock and faults, and the hosted pages that customers see."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from bot.sandbox.stripe.account import Account, embedded
from bot.sandbox.stripe.errors import ApiError
from bot.sandbox.stripe.faults import KINDS
from bot.sandbox.stripe.money import shown
from bot.sandbox.stripe.objects import Object

from . import hosted, portal

if TYPE_CHECKING:
    from jinja2 import Environment

    from bot.sandbox.stripe.control import Control

_HERE = Path(__file__).parent
_FILES = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
_PER_PAGE = 50
_SECTIONS = {
    "customers": ("customer", "Customers"),
    "subscriptions": ("subscription", "Subscriptions"),
    "schedules": ("subscription_schedule", "Scheduled starts"),
    "invoices": ("invoice", "Invoices"),
    "payments": ("charge", "Payments"),
    "products": ("product", "Products"),
    "prices": ("price", "Prices"),
    "events": ("event", "Events"),
}

_LINKED = {"invoice": hosted.invoice, "portal": portal.portal}


class Pages:
    """Answers everything that is neither the API nor a control."""

    def __init__(self, account: Account, control: Control) -> None:
        self.account = account
        self.control = control

    def respond(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        try:
            match parts:
                case [file] if file in _FILES:
                    return Response((_HERE / file).read_bytes(), mimetype=_FILES[file])
                case [""] | ["dashboard"]:
                    return self._overview()
                case ["dashboard", "clock"] if request.method == "POST":
                    self.control.advance(dict(request.form))
                    return self._back(request)
                case ["dashboard", "faults"] if request.method == "POST":
                    self._order_fault(request)
                    return self._back(request)
                case ["dashboard", "requests"]:
                    return self._page("requests.html", requests=self.control.requests()[::-1][:200])
                case ["dashboard", section] if section in _SECTIONS:
                    return self._section(request, section)
                case ["dashboard", object_id]:
                    return self._object(object_id)
                case ["checkout", session_id]:
                    return hosted.checkout(self, request, session_id)
                case ["authenticate", intent_id]:
                    return hosted.authenticate(self, request, intent_id)
                case ["invoice" | "portal" as name, object_id, secret]:
                    return _LINKED[name](self, request, object_id, secret)
                case ["invoice" | "credit_note" as kind, object_id, secret, "pdf"]:
                    return hosted.document(self, kind, object_id, secret)
        except ApiError as error:
            return self.render("problem.html", error.status, message=error.message)
        return self.render("problem.html", 404, message="There is no such page.")

    def render(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page without the dashboard's frame values."""
        text = _templates().get_template(template).render(**values)
        response = Response(text, status=status, mimetype="text/html")
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; form-action *; img-src 'self'"
        )
        return response

    def _page(self, template: str, **values: Any) -> Response:
        faults = self.control.faults.all()
        here = values.get("section") or template.removesuffix(".html")
        return self.render(
            template, now=self.account.now(), sections=_SECTIONS, here=here, orders=faults, fault_kinds=KINDS, **values
        )

    def _back(self, request: Request) -> Response:
        target = request.form.get("back", "/")
        return redirect(target if target.startswith("/") and not target.startswith("//") else "/", 303)

    def _order_fault(self, request: Request) -> None:
        if request.form.get("clear"):
            self.control.faults.clear()
            return
        names = ("kind", "path", "method", "next", "share")
        self.control.faults.add({name: request.form[name] for name in names if request.form.get(name)})

    def _overview(self) -> Response:
        with self.account.effect():
            store = self.account.store
            counts = {name: store.count(kind) for name, (kind, _) in _SECTIONS.items()}
            invoices = store.find("invoice", limit=8)
            subscriptions = [self._row(body) for body in store.find("subscription", limit=8)]
            events = store.find("event", limit=12)
            rows = [self._row(body) for body in invoices]
        return self._page(
            "overview.html", counts=counts, invoices=rows, subscriptions=subscriptions, events=map(event_row, events)
        )

    def _section(self, request: Request, section: str) -> Response:
        kind, title = _SECTIONS[section]
        after = request.args.get("after", "")
        with self.account.effect():
            before = self.account.store.position(after) if after else None
            wanted = request.args.get("email", "").strip()
            filters = {"search.email": wanted.lower()} if kind == "customer" and wanted else None
            found = self.account.store.find(kind, filters, limit=_PER_PAGE + 1, before=before)
            rows = [self._row(body) for body in found[:_PER_PAGE]]
        older = found[_PER_PAGE - 1]["id"] if len(found) > _PER_PAGE else None
        return self._page("section.html", section=section, title=title, rows=rows, older=older, wanted=wanted)

    def _object(self, object_id: str) -> Response:
        with self.account.effect():
            body = self.account.store.get(object_id)
            if body is None:
                raise ApiError(f"There is no object with the id {object_id[:80]}.", status=404)
            related = {title: [self._row(row) for row in rows] for title, rows in self._related(body)}
            events = [event_row(event) for event in self.account.store.find("event", {"about": object_id}, limit=30)]
            head = self._row(body)
        text = json.dumps(embedded(body), indent=2, ensure_ascii=False)
        return self._page("object.html", body=body, head=head, related=related, events=events, text=text)

    def _related(self, body: Object) -> list[tuple[str, list[Object]]]:
        find, about = self.account.store.find, body["id"]
        match body["object"]:
            case "customer":
                kinds = ("subscription", "subscription_schedule", "invoice", "payment_method", "charge")
                found = [(kind, find(kind, {"customer": about}, limit=20)) for kind in kinds]
            case "subscription":
                found = [("invoice", find("invoice", {"subscription": about}, limit=40))]
            case "product":
                found = [("price", find("price", {"product": about}, limit=20))]
            case "price":
                found = [("subscription", find("subscription", {"price": about}, limit=20))]
            case "invoice":
                payments = find("invoice_payment", {"invoice": about})
                intents = [p["payment"]["payment_intent"] for p in payments if p["payment"]["type"] == "payment_intent"]
                found = [("charge", find("charge", {"payment_intent": intents}))] if intents else []
                found.append(("credit_note", find("credit_note", {"invoice": about})))
            case "payment_intent":
                found = [("charge", find("charge", {"payment_intent": about}))]
            case _:
                found = []
        titles = dict(_SECTIONS.values()) | {
            "payment_method": "Payment methods",
            "credit_note": "Credit notes",
        }
        return [(titles[kind], rows) for kind, rows in found if rows]

    def _row(self, body: Object) -> dict[str, Any]:
        """What a list shows of any object."""
        row = {"id": body["id"], "object": body["object"], "created": body.get("created"), "status": "", "amount": ""}
        row["who"] = self._who(body)
        row["title"], row["amount"] = self.sold(body) if body["object"] == "subscription" else _described(body)
        row["status"] = body.get("status") or ("deleted" if body.get("deleted") else "")
        return row

    def _who(self, body: Object) -> str:
        """The customer's name; for a customer, whose name is the row's title, the e-mail address."""
        if body["object"] == "customer":
            return str(body.get("email") or "")
        about = body["data"]["object"] if body["object"] == "event" else body
        customer = self.account.store.get(about["customer"]) if isinstance(about.get("customer"), str) else None
        return str((customer or {}).get("name") or (customer or {}).get("email") or "")

    def sold(self, subscription: Object) -> tuple[str, str]:
        """`3 × Sales Team`, and what that costs per cycle before discount and tax."""
        items = subscription["items"]["data"]
        names = [f"{item['quantity']} × {self._product(item['price'])}" for item in items]
        if any(item["price"]["unit_amount"] is None for item in items):
            return ", ".join(names), "tiered"
        amount = shown(sum(item["price"]["unit_amount"] * item["quantity"] for item in items), subscription["currency"])
        recurring = items[0]["price"]["recurring"]
        count = recurring["interval_count"]
        cycle = recurring["interval"] if count == 1 else f"{count} {recurring['interval']}s"
        return ", ".join(names), f"{amount} / {cycle}"

    def _product(self, price: Object) -> str:
        product = self.account.store.get(price["product"])
        return str((product or {}).get("name") or price["lookup_key"] or price["id"])


def _described(body: Object) -> tuple[str, str]:
    match body["object"]:
        case "customer":
            balance = body.get("balance") or 0
            name = body.get("name") or body.get("email") or body["id"]
            return name, shown(balance, body["currency"]) if balance and body["currency"] else ""
        case "invoice" | "credit_note":
            return body["number"] or "Draft", shown(body["total"], body["currency"])
        case "charge" | "payment_intent" | "refund":
            text = body.get("description") or body.get("failure_message") or body["id"]
            return text, shown(body["amount"], body["currency"])
        case "price":
            amount = shown(body["unit_amount"], body["currency"]) if body["unit_amount"] is not None else "tiered"
            return body["lookup_key"] or body["nickname"] or body["id"], amount
        case "payment_method":
            card = body["card"]
            return f"{card['brand'].title()} •••• {card['last4']}, {card['exp_month']:02d}/{card['exp_year']}", ""
        case "event":
            return body["type"], ""
    return str(body.get("name") or body.get("code") or body["id"]), ""


def event_row(event: Object) -> dict[str, Any]:
    """An event as the log shows it."""
    about = event["data"]["object"]
    return {"id": event["id"], "type": event["type"], "created": event["created"], "about": about.get("id", "")}


@lru_cache(maxsize=1)
def _templates() -> Environment:
    """Jinja2, imported with the first page: the API does not need it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only pages need it

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=moment, money=shown, quoted=lambda text: quote(str(text), safe=""))
    return environment


def moment(value: int | None, *, date_only: bool = False) -> str:
    """`21 Nov 2026, 18:05 UTC`."""
    if value is None:
        return ""
    try:
        when = datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return str(value)
    return f"{when.day} {when:%b %Y}" if date_only else f"{when.day} {when:%b %Y, %H:%M} UTC"
