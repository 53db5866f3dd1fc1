"""Documents by their links: what customers get, what is kept from everybody else, and what is said to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from billing.documents import Document, DocumentKind
from billing.documents.sharing import LIFETIME, issue, revoke
from billing.errors import Transient
from billing.steps import NOBODY
from bot import logs
from bot.pages.documents import document_pages
from bot.slack import create_bolt
from bot.web import create_web
from tests.blocks.samples_documents import american, credit_note, german
from tests.bot.test_web import WEBHOOK, Listening, settings
from tests.support.memory_documents import FakeDocuments
from tests.support.shop import Shop

INVOICE, CREDIT_NOTE = DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE


@dataclass
class Site:
    client: FlaskClient
    shop: Shop
    source: FakeDocuments

    def link(
        self, document: Document, kind: DocumentKind = INVOICE, id_: str = "in_1", lifetime: timedelta = LIFETIME
    ) -> str:
        """The address of a page with that document."""
        self.source.documents[kind, id_] = document
        with self.shop.store.writing(NOBODY) as uow:
            return f"/d/{issue(uow, kind, id_, 'con_ada', lifetime)}"

    def get(self, address: str, language: str = "en") -> TestResponse:
        return self.client.get(address, headers={"Accept-Language": language})


@pytest.fixture
def site() -> Site:
    shop, source = Shop(), FakeDocuments()
    business = shop.store.catalogue.business
    bolt = create_bolt(settings(), Listening())
    pages = (document_pages(shop.store, source, business),)
    web = create_web(bolt, shop.store, business, WEBHOOK, lambda: None, pages)
    return Site(web.test_client(), shop, source)


def test_the_page_shows_the_document_and_leads_to_its_file(site: Site) -> None:
    address = site.link(german())
    page = site.get(address)
    assert page.status_code == 200
    assert page.content_type == "text/html; charset=utf-8"
    assert '<html lang="de">' in page.text
    assert "Müller &amp; Söhne Maschinenbau GmbH" in page.text
    assert "1.683,51" in page.text
    assert f'href="{address}/invoice.pdf"' in page.text


def test_the_file_is_a_pdf_with_a_name_of_its_own(site: Site) -> None:
    answer = site.get(f"{site.link(american())}/invoice.pdf")
    assert answer.status_code == 200
    assert answer.content_type == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Invoice-RE-2026-0043.pdf"'
    assert answer.data.startswith(b"%PDF-1.")


def test_a_credit_note_has_its_own_page_and_file(site: Site) -> None:
    address = site.link(credit_note(), CREDIT_NOTE, "cn_1")
    assert f'href="{address}/credit-note.pdf"' in site.get(address).text
    assert site.get(f"{address}/credit-note.pdf").content_type == "application/pdf"
    assert site.get(f"{address}/invoice.pdf").status_code == 404


@pytest.mark.parametrize("ending", ["", "/invoice.pdf", "/other.pdf"])
@pytest.mark.parametrize("is_good", [True, False])
def test_nothing_of_it_is_kept_passed_on_or_found(site: Site, ending: str, is_good: bool) -> None:
    address = site.link(german()) if is_good else "/d/unknown"
    headers = site.get(address + ending).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def addresses_that_open_nothing(site: Site) -> Iterator[str]:
    good = site.link(german())
    yield "/d/" + "A" * 43  # never was
    yield good[:-1] + ("A" if good[-1] != "A" else "B")  # copied wrongly
    yield good[:-5]  # copied in part
    yield "/d/in_1"  # guessed
    yield site.link(german(), lifetime=timedelta(0))  # expired
    yield site.link(german(), id_="in_gone")  # its document is no more
    del site.source.documents[INVOICE, "in_gone"]
    revoked = site.link(german(), id_="in_2")
    with site.shop.store.writing(NOBODY) as uow:
        assert revoke(uow, INVOICE, "in_2") == 1
    yield revoked


@pytest.mark.parametrize(
    ("language", "words"), [("en-US", "This link leads nowhere"), ("de", "Dieser Link führt ins Leere")]
)
def test_links_that_open_nothing_cannot_be_told_apart(site: Site, language: str, words: str) -> None:
    """Unknown, expired and revoked: the same status, the same words, nothing of the document."""
    answers = set()
    for address in list(addresses_that_open_nothing(site)):
        for ending in ("", "/invoice.pdf", "/credit-note.pdf"):
            answer = site.get(address + ending, language)
            kept = {name: value for name, value in answer.headers if name not in ("Date",)}
            answers.add((answer.status_code, answer.text, str(kept)))
    ((status, text, _),) = answers
    assert status == 404
    assert words in text
    assert "support@brightwell.example" in text
    assert "RE-2026-0042" not in text


def test_a_link_goes_on_working_for_its_whole_time(site: Site) -> None:
    address = site.link(german(), lifetime=timedelta(days=90))
    site.shop.clock.goes_on(days=89, hours=23)
    assert site.get(address).status_code == 200
    site.shop.clock.goes_on(hours=1)
    assert site.get(address).status_code == 404


def test_looking_changes_nothing(site: Site) -> None:
    """Mail scanners open every link before the customer does."""
    address = site.link(german())
    before = site.shop.store.rows
    for _ in range(3):
        assert site.client.head(address).status_code == 200
        assert site.get(address).status_code == 200
    assert site.shop.store.rows is before
    assert site.client.post(address).status_code == 405


def test_while_the_database_is_away_customers_are_asked_to_wait(site: Site) -> None:
    address = site.link(german())

    def away(*_: object) -> Document:
        raise Transient("database")

    site.source.document = away  # type: ignore[method-assign]
    for ending in ("", "/invoice.pdf"):
        answer = site.get(address + ending)
        assert (answer.status_code, answer.text) == (503, "not now")
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "record", ["{}", "Exception on {} [GET]", "https://kontor.example{}/invoice.pdf", '"GET {} HTTP/1.1"']
)
def test_no_token_gets_into_a_log(site: Site, record: str) -> None:
    """Every line of the log goes through the mask."""
    address = site.link(german())
    assert logs.mask(record.format(address)) == record.format("/d/•••")
