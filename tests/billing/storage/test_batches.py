"""Writers that wait together commit together, and none of them notices."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing.storage.batches import Batches


class Slow:
    """Doubles numbers; the first batch waits until all the others have come."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = threading.Event()
        self.goes_on = threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        self.begun.set()
        assert self.goes_on.wait(10)
        if -1 in items:
            raise ValueError("a negative number")
        return [2 * item for item in items]


def test_what_came_meanwhile_is_done_at_once_and_each_gets_its_own_answer() -> None:
    slow = Slow()
    batches = Batches(slow)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(batches.do, 1)
        assert slow.begun.wait(10)
        others = {number: threads.submit(batches.do, number) for number in range(2, 10)}
        while len(batches._line) < len(others):
            pass
        slow.goes_on.set()
        assert first.result(10) == 2
        assert {number: one.result(10) for number, one in others.items()} == {n: 2 * n for n in range(2, 10)}
    assert slow.batches[0] == [1]
    assert sorted(slow.batches[1]) == list(range(2, 10))
    assert len(slow.batches) == 2


def test_an_error_is_only_for_whom_it_concerns() -> None:
    slow = Slow()
    batches = Batches(slow)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(batches.do, 1)
        assert slow.begun.wait(10)
        wrong, right = threads.submit(batches.do, -1), threads.submit(batches.do, 3)
        while len(batches._line) < 2:
            pass
        slow.goes_on.set()
        assert first.result(10) == 2
        assert right.result(10) == 6
        with pytest.raises(ValueError, match="negative"):
            wrong.result(10)


def test_what_concerns_all_is_tried_once_for_all() -> None:
    """A server that is away: nobody waits for it again for each of those who wait with them."""

    class Away(Exception):
        pass

    calls: list[int] = []
    begun, goes_on = threading.Event(), threading.Event()

    def do(items: Sequence[int]) -> list[int]:
        calls.append(len(items))
        begun.set()
        assert goes_on.wait(10)
        raise Away

    batches = Batches(do, concerns_all=Away)
    with ThreadPoolExecutor(5) as threads:
        waiting = [threads.submit(batches.do, 1)]
        assert begun.wait(10)
        waiting += [threads.submit(batches.do, number) for number in range(4)]
        while len(batches._line) < 4:
            pass
        goes_on.set()
        for one in waiting:
            with pytest.raises(Away):
                one.result(10)
    assert calls == [1, 4]
