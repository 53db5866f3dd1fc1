"""A local Stripe for development, tests and the demo. It is not Stripe, and no money moves.

`create_app()` makes a WSGI application that the unmodified official SDK talks to over HTTP; `serve()` runs it. The
shapes are those of API version 2026-10-28 (stripe 16). Any key that starts with `sk_test_` sees the one account.

What is here: see the modules of `resources`. What is not:

- whole areas: meters and usage, credit grants, Connect, automatic tax, disputes, payouts and balance transactions of
  the account, quotes, files, reports, e-mails (sending is announced by its event only);
- paying: payment methods other than cards, Checkout in payment or subscription mode, separate capture, exchange rates
  (so no minimum charge in currencies that Stripe's table does not name), rounding of invoices to tens in currencies
  with three decimals, further attempts of a payment record;
- subscriptions: billing thresholds, prebilling, customer-chosen amounts, discounts on single items, mixed intervals,
  resuming with the old anchor, previews of cancellations;
- credit notes: lines with a negative amount, shipping, `refund_amount` where several charges paid the invoice;
- the portal: changing its configuration, flows other than changing the card, changing subscriptions on its page;
- test clocks: putting an existing customer on one.

A parameter that exists at Stripe but not here is refused with a message that says so; an endpoint answers 404.

Nothing here was compared with live Stripe; it follows Stripe's documentation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .app import StripeApp


def create_app(*, path: Path | None = None, start_at: int | None = None, public_url: str | None = None) -> StripeApp:
    """A local Stripe as a WSGI application.

    `path`: the SQLite file that keeps its state (None: memory). `start_at`: Unix seconds at which its clock starts, if
    the file is new. `public_url`: the address in links to its pages (None: taken from the first request).
    """
    from .app import StripeApp  # noqa: PLC0415 - only who runs it pays for its imports

    return StripeApp(path=path, start_at=start_at, public_url=public_url)


def serve(port: int, path: Path | None = None, start_at: int | None = None) -> None:
    """Run a local Stripe on 127.0.0.1 until interrupted. Raises bot.sandbox.server.PortTaken."""
    from bot.sandbox.server import HOST, bind  # noqa: PLC0415 - only who runs it pays for its imports

    app = create_app(path=path, start_at=start_at, public_url=f"http://{HOST}:{port}")
    server = bind(app, port)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return
    finally:
        server.server_close()
        app.close()
