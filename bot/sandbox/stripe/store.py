"""Where everything is kept: one SQLite database, in memory or in a file.

Objects are JSON rows; what lists filter by stands in an index table (object type, field, value), newest first by row
number. Nothing is ever scanned. The file survives kill -9: one transaction per request, write-ahead log.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .objects import Object, id_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    object TEXT NOT NULL,
    created INTEGER NOT NULL,
    listed INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_newest ON objects (object, listed, seq);
CREATE TABLE IF NOT EXISTS fields (
    object TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (object, name, value, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS due (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL,
    clock TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS due_by_clock ON due (clock, at, seq);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    request_id TEXT NOT NULL, at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_age ON answers (at);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL,
    attempt INTEGER NOT NULL, next_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_order ON deliveries (next_at);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_TABLES = ("objects", "fields", "due", "answers", "deliveries", "meta")


def _field(name: str) -> Callable[[Object], Any]:
    return lambda body: body.get(name)


def _lowered(name: str) -> Callable[[Object], Any]:
    return lambda body: (body.get(name) or "").lower() or None


def _subscription_of(invoice: Object) -> Any:
    parent = invoice.get("parent") or {}
    return (parent.get("subscription_details") or {}).get("subscription")


_INDEXED: dict[str, dict[str, Callable[[Object], Any]]] = {
    "customer": {
        "email": _field("email"),
        "test_clock": _field("test_clock"),
        "search.email": _lowered("email"),
        "search.name": _lowered("name"),
        "search.phone": _lowered("phone"),
    },
    "product": {"active": _field("active")},
    "price": {name: _field(name) for name in ("active", "currency", "lookup_key", "product", "type")},
    "coupon": {},
    "promotion_code": {
        "active": _field("active"),
        "code": lambda p: p["code"].lower(),
        "coupon": lambda p: p["promotion"]["coupon"],
        "customer": _field("customer"),
    },
    "tax_rate": {"active": _field("active"), "inclusive": _field("inclusive")},
    "tax_id": {"customer": _field("customer")},
    "payment_method": {"customer": _field("customer"), "type": _field("type")},
    "setup_intent": {"customer": _field("customer"), "payment_method": _field("payment_method")},
    "payment_intent": {"customer": _field("customer")},
    "charge": {"customer": _field("customer"), "payment_intent": _field("payment_intent")},
    "refund": {"charge": _field("charge"), "payment_intent": _field("payment_intent")},
    "subscription": {
        "customer": _field("customer"),
        "status": _field("status"),
        "collection_method": _field("collection_method"),
        "test_clock": _field("test_clock"),
        "price": lambda s: [item["price"]["id"] for item in s["items"]["data"]],
        "item": lambda s: [item["id"] for item in s["items"]["data"]],
        "ended": lambda s: s["status"] in ("canceled", "incomplete_expired"),
    },
    "subscription_schedule": {"customer": _field("customer"), "subscription": _field("subscription")},
    "invoice": {
        "number": lambda o: o["number"],
        "customer": _field("customer"),
        "status": _field("status"),
        "collection_method": _field("collection_method"),
        "subscription": _subscription_of,
    },
    "invoiceitem": {
        "customer": _field("customer"),
        "invoice": _field("invoice"),
        "pending": lambda item: item["customer"] if item["invoice"] is None else None,
    },
    "invoice_payment": {
        "invoice": _field("invoice"),
        "status": _field("status"),
        "payment_intent": lambda p: p["payment"].get("payment_intent"),
        "payment_record": lambda p: p["payment"].get("payment_record"),
    },
    "credit_note": {"customer": _field("customer"), "invoice": _field("invoice")},
    "customer_balance_transaction": {"customer": _field("customer"), "invoice": _field("invoice")},
    "checkout.session": {name: _field(name) for name in ("customer", "status", "subscription", "payment_intent")},
    "event": {"type": _field("type"), "about": lambda event: event["data"]["object"].get("id")},
}
"""What each type can be listed by."""


class Store:
    """Not thread-safe by itself: the account holds one lock around it."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        due = {row[1] for row in self._db.execute("PRAGMA table_info(due)")}
        if due and "clock" not in due:  # a file from before test clocks
            self._db.execute("ALTER TABLE due ADD COLUMN clock TEXT NOT NULL DEFAULT ''")
        self._db.executescript(_SCHEMA)
        self._savepoints = 0

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another one, part of that one."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def savepoint(self, *, undo: bool = False) -> Iterator[None]:
        """A part of a transaction that an exception undoes, unless it has a true `keep`; `undo` undoes it always."""
        self._savepoints += 1
        name = f"part{self._savepoints}"
        self._db.execute(f"SAVEPOINT {name}")
        try:
            yield
            if undo:
                self._db.execute(f"ROLLBACK TO {name}")
        except BaseException as error:
            if undo or not getattr(error, "keep", False):
                self._db.execute(f"ROLLBACK TO {name}")
            raise
        finally:
            self._db.execute(f"RELEASE {name}")
            self._savepoints -= 1

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in _TABLES:
                self._db.execute(f"DELETE FROM {table}")

    # objects

    def get(self, object_id: str) -> Object | None:
        row = self._db.execute("SELECT body FROM objects WHERE id = ?", (object_id,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, body: Object) -> Object | None:
        """Insert or replace; returns what stood there before."""
        text = json.dumps(body, separators=(",", ":"))
        listed = not (body.get("deleted") or body.get("_hidden"))
        row = self._db.execute("SELECT seq, body FROM objects WHERE id = ?", (body["id"],)).fetchone()
        if row is None:
            cursor = self._db.execute(
                "INSERT INTO objects (id, object, created, listed, body) VALUES (?, ?, ?, ?, ?)",
                (body["id"], body["object"], body.get("created", body.get("date", 0)), listed, text),
            )
            self._index(cursor.lastrowid or 0, body["object"], set(), _entries(body))
            return None
        seq, old = row[0], json.loads(row[1])
        self._db.execute("UPDATE objects SET body = ?, listed = ? WHERE seq = ?", (text, listed, seq))
        self._index(seq, body["object"], _entries(old), _entries(body))
        return old  # type: ignore[no-any-return]  # JSON of ours

    def remove(self, object_id: str) -> None:
        """Take an object away without a trace (drafts, previews)."""
        row = self._db.execute("SELECT seq, body FROM objects WHERE id = ?", (object_id,)).fetchone()
        if row is not None:
            body = json.loads(row[1])
            self._index(row[0], body["object"], _entries(body), set())
            self._db.execute("DELETE FROM objects WHERE seq = ?", (row[0],))

    def _index(self, seq: int, kind: str, old: set[tuple[str, str]], new: set[tuple[str, str]]) -> None:
        gone, come = old - new, new - old
        if gone:
            self._db.executemany(
                "DELETE FROM fields WHERE object = ? AND name = ? AND value = ? AND seq = ?",
                [(kind, name, value, seq) for name, value in gone],
            )
        if come:
            self._db.executemany(
                "INSERT OR IGNORE INTO fields (object, name, value, seq) VALUES (?, ?, ?, ?)",
                [(kind, name, value, seq) for name, value in come],
            )

    def position(self, object_id: str) -> int | None:
        """Where an object stands in the newest-first order."""
        row = self._db.execute("SELECT seq FROM objects WHERE id = ?", (object_id,)).fetchone()
        return None if row is None else int(row[0])

    def find(
        self,
        kind: str,
        filters: dict[str, Any] | None = None,
        *,
        limit: int = 1_000_000,
        before: int | None = None,
        after: int | None = None,
        created: dict[str, int] | None = None,
    ) -> list[Object]:
        """Newest first; with `after` (a position) the next newer ones, still newest first.

        `filters` maps indexed fields to a value, to a list of values of which one must match, or to None, which only
        objects without a value match.
        """
        found = list(self.each(kind, filters, limit=limit, before=before, after=after, created=created))
        return found[::-1] if after is not None else found

    def each(
        self,
        kind: str,
        filters: dict[str, Any] | None = None,
        *,
        containing: dict[str, str] | None = None,
        limit: int = 1_000_000,
        before: int | None = None,
        after: int | None = None,
        created: dict[str, int] | None = None,
    ) -> Iterator[Object]:
        """The same one by one, for who may stop early: newest first, but oldest first with `after`.

        `containing` maps indexed fields to a part of their value.
        """
        where, values = ["o.object = ?", "o.listed = 1"], [kind]
        for name, wanted in (filters or {}).items():
            if wanted is None:
                where.append("o.seq NOT IN (SELECT seq FROM fields WHERE object = ? AND name = ?)")
                values += [kind, name]
                continue
            options = [_text(value) for value in (wanted if isinstance(wanted, list) else [wanted])]
            marks = ", ".join("?" * len(options))
            where.append(f"o.seq IN (SELECT seq FROM fields WHERE object = ? AND name = ? AND value IN ({marks}))")
            values += [kind, name, *options]
        for name, part in (containing or {}).items():
            where.append("o.seq IN (SELECT seq FROM fields WHERE object = ? AND name = ? AND instr(value, ?) > 0)")
            values += [kind, name, part]
        for operator, moment in (created or {}).items():
            where.append(f"o.created {_OPERATORS[operator]} ?")
            values.append(moment)  # type: ignore[arg-type]  # sqlite takes both
        if before is not None:
            where.append(f"o.seq < {before:d}")
        if after is not None:
            where.append(f"o.seq > {after:d}")
        order = "ASC" if after is not None else "DESC"
        sql = f"SELECT body FROM objects o WHERE {' AND '.join(where)} ORDER BY o.seq {order} LIMIT {limit:d}"
        for row in self._db.execute(sql, values):
            yield json.loads(row[0])

    def count(self, kind: str) -> int:
        row = self._db.execute("SELECT count(*) FROM objects WHERE object = ? AND listed = 1", (kind,)).fetchone()
        return int(row[0])

    # what falls due

    def plan(self, at: int, kind: str, ref: str, clock: str = "") -> None:
        self._db.execute("INSERT INTO due (at, kind, ref, clock) VALUES (?, ?, ?, ?)", (at, kind, ref, clock))

    def next_due(self, until: int, clock: str = "") -> tuple[int, int, str, str] | None:
        """The earliest work due by then on a clock ("" is the account's): (number, moment, kind, object id)."""
        row: Any = self._db.execute(
            "SELECT seq, at, kind, ref FROM due WHERE clock = ? AND at <= ?"
            " ORDER BY at, kind <> 'schedule.phase', seq LIMIT 1",
            (clock, until),
        ).fetchone()
        return None if row is None else tuple(row)

    def forget_due(self, clock: str) -> None:
        """Nothing falls due on this clock any more."""
        self._db.execute("DELETE FROM due WHERE clock = ?", (clock,))

    def done(self, number: int) -> None:
        self._db.execute("DELETE FROM due WHERE seq = ?", (number,))

    # answers under idempotency keys

    def answer(self, key: str, since: int) -> tuple[str, int, str, str] | None:
        """(fingerprint, status, body, request id) of a key used since then."""
        row: Any = self._db.execute(
            "SELECT fingerprint, status, body, request_id FROM answers WHERE key = ? AND at > ?", (key, since)
        ).fetchone()
        return None if row is None else tuple(row)

    def keep_answer(self, key: str, fingerprint: str, status: int, body: str, request_id: str, at: int) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO answers (key, fingerprint, status, body, request_id, at) VALUES (?, ?, ?, ?, ?, ?)",
            (key, fingerprint, status, body, request_id, at),
        )

    def forget_answers(self, until: int) -> None:
        self._db.execute("DELETE FROM answers WHERE at <= ?", (until,))

    # deliveries of events

    def enqueue(self, event: str, endpoint: str, next_at: float) -> None:
        self._db.execute(
            "INSERT INTO deliveries (event, endpoint, attempt, next_at) VALUES (?, ?, 0, ?)", (event, endpoint, next_at)
        )

    def claim_delivery(self, now: float, busy_until: float) -> tuple[int, str, str, int] | None:
        """Take the next delivery that is due and push it back, so that no other thread takes it too."""
        row = self._db.execute(
            "SELECT seq, event, endpoint, attempt FROM deliveries WHERE next_at <= ? ORDER BY next_at, seq LIMIT 1",
            (now,),
        ).fetchone()
        if row is not None:
            self._db.execute("UPDATE deliveries SET next_at = ? WHERE seq = ?", (busy_until, row[0]))
        return row  # type: ignore[no-any-return]  # the row is that tuple

    def next_delivery_at(self) -> float | None:
        value = self._db.execute("SELECT min(next_at) FROM deliveries").fetchone()[0]
        return None if value is None else float(value)

    def retry_delivery(self, number: int, attempt: int, next_at: float) -> None:
        self._db.execute("UPDATE deliveries SET attempt = ?, next_at = ? WHERE seq = ?", (attempt, next_at, number))

    def hurry_deliveries(self, now: float) -> None:
        """After a start nothing is under way, and nobody has refused anything lately: all are due."""
        self._db.execute("UPDATE deliveries SET next_at = ? WHERE next_at > ?", (now, now))

    def drop_delivery(self, number: int) -> None:
        self._db.execute("DELETE FROM deliveries WHERE seq = ?", (number,))

    # small facts

    def fact(self, name: str, default: Any = None) -> Any:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def set_fact(self, name: str, value: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, json.dumps(value)))


_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "="}


def _entries(body: Object) -> set[tuple[str, str]]:
    if body.get("deleted"):
        return set()
    entries: set[tuple[str, str]] = set()
    for name, read in _INDEXED.get(body["object"], {}).items():
        value = read(body)
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                entries.add((name, _text(one)))
    for key, value in (body.get("metadata") or {}).items():
        entries.add((f"metadata.{key}", value))
    return entries


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return id_of(value)
