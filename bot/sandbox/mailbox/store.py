"""Where the mails are kept: SQLite, in memory or in a file, bounded in number and in bytes."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.sandbox.mailbox.parse import Attachment, parse

_TABLES = """
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT, received TEXT NOT NULL, size INTEGER NOT NULL, mail TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS attachments (
    mail INTEGER NOT NULL REFERENCES mails ON DELETE CASCADE, number INTEGER NOT NULL,
    name TEXT NOT NULL, content_type TEXT NOT NULL, content_id TEXT NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (mail, number)
);
"""


@dataclass(frozen=True)
class Limits:
    """What the mailbox accepts and keeps; sizes in bytes. Beyond `mails` and `total` the oldest go."""

    mail: int = 10_000_000
    mails: int = 500
    total: int = 100_000_000


@dataclass(frozen=True)
class Mail:
    """A received mail. `envelope_from` and `envelope_to` are what SMTP said, with blind copies too."""

    id: int
    received: str
    size: int
    sender: str
    to: str
    envelope_from: str
    envelope_to: list[str]
    subject: str
    text: str
    html: str
    headers: list[list[str]]
    attachments: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """The control API's form; `from` is the header's, `received` an ISO instant in UTC, `size` in bytes."""
        return {"from": self.sender} | {key: value for key, value in asdict(self).items() if key != "sender"}


class Store:
    """All mails, newest first; safe to use from many threads."""

    def __init__(self, path: Path | None = None, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(_TABLES)
        self._changed = threading.Condition()
        self._version = 0
        self._closed = False

    def add(self, raw: bytes, sender: str, recipients: Sequence[str]) -> int:
        """Keep a mail as it came over SMTP; returns its id."""
        parsed = parse(raw)
        mail = {
            "sender": parsed.sender or sender,
            "to": parsed.to or ", ".join(recipients),
            "envelope_from": sender,
            "envelope_to": list(recipients),
            "subject": parsed.subject,
            "text": parsed.text,
            "html": parsed.html,
            "headers": parsed.headers,
        }
        received = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._changed, self._connection as connection:
            connection.execute("BEGIN")
            cursor = connection.execute(
                "INSERT INTO mails (received, size, mail) VALUES (?, ?, ?)", (received, len(raw), json.dumps(mail))
            )
            added = int(cursor.lastrowid or 0)
            connection.executemany(
                "INSERT INTO attachments VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (added, number, file.name, file.content_type, file.content_id, file.content)
                    for number, file in enumerate(parsed.attachments, 1)
                ],
            )
            self._drop_the_oldest(connection)
            self._announce()
        return added

    def all(self) -> list[Mail]:
        """Every mail, newest first."""
        with self._changed:
            rows = self._connection.execute("SELECT id, received, size, mail FROM mails ORDER BY id DESC").fetchall()
            files = self._connection.execute(
                "SELECT mail, number, name, content_type, length(content) FROM attachments ORDER BY mail, number"
            ).fetchall()
        attachments: dict[int, list[dict[str, Any]]] = {}
        for mail, number, name, content_type, size in files:
            file = {"number": number, "name": name, "content_type": content_type, "size": size}
            attachments.setdefault(mail, []).append(file)
        return [
            Mail(id=key, received=received, size=size, attachments=attachments.get(key, []), **json.loads(mail))
            for key, received, size, mail in rows
        ]

    def html(self, mail: int) -> str | None:
        """The HTML body of a mail ("" if it has none), or None if the mail is not there (any more)."""
        with self._changed:
            row = self._connection.execute("SELECT mail FROM mails WHERE id = ?", (mail,)).fetchone()
        return str(json.loads(row[0])["html"]) if row else None

    def attachments(self, mail: int) -> dict[int, Attachment]:
        """The files of a mail by their number, with content."""
        with self._changed:
            rows = self._connection.execute(
                "SELECT number, name, content_type, content, content_id FROM attachments WHERE mail = ?", (mail,)
            ).fetchall()
        return {number: Attachment(*rest) for number, *rest in rows}

    def clear(self) -> None:
        """Throw every mail away."""
        with self._changed:
            self._connection.execute("DELETE FROM mails")
            self._announce()

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self._version

    def wait(self, version: int, timeout: float) -> int:
        """Wait (seconds) until something is newer than `version`; returns the version now."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._version != version, timeout)
            return self._version

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._connection.close()

    def _drop_the_oldest(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            """
            DELETE FROM mails WHERE id IN (
                SELECT id FROM (
                    SELECT id, sum(size) OVER newest AS bytes, row_number() OVER newest AS place
                    FROM mails WINDOW newest AS (ORDER BY id DESC)
                ) WHERE place > ? OR (bytes > ? AND place > 1)
            )
            """,
            (self.limits.mails, self.limits.total),
        )

    def _announce(self) -> None:
        self._version += 1
        self._changed.notify_all()
