"""What only the local Stripe can: move the clock, order faults, read the wire log, change a card, start over.

POST   /control/clock       {"advance_to": unix} or {"by_days": n} or {"by_months": n}
GET    /control/clock
POST   /control/faults      {"kind": ..., "path": "/v1/", "method": "POST", "next": n or "share": p, ...}
GET    /control/faults
DELETE /control/faults
GET    /control/requests    ?path=/v1/subscriptions&method=POST
DELETE /control/requests
POST   /control/card        {"payment_method": id, "behaviour": "succeed" | a decline code | "authenticate"}
POST   /control/coupon      {"customer": id, "coupon": id}
POST   /control/deliveries  {"delay": seconds, "twice": bool, "shuffle": bool}
POST   /control/settings    {"after_retries": "cancel" | "unpaid" | "past_due", "retry_days": [1 | 3 | 5 | 7, ...],
                            "upcoming_days": 0 to 45}
POST   /control/reset       {"start_at": unix}
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from werkzeug.wrappers import Request, Response

from .account import Account
from .api import Api
from .cards import AUTHENTICATE, AUTHENTICATE_ONCE, DECLINES, SUCCEED
from .errors import ApiError, invalid, missing_param
from .faults import Faults
from .periods import DAY, add_months
from .resources.collection import RETRY_DAYS, plan_anew
from .resources.coupons import give_to_customer

if TYPE_CHECKING:
    from .webhooks import Deliveries

_BEHAVIOURS = {SUCCEED, AUTHENTICATE, AUTHENTICATE_ONCE, *DECLINES}
_FARTHEST = 100 * 366 * DAY
_LATEST = 32_503_680_000
"""The year 3000: dates beyond what the calendar can count are of no use to anybody."""


class Control:
    """The control endpoints, also used by the page."""

    def __init__(self, account: Account, faults: Faults, api: Api, deliveries: Deliveries) -> None:
        self.account = account
        self.faults = faults
        self.api = api
        self.deliveries = deliveries

    def respond(self, request: Request) -> Response:
        name = request.path.removeprefix("/control/").strip("/")
        try:
            sent = _sent(request)
            body = self._act(request, name, sent)
        except ApiError as error:
            return _json(error.envelope(), error.status)
        return _json(body)

    def _act(self, request: Request, name: str, sent: dict[str, Any]) -> Any:
        match request.method, name:
            case "GET", "clock":
                return {"now": self.account.now(), "offset": self.account.offset}
            case "POST", "clock":
                return self.advance(sent)
            case "GET", "faults":
                return {"faults": self.faults.all()}
            case "POST", "faults":
                self.faults.add(sent)
                return {"faults": self.faults.all()}
            case "DELETE", "faults":
                self.faults.clear()
                return {"faults": []}
            case "GET", "requests":
                return {"requests": self.requests(request.args.get("path", ""), request.args.get("method", ""))}
            case "DELETE", "requests":
                self.api.log.clear()
                return {"requests": []}
            case "POST", "card":
                return self.change_card(sent)
            case "POST", "coupon":
                return self.give_coupon(sent)
            case "POST", "deliveries":
                return self.change_deliveries(sent)
            case "POST", "settings":
                return self.change_settings(sent)
            case "POST", "reset":
                self.reset(sent.get("start_at"))
                return {"now": self.account.now()}
        raise ApiError(f"No such control: {request.method} {request.path}", status=404)

    def advance(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Move the clock; answers where it stands and how many things happened."""
        now = self.account.now()
        if "advance_to" in sent:
            target = _whole(sent["advance_to"], "advance_to")
        elif "by_days" in sent:
            target = now + _whole(sent["by_days"], "by_days") * DAY
        elif "by_months" in sent:
            months = _whole(sent["by_months"], "by_months")
            if not 0 <= months <= 1200:
                raise invalid("by_months lies between 0 and 1200.", "by_months")
            target = add_months(now, months)
        else:
            raise missing_param("advance_to")
        if target > min(now + _FARTHEST, _LATEST):
            raise invalid("The clock goes at most a hundred years ahead at once, up to the year 3000.", "advance_to")
        return {"happened": self.account.advance_to(target), "now": self.account.now()}

    def requests(self, path: str = "", method: str = "") -> list[dict[str, Any]]:
        """The wire log, oldest first."""
        return [
            entry
            for entry in list(self.api.log)
            if entry["path"].startswith(path) and (not method or entry["method"] == method.upper())
        ]

    def change_card(self, sent: dict[str, Any]) -> dict[str, Any]:
        """From now on a saved card behaves differently."""
        behaviour = sent.get("behaviour")
        if not isinstance(behaviour, str) or behaviour not in _BEHAVIOURS:
            raise invalid(f"Invalid behaviour: must be one of {', '.join(sorted(_BEHAVIOURS))}", "behaviour")
        with self.account.effect():
            method = self.account.get("payment_method", str(sent.get("payment_method")), "payment_method")
            method["_on_charge"] = behaviour
            self.account.save(method)
        return {"payment_method": method["id"], "behaviour": behaviour}

    def give_coupon(self, sent: dict[str, Any]) -> dict[str, Any]:
        """The customer has that coupon from now on, as the Dashboard gives one."""
        with self.account.effect():
            customer = self.account.get("customer", str(sent.get("customer")), "customer")
            give_to_customer(self.account, customer, str(sent.get("coupon")))
        return {"customer": customer["id"], "coupon": sent["coupon"]}

    def change_deliveries(self, sent: dict[str, Any]) -> dict[str, Any]:
        manners = self.deliveries.manners
        try:
            manners.delay = max(0.0, min(3600.0, float(sent.get("delay", 0))))
        except (TypeError, ValueError) as error:
            raise invalid("delay is a number of seconds.", "delay") from error
        manners.twice, manners.shuffle = _truth(sent.get("twice")), _truth(sent.get("shuffle"))
        return {"delay": manners.delay, "twice": manners.twice, "shuffle": manners.shuffle}

    def change_settings(self, sent: dict[str, Any]) -> dict[str, Any]:
        """When failed payments are tried again and what happens after the last time, and how many days ahead
        `invoice.upcoming` comes (0: never)."""
        for name in set(sent) - {"after_retries", RETRY_DAYS, "upcoming_days"}:
            raise invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")
        settings = {**sent}
        if settings.get("after_retries", "cancel") not in ("cancel", "unpaid", "past_due"):
            raise invalid("Invalid after_retries: must be one of cancel, unpaid or past_due", "after_retries")
        if RETRY_DAYS in settings and not _is_schedule(settings[RETRY_DAYS]):
            raise invalid("retry_days has one to three entries, each of them 1, 3, 5 or 7.", RETRY_DAYS)
        if "upcoming_days" in settings:
            settings["upcoming_days"] = _whole(settings["upcoming_days"], "upcoming_days")
            if not 0 <= settings["upcoming_days"] <= 45:
                raise invalid("upcoming_days lies between 0 and 45.", "upcoming_days")
        if not settings:
            raise missing_param("after_retries")
        with self.account.effect():
            for name, wish in settings.items():
                self.account.store.set_fact(name, wish)
            if RETRY_DAYS in settings:
                plan_anew(self.account)
        return settings

    def reset(self, start_at: Any = None) -> None:
        """Forget everything, faults and log included."""
        moment = None if start_at is None else _whole(start_at, "start_at")
        if moment is not None and not 0 <= moment <= _LATEST:
            raise invalid("start_at lies between 1970 and the year 3000.", "start_at")
        self.faults.clear()
        self.api.log.clear()
        self.account.reset(moment)


def _is_schedule(days: Any) -> bool:
    return (
        isinstance(days, list) and 1 <= len(days) <= 3 and all(type(one) is int and one in (1, 3, 5, 7) for one in days)
    )


def _sent(request: Request) -> dict[str, Any]:
    """JSON, also where curl calls it a form; or a form."""
    text = request.get_data(as_text=True).strip()
    if not text:
        return {}
    if request.mimetype == "application/x-www-form-urlencoded" and not text.startswith(("{", "[")):
        return dict(parse_qsl(text, keep_blank_values=True))
    try:
        sent = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise invalid("The body must be JSON.") from error
    if not isinstance(sent, dict):
        raise invalid("The body must be a JSON object.")
    return sent


def _truth(value: Any) -> bool:
    return value in (True, "true", "1", "on")


def _whole(value: Any, param: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise invalid(f"{param} is a whole number.", param, "parameter_invalid_integer")
    try:
        number = int(value)
    except ValueError as error:
        raise invalid(f"{param} is a whole number.", param, "parameter_invalid_integer") from error
    if not -(10**11) < number < 10**11:
        raise invalid(f"{param} is out of range.", param, "parameter_invalid_integer")
    return number


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body, indent=2), status=status, mimetype="application/json")
