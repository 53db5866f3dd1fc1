"""The mailbox over real SMTP and HTTP: what is sent is shown, and nothing that is sent can do harm."""

import json
import smtplib
from email.message import EmailMessage
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import requests

from bot.sandbox.mailbox import Limits, Store, running, serve
from bot.sandbox.server import PortTaken


@pytest.fixture
def mailbox():
    with running() as addresses:
        yield addresses


def send(mailbox, message, to="ada@example.com", sender="billing@kontor.example"):
    """Send a message (or raw bytes) to the mailbox."""
    raw = message if isinstance(message, bytes) else message.as_bytes()
    with smtplib.SMTP(mailbox.smtp_host, mailbox.smtp_port, timeout=30) as smtp:
        smtp.sendmail(sender, to, raw)


def mails(mailbox):
    return requests.get(f"{mailbox.page}/control/mails", timeout=30).json()


def invoice_mail():
    message = EmailMessage()
    message["From"] = "Kontor <billing@kontor.example>"
    message["To"] = "Ada Löwe <ada@example.com>"
    message["Subject"] = "Rechnung für März"
    message.set_content("Guten Tag,\nanbei die Rechnung.\n")
    message.add_alternative("<p>Guten Tag</p>", subtype="html")
    message.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="Rechnung März.pdf")
    return message


def test_a_mail_is_shown_with_text_html_headers_and_attachment(mailbox):
    send(mailbox, invoice_mail(), to=["ada@example.com", "hidden@example.com"])
    (mail,) = mails(mailbox)
    assert mail["from"] == "Kontor <billing@kontor.example>"
    assert mail["to"] == "Ada Löwe <ada@example.com>"
    assert mail["envelope_to"] == ["ada@example.com", "hidden@example.com"]
    assert mail["subject"] == "Rechnung für März"
    assert mail["text"] == "Guten Tag,\nanbei die Rechnung.\n"
    assert mail["html"].strip() == "<p>Guten Tag</p>"
    assert ["Subject", "Rechnung für März"] in mail["headers"]
    assert mail["attachments"] == [
        {"number": 1, "name": "Rechnung März.pdf", "content_type": "application/pdf", "size": 10}
    ]
    assert mail["received"].endswith("+00:00")


def test_an_attachment_is_downloaded_and_never_opened_by_the_browser(mailbox):
    send(mailbox, invoice_mail())
    (mail,) = mails(mailbox)
    answer = requests.get(f"{mailbox.page}/mails/{mail['id']}/attachments/1", timeout=30)
    assert answer.content == b"%PDF-1.7 x"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert requests.get(f"{mailbox.page}/mails/{mail['id']}/attachments/2", timeout=30).status_code == 404


def test_the_newest_mail_comes_first_and_delete_empties_the_mailbox(mailbox):
    for subject in ("first", "second"):
        send(mailbox, f"Subject: {subject}\r\n\r\nhello".encode())
    assert [mail["subject"] for mail in mails(mailbox)] == ["second", "first"]
    assert requests.delete(f"{mailbox.page}/control/mails", timeout=30).json() == {"ok": True}
    assert mails(mailbox) == []


def test_mails_survive_a_restart_in_a_file(tmp_path):
    path = tmp_path / "var" / "mails.sqlite"
    with running(Store(path)) as first:
        send(first, invoice_mail())
    with running(Store(path)) as second:
        assert [mail["subject"] for mail in mails(second)] == ["Rechnung für März"]


def test_the_oldest_mails_go_when_there_are_too_many():
    with running(Store(limits=Limits(mails=2))) as mailbox:
        for subject in ("one", "two", "three"):
            send(mailbox, f"Subject: {subject}\r\n\r\nhello".encode())
        assert [mail["subject"] for mail in mails(mailbox)] == ["three", "two"]


def test_the_oldest_mails_go_when_they_are_too_big_together():
    body = b"Subject: big\r\n\r\n" + b"x" * 900  # about 915 bytes: two fit into 2,000, three do not
    with running(Store(limits=Limits(total=2_000))) as mailbox:
        for _ in range(3):
            send(mailbox, body)
        assert len(mails(mailbox)) == 2


def test_a_mail_over_the_size_limit_is_refused_by_smtp():
    with running(Store(limits=Limits(mail=1_000))) as mailbox:
        with pytest.raises(smtplib.SMTPException) as refused:
            send(mailbox, b"Subject: huge\r\n\r\n" + b"x" * 5_000)
        assert "552" in str(refused.value)
        assert mails(mailbox) == []


def test_html_is_served_without_scripts_forms_and_remote_content(mailbox):
    message = EmailMessage()
    message.set_content("<script>parent.x=1</script><img src=https://tracker.example/p.png>", subtype="html")
    send(mailbox, message)
    (mail,) = mails(mailbox)
    answer = requests.get(f"{mailbox.page}/mails/{mail['id']}/html", timeout=30)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy
    assert "script-src" not in policy
    page = requests.get(mailbox.page, timeout=30)
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]


def test_a_picture_inside_the_mail_is_shown_from_the_mail(mailbox):
    message = EmailMessage()
    message.set_content('<img src="cid:logo@kontor">', subtype="html")
    message.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<logo@kontor>")
    send(mailbox, message)
    (mail,) = mails(mailbox)
    # base64 of the four bytes 89 50 4E 47 is iVBORw==
    assert "data:image/png;base64,iVBORw==" in requests.get(f"{mailbox.page}/mails/{mail['id']}/html", timeout=30).text


HOSTILE = {
    "unknown charset": b"Subject: =?klingon?q?x?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\nbody\xff",
    "broken base64": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!====\xff",
    "no headers at all": b"\r\n\r\n\x00\x01\x02",
    "a header without an end": b"Subject: " + b"x" * 900,
    "broken encoded word": b"Subject: =?utf-8?b?!!!?=\r\nFrom: =?utf-8?q?=ZZ?=\r\n\r\nbody",
    "eight bits in the header": "Subject: Grüße\r\nFrom: ü@ä.example\r\n\r\nbody".encode("latin-1"),
    "multipart without a boundary": b"Content-Type: multipart/mixed\r\n\r\n--\r\nbody",
    "very deep": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2_000)
    ),
    "many headers": b"X-Many: y\r\n" * 3_000 + b"\r\nbody",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_malformed_mail_is_kept_and_shown(mailbox, raw):
    send(mailbox, raw)
    send(mailbox, b"Subject: after\r\n\r\nstill alive")
    after, hostile = mails(mailbox)
    assert after["subject"] == "after"
    assert hostile["envelope_to"] == ["ada@example.com"]
    assert len(hostile["headers"]) <= 200
    assert requests.get(f"{mailbox.page}/mails/{hostile['id']}/html", timeout=30).status_code == 200


def test_a_sender_cannot_hide_the_direction_of_its_name(mailbox):
    send(mailbox, "Subject: invoice \u202efdp.exe\r\nFrom: =?utf-8?b?4oCu?=x@y.example\r\n\r\nbody".encode())
    (mail,) = mails(mailbox)
    assert "\u202e" not in json.dumps(mail, ensure_ascii=False)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\run.exe", "run.exe"),
        ("..", "attachment-1"),
        ('a"\r\nX-Evil: 1', 'a"'),
    ],
)
def test_an_attachments_name_stays_a_name(mailbox, name, shown):
    encoded = "".join(f"%{byte:02X}" for byte in name.encode())
    disposition = f"Content-Disposition: attachment; filename*=utf-8''{encoded}"
    send(mailbox, f"Content-Type: application/pdf\r\n{disposition}\r\n\r\nx".encode())
    (mail,) = mails(mailbox)
    answer = requests.get(f"{mailbox.page}/mails/{mail['id']}/attachments/1", timeout=30)
    assert mail["attachments"][0]["name"].startswith(shown)
    assert answer.status_code == 200
    assert "X-Evil" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
def test_another_web_page_cannot_read_the_mails(mailbox, headers):
    assert requests.get(f"{mailbox.page}/control/mails", headers=headers, timeout=30).status_code == 403


def test_a_taken_port_is_told_by_its_number(mailbox):
    with pytest.raises(PortTaken) as taken:
        serve(0, mailbox.smtp_port)
    assert taken.value.port == mailbox.smtp_port


def test_the_page_hears_of_a_new_mail(mailbox):
    connection = HTTPConnection(urlsplit(mailbox.page).netloc, timeout=30)
    connection.request("GET", "/control/events")
    stream = connection.getresponse()
    try:
        assert stream.readline() == b"data: 0\n"
        stream.readline()
        send(mailbox, b"Subject: news\r\n\r\nhello")
        assert stream.readline() == b"data: 1\n"
    finally:
        stream.close()
        connection.close()
