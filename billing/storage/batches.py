"""Those who write at the same time share one transaction, and so its wait for the disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, cast

T = TypeVar("T")
R = TypeVar("R")


class _Waiting(Generic[T, R]):
    """Somebody in the line, woken once: to go first, or because it is done.

    A bare lock, because whoever waits for a Future is woken twice: by the result, and for the Future's own lock.
    """

    def __init__(self, item: T) -> None:
        self.item = item
        self.goes_first = False
        self.answer: R | None = None
        self.error: BaseException | None = None
        self._until_woken = threading.Lock()
        self._until_woken.acquire()

    def sleep(self) -> None:
        self._until_woken.acquire()

    def wake(self) -> None:
        self._until_woken.release()


class Batches(Generic[T, R]):
    """Who finds nobody at work does what is in the line; who comes meanwhile is in the next batch.

    `do` answers for each item, in order, and does all of them or none. After an error each item is tried alone, unless
    it `concerns_all`: whoever waits for a server that is away would wait for it once more for everybody before them.
    """

    def __init__(
        self, do: Callable[[Sequence[T]], Sequence[R]], *, concerns_all: type[Exception] | tuple[()] = ()
    ) -> None:
        self._do = do
        self._concerns_all = concerns_all
        self._guard = threading.Lock()
        self._line: list[_Waiting[T, R]] = []
        self._at_work = False

    def do(self, item: T) -> R:
        """What `do` answered for the item, once it is done. Raises what `do` raised for it."""
        mine = _Waiting[T, R](item)
        with self._guard:
            self._line.append(mine)
            mine.goes_first, self._at_work = not self._at_work, True
        if not mine.goes_first:
            mine.sleep()
        if mine.goes_first:
            self._do_the_line(mine)
        if mine.error is not None:
            raise mine.error
        return cast(R, mine.answer)

    def _do_the_line(self, mine: _Waiting[T, R]) -> None:
        with self._guard:
            batch, self._line = self._line, []
        try:
            self._do_all(batch)
        finally:
            with self._guard:
                following = self._line[0] if self._line else None
                self._at_work = following is not None
            if following:
                following.goes_first = True
                following.wake()
            for one in batch:
                if one is not mine:
                    one.wake()

    def _do_all(self, batch: Sequence[_Waiting[T, R]]) -> None:
        try:
            answers = self._do([one.item for one in batch])
        except BaseException as error:
            shared = not isinstance(error, Exception) or isinstance(error, self._concerns_all)
            if len(batch) > 1 and not shared:
                for one in batch:
                    self._do_all([one])
                return
            for one in batch:
                one.error = error
        else:
            for one, answer in zip(batch, answers, strict=True):
                one.answer = answer
