"""Many drafts due on one day: sent within Stripe's rate, without a refusal, each with its own number and no gap.

    python -m tests.benchmarks.invoices [--drafts 10000] [--rate 80] [--database postgresql] [--lines 3] [--mails]

Our program, its worker and the local Stripe run on this machine and talk over HTTP. Prints how long it took, how many
calls Stripe got in its busiest second, and what went wrong; ends with 1 when anything did. Without `--mails` no PDF is
made, which takes the processor longer than everything else.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from billing.access import Actor
from billing.ids import ContactId, SalesInvoiceId, TeamId, UserId
from billing.invoices import drafting, lines, reviewing, sending
from billing.invoices.drafting import SaveDetails
from billing.invoices.items import SaveLine
from billing.invoices.model import Stage, invoice_id
from billing.operations import State
from billing.roles import Role
from bot import logs
from tests.support.databases import running_postgresql
from tests.support.world import World, world

RATE_TOLERANCE = 1.1  # of the busiest second: calls are evenly spaced, seconds are not
CUSTOMERS = 1_000
SALLY = Actor(team=TeamId("T_BENCH"), user=UserId("U_SALLY"), name="Sally", roles=frozenset({Role.MANAGER}))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.invoices", description=__doc__.partition("\n")[0])
    parser.add_argument("--drafts", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=80, help="calls to Stripe a second")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--lines", type=int, default=3, help="of each invoice")
    parser.add_argument("--mails", action="store_true", help="make and send the documents, too")
    options = parser.parse_args(argv)
    logs.configure("text", "error")
    out = Console()
    calls: Counter[int] = Counter()  # by second

    def witness(call: str) -> None:
        if "/v1/" in call and counting:
            calls[int(time.monotonic())] += 1

    counting: list[bool] = []
    more = {"kontor_own_events_delay": "2"} | ({} if options.mails else {"smtp_url": ""})
    with (
        _database(options.database) as url,
        world(url, witness=witness, kontor_stripe_rate=options.rate, **more) as made,
    ):
        drafts = list(_drafted(made, options.drafts, options.lines))
        counting.append(True)
        began = time.monotonic()
        _confirm(made, drafts)
        _wait(made, drafts, out)
        took = time.monotonic() - began
        wrong = list(_wrong(made, drafts, options.rate, calls))
    busiest = max(calls.values(), default=0)
    out.print(
        f"{options.drafts} invoices of {options.lines} lines sent in {took:.1f} s: {options.drafts / took:.1f} a second"
    )
    out.print(f"{sum(calls.values())} calls to Stripe, {busiest} in the busiest second, {options.rate:.0f} allowed")
    for problem in wrong:
        out.print(f"[red]{problem}")
    return 1 if wrong else 0


@contextmanager
def _database(kind: str) -> Iterator[str]:
    if kind == "postgresql":
        with running_postgresql() as url:
            yield url
        return
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        yield f"sqlite:///{Path(folder) / 'kontor.db'}"


def _drafted(made: World, count: int, of_lines: int) -> Iterator[tuple[ContactId, SalesInvoiceId]]:
    with made.app.desk.writing(SALLY) as uow:
        uow.staff.save(SALLY)
        uow.staff.grant(SALLY.team, SALLY.user, Role.MANAGER, "cli")
    customers = [made.contact() for _ in range(min(CUSTOMERS, count))]
    for number in range(count):
        contact, id_ = customers[number % len(customers)], invoice_id(f"bench-{number}")
        with made.app.desk.writing(SALLY) as uow:
            for line in range(of_lines):
                wanted = {"description": f"Day {line}", "quantity": "1.5", "price": "199.90"}
                lines.save_line(uow, SaveLine(contact=contact.id, invoice=id_, **wanted))
            details = {"version": 1, "due_days": 0, "recipients": contact.email, "discount": "5 %"}
            drafting.save_details(uow, SaveDetails(contact=contact.id, invoice=id_, **details))
        yield contact.id, id_


def _confirm(made: World, drafts: list[tuple[ContactId, SalesInvoiceId]]) -> None:
    """Everybody confirms at once, as a schedule would."""
    for first in range(0, len(drafts), 200):
        with made.app.desk.reading(SALLY) as uow:
            commands = [
                sending.SendInvoice(
                    contact=contact, invoice=id_, fingerprint=reviewing.review(uow, contact, id_).fingerprint
                )
                for contact, id_ in drafts[first : first + 200]
            ]
        for command in commands:
            made.app.desk.accept(command, SALLY, key=f"bench:{command.invoice}", reply_to=_NOBODY)


_NOBODY = "{}"  # no message for each of them


def _wait(made: World, drafts: list[tuple[ContactId, SalesInvoiceId]], out: Console) -> None:
    with Progress(console=out, transient=True) as progress:
        task = progress.add_task("sent", total=len(drafts))
        while (left := made.under_way()) > 0:  # of each either the sending or the issuing
            progress.update(task, completed=len(drafts) - left)
            time.sleep(1)


def _wrong(
    made: World, drafts: list[tuple[ContactId, SalesInvoiceId]], rate: float, calls: Counter[int]
) -> Iterator[str]:
    with made.app.desk.reading(SALLY) as uow:
        invoices = [uow.invoices.get(id_) for _, id_ in drafts]
        if any(one.stage is not Stage.ISSUED for one in invoices):
            yield "not all were issued"
        series, year = uow.catalogue.invoices.series, uow.today.year
    numbers = sorted(one.number or "" for one in invoices)
    if numbers != [sending.number(series, year, n) for n in range(1, len(drafts) + 1)]:
        yield "the numbers have gaps or doubles"
    for contact in {contact for contact, _ in drafts}:
        with made.app.desk.reading(SALLY) as uow:
            known = uow.contacts.get(contact)
        for operation in made.operations(known):
            if operation.state is not State.DONE:
                yield f"{operation.kind} {operation.id} is {operation.state}: {operation.reason}"
    busiest = max(calls.values(), default=0)
    if busiest > rate * RATE_TOLERANCE:
        yield f"{busiest} calls in one second are more than {rate:.0f}"


if __name__ == "__main__":
    sys.exit(main())
