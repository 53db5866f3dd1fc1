"""Creating an object once, whatever happens on the way.

Stripe keeps the first answer to an idempotency key for 24 hours and gives it again: also a 500. So the same key repeats
safely after a lost connection, but never gets over a kept error. Therefore:

1. Whoever calls has looked for the object by the operation in its metadata, and it was not there.
2. The key is made of the operation and a number. An answer that Stripe did not keep (no answer, 429, 409, a fresh 5xx)
   leaves here as Transient, and the repetition begins again at the first number.
3. A *replayed* 5xx, or other parameters than the first time, mean that the request with this key is over and will not
   have another effect. Only then the object is looked for again, and only if it is not there the next number is tried.

So two requests that could both have an effect are never on their way at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import stripe

from billing.errors import Transient
from billing.ids import OperationId
from billing.stripe.client import was_replayed
from billing.stripe.failures import is_server_error

T = TypeVar("T")

ATTEMPTS = 8


def create_once(operation: OperationId, call: str, create: Callable[[str], T], find: Callable[[], T | None]) -> T:
    """Create by an idempotency key, which `create` is given; `find` looks for what an earlier attempt made."""
    for attempt in range(ATTEMPTS):
        try:
            return create(f"{operation}-{call}-{attempt}")
        except stripe.StripeError as error:
            if not _is_over(error):
                raise
        found = find()
        if found is not None:
            return found
    raise Transient(f"Stripe keeps answering {call} with errors")


def _is_over(error: stripe.StripeError) -> bool:
    if isinstance(error, stripe.IdempotencyError):
        return True
    return is_server_error(error) and was_replayed(error.headers or {})
