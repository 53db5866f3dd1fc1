"""The mail with the link: sent once for every waiting operation, in the customer's language, and never to nobody."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from billing.errors import Transient
from billing.operations import Operation, State
from billing.payment_links import was_mailed
from handlers.mails import Mails, Outbox
from tests.support.office import Office
from tests.support.shop import SAM, contact, method


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def waiting(office: Office) -> Operation:
    return office.starts(payment_method="link")


def body(mail) -> str:
    return mail.get_body(("plain",)).get_content()


def test_the_link_goes_to_the_customer(office: Office, waiting: Operation) -> None:
    """H30, H31"""
    assert office.mailer.send(waiting.id, State.WAITING) == State.WAITING
    [mail] = office.mails
    assert mail["To"].addresses[0].addr_spec == "ada@engines.example"
    assert mail["From"].addresses[0].addr_spec == "support@brightwell.example"
    assert mail["Reply-To"].addresses[0].addr_spec == "billing@brightwell.example"
    assert "https://checkout.stripe.example/cs_test_1" in body(mail)


def test_the_mail_is_in_the_customers_language(office: Office) -> None:
    office.knows(contact(language="de"))
    waiting = office.starts(payment_method="link")
    office.mailer.send(waiting.id, State.WAITING)
    assert "Guten Tag Ada Lovelace" in body(office.mails[0])


def test_a_mail_that_is_sent_again_is_the_same_mail(office: Office, waiting: Operation) -> None:
    """A crash after handing it in: mail programs show one message id once."""
    office.mailer.send(waiting.id, State.WAITING)
    office.mailer.send(waiting.id, State.WAITING)
    first, second = office.mails
    assert first["Message-ID"] == second["Message-ID"] == f"<{waiting.id}@brightwell.example>"
    assert body(first) == body(second)


@pytest.mark.parametrize("state", [one for one in State if one is not State.WAITING])
def test_no_other_end_sends_a_mail(office: Office, waiting: Operation, state: State) -> None:
    assert office.mailer.send(waiting.id, state) == state
    assert not office.mails


def test_what_was_started_meanwhile_needs_no_link_any_more(office: Office, waiting: Operation) -> None:
    done = office.starts(key="other")
    with office.store.writing(SAM) as uow:
        uow.operations.finish(waiting.id, State.DONE, result=done.result)
    office.mailer.send(waiting.id, State.WAITING)
    assert not office.mails


def test_a_busy_mail_server_is_tried_again(office: Office, waiting: Operation) -> None:
    def busy(_) -> None:
        raise Transient("smtp")

    with pytest.raises(Transient):
        Mails(office.desk, Outbox(busy)).send(waiting.id, State.WAITING)


def test_without_a_mail_server_the_operation_goes_on(office: Office, waiting: Operation) -> None:
    """The staff sees the link and can pass it on."""
    with capture_logs() as logged:
        assert Mails(office.desk, Outbox(None)).send(waiting.id, State.WAITING) == State.WAITING
    assert [one["setting"] for one in logged] == ["SMTP_URL"]
    assert office.happened() == ["payment_link_sent", "link_not_mailed"]


@pytest.mark.parametrize("address", ["no address", "ada@", "ada@engines.example\nBcc: eve@evil.example"])
def test_an_address_that_is_none_does_not_stop_the_operation(office: Office, address: str) -> None:
    office.knows(contact(email=address), method())
    waiting = office.starts(payment_method="link")
    with capture_logs() as logged:
        assert office.mailer.send(waiting.id, State.WAITING) == State.WAITING
    assert not office.mails
    assert [one["contact"] for one in logged] == ["con_ada"]
    assert address not in str(logged)
    assert office.happened() == ["payment_link_sent", "link_not_mailed"]


def test_a_mail_that_is_refused_twice_is_told_once(office: Office, waiting: Operation) -> None:
    """A crash after it was written down."""
    office.refuses_mails()
    office.mailer.send(waiting.id, State.WAITING)
    office.mailer.send(waiting.id, State.WAITING)
    assert office.happened() == ["payment_link_sent", "link_not_mailed"]


def test_a_mail_that_was_sent_is_not_called_lost_because_of_another(office: Office, waiting: Operation) -> None:
    office.mailer.send(waiting.id, State.WAITING)
    office.refuses_mails()
    other = office.starts(key="other", payment_method="link")
    office.mailer.send(other.id, State.WAITING)
    with office.store.reading(SAM) as uow:
        assert was_mailed(uow, waiting)
        assert not was_mailed(uow, other)
