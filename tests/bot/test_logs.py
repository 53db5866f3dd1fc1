"""Logs: one line of JSON per event, and nothing in it that belongs to a customer or opens a door."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pydantic
import pytest
import sqlalchemy as sa
import structlog

from bot import logs

CARD = "4242424242424242"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("json", "info")
    return stream


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_time_level_and_logger(written: io.StringIO) -> None:
    structlog.get_logger("bot.somewhere").info("accepted", operation="op_1", seconds=0.5, replayed=False)
    (line,) = lines(written)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "accepted",
        "level": "info",
        "logger": "bot.somewhere",
        "operation": "op_1",
        "seconds": 0.5,
        "replayed": False,
    }


def test_the_standard_librarys_loggers_go_the_same_way(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(trace="abc"):
        logging.getLogger("some.library").warning("for %s", "ada@example.com")
    (line,) = lines(written)
    assert (line["event"], line["trace"], line["level"]) == ("for •••", "abc", "warning")


def test_what_is_below_the_level_and_what_libraries_tell_of_requests_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure("json", "debug")
    logging.getLogger("slack_sdk.web").debug("Sending a request - body: {'text': 'Ada Berger'}")
    logging.getLogger("stripe").info("Request options")
    assert lines(written) == []
    logs.configure("json", "error")
    structlog.get_logger("bot").warning("not this")
    logging.getLogger("slack_sdk.web").warning("nor this")
    assert lines(written) == []


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcBrzbqgy",
        "xapp-1-A012-345-abcdef",
        "xoxe.xoxp-1-Mi0yLTEyMw",
        "sk_test_BQokikJOvBiI2HlWgH4olfQ2",
        "sk_live_BQokikJOvBiI2HlWgH4olfQ2",
        "rk_live_BQokikJOvBiI2HlWgH4olfQ2",
        "whsec_BQokikJOvBiI2HlWgH4olfQ2",
        "seti_1Mm8s8LkdIwHu7ix_secret_NXDICkPqPeiBTAFqWmkbff09lRmSVXe",
        "https://hooks.slack.com/commands/T012/345/geheim",
        "postgresql://kontor:geheim@db/kontor",
        "smtp://:geheim@mail/",
        "ada.berger+kontor@example.co.uk",
        "o'brien@example.com",
        "ada@münchen.example",
        CARD,
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242",
        "４２４２４２４２４２４２４２４２",
        "3782 822463 10005",
        "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
    ],
)
def test_secrets_addresses_and_card_numbers_are_masked_wherever_they_stand(written: io.StringIO, secret: str) -> None:
    log = structlog.get_logger("bot")
    log.info(f"it is {secret}, yes", value=secret, inner={"deep": [secret, {"deeper": (secret,)}]}, other={secret})
    try:
        raise ValueError(f"not {secret}!")  # noqa: TRY301 - the exception is the subject
    except ValueError as error:
        log.exception("broken", error=error)
        logging.getLogger("library").exception("broken with %s", secret)
    written.flush()
    told = written.getvalue()
    assert len(lines(written)) == 3
    assert "•••" in told
    tail = secret.rpartition("_secret_")[2].rpartition(":")[2].split("@")[0][-8:]
    assert secret not in told
    assert tail not in told


def test_a_number_is_masked_as_a_text_is(written: io.StringIO) -> None:
    structlog.get_logger("bot").info("typed", quantity=int(CARD), seats=4242)
    (line,) = lines(written)
    assert (line["quantity"], line["seats"]) == ("•••", 4242)


def test_names_under_known_keys_are_masked_at_any_depth(written: io.StringIO) -> None:
    structlog.get_logger("bot").info("seen", name="Ada Berger", contact={"company": "Berger AG", "id": "con_1"})
    (line,) = lines(written)
    assert (line["name"], line["contact"]) == ("•••", {"company": "•••", "id": "con_1"})


def test_what_an_exception_quotes_of_its_input_is_masked(written: io.StringIO) -> None:
    class Form(pydantic.BaseModel):
        quantity: int

    name = " ".join(("Ada", "Berger"))  # so that a traceback's source lines do not hold it
    log = structlog.get_logger("bot")
    try:
        Form.model_validate({"quantity": name})
    except pydantic.ValidationError:
        log.exception("form")
    engine = sa.create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT * FROM nothing WHERE name = :name"), {"name": name})
    except sa.exc.OperationalError:
        log.exception("sql")
    finally:
        engine.dispose()
    log.info(f"DETAIL:  Failing row contains (con_1, {name}).")
    assert [line["event"] for line in lines(written)] == ["form", "sql", "DETAIL: •••"]
    assert name not in written.getvalue()


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_shows_no_local_variables(monkeypatch: pytest.MonkeyPatch, form: Any) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure(form, "info")

    def broken(customer: str) -> None:
        raise RuntimeError("broken for somebody" if customer else "")

    try:
        broken("Ada" + " " + "Berger")
    except RuntimeError:
        structlog.get_logger("bot").exception("unforeseen")
        logging.getLogger("library").exception("unforeseen, too")
    told = written.getvalue()
    assert told.count("RuntimeError: broken for somebody") == 2
    assert told.count("in broken") == 2
    assert "Ada Berger" not in told


def test_a_request_that_bolt_does_not_know_is_not_quoted(written: io.StringIO) -> None:
    logging.getLogger("slack_bolt.App").warning("Unhandled request ({'type': 'odd', 'text': 'Ada Berger'})\nadvice")
    (line,) = lines(written)
    assert "Ada Berger" not in line["event"]
