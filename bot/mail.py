"""Mails to customers and staff, by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import localtime
from urllib.parse import unquote, urlsplit

from billing.errors import Transient, Undeliverable

Send = Callable[[EmailMessage], None]
CALL_SECONDS = 20


def sender(smtp_url: str) -> Send:
    """A function that hands one mail to the server. It raises Transient while that is not possible, and Undeliverable
    when it never will be."""
    parts = urlsplit(smtp_url)
    port = parts.port or (465 if parts.scheme == "smtps" else 587 if parts.username else 25)

    def connect() -> smtplib.SMTP:
        host = parts.hostname or "localhost"
        if parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=CALL_SECONDS, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=CALL_SECONDS)

    def send(mail: EmailMessage) -> None:
        if "Date" not in mail:
            mail["Date"] = localtime()
        try:
            with connect() as server:
                server.ehlo()
                if parts.scheme == "smtp" and server.has_extn("starttls"):
                    server.starttls(context=ssl.create_default_context())
                elif parts.scheme == "smtp" and parts.username:
                    raise Undeliverable("the server offers no STARTTLS, and a password is not sent in the clear")
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                server.send_message(mail)
        except OSError as error:  # all of smtplib's errors are
            if _is_final(error):
                raise Undeliverable(str(error)) from error
            raise Transient("smtp") from error

    return send


def _is_final(error: OSError) -> bool:
    """Codes from 500 on are a no for good (RFC 5321, 4.2.1); what was only interrupted is not."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return all(code >= 500 for code, _ in error.recipients.values())
        case smtplib.SMTPResponseException():
            return error.smtp_code >= 500
        case _:
            return isinstance(error, smtplib.SMTPNotSupportedError)
