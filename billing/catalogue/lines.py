"""On which line of a TOML document each key and each element stands.

`tomllib` reads values and forgets where they were. This walks the same text a second time, after `tomllib` found it
correct, and so needs to know only where things begin and end: the grammar of TOML 1.0 without its rules.
"""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'  # up to two quotation marks may stand before the closing three
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")  # numbers, dates and booleans; a date may have a space inside


def lines_of(text: str) -> dict[Path, int]:
    """The line, counted from 1, of every table, key and array element of a correct TOML document."""
    walk = _Walk(text.replace("\r\n", "\n"))
    walk.document()
    return walk.lines


def nearest(lines: dict[Path, int], path: Path) -> int:
    """The line of that path or, for what is not there, of the innermost thing around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Walk:
    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._line, self._counted = 1, 0
        self._tables: dict[Path, int] = {}  # arrays of tables: how many there are so far

    def document(self) -> None:
        table: Path = ()
        while not self._ended():
            table = self._header() if self._peek() == "[" else self._pair(table)

    def _header(self) -> Path:
        many = self._text.startswith("[[", self._at)
        line = self._here()
        self._skip("[[" if many else "[")
        path = self._current(self._key())
        self._skip("]]" if many else "]")
        if many:
            self.lines.setdefault(path, line)
            self._tables[path] = self._tables.get(path, 0) + 1
            path = (*path, self._tables[path] - 1)
        self._mark(path, line)
        return path

    def _current(self, key: tuple[str, ...]) -> Path:
        """A header's key as a path: through the last element of every array of tables on the way."""
        path: Path = ()
        for n, part in enumerate(key):
            path = (*path, part)
            if n < len(key) - 1 and path in self._tables:
                path = (*path, self._tables[path] - 1)
        return path

    def _pair(self, table: Path) -> Path:
        line = self._here()
        path = (*table, *self._key())
        self._mark(path, line, above=len(table))
        self._skip("=")
        self._value(path)
        return table

    def _value(self, path: Path) -> None:
        match self._peek():
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._take(_STRING)
            case _:
                self._take(_SCALAR)

    def _array(self, path: Path) -> None:
        self._skip("[")
        count = 0
        while self._peek() != "]":
            self.lines[(*path, count)] = self._here()
            self._value((*path, count))
            count += 1
            self._skip(",", needed=False)
        self._skip("]")

    def _inline_table(self, path: Path) -> None:
        self._skip("{")
        while self._peek() != "}":
            self._pair(path)
            self._skip(",", needed=False)
        self._skip("}")

    def _key(self) -> tuple[str, ...]:
        parts = [self._key_part()]
        while self._peek() == ".":
            self._skip(".")
            parts.append(self._key_part())
        return tuple(parts)

    def _key_part(self) -> str:
        if self._peek() in "\"'":
            return str(tomllib.loads(f"key = {self._take(_STRING)}")["key"])
        return self._take(_BARE_KEY)

    def _mark(self, path: Path, line: int, above: int = 0) -> None:
        """Note the line of the path and of every table that its dotted key opens."""
        for length in range(above + 1, len(path)):
            self.lines.setdefault(path[:length], line)
        self.lines[path] = line

    def _ended(self) -> bool:
        self._blank()
        return self._at >= len(self._text)

    def _peek(self) -> str:
        self._blank()
        return self._text[self._at]

    def _skip(self, token: str, *, needed: bool = True) -> None:
        self._blank()
        if self._text.startswith(token, self._at):
            self._at += len(token)
        elif needed:
            raise ValueError(f"line {self._here()}: expected {token}")

    def _take(self, pattern: re.Pattern[str]) -> str:
        self._blank()
        found = pattern.match(self._text, self._at)
        if not found:
            raise ValueError(f"line {self._here()}: cannot read {self._text[self._at : self._at + 20]!r}")
        self._at = found.end()
        return found.group()

    def _blank(self) -> None:
        found = _BLANK.match(self._text, self._at)
        assert found
        self._at = found.end()

    def _here(self) -> int:
        self._blank()
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line
