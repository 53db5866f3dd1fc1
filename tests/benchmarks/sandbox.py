"""How quick the local Stripe is: its start, and what programs ask of it most, with many customers present.

    python -m tests.benchmarks.sandbox [--customers 100000] [--calls 300] [--starts 5]

The official SDK talks to it over HTTP, first with its state in memory, then in a file. Then what the SDK sent last is
sent again without it, each time under a new idempotency key: that tells how soon the local Stripe answers, of which the
SDK needs a multiple to make objects. Customers are written straight into its store, because making them one by one
would measure nothing else for minutes. Prints a table; the aims stand beside the medians. On a machine that does other
work meanwhile look at the processor time: what of the median is more than that of both is waiting.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import stripe
from rich.console import Console
from rich.table import Table

from bot.sandbox.server import bind
from bot.sandbox.stripe import create_app

START_SECONDS = 30
AIMS = {"start to the first answer": 1000.0, "retrieve a customer": 3.0, "create a subscription": 15.0}
"""Milliseconds, medians. The others have none: they are here to be looked at."""


@dataclass(frozen=True)
class Measured:
    what: str
    where: str
    times: Sequence[float]
    """Milliseconds until the SDK has made its object."""
    answers: Sequence[float]
    """Milliseconds until the answer is there."""
    server: float
    """Milliseconds of processor time a call, in the local Stripe."""
    client: float
    """The same in the program that asks: the official SDK."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sandbox", description=__doc__.partition("\n")[0])
    parser.add_argument("--customers", type=int, default=100_000, help="present before anything is measured")
    parser.add_argument("--calls", type=int, default=300, help="of each kind")
    parser.add_argument("--starts", type=int, default=5, help="of the program")
    parser.add_argument("--serve", type=Path, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.serve is not None:
        _serve(options.customers, None if options.serve == Path("memory") else options.serve)
        return
    out = Console()
    out = out if out.is_terminal else Console(width=120)
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        found = [_starts(options.starts, Path(folder))]
        for where in ("memory", "file"):
            with _seeded(options.customers, Path(folder) / "stripe.db" if where == "file" else None) as (url, pid):
                found += _calls(url, pid, where, options.calls)
    out.print(_table(found, options.customers))


def _starts(times: int, folder: Path) -> Measured:
    """From exec to an answer of the API, with the bytecode that a first start leaves behind."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    taken, worked = [], []
    for number in range(times + 1):
        port = 8760 + number
        command = [sys.executable, "-m", "bot", "sandbox", "stripe", "--port", str(port)]
        began = time.perf_counter()
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
            try:
                _wait_for_an_answer(port, began + START_SECONDS)
                taken.append((time.perf_counter() - began) * 1000)
                worked.append(_processor_ms(server.pid))
            finally:
                server.kill()
    return Measured("start to the first answer", "memory", taken[1:], taken[1:], statistics.median(worked[1:]), 0)


def _processor_ms(pid: int) -> float:
    """Of a process of which Linux tells (/proc); 0 elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _wait_for_an_answer(port: int, until: float) -> None:
    headers = {"Authorization": "Bearer sk_test_bench"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/customers", headers=headers)
    while True:
        try:
            urllib.request.urlopen(request, timeout=5).read()
        except urllib.error.URLError:
            if time.perf_counter() > until:
                raise
            time.sleep(0.005)
        else:
            return


@contextmanager
def _seeded(customers: int, path: Path | None) -> Iterator[tuple[str, int]]:
    """A local Stripe in a process of its own with that many customers; yields its address and its number."""
    command = [sys.executable, "-m", "tests.benchmarks.sandbox", "--serve", str(path or "memory")]
    with subprocess.Popen([*command, "--customers", str(customers)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}", server.pid
        finally:
            server.send_signal(signal.SIGKILL)


def _serve(customers: int, path: Path | None) -> None:
    app = create_app(path=path)
    server = bind(app, 0)
    with app.account.effect():
        first = _make_one(app.account)
        for number in range(customers):
            body = {**first, "id": f"cus_{number:014d}", "name": f"Customer {number}"}
            app.account.store.put({**body, "email": f"c{number}@example.com", "metadata": {"crm": f"A-{number}"}})
    print(server.port, flush=True)
    server.serve_forever()


def _make_one(account: Any) -> dict[str, Any]:
    from bot.sandbox.stripe.resources.customers import create  # noqa: PLC0415 - only the server's process needs it

    return create(account, {"name": "The first"})


def _calls(url: str, pid: int, where: str, times: int) -> Iterator[Measured]:
    """Each kind of call on its own, one after the other on one connection, after a few that do not count."""
    recorder = _Recorder()
    v1 = stripe.StripeClient("sk_test_bench", base_addresses={"api": url}, http_client=recorder).v1
    middle = v1.customers.list({"limit": 1}).data[0].id
    price = v1.prices.create({"currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"},
                              "product_data": {"name": "Team"}}).id  # fmt: skip
    paying = v1.customers.create({"name": "Paying", "payment_method": "pm_card_visa"})
    method = v1.customers.payment_methods.list(paying.id).data[0].id

    def subscribe() -> None:
        items = [{"price": price, "quantity": 2}]
        v1.subscriptions.create({"customer": paying.id, "items": items, "default_payment_method": method})

    def search(query: str) -> Callable[[], None]:
        return lambda: v1.customers.search({"query": query}) and None

    number = int(middle.removeprefix("cus_")) // 2
    kinds: dict[str, Callable[[], Any]] = {
        "retrieve a customer": lambda: v1.customers.retrieve(f"cus_{number:014d}"),
        "create a customer": lambda: v1.customers.create({"name": "New", "metadata": {"crm": "new"}}),
        "create a subscription": subscribe,
        "preview a renewal": lambda: v1.invoices.create_preview({"subscription": chosen()}),
        "list the newest ten customers": lambda: v1.customers.list({"limit": 10}),
        "list a hundred from the middle": lambda: v1.customers.list(
            {"limit": 100, "starting_after": f"cus_{number:014d}"}
        ),
        "list by e-mail": lambda: v1.customers.list({"email": f"c{number}@example.com"}),
        "search by e-mail": search(f'email:"c{number}@example.com"'),
        "search by metadata": search(f'metadata["crm"]:"A-{number}"'),
        "search by a part of the name": search(f'name~"omer {number}"'),
        "search for what is not there": search('name~"nobody of this name"'),
    }

    def chosen() -> str:
        return str(v1.subscriptions.list({"customer": paying.id, "limit": 1}).data[0].id)

    for what, call in kinds.items():
        for _ in range(5):
            call()
        taken, server, client = [], _processor_ms(pid), time.process_time()
        for _ in range(times):
            began = time.perf_counter()
            call()
            taken.append((time.perf_counter() - began) * 1000)
        server, client = _processor_ms(pid) - server, (time.process_time() - client) * 1000
        answers = recorder.last.answered(url, times)
        yield Measured(what, where, taken, answers, server / times, client / times)


class _Sent(NamedTuple):
    """A request of the SDK's."""

    method: str
    path: str
    headers: dict[str, str]
    body: str | None

    def answered(self, url: str, times: int) -> list[float]:
        """The milliseconds that each of so many repetitions takes, one after the other on one connection."""
        connection = http.client.HTTPConnection(url.removeprefix("http://"))
        taken = []
        with contextlib.closing(connection):
            for number in range(times):
                headers = self.headers | {"Idempotency-Key": f"again-{number}-{time.perf_counter_ns()}"}
                began = time.perf_counter()
                connection.request(self.method, self.path, self.body, headers)
                answer = connection.getresponse()
                answer.read()
                taken.append((time.perf_counter() - began) * 1000)
                assert answer.status == 200, f"{answer.status} for {self.method} {self.path}"
        return taken


class _Recorder(stripe.RequestsClient):
    """The SDK's own client, which remembers what was sent last."""

    last: _Sent

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[Any, int, Any]:
        path = url[url.index("/", len("http://")) :]
        self.last = _Sent(method.upper(), path, dict(headers or {}), post_data)
        return super().request(method, url, headers, post_data)


def _table(found: Sequence[Measured], customers: int) -> Table:
    title = f"The local Stripe with {customers:,} customers (start: with none), milliseconds"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1))
    for name in ("", "state in", "calls", "answered", "by SDK", "p95", "most", "CPU Stripe", "CPU SDK", "aim"):
        table.add_column(name, justify="left" if name in ("", "state in", "aim") else "right", no_wrap=True)
    for one in found:
        median = statistics.median(one.answers)
        aim = AIMS.get(one.what)
        met = "" if aim is None else f"< {aim:g}: {'met' if median < aim else 'MISSED'}"
        p95 = sorted(one.times)[int(len(one.times) * 0.95)]
        figures = [
            f"{value:.1f}"
            for value in (median, statistics.median(one.times), p95, max(one.times), one.server, one.client)
        ]
        table.add_row(one.what, one.where, str(len(one.times)), *figures, met)
    return table


if __name__ == "__main__":
    main()
