"""Contacts and their members as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.engine import Connection

from billing.contacts import (
    Account,
    AccountStatus,
    Address,
    Contact,
    ContactSummary,
    Found,
    Member,
    MemberRight,
    Portal,
)
from billing.errors import UnknownContact
from billing.ids import ContactId, CustomerId
from billing.storage import spelling
from billing.storage.finders import Finder
from billing.storage.folding import name_words, searchable
from billing.storage.search import Search
from billing.storage.statements import insert_or_ignore, upsert
from billing.storage.tables import contact_spellings, contacts, members, operations

_MOST_OF_MEMBER = 10  # contacts of which somebody is a member


class ContactRows:
    """`billing.contacts.Contacts` on one connection."""

    def __init__(self, connection: Connection, finder: Finder, *, writes: bool) -> None:
        """`writes`: whoever reads a contact may save it, so nobody else may change it in between."""
        self._connection = connection
        self._holds = writes and connection.dialect.name == "postgresql"  # SQLite has one writer anyway
        self._search = Search(connection, finder)

    def get(self, contact: ContactId) -> Contact:
        if self._holds:  # key_share: rows that only refer to the contact do not wait
            held = select(contacts.c.id).where(contacts.c.id == contact).with_for_update(key_share=True)
            self._connection.execute(held)
        found = self._read(contacts.c.id, (contact,))
        if not found:
            raise UnknownContact(contact=contact)
        return found[0]

    def known(self, some: Collection[ContactId]) -> dict[ContactId, Contact]:
        return {contact.id: contact for contact in self._read(contacts.c.id, some)}

    def by_customer(self, customer: CustomerId) -> Contact | None:
        return self.by_customers((customer,)).get(customer)

    def by_member(self, email: str) -> tuple[Contact, ...]:
        theirs = (
            select(members.c.contact)
            .where(func.lower(members.c.email) == func.lower(email))
            .distinct()
            .order_by(members.c.contact)
            .limit(_MOST_OF_MEMBER)
        )
        found = self._read(contacts.c.id, self._connection.scalars(theirs).all())
        return tuple(sorted(found, key=_id))

    def by_customers(self, customers: Collection[CustomerId]) -> dict[CustomerId, Contact]:
        """Those that are known."""
        return {contact.customer: contact for contact in self._read(contacts.c.customer, customers)}

    def find(self, text: str, limit: int = 100) -> Found:
        return self._search.find(text, limit)

    def recent(self, user: str, limit: int = 10) -> tuple[ContactSummary, ...]:
        last = (
            select(operations.c.contact, func.max(operations.c.created_at).label("at"))
            .where(operations.c.user_id == user)
            .group_by(operations.c.contact)
            .subquery()
        )
        summary = (contacts.c.id, contacts.c.name, contacts.c.company, contacts.c.email, contacts.c.country)
        statement = (
            select(*summary)
            .join(last, last.c.contact == contacts.c.id)
            .order_by(last.c.at.desc(), contacts.c.id)
            .limit(limit)
        )
        return tuple(
            ContactSummary(
                id=ContactId(row.id), name=row.name, company=row.company, email=row.email, country=row.country
            )
            for row in self._connection.execute(statement)
        )

    def save(self, contact: Contact) -> None:
        self.save_all((contact,))

    def save_all(self, every: Sequence[Contact]) -> None:
        """Insert or replace them, members included."""
        if not every:
            return
        # Rows are locked in one order, so that two imports cannot wait for each other.
        ordered = sorted(every, key=lambda contact: contact.id)
        statement = upsert(self._connection, contacts, "id", keep=("number",))
        self._connection.execute(statement, [contact_row(contact) for contact in ordered])
        self._connection.execute(delete(members).where(members.c.contact.in_([contact.id for contact in ordered])))
        if rows := [row for contact in ordered for row in member_rows(contact)]:
            self._connection.execute(insert(members), rows)
        self._learn_spellings({word for contact in ordered for word in name_words(contact)})

    def _learn_spellings(self, known: Iterable[str]) -> None:
        stems = {spelling.stem(word) for word in known if spelling.is_worth_knowing(word)}
        column = contact_spellings.c
        learnt = select(column.stem).where(column.spelling == column.stem, column.spelling.in_(stems))
        stems -= set(self._connection.scalars(learnt))
        if rows := spelling_rows(stems):
            self._connection.execute(insert_or_ignore(self._connection, contact_spellings), rows)

    def _read(self, key: Any, values: Collection[str]) -> list[Contact]:
        rows = self._connection.execute(select(contacts).where(key.in_(values))).all()
        theirs: dict[str, list[Member]] = {row.id: [] for row in rows}
        statement = select(members).where(members.c.contact.in_(list(theirs))).order_by(members.c.position)
        for row in self._connection.execute(statement) if rows else ():
            rights = frozenset(MemberRight(right) for right in row.rights)
            theirs[row.contact].append(Member(name=row.name, email=row.email, rights=rights))
        return [_contact(row, theirs[row.id]) for row in rows]


def _id(contact: Contact) -> ContactId:
    return contact.id


def contact_row(contact: Contact) -> dict[str, Any]:
    """The row of `contacts`, without its number."""
    account, address = contact.account, contact.address
    return {
        "id": contact.id,
        "customer": contact.customer,
        "name": contact.name,
        "company": contact.company,
        "email": contact.email,
        "phone": contact.phone,
        "currency": contact.currency,
        "language": contact.language,
        "line1": address.line1,
        "line2": address.line2,
        "postal_code": address.postal_code,
        "city": address.city,
        "state": address.state,
        "country": address.country,
        "tax_id": contact.tax_id,
        "portal": account.portal.value,
        "status": account.status.value,
        "plan": account.plan,
        "active_contacts": account.active_contacts,
        "contact_limit": account.contact_limit,
        "seats_used": account.seats_used,
        "seats": account.seats,
        "since": contact.since,
        "search": searchable(contact),
    }


def member_rows(contact: Contact) -> list[dict[str, Any]]:
    return [
        {
            "contact": contact.id,
            "position": position,
            "name": member.name,
            "email": member.email,
            "rights": sorted(right.value for right in member.rights),
        }
        for position, member in enumerate(contact.members)
    ]


def spelling_rows(stems: Iterable[str]) -> list[dict[str, str]]:
    return [
        {"spelling": misspelt, "stem": stem}
        for stem in sorted(stems)
        for misspelt in sorted(spelling.with_one_left_out(stem))
    ]


def _contact(row: Row[*tuple[Any, ...]], theirs: list[Member]) -> Contact:
    return Contact(
        id=ContactId(row.id),
        customer=CustomerId(row.customer),
        name=row.name,
        company=row.company,
        email=row.email,
        phone=row.phone,
        currency=row.currency,
        language=row.language,
        address=Address(
            line1=row.line1,
            line2=row.line2,
            postal_code=row.postal_code,
            city=row.city,
            state=row.state,
            country=row.country,
        ),
        tax_id=row.tax_id,
        account=Account(
            portal=Portal(row.portal),
            status=AccountStatus(row.status),
            plan=row.plan,
            active_contacts=row.active_contacts,
            contact_limit=row.contact_limit,
            seats_used=row.seats_used,
            seats=row.seats,
        ),
        members=tuple(theirs),
        since=row.since,
    )
