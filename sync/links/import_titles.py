"""Loading IMDb's title list, then its ratings, then giving new titles their work."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from popflix.lib.bulk import Parent, Target, modest_cache
from popflix.lib.clock import Clock
from popflix.lib.progress import Reporter
from popflix.lib.schema.describe import describe_table
from sync.links.ensure_links import ensure_links
from sync.links.imdb_files import RATINGS, TITLES
from sync.links.import_file import FileCounts, FileImport, Stop
from sync.links.models import TCONST_LENGTH, Title, TitleRating
from sync.links.title_indexes import made_behind
from sync.links.transform import ratings_parser, titles_parser

BATCH_ROWS = 20_000  # measured: larger ones overlap less with the server, smaller commit more
MOST_BATCH_ROWS = 50_000  # on SQLite others wait for a transaction: under 2 s on a slow disk
_LARGEST_YEAR = 32767
TITLES_TARGET = Target(Title._meta.db_table, TITLES.header, "tconst")
RATINGS_TARGET = Target(
    TitleRating._meta.db_table,
    ("tconst", "average_rating", "num_votes"),
    "tconst",
    Parent(Title._meta.db_table, "tconst"),  # IMDb rates titles of types that are not held
)


@dataclass(frozen=True)
class ImportRequest:
    """What to import. `types` are the title types to take, None takes all.

    `where` and `ratings` are paths, http(s) addresses or `-`. A dry run counts and writes nothing.
    """

    where: str
    types: Sequence[str] | None = None
    ratings: str | None = None
    batch_size: int = BATCH_ROWS
    dry_run: bool = False


@dataclass(frozen=True)
class ImportResult:
    """`ratings` is None where that file was not reached, `work_added` where that was not.

    A result that is `stopped` may be handed to the import that goes on.
    """

    titles: FileCounts
    ratings: FileCounts | None
    work_added: int | None
    stopped: bool


def import_titles(
    request: ImportRequest,
    *,
    stop: Stop,
    reporter: Reporter,
    clock: Clock,
    earlier: ImportResult | None = None,
) -> ImportResult:
    """Import titles, then ratings, then add what `sync_tmdb` has to do for them.

    Memory stays the same for any size of file. Asked to stop, it ends after the present batch;
    with that result as `earlier` it goes on from there.
    Raises OperatorError where a file is not IMDb's (nothing is touched) or breaks off (whole
    batches are kept).
    """
    with modest_cache(connection):
        return _import(request, stop, reporter, clock, earlier)


def _import(
    request: ImportRequest,
    stop: Stop,
    reporter: Reporter,
    clock: Clock,
    earlier: ImportResult | None,
) -> ImportResult:
    files = FileImport(request.batch_size, not request.dry_run, stop, reporter, clock)
    if request.ratings is not None and earlier is None:
        files.check(request.ratings, RATINGS)  # before anything is written
    titles = earlier.titles if earlier else None
    if titles is None or not titles.is_whole:
        parser = titles_parser(title_capacity(), request.types)
        with nullcontext() if request.dry_run else made_behind(request.where):
            titles = files.load(request.where, TITLES, TITLES_TARGET, parser, titles)
    ratings = earlier.ratings if earlier else None
    if request.ratings is not None and not (stop or (ratings and ratings.is_whole)):
        parser = ratings_parser(TCONST_LENGTH)
        ratings = files.load(request.ratings, RATINGS, RATINGS_TARGET, parser, ratings)
    work_added = earlier.work_added if earlier else None
    if not (stop or request.dry_run):
        types, now = settings.POPFLIX_TITLE_TYPES, clock.now()
        work_added = (work_added or 0) + ensure_links(types, now, stop=lambda: bool(stop))
    return ImportResult(titles, ratings, work_added, bool(stop))


def title_capacity() -> dict[str, int | None]:
    """How many characters or which number each column of titles takes: adopted ones differ."""
    table = describe_table(connection, Title._meta.db_table)
    there = (
        {column.name.lower(): column.type.capacity for column in table.columns} if table else {}
    )
    capacity: dict[str, int | None] = {}
    for title_field in Title._meta.concrete_fields:
        name = str(title_field.column)
        own = _LARGEST_YEAR if name.endswith("Year") else title_field.max_length
        limits = [each for each in (own, there.get(name.lower())) if each is not None]
        capacity[name] = min(limits, default=None)
    return capacity
