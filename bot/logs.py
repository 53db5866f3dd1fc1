"""Structured logs. One id leads from the Slack request through the operation to Stripe's request id; secrets and
customers' data are masked before anything is written."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from billing.guard import mask_card_numbers

_MASK = "•••"
_SECRET = re.compile(r"\b(xox[a-z]?-|xapp-|[sr]k_(?:test|live)_|whsec_|\w+_secret_|hooks\.slack\.com/\w+/)[\w/-]+")
_MAIL = re.compile(r"""[^\s@<>"'(),:;=\[\]{}]+@[\w-]+(?:\.[\w-]+)+""")
_DOCUMENT_LINK = re.compile(r"(/d/)[\w-]{20,}")
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]+@")
# Where exceptions quote what they were given: pydantic, SQLAlchemy, PostgreSQL; and Bolt, a request nobody wants.
_QUOTED = re.compile(r"(input_value=|\[parameters: |DETAIL: |Unhandled request \()[^\n]*")
_STRUCTLOG = {"_record", "_from_structlog"}  # its own, never printed
_PRIVATE = {"name", "email", "phone", "company", "text", "address", "command", "password", "token", "secret"}


def mask(text: str) -> str:
    """The text without card numbers, secrets, passwords and e-mail addresses."""
    text = _QUOTED.sub(rf"\1{_MASK}", text)
    text = _SECRET.sub(rf"\1{_MASK}", text)
    text = _DOCUMENT_LINK.sub(rf"\1{_MASK}", text)
    text = _URL_PASSWORD.sub(rf"\1{_MASK}@", text)
    return mask_card_numbers(_MAIL.sub(_MASK, text), _MASK)


def _masked(value: Any) -> Any:
    match value:
        case str():
            return mask(value)
        case dict():
            return {key: _MASK if str(key) in _PRIVATE else _masked(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(inner) for inner in value]
        case None | bool() | float():
            return value
        case int():
            return value if mask(str(value)) == str(value) else _MASK
        case _:
            return mask(str(value))


def _mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    own = {key: event[key] for key in _STRUCTLOG & event.keys()}
    return {key: _MASK if key in _PRIVATE else _masked(value) for key, value in event.items()} | own


def configure(form: Literal["json", "text"] = "json", level: str = "info") -> None:
    """Send structlog and the standard library's loggers through one chain to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # plain: a traceback with local variables would hold customers' data
        _mask_event,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
        )
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("slack_bolt", "slack_sdk", "stripe", "urllib3", "dbos", "alembic", "werkzeug"):
        logging.getLogger(chatty).setLevel(max(root.level, logging.WARNING))  # below that they show what is sent
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
