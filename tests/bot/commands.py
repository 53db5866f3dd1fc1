"""Running `kontor` commands in the test's process, as a person at a terminal would."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from rich.console import Console

from bot import cli


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


class Terminal:
    """A wide one, so that nothing is wrapped."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch = patch
        self._capsys = capsys
        patch.setattr(cli, "out", Console(width=300))

    def __call__(self, *arguments: str) -> Ran:
        self._patch.setattr(sys, "argv", ["kontor", *arguments])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self._capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0, said.out, said.err)


def opened(patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    """For a fixture: commands set up the logs of their process, which is ours here."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Terminal(patch, capsys)
    root.handlers[:] = handlers
    root.setLevel(level)
