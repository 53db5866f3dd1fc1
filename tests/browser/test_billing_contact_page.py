"""The customer's pages about the billing contact in a real browser: on a phone, without scripts, from other pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from billing.billing_contacts.model import Purpose, billing_contact
from bot.pages.billing_contacts import PATH, billing_contact_pages
from bot.sandbox.server import running
from bot.web import SAFE
from tests.browser.workspace_page import CONTRAST, WIDER_THAN_THE_WINDOW
from tests.support.accounts import CORA, NEW, changes, furnish, sends_link, token, verifies, walked
from tests.support.shop import ADA, Shop
from tests.support.world import free_port

pytestmark = pytest.mark.browser


@dataclass
class Site:
    url: str
    shop: Shop
    chromium: Browser

    def opens(self, secret: str, page: str = "edit", **options: Any) -> Page:
        context = self.chromium.new_context(**{"java_script_enabled": False, "locale": "en-GB", **options})
        made = context.new_page()
        made.set_default_timeout(15_000)
        made.goto(f"{self.url}{PATH}/{page}/{secret}")
        return made

    @property
    def current(self) -> str:
        return billing_contact(self.shop.rows.contacts[CORA]).name


@pytest.fixture
def site(chromium: Browser) -> Iterator[Site]:
    shop = Shop()
    furnish(shop)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    web = Flask("pages", static_folder=None)
    web.register_blueprint(billing_contact_pages(shop.desk, shop.store.catalogue.business, url))

    @web.after_request
    def safely(response: Any) -> Any:
        for name, value in SAFE.items():
            response.headers.setdefault(name, value)
        return response

    with running(web, port):
        yield Site(url, shop, chromium)


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        if name == "country":
            page.select_option("#country", value)
        else:
            page.fill(f"#{name}", value)
    page.get_by_role("button").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_saving_works_with_and_without_scripts(site: Site, scripts: bool, picture) -> None:
    """G20: a mistake first, at its field; then saved, and the page says what became of it."""
    sends_link(site.shop)
    page = site.opens(token(site.shop), java_script_enabled=scripts)
    fill(page, **(NEW | {"name": "Support"}))
    expect(page.locator("#name-wrong")).to_contain_text("real person")
    expect(page.locator("#city")).to_have_value("Hamburg")
    picture(page, f"bill-to-mistake-{scripts}")
    fill(page, name="Nora New")
    expect(page.get_by_role("heading")).to_have_text("Received")
    [operation] = [one for one in site.shop.rows.operations.values() if one.kind == "change_bill_to"]
    walked(site.shop, operation)
    page.reload()
    expect(page.get_by_role("heading")).to_have_text("Saved")
    assert site.current == "Nora New"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_it_fits_a_phone_and_can_be_read(site: Site, scheme: str, locale: str, picture) -> None:
    sends_link(site.shop)
    walked(site.shop, changes(site.shop, verifies(site.shop)))
    for kind, purpose in (("edit", Purpose.EDIT), ("report", Purpose.REPORT)):
        look = {"viewport": {"width": 360, "height": 740}, "color_scheme": scheme, "java_script_enabled": True}
        page = site.opens(token(site.shop, purpose), kind, locale=locale, **look)
        assert not page.evaluate(WIDER_THAN_THE_WINDOW)
        assert page.evaluate(CONTRAST) == []
        assert page.get_by_role("button").bounding_box()["height"] >= 44
        picture(page, f"bill-to-{kind}-{scheme}-{locale}")


def test_reporting_freezes(site: Site) -> None:
    walked(site.shop, changes(site.shop, verifies(site.shop)))
    page = site.opens(token(site.shop, Purpose.REPORT), "report")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading")).to_have_text("We have been told")
    assert site.shop.rows.guards[ADA].frozen_at is not None


def test_a_form_on_another_page_is_not_taken(site: Site, chromium: Browser) -> None:
    """Even by who knows the address and has read the page's token: browsers say where a form was."""
    sends_link(site.shop)
    secret = token(site.shop)
    csrf = site.opens(secret).locator('[name="csrf"]').get_attribute("value")
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in {**NEW, "csrf": csrf}.items())
    evil = chromium.new_context().new_page()
    evil.set_content(f'<form method="post" action="{site.url}{PATH}/edit/{secret}">{inputs}<button>win</button></form>')
    evil.get_by_role("button").click()
    expect(evil.get_by_role("heading")).to_have_text("Not saved")
    assert site.current == "Bea Books"


def test_the_page_cannot_be_framed(site: Site, chromium: Browser) -> None:
    sends_link(site.shop)
    page = chromium.new_context().new_page()
    page.set_content(f'<iframe src="{site.url}{PATH}/edit/{token(site.shop)}"></iframe>')
    page.wait_for_timeout(500)
    assert "Bea Books" not in "".join(frame.content() for frame in page.frames)
