"""Links to documents in memory, and a source of documents that a test fills."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from billing.documents import Document, DocumentKind
from billing.documents.links import DocumentLink
from billing.errors import NotFound
from billing.ports import UnitOfWork


@dataclass(frozen=True)
class MemoryDocumentLinks:
    rows: dict[str, DocumentLink]

    def add(self, link: DocumentLink) -> None:
        self.rows[link.digest] = link

    def get(self, digest: str) -> DocumentLink | None:
        return self.rows.get(digest)

    def revoke(self, kind: DocumentKind, document: str, at: datetime) -> int:
        good = [one for one in self.rows.values() if (one.kind, one.document) == (kind, document) and one.opens(at)]
        self.rows.update({one.digest: one.model_copy(update={"revoked_at": at}) for one in good})
        return len(good)


@dataclass
class FakeDocuments:
    """`billing.ports.DocumentSource`."""

    documents: dict[tuple[DocumentKind, str], Document] = field(default_factory=dict)

    def document(self, uow: UnitOfWork, kind: DocumentKind, id_: str) -> Document:
        if (kind, id_) not in self.documents:
            raise NotFound(id_)
        return self.documents[kind, id_]
