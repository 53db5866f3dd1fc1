"""Giving customers links to their documents, and taking them back."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from billing.documents.links import DocumentLink
from billing.documents.model import DocumentKind
from billing.ids import ContactId
from billing.ports import UnitOfWork

LIFETIME = timedelta(days=90)  # unless the settings say another; longer than a term of payment and its reminders
_TOKEN_BYTES = 32


def issue(uow: UnitOfWork, kind: DocumentKind, document: str, contact: ContactId, lifetime: timedelta) -> str:
    """A new link's token, which nobody can guess and which is nowhere but in the answer. Earlier links stay good."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    uow.document_links.add(
        DocumentLink(
            digest=_digest(token),
            kind=kind,
            document=document,
            contact=contact,
            issued_at=uow.now,
            expires_at=uow.now + lifetime,
        )
    )
    return token


def opened(uow: UnitOfWork, token: str) -> DocumentLink | None:
    """The link of that token. None where there is none, and where it expired or was revoked: nobody learns which."""
    link = uow.document_links.get(_digest(token))
    return link if link and link.opens(uow.now) else None


def revoke(uow: UnitOfWork, kind: DocumentKind, document: str) -> int:
    """No link that was given out for that document opens it any more; how many these were."""
    return uow.document_links.revoke(kind, document, uow.now)


def _digest(token: str) -> str:
    """Tokens are long and random, so a plain digest is enough: there is nothing to try out."""
    return hashlib.sha256(token.encode()).hexdigest()
