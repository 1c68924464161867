"""Reading a feed without writing a row: what a load would come to."""

from __future__ import annotations

from collections.abc import Callable

from popflix.lib.bulk import open_source
from reconcile.feed import outcome
from reconcile.feed.capacity import capacity
from reconcile.feed.envelope import WINDOW_BYTES
from reconcile.feed.feeds import Feed
from reconcile.feed.load import EMPTY, LoadResult, all_bad, told_of
from reconcile.feed.mapping import Mapper
from reconcile.feed.reading import batches, open_envelope


def try_feed(feed: Feed, batch_size: int, must_stop: Callable[[], bool]) -> LoadResult:
    """Count rows, keys and what would go into quarantine. Raises what `load_feed` raises.

    It remembers a number for each key, so its memory grows with the feed.
    """
    result, keys = LoadResult(feed.name), set[object]()
    mapper = Mapper(feed.times, outcome.zones_for(feed), capacity())
    with open_source(feed.where) as source, told_of(source.name):
        envelope = open_envelope(source.pieces(WINDOW_BYTES))
        for batch in batches(envelope, mapper, 0, batch_size):
            if must_stop():
                result.is_stopped = True
                break
            result.read += batch.read
            result.quarantined += len(batch.bad)
            keys.update(row[0] for row in batch.rows)
    result.staged, result.folds = len(keys), mapper.folds
    result.merged = result.read - result.quarantined - result.staged
    if not (result.staged or result.is_stopped):
        result.held = all_bad(result.read) if result.read else EMPTY
    return result
