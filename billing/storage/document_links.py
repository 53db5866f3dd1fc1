"""Links to documents as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from billing.documents import DocumentKind
from billing.documents.links import DocumentLink
from billing.ids import ContactId
from billing.storage.tables import document_links


class DocumentLinkRows:
    """`billing.documents.links.DocumentLinks` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, link: DocumentLink) -> None:
        self._connection.execute(insert(document_links), link.model_dump())

    def get(self, digest: str) -> DocumentLink | None:
        row = self._connection.execute(select(document_links).where(document_links.c.digest == digest)).one_or_none()
        if row is None:
            return None
        return DocumentLink(
            digest=row.digest,
            kind=DocumentKind(row.kind),
            document=row.document,
            contact=ContactId(row.contact),
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )

    def revoke(self, kind: DocumentKind, document: str, at: datetime) -> int:
        good = (
            document_links.c.kind == kind,
            document_links.c.document == document,
            document_links.c.revoked_at.is_(None),
            document_links.c.expires_at > at,
        )
        return self._connection.execute(update(document_links).where(*good).values(revoked_at=at)).rowcount
