"""One of IMDb's files into one table: read, check, write what differs, quarantine the rest.

open_source → open_table → (skip_lines) → cut_batches → Parser → Loader → quarantine
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

from popflix.lib.bulk import (
    Block,
    BrokenSource,
    Chunk,
    Loaded,
    Loader,
    Source,
    Target,
    ahead,
    cut_batches,
    open_loader,
    open_source,
    open_table,
    skip_lines,
)
from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError
from popflix.lib.progress import Reporter
from popflix.lib.quarantine import BadRow, quarantine
from sync.links.imdb_files import ImdbFile, check_header
from sync.links.transform import BadLine, Parser

_PIECES_AHEAD = 16  # of 64 KiB: unpacking runs while rows are written
_ENOUGH_TO_JUDGE = 1000


class Stop(Protocol):
    """Asked between batches; true ends the import there."""

    def __bool__(self) -> bool: ...


@dataclass
class FileCounts:
    """What became of one file's rows: inserted, updated, unchanged, orphans, quarantined and
    skipped ones add up to `rows`. `size` is the file's in bytes, where known; `is_whole`: no row
    of it is left to read.
    """

    file: str
    rows: int = 0
    loaded: Loaded = field(default_factory=Loaded)
    quarantined: int = 0
    skipped: Counter[str] = field(default_factory=Counter)  # by title type
    way: str = ""
    seconds: float = 0.0
    size: int | None = None
    is_whole: bool = False

    @property
    def steps(self) -> int | None:
        """How long the file is in the steps of its progress: KiB; None where nobody knows."""
        return None if self.size is None else -(-self.size // 1024)

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.seconds if self.seconds else 0.0


class LineBatch:
    """The lines of one transaction, parsed as they are written; `bad` and `skipped` come of it."""

    def __init__(self, parser: Parser, blocks: Sequence[Block]) -> None:
        self._parser = parser
        self._blocks = blocks
        self.rows = sum(block.count for block in blocks)
        self.bad: list[BadLine] = []
        self.skipped: Counter[str] = Counter()

    def chunks(self) -> Iterator[Chunk]:
        self.bad, self.skipped = [], Counter()
        for block in self._blocks:
            parsed = self._parser.parse(block.text, block.first)
            self.bad += parsed.bad
            self.skipped.update(parsed.skipped)
            lines = block.text if parsed.whole else None
            yield Chunk(parsed.columns, parsed.numbers, lines)

    def line(self, number: int) -> str:
        block = next(each for each in reversed(self._blocks) if each.first <= number)
        return block.text.split(b"\n")[number - block.first].decode(errors="replace")


@dataclass(frozen=True)
class FileImport:
    """How to import files: lines per transaction, whether to keep them, whom to ask and tell."""

    batch_size: int
    keep: bool
    stop: Stop
    reporter: Reporter
    clock: Clock

    def check(self, where: str, wanted: ImdbFile) -> None:
        """Read the header only. Raises OperatorError where it is another file."""
        with open_source(where) as source:
            try:
                check_header(open_table(source.pieces()).header, wanted, source.name)
            except BrokenSource as broken:
                raise self._broken(FileCounts(source.name), broken) from None

    def load(
        self,
        where: str,
        wanted: ImdbFile,
        target: Target,
        parser: Parser,
        earlier: FileCounts | None = None,
    ) -> FileCounts:
        """Import one file. Raises OperatorError where it is another one or breaks off.

        With the counts of an `earlier` stretch it goes on behind the rows that were read then,
        unless the file was replaced since.
        """
        with open_source(where) as source:
            counts = earlier
            if counts is None or (counts.file, counts.size) != (source.name, source.size):
                counts = FileCounts(source.name, size=source.size)
            progress = _Progress(source, counts, self.reporter, self.clock, wanted.name)
            try:
                with closing(ahead(source.pieces(), _PIECES_AHEAD)) as pieces:
                    table = open_table(pieces)
                    check_header(table.header, wanted, source.name)
                    rest = skip_lines(table.blocks, counts.rows)
                    self._load_blocks(rest, target, parser, progress)
            except BrokenSource as broken:
                raise self._broken(counts, broken) from None
            finally:
                self.reporter.close()
        return counts

    def _load_blocks(
        self, blocks: Iterator[Block], target: Target, parser: Parser, progress: _Progress
    ) -> None:
        size = self.batch_size
        batches = (LineBatch(parser, some) for some in cut_batches(blocks, size))
        with (
            open_loader(target, keep=self.keep) as loader,
            closing(loader.prepared(batches)) as prepared,
        ):
            progress.start(loader)
            for each in prepared:
                if self.stop:
                    return
                loaded = loader.load(each)
                self._settle(each.batch, loaded, progress)
        progress.counts.is_whole = True

    def _settle(self, batch: LineBatch, loaded: Loaded, progress: _Progress) -> None:
        bad = [BadRow(*each) for each in batch.bad]
        bad += [
            BadRow(
                refused.number,
                f"the database refuses it: {refused.reason}",
                batch.line(refused.number),
            )
            for refused in loaded.refused
        ]
        if bad and self.keep:
            quarantine(progress.counts.file, bad, now=self.clock.now(), reader=progress.reader)
        progress.add(batch, loaded, len(bad))
        counts = progress.counts
        if counts.quarantined > max(_ENOUGH_TO_JUDGE, counts.rows / 2):
            raise OperatorError(
                f"More than half of the {counts.rows:,} rows read so far cannot be taken; "
                f"line {bad[-1].line}: {bad[-1].reason}.",
                "Look at the file: is it whole and IMDb's own? Then download it again.",
            )

    def _broken(self, counts: FileCounts, broken: BrokenSource) -> OperatorError:
        loaded = counts.loaded
        kept = (
            f"Whole batches are kept: {loaded.inserted + loaded.updated + loaded.unchanged:,} "
            f"of {counts.rows:,} rows."
            if self.keep
            else "Nothing was written (dry run)."
        )
        return OperatorError(
            f"{counts.file} breaks off after line {counts.rows + 1:,}: {broken}. {kept}",
            "Download it again and repeat the command; rows that are there are only compared.",
        )


class _Progress:
    """Counts one file's rows and tells the reporter: KiB read of KiB in all, and rows/s."""

    def __init__(
        self, source: Source, counts: FileCounts, reporter: Reporter, clock: Clock, reader: str
    ) -> None:
        self.reader = reader  # what the kind of file is called
        self._source = source
        self._reporter = reporter
        self._clock = clock
        self._began = clock.monotonic() - counts.seconds
        self._told = 0
        self.counts = counts

    def start(self, loader: Loader) -> None:
        steps = self.counts.steps
        self.counts.way = loader.way
        self._loader = loader
        unit = "rows" if steps is None else "KiB"
        self._reporter.start(steps, f"{self.counts.file}, {unit}")

    def add(self, batch: LineBatch, loaded: Loaded, bad: int) -> None:
        counts = self.counts
        counts.rows += batch.rows
        counts.loaded += loaded
        counts.quarantined += bad
        counts.skipped.update(batch.skipped)
        counts.way = self._loader.way
        counts.seconds = self._clock.monotonic() - self._began
        reached = counts.rows if self._source.size is None else -(-self._source.position // 1024)
        note = f"{counts.rows:,} rows, {counts.rows_per_second:,.0f} rows/s"
        self._reporter.advance(reached - self._told, note=note)
        self._told = reached
