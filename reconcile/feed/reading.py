"""From a feed's bytes to batches of mapped rows, and of rows that cannot be mapped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from popflix.lib.bulk import Chunk
from popflix.lib.quarantine import BadRow
from reconcile.feed.envelope import Envelope, NoFeed, Window
from reconcile.feed.mapping import COLUMNS, Bad, FeedRow, Mapper, Row

_ROWS_A_CHUNK = 500  # they stay in the processor's cache
_all = msgspec.json.Decoder(list[FeedRow])
_one = msgspec.json.Decoder(FeedRow)


@dataclass
class FeedBatch:
    """The rows of one transaction with their numbers in the feed; `bad` stood between them."""

    base: int  # of the ids
    rows: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    read: int = 0

    def chunks(self) -> Iterator[Chunk]:
        for begin in range(0, len(self.rows), _ROWS_A_CHUNK):
            numbers = self.numbers[begin : begin + _ROWS_A_CHUNK]
            rows = self.rows[begin : begin + _ROWS_A_CHUNK]
            ids = [self.base + number for number in numbers]
            yield Chunk([ids, *zip(*rows, strict=True)], numbers)

    def refused(self, reasons: Mapping[int, str]) -> Iterator[BadRow]:
        """Rows that the database would not take, as a feed could have had them."""
        for number, reason in reasons.items():
            row = dict(zip(COLUMNS, self.rows[self.numbers.index(number)], strict=True))
            raw = json.dumps(row, ensure_ascii=False)
            yield BadRow(number, f"the database refuses it: {reason}", raw)


def batches(envelope: Envelope, mapper: Mapper, base: int, size: int) -> Iterator[FeedBatch]:
    """Raises NoFeed where the feed is none, is cut off, or says itself that it failed."""
    batch = FeedBatch(base)
    for window in envelope.windows():
        raw: list[bytes] = []
        for number, row in enumerate(_decoded(window), window.first):
            batch.read += 1
            try:
                mapped = mapper.map(row) if isinstance(row, FeedRow) else _refused(row)
            except Bad as bad:
                raw = raw or window.raw()
                text = raw[number - window.first].decode(errors="backslashreplace")
                batch.bad.append(BadRow(number, str(bad), text))
            else:
                batch.rows.append(mapped)
                batch.numbers.append(number)
            if batch.read == size:
                yield batch
                batch = FeedBatch(base)
    _require_success(envelope)
    if batch.read:
        yield batch


def _decoded(window: Window) -> Iterator[FeedRow | str]:
    """Each row, or why it is none: all at once, row by row where one of them is none."""
    try:
        yield from _all.decode(b"[%b]" % window.text)
        return
    except (msgspec.DecodeError, UnicodeDecodeError):
        rows = window.raw()
    for raw in rows:
        try:
            yield _one.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            yield "it is no object of plain text" if raw.startswith(b"{") else "it is no object"


def _refused(reason: str) -> Row:
    raise Bad(reason)


def _require_success(envelope: Envelope) -> None:
    told = envelope.told
    code = told.get("statusCode", 200)
    if told.get("status", True) is False or (isinstance(code, int) and code >= 400):
        raise NoFeed(f"it says itself that it failed: {str(told.get('message', code))[:200]}")
