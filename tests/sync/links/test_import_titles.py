"""IMDb's title list reaches the table unchanged, bad rows go to quarantine, the rest goes on."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from popflix.lib.bulk import BrokenSource, Loaded
from popflix.lib.errors import OperatorError
from popflix.lib.models import QuarantinedRow
from sync.links.fields import NULL
from sync.links.import_titles import ImportRequest, import_titles
from sync.links.models import Enrichment, MediaLinks, Title, TitleRating
from tests.popflix.engine.fakes import NOON, FakeClock
from tests.sync.links.imdb import (
    TWINS,
    StopAfter,
    Told,
    as_values,
    fields,
    movies,
    run,
    stored,
    write,
    write_ratings,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def quarantined() -> list[tuple[str, int, str]]:
    rows = QuarantinedRow.objects.order_by("source", "line")
    return list(rows.values_list("source", "line", "reason"))


@pytest.mark.parametrize("name", ["titles.tsv", "titles.tsv.gz"])
def test_every_field_of_every_row_arrives_unchanged(tmp_path: Path, name: str) -> None:
    result = run(write(tmp_path / name, TWINS))
    assert stored() == sorted(map(as_values, TWINS))
    assert result.titles.loaded == Loaded(inserted=len(TWINS))
    assert (result.titles.file, result.titles.rows, quarantined()) == (name, len(TWINS), [])


@pytest.mark.parametrize("batch_size", [1, 3, 1000])
def test_a_second_import_changes_nothing(tmp_path: Path, batch_size: int) -> None:
    path = write(tmp_path / "titles.tsv", TWINS)
    run(path, batch_size=batch_size)
    before = stored()
    assert run(path, batch_size=batch_size).titles.loaded == Loaded(unchanged=len(TWINS))
    assert stored() == before


@pytest.mark.recordings
def test_every_recorded_row_arrives_unchanged(recordings: Path) -> None:
    files = sorted((recordings / "imdb").glob("*title.basics*.tsv"))
    assert files
    expected: dict[str, tuple[object, ...]] = {}
    for path in files:
        result = run(path)
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")[1:]
        assert (result.titles.rows, result.titles.quarantined) == (len(lines), 0)
        expected |= {row[0]: as_values(row) for row in (line.split("\t") for line in lines)}
    assert stored() == sorted(expected.values())


@pytest.mark.recordings
def test_every_recorded_rating_of_a_title_that_is_held_arrives(recordings: Path) -> None:
    (titles,) = (recordings / "imdb").glob("*title.basics_slice_kashery.tsv")
    (ratings,) = (recordings / "imdb").glob("*title.ratings_slice_kashery.tsv")
    result = run(titles, ratings=str(ratings))
    held = set(Title.objects.values_list("pk", flat=True))
    lines = [line.split("\t") for line in ratings.read_text().split("\n")[1:] if line]
    expected = [(row[0], row[1], row[2]) for row in lines if row[0] in held]
    found = TitleRating.objects.order_by("pk").values_list("pk", "average_rating", "num_votes")
    assert [(pk, str(average), str(votes)) for pk, average, votes in found] == expected
    assert result.ratings is not None
    assert result.ratings.loaded == Loaded(
        inserted=len(expected), orphans=len(lines) - len(expected)
    )


def test_only_what_changed_is_written_again(tmp_path: Path) -> None:
    run(write(tmp_path / "titles.tsv", movies(10)))
    rows = movies(12)
    rows[3][7], rows[4][2], rows[5][5] = NULL, "Fílm 5", "2020"
    assert run(write(tmp_path / "titles.tsv", rows)).titles.loaded == Loaded(
        inserted=2, updated=3, unchanged=7
    )
    assert stored() == sorted(map(as_values, rows))


def test_only_the_types_asked_for_are_taken_and_the_others_counted(tmp_path: Path) -> None:
    rows = [*movies(3), fields(4, titleType="tvEpisode"), fields(5, titleType="short")]
    rows += [fields(6, titleType="tvEpisode"), fields(7, titleType="tvSeries")]
    titles = run(write(tmp_path / "titles.tsv", rows), types=("movie", "tvSeries")).titles
    assert dict(titles.skipped) == {"tvEpisode": 2, "short": 1}
    assert titles.loaded == Loaded(inserted=4)
    assert titles.rows == 7


def test_bad_rows_go_to_quarantine_with_line_and_reason_and_the_rest_goes_on(
    tmp_path: Path,
) -> None:
    rows = [*movies(2), ["tt0000003", "movie"], fields(4, startYear="MCM"), *movies(2, first=5)]
    titles = run(write(tmp_path / "titles.tsv", rows), batch_size=3).titles
    assert (titles.rows, titles.loaded, titles.quarantined) == (6, Loaded(inserted=4), 2)
    assert quarantined() == [
        ("titles.tsv", 4, "it has 2 columns where 9 are expected"),
        ("titles.tsv", 5, "startYear 'MCM' is no whole number"),
    ]
    raw, at = QuarantinedRow.objects.values_list("raw", "at").get(line=5)
    assert (raw, at) == ("\t".join(rows[3]), NOON)


def test_a_second_import_keeps_each_bad_row_once(tmp_path: Path) -> None:
    path = write(tmp_path / "titles.tsv", [fields(1), fields(2, isAdult="?")])
    run(path)
    run(path)
    assert [line for _, line, _ in quarantined()] == [3]


def test_bytes_that_are_no_utf8_cost_one_row(tmp_path: Path) -> None:
    path = write(tmp_path / "titles.tsv", movies(3))
    path.write_bytes(path.read_bytes().replace(b"Film 2\tFilm 2", b"F\xfclm 2\tFilm 2"))
    assert run(path).titles.quarantined == 1
    assert quarantined() == [("titles.tsv", 3, "byte 18 is not UTF-8")]


def test_the_last_row_of_an_id_wins(tmp_path: Path) -> None:
    rows = [fields(1), fields(2), fields(1, primaryTitle="Renamed")]
    run(write(tmp_path / "titles.tsv", rows))
    assert Title.objects.get(pk="tt0000001").primary_title == "Renamed"


def test_windows_line_ends_do_not_reach_the_table(tmp_path: Path) -> None:
    path = write(tmp_path / "titles.tsv", movies(3))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    run(path)
    assert stored() == list(map(as_values, movies(3)))


@pytest.mark.parametrize(
    ("content", "cause", "cure"),
    [
        (b"", "is empty", "Download title.basics.tsv.gz"),
        (b"<!DOCTYPE html>\n<html>", "is a web page", "Download title.basics.tsv.gz"),
        (b"tconst\taverageRating\tnumVotes\n", "is IMDb's title.ratings", "with --ratings"),
        (b"id,name\n1,x\n", "its first line is 'id,name'", "Download title.basics.tsv.gz"),
        (b"\x00" * 500, "its first line is '\\x00", "Download title.basics.tsv.gz"),
        (gzip.compress(mtime=0, data=b"<html>"), "is a web page", "Download title.basics.tsv.gz"),
    ],
)
def test_any_other_file_is_told_in_one_sentence_and_touches_nothing(
    tmp_path: Path, content: bytes, cause: str, cure: str
) -> None:
    path = tmp_path / "titles.tsv.gz"
    path.write_bytes(content)
    with pytest.raises(OperatorError) as raised:
        run(path)
    assert cause in raised.value.cause
    assert cure in raised.value.cure
    assert len(raised.value.cause) < 200
    assert (Title.objects.count(), MediaLinks.objects.count()) == (0, 0)


def test_of_a_cut_gzip_whole_batches_are_kept_and_counted(tmp_path: Path) -> None:
    rows = [fields(number, primaryTitle=f"{number:x}" * 9) for number in range(1, 5001)]
    path = write(tmp_path / "titles.tsv.gz", rows)
    path.write_bytes(path.read_bytes()[:-9000])
    with pytest.raises(OperatorError) as raised:
        run(path, batch_size=500)
    kept = Title.objects.count()
    assert 0 < kept < 5000
    assert kept % 500 == 0
    assert raised.value.cause == (
        f"titles.tsv.gz breaks off after line {kept + 1:,}: its compressed data end in the "
        f"middle. Whole batches are kept: {kept:,} of {kept:,} rows."
    )
    assert "Download it again" in raised.value.cure


def test_a_file_that_breaks_off_in_a_dry_run_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "titles.tsv.gz", movies(3000))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(OperatorError, match="Nothing was written"):
        run(path, batch_size=10, dry_run=True)
    assert Title.objects.count() == 0


def test_a_file_of_mostly_bad_rows_is_given_up(tmp_path: Path) -> None:
    rows = [fields(number, startYear="?") for number in range(1, 3001)]
    with pytest.raises(OperatorError, match="More than half of the 1,500 rows"):
        run(write(tmp_path / "titles.tsv", [*movies(3), *rows]), batch_size=500)
    assert Title.objects.count() == 3


def test_asked_to_stop_it_ends_with_whole_batches(tmp_path: Path) -> None:
    request = ImportRequest(
        str(write(tmp_path / "titles.tsv", movies(50))),
        batch_size=10,
        ratings=str(write_ratings(tmp_path / "ratings.tsv", {"tt0000001": 5})),
    )
    result = import_titles(request, stop=StopAfter(3), reporter=Told(), clock=FakeClock())
    assert (result.stopped, result.ratings, result.work_added) == (True, None, None)
    assert Title.objects.count() == 30
    assert TitleRating.objects.count() == 0


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    run(write(tmp_path / "titles.tsv", movies(2)))
    path = write(tmp_path / "new.tsv", [fields(1), fields(2, startYear="1"), *movies(2, first=3)])
    path.write_text(path.read_text() + "broken\n")
    result = run(path, dry_run=True, ratings=str(write_ratings(tmp_path / "r", {"tt0000001": 1})))
    assert result.titles.loaded == Loaded(inserted=2, updated=1, unchanged=1)
    assert (result.titles.quarantined, result.work_added) == (1, None)
    assert result.ratings is not None
    assert result.ratings.loaded == Loaded(inserted=1)
    assert stored() == list(map(as_values, movies(2)))
    assert (TitleRating.objects.count(), quarantined()) == (0, [])


def test_titles_of_the_sites_types_become_work_the_popular_ones_first(tmp_path: Path) -> None:
    rows = [*movies(3), fields(4, titleType="tvEpisode"), fields(5, titleType="tvSeries")]
    votes = {"tt0000002": 10, "tt0000005": 3_000_000, "tt0000004": 99, "tt0000077": 5}
    ratings = write_ratings(tmp_path / "ratings.tsv.gz", votes)
    result = run(write(tmp_path / "titles.tsv", rows), ratings=str(ratings))
    assert (result.work_added, MediaLinks.objects.count()) == (4, 4)
    assert result.ratings is not None
    assert result.ratings.loaded == Loaded(inserted=3, orphans=1)
    due = Enrichment.objects.order_by("due_at", "pk")
    assert [row.pk for row in due] == ["tt0000005", "tt0000002", "tt0000001", "tt0000003"]
    assert due[3].due_at == NOON


def test_ratings_are_written_again_only_where_they_changed(tmp_path: Path) -> None:
    titles = write(tmp_path / "titles.tsv", movies(3))
    path = write_ratings(tmp_path / "ratings.tsv", {"tt0000001": 5, "tt0000002": 6})
    run(titles, ratings=str(path))
    write_ratings(path, {"tt0000001": 5, "tt0000002": 7, "tt0000003": 1})
    result = run(titles, ratings=str(path))
    assert result.ratings is not None
    assert result.ratings.loaded == Loaded(inserted=1, updated=1, unchanged=1)


def test_titles_in_place_of_ratings_are_told(tmp_path: Path) -> None:
    titles = write(tmp_path / "titles.tsv", movies(3))
    with pytest.raises(OperatorError, match=r"is IMDb's title\.basics, not title\.ratings"):
        run(titles, ratings=str(titles))
    assert Title.objects.count() == 0


def test_ratings_that_break_off_at_once_are_told_before_anything_is_written(
    tmp_path: Path,
) -> None:
    ratings = write_ratings(tmp_path / "ratings.tsv.gz", {"tt0000001": 5})
    ratings.write_bytes(ratings.read_bytes()[:20])
    with pytest.raises(OperatorError, match="breaks off after line 1"):
        run(write(tmp_path / "titles.tsv", movies(3)), ratings=str(ratings))
    assert Title.objects.count() == 0


def test_progress_tells_bytes_of_bytes_and_rows_a_second(tmp_path: Path) -> None:
    path = write(tmp_path / "titles.tsv", movies(3000))
    told, clock = Told(), FakeClock()

    class Ticking(StopAfter):
        def __bool__(self) -> bool:
            clock.sleep(0.5)
            return False

    request = ImportRequest(str(path), batch_size=1000)
    import_titles(request, stop=Ticking(0), reporter=told, clock=clock)
    kib = -(-path.stat().st_size // 1024)
    assert told.started == [(kib, "titles.tsv, KiB")]
    assert told.done == kib
    assert told.note == "3,000 rows, 2,000 rows/s"


def test_a_broken_reader_in_between_is_told_with_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = write(tmp_path / "titles.tsv", movies(40)).read_bytes()

    def pieces(source: object, size: int = 0) -> Iterator[bytes]:
        yield text[: len(text) // 2]
        raise BrokenSource("reading it failed (ReadTimeoutError)")

    monkeypatch.setattr("popflix.lib.bulk.source.Source.pieces", pieces)
    with pytest.raises(OperatorError, match=r"reading it failed .*Whole batches are kept: 10 of"):
        run(tmp_path / "titles.tsv", batch_size=10)
    assert Title.objects.count() == 10
