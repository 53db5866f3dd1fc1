"""Asking the EU's register of VAT ids: yes, no, and no answer (GX6)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from structlog.testing import capture_logs

from billing.errors import TaxServiceUnreachable
from bot.sandbox.server import running
from bot.vies import Vies


@contextmanager
def register(answer: object, status: str = "200 OK") -> Iterator[tuple[Vies, list[str]]]:
    """A register that always says the same, and what it was asked."""
    asked: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response(status, [("Content-Type", "application/json")])
        return [answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()]

    with running(app) as url:
        yield Vies(f"{url}/rest-api/"), asked


def test_a_registered_id_is_known() -> None:
    with register({"isValid": True, "userError": "VALID"}) as (vies, asked):
        assert vies.knows("EL", "094259216")
    assert asked == ["/rest-api/ms/EL/vat/094259216"]


@pytest.mark.parametrize("said", ["INVALID", "INVALID_INPUT"])
def test_an_id_that_is_not_registered_is_unknown(said: str) -> None:
    with register({"isValid": False, "userError": said}) as (vies, _):
        assert not vies.knows("DE", "136695976")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"isValid": False, "userError": "MS_UNAVAILABLE"}, "200 OK"),
        ({"isValid": False, "userError": "MS_MAX_CONCURRENT_REQ"}, "200 OK"),
        ({"isValid": False, "userError": "TIMEOUT"}, "200 OK"),
        ({"actionSucceed": False, "errorWrappers": [{"error": "SERVICE_UNAVAILABLE"}]}, "200 OK"),
        ("<html>down</html>", "200 OK"),
        ([], "200 OK"),
        ("null", "200 OK"),
        ({}, "500 Internal Server Error"),
        ("", "503 Service Unavailable"),
    ],
)
def test_a_country_that_does_not_answer_is_no_no(answer: object, status: str) -> None:
    with capture_logs() as logged, register(answer, status) as (vies, _), pytest.raises(TaxServiceUnreachable):
        vies.knows("DE", "136695976")
    assert len(logged) == 1
    assert "136695976" not in str(logged)


def test_a_register_that_is_not_there_is_no_no() -> None:
    with capture_logs(), pytest.raises(TaxServiceUnreachable):
        Vies("http://127.0.0.1:9").knows("DE", "136695976")
