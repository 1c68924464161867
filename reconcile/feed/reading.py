"""From a feed's bytes to batches of mapped rows, and of rows that cannot be mapped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from popflix.lib.bulk import Chunk
from popflix.lib.quarantine import BadRow
from reconcile.feed.envelope import Envelope, NoFeed, Window, as_written
from reconcile.feed.mapping import Bad, FeedRow, Mapper, Row
from reconcile.feed.usual import UsualMapper, UsualRow

_ROWS_A_CHUNK = 500  # they stay in the processor's cache
_usual = msgspec.json.Decoder(list[UsualRow])
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

    def refused(self, reasons: Mapping[int, str], mapper: Mapper) -> Iterator[BadRow]:
        """Rows that the database would not take, as a feed could have had them."""
        for number, reason in reasons.items():
            row = mapper.unmapped(self.rows[self.numbers.index(number)])
            raw = json.dumps(row, ensure_ascii=False)
            yield BadRow(number, f"the database refuses it: {reason}", raw)


def open_envelope(pieces: Iterable[bytes]) -> Envelope:
    """A feed of shows, of which `batches` takes the rows."""
    return Envelope(pieces, _decoded)


def batches(envelope: Envelope, mapper: Mapper, base: int, size: int) -> Iterator[FeedBatch]:
    """Raises NoFeed where the feed is none, is cut off, or says itself that it failed."""
    batch, usual = FeedBatch(base), UsualMapper(mapper)
    for window in envelope.windows():
        is_usual = isinstance(window.rows[0], UsualRow)
        mapped = (
            usual.map(window.rows) if is_usual else [_map(each, mapper) for each in window.rows]
        )
        at = 0
        while at < len(mapped):
            some = mapped[at : at + size - batch.read]
            _add(batch, some, window, at)
            at += len(some)
            if batch.read == size:
                yield batch
                batch = FeedBatch(base)
    _require_success(envelope)
    if batch.read:
        yield batch


def _add(batch: FeedBatch, mapped: list[Row | Bad], window: Window, begin: int) -> None:
    first = window.first + begin
    batch.read += len(mapped)
    bad = [(n, each) for n, each in enumerate(mapped) if isinstance(each, Bad)]
    if not bad:
        batch.rows += mapped  # type: ignore[arg-type]
        batch.numbers += range(first, first + len(mapped))
        return
    raw = window.raw()
    for n, each in enumerate(mapped):
        if isinstance(each, Bad):
            text = raw[begin + n].decode(errors="backslashreplace")
            batch.bad.append(BadRow(first + n, str(each), text))
        else:
            batch.rows.append(each)
            batch.numbers.append(first + n)


def _map(row: FeedRow | str, mapper: Mapper) -> Row | Bad:
    if isinstance(row, str):
        return Bad(row)
    try:
        return mapper.map(row)
    except Bad as bad:
        return bad


def _decoded(text: bytes) -> Sequence[UsualRow | FeedRow | str] | None:
    """Each row, or why it is none: all at once, row by row where one of them is none."""
    listed = b"[%b]" % text
    for decode in (_usual.decode, _all.decode):
        try:
            return decode(listed)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    rows = as_written(text)
    return None if rows is None else [_row(bytes(each)) for each in rows]


def _row(raw: bytes) -> FeedRow | str:
    try:
        return _one.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "it is no object of plain text" if raw.startswith(b"{") else "it is no object"


def _require_success(envelope: Envelope) -> None:
    told = envelope.told
    code = told.get("statusCode", 200)
    if told.get("status", True) is False or (isinstance(code, int) and code >= 400):
        raise NoFeed(f"it says itself that it failed: {str(told.get('message', code))[:200]}")
