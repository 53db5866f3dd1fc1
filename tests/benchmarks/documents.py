"""How fast invoices are printed: PDFs of 1 and of 100 lines a second on one core, and what memory that takes.

    python -m tests.benchmarks.documents [--seconds 3]

Each case runs in a process of its own, so that its memory is its own. Memory is the peak of the whole process; what of
it was there before the first document is said beside it. `grown` is what printing all but the first hundred added.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

CASES = {"1 line": 1, "100 lines": 100}
WARM = 100  # documents, after which nothing more has to be read or kept


def measure(lines: int, seconds: float) -> dict[str, float]:
    """In this process: rates per second, milliseconds, and megabytes."""
    from blocks.documents import page, pdf  # noqa: PLC0415 - what they load is part of what is measured
    from tests.blocks.samples_documents import long_invoice  # noqa: PLC0415

    document = long_invoice(lines)
    before = _peak_mb()
    began = time.perf_counter()
    size = len(pdf(document))
    first = time.perf_counter() - began
    for _ in range(WARM):
        pdf(document)
    warm = _peak_mb()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        pdf(document)
        times.append(time.perf_counter() - began)
    began = time.perf_counter()
    page(document, download="invoice.pdf")
    times.sort()
    return {
        "a_second": len(times) / sum(times),
        "median_ms": 1000 * times[len(times) // 2],
        "p99_ms": 1000 * times[min(len(times) - 1, len(times) * 99 // 100)],
        "first_ms": 1000 * first,
        "page_ms": 1000 * (time.perf_counter() - began),
        "kilobytes": size / 1024,
        "before_mb": before,
        "peak_mb": _peak_mb(),
        "grown_mb": _peak_mb() - warm,
    }


def _peak_mb() -> float:
    """Not `ru_maxrss`, which begins with what the starting process had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(argv: Sequence[str] | None = None) -> dict[str, dict[str, float]]:
    """Print the table. Answers with its numbers, by case."""
    parser = argparse.ArgumentParser(prog="documents", description="How fast invoices are printed.")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each case")
    parser.add_argument("--lines", type=int, help="measure one case in this process, and print it as JSON")
    options = parser.parse_args(argv)
    if options.lines:
        sys.stdout.write(json.dumps(measure(options.lines, options.seconds)))
        return {}
    print(f"\n{'PDF of':12}{'a second':>9}{'median ms':>11}{'p99 ms':>8}{'first ms':>10}{'KB':>6}", end="")
    print(f"{'MB before':>11}{'MB at most':>12}{'MB grown':>10}{'page ms':>9}")
    numbers = {}
    for name, lines in CASES.items():
        command = [sys.executable, "-m", __spec__.name, "--lines", str(lines), "--seconds", str(options.seconds)]
        numbers[name] = found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        print(
            f"{name:12}{found['a_second']:9.0f}{found['median_ms']:11.1f}{found['p99_ms']:8.1f}"
            f"{found['first_ms']:10.0f}{found['kilobytes']:6.0f}{found['before_mb']:11.0f}{found['peak_mb']:12.0f}"
            f"{found['grown_mb']:10.1f}{found['page_ms']:9.1f}"
        )
    return numbers


if __name__ == "__main__":
    main()
