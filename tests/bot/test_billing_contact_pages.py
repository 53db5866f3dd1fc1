"""The customer's own pages: what they show, what they take, and every forgery that was thought of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from billing.billing_contacts.model import ATTEMPTS_PER_LINK, Purpose, billing_contact
from billing.errors import Transient
from billing.operations import State
from bot.logs import mask
from bot.pages.billing_contacts import PATH, billing_contact_pages
from bot.slack import create_bolt
from bot.web import create_web
from tests.bot.test_web import WEBHOOK, Listening, settings
from tests.support.accounts import (
    BERLIN,
    BOOKS,
    CORA,
    NEW,
    account,
    card,
    changes,
    furnish,
    opens,
    sends_link,
    token,
    verifies,
    walked,
)
from tests.support.shop import ADA, Shop

ORIGIN = "https://kontor.example"
BROWSER = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}  # what browsers send with our referrer policy


@dataclass
class Site:
    shop: Shop
    client: FlaskClient
    secret: str = ""
    csrf: str = field(default="", repr=False)

    def get(self, secret: str | None = None, page: str = "edit", **more: Any) -> TestResponse:
        found = self.client.get(f"{PATH}/{page}/{secret or self.secret}", **more)
        hidden = re.search(r'name="csrf" value="([^"]+)"', found.text)
        self.csrf = hidden[1] if hidden else self.csrf
        return found

    def post(
        self,
        secret: str | None = None,
        page: str = "edit",
        *,
        headers: dict[str, str] | None = None,
        csrf: str | None = None,
        **fields: str,
    ) -> TestResponse:
        given = {**(NEW if page == "edit" else {}), **fields, "csrf": self.csrf if csrf is None else csrf}
        where = f"{PATH}/{page}/{secret or self.secret}"
        return self.client.post(where, data=given, headers=BROWSER if headers is None else headers)

    @property
    def changes(self) -> list[Any]:
        return [one for one in self.shop.rows.operations.values() if one.kind == "change_bill_to"]


@pytest.fixture
def site() -> Site:
    shop = Shop()
    furnish(shop)
    business = shop.store.catalogue.business
    pages = billing_contact_pages(shop.desk, business, f"{ORIGIN}/")
    bolt = create_bolt(settings(), Listening())
    web = create_web(bolt, shop.store, business, WEBHOOK, lambda: None, [pages])
    sends_link(shop)
    return Site(shop, web.test_client(), token(shop))


@pytest.fixture
def reporting(site: Site) -> Site:
    """With a link in the mail to who was the billing contact."""
    walked(site.shop, changes(site.shop, verifies(site.shop)))
    site.secret = token(site.shop, Purpose.REPORT)
    return site


# What the page shows


def test_the_page_has_what_is_on_file(site: Site) -> None:
    """G18, G19"""
    page = site.get()
    assert page.status_code == 200
    for text in ("Engines Ltd", "Bea Books", "bea@engines.example", "Lindenstraße 12", "10969", "Berlin"):
        assert text in page.text
    assert '<option value="DE" selected>Germany</option>' in page.text
    assert "<script" not in page.text


@pytest.mark.parametrize(
    ("query", "accepted", "word"),
    [("", "de-DE,de", "Rechnungsdaten"), ("", "en", "Billing details"), ("?lang=de", "en", "Rechnungsdaten"),
     ("?lang=en", "de", "Billing details"), ("?lang=xx", "fr", "Billing details")],
)  # fmt: skip
def test_the_page_speaks_two_languages(site: Site, query: str, accepted: str, word: str) -> None:
    page = site.client.get(f"{PATH}/edit/{site.secret}{query}", headers={"Accept-Language": accepted})
    assert f"<h1>{word}</h1>" in page.text


@pytest.mark.parametrize("page", ["edit", "report"])
@pytest.mark.parametrize("secret", [None, "unknown"])
def test_nobody_keeps_or_passes_on_the_address(site: Site, page: str, secret: str | None) -> None:
    headers = site.get(secret, page).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex"
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]


def test_what_is_on_file_cannot_become_markup(site: Site) -> None:
    evil = '"><script>alert(1)</script>'
    opens(site.shop, account(CORA, site.shop.rows.contacts[CORA].account.portal, company=evil), card())
    page = site.get()
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


def test_opening_uses_nothing(site: Site) -> None:
    """Mail scanners open every link, some with HEAD."""
    before = dict(site.shop.rows.links)
    site.get()
    site.client.head(f"{PATH}/edit/{site.secret}")
    assert site.shop.rows.links == before


# Saving


def test_saving_is_accepted_and_then_done(site: Site) -> None:
    """G20"""
    site.get()
    saved = site.post()
    assert saved.status_code == 303
    assert "on its way" in site.client.get(saved.headers["Location"]).text
    [operation] = site.changes
    assert walked(site.shop, operation).state is State.DONE
    assert billing_contact(site.shop.rows.contacts[CORA]).email == "nora@engines.example"
    assert "in effect" in site.get().text


def test_a_mistake_is_shown_at_its_field_and_nothing_is_typed_twice(site: Site) -> None:
    site.get()
    answer = site.post(postal_code="123")
    assert answer.status_code == 422
    assert 'id="postal_code-wrong"' in answer.text
    assert "One looks like this: 10115" in answer.text
    assert 'value="Kanalstraße 5"' in answer.text
    assert site.post().status_code == 303


def test_all_mistakes_are_shown_at_once(site: Site) -> None:
    site.get()
    wrong = {"postal_code": "123", "city": "", "tax_id": "DE136695977"}
    answer = site.post(**wrong)
    assert answer.status_code == 422
    assert set(re.findall(r'id="(\w+)-wrong"', answer.text)) == wrong.keys()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "Support"}, "name"),
        ({"name": "Nora\r\nBcc: eve@evil.example"}, "name"),
        ({"name": "Nora \u202eweN"}, "name"),
        ({"name": "No\u200bra New"}, "name"),
        ({"email": "nora@engines.example\r\nBcc: eve@evil.example"}, "email"),
        ({"email": "info@engines.example"}, "email"),
        ({"email": "nora@englnes.example"}, "email"),
        ({"email": "nora@еngines.example"}, "email"),  # with a Cyrillic e
        ({"country": "XX"}, "country"),
        ({"line1": ""}, "line1"),
        ({"city": "Ham\u202eburg"}, "city"),
        ({"tax_id": "DE136695977"}, "tax_id"),
    ],
)
def test_what_is_not_allowed_is_refused_at_its_field(site: Site, fields: dict[str, str], field: str) -> None:
    """SX7, G19"""
    site.get()
    answer = site.post(**fields)
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert not site.changes
    assert site.shop.rows.links[next(iter(site.shop.rows.links))].used_at is None


def test_a_card_number_is_refused_and_kept_nowhere(site: Site) -> None:
    """SX8"""
    site.get()
    assert site.post(line2="4242 4242 4242 4242").status_code == 422
    assert "4242 4242" not in str(site.shop.rows)


def test_nothing_changed_is_said(site: Site) -> None:
    site.get()
    same = {"line1": BERLIN.line1, "postal_code": BERLIN.postal_code, "city": BERLIN.city}
    answer = site.post(name=BOOKS.name, email=BOOKS.email, **same)
    assert answer.status_code == 422
    assert "on file already" in answer.text


# Forgeries


def test_a_used_link_is_over(site: Site) -> None:
    site.get()
    site.post()
    again = site.post(name="Eve Evil", email="eve@somewhere.example")
    assert again.status_code == 410
    assert len(site.changes) == 1


def test_an_expired_link_is_over(site: Site) -> None:
    site.get()
    site.shop.clock.goes_on(hours=48)
    assert site.get().status_code == 410
    assert site.post().status_code == 410
    assert not site.changes


@pytest.mark.parametrize("secret", ["x", "a" * 43, "%00", "..%2f..", "a" * 3000, "🔑"])
def test_an_invented_link_is_not_found(site: Site, secret: str) -> None:
    site.get()
    assert site.client.get(f"{PATH}/edit/{secret}").status_code == 404
    assert site.client.post(f"{PATH}/edit/{secret}", data=NEW, headers=BROWSER).status_code in (403, 404)
    assert not site.changes


def test_a_link_for_one_thing_is_none_for_the_other(reporting: Site) -> None:
    assert reporting.get(page="edit").status_code == 404
    edit = token(reporting.shop, Purpose.EDIT)
    assert reporting.get(edit, "report").status_code == 404


def test_the_account_is_the_links_whatever_the_form_says(site: Site) -> None:
    site.get()
    site.post(contact=ADA, link="bcl_other", kind="change_billing_contact", proof="bcp_x")
    [operation] = site.changes
    assert operation.contact == CORA


@pytest.mark.parametrize("csrf", ["", "0" * 64, "ü"])
def test_a_form_without_the_pages_token_is_refused(site: Site, csrf: str) -> None:
    site.get()
    assert site.post(csrf=csrf).status_code == 403
    assert not site.changes


def test_the_token_of_another_link_is_refused(site: Site) -> None:
    sends_link(site.shop, key="s2")
    other = token(site.shop)
    site.get(other)
    assert site.post(site.secret).status_code == 403
    assert not site.changes


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://kontor.example.evil.example"},
        {"Origin": "http://kontor.example"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_form_of_another_page_is_refused(site: Site, headers: dict[str, str]) -> None:
    site.get()
    assert site.post(headers=headers).status_code == 403
    assert not site.changes


@pytest.mark.parametrize("headers", [BROWSER, {"Origin": ORIGIN}, {}, {"Origin": "null"}])
def test_browsers_old_and_new_can_save(site: Site, headers: dict[str, str]) -> None:
    site.get()
    assert site.post(headers=headers).status_code == 303


def test_a_link_is_not_tried_without_end(site: Site) -> None:
    site.get()
    for _ in range(ATTEMPTS_PER_LINK):
        assert site.post(name="Support").status_code == 422
    assert site.post().status_code == 429
    assert not site.changes


def test_a_field_as_long_as_a_book_is_refused(site: Site) -> None:
    site.get()
    assert site.post(line1="x" * 100_000).status_code == 422
    assert site.post(name="x" * 2_000_000).status_code == 413


def test_fields_that_are_missing_are_empty(site: Site) -> None:
    site.get()
    assert site.client.post(f"{PATH}/edit/{site.secret}", data={"csrf": site.csrf}, headers=BROWSER).status_code == 422


def test_an_account_that_was_frozen_says_so(site: Site) -> None:
    site.get()
    with site.shop.store.writing(None) as uow:
        uow.billing_contacts.freeze(CORA, site.shop.clock.now)
    page = site.get()
    assert page.status_code == 409
    assert "We look at it before anything is changed" in page.text
    assert "managers" not in page.text
    assert site.post().status_code == 409
    assert not site.changes


def test_what_is_for_the_staff_is_said_otherwise_to_customers(site: Site) -> None:
    site.get()
    assert "Please check every letter" in site.post(email="nora@englnes.example").text
    assert "Please name one of your own people" in site.post(email="mia@brightwell.example").text
    assert "please enter none here" in site.post(line2="4242 4242 4242 4242").text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_do_nothing(site: Site, method: str) -> None:
    assert site.client.open(f"{PATH}/edit/{site.secret}", method=method).status_code == 405


# This was not me


def test_the_former_contact_says_it_was_not_them(reporting: Site) -> None:
    page = reporting.get(page="report")
    assert page.status_code == 200
    assert "Engines Ltd" in page.text
    assert "nora@" not in page.text
    answer = reporting.post(page="report", freeze="yes")
    assert answer.status_code == 200
    assert "nothing more is changed" in answer.text
    assert reporting.shop.happened()[-2:] == ["billing_contact_reported", "billing_contact_frozen"]
    assert reporting.get(page="report").status_code == 410
    assert reporting.post(page="report").status_code == 410


def test_freezing_is_a_choice(reporting: Site) -> None:
    reporting.get(page="report")
    assert "nothing more is changed" not in reporting.post(page="report").text
    assert reporting.shop.happened()[-1] == "billing_contact_reported"


def test_a_report_is_not_made_by_another_page(reporting: Site) -> None:
    reporting.get(page="report")
    assert reporting.post(page="report", headers={"Origin": "https://evil.example"}).status_code == 403
    assert reporting.post(page="report", csrf="x").status_code == 403
    assert "billing_contact_reported" not in reporting.shop.happened()


# Logs


def test_a_busy_database_is_logged_without_the_secret(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_actor: object) -> Any:
        raise Transient("database")

    monkeypatch.setattr(site.shop.desk, "reading", busy)
    with capture_logs() as logged:
        assert site.get().status_code == 503
    assert logged
    assert site.secret not in str(logged)


def test_the_secret_part_of_an_address_is_masked_wherever_it_is_logged(site: Site) -> None:
    for text in (f"GET {PATH}/edit/{site.secret} HTTP/1.1", f"Exception on {ORIGIN}{PATH}/report/{site.secret} [POST]"):
        assert site.secret not in mask(text)
        assert PATH in mask(text)
