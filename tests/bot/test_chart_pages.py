"""The chart on Home as Slack fetches it: from an address that cannot be made up, and only for a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from billing import homes
from billing.money import Money
from billing.steps import NOBODY
from billing.timeline import Entry, Happening
from blocks.charts import picture
from bot.app import charts_address
from bot.pages.charts import chart_pages
from bot.slack import create_bolt
from bot.web import create_web
from handlers import charts as module
from handlers.charts import Chart, Charts
from tests.bot.test_web import SIGNING, WEBHOOK, Listening, settings
from tests.support.shop import ADA, NOW, Shop

CHARTS = Charts("https://kontor.example/charts", SIGNING)
TODAY = NOW.date()


@dataclass
class Site:
    client: FlaskClient
    shop: Shop

    def get(self, link: str | None) -> TestResponse:
        assert link
        return self.client.get(link.removeprefix("https://kontor.example"))

    def pays(self, amount: int) -> None:
        with self.shop.store.writing(NOBODY) as uow:
            paid = Money(amount=amount, currency="EUR")
            id_ = f"paid{amount}"
            uow.timeline.append(Entry(id=id_, contact=ADA, at=NOW, what=Happening.PAYMENT_SUCCEEDED, amount=paid))


@pytest.fixture
def site() -> Site:
    shop = Shop()
    business = shop.store.catalogue.business
    bolt = create_bolt(settings(), Listening())
    web = create_web(bolt, shop.store, business, WEBHOOK, lambda: None, [chart_pages(shop.store, CHARTS)])
    return Site(web.test_client(), shop)


def link(language: str = "en", last: date = TODAY, charts: Charts = CHARTS) -> str:
    made = charts.link(Chart(language, last), NOW)
    assert made
    return made


@pytest.mark.parametrize("language", ["en", "en_GB", "de_DE"])
def test_the_address_shows_the_picture_of_these_days_in_that_language(site: Site, language: str) -> None:
    site.pays(4900)
    answer = site.get(link(language))
    assert (answer.status_code, answer.content_type) == (200, "image/png")
    with site.shop.store.reading(NOBODY) as uow:
        days = homes.days(uow, TODAY)
    assert (days[-1].on, days[-1].received, len(days)) == (TODAY, Money(amount=4900, currency="EUR"), 14)
    assert answer.data == picture(days, language)


def test_the_figures_are_those_of_the_moment(site: Site) -> None:
    address = link()
    pictures = {site.get(address).data}
    for amount in (4900, 100):
        site.pays(amount)
        pictures.add(site.get(address).data)
    assert len(pictures) == 3
    assert site.get(link(last=TODAY - timedelta(days=1))).data not in pictures


def test_it_says_nothing_of_any_customer(site: Site) -> None:
    """The picture is made of days and sums, and neither it nor its address has a name or id of anybody."""
    site.pays(4900)
    answer = site.get(link())
    for word in ("Ada", "Lovelace", ADA, "paid4900"):
        assert word.encode() not in answer.data
        assert word not in link() + str(answer.headers)
    assert set(homes.Day.model_fields) == {"on", "received"}


@pytest.mark.parametrize("is_good", [True, False])
def test_it_runs_nothing_and_is_found_by_nobody(site: Site, is_good: bool) -> None:
    headers = site.get(link() if is_good else "/charts/x.png").headers
    assert headers["Cache-Control"] == ("private, max-age=300" if is_good else "no-store")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def addresses_that_show_nothing() -> Iterator[str]:
    good = link()
    said, _, signature = good.removesuffix(".png").rpartition("-")
    begin = said.rpartition("/")[0]
    language, last, expiry = said.rpartition("/")[2].split("-")
    yield "/charts/x.png"
    yield "/charts/-.png"
    yield "/charts/ä-ö.png"
    yield "/charts/%ff-%ed%a0%80.png"  # no UTF-8
    yield f"{said}-.png"  # without a signature
    yield f"{said}-{'0' * 64}.png"
    yield f"{said}-{signature[:-1]}.png"
    yield f"{said}-{signature}é.png"
    yield f"{begin}/de-{last}-{expiry}-{signature}.png"  # another language
    yield f"{begin}/{language}-20250101-{expiry}-{signature}.png"  # other days
    yield f"{begin}/{language}-{last}-{int(expiry) + 86400}-{signature}.png"  # a longer life
    yield link(charts=replace(CHARTS, secret="another secret"))


def test_addresses_that_were_altered_or_made_up_show_nothing_and_are_alike(site: Site) -> None:
    answers = set()
    for address in addresses_that_show_nothing():
        answer = site.get(address)
        answers.add((answer.status_code, answer.data, str(answer.headers)))
    ((status, body, _),) = answers
    assert (status, body) == (404, b"")


def test_an_address_is_good_for_a_day_and_then_as_if_it_had_never_been(site: Site) -> None:
    forged, good = site.get("/charts/x.png"), link()
    site.shop.clock.goes_on(hours=24, seconds=-1)
    assert site.get(good).status_code == 200
    site.shop.clock.goes_on(seconds=1)
    late = site.get(good)
    assert (late.status_code, late.data, str(late.headers)) == (404, b"", str(forged.headers))


def test_the_key_is_made_for_charts_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is signed with the same secret for anything else opens no chart, and the secret itself signs none."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "_LABEL", b"kontor: something else")
        other = link()
    assert other != link()
    assert site.get(other).status_code == 404
    assert SIGNING not in link()
    assert SIGNING not in repr(CHARTS)


def test_every_publication_has_an_address_of_its_own() -> None:
    """Slack keeps a picture by its address, so the same one would show the old figures after Refresh."""
    chart = Chart("en", TODAY)
    assert CHARTS.link(chart, NOW) != CHARTS.link(chart, NOW + timedelta(seconds=1))


SLACK, LOCAL_SLACK = "https://slack.com/api/", "http://127.0.0.1:8700/api/"


@pytest.mark.parametrize(
    ("public", "slack", "address"),
    [
        ("https://kontor.example.com", SLACK, "https://kontor.example.com/charts"),
        ("https://kontor.example.com/", SLACK, "https://kontor.example.com/charts"),
        ("http://8.8.8.8:8702", SLACK, "http://8.8.8.8:8702/charts"),
        ("http://127.0.0.1:8702", SLACK, None),
        ("http://127.9.9.9", SLACK, None),
        ("http://[::1]:8702", SLACK, None),
        ("http://localhost:8702", SLACK, None),
        ("http://kontor.localhost", SLACK, None),
        ("http://192.168.1.20:8702", SLACK, None),  # inside a network
        ("http://127.0.0.1:8702", LOCAL_SLACK, "http://127.0.0.1:8702/charts"),
        ("http://127.0.0.1:8702", "http://localhost:8700/api/", "http://127.0.0.1:8702/charts"),
    ],
)
def test_slack_fetches_from_where_it_can_reach_us(public: str, slack: str, address: str | None) -> None:
    made = charts_address(settings(KONTOR_PUBLIC_URL=public, SLACK_API_URL=slack))
    assert made == address
    shown = Charts(made, SIGNING).link(Chart("en", TODAY), NOW)
    assert (shown is None) == (address is None)
