"""What `manage.py coverage` does: measure what is held against an export, keep and tell it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report
from popflix.lib.errors import EXIT_NEEDS_PERSON, UsageError
from sync.movies.certify import Certified, certify
from sync.movies.crawl_models import Crawl, CrawlSource
from sync.movies.export_file import Export, fetch_export, fetch_newest, media_type_of, open_export

_SHOWN = 20


def measure(
    file: str | None,
    media_type: str,
    *,
    dry_run: bool,
    say: Callable[[str], None],
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Exit code 3 where something is missing. Raises OperatorError."""
    crawl = None if file else _newest_crawl(media_type)
    export = _export_of(file, media_type, crawl, clock)
    told = media_type_of(export.name)
    if told not in (None, media_type):
        raise UsageError(f"{export.name} is of {told}.", f"Add --media-type {told}.")
    done = certify(export, media_type, now=clock.now(), crawl=crawl, save=not dry_run)
    say(done.told)
    if done.missing:
        say(f"Missing: {_some(done.missing)}. `crawl_movies` asks for them.")
    if done.beyond:
        say(f"Held, but not in the export: {_some(done.beyond)}.")
    if done.row.undated:
        say(f"{done.row.undated:,} titles without a date: no window of /discover reaches them.")
    for gap in done.row.gaps:
        say(f"Not read: {gap}")
    return Report(_as_json(done), EXIT_NEEDS_PERSON if done.missing else 0)


def _newest_crawl(media_type: str) -> Crawl | None:
    crawls = Crawl.objects.filter(media_type=media_type).exclude(source=CrawlSource.CHANGES)
    return crawls.order_by("-id").first()


def _export_of(file: str | None, media_type: str, crawl: Crawl | None, clock: Clock) -> Export:
    if file:
        return open_export(file)
    adult = crawl is not None and bool(crawl.params.get("include_adult"))
    if crawl is not None and crawl.export_name:
        return fetch_export(crawl.export_name, include_adult=adult)
    return fetch_newest(media_type, clock.now().date(), include_adult=adult)


def _some(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - _SHOWN:,} more" if len(numbers) > _SHOWN else ""
    return ", ".join(map(str, numbers[:_SHOWN])) + more


def _as_json(done: Certified) -> dict[str, object]:
    row = done.row
    names = (
        "media_type", "in_export", "held", "merged", "gone", "excluded", "beyond", "undated",
        "gap_count", "gaps",
    )  # fmt: skip
    return {
        "certificate": row.pk,
        "export": row.export_name,
        **{name: getattr(row, name) for name in names},
        "percent": round(row.percent, 4),
        "missing": row.missing,
        "missing_ids": list(done.missing),
        "beyond_ids": list(done.beyond),
    }
