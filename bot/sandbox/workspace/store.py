"""The optional memory on disk: a table of documents in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from bot.sandbox.workspace.common import Json


class Store(Protocol):
    """Documents by kind and key, in the order in which they were first put."""

    def put(self, kind: str, key: str, document: Json) -> None: ...

    def remove(self, kind: str, key: str) -> None: ...

    def all(self, kind: str) -> list[Json]: ...

    def clear(self) -> None: ...


class NoStore:
    """Forgets everything: the workspace's own memory is enough while it runs."""

    def put(self, kind: str, key: str, document: Json) -> None:
        pass

    def remove(self, kind: str, key: str) -> None:
        pass

    def all(self, kind: str) -> list[Json]:  # noqa: ARG002 - the protocol's
        return []

    def clear(self) -> None:
        pass


class FileStore:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        with self._connection() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS documents (n INTEGER PRIMARY KEY, kind TEXT, key TEXT, body TEXT,"
                " UNIQUE (kind, key))"
            )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=5)) as connection, connection:
            yield connection

    def put(self, kind: str, key: str, document: Json) -> None:
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                (kind, key, json.dumps(document)),
            )

    def remove(self, kind: str, key: str) -> None:
        with self._connection() as connection:
            connection.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))

    def all(self, kind: str) -> list[Json]:
        with self._connection() as connection:
            rows = connection.execute("SELECT body FROM documents WHERE kind = ? ORDER BY n", (kind,))
            return [json.loads(body) for (body,) in rows]

    def clear(self) -> None:
        with self._connection() as connection:
            connection.execute("DELETE FROM documents")
