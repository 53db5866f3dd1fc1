"""Which function answers which method and path, and by which of the SDK's types its parameters are checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .account import Account
from .errors import invalid
from .objects import Object

Params = dict[str, Any]
Endpoint = Callable[..., Object]
"""`(account, params, *ids_in_the_path) -> Object`"""


@dataclass(frozen=True, slots=True)
class Route:
    endpoint: Endpoint
    params: str


_ROUTES: dict[tuple[str, int], list[tuple[tuple[str, ...], Route]]] = {}


def route(method: str, path: str, params: str) -> Callable[[Endpoint], Endpoint]:
    """Register an endpoint. `{}` in the path stands for an id; `params` names a type of `stripe.params`."""

    def register(endpoint: Endpoint) -> Endpoint:
        parts = tuple(path.strip("/").split("/"))
        _ROUTES.setdefault((method, len(parts)), []).append((parts, Route(endpoint, params)))
        _ROUTES[method, len(parts)].sort(key=lambda entry: entry[0].count("{}"))
        return endpoint

    return register


def resolve(method: str, path: str) -> tuple[Route, list[str]] | None:
    """The route of a request and the ids in its path; words win over ids (`/invoices/create_preview`)."""
    parts = path.strip("/").split("/")
    for pattern, found in _ROUTES.get((method, len(parts)), ()):
        if all(expected in ("{}", part) for expected, part in zip(pattern, parts, strict=True)):
            return found, [part for expected, part in zip(pattern, parts, strict=True) if expected == "{}"]
    return None


def only(params: Params, noun: str, *known: str) -> None:
    """Raises 400 for a parameter that Stripe has and the local Stripe does not."""
    for name in params:
        if name not in known:
            raise invalid(f"The local Stripe does not know {name} of {noun}.", name)


def crud(noun: str, path: str, *, kind: str, create: Endpoint | None = None, update: Endpoint | None = None) -> None:
    """The usual routes of a type: create, retrieve, update (list needs its filters and is registered beside it)."""
    if create is not None:
        route("POST", path, f"{noun}CreateParams")(create)
    if update is not None:
        route("POST", f"{path}/{{}}", f"{noun}UpdateParams")(update)

    def retrieve(account: Account, _params: Params, object_id: str) -> Object:
        return account.get(kind, object_id)

    route("GET", f"{path}/{{}}", f"{noun}RetrieveParams")(retrieve)
