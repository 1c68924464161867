"""Movies from files: fetched into a folder, imported from it, the same as asked for directly."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from popflix.engine.models import Run
from popflix.engine.runner import execute
from popflix.engine.starting import enqueue
from popflix.lib.errors import OperatorError
from popflix.sandbox import Sandbox, running
from sync.movies.body_folder import BodyFolder
from sync.movies.excluding import exclude_movies
from sync.movies.models import Movie, MovieFetch, MovieRating, StoredPayload
from tests.sync.movies.invented import NOW, movie, tv

pytestmark = pytest.mark.django_db(transaction=True)
INSTANTS = {"id", "movie_id", "created_at", "updated_at", "fetched_at", "first_seen_at",
            "rated_at", "due_at"}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(titles=1, movies=120) as made:
        yield made


@pytest.fixture
def asked(sandbox: Sandbox) -> Iterator[Sandbox]:
    sandbox.reset()
    with tempfile.TemporaryDirectory() as var, override_settings(
        POPFLIX_VAR=Path(var), TMDB_API_KEY="invented-key", TMDB_BASE_URL=sandbox.url,
        TMDB_RATE_PER_SECOND=400.0, TMDB_RETRIES=0, POPFLIX_MAX_ATTEMPTS=1,
    ):  # fmt: skip
        yield sandbox


def called(name: str, *arguments: object, expect: int = 0) -> dict[str, Any]:
    printed, code = io.StringIO(), 0
    try:
        call_command(name, *map(str, arguments), "--json", stdout=printed, stderr=io.StringIO())
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code == expect, printed.getvalue()
    told: dict[str, Any] = json.loads(printed.getvalue())
    return told


def stored() -> dict[str, list[dict[str, Any]]]:
    """All rows but their own numbers and the instants at which they were written."""
    orders = {Movie: ("tmdb_id", "media_type"), MovieFetch: ("tmdb_id", "media_type"),
              StoredPayload: ("sha256",)}  # fmt: skip
    rows: dict[str, list[dict[str, Any]]] = {}
    for model, order in orders.items():
        found = model._default_manager.order_by(*order).values()
        rows[model.__name__] = [_steady(row) for row in found]
    ratings = MovieRating.objects.order_by("movie__tmdb_id", "movie__media_type", "source")
    rows["MovieRating"] = [_steady(dict(row)) for row in ratings.values()]
    return rows


def _steady(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in INSTANTS}


def ids_of(sandbox: Sandbox, count: int) -> list[int]:
    return sorted(sandbox.expected_movies())[:count]


def put(folder: Path, *records: dict[str, Any], media_type: str = "movie") -> Path:
    with BodyFolder(folder) as into:
        for record in records:
            body = json.dumps(record).encode()
            into.write(media_type, record["id"], body, fetched_at=NOW)
    return folder


@pytest.mark.both_databases
def test_fetching_into_files_and_importing_them_equals_importing_by_the_ids(
    asked: Sandbox, tmp_path: Path
) -> None:
    fetched = called("fetch_movies", *ids_of(asked, 110), "--into", tmp_path / "kept")
    ids = [number for number in ids_of(asked, 110) if number not in fetched["gone"]]
    assert fetched["written"] == len(ids)
    imported = called("import_movies", tmp_path / "kept")
    from_files = stored()
    for model in (MovieRating, MovieFetch, Movie, StoredPayload):
        model._default_manager.all().delete()
    assert called("import_movies", "--tmdb-id", *ids)["fetched"] == len(ids)
    assert from_files == stored()
    merged = len(ids) - Movie.objects.count()  # two ids that lead to one record
    assert merged
    assert imported["inserted"] == len(ids) - merged
    assert MovieFetch.objects.count() == len(ids)


@pytest.mark.both_databases
def test_every_form_of_files_films_and_series_among_them_stores_the_same_rows(
    asked: Sandbox, tmp_path: Path
) -> None:
    kept, plain = tmp_path / "kept", tmp_path / "plain"
    ids = {
        kind: sorted(
            number
            for number, each in asked.expected_movies(kind).items()
            if each["state"] == "live"
        )[:6]
        for kind in ("movie", "tv")
    }
    for kind, wanted in ids.items():
        called("import_movies", "--tmdb-id", *wanted, "--media-type", kind)
        called("fetch_movies", *wanted, "--media-type", kind, "--into", kept)
    direct = stored()
    assert {row["media_type"] for row in direct["Movie"]} == {"movie", "tv"}
    plain.mkdir()
    for number, body in enumerate(sorted((kept / "bodies").rglob("*.json"))):
        shutil.copy(body, plain / f"{number}.json")
    packed = [
        shutil.make_archive(str(tmp_path / each.name), "zip", each) for each in (kept, plain)
    ]
    for source in (kept, plain, *packed):
        for model in (MovieRating, MovieFetch, Movie, StoredPayload):
            model._default_manager.all().delete()
        told = called("import_movies", source)
        assert (told["inserted"], told["damaged"]) == (12, 0), source
        assert stored() == direct, source


def test_what_is_in_the_folder_is_not_asked_for_again(asked: Sandbox, tmp_path: Path) -> None:
    ids = ids_of(asked, 6)
    called("fetch_movies", *ids[:4], "--into", tmp_path)
    body = next((tmp_path / "bodies").rglob("*.json"))
    body.write_bytes(b"x" * body.stat().st_size)  # as long as it was, and another
    told = called("fetch_movies", *ids, "--into", tmp_path)
    assert (told["held"], told["written"], told["requests"]) == (3, 3, 3)
    assert called("fetch_movies", *ids, "--into", tmp_path, "--dry-run")["held"] == 6
    assert called("import_movies", tmp_path)["inserted"] == 6


def test_ids_come_from_a_file_too_and_unknown_ones_are_named(
    asked: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "ids").write_text(f"# wanted\n{ids_of(asked, 1)[0]}\n\n7\n")
    told = called("fetch_movies", "--ids-file", tmp_path / "ids", "--into", tmp_path / "kept")
    assert (told["written"], told["gone"]) == (1, [7])
    (tmp_path / "ids").write_text("603\nThe Matrix\n")
    with pytest.raises(OperatorError, match=r"'The Matrix' \(line 2 of ids\) is no id"):
        called("fetch_movies", "--ids-file", tmp_path / "ids", "--into", tmp_path / "kept")


@pytest.mark.both_databases
def test_a_damaged_file_is_named_and_skipped(tmp_path: Path) -> None:
    folder = put(tmp_path / "kept", movie(1), movie(2), movie(3))
    bodies = sorted((folder / "bodies").rglob("*.json"))
    bodies[0].write_bytes(bodies[0].read_bytes()[:-5])
    told = called("import_movies", folder)
    assert (told["read"], told["inserted"], told["damaged"]) == (3, 2, 1)
    assert told["named"][0]["name"].endswith(bodies[0].name)
    assert "is not what the manifest says of it" in told["named"][0]["why"]
    assert Movie.objects.count() == 2


def test_a_plain_folder_and_a_zip_of_bodies_are_imported_films_and_series_told_apart(
    tmp_path: Path,
) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.json").write_text(json.dumps(movie(5)))
    (plain / "b.json").write_text(json.dumps(tv(6)))
    (plain / "c.json").write_text("[1, 2]")
    told = called("import_movies", plain)
    assert (told["inserted"], told["damaged"]) == (2, 1)
    assert set(Movie.objects.values_list("media_type", "tmdb_id")) == {("movie", 5), ("tv", 6)}
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", plain)
    again = called("import_movies", packed)
    assert (again["inserted"], again["unchanged"]) == (0, 2)


def test_a_dry_run_counts_the_same_and_writes_nothing(tmp_path: Path) -> None:
    folder = put(tmp_path / "kept", movie(1), movie(2))
    planned = called("import_movies", folder, "--dry-run")
    assert (planned["inserted"], planned["run"], planned["dry_run"]) == (2, None, True)
    assert not Movie.objects.exists()
    assert not Run.objects.exists()
    called("import_movies", folder)
    put(folder, movie(2, title="Another Harbour"))
    planned = called("import_movies", folder, "--dry-run")
    assert (planned["updated"], planned["unchanged"]) == (1, 1)


def test_an_older_file_changes_nothing_and_an_excluded_movie_stays_out(tmp_path: Path) -> None:
    folder = put(tmp_path / "kept", movie(1), movie(2))
    called("import_movies", folder)
    Movie.objects.filter(tmdb_id=1).update(fetched_at=NOW.replace(year=2027), title="Newer")
    exclude_movies([("movie", 2)], by="ada", why="not ours", now=NOW)
    put(folder, movie(2, title="Another Harbour"))
    told = called("import_movies", folder)
    assert (told["older"], told["excluded"]) == (1, 1)
    assert Movie.objects.get(tmdb_id=1).title == "Newer"


def test_the_queue_imports_too(tmp_path: Path) -> None:
    folder = put(tmp_path / "kept", *map(movie, range(1, 8)))
    run = enqueue("import-movies", {"path": str(folder)}, trigger="test")
    assert execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.done_count, run.total_count) == ("completed", 7, 7)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "An import is of a folder or a ZIP, or of ids."),
        ({"path": "/a", "tmdb_ids": [1]}, "An import is of a folder or a ZIP, or of ids."),
        ({"path": "kept"}, "path is kept, which leads nowhere"),
        ({"path": "/a", "media_type": "book"}, "media_type is book."),
        ({"tmdb_ids": [0]}, "'0' is no id of TMDB's."),
        ({"folder": "/a"}, "There is no parameter folder."),
    ],
)
def test_parameters_are_checked_at_the_door(params: dict[str, object], told: str) -> None:
    with pytest.raises(OperatorError) as raised:
        enqueue("import-movies", params, trigger="test")
    assert told in str(raised.value)
