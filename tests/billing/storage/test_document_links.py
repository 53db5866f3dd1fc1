"""Links to documents: what opens them, what ends them, and what the rows tell. In every kind of store."""

from __future__ import annotations

from datetime import timedelta

from billing.documents import DocumentKind
from billing.documents.links import DocumentLink
from billing.documents.sharing import LIFETIME, issue, opened, revoke
from billing.ports import Store
from billing.storage.database import Database
from tests.billing.storage.conftest import Query
from tests.billing.storage.examples import ACTOR, NOW, contact

ADA = contact()
AT_ONCE = timedelta(0)


def knows_ada(store: Store) -> None:
    with store.writing(ACTOR) as uow:
        uow.contacts.save(ADA)


def issued(store: Store, document: str = "in_1", lifetime: timedelta = LIFETIME) -> str:
    with store.writing(ACTOR) as uow:
        return issue(uow, DocumentKind.INVOICE, document, ADA.id, lifetime)


def found(store: Store, token: str) -> DocumentLink | None:
    with store.reading(ACTOR) as uow:
        return opened(uow, token)


def test_a_token_opens_its_document_and_no_other(store: Store) -> None:
    knows_ada(store)
    first, second = issued(store, "in_1"), issued(store, "in_2")
    link = found(store, first)
    assert link is not None
    assert (link.kind, link.document, link.contact) == (DocumentKind.INVOICE, "in_1", ADA.id)
    assert (link.issued_at, link.expires_at, link.revoked_at) == (NOW, NOW + timedelta(days=90), None)
    other = found(store, second)
    assert other is not None
    assert other.document == "in_2"


def test_tokens_are_long_and_never_the_same(store: Store) -> None:
    """32 random bytes are 43 letters in base 64."""
    knows_ada(store)
    tokens = {issued(store) for _ in range(20)}
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {43}


def test_a_token_that_is_nearly_right_opens_nothing(store: Store) -> None:
    knows_ada(store)
    token = issued(store)
    changed = ("A" if token[0] != "A" else "B") + token[1:]
    for forged in (changed, token[:-1], token + "A", token.swapcase(), "", "in_1", "%"):
        assert found(store, forged) is None


def test_the_digest_that_is_kept_is_no_token(store: Store) -> None:
    knows_ada(store)
    link = found(store, issued(store))
    assert link is not None
    assert found(store, link.digest) is None


def test_an_expired_link_opens_nothing(store: Store) -> None:
    knows_ada(store)
    assert found(store, issued(store, lifetime=AT_ONCE)) is None
    assert found(store, issued(store, lifetime=timedelta(seconds=1))) is not None


def test_a_link_is_good_until_its_last_moment(store: Store) -> None:
    knows_ada(store)
    link = found(store, issued(store))
    assert link is not None
    assert link.opens(link.expires_at - timedelta(microseconds=1))
    assert not link.opens(link.expires_at)


def test_revoking_ends_all_links_to_one_document_and_says_how_many(store: Store) -> None:
    knows_ada(store)
    first, second, of_another = issued(store, "in_1"), issued(store, "in_1"), issued(store, "in_2")
    issued(store, "in_1", lifetime=AT_ONCE)  # over already, so it does not count
    with store.writing(ACTOR) as uow:
        assert revoke(uow, DocumentKind.CREDIT_NOTE, "in_1") == 0
        assert revoke(uow, DocumentKind.INVOICE, "in_1") == 2
        assert revoke(uow, DocumentKind.INVOICE, "in_1") == 0
    assert found(store, first) is None
    assert found(store, second) is None
    assert found(store, of_another) is not None
    assert found(store, issued(store, "in_1")) is not None  # a new one is good


def test_no_row_holds_the_token(database: Database, query: Query) -> None:
    knows_ada(database)
    token = issued(database)
    (row,) = query("SELECT * FROM document_links")
    assert len(str(row[0])) == 64
    assert token not in str(row)
