"""Mails that bring documents: the tone of each, its facts, the link and the attached PDF."""

from __future__ import annotations

import io
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from pypdf import PdfReader

from billing.documents import PaymentWays, Settlement, Stamp
from blocks.documents import mails
from blocks.documents.mails import Recipient
from tests.blocks.samples_documents import BUSINESS, american, credit_note, german, money, totals
from tests.blocks.test_mails import Links, part

TO = Recipient("Grace Hopper", "ap@compiler.example")
LINK = "https://kontor.example/d/token"
US, DE = american(), german()


def travelled(mail: EmailMessage) -> EmailMessage:
    """The mail written out and read again."""
    return message_from_bytes(bytes(mail), policy=policy.default)  # type: ignore[return-value]


def both(mail: EmailMessage) -> tuple[str, str]:
    """Plain text and HTML, in one line each."""
    read = travelled(mail)
    return " ".join(part(read, "plain").split()), " ".join(part(read, "html").split())


def says(mail: EmailMessage, *facts: str) -> bool:
    """Whether both parts say all of it."""
    return all(fact in text.replace("&#39;", "'").replace("\xa0", " ") for text in both(mail) for fact in facts)


def test_a_new_invoice_comes_with_its_facts_its_link_and_its_file() -> None:
    mail = mails.invoice(US, BUSINESS, TO, LINK)
    assert mail["Subject"] == "Your invoice RE-2026-0043 from Brightwell"
    assert mail["To"] == "Grace Hopper <ap@compiler.example>"
    assert mail["From"] == "Brightwell <support@brightwell.example>"
    assert says(mail, "Hello Grace Hopper,", "RE-2026-0043", "Nov 26, 2026", "$3,168.00", "$2,668.00", "Dec 10, 2026")
    assert LINK in both(mail)[0]
    assert LINK in Links(part(travelled(mail), "html")).found
    (file,) = travelled(mail).iter_attachments()
    assert (file.get_content_type(), file.get_filename()) == ("application/pdf", "Invoice-RE-2026-0043.pdf")
    assert "Compiler Works, Inc." in PdfReader(io.BytesIO(file.get_content())).pages[0].extract_text()


def test_nobody_is_greeted_by_a_name_where_none_is_known() -> None:
    for document, greeting in ((US, "Hello,"), (DE, "Guten Tag,")):
        mail = mails.invoice(document, BUSINESS, Recipient("", "ap@compiler.example"), LINK)
        assert mail["To"] == "ap@compiler.example"
        assert says(mail, greeting)


def test_a_german_invoice_is_written_in_german() -> None:
    mail = mails.invoice(DE, BUSINESS, TO, LINK)
    assert mail["Subject"] == "Ihre Rechnung RE-2026-0042 von Brightwell"
    assert says(
        mail, "Guten Tag Grace Hopper,", "hier ist Ihre Rechnung", "1.683,51 €", "10.12.2026", "Rechnung ansehen"
    )
    (file,) = travelled(mail).iter_attachments()
    assert file.get_filename() == "Rechnung-RE-2026-0042.pdf"


@pytest.mark.parametrize(
    ("today", "subject", "lead"),
    [
        (date(2026, 12, 7), "Invoice RE-2026-0043 is due on Dec 10, 2026", "A friendly reminder: invoice RE-2026-0043"),
        (date(2026, 12, 10), "Invoice RE-2026-0043 is due today", "is due today. $2,668.00 is still to be paid."),
        (date(2026, 12, 11), "Invoice RE-2026-0043 is overdue", "was due on Dec 10, 2026, 1 day ago. $2,668.00"),
        (date(2026, 12, 24), "Invoice RE-2026-0043 is overdue", "was due on Dec 10, 2026, 14 days ago. $2,668.00"),
    ],
)
def test_a_reminder_is_friendly_before_plain_on_the_day_and_firm_after_it(today: date, subject: str, lead: str) -> None:
    mail = mails.reminder(US, BUSINESS, TO, LINK, today)
    assert mail["Subject"] == subject
    assert says(mail, lead, "If your payment is already on its way")
    assert says(mail, "without further delay") == (today > date(2026, 12, 10))
    assert len(list(travelled(mail).iter_attachments())) == 1


def test_reminders_in_german() -> None:
    firm = mails.reminder(DE, BUSINESS, TO, LINK, date(2026, 12, 11))
    assert firm["Subject"] == "Rechnung RE-2026-0042 ist überfällig"
    assert says(firm, "war am 10.12.2026 fällig, vor 1 Tag. Offen sind noch 1.683,51 €.", "umgehend")


def test_what_is_never_due_gets_no_reminder() -> None:
    with pytest.raises(ValueError, match="never due"):
        mails.reminder(german(due_on=None), BUSINESS, TO, LINK, date(2026, 12, 1))


def test_what_is_collected_asks_nobody_to_pay() -> None:
    mail = mails.invoice(american(payment=PaymentWays(taken_from="Visa •••• 4242")), BUSINESS, TO, LINK)
    assert says(mail, "You need not do anything: the amount will be taken from Visa •••• 4242.")
    assert not says(mail, "Due date")
    assert "says how to pay" not in both(mail)[0]


def test_a_paid_invoice_asks_for_nothing() -> None:
    paid = american(totals=totals(316800, 0, paid=316800, currency="USD"), stamp=Stamp.PAID)
    assert says(mails.invoice(paid, BUSINESS, TO, LINK), "Nothing has to be paid.")


@pytest.mark.parametrize(
    ("settlement", "words"),
    [(Settlement.REFUND, "auf dem Weg erstattet"), (Settlement.BALANCE, "Guthaben"), (None, "Gutgeschriebener Betrag")],
)
def test_a_credit_note_says_what_happens_to_the_money(settlement: Settlement | None, words: str) -> None:
    mail = mails.credit_note(credit_note(settlement=settlement), BUSINESS, TO, LINK)
    assert mail["Subject"] == "Ihre Rechnungskorrektur GS-2026-0007 von Brightwell"
    assert says(mail, words, "GS-2026-0007", "119,00 €", "Rechnungskorrektur ansehen")


def test_thanks_for_a_part_of_the_payment_and_for_all_of_it() -> None:
    """3,168.00 less 500.00 leaves 2,668.00."""
    part_paid = mails.payment_received(US, money(50000, "USD"), BUSINESS, TO, LINK)
    assert part_paid["Subject"] == "Your payment for invoice RE-2026-0043"
    assert says(part_paid, "your payment of $500.00 has arrived.", "$2,668.00 is still to be paid.")
    paid = american(totals=totals(316800, 0, paid=316800, currency="USD"), stamp=Stamp.PAID)
    in_full = mails.payment_received(paid, money(266800, "USD"), BUSINESS, TO, LINK)
    assert says(in_full, "your payment of $2,668.00 has arrived.", "The invoice is paid in full.")


def test_a_card_that_was_charged_and_a_payment_that_failed() -> None:
    """HX15."""
    charged = mails.card_charged(US, money(50000, "USD"), ("visa", "4242"), BUSINESS, TO, LINK)
    assert says(charged, "We have charged $500.00 to your Visa •••• 4242.", "$2,668.00 is still to be paid.")
    failed = mails.payment_failed(DE, BUSINESS, TO, LINK)
    assert failed["Subject"] == "Ihre Zahlung zu Rechnung RE-2026-0042 ist fehlgeschlagen"
    assert says(failed, "Es wurde nichts abgebucht.", "1.683,51 €", "Rechnungsnummer an")
    paid = american(totals=totals(316800, 0, paid=316800, currency="USD"), stamp=Stamp.PAID)
    unknown = mails.payment_received(paid, None, BUSINESS, TO, LINK)
    assert says(unknown, "Thank you: your payment has arrived.", "The invoice is paid in full.")


def test_names_stay_out_of_headers_and_markup() -> None:
    evil = Recipient("</p><script>\r\nBcc: a@b.example", "ap@compiler.example")
    document = american(number="1\r\nBcc: x@y.example")
    mail = travelled(mails.invoice(document, BUSINESS, evil, LINK))
    assert mail["Bcc"] is None
    assert "script" not in Links(part(mail, "html")).tags


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no e-mail address"):
        mails.invoice(US, BUSINESS, Recipient("Ada", "not an address"), LINK)
