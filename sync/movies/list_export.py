"""Listing the ids of an export: some thousand lines and the cursor behind them in one commit."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

from popflix.engine.context import RunContext
from popflix.lib.batches import chunk
from popflix.lib.locks import again_when_locked
from sync.movies.crawl_models import Crawl, CrawlState
from sync.movies.crawl_rows import add_up, record_line
from sync.movies.export_file import BadLine, Export, ExportLine, fetch_export, fetch_newest
from sync.movies.listing import list_ids
from sync.movies.models import AskedBy

BATCH_LINES = 5000
Line = tuple[int, ExportLine | BadLine]


def list_export(ctx: RunContext, crawl: Crawl, *, include_adult: bool) -> bool:
    """Go on behind the crawl's cursor; False: stopped on the way.

    Raises OperatorError where the file cannot be had or read, the cursor staying where it is.
    """
    export = _file_of(ctx, crawl, include_adult)
    lines = itertools.islice(export.lines(), crawl.cursor, None)
    count = crawl.cursor
    for batch in chunk(lines, BATCH_LINES):
        if ctx.should_stop():
            return False
        count = batch[-1][0] + 1
        again_when_locked(lambda: _list(ctx, crawl, batch, include_adult))  # noqa: B023 - at once
        crawl.cursor = count
        ctx.progress()
    with ctx.commit():
        Crawl.objects.filter(pk=crawl.pk).update(state=CrawlState.FETCHING)
    crawl.refresh_from_db()
    ctx.note(f"{export.name}: {crawl.listed_count:,} ids, {crawl.new_count:,} of them new.")
    return True


def _file_of(ctx: RunContext, crawl: Crawl, include_adult: bool) -> Export:
    """The very file that the cursor counts the lines of."""
    export = (
        fetch_export(crawl.export_name, include_adult=include_adult)
        if crawl.export_name
        else fetch_newest(crawl.media_type, ctx.now().date(), include_adult=include_adult)
    )
    sha256 = export.sha256
    if (crawl.export_name, crawl.export_sha256) != (export.name, sha256):
        with ctx.commit():
            if crawl.export_sha256:  # made anew under its name: its lines are others
                ctx.note(f"{export.name} has changed: its lines are read from the first on.")
                crawl.cursor = 0
            crawl.export_name, crawl.export_sha256 = export.name, sha256
            crawl.save(update_fields=["export_name", "export_sha256", "cursor"])
    return export


def _list(ctx: RunContext, crawl: Crawl, batch: Sequence[Line], include_adult: bool) -> None:
    now = ctx.now()
    ids = {
        line.id
        for _, line in batch
        if isinstance(line, ExportLine) and (include_adult or not line.adult)
    }
    with ctx.commit():
        new = list_ids(crawl.media_type, ids, asked_by=AskedBy.EXPORT, now=now)
        _record(crawl, batch, now)
        add_up(crawl, listed=len(ids), new=new, cursor=batch[-1][0] + 1)


def _record(crawl: Crawl, batch: Sequence[Line], now: dt.datetime) -> None:
    for number, line in batch:
        if isinstance(line, BadLine):
            record_line(crawl, number, line.why, now)
