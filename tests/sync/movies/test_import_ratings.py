"""Ratings from files of several forms; what cannot be taken goes to quarantine."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from popflix.lib.errors import OperatorError
from popflix.lib.models import QuarantinedRow
from sync.movies.models import Movie, MovieRating
from tests.sync.movies.invented import movie
from tests.sync.movies.test_import import called, put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
TCONST = "tt00000001"


@pytest.fixture(autouse=True)
def held(tmp_path: Path) -> None:
    called("import_movies", put(tmp_path / "kept", movie(1), movie(2)))


def ratings(source: str) -> dict[int, tuple[Decimal, int | None]]:
    rows = MovieRating.objects.filter(source=source)
    return {
        number: (value, votes)
        for number, value, votes in rows.values_list("movie__tmdb_id", "value", "votes")
    }


def taken(path: Path, text: str, source: str = "letterboxd", **options: Any) -> dict[str, Any]:
    path.write_text(text)
    return called("import_ratings", path, "--source", source)


def test_a_csv_by_tmdb_id_and_a_second_time_nothing(tmp_path: Path) -> None:
    rows = ("Title,TMDB ID,Rating,Votes", '"Glass, and so",1,4.25,"1,200"', "B,2,3/5,", "C,9,1,1")
    text = "\n".join(rows)
    told = taken(tmp_path / "l.csv", text)
    assert (told["rows"], told["written"], told["unknown"]) == (3, 2, 1)
    assert ratings("letterboxd") == {1: (Decimal("4.250"), 1200), 2: (Decimal("3.000"), None)}
    assert len(ratings("tmdb")) == 2  # no source blanks another
    again = taken(tmp_path / "l.csv", text)
    assert (again["written"], again["unchanged"]) == (0, 2)


def test_json_lines_by_imdb_id(tmp_path: Path) -> None:
    first = {"tconst": TCONST, "rating": "85%", "votes": None}
    text = f'{json.dumps(first)}\n{{"imdb_id": "tt00000002", "score": 40}}\n'
    assert taken(tmp_path / "r.jsonl", text, "rotten_tomatoes")["written"] == 2
    assert ratings("rotten_tomatoes") == {1: (Decimal(85), None), 2: (Decimal(40), None)}


def test_imdbs_own_file_packed(tmp_path: Path) -> None:
    path = tmp_path / "title.ratings.tsv.gz"
    rows = [
        f"{tconst}\t8.1\t2000" for tconst in (Movie.objects.get(tmdb_id=1).imdb_id, "tt7654321")
    ]
    path.write_bytes(gzip.compress("\n".join(["tconst\taverageRating\tnumVotes", *rows]).encode()))
    told = called("import_ratings", path, "--source", "imdb")
    assert (told["written"], told["unknown"]) == (1, 1)
    assert ratings("imdb") == {1: (Decimal("8.100"), 2000)}


def test_bad_rows_go_to_quarantine_with_their_reason(tmp_path: Path) -> None:
    told = taken(tmp_path / "l.csv", "tmdb_id,rating\n1,4\nx,4\n2,9\n2,\n")
    assert (told["written"], told["quarantined"]) == (1, 3)
    reasons = list(QuarantinedRow.objects.order_by("line").values_list("line", "reason"))
    assert reasons == [
        (3, "'x' is no TMDB id"),
        (4, "'9' is no rating from 0 to 5"),
        (5, "'' is no rating"),
    ]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("tmdb_id,rating\n1,4\nx,4\n")
    told = called("import_ratings", tmp_path / "l.csv", "--source", "letterboxd", "--dry-run")
    assert (told["written"], told["unchanged"], told["quarantined"]) == (0, 1, 1)
    assert not ratings("letterboxd")
    assert not QuarantinedRow.objects.exists()


def test_a_file_without_the_columns_is_told(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="has no columns for an id and a rating"):
        taken(tmp_path / "l.csv", "name,year\nHeat,1995\n")
