"""`kontor demo` from a first start to the last: what a person sees, and that neither it nor its parts can be lost."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.support.person import Workspace

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]
STARTS_WITHIN = 400.0  # seconds; a machine that runs other tests beside this one is slow


def eventually(met: Callable[[], object], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.1)


class Demo:
    """A demo in a process of its own, on free ports."""

    def __init__(self, data: Path, base: int) -> None:
        self.base = base
        self.said = data.with_suffix(f".{base}.txt")
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "demo", "--no-browser", "--port-base", str(base), "--data", str(data)],
                stdout=said,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    def starts(self) -> float:
        """Seconds until it says so itself."""
        eventually(lambda: "Kontor is running" in self.text or self.process.poll() is not None, STARTS_WITHIN)
        found = re.search(r"after (\d+) seconds", self.text)
        assert found, self.text
        return float(found[1])

    @property
    def text(self) -> str:
        return self.said.read_text()

    @property
    def stripe(self) -> str:
        return f"http://127.0.0.1:{self.base + 1}"

    @property
    def workspace(self) -> Workspace:
        return Workspace(f"http://127.0.0.1:{self.base}")

    def children(self) -> list[int]:
        """Every process whose command names one of our ports."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            ports = {str(port) for port in range(self.base, self.base + 5)}
            if "bot" in command and "--port" in command and command[command.index("--port") + 1] in ports:
                found.append(int(folder.name))
        return found

    def bot(self) -> list[int]:
        port = str(self.base + 2)
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0") for pid in self.children()}
        return [pid for pid, command in commands.items() if "serve" in command and port in command]

    def is_ready(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.base + 2}/readyz", timeout=2).ok
        except requests.RequestException:
            return False


def free_base() -> int:
    """The first of five free ports."""
    for base in range(21000 + os.getpid() % 5000, 32000, 5):
        try:
            for port in range(base, base + 5):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return base
    raise AssertionError("no five free ports")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture
def demo(data: Path) -> Iterator[Demo]:
    made = Demo(data, free_base())
    try:
        made.starts()
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        eventually(lambda: not made.children())


def test_the_first_start_fills_it_and_a_killed_bot_goes_on_with_what_was_accepted(demo: Demo) -> None:
    assert not re.search(r"warning|error|traceback|\bstripe +method", demo.text, re.IGNORECASE), demo.text
    mia = demo.workspace.person("agent")
    assert mia.types("/billing ada").ok
    assert "Ada Berger" in mia.text
    assert mia.types("/billing Ada Berger").ok
    mia.presses("subscription.open")
    price = mia.picks("price", "marketing plus")
    assert mia.submits({"price": price}).ok
    assert mia.submits().ok
    master = min(demo.bot())
    for pid in demo.bot():
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: "The bot has died; it is started again." in demo.text)
    eventually(lambda: demo.bot() and master not in demo.bot() and demo.is_ready(), 120)
    mia.waits_for(lambda one: "läuft" in one.text, 60)
    os.kill(min(demo.bot()), signal.SIGKILL)  # the master alone: its worker holds the port
    eventually(lambda: demo.text.count("it is started again") == 2)
    eventually(demo.is_ready, 120)
    assert demo.workspace.refused == []


def stripes_today(demo: Demo) -> str:
    """As people in Germany write it."""
    now = requests.get(f"{demo.stripe}/control/clock", timeout=10).json()["now"]
    return f"{datetime.fromtimestamp(now, ZoneInfo('Europe/Berlin')):%d.%m.%Y}"


def test_one_month_on_a_plan_is_changed_and_a_subscription_starts_on_the_day_it_is_there(demo: Demo) -> None:
    """Its own clock is what the local Stripe's is: Stripe prorates to no moment of a period that is over."""
    requests.post(f"{demo.stripe}/control/clock", json={"by_months": 1}, timeout=120).raise_for_status()
    mia = demo.workspace.person("agent")
    assert mia.types("/billing plan Lena Vogel").ok
    assert mia.presses("plan_change.open").ok
    assert mia.submits({"seats#marketing/plus": "3"}).ok
    mia.waits_for(lambda one: one.view and one.view["callback_id"] == "plan_change.review")
    assert mia.submits().ok
    mia.waits_for(lambda one: "Tarif geändert" in one.text)
    mia.closes(everything=True)

    assert mia.types("/billing Lena Vogel").ok
    mia.presses("subscription.open")
    assert mia.submits({"price": mia.picks("price", "marketing plus")}).ok
    assert re.search(rf"heute.*{re.escape(stripes_today(demo))}", mia.text), mia.text
    assert mia.submits().ok
    mia.waits_for(lambda one: "läuft" in one.text, 60)
    mia.closes(everything=True)
    assert demo.workspace.refused == []


def test_ctrl_c_ends_everything(demo: Demo) -> None:
    """And the second start, on other ports, found its data."""
    assert len(demo.children()) >= 4
    mia = demo.workspace.person("agent")
    assert mia.types("/billing ada").ok
    assert "Ada Berger" in mia.text
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) == 0
    assert demo.children() == []
    assert "Traceback" not in demo.text
    assert "Fatal" not in demo.text


def test_a_killed_demo_leaves_nothing_behind_and_one_folder_serves_one_demo(demo: Demo, data: Path) -> None:
    second = Demo(data, free_base())
    assert second.process.wait(60) == 1
    assert "another demo runs on" in second.text
    demo.process.kill()
    demo.process.wait()
    eventually(lambda: not demo.children())
