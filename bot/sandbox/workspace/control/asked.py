"""What a caller of the control API asked for, read from its request."""

from __future__ import annotations

from typing import Any

from flask import request

from bot.sandbox.workspace import people
from bot.sandbox.workspace.acts.surfaces import Spot
from bot.sandbox.workspace.common import Json
from bot.sandbox.workspace.inputs import NotPossible
from bot.sandbox.workspace.people import PEOPLE, Person


class BadRequest(Exception):
    """The caller's mistake: something is missing or of the wrong type."""


def body() -> Json:
    given = request.get_json(silent=True) if request.get_data() else {}
    if not isinstance(given, dict):
        raise BadRequest("the body must be a JSON object")
    return given


def text(given: Json, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name} is missing")
    return value


def values(given: Json) -> dict[str, Any]:
    by_block = given.get("values", {})
    if not isinstance(by_block, dict):
        raise BadRequest("values must be an object of plain values by block_id")
    return by_block


def person(reference: str) -> Person:
    return people.BY_ID[user_id(reference)]


def user_id(reference: str) -> str:
    by_name = {person.username: person.id for person in PEOPLE}
    found = people.BY_ROLE[reference].id if reference in people.BY_ROLE else by_name.get(reference, reference)
    if found not in people.BY_ID:
        raise NotPossible(f"nobody here is {reference!r}")
    return found


def spot(given: Json) -> Spot:
    return Spot(
        surface=given.get("surface"),
        channel=given.get("channel"),
        ts=given.get("ts"),
        outdated=given.get("outdated") in (True, "true"),
    )
