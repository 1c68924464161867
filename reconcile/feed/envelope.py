"""The rows of a feed out of its envelope, window by window: memory stays the same for any size.

    {"status": true, …, "data": {"allShows": [{…}, {…}]}}

A window of rows is cut behind one of them and the cut is proved by decoding what stands before
it. Where that fails (rows with rows in them, the end of the list) each bracket is followed.
Knows no key of a row: whoever reads it says how rows are decoded, each of them once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

WINDOW_BYTES = 1 << 20
_LONGEST = 1 << 23  # of a row, or of one word of the envelope
_LIST = "allShows"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BETWEEN_ROWS = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")
_TEXT = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_BRACKETS = re.compile(_TEXT + rb'|["\[\]{}]', re.DOTALL)
_TOKEN = re.compile(rb"[ \t\r\n]*(" + _TEXT + rb"|[-+.0-9A-Za-z]+|[\[\]{}:,])", re.DOTALL)
_SPACE = b" \t\r\n"
_rows = msgspec.json.Decoder(list[msgspec.Raw])


class NoFeed(Exception):  # noqa: N818 - the caller makes the operator's error of it
    """What was read is no feed of shows, or is cut off; the text is part of a sentence."""


Decode = Callable[[bytes], Sequence[Any] | None]


def as_written(text: bytes) -> Sequence[Any] | None:
    """The rows of a window as they stand; None where it is no list of whole rows."""
    try:
        return _rows.decode(b"[%b]" % text)
    except msgspec.DecodeError:
        return None


@dataclass(frozen=True)
class Window:
    """Some rows as they stand in the feed, commas between them, and decoded; `first` is the
    number of the first."""

    text: bytes
    first: int
    rows: Sequence[Any]

    def raw(self) -> list[bytes]:
        return [bytes(each) for each in _rows.decode(b"[%b]" % self.text)]


class Envelope:
    """Reads a feed once: `windows` to its end, then `told` is what its envelope says.

    `decode` makes rows of those of a window, without the brackets; None where they are damaged.
    """

    def __init__(self, pieces: Iterable[bytes], decode: Decode = as_written) -> None:
        self._pieces, self._decode = iter(pieces), decode
        self._text, self._at, self._is_whole = b"", 0, False
        self._count, self._lists = 0, 0
        self.told: dict[str, Any] = {}  # the plain values at its top

    def windows(self) -> Iterator[Window]:
        """Raises NoFeed, at the latest at the end; what was yielded is to be forgotten then."""
        self._fill()
        if self._text.startswith(_BYTE_ORDER_MARK):
            self._at = len(_BYTE_ORDER_MARK)
        self._refuse_other_kinds()
        for key in self._members():
            if key == "data" and self._peek() == b"{":
                yield from self._data()
            else:
                value = self._value()
                if value is not None:
                    self.told[key] = value
        if self._next(or_end=True):
            raise NoFeed("more stands behind its end")
        if not self._lists:
            raise NoFeed(f"it has no list data.{_LIST}")
        if self._lists > 1:
            raise NoFeed(f"it has the list data.{_LIST} more than once")

    def _data(self) -> Iterator[Window]:
        for key in self._members():
            if key != _LIST:
                self._value()
            elif self._peek() != b"[":
                raise NoFeed(f"its data.{_LIST} is no list")
            else:
                self._lists += 1
                self._next()
                yield from self._list()

    def _refuse_other_kinds(self) -> None:
        begin = self._text[self._at : self._at + 200].lstrip(_SPACE)
        if not begin:
            raise NoFeed("it is empty")
        if begin.startswith(b"<"):
            raise NoFeed("it is a web page (HTML), no JSON")
        if not begin.startswith(b"{"):
            what = "a list" if begin.startswith(b"[") else "no JSON"
            raise NoFeed(f"it is {what} where an object with data.{_LIST} is meant")

    # --- the list of rows ---------------------------------------------------------------

    def _list(self) -> Iterator[Window]:
        is_empty, is_end = True, False
        while not is_end:
            text, rows, is_end = self._cut()
            if rows is None or not (rows or (is_empty and is_end)):
                raise NoFeed(f"its JSON is damaged near row {self._count + 1:,}")
            if rows:
                yield Window(text, self._count + 1, rows)
            self._count += len(rows)
            is_empty = False

    def _cut(self) -> tuple[bytes, Sequence[Any] | None, bool]:
        """Whole rows from here on, and whether the list ends behind them; both are passed."""
        while True:
            while len(self._text) - self._at < WINDOW_BYTES and self._fill():
                pass
            if (fast := self._cut_fast()) is not None:
                return *fast, False
            if (found := self._cut_by_brackets()) is not None:
                return found[0], self._decode(found[0]), found[1]
            if self._is_whole:
                raise NoFeed(f"it is cut off after row {self._count:,}")
            if len(self._text) - self._at > _LONGEST:
                raise NoFeed(f"row {self._count + 1:,} of it is longer than 8 MiB")
            self._fill()

    def _cut_fast(self) -> tuple[bytes, Sequence[Any]] | None:
        """Behind the last row of the window, if the list goes on beyond it."""
        if self._is_whole and len(self._text) - self._at < WINDOW_BYTES:
            return None  # its end is near: look for that
        begin = self._text.rfind(b"}", self._at)
        while begin >= 0:
            if found := _BETWEEN_ROWS.match(self._text, begin):
                text = self._text[self._at : begin + 1]
                rows = self._decode(text)
                if rows is None:
                    return None
                self._at = found.end() - 1
                return text, rows
            begin = self._text.rfind(b"}", self._at, begin)
        return None

    def _cut_by_brackets(self) -> tuple[bytes, bool] | None:
        depth, last = 0, -1
        for found in _BRACKETS.finditer(self._text, self._at):
            mark = found.group()
            if mark in (b"{", b"["):
                depth += 1
            elif mark == b'"':  # a text that goes on beyond the window
                break
            elif mark == b"]" and depth == 0:
                text = self._text[self._at : found.start()]
                self._at = found.end()
                return text, True
            elif mark in (b"}", b"]"):
                depth -= 1
                if depth == 0 and _BETWEEN_ROWS.match(self._text, found.start()):
                    last = found.start()
        if last < 0:
            return None
        text = self._text[self._at : last + 1]
        self._at = self._text.index(b",", last) + 1
        return text, False

    # --- the envelope -------------------------------------------------------------------

    def _members(self) -> Iterator[str]:
        """The keys of an object; whoever iterates reads each value before the next key."""
        self._expect(b"{")
        if self._peek() == b"}":
            self._next()
            return
        while True:
            key = self._next()
            if not key.startswith(b'"'):
                raise NoFeed("its JSON is damaged")
            self._expect(b":")
            yield str(self._decoded(key))
            mark = self._next()
            if mark == b"}":
                return
            if mark != b",":
                raise NoFeed("its JSON is damaged")

    def _value(self) -> Any:
        """Pass a value; a plain one is returned, None for an object or a list."""
        word = self._next()
        if word not in (b"{", b"["):
            return self._decoded(word)
        depth = 1
        while depth:
            word = self._next()
            depth += (word in (b"{", b"[")) - (word in (b"}", b"]"))
        return None

    def _decoded(self, word: bytes) -> Any:
        try:
            return msgspec.json.decode(word)
        except msgspec.DecodeError:
            raise NoFeed("its JSON is damaged") from None

    def _expect(self, mark: bytes) -> None:
        if self._next() != mark:
            raise NoFeed("its JSON is damaged")

    def _peek(self) -> bytes:
        word = self._next()
        self._at -= len(word)
        return word

    def _next(self, *, or_end: bool = False) -> bytes:
        """The next word of the envelope; at the end, where that may be, an empty one."""
        while True:
            found = _TOKEN.match(self._text, self._at)
            if found and (self._is_whole or found.end() < len(self._text)):
                self._at = found.end()
                return found[1]
            if self._is_whole:
                if self._text[self._at :].strip(_SPACE):
                    raise NoFeed("its JSON is damaged or cut off")
                if or_end:
                    return b""
                raise NoFeed(f"it is cut off after row {self._count:,}")
            if len(self._text) - self._at > _LONGEST:
                raise NoFeed("its JSON is damaged")
            self._fill()

    def _fill(self) -> bool:
        """Read on; what was passed is forgotten. False at the end of the feed."""
        parts, size = [self._text[self._at :]], 0
        while size < WINDOW_BYTES and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            size += len(piece)
        self._is_whole = size < WINDOW_BYTES
        self._text, self._at = b"".join(parts), 0
        return size > 0
