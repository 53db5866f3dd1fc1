"""Guards, proofs, links and recipients as rows. Each change is one statement, so that whoever comes second sees it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from billing.billing_contacts.model import Guard, Link, Proof, Purpose, digest
from billing.errors import LinkUnknown
from billing.ids import ContactId, LinkId, OperationId, ProofId, TeamId, UserId
from billing.storage.statements import add, insert_or_ignore
from billing.storage.tables import (
    billing_contact_guards,
    billing_contact_links,
    billing_contact_proofs,
    billing_contact_tokens,
    invoice_recipients,
)

_guard, _proof, _link = billing_contact_guards.c, billing_contact_proofs.c, billing_contact_links.c


class BillingContactRows:
    """`billing.billing_contacts.model.BillingContacts` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def guard(self, contact: ContactId) -> Guard:
        row = self._connection.execute(select(billing_contact_guards).where(_guard.contact == contact)).one_or_none()
        if row is None:
            return Guard()
        return Guard(
            tries=row.tries,
            tries_since=row.tries_since,
            locked_until=row.locked_until,
            frozen_at=row.frozen_at,
            changing=OperationId(row.changing) if row.changing is not None else None,
        )

    def hold(self, contact: ContactId) -> None:
        self._make_guard(contact)
        self._change(contact, tries=_guard.tries)  # a change to the same locks the row

    def take_try(self, contact: ContactId, now: datetime, most: int, forgotten_after: timedelta) -> int | None:
        """The row is locked by the first statement that changes it: others wait, and then see what it has come to."""
        self._make_guard(contact)
        over = or_(_guard.locked_until <= now, _guard.tries_since <= now - forgotten_after)
        forget = update(billing_contact_guards).where(_guard.contact == contact, over)
        self._connection.execute(forget.values(tries=0, tries_since=None, locked_until=None))
        statement = (
            update(billing_contact_guards)
            .where(_guard.contact == contact, _guard.tries < most, _guard.locked_until.is_(None))
            .values(tries=_guard.tries + 1, tries_since=func.coalesce(_guard.tries_since, now))
            .returning(_guard.tries)
        )
        return self._connection.scalar(statement)

    def lock(self, contact: ContactId, until: datetime) -> None:
        self._change(contact, locked_until=until)

    def forgive(self, contact: ContactId) -> bool:
        was_locked = self.guard(contact).locked_until is not None
        self._change(contact, tries=0, tries_since=None, locked_until=None)
        return was_locked

    def freeze(self, contact: ContactId, at: datetime) -> None:
        self._make_guard(contact)
        self._change(contact, frozen_at=at, changing=None)

    def thaw(self, contact: ContactId) -> bool:
        statement = update(billing_contact_guards).where(_guard.contact == contact, _guard.frozen_at.is_not(None))
        return self._connection.execute(statement.values(frozen_at=None)).rowcount == 1

    def begin(self, contact: ContactId, operation: OperationId) -> bool:
        self._make_guard(contact)
        statement = update(billing_contact_guards).where(_guard.contact == contact, _guard.changing.is_(None))
        return self._connection.execute(statement.values(changing=operation)).rowcount == 1

    def end(self, contact: ContactId, operation: OperationId) -> None:
        statement = update(billing_contact_guards).where(_guard.contact == contact, _guard.changing == operation)
        self._connection.execute(statement.values(changing=None))

    def give_back(self, operation: OperationId) -> None:
        proofs = update(billing_contact_proofs).where(_proof.used_by == operation)
        self._connection.execute(proofs.values(used_by=None))
        links = update(billing_contact_links).where(_link.used_by == operation)
        self._connection.execute(links.values(used_by=None, used_at=None))

    def add_proof(self, proof: Proof) -> bool:
        row = {
            "id": proof.id,
            "contact": proof.contact,
            "team": proof.team,
            "user_id": proof.user,
            "requester": proof.requester,
            "tried_at": proof.at,
            "is_right": proof.right,
            "tries_left": proof.left,
            "used_by": proof.used_by,
        }
        return bool(add(self._connection, billing_contact_proofs, row))

    def proof(self, proof: ProofId) -> Proof | None:
        row = self._connection.execute(select(billing_contact_proofs).where(_proof.id == proof)).one_or_none()
        if row is None:
            return None
        return Proof(
            id=ProofId(row.id),
            contact=ContactId(row.contact),
            team=TeamId(row.team),
            user=UserId(row.user_id),
            requester=row.requester,
            at=row.tried_at,
            right=row.is_right,
            left=row.tries_left,
            used_by=OperationId(row.used_by) if row.used_by is not None else None,
        )

    def use_proof(self, proof: ProofId, operation: OperationId) -> bool:
        statement = update(billing_contact_proofs).where(_proof.id == proof, _proof.used_by.is_(None))
        return self._connection.execute(statement.values(used_by=operation)).rowcount == 1

    def void_proofs(self, contact: ContactId) -> None:
        self._connection.execute(update(billing_contact_proofs).where(_proof.contact == contact).values(is_right=False))

    def add_link(self, link: Link) -> None:
        row = link.model_dump(exclude={"user"}) | {"user_id": link.user, "purpose": link.purpose.value}
        add(self._connection, billing_contact_links, row)

    def link(self, link: LinkId) -> Link:
        row = self._connection.execute(select(billing_contact_links).where(_link.id == link)).one_or_none()
        if row is None:
            raise LinkUnknown
        return _as_link(row)

    def add_token(self, token: str, link: LinkId) -> None:
        self._connection.execute(insert(billing_contact_tokens), {"digest": digest(token), "link": link})

    def by_token(self, token: str) -> Link:
        column = billing_contact_tokens.c
        statement = (
            select(billing_contact_links)
            .join(billing_contact_tokens, column.link == _link.id)
            .where(column.digest == digest(token))
        )
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            raise LinkUnknown
        return _as_link(row)

    def attempt(self, link: LinkId) -> int:
        statement = update(billing_contact_links).where(_link.id == link).values(attempts=_link.attempts + 1)
        return self._connection.execute(statement.returning(_link.attempts)).scalar_one()

    def use_link(self, link: LinkId, operation: OperationId | None, now: datetime) -> bool:
        statement = update(billing_contact_links).where(_link.id == link, _link.used_at.is_(None))
        used = self._connection.execute(statement.values(used_at=now, used_by=operation, uses=_link.uses + 1))
        return used.rowcount == 1

    def links_since(self, contact: ContactId, since: datetime) -> int:
        statement = select(func.count()).where(
            _link.contact == contact, _link.created_at >= since, _link.purpose == Purpose.EDIT.value
        )
        return self._connection.scalar(statement) or 0

    def close_links(self, contact: ContactId, now: datetime) -> None:
        statement = update(billing_contact_links).where(
            _link.contact == contact,
            _link.purpose == Purpose.EDIT.value,
            _link.expires_at > now,
        )
        self._connection.execute(statement.values(expires_at=now))

    def recipients(self, contact: ContactId) -> tuple[str, ...]:
        column = invoice_recipients.c
        statement = select(column.email).where(column.contact == contact).order_by(column.position)
        return tuple(self._connection.scalars(statement))

    def save_recipients(self, contact: ContactId, recipients: tuple[str, ...]) -> None:
        self._connection.execute(delete(invoice_recipients).where(invoice_recipients.c.contact == contact))
        rows = [{"contact": contact, "position": n, "email": email} for n, email in enumerate(recipients)]
        if rows:
            self._connection.execute(insert(invoice_recipients), rows)

    def _make_guard(self, contact: ContactId) -> None:
        row = {"contact": contact, "tries": 0}
        self._connection.execute(insert_or_ignore(self._connection, billing_contact_guards), row)

    def _change(self, contact: ContactId, **values: Any) -> None:
        self._connection.execute(update(billing_contact_guards).where(_guard.contact == contact).values(**values))


def _as_link(row: Row[*tuple[Any, ...]]) -> Link:
    return Link(
        id=LinkId(row.id),
        contact=ContactId(row.contact),
        purpose=Purpose(row.purpose),
        name=row.name,
        email=row.email,
        team=TeamId(row.team),
        user=UserId(row.user_id),
        operation=OperationId(row.operation),
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        used_by=OperationId(row.used_by) if row.used_by is not None else None,
        uses=row.uses,
        attempts=row.attempts,
    )
