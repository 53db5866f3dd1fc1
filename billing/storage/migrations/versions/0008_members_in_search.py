"""A search looks at the people of an account, too, so their words are added to what it looks at.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing.storage.folding import listed, spelled
from billing.storage.spelling import is_worth_knowing, stem, with_one_left_out

revision = "0008"
down_revision = "0007"

_BATCH = 1000  # contacts
_NEXT = "SELECT number, id, search FROM contacts WHERE number > :after ORDER BY number LIMIT :most"
_MEMBERS = sa.text("SELECT contact, name, email FROM members WHERE contact IN :some ORDER BY contact, position")
_LEARN = "INSERT INTO contact_spellings (spelling, stem) VALUES (:spelling, :stem) ON CONFLICT DO NOTHING"


def upgrade() -> None:
    connection = op.get_bind()
    after = 0
    while batch := connection.execute(sa.text(_NEXT), {"after": after, "most": _BATCH}).all():
        after = batch[-1].number
        _add_members(connection, {row.id: row.search for row in batch})


def _add_members(connection: sa.Connection, searched: dict[str, str]) -> None:
    said: dict[str, list[str]] = {}
    stems: set[str] = set()
    some = _MEMBERS.bindparams(sa.bindparam("some", expanding=True))
    for row in connection.execute(some, {"some": list(searched)}):
        said.setdefault(row.contact, []).extend(spelled(row.name, row.email))
        stems |= {stem(word) for word in spelled(row.name) if is_worth_knowing(word)}
    for contact, words in said.items():
        search = listed([*searched[contact].split(), *words])
        connection.execute(
            sa.text("UPDATE contacts SET search = :search WHERE id = :contact"), {"search": search, "contact": contact}
        )
    learnt = [{"spelling": left, "stem": known} for known in sorted(stems) for left in sorted(with_one_left_out(known))]
    if learnt:
        connection.execute(sa.text(_LEARN), learnt)
