"""Those who write at the same time share one transaction, and so its wait for the disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class _Waiting(Generic[T, R]):
    """Somebody in the line: told once, either to go first (True) or that the answer is there (False)."""

    def __init__(self, item: T) -> None:
        self.item = item
        self.told: Future[bool] = Future()
        self.answer: Future[R] = Future()


class Batches(Generic[T, R]):
    """Who finds nobody at work does what is in the line; who comes meanwhile is in the next batch.

    `do` answers for each item, in order, and does all of them or none: after an error each item is tried alone.
    """

    def __init__(self, do: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._do = do
        self._guard = threading.Lock()
        self._line: list[_Waiting[T, R]] = []
        self._at_work = False

    def do(self, item: T) -> R:
        """What `do` answered for the item, once it is done. Raises what `do` raised for it."""
        mine = _Waiting[T, R](item)
        with self._guard:
            self._line.append(mine)
            first, self._at_work = not self._at_work, True
        if first or mine.told.result():
            self._do_the_line(mine)
        return mine.answer.result()

    def _do_the_line(self, mine: _Waiting[T, R]) -> None:
        with self._guard:
            batch, self._line = self._line, []
        try:
            self._do_all(batch)
        finally:
            for one in batch:
                if one is not mine:
                    one.told.set_result(False)
            with self._guard:
                following = self._line[0] if self._line else None
                self._at_work = following is not None
            if following:
                following.told.set_result(True)

    def _do_all(self, batch: Sequence[_Waiting[T, R]]) -> None:
        try:
            answers = self._do([one.item for one in batch])
        except BaseException as error:
            if isinstance(error, Exception) and len(batch) > 1:
                for one in batch:
                    self._do_all([one])
                return
            for one in batch:
                one.answer.set_exception(error)
        else:
            for one, answer in zip(batch, answers, strict=True):
                one.answer.set_result(answer)
