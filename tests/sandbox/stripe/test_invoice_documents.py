"""The PDF files of invoices and credit notes: real PDF, complete, and plain about where they come from."""

from __future__ import annotations

import re

import pytest
import requests

from bot.sandbox.stripe.pdf import Text, width_of, wrapped, write
from tests.sandbox.stripe.local import Local


def objects_of(pdf: bytes) -> dict[int, bytes]:
    """The objects of a file, each read from where the cross-reference table says that it stands."""
    assert pdf.startswith(b"%PDF-1.4\n")
    assert pdf.endswith(b"%%EOF\n")
    start = int(pdf.rsplit(b"startxref\n", 1)[1].split()[0])
    lines = pdf[start:].splitlines()
    assert lines[0] == b"xref"
    count = int(lines[1].split()[1])
    found = {}
    for number in range(1, count):
        offset = int(lines[2 + number].split()[0])
        head = b"%d 0 obj\n" % number
        assert pdf[offset : offset + len(head)] == head
        found[number] = pdf[offset + len(head) : pdf.index(b"\nendobj", offset)]
    return found


def pages_of(pdf: bytes) -> list[list[str]]:
    """The texts of each page, in order; also checks the lengths of the streams."""
    objects = objects_of(pdf)
    kids = [int(n) for n in re.findall(rb"(\d+) 0 R", re.search(rb"/Kids \[(.*?)\]", objects[2])[1])]
    pages = []
    for kid in kids:
        content = objects[int(re.search(rb"/Contents (\d+) 0 R", objects[kid])[1])]
        length = int(re.search(rb"/Length (\d+)", content)[1])
        stream = content.split(b"stream\n", 1)[1]
        assert stream[length:] == b"\nendstream"
        texts = re.findall(rb"\(((?:[^\\()]|\\.)*)\) Tj", stream[:length])
        pages.append([re.sub(rb"\\(.)", rb"\1", text).decode("cp1252") for text in texts])
    return pages


def fetch(url: str) -> bytes:
    answer = requests.get(url, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    return answer.content


def after(texts: list[str], label: str) -> str:
    return texts[texts.index(label) + 1]


def test_an_invoice_is_a_pdf_that_says_what_and_from_whom(local: Local) -> None:
    # 3 × 9.99 = 29.97, 15 % off 4.50, 19 % on 25.47 = 4.84: 30.31; credit of 10.00 leaves 20.31, which the card pays
    customer = local.customer(
        name="Ärzte (Süd) GmbH",
        address={"line1": "Am Wall 1", "postal_code": "10115", "city": "Berlin", "country": "DE"},
    )
    local.v1.customers.balance_transactions.create(customer.id, {"amount": -1000, "currency": "eur"})
    coupon = local.v1.coupons.create({"percent_off": 15, "duration": "forever"})
    rate = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    subscription = local.subscribe(
        customer, local.price(999), 3, discounts=[{"coupon": coupon.id}], default_tax_rates=[rate.id]
    )
    (invoice,) = local.invoices(subscription)
    (texts,) = pages_of(fetch(invoice.invoice_pdf))
    assert texts[0].startswith("Made by a local stand-in for tests, not by Stripe.")
    assert texts[1] == f"Invoice {invoice.number}"
    for expected in ("Status: paid", "Date: 15 Jan 2026", "Ärzte (Süd) GmbH", "Am Wall 1", "10115 Berlin", "DE"):
        assert expected in texts
    assert "3 × Plan 999 (at 9.99 EUR / month)" in texts
    assert "15 Jan 2026 to 15 Feb 2026" in texts
    totals = {"Subtotal": "29.97 EUR", "Discount": "-4.50 EUR", "VAT 19 %": "4.84 EUR", "Total": "30.31 EUR"}
    totals |= {"Balance": "-10.00 EUR", "Paid": "-20.31 EUR", "Still to pay": "0.00 EUR"}
    assert {label: after(texts, label) for label in totals} == totals
    assert texts[-1] == f"Invoice {invoice.number}, page 1 of 1"


def test_a_long_invoice_has_several_pages(local: Local) -> None:
    customer = local.customer(card=None)
    draft = local.v1.invoices.create(
        {"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 9}
    )
    for number in range(60):
        item = {"customer": customer.id, "invoice": draft.id, "amount": 100 + number, "currency": "usd"}
        local.v1.invoice_items.create({**item, "description": f"Visit {number} " + "with a long report " * 6})
    invoice = local.v1.invoices.finalize_invoice(draft.id)
    pages = pages_of(fetch(invoice.invoice_pdf))
    assert len(pages) > 2
    for number, texts in enumerate(pages, start=1):
        assert "not by Stripe" in texts[0]
        assert texts[-1].endswith(f"page {number} of {len(pages)}")
    everything = [text for texts in pages for text in texts]
    assert [text.split()[1] for text in everything if text.startswith("Visit ")] == [str(n) for n in range(60)]
    assert after(pages[-1], "Still to pay") == "77.70 USD"  # 60 × 1.00 and 0.00 to 0.59: 60 + 17.70
    assert "Due: 24 Jan 2026" in everything


def test_an_invoice_shows_parts_and_credit_notes(local: Local) -> None:
    # 100.00 less a credit note over 30.00: 70.00, later 25.00 of it paid by check
    customer = local.customer(card=None)
    draft = local.v1.invoices.create(
        {"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 9}
    )
    local.v1.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 10000, "currency": "usd"})
    invoice = local.v1.invoices.finalize_invoice(draft.id)
    note = local.v1.credit_notes.create({"invoice": invoice.id, "amount": 3000, "memo": "With apologies"})
    check = local.v1.payment_records.report_payment({
        "amount_requested": {"currency": "usd", "value": 2500},
        "initiated_at": local.now(),
        "payment_method_details": {"type": "custom", "custom": {"display_name": "Check"}},
        "outcome": "guaranteed",
        "guaranteed": {"guaranteed_at": local.now()},
    })  # fmt: skip
    local.v1.invoices.attach_payment(invoice.id, {"payment_record": check.id})
    (texts,) = pages_of(fetch(invoice.invoice_pdf))
    assert (after(texts, "Credit notes"), after(texts, "Paid")) == ("-30.00 USD", "-25.00 USD")
    assert after(texts, "Still to pay") == "45.00 USD"
    assert "Balance" not in texts
    (credited,) = pages_of(fetch(note.pdf))
    assert credited[1] == f"Credit note {note.number}"
    assert f"Of invoice: {invoice.number}" in credited
    assert (after(credited, "Credited"), credited[-2]) == ("30.00 USD", "With apologies")


def test_a_document_is_shown_to_who_has_its_link(local: Local) -> None:
    (invoice,) = local.invoices(local.subscribe(local.customer(), local.price(100)))
    wrong = invoice.invoice_pdf.replace("/pdf", "x/pdf")
    assert requests.get(wrong, timeout=10).status_code == 404
    swapped = invoice.invoice_pdf.replace("/invoice/", "/credit_note/")
    assert requests.get(swapped, timeout=10).status_code == 404


def test_yen_have_no_cents_and_dinars_three(local: Local) -> None:
    for currency, amount, expected in (("jpy", 1050, "1,050 JPY"), ("kwd", 1050, "1.050 KWD")):
        subscription = local.subscribe(local.customer(), local.price(amount, currency=currency))
        (texts,) = pages_of(fetch(local.invoices(subscription)[0].invoice_pdf))
        assert after(texts, "Total") == expected


def test_text_is_escaped_and_what_cannot_be_written_is_marked() -> None:
    odd = "a (b) \\c) € é 日\nnext"
    (texts,) = pages_of(write([[Text(50, 700, odd)]], "Odd (title"))
    assert texts == ["a (b) \\c) € é ? next"]


def test_widths_and_wrapping() -> None:
    # Adobe's metrics: H 722, i 222, space 278 thousandths
    assert width_of("Hi ", 10) == 12.22
    lines = wrapped("one two three " + "x" * 50, 40, 10)
    assert " ".join(lines).replace(" ", "") == "onetwothree" + "x" * 50
    assert all(width_of(line, 10) <= 40 for line in lines)
    assert wrapped("", 40, 10) == [""]


def test_right_aligned_text_ends_where_it_says() -> None:
    pdf = write([[Text(545, 700, "1.00", size=10, right=True)]], "t")
    (left,) = re.findall(rb"Tf ([\d.]+) 700", pdf)
    assert float(left) == 545 - 19.46  # three digits of 5.56 and a point of 2.78


def test_a_broken_file_is_noticed() -> None:
    broken = write([[Text(50, 700, "x")]], "t").replace(b"1 0 obj", b"1  0 obj", 1)
    with pytest.raises(AssertionError):
        objects_of(broken)


def test_a_date_beyond_all_calendars_does_not_break_the_page(local: Local) -> None:
    (invoice,) = local.invoices(local.subscribe(local.customer(), local.price(100)))
    sent = {"invoice": invoice.id, "amount": 100, "credit_amount": 100, "effective_at": 10**17}
    (texts,) = pages_of(fetch(local.v1.credit_notes.create(sent).pdf))
    assert f"Date: {10**17}" in texts
