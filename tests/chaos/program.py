"""The program, loaded once: each of its processes is a fork of this one, so that it starts in a moment, not in seconds.

A line `start NAME ARGUMENTS` on the input runs `kontor ARGUMENTS` in a process group of its own, `kill NAME` kills that
group with -9; each is answered with a line. At the end of its input, or told to end (SIGTERM), it kills all of them.
"""

from __future__ import annotations

import os
import signal
import sys

import bot.app
import bot.cli
import bot.serving


class Group:
    """A process and those that it starts."""

    def __init__(self, arguments: list[str]) -> None:
        self._end, held = os.pipe()
        self._leader = os.fork()
        if self._leader == 0:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)  # our output is for our answers
            sys.argv = ["kontor", *arguments]
            try:
                bot.cli.main()
            finally:
                os._exit(1)
        os.setpgid(self._leader, self._leader)  # here too: whoever comes first, it is done before a kill
        os.close(held)

    def kill(self) -> None:
        """Returns when all are gone: each of them holds the pipe open."""
        os.killpg(self._leader, signal.SIGKILL)
        while os.read(self._end, 1):
            pass
        os.close(self._end)
        os.waitpid(self._leader, 0)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    groups: dict[str, Group] = {}
    try:
        for line in sys.stdin:
            command, name, *arguments = line.split()
            if command == "start":
                groups[name] = Group(arguments)
            else:
                groups.pop(name).kill()
            print("done", flush=True)
    finally:
        for group in groups.values():
            group.kill()


if __name__ == "__main__":
    main()
