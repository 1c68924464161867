"""The command import_imdb: what it takes, what it prints, how it ends."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from popflix.engine.models import Run
from popflix.lib.errors import Stopped
from popflix.lib.models import QuarantinedRow
from sync.links.models import MediaLinks, Title, TitleRating
from tests.site import Site
from tests.sync.links.imdb import fields, movies, write, write_ratings

pytestmark = pytest.mark.either


def call(*arguments: str | Path) -> str:
    out = io.StringIO()
    call_command("import_imdb", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def titles(tmp_path: Path) -> Path:
    rows = [*movies(4), fields(5, titleType="short"), fields(6, startYear="?")]
    return write(tmp_path / "title.basics.tsv.gz", rows)


@pytest.mark.django_db
def test_it_says_what_came_of_the_rows(titles: Path) -> None:
    told = call(titles)
    assert "title.basics.tsv.gz: 6 rows in " in told
    assert "4 inserted, 0 updated, 0 unchanged, 1 quarantined" in told
    assert "skipped: short 1" in told
    assert "The admin lists what is in quarantine" in told
    assert "4 titles are new work for sync_tmdb." in told


@pytest.mark.django_db
def test_json_is_one_object_on_one_line(tmp_path: Path, titles: Path) -> None:
    ratings = write_ratings(tmp_path / "title.ratings.tsv", {"tt0000001": 7, "tt0000099": 1})
    (line,) = call(titles, "--ratings", ratings, "--json").splitlines()
    told = json.loads(line)
    measured = {"seconds", "rows_per_second", "way"}
    counts: dict[str, Any] = {
        "inserted": 4, "updated": 0, "unchanged": 0, "orphans": 0, "quarantined": 1
    }  # fmt: skip
    rated = told.pop("ratings")
    assert {name: value for name, value in told.items() if name not in measured} == {
        "file": "title.basics.tsv.gz", "rows": 6, **counts, "skipped": {"short": 1},
        "work_added": 4, "dry_run": False, "stopped": False, "run": Run.objects.get().pk,
    }  # fmt: skip
    assert {name: value for name, value in rated.items() if name not in measured} == {
        "file": "title.ratings.tsv", "rows": 2, **counts, "inserted": 1, "orphans": 1,
        "quarantined": 0, "skipped": {},
    }  # fmt: skip
    assert measured < set(told)
    assert TitleRating.objects.count() == 1


@pytest.mark.django_db
def test_a_dry_run_says_so_and_writes_nothing(titles: Path) -> None:
    told = call(titles, "--dry-run")
    assert "4 inserted" in told
    assert "Dry run: nothing was written." in told
    assert Title.objects.count() == QuarantinedRow.objects.count() == Run.objects.count() == 0


@pytest.mark.django_db
def test_all_takes_every_type_and_only_the_sites_types_become_work(titles: Path) -> None:
    assert json.loads(call(titles, "--types", "all", "--json"))["inserted"] == 5
    assert MediaLinks.objects.count() == 4


@pytest.mark.django_db
def test_some_types_are_taken_where_named(titles: Path) -> None:
    assert json.loads(call(titles, "--types", " short, movie ", "--json"))["inserted"] == 5


@pytest.mark.django_db
def test_standard_input_is_read_for_a_dash(titles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(titles.read_bytes())))
    told = json.loads(call("-", "--json"))
    assert (told["file"], told["inserted"]) == ("standard input", 4)
    assert Run.objects.get().params["file"] == "-"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--types", "movie,film"], "no title type: film; choose all, or some of movie, short"),
        (["--types", ","], "no title type: nothing given"),
        (["--types", "all,movie"], "no title type: all"),
        (["--ratings", "-"], "ratings cannot come from standard input"),
        (["--batch-size", "0"], "0 is no whole number from 1 to 50000"),
        (["--batch-size", "many"], "many is no whole number"),
        (["--sample", "5"], "--sample N and --out F go together"),
        (["--out", "x.tsv"], "--sample N and --out F go together"),
        (["--sample", "5", "--out", "x", "--dry-run"], "--sample takes neither"),
        (["--sample", "5", "--out", "x", "--ratings", "y"], "--sample takes neither"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_read(arguments: list[str], told: str) -> None:
    with pytest.raises(CommandError) as raised:
        call("no-such-file.tsv", *arguments)
    assert told in str(raised.value)


def test_a_sample_is_a_small_file_of_the_same_form_and_needs_no_database(
    tmp_path: Path,
) -> None:
    rows = [fields(number, titleType="short" if number % 3 else "movie") for number in range(900)]
    source = write(tmp_path / "title.basics.tsv", [*rows, ["broken"]])
    out = tmp_path / "sample.tsv"
    assert "50 of 901 rows written to" in call(source, "--sample", "50", "--out", out)
    header, *lines = out.read_text().splitlines()
    assert header == source.read_text().splitlines()[0]
    chosen = [line.split("\t") for line in lines]
    assert len(chosen) == 50
    assert all(row in rows and row[1] == "movie" for row in chosen)
    assert chosen == sorted(chosen)


def test_a_sample_is_packed_where_its_name_says_so_and_the_same_each_time(
    tmp_path: Path,
) -> None:
    source = write(tmp_path / "title.basics.tsv.gz", movies(2000))
    first, second = tmp_path / "first.tsv.gz", tmp_path / "second.tsv.gz"
    told = json.loads(call(source, "--sample", "20", "--out", first, "--json"))
    call(source, "--sample", "20", "--out", second)
    assert told == {"rows": 2000, "sampled": 20, "out": str(first), "stopped": False}
    assert first.read_bytes().startswith(b"\x1f\x8b")
    assert first.read_bytes() == second.read_bytes()


def test_a_sample_may_be_larger_than_the_file_and_take_its_place(tmp_path: Path) -> None:
    source = write(tmp_path / "title.basics.tsv", [*movies(3), fields(4, titleType="video")])
    call(source, "--sample", "10", "--out", source)
    assert len(source.read_text().splitlines()) == 4


def test_every_row_has_the_same_chance_to_be_in_a_sample(tmp_path: Path) -> None:
    """The middle of what is chosen lies in the middle of the file."""
    source = write(tmp_path / "title.basics.tsv", movies(5000))
    call(source, "--sample", "400", "--out", tmp_path / "out")
    chosen = [int(line[2:9]) for line in (tmp_path / "out").read_text().splitlines()[1:]]
    assert 2200 < sum(chosen) / len(chosen) < 2800


@pytest.mark.parametrize(
    ("name", "out", "told"),
    [
        ("cut.gz", "sample.tsv", "breaks off after line"),
        ("whole.tsv", "no-such-folder/sample.tsv", "cannot be written"),
        ("other.tsv", "sample.tsv", "is not IMDb's title.basics"),
    ],
)
def test_a_sample_that_cannot_be_made_leaves_no_file(
    tmp_path: Path, name: str, out: str, told: str
) -> None:
    source = write(tmp_path / name, movies(3000), ["x"] if name == "other.tsv" else movies(1)[0])
    if name != "other.tsv":
        source = write(tmp_path / name, movies(3000))
    if name == "cut.gz":
        source.write_bytes(source.read_bytes()[:-50])
    site = Site(tmp_path)
    ended = site.manage("import_imdb", str(source), "--sample", "5", "--out", out, expect=1)
    assert told in ended.stderr
    assert not (tmp_path / out).exists()
    assert not list(tmp_path.glob("*.part"))


def test_a_sample_that_is_stopped_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "title.basics.tsv", movies(3000))
    monkeypatch.setattr("popflix.lib.command.StopRequest.__bool__", lambda stop: True)
    monkeypatch.setattr(
        "popflix.lib.command.StopRequest.__init__",
        lambda stop: setattr(stop, "signal_number", signal.SIGINT),
    )
    with pytest.raises(Stopped, match="no sample was written"):
        call(source, "--sample", "5", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.measured
def test_errors_end_with_their_exit_codes_and_one_sentence(site: Site, tmp_path: Path) -> None:
    cut = write(tmp_path / "title.basics.tsv.gz", movies(3000))
    cut.write_bytes(cut.read_bytes()[:-100])
    ended = site.manage("import_imdb", str(cut), "--batch-size", "100", "--json", expect=1)
    told = json.loads(ended.stdout)
    assert "Whole batches are kept: 2," in told["error"]
    assert "Download it again" in told["fix"]
    assert "Traceback" not in ended.stderr
    assert site.manage("import_imdb", str(cut), "--types", "film", expect=2).stdout == ""
    whole = write(tmp_path / "title.basics.tsv.gz", movies(3000))
    again = site.json("import_imdb", str(whole))
    assert again["inserted"] + again["unchanged"] == again["work_added"] == 3000
    assert again["unchanged"] % 100 == 0


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.measured
def test_a_signal_ends_it_after_the_present_batch(
    tmp_path: Path, signal_number: signal.Signals
) -> None:
    site = Site(tmp_path)
    site.migrate()
    pipe = tmp_path / "title.basics.tsv"
    os.mkfifo(pipe)
    process = site.popen("import_imdb", str(pipe), "--batch-size", "1000", "--json")
    text = write(tmp_path / "all.tsv", movies(50_000)).read_bytes()
    database = tmp_path / "var" / "popflix.sqlite3"
    with pipe.open("wb", buffering=0) as writer:
        writer.write(text[: len(text) // 2])
        until = time.monotonic() + 60
        while count_titles(database) < 10_000 and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal_number)
        time.sleep(0.1)
        with suppress(BrokenPipeError):  # it ended before the end, as it should
            writer.write(text[len(text) // 2 :])
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal_number
    told = json.loads(out)
    assert (told["stopped"], told["work_added"]) == (True, None)
    assert "Run the same command again" in err
    kept = count_titles(database)
    assert kept == told["rows"] == told["inserted"]
    assert 10_000 <= kept < 50_000
    assert kept % 1000 == 0


def count_titles(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute('SELECT COUNT(*) FROM "TitleBasics"').fetchone()[0])
