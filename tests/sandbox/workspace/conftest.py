"""A workspace and, as its counterpart, a small Bolt app: both over real HTTP, each test with its own pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.sandbox.workspace.counterpart import Pair, started
from tests.support.person import Person


@pytest.fixture
def pair_with() -> Iterator[Callable[..., Pair]]:
    """Starts a pair; keyword arguments go to create_app. Everything is stopped at the end of the test."""
    with ExitStack() as stack:

        def start(**options: Any) -> Pair:
            return stack.enter_context(started(**options))

        yield start


@pytest.fixture
def pair(pair_with: Callable[..., Pair]) -> Pair:
    return pair_with()


@pytest.fixture
def mia(pair: Pair) -> Person:
    return pair.workspace.person("agent")


@pytest.fixture
def priya(pair: Pair) -> Person:
    return pair.workspace.person("manager")
