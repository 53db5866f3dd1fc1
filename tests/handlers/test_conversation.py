"""Every click is answered, in the form that fits the place: when a handler refuses, when it breaks, when nobody knows
the id any more, and when Slack lets no modal be opened."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.error import URLError

import pytest
import structlog
from structlog.testing import capture_logs

from billing.errors import NothingToSell, NotReadable, QuantityOutOfRange, UnknownContact, refuse_all
from billing.models import Frozen
from billing.roles import Role
from blocks.kit import REMARK, Modal, section
from bot import logs
from handlers.payloads import Call
from handlers.router import Kind
from tests.support import slack
from tests.support.office import Office, Reply
from tests.support.shop import SAM, actor
from tests.support.slack import open_view, slack_error, texts

VISA = "4242 4242 4242 4242"
FORM = {
    "type": "modal",
    "callback_id": "test.form",
    "title": {"type": "plain_text", "text": "Form"},
    "blocks": [
        {
            "type": "input",
            "block_id": "quantity",
            "label": {"type": "plain_text", "text": "Quantity"},
            "element": {"type": "number_input", "action_id": "q"},
        }
    ],
}


def refuses() -> None:
    raise NothingToSell(currency="CHF")


def breaks() -> None:
    raise ZeroDivisionError("about Ada Lovelace")


@pytest.fixture
def office() -> Office:
    return Office()


def asks(office: Office, kind: Kind, *, view: dict[str, Any] | None = None, **changes: Any) -> Reply:
    """A request of that kind with the id `test.it`."""
    where = {"view": view} if view else {}
    match kind:
        case Kind.COMMAND:
            body = slack.command("test.it now", SAM.user, office.trigger())
        case Kind.VIEW:
            shown = {**(view or open_view(FORM)), "callback_id": "test.it", "state": {"values": {}}}
            body = slack.interaction(SAM.user, office.trigger(), view=shown)
        case Kind.ACTION:
            body = slack.interaction(SAM.user, office.trigger(), actions=[slack.action("test.it", "x")], **where)
        case Kind.OPTIONS:
            body = slack.interaction(SAM.user, office.trigger(), action_id="test.it", value="ada", **where)
        case Kind.SHORTCUT:
            body = slack.interaction(SAM.user, office.trigger(), callback_id="test.it", message={"text": "hi"})
        case Kind.EVENT:
            body = {"team_id": "T1", "event": {"type": "test.it", "user": SAM.user}}
    return office.handles(kind, body | changes)


def installed(office: Office, kind: Kind, handler: Any) -> None:
    getattr(office.router, kind.value)("test.it")(handler)


def what_is_read(office: Office, reply: Reply) -> str:
    """Wherever the answer went: on the request, in a modal, or by direct message."""
    modals = [texts(one.arguments["view"]) for one in office.slack.called("views_open", "views_push", "views_update")]
    return "\n".join([reply.text, *modals, *office.told])


ANSWERED = [Kind.COMMAND, Kind.VIEW, Kind.ACTION, Kind.SHORTCUT]
HANDLED = [*ANSWERED, Kind.OPTIONS, Kind.EVENT]


# Nothing is left without an answer


@pytest.mark.parametrize("kind", HANDLED)
def test_a_handler_that_says_nothing_is_acknowledged(office: Office, kind: Kind) -> None:
    installed(office, kind, lambda: None)
    assert asks(office, kind).body is not None
    assert office.observed == [(kind.value, "ok")]


@pytest.mark.parametrize("kind", HANDLED)
@pytest.mark.parametrize("handler", [refuses, breaks, None], ids=["refuses", "breaks", "is not there"])
def test_every_kind_of_request_is_acknowledged_whatever_happens(office: Office, kind: Kind, handler: Any) -> None:
    if handler:
        installed(office, kind, handler)
    assert asks(office, kind).body is not None


@pytest.mark.parametrize("kind", ANSWERED)
def test_a_refusal_is_said_in_words(office: Office, kind: Kind) -> None:
    installed(office, kind, refuses)
    reply = asks(office, kind)
    assert "no product with a billing cycle in CHF" in what_is_read(office, reply)
    assert office.observed == [(kind.value, "refused")]


@pytest.mark.parametrize("kind", ANSWERED)
def test_what_breaks_is_said_with_a_reference(office: Office, kind: Kind) -> None:
    installed(office, kind, breaks)
    with capture_logs() as logged:
        reply = asks(office, kind)
    [entry] = [one for one in logged if one["log_level"] == "error"]
    assert entry["reference"] in what_is_read(office, reply)
    assert re.fullmatch("[0-9a-f]{12}", entry["reference"])
    assert office.observed == [(kind.value, "failed")]


@pytest.mark.parametrize("kind", [Kind.VIEW, Kind.ACTION, Kind.SHORTCUT])
def test_an_id_that_nobody_knows_any_more_is_said_to_be_out_of_date(office: Office, kind: Kind) -> None:
    assert "out of date" in what_is_read(office, asks(office, kind))


def test_a_word_that_is_no_command_is_what_is_looked_for(office: Office) -> None:
    asks(office, Kind.COMMAND)
    assert "No customer matches *“test.it now”*" in texts(office.shown)


@pytest.mark.parametrize("handler", [refuses, breaks])
def test_a_menu_whose_options_cannot_be_loaded_says_so(office: Office, handler: Any) -> None:
    installed(office, Kind.OPTIONS, handler)
    (group,) = asks(office, Kind.OPTIONS).body["option_groups"]
    assert group["label"]["text"]
    assert [one["value"] for one in group["options"]] == [REMARK]


def test_a_command_is_answered_only_to_the_person_who_typed_it(office: Office) -> None:
    """CX20"""
    installed(office, Kind.COMMAND, refuses)
    reply = asks(office, Kind.COMMAND)
    assert reply.body.get("response_type", "ephemeral") == "ephemeral"
    assert not office.slack.calls


def test_a_refusal_about_a_field_is_shown_at_the_field(office: Office) -> None:
    """And what was typed stays."""

    def handler() -> None:
        raise QuantityOutOfRange(minimum=1, maximum=99)

    installed(office, Kind.VIEW, handler)
    assert asks(office, Kind.VIEW).errors == {"quantity": "The quantity for this product is between 1 and 99."}


def test_of_several_refusals_each_is_shown_at_its_field(office: Office) -> None:
    """The first about a field is said there; what belongs to no field of this view waits until these are mended."""

    def too_many() -> None:
        raise QuantityOutOfRange(minimum=1, maximum=99)

    def unreadable(field: str) -> None:
        raise NotReadable(field)

    def handler() -> None:
        refuse_all(refuses, too_many, list, partial(unreadable, "note"), partial(unreadable, "quantity"))

    installed(office, Kind.VIEW, handler)
    note = {**FORM["blocks"][0], "block_id": "note"}
    reply = asks(office, Kind.VIEW, view=FORM | {"blocks": [*FORM["blocks"], note]})
    assert reply.errors.keys() == {"quantity", "note"}
    assert "between 1 and 99" in reply.errors["quantity"]


def test_a_refusal_about_no_field_of_this_view_lies_over_it(office: Office) -> None:
    """What was typed is still there below: "Back" leads to it."""

    def handler() -> None:
        raise UnknownContact

    installed(office, Kind.VIEW, handler)
    reply = asks(office, Kind.VIEW)
    assert reply.body["response_action"] == "push"
    assert "does not exist" in reply.text
    assert reply.body["view"]["close"]["text"] == "Back"


def test_over_three_modals_there_is_no_fourth_so_the_refusal_takes_the_last_ones_place(office: Office) -> None:
    def handler() -> None:
        raise UnknownContact

    installed(office, Kind.VIEW, handler)
    reply = asks(office, Kind.VIEW, view=open_view(FORM) | {"previous_view_id": "V2", "root_view_id": "V1"})
    assert reply.body["response_action"] == "update"
    assert reply.body["view"]["close"]["text"] == "Close"


def test_a_button_in_a_modal_is_answered_on_top_of_it(office: Office) -> None:
    installed(office, Kind.ACTION, refuses)
    asks(office, Kind.ACTION, view=open_view(FORM))
    assert [one.method for one in office.slack.calls] == ["views_push"]


def test_a_button_in_a_message_is_answered_in_a_modal(office: Office) -> None:
    installed(office, Kind.ACTION, refuses)
    asks(office, Kind.ACTION)
    assert [one.method for one in office.slack.calls] == ["views_open"]


def test_a_refusal_after_the_acknowledgement_is_shown_as_well(office: Office) -> None:
    def handler(ack: Any) -> None:
        ack()
        refuses()

    installed(office, Kind.VIEW, handler)
    reply = asks(office, Kind.VIEW)
    assert reply.body == ""
    assert [one.method for one in office.slack.calls] == ["views_push"]
    assert "CHF" in what_is_read(office, reply)


# Where no modal can be opened


@pytest.mark.parametrize(
    "error",
    [
        slack_error("expired_trigger_id"),
        slack_error("push_limit_reached"),
        slack_error("ratelimited", 429),
        URLError("no route"),
        TimeoutError(),
        ConnectionResetError(),
    ],
    ids=repr,
)
@pytest.mark.parametrize("handler", [refuses, breaks])
def test_where_no_modal_can_be_opened_there_is_a_direct_message(office: Office, handler: Any, error: Exception) -> None:
    installed(office, Kind.ACTION, handler)
    office.slack.fails["views_push"].append(error)
    with capture_logs():
        asks(office, Kind.ACTION, view=open_view(FORM, depth=3))
    [message] = office.slack.called("chat_postMessage")
    assert message.arguments["channel"] == SAM.user
    assert message.arguments["text"]


@pytest.mark.parametrize("kind", ANSWERED)
def test_a_trigger_that_expired_in_the_handler_is_answered_all_the_same(office: Office, kind: Kind) -> None:
    """The database was slow for more than three seconds."""

    def handler(client: Any) -> None:
        client.views_open(trigger_id="", view=FORM)

    installed(office, kind, handler)
    for method in ("views_open", "views_push"):
        office.slack.fails[method].extend([slack_error("expired_trigger_id")] * 2)
    with capture_logs() as logged:
        reply = asks(office, kind)
    assert any(one.get("reference", "-") in what_is_read(office, reply) for one in logged)


@pytest.mark.parametrize("error", [slack_error("channel_not_found"), TimeoutError(), URLError("no route")], ids=repr)
def test_when_slack_takes_nothing_at_all_it_is_in_the_log_and_nothing_is_raised(
    office: Office, error: Exception
) -> None:
    installed(office, Kind.ACTION, refuses)
    office.slack.fails["views_open"].append(slack_error("expired_trigger_id"))
    office.slack.fails["chat_postMessage"].append(error)
    with capture_logs() as logged:
        assert asks(office, Kind.ACTION).body == ""
    assert "no answer could be given" in [one["event"] for one in logged]


@pytest.mark.parametrize("body", [{}, {"user": None}, {"team_id": "T1"}, {"event": {}}])
@pytest.mark.parametrize("kind", HANDLED)
def test_a_payload_that_makes_no_sense_is_acknowledged(office: Office, kind: Kind, body: dict[str, Any]) -> None:
    with capture_logs():
        assert office.handles(kind, body).body is not None
    assert office.observed == [(kind.value, "failed")]


def test_when_slack_does_not_say_who_somebody_is_the_person_is_told(office: Office) -> None:
    """The first click of somebody new, while Slack's directory is away."""
    office.slack.fails["users_info"].append(slack_error("internal_error", 500))
    with capture_logs():
        reply = office.types("", person=actor(user="U_NEW"))
    assert "Something went wrong" in reply.text


# Who asks


def test_somebody_without_a_role_is_told_who_can_give_one(office: Office) -> None:
    """H16"""
    office.slack.people["U_NEW"] = {"real_name": "Nele New", "locale": "en-US", "tz": "Europe/Berlin"}
    reply = office.types("ada", person=actor(user="U_NEW"))
    assert "no role in Kontor yet" in reply.text
    assert "Ada" not in reply.text
    assert not office.slack.called("views_open")


@pytest.mark.parametrize("locale", ["de", "en"])
def test_the_answer_is_in_the_persons_language(office: Office, locale: str) -> None:
    person = actor(Role.SALES, user="U_LOCAL", locale=locale)
    office.hires(person)
    installed(office, Kind.ACTION, refuses)
    office.presses("test.it", person=person)
    english = "There is no product" in texts(office.shown)
    assert english == (locale == "en")


def test_the_handler_is_given_the_person_the_call_and_the_language(office: Office) -> None:
    got: dict[str, Any] = {}

    def handler(actor: Any, call: Call, t: Any, trace: str, links: Any) -> None:
        got.update(actor=actor, call=call, t=t, trace=trace, links=links)

    installed(office, Kind.COMMAND, handler)
    asks(office, Kind.COMMAND)
    assert got["actor"] == SAM
    assert (got["call"].id, got["call"].text) == ("test.it", "now")
    assert got["t"].language == "en"
    assert got["links"].stripe("sub_1") == "https://stripe.example/sub_1"
    assert re.fullmatch("[0-9a-f]{12}", got["trace"])


@pytest.mark.parametrize("typed", ["TEST.IT now", "Test.It   now ", "test.it now"])
def test_a_command_is_known_in_any_case(office: Office, typed: str) -> None:
    got: list[str] = []

    def handler(call: Call) -> None:
        got.append(call.text)

    installed(office, Kind.COMMAND, handler)
    office.types(typed)
    assert got == ["now"]


# Screens


def shows(office: Office, how: str, *, depth: int) -> str:
    """Which method of Slack's a handler's screen used, from a click that high in the stack (0: in a message)."""

    def handler(screen: Any) -> None:
        getattr(screen, how)(Modal(title="New", blocks=[section("Hello")]))

    installed(office, Kind.ACTION, handler)
    asks(office, Kind.ACTION, view=open_view(FORM, depth) if depth else None)
    [call] = office.slack.calls
    return call.method


@pytest.mark.parametrize(
    ("how", "depth", "method"),
    [
        ("show", 0, "views_open"),
        ("show", 1, "views_push"),
        ("show", 2, "views_push"),
        ("show", 3, "views_update"),  # Slack lets three modals lie on each other
        ("replace", 0, "views_open"),
        ("replace", 1, "views_update"),
        ("replace", 3, "views_update"),
    ],
)
def test_a_screen_opens_lays_on_top_or_changes(office: Office, how: str, depth: int, method: str) -> None:
    assert shows(office, how, depth=depth) == method


def test_a_view_is_changed_only_in_the_version_that_was_clicked_in(office: Office) -> None:
    shows(office, "replace", depth=1)
    assert office.slack.calls[0].arguments["hash"] == "h1"


def test_the_second_click_of_a_double_click_changes_nothing_and_is_no_fault(office: Office) -> None:
    office.slack.fails["views_update"].append(slack_error("hash_conflict"))
    office.types("ada")
    office.presses("card.open", "con_ben", view=open_view(office.shown))
    assert office.observed[-1] == ("action", "ok")
    assert [one.method for one in office.slack.calls] == ["views_open"]


# The log


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """What the program would write, masked as it masks."""
    chain = [structlog.contextvars.merge_contextvars, structlog.processors.format_exc_info, logs._mask_event]
    with capture_logs(processors=chain) as logged:
        yield logged


class Customer(Frozen):
    name: str
    limit: int


@pytest.mark.parametrize("private", ["ada@engines.example", "Ada Lovelace", VISA], ids=["mail", "name", "card"])
def test_the_log_of_what_nobody_foresaw_holds_the_reference_and_no_customers_data(
    office: Office, lines: list[Any], private: str
) -> None:
    """SX8: also not where a row does not fit its model, and pydantic would show it."""

    def handler() -> None:
        Customer.model_validate({"name": private, "limit": private})

    installed(office, Kind.COMMAND, handler)
    reply = asks(office, Kind.COMMAND)
    [line] = lines
    assert line["reference"] in reply.text
    assert line["reference"] == line["trace"]
    assert line["route"] == "test.it"
    assert "ValidationError" in line["exception"]
    assert private not in json.dumps(line)


@pytest.mark.parametrize("kind", [Kind.COMMAND, Kind.OPTIONS])
def test_a_card_number_that_was_typed_is_refused_and_in_no_log(office: Office, lines: list[Any], kind: Kind) -> None:
    """SX8"""
    reply = office.types(f"ada {VISA}") if kind is Kind.COMMAND else office.searches("finder.contact", VISA)
    assert [one["reason"] for one in lines] == ["CardNumberEntered"]
    assert "4242" not in json.dumps(lines)
    assert kind is Kind.OPTIONS or "looks like a card number" in reply.text
    assert "4242" not in reply.text


def test_a_card_number_in_a_form_leaves_nothing_behind(office: Office) -> None:
    """SX8: no operation, no row, nothing at Stripe."""
    office.types("subscribe ada")
    before = office.rows.copied()
    reply = office.submits(open_view(office.shown), coupon=VISA, price="marketing-plus-month-eur")
    assert "looks like a card number" in reply.text or any("card number" in one for one in reply.errors.values())
    assert "4242 4242" not in json.dumps(reply.body)
    assert office.rows == before
