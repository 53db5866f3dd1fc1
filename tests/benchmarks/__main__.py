"""`make bench`: how quick Kontor is beside Bolt’s hello-world, its contact search, its invoices, and Stripe's events.

    python -m tests.benchmarks [--seconds 3] [--rounds 5] [--contacts 1000000] [--events 2000]
                               [--only answering,worker,search,...]

Prints tables and leaves the numbers in var/bench/, to be compared with those of another day. On a machine that does
other work meanwhile only the ratios mean anything, and of these only what several rounds agree on.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from bot import logs
from tests.benchmarks import answering, documents, events, report, search
from tests.support.databases import trigram_server_binaries

PARTS = ("answering", "worker", "search", "documents", "events")
RESULTS = Path("var/bench")
WIDE = 220  # columns: a table in a file or in CI's log is not broken


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="How quick Kontor is.")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is repeated")
    parser.add_argument("--contacts", type=int, default=1_000_000, help="to be searched")
    parser.add_argument("--events", type=int, default=2_000, help="of Stripe's in the backlog; 100000 for the full one")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder for the numbers")
    options = parser.parse_args(argv)
    wanted = options.only.split(",")
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")

    out = Console()
    out = out if out.is_terminal else Console(width=WIDE)
    logs.configure("text", "warning")
    found: dict[str, Any] = {"machine": report.machine()}
    out.print("  ".join(f"{name} {value}" for name, value in found["machine"].items()), highlight=False)
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        if "answering" in wanted:
            measured = list(answering.measure(Path(folder), options.seconds, options.rounds))
            found["answering"] = _show(
                out, "Slack’s answer; what is accepted is in the database, no worker runs", measured
            )
        if "worker" in wanted:
            measured = list(answering.measure_with_worker(Path(folder), options.seconds, options.rounds))
            found["worker"] = _show(
                out, "The same by `kontor serve` on SQLite, which performs it meanwhile, at a local Stripe", measured
            )
    if "search" in wanted:
        found["search"] = _search(out, options.contacts)
    if "documents" in wanted:
        found["documents"] = documents.main(["--seconds", str(options.seconds)])
    if "events" in wanted:
        found["events"] = events.main(["--events", str(options.events)])
    found["load_after"] = report.machine()["load"]
    options.results.mkdir(parents=True, exist_ok=True)
    file = options.results / f"{found['machine']['at'].replace(':', '')}.json"
    file.write_text(json.dumps(found, indent=1, ensure_ascii=False))
    out.print(f"load after: {found['load_after']}; the numbers are in {file}", highlight=False)


def _search(out: Console, contacts: int) -> dict[str, Any]:
    databases = ["sqlite", "postgresql"]
    if trigram_server_binaries():
        databases.append("trigrams")
    else:
        out.print("\nThere is no PostgreSQL with pg_trgm on this machine, so the search on it is not measured.")
    return search.main(["--contacts", str(contacts), "--databases", ",".join(databases)])


def _show(out: Console, title: str, measured: Sequence[answering.Measured]) -> dict[str, Any]:
    rows = report.rows(measured)
    out.print()
    out.print(report.table(title, rows))
    return {"rows": [report.as_json(row) for row in rows], "rounds": [asdict(one) for one in measured]}


if __name__ == "__main__":
    main()
