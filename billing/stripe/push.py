"""Making Stripe's products, prices, coupons, promotion codes and tax rates match the catalogue.

First `plan` says what it would do; `apply` does it, call by call. A push that is cut off is repeated: the next plan
holds what is left to do.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from typing import Any, Protocol

import stripe

from billing.catalogue import Catalogue
from billing.errors import KontorError, Transient
from billing.stripe.changes import Action, Change, Found, changes
from billing.stripe.failures import translated
from billing.stripe.wanted import Kind, Params, wanted

TRIES = 6
LONGEST_PAUSE = 30.0


class PushFailed(KontorError):
    """Stripe does not allow a change. What came before it is done; what comes after it is not."""

    def __init__(self, change: Change, message: str) -> None:
        super().__init__(f"cannot {change}: {message}")
        self.change = change


class _Service(Protocol):
    """What the library's services have in common."""

    def list(self, params: Any, options: Any = None) -> Any: ...
    def create(self, params: Any, options: Any = None) -> Any: ...
    def update(self, id: str, params: Any, options: Any = None) -> Any: ...  # noqa: A002 - the library's name


class Push:
    """One push. `pause` waits before a call is repeated; the pace between calls is the connection's."""

    def __init__(
        self,
        client: stripe.StripeClient,
        catalogue: Catalogue,
        today: date,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._catalogue = catalogue
        self._today = today
        self._pause = pause
        self._run = uuid.uuid4().hex
        self._services: dict[Kind, _Service] = {
            Kind.PRODUCT: client.v1.products,
            Kind.PRICE: client.v1.prices,
            Kind.COUPON: client.v1.coupons,
            Kind.PROMOTION_CODE: client.v1.promotion_codes,
            Kind.TAX_RATE: client.v1.tax_rates,
        }

    def plan(self) -> tuple[Change, ...]:
        """What is to be done, in order; nothing when Stripe matches the catalogue. Only reads."""
        found: Found = {kind: self._repeated(partial(self._all, kind)) for kind in Kind}
        return changes(wanted(self._catalogue, self._today), found)

    def apply(self, planned: Iterable[Change], on_change: Callable[[Change], None] | None = None) -> None:
        """Do it, and tell of each change after it is done. Raise PushFailed for what Stripe does not allow."""
        for number, change in enumerate(planned):
            self._apply(change, f"push-{self._run}-{number}")
            if on_change:
                on_change(change)

    def _apply(self, change: Change, key: str) -> None:
        """A repetition within a push is safe by its key; the next push looks at what is there."""
        service = self._services[change.kind]
        options = {"idempotency_key": key}

        def call() -> None:
            if change.action in (Action.CREATE, Action.REPLACE):
                service.create(change.params, options)
            else:
                assert change.target
                service.update(change.target, change.params, options)

        try:
            self._repeated(call)
        except stripe.InvalidRequestError as error:
            raise PushFailed(change, error.user_message or str(error)) from error

    def _all(self, kind: Kind) -> list[Params]:
        """Active or not."""
        found = self._services[kind].list({"limit": 100})
        return [one.to_dict() for one in found.auto_paging_iter()]

    def _repeated(self, call: Callable[[], Any]) -> Any:
        for attempt in range(TRIES):
            try:
                with translated():
                    return call()
            except Transient as error:
                if attempt == TRIES - 1:
                    raise
                self._pause(min(error.retry_after or 2.0**attempt / 2, LONGEST_PAUSE))
        raise AssertionError("the last try returns or raises")
