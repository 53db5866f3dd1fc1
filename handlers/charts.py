"""The chart's address on Home: it cannot be guessed, holds for a day, and needs no row in the database.

Slack fetches pictures without saying for whom, so the address itself is the permission, and only those who may see the
business are given one. Behind it are sums by day and nothing of any customer.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

LIFETIME = timedelta(hours=24)  # Home is published anew whenever it is opened
_LABEL = b"kontor: charts on Home"  # the secret is made for something else; what comes of it here is good only here


@dataclass(frozen=True)
class Chart:
    """What the picture shows: the days up to the last one, written as the reader does."""

    locale: str  # the translator's
    last: date


@dataclass(frozen=True)
class Charts:
    """Makes addresses of charts and reads them again; None for `address` where Slack can fetch nothing from us."""

    address: str | None  # without a slash at the end
    secret: str = field(repr=False)

    def link(self, chart: Chart, now: datetime) -> str | None:
        """The picture's address. Each publication has its own, because Slack keeps what it fetched from an address."""
        if self.address is None:
            return None
        said = f"{chart.locale}-{chart.last:%Y%m%d}-{(now + LIFETIME).timestamp():.0f}"
        return f"{self.address}/{said}-{self._signature(said)}.png"

    def opened(self, token: str, now: datetime) -> Chart | None:
        """What an address shows. None for a forged one and for one that has expired: nobody learns which."""
        said, _, signature = token.rpartition("-")
        if not hmac.compare_digest(signature.encode(), self._signature(said).encode()):
            return None
        locale, last, expiry = said.split("-")
        if now.timestamp() >= int(expiry):
            return None
        return Chart(locale, date.fromisoformat(last))

    def _signature(self, said: str) -> str:
        key = hmac.digest(self.secret.encode(), _LABEL, "sha256")
        return hmac.new(key, said.encode(), "sha256").hexdigest()
