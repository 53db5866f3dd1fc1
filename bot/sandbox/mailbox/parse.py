"""Bytes from the wire become text that is safe to show. Nothing that arrives may make this fail."""

from __future__ import annotations

import contextlib
import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message

MAX_TEXT = 1_000_000
"""Characters kept of each body."""
MAX_HEADERS = 200
MAX_HEADER = 2_000
"""Characters kept of each header."""
MAX_ATTACHMENTS = 50

# Control characters and the marks that turn the direction of writing: with them a name can pretend to be another.
_DECEIVING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True)
class Attachment:
    """A file in a mail; `content_id` is set for pictures that the HTML shows by `cid:`."""

    name: str
    content_type: str
    content: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True)
class Parsed:
    """What a mail says: decoded, cut to the limits, without characters that deceive."""

    sender: str
    to: str
    subject: str
    text: str
    html: str
    headers: list[tuple[str, str]]
    attachments: list[Attachment]


def parse(raw: bytes) -> Parsed:
    """Read a mail. One that cannot be read at all is shown as its source."""
    try:
        return _parse(raw)
    except Exception:  # noqa: BLE001,RUF100 - the standard parser has no common error for malformed mails
        source = _clean(raw.decode("utf-8", "replace"))[:MAX_TEXT]
        return Parsed("", "", "(this mail could not be read)", source, "", [], [])


def _parse(raw: bytes) -> Parsed:
    message = email.message_from_bytes(raw)
    text, html, attachments = _bodies(message)
    return Parsed(
        sender=_header(message, "From"),
        to=_header(message, "To"),
        subject=_header(message, "Subject"),
        text=text[:MAX_TEXT],
        html=html[:MAX_TEXT],
        headers=[(_clean(name)[:MAX_HEADER], _decoded(value)) for name, value in message.items()[:MAX_HEADERS]],
        attachments=attachments[:MAX_ATTACHMENTS],
    )


def _bodies(message: Message) -> tuple[str, str, list[Attachment]]:
    """The first plain text, the first HTML, and everything else as attachments."""
    bodies: dict[str, str] = {}
    attachments: list[Attachment] = []
    for part in _leaves(message):
        kind = part.get_content_type()
        is_body = kind in {"text/plain", "text/html"} and part.get_content_disposition() != "attachment"
        if is_body and kind not in bodies and not part.get_filename():
            bodies[kind] = _text_of(part)
        else:
            attachments.append(_attachment(part, len(attachments) + 1))
    return bodies.get("text/plain", ""), bodies.get("text/html", ""), attachments


def _leaves(message: Message) -> Iterator[Message]:
    return (part for part in message.walk() if not part.is_multipart())


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text_of(part: Message) -> str:
    charset = part.get_content_charset() or "utf-8"
    content = _content(part)
    try:
        text = content.decode(charset, "replace")
    except (LookupError, ValueError):  # a charset nobody knows
        text = content.decode("utf-8", "replace")
    return _clean(text.replace("\r\n", "\n"))


def _attachment(part: Message, number: int) -> Attachment:
    name = " ".join(_decoded(part.get_filename() or "").split())
    # Only the last piece of a path, so that no name reaches out of the download folder.
    name = re.split(r"[\\/]", name)[-1].strip(". ")[:150]
    return Attachment(
        name=name or f"attachment-{number}",
        content_type=_clean(part.get_content_type())[:100],
        content=_content(part),
        content_id=_clean(str(part.get("Content-ID", ""))).strip("<> ")[:200],
    )


def _header(message: Message, name: str) -> str:
    return " ".join(_decoded(message.get(name, "")).split())


def _decoded(value: object) -> str:
    """Undo RFC 2047 encoding; what is broken stays as it came."""
    text = str(value)
    with contextlib.suppress(HeaderParseError, LookupError, ValueError):
        text = str(make_header(decode_header(text)))
    return _clean(text)[:MAX_HEADER]


def _clean(text: str) -> str:
    return _DECEIVING.sub("�", text)
