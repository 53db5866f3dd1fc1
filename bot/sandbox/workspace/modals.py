"""Views: the stack of modals of each person, and each person's Home."""

from __future__ import annotations

import copy
import secrets
import threading
import time
from dataclasses import dataclass, field

from bot.sandbox.workspace import inputs, normal
from bot.sandbox.workspace.changes import Changes
from bot.sandbox.workspace.common import Json, Refused, new_id
from bot.sandbox.workspace.store import Store

STACK = 3
TROUBLE = "We had some trouble connecting. Try again?"


def new_hash() -> str:
    return f"{int(time.time())}.{secrets.token_urlsafe(6)}"


@dataclass(eq=False)
class View:
    """A view that is shown: Slack's view object, what is typed in it, and what the person sees beside it."""

    user: str
    body: Json
    values: inputs.State
    errors: dict[str, str] = field(default_factory=dict)
    notice: str | None = None

    @property
    def id(self) -> str:
        return str(self.body["id"])

    def as_json(self) -> Json:
        return {**copy.deepcopy(self.body), "state": {"values": copy.deepcopy(self.values)}}


class Views:
    """Everything that is open. Every method may be called from any thread; refusals are Slack's."""

    def __init__(self, changes: Changes, store: Store) -> None:
        self._changes = changes
        self._store = store
        self._lock = threading.RLock()
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}
        for document in store.all("home"):
            self._homes[document["user"]] = View(**document)

    def reset(self) -> None:
        with self._lock:
            self._stacks.clear()
            self._homes.clear()

    def stack(self, user: str) -> list[View]:
        """From the bottom to the top."""
        with self._lock:
            return list(self._stacks.get(user, ()))

    def top(self, user: str) -> View | None:
        stack = self.stack(user)
        return stack[-1] if stack else None

    def home(self, user: str) -> View | None:
        with self._lock:
            return self._homes.get(user)

    def open(self, user: str, sent: Json) -> View:
        """A new stack with this view; whatever was open before is gone."""
        with self._lock:
            self._check_external_id(sent, without=self._stacks.get(user, []))
            view = self._new(user, sent, [])
            self._stacks[user] = [view]
        return self._told(view)

    def push(self, user: str, sent: Json) -> View:
        """Refused: ``not_found`` when nothing is open, ``push_limit_reached`` over the third view."""
        with self._lock:
            stack = self._stacks.get(user, [])
            if not stack:
                raise Refused("not_found")
            if len(stack) >= STACK:
                raise Refused("push_limit_reached")
            self._check_external_id(sent)
            view = self._new(user, sent, stack)
            stack.append(view)
        return self._told(view)

    def find(self, view_id: str | None, external_id: str | None) -> View:
        """An open view or a Home; refused: ``not_found``."""
        with self._lock:
            for view in self._all():
                if (view_id and view.id == view_id) or (external_id and view.body["external_id"] == external_id):
                    return view
        raise Refused("not_found")

    def replace(self, view: View, sent: Json, expected_hash: str | None = None) -> View:
        """New content in the same place; what was typed stays where block and action ids stay.

        Refused: ``hash_conflict`` for a stale hash, ``not_found`` for a view that is closed by now.
        """
        with self._lock:
            if view not in self._all():
                raise Refused("not_found")
            if expected_hash and expected_hash != view.body["hash"]:
                raise Refused("hash_conflict")
            if sent["type"] != view.body["type"]:
                raise Refused("invalid_arguments")
            self._check_external_id(sent, without=[view])
            kept = {name: view.body[name] for name in ("id", "root_view_id", "previous_view_id")}
            view.body = {**normal.view(sent), **kept, "hash": new_hash()}
            view.values = inputs.state_of(view.body["blocks"], view.values)
            view.errors, view.notice = {}, None
        return self._told(view)

    def publish(self, user: str, sent: Json, expected_hash: str | None = None) -> View:
        with self._lock:
            home = self._homes.get(user)
            if home is None:
                self._check_external_id(sent)
                home = self._homes[user] = self._new(user, sent, [])
            else:
                self.replace(home, sent, expected_hash)
        return self._told(home)

    def close(self, view: View) -> None:
        """Take one view off its stack, and those over it."""
        with self._lock:
            stack = self._stacks.get(view.user, [])
            if view in stack:
                del stack[stack.index(view) :]
        self._changes.tell("screen", user=view.user)

    def clear(self, user: str) -> None:
        with self._lock:
            self._stacks.pop(user, None)
        self._changes.tell("screen", user=user)

    def set_values(self, view: View, values: inputs.State) -> None:
        with self._lock:
            view.values = inputs.merged(view.values, values)

    def complain(self, view: View, errors: dict[str, str], notice: str | None = None) -> None:
        """Show errors under their inputs, or the notice that something went wrong."""
        with self._lock:
            view.errors, view.notice = dict(errors), notice
        self._told(view)

    def _all(self) -> list[View]:
        return [*(view for stack in self._stacks.values() for view in stack), *self._homes.values()]

    def _check_external_id(self, sent: Json, without: list[View] | None = None) -> None:
        wanted = sent.get("external_id")
        others = [view for view in self._all() if view not in (without or [])]
        if wanted and any(view.body["external_id"] == wanted for view in others):
            raise Refused("duplicate_external_id")

    @staticmethod
    def _new(user: str, sent: Json, below: list[View]) -> View:
        view_id = new_id("V")
        body = {
            **normal.view(sent),
            "id": view_id,
            "hash": new_hash(),
            "root_view_id": below[0].id if below else view_id,
            "previous_view_id": below[-1].id if below else None,
        }
        return View(user, body, inputs.state_of(body["blocks"]))

    def _told(self, view: View) -> View:
        is_home = view.body["type"] == "home"
        if is_home:
            self._store.put("home", view.user, {"user": view.user, "body": view.body, "values": view.values})
        self._changes.tell("home" if is_home else "screen", user=view.user)
        return view
