"""Whatever customers are called and whoever prints at the same time: a document comes out, and always the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.contacts import Address
from billing.documents import Buyer, Line
from blocks.documents import file_name, page, pdf
from tests.blocks.samples_documents import american, credit_note, german, money

TEXTS = st.text(min_size=1, max_size=60)


@settings(deadline=None, max_examples=25)
@example(name="Ada", street="1", what="1", memo="", number="\r")  # nothing that a transfer could name
@given(name=TEXTS, street=TEXTS, what=TEXTS, memo=TEXTS, number=TEXTS)
def test_any_text_can_be_printed(name: str, street: str, what: str, memo: str, number: str) -> None:
    """Also control characters, half emoji and letters of scripts that no font has."""
    amounts = (132300, 10200)
    document = german(
        number=number,
        buyer=Buyer(name=name, address=Address(line1=street, city=name, country="DE")),
        lines=tuple(Line(position=n, description=what, amount=money(amount)) for n, amount in enumerate(amounts, 1)),
        memo=memo,
    )
    assert pdf(document).startswith(b"%PDF-")
    assert page(document, download="x.pdf").endswith("</html>")
    assert file_name(document).isascii()


def test_several_threads_print_at_once_and_all_get_their_own() -> None:
    documents = [german(), american(), credit_note()] * 4
    alone = [pdf(document) for document in documents]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(pdf, documents)) == alone
