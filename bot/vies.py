"""The EU's register of VAT ids, VIES, over its REST interface (`/ms/COUNTRY/vat/NUMBER`)."""

from __future__ import annotations

import requests
import structlog

from billing.errors import TaxServiceUnreachable

CALL_SECONDS = 10

log = structlog.get_logger(__name__)


class Vies:
    """`billing.billing_contacts.places.TaxRegister`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def knows(self, prefix: str, number: str) -> bool:
        """Whether the id is registered. A country whose register is away answers nothing: TaxServiceUnreachable."""
        try:
            answer = requests.get(f"{self._url}/ms/{prefix}/vat/{number}", timeout=CALL_SECONDS)
            said = answer.json() if answer.ok else {}
        except (requests.RequestException, ValueError) as error:
            log.warning("the register of VAT ids does not answer", error=type(error).__name__)
            raise TaxServiceUnreachable from error
        found = said if isinstance(said, dict) else {}
        if found.get("isValid") is True:
            return True
        if found.get("userError") in ("INVALID", "INVALID_INPUT"):
            return False
        log.warning("the register of VAT ids does not answer", status=answer.status_code, said=found.get("userError"))
        raise TaxServiceUnreachable
