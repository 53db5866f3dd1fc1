"""What every test may take, and what continuous integration does not accept."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator

import pytest

pytest_plugins = ["tests.support.databases"]

RUNS_ELSEWHERE = "another parameter runs it"  # how a test says that it is skipped here and run beside


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests stay in memory: to look for garbage among them again and again took a fifth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A skipped test is no passed test: where everything can be installed, everything has to run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    found = reporter.stats.get("skipped", []) if reporter else []
    skipped = [report for report in found if RUNS_ELSEWHERE not in str(report.longrepr)]
    if skipped and exitstatus == pytest.ExitCode.OK and os.environ.get("CI"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        for report in skipped:
            reporter.write_line(f"skipped, which CI does not accept: {report.nodeid}: {report.longrepr[-1]}")
