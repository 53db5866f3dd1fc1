"""Mails to customers and staff, by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import localtime
from urllib.parse import unquote, urlsplit

from billing.errors import Transient, Undeliverable

Send = Callable[[EmailMessage], None]
CALL_SECONDS = 20


def sender(smtp_url: str) -> Send:
    """A function that hands one mail to the server. It raises Transient while that is not possible, and Undeliverable
    when it never will be."""

    def send(mail: EmailMessage) -> None:
        if "Date" not in mail:
            mail["Date"] = localtime()
        try:
            with connected(smtp_url) as server:
                server.send_message(mail)
        except OSError as error:  # all of smtplib's errors are
            if _is_final(error):
                raise Undeliverable(str(error)) from error
            raise Transient("smtp") from error

    return send


@contextmanager
def connected(smtp_url: str, *, within: float = CALL_SECONDS) -> Iterator[smtplib.SMTP]:
    """The server, encrypted where it can be and logged in where a user is named. `within`: seconds for each answer.

    Raises OSError, and Undeliverable for a server that would get the password in the clear.
    """
    parts = urlsplit(smtp_url)
    host, is_tls = parts.hostname or "localhost", parts.scheme == "smtps"
    port = parts.port or (465 if is_tls else 587 if parts.username else 25)
    context = ssl.create_default_context()
    with (
        smtplib.SMTP_SSL(host, port, timeout=within, context=context)
        if is_tls
        else smtplib.SMTP(host, port, timeout=within)
    ) as server:
        server.ehlo()
        if not is_tls and server.has_extn("starttls"):
            server.starttls(context=context)
        elif not is_tls and parts.username:
            raise Undeliverable("the server offers no STARTTLS, and a password is not sent in the clear")
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server


def _is_final(error: OSError) -> bool:
    """Codes from 500 on are a no for good (RFC 5321, 4.2.1); what was only interrupted is not."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return all(code >= 500 for code, _ in error.recipients.values())
        case smtplib.SMTPResponseException():
            return error.smtp_code >= 500
        case _:
            return isinstance(error, smtplib.SMTPNotSupportedError)
