"""From bytes to numbered blocks of whole lines, behind a header that was checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from popflix.lib.bulk.source import BrokenSource

_LONGEST_LINE_BYTES = 1 << 20  # IMDb's longest are under 4 KB; a file without lines is no table
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Block:
    """Whole lines without the last newline; `first` is the 1-based number of the first."""

    text: bytes
    first: int
    count: int


@dataclass(frozen=True)
class Table:
    """A header line and the blocks of lines behind it; `blocks` can be read once."""

    header: str
    blocks: Iterator[Block]


def open_table(pieces: Iterable[bytes]) -> Table:
    """Read the first line and hand out the rest, with Windows line ends made plain.

    The header is empty where the file is. Raises BrokenSource, also while `blocks` are read.
    """
    whole = _whole_lines(iter(pieces))
    first, newline, rest = next(whole, b"").partition(b"\n")
    header = first.removeprefix(_BYTE_ORDER_MARK)
    texts: Iterator[bytes] = chain([rest] if newline else [], whole)
    if header.endswith(b"\r"):
        texts = (text.replace(b"\r\n", b"\n").removesuffix(b"\r") for text in texts)
    return Table(header.removesuffix(b"\r").decode(errors="replace"), _number(texts))


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield lines in blocks, cut where a line ends; the newline at each cut is left out."""
    tail = b""
    for piece in pieces:
        text = tail + piece
        end = text.rfind(b"\n")
        if end < 0:
            tail = text
        else:
            yield text[:end]
            tail = text[end + 1 :]
        if len(tail) > _LONGEST_LINE_BYTES:
            raise BrokenSource("it has a line longer than 1 MiB and so is no text table")
    if tail:
        yield tail


def _number(texts: Iterator[bytes]) -> Iterator[Block]:
    line = 2  # the header is line 1
    for text in texts:
        count = text.count(b"\n") + 1
        yield Block(text, line, count)
        line += count


def cut_batches(blocks: Iterable[Block], size: int) -> Iterator[list[Block]]:
    """Group blocks into batches of exactly `size` lines, the last one of what is left."""
    batch: list[Block] = []
    room = size
    for block in blocks:
        rest = block
        while rest.count >= room:
            head, rest = _cut(rest, room)
            yield [*batch, head]
            batch, room = [], size
        if rest.count:
            batch.append(rest)
            room -= rest.count
    if batch:
        yield batch


def skip_lines(blocks: Iterable[Block], count: int) -> Iterator[Block]:
    """The blocks without the first `count` lines, which keep their numbers to themselves."""
    left = count
    for block in blocks:
        if left >= block.count:
            left -= block.count
        elif left:
            yield _cut(block, left)[1]
            left = 0
        else:
            yield block


def _cut(block: Block, count: int) -> tuple[Block, Block]:
    if count == block.count:
        return block, Block(b"", block.first + count, 0)
    lines = block.text.split(b"\n")
    head = Block(b"\n".join(lines[:count]), block.first, count)
    rest = b"\n".join(lines[count:])
    return head, Block(rest, block.first + count, block.count - count)
