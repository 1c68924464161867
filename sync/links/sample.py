"""A small, valid title.basics of a large one, for trying things out. Needs no database."""

from __future__ import annotations

import gzip
import math
import os
import random
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from popflix.lib.bulk import Block, BrokenSource, ahead, open_source, open_table
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import OperatorError
from sync.links.imdb_files import TITLES, check_header
from sync.links.transform import TITLES_HEADER, titles_parser

_PIECES_AHEAD = 16
MOST_SAMPLE_ROWS = 1_000_000  # they are held in memory
_SEED = 1  # the same file gives the same sample


@dataclass(frozen=True)
class SampleRequest:
    """`count` rows of these title types (None: all) of the file `where`, written to `out`."""

    where: str
    count: int
    out: Path
    types: Sequence[str] | None = None


class Reservoir:
    """A fair choice of `size` items from a stream of unknown length (Li's algorithm L).

    It tells beforehand which item it takes next, so that the others cost nothing.
    """

    def __init__(self, size: int, seed: int = _SEED) -> None:
        self.kept: list[tuple[int, bytes]] = []
        self._size = size
        self._random = random.Random(seed)
        self._weight = 1.0
        self._seen = 0
        self._next = 0

    def offer(self, numbers: Sequence[int], line: Callable[[int], bytes]) -> None:
        """Offer the items of these numbers; `line` is asked for those that are taken."""
        end = self._seen + len(numbers)
        while self._next < end:
            number = numbers[self._next - self._seen]
            self._take((number, line(number)))
            self._next += 1 if len(self.kept) < self._size else self._gap()
        self._seen = end

    def _take(self, item: tuple[int, bytes]) -> None:
        if len(self.kept) < self._size:
            self.kept.append(item)
        else:
            self.kept[self._random.randrange(self._size)] = item

    def _gap(self) -> int:
        self._weight *= self._draw() ** (1 / self._size)
        return math.floor(math.log(self._draw()) / math.log1p(-self._weight)) + 1

    def _draw(self) -> float:
        return 1.0 - self._random.random()  # never 0, which has no logarithm


def sample_titles(
    request: SampleRequest, *, stop: StopRequest, say: Callable[[str], None]
) -> Report:
    """Write the sample in the order of the file; an `out` that ends with .gz is packed.

    Raises OperatorError where the file is not IMDb's, breaks off or `out` cannot be written.
    """
    chosen = Reservoir(request.count)
    rows = _choose(request, chosen, stop)
    if stop:
        return Report(
            {"stopped": True},
            stopped_by=stop.signal_number,
            how_to_go_on="Stopped; no sample was written. Run the same command again.",
        )
    _write(request.out, [line for _, line in sorted(chosen.kept)])
    say(f"{len(chosen.kept):,} of {rows:,} rows written to {request.out}.")
    data = {"rows": rows, "sampled": len(chosen.kept), "out": str(request.out), "stopped": False}
    return Report(data)


def _choose(request: SampleRequest, chosen: Reservoir, stop: StopRequest) -> int:
    """Offer every good row of the wanted types; returns how many rows there were."""
    parser = titles_parser(dict.fromkeys(TITLES_HEADER), request.types)
    rows = 0
    with open_source(request.where) as source:
        try:
            with closing(ahead(source.pieces(), _PIECES_AHEAD)) as pieces:
                table = open_table(pieces)
                check_header(table.header, TITLES, source.name)
                for block in table.blocks:
                    if stop:
                        break
                    chosen.offer(parser.parse(block.text, block.first).numbers, _Lines(block))
                    rows += block.count
        except BrokenSource as broken:
            raise OperatorError(
                f"{source.name} breaks off after line {rows + 1:,}: {broken}.",
                "Download it again; no sample was written.",
            ) from None
    return rows


class _Lines:
    """The lines of a block by number, split only where one is asked for."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._lines: list[bytes] = []

    def __call__(self, number: int) -> bytes:
        self._lines = self._lines or self._block.text.split(b"\n")
        return self._lines[number - self._block.first]


def _write(out: Path, lines: Sequence[bytes]) -> None:
    text = b"".join(b"%s\n" % line for line in ("\t".join(TITLES_HEADER).encode(), *lines))
    draft = out.with_name(f"{out.name}.{os.getpid()}.part")
    try:
        draft.write_bytes(gzip.compress(text, mtime=0) if out.suffix == ".gz" else text)
        draft.replace(out)  # whole or not at all, also where `out` is the file that was read
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise OperatorError(
            f"{out} cannot be written ({error.strerror}).", "Give another path with --out."
        ) from None
