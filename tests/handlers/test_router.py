"""The router: finds the function for an id, and gives it what it names as parameters."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from handlers.router import Kind, Route, Router
from tests.support.office import Office

# What `Conversation` and the program give to handlers.
GIVEN = {
    "ack",
    "call",
    "client",
    "actor",
    "desk",
    "t",
    "trace",
    "router",
    "respond",
    "screen",
    "links",
    "posts",
    "charts",
}


def nothing() -> None:
    """A handler."""


@pytest.fixture
def router() -> Router:
    return Router()


@pytest.mark.parametrize("kind", Kind)
def test_a_function_is_found_by_kind_and_id(router: Router, kind: Kind) -> None:
    getattr(router, kind.value)("one")(nothing)
    assert router.find(kind, "one")
    assert router.find(kind, "two") is None
    assert all(router.find(other, "one") is None for other in Kind if other is not kind)


def test_a_handler_stays_the_function_that_it_is(router: Router) -> None:
    assert router.command("one")(nothing) is nothing


def test_a_handler_gets_what_it_names_and_nothing_else() -> None:
    got: dict[str, Any] = {}

    def handler(actor: str, ack: str) -> None:
        got.update(actor=actor, ack=ack)

    Route(handler)({"ack": "A", "actor": "B", "desk": "C"})
    assert got == {"actor": "B", "ack": "A"}


def test_two_handlers_for_one_id_are_a_mistake(router: Router) -> None:
    router.command("one")(nothing)
    with pytest.raises(ValueError, match="two handlers for command 'one'"):
        router.command("one")(nothing)


def test_the_ids_of_a_kind_are_known(router: Router) -> None:
    router.command("")(nothing)
    router.command("help")(nothing)
    router.view("form")(nothing)
    assert router.ids(Kind.COMMAND) == ("", "help")


def test_every_handler_names_only_what_there_is() -> None:
    """Otherwise the first click would find out."""
    routes = Office().router._routes
    assert routes
    wanted = {(*key, name) for key, route in routes.items() for name in inspect.signature(route._handler).parameters}
    assert {one for one in wanted if one[2] not in GIVEN} == set()


def test_the_words_and_ids_that_exist() -> None:
    """A word that disappears breaks habits; an id that disappears breaks messages that were sent."""
    router = Office().router
    assert set(router.ids(Kind.COMMAND)) >= {"", "subscribe", "abo", "help", "hilfe"}
    assert set(router.ids(Kind.COMMAND)) >= {"invoice", "rechnung", "invoices", "rechnungen"}
    assert set(router.ids(Kind.SHORTCUT)) == {"bill_customer", "invoice_customer", "request_from_message"}
    assert set(router.ids(Kind.ACTION)) >= {
        "card.open",
        "card.older",
        "card.newer",
        "finder.open",
        "finder.contact",
        "subscription.open",
        "subscription.choose_method",
        "subscription.review_again",
    }
    assert set(router.ids(Kind.VIEW)) >= {"subscription.form", "subscription.review", "subscription.retry"}
    assert set(router.ids(Kind.OPTIONS)) >= {"finder.contact", "subscription.price"}
