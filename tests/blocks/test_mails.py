"""E-mails to customers: in their language, with the amounts; what they are called stays out of headers and markup."""

from datetime import date, timedelta
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest

from billing.contacts import Address
from blocks import mails, pages, readers
from blocks.texts import Translator
from tests.blocks.samples import CATALOGUE, LINK, LONG, contact, payment, preview, price

BUSINESS = CATALOGUE.business


def sent(**changes):
    """The mail as it travels: written out and read again."""
    mail = mails.payment_link(contact(**changes), preview(), LINK, BUSINESS)
    return message_from_bytes(bytes(mail), policy=policy.default)


def part(mail, kind):
    return mail.get_body((kind,)).get_content()


def test_both_parts_say_what_the_balance_makes_of_the_first_payment():
    """H23. 157.44 + 50.00 = 207.44."""
    shown = preview(balance=payment(date(2026, 11, 21)).total.with_amount(-5000))
    mail = mails.payment_link(contact(), shown, LINK, BUSINESS)
    for text in (part(mail, "plain"), part(mail, "html")):
        assert "€157.44" in text
        assert "Owed from before: €50.00. As it stands today, €207.44 is charged at first" in text
    assert "As it stands today" not in part(sent(), "plain")


class Links(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found, self.tags = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.found += [value for name, value in attrs if name == "href"]


def test_the_mail_goes_from_the_business_to_the_customer():
    mail = sent()
    assert mail["To"] == "Ada Lovelace <ada@engines.example>"
    assert mail["From"] == "Brightwell <support@brightwell.example>"
    assert mail["Reply-To"] == "Brightwell <billing@brightwell.example>"
    assert mail["Subject"] == "Please add a payment method for Marketing Plus"


def test_both_parts_say_what_is_charged_and_carry_the_link():
    mail = sent()
    for text in (part(mail, "plain"), part(mail, "html")):
        for fact in (
            "Ada Lovelace",
            "Marketing Plus × 3",
            "€49.00 per month",
            "€157.44",
            "21 Dec 2026",
            "22 Nov 2026",
        ):
            assert fact in text
        assert "Brightwell Software GmbH" in text
        assert "never ask for card numbers" in text
    assert LINK.url in part(mail, "plain")
    assert LINK.url in Links(part(mail, "html")).found


@pytest.mark.parametrize(
    ("country", "moment"),
    [
        ("IE", "22 Nov 2026, 18:30 (Berlin time)"),
        ("IT", "22 Nov 2026, 18:30 (Berlin time)"),
        ("US", "Nov 22, 2026, 6:30\u202fPM (Berlin time)"),
    ],
)
def test_a_customer_reads_days_and_times_as_their_country_writes_them(country, moment):
    """The time is the business's and says so: whose clock is meant is not clear in another country."""
    text = part(sent(address=Address(city="X", country=country)), "plain")
    assert moment in text
    assert "€157.44" in text


@pytest.mark.parametrize(
    ("language", "country", "moment"),
    [
        ("en", "DE", "21 Nov 2026, 18:30 (Berlin time)"),
        ("en", "US", "Nov 21, 2026, 6:30\u202fPM (Berlin time)"),
        ("de", "DE", "21.11.2026, 18:30 (Ortszeit Berlin)"),
    ],
)
def test_the_channel_reads_days_and_hours_of_the_business(language, country, moment):
    """English has English numbers, because 8.200 would be read as eight."""
    t = readers.channel(BUSINESS.model_copy(update={"language": language, "country": country}))
    assert t.datetime(LINK.expires_at - timedelta(days=1)) == moment
    assert t.number(8200) == ("8,200" if language == "en" else "8.200")


def test_a_later_start_is_named():
    later = preview(starts_now=False, first=payment(date(2026, 12, 1)))
    mail = mails.payment_link(contact(), later, LINK, BUSINESS)
    assert "Starts on: 1 Dec 2026" in part(mail, "plain")
    assert "Starts on" not in part(sent(), "plain")


def test_the_mail_is_in_the_customers_language_and_polite():
    mail = sent(language="de")
    assert mail["Subject"] == "Bitte hinterlegen Sie eine Zahlungsmethode für Marketing Plus"
    assert "Guten Tag Ada Lovelace," in part(mail, "plain")
    assert "157,44\xa0€" in part(mail, "html")
    assert 'lang="de"' in part(mail, "html")
    assert "Hello" in part(sent(language="fr"), "plain")


@pytest.mark.parametrize(
    "name", ["Ada\r\nBcc: all@evil.example", "Ada\nX: y", "Ada\x00", 'A "quoted", <b@c.example>', LONG]
)
def test_a_name_cannot_write_a_header(name):
    mail = sent(name=name)
    assert set(mail.keys()) == {"Subject", "From", "Reply-To", "To", "MIME-Version", "Content-Type"}
    assert [one.addr_spec for one in mail["To"].addresses] == ["ada@engines.example"]


def test_a_products_name_cannot_write_a_header():
    mail = mails.payment_link(contact(), preview(price=price(label="Plus\nBcc: x@evil.example")), LINK, BUSINESS)
    assert message_from_bytes(bytes(mail), policy=policy.default)["Bcc"] is None


@pytest.mark.parametrize(
    "address", ["", "no address", "a@b\r\nBcc: c@d.example", "a@b.example, c@d.example", "<a@b.example>"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="no e-mail address"):
        mails.payment_link(contact(email=address), preview(), LINK, BUSINESS)


def test_a_name_is_only_text_in_the_html():
    html = part(sent(name='<script>alert(1)</script><a href="https://evil.example">x</a>'), "html")
    assert "script" not in Links(html).tags
    assert "https://evil.example" not in Links(html).found


def test_the_page_after_stripes_says_what_happened():
    done = pages.after_setup(BUSINESS, Translator("de"), added=True)
    assert "Ihre Zahlungsmethode ist hinterlegt" in done
    assert "Nothing was charged" in pages.after_setup(BUSINESS, Translator("en"), added=False)
