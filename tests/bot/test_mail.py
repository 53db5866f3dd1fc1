"""Mails are handed in once; what the server may take later is tried again, and what it never takes is not."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

import pytest
import requests

from billing.errors import Transient, Undeliverable
from bot.mail import sender
from bot.sandbox import mailbox


def letter() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Zahlungsmethode hinzufügen", "kontor@example.com", "ada@example.com"
    mail["Message-ID"] = "<op_1@example.com>"
    mail.set_content("Grüße")
    return mail


@contextmanager
def server(*answers: bytes) -> Iterator[int]:
    """An SMTP server that answers with these lines in turn, the greeting first."""

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for answer in answers:
                self.wfile.write(answer + b"\r\n")
                if not self.rfile.readline():
                    return

    with socketserver.TCPServer(("127.0.0.1", 0), Session) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
            thread.join()


def test_a_mail_arrives_with_its_date_and_keeps_its_id() -> None:
    with mailbox.running() as box:
        handed_in = letter()
        sender(f"smtp://{box.smtp_host}:{box.smtp_port}")(handed_in)
        (mail,) = requests.get(f"{box.page}/control/mails", timeout=5).json()
    assert mail["subject"] == "Zahlungsmethode hinzufügen"
    assert "Grüße" in mail["text"]
    assert handed_in["Date"], "a mail without a date is taken for spam"
    assert handed_in["Message-ID"] == "<op_1@example.com>"


def test_a_server_that_is_away_is_asked_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening
        with pytest.raises(Transient, match="smtp"):
            sender(f"smtp://127.0.0.1:{taken.getsockname()[1]}")(letter())


def test_greylisting_is_asked_again_and_a_final_no_is_not() -> None:
    with server(b"421 too busy") as port, pytest.raises(Transient):
        sender(f"smtp://127.0.0.1:{port}")(letter())
    with server(b"220 hello", b"250 fine", b"451 not now", b"250 reset") as port, pytest.raises(Transient):
        sender(f"smtp://127.0.0.1:{port}")(letter())
    with (
        server(b"220 hello", b"250 fine", b"250 from", b"451 greylisted", b"250 reset") as port,
        pytest.raises(Transient),
    ):
        sender(f"smtp://127.0.0.1:{port}")(letter())
    with (
        server(b"220 hello", b"250 fine", b"250 from", b"550 nobody here", b"250 reset") as port,
        pytest.raises(Undeliverable, match="nobody here"),
    ):
        sender(f"smtp://127.0.0.1:{port}")(letter())


def test_a_password_is_never_sent_in_the_clear() -> None:
    with (
        server(b"220 hello", b"250 AUTH PLAIN LOGIN", b"221 bye") as port,
        pytest.raises(Undeliverable, match="STARTTLS"),
    ):
        sender(f"smtp://kontor:geheim@127.0.0.1:{port}")(letter())
