"""One way for everything that Slack sends: who is it, what do they want, who answers, and what if that goes wrong.

Whatever happens, the person gets an answer in the form that fits the place: an ephemeral message to a command, errors
at the fields of a form, a view on top of the one they clicked in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import structlog
from slack_bolt import Ack, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from billing.access import Actor
from billing.desk import Desk
from billing.errors import Refusal
from billing.ids import TeamId, UserId
from blocks import finder, notices, refusals, ways
from blocks.answers import Answer
from blocks.kit import Modal, field_of
from blocks.texts import Translator
from handlers.payloads import Call, depth_of, read_command, read_event, read_interaction
from handlers.router import Kind, Route, Router
from handlers.staff import Directory

STACK = 3  # modals that Slack lets lie on each other
_CHOOSE = (finder.Id.CONTACT, ways.TO_CARD)  # where somebody says who is meant

log = structlog.get_logger(__name__)
Observe = Callable[[str, str, float], None]


class Conversation:
    """Takes a verified payload of Slack's, finds the handler and sees that there is an answer."""

    def __init__(
        self,
        router: Router,
        desk: Desk,
        directory: Directory,
        extras: Mapping[str, Any],
        observe: Observe = lambda _kind, _result, _seconds: None,
    ) -> None:
        self._router = router
        self._desk = desk
        self._directory = directory
        self._extras = extras
        self._observe = observe

    def handle(self, kind: Kind, body: Mapping[str, Any], ack: Ack, client: WebClient, respond: Respond) -> None:
        """Answer one request. Never raises."""
        began, result = perf_counter(), "ok"
        structlog.contextvars.clear_contextvars()
        trace = secrets.token_hex(6)
        with structlog.contextvars.bound_contextvars(trace=trace, kind=kind.value):
            answer = _Answer(kind, body, ack, client, respond)
            try:
                actor = self._directory.actor(*_who(kind, body))
                answer.t = Translator(actor.locale, actor.timezone)
                self._route(kind, body, actor, answer, trace)
            except Refusal as refusal:
                result = "refused"
                log.info("refused", reason=refusal.reason.key)
                answer.refuse(refusal)
            except Exception as error:
                result = "failed"
                reference = trace
                log.exception("unforeseen", reference=reference, error=type(error).__name__)
                answer.fail(reference)
        structlog.contextvars.clear_contextvars()  # what the thread does next is not this person's
        self._observe(kind.value, result, perf_counter() - began)

    def _route(self, kind: Kind, body: Mapping[str, Any], actor: Actor, answer: _Answer, trace: str) -> None:
        call = _read(kind, body)
        route, call = self._find(kind, call)
        if route is None:
            answer.outdated()
            return
        structlog.contextvars.bind_contextvars(route=call.id, user=actor.user)
        route(
            {
                "ack": answer.ack,
                "call": call,
                "client": answer.client,
                "actor": actor,
                "desk": self._desk,
                "t": answer.t,
                "trace": trace,
                "router": self._router,
                "respond": answer.respond,
                "screen": Screen(answer.client, call),
                **self._extras,
            }
        )
        answer.make_sure()

    def _find(self, kind: Kind, call: Call) -> tuple[Route | None, Call]:
        """For a command the first word decides; a word that is no command of ours is what the person looks for.

        Whoever is chosen where a command asked who is meant is the one that the command is about.
        """
        onward = finder.onward(call.metadata, call.value) if kind is Kind.ACTION and call.id in _CHOOSE else None
        if onward:
            call = call.model_copy(update={"id": onward.command, "text": onward.text})
            return self._router.find(Kind.COMMAND, onward.command), call
        if kind is not Kind.COMMAND:
            return self._router.find(kind, call.id), call
        word, _, rest = call.text.partition(" ")
        route = self._router.find(kind, word.lower()) if word else None
        if route:
            return route, call.model_copy(update={"id": word.lower(), "text": rest.strip()})
        return self._router.find(kind, ""), call.model_copy(update={"id": ""})


class Screen:
    """The person's modals: opens the first, lays one on top, or changes the one that they look at."""

    def __init__(self, client: WebClient, call: Call) -> None:
        self._client = client
        self._call = call

    def show(self, view: Modal) -> None:
        """Open it, on top of the modal that the person clicked in, if any; the third one gives way."""
        if not self._call.view_id:
            self._client.views_open(trigger_id=self._call.trigger or "", view=view.to_dict())
        elif self._call.depth < STACK:
            self._client.views_push(trigger_id=self._call.trigger or "", view=view.to_dict())
        else:
            self.replace(view)

    def replace(self, view: Modal) -> None:
        """Change the modal that the person clicked in; from a message, open it.

        A modal that changed since the click stays as it is: the click before this one, of a double click, has won.
        """
        if not self._call.view_id:
            self.show(view)
            return
        try:
            self._client.views_update(view_id=self._call.view_id, hash=self._call.view_hash, view=view.to_dict())
        except SlackApiError as error:
            if error.response.get("error") != "hash_conflict":
                raise


class _Answer:
    """The reply that is still owed, in the form that the kind of request needs."""

    def __init__(self, kind: Kind, body: Mapping[str, Any], ack: Ack, client: WebClient, respond: Respond) -> None:
        self._kind = kind
        self._body = body
        self._ack = ack
        self._sent = False
        self.client = client
        self.respond = respond
        self.t = Translator()

    def ack(self, *arguments: Any, **named: Any) -> None:
        self._sent = True
        self._ack(*arguments, **named)

    def make_sure(self) -> None:
        if not self._sent:
            self.ack()

    def refuse(self, refusal: Refusal) -> None:
        """Each at its field, all at once; what belongs to none is said only where nothing else is wrong."""
        errors: dict[str, str] = {}
        for reason in refusal.reasons if self._kind is Kind.VIEW else ():
            if block := self._input_of(reason.field):
                errors.setdefault(block, refusals.sentence(reason, self.t))
        if errors:
            self.ack(response_action="errors", errors=errors)
        else:
            self._tell(notices.of(refusal, self.t))

    def outdated(self) -> None:
        self._tell(notices.outdated(self.t))

    def fail(self, reference: str) -> None:
        self._tell(notices.broken(reference, self.t))

    def _tell(self, answer: Answer) -> None:
        try:
            self._tell_in_the_form_that_is_left(answer)
        except Exception:
            log.exception("no answer could be given")

    def _tell_in_the_form_that_is_left(self, answer: Answer) -> None:
        if self._sent:
            self._show(answer)
            return
        match self._kind:
            case Kind.COMMAND:
                self.ack(**answer.message().to_dict())
            case Kind.VIEW:
                # A refusal that belongs to no field must not cost what was typed: the form stays below it.
                over = answer.over_form and depth_of(self._body.get("view") or {}) < STACK
                view = answer.modal(self.t, is_over_form=over).to_dict()
                self.ack(response_action="push" if over else "update", view=view)
            case Kind.OPTIONS:
                self.ack(**answer.choices().to_dict())
            case Kind.EVENT:
                self.ack()
            case Kind.ACTION | Kind.SHORTCUT:
                self.ack()
                self._show(answer)

    def _show(self, answer: Answer) -> None:
        """A modal; where Slack allows none any more (time, height of the stack), a direct message."""
        trigger = self._body.get("trigger_id") or ""
        view = answer.modal(self.t).to_dict()
        try:
            if (self._body.get("view") or {}).get("type") == "modal":
                self.client.views_push(trigger_id=trigger, view=view)
            else:
                self.client.views_open(trigger_id=trigger, view=view)
        except (SlackClientError, OSError):
            _, user = _who(self._kind, self._body)
            self.client.chat_postMessage(channel=user, **answer.message().to_dict())

    def _input_of(self, field: str | None) -> str | None:
        """The input of that field, or of that entry of one, in the form, if it has one."""
        blocks = (self._body.get("view") or {}).get("blocks") or []
        inputs = (str(block.get("block_id")) for block in blocks if block.get("type") == "input")
        return next((one for one in inputs if field in (field_of(one)[0], one)), None)


def _who(kind: Kind, body: Mapping[str, Any]) -> tuple[TeamId, UserId]:
    match kind:
        case Kind.COMMAND:
            return TeamId(body["team_id"]), UserId(body["user_id"])
        case Kind.EVENT:
            return TeamId(body["team_id"]), UserId(body["event"]["user"])
        case _:
            team = (body.get("team") or {}).get("id") or body["user"]["team_id"]
            return TeamId(team), UserId(body["user"]["id"])


def _read(kind: Kind, body: Mapping[str, Any]) -> Call:
    match kind:
        case Kind.COMMAND:
            return read_command(body)
        case Kind.EVENT:
            return read_event(body)
        case _:
            return read_interaction(kind, body)
