"""Links by which customers see a document without signing in: as good as a key, so they are kept like one."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from billing.documents.model import DocumentKind
from billing.ids import ContactId
from billing.models import Frozen


class DocumentLink(Frozen):
    """A link as it is kept: only the digest of its token, so nobody who reads the rows can open it."""

    digest: str  # SHA-256, hexadecimal
    kind: DocumentKind
    document: str  # its id: of an invoice or a credit note
    contact: ContactId
    issued_at: datetime  # UTC
    expires_at: datetime  # UTC
    revoked_at: datetime | None = None  # UTC

    def opens(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


class DocumentLinks(Protocol):
    """The rows of links."""

    def add(self, link: DocumentLink) -> None: ...

    def get(self, digest: str) -> DocumentLink | None: ...

    def revoke(self, kind: DocumentKind, document: str, at: datetime) -> int:
        """Revoke every link to that document that still opens; how many these were."""
