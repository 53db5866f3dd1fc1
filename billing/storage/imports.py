"""How far imports have come, as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from billing.imports import Progress
from billing.storage.statements import upsert
from billing.storage.tables import imports


class ImportRows:
    """`billing.imports.Imports` on one connection."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def progress(self, import_id: str) -> Progress:
        row = self._connection.execute(select(imports).where(imports.c.id == import_id)).one_or_none()
        if row is None or row.finished_at is not None:
            return Progress()
        return Progress(done=row.done, resume_after=row.resume_after)

    def advance(self, import_id: str, progress: Progress) -> None:
        self._write(import_id, progress, None)

    def finish(self, import_id: str, progress: Progress) -> None:
        self._write(import_id, progress, self._now)

    def _write(self, import_id: str, progress: Progress, finished_at: datetime | None) -> None:
        row = {
            "id": import_id,
            "done": progress.done,
            "resume_after": progress.resume_after,
            "finished_at": finished_at,
        }
        self._connection.execute(upsert(self._connection, imports, "id"), row)
