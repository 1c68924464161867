"""A folder of recorded bodies, served as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from popflix.sandbox.answers import Answer
from popflix.sandbox.recordings import Recordings
from tests.popflix.sandbox.desks import ask, make_desk

FILM = {"id": 9000777, "imdb_id": "tt99000777", "title": "An\tInvented Film",
        "release_date": "1999-01-02", "unheard_of": {"key": [1]}}  # fmt: skip
SERIES = {"id": 9000778, "name": "An Invented Series", "first_air_date": ""}


def write(folder: Path, **files: Any) -> Recordings:
    for name, body in files.items():
        path = folder / (name.replace("__", "/") + ".json")
        path.parent.mkdir(exist_ok=True)
        path.write_text(body if isinstance(body, str) else json.dumps(body, indent=3))
    return Recordings(folder)


def get(recordings: Recordings, path: str) -> Answer:
    return recordings.answer(path, {})


def test_a_body_is_served_byte_for_byte_under_the_id_in_its_name(tmp_path: Path) -> None:
    recordings = write(tmp_path, rec_movie_9000777_lang_de=FILM)
    raw = (tmp_path / "rec_movie_9000777_lang_de.json").read_bytes()
    assert get(recordings, "/3/movie/9000777") == Answer(200, raw, "tt99000777")


def test_a_film_answers_to_the_imdb_id_it_carries(tmp_path: Path) -> None:
    recordings = write(tmp_path, whatever=FILM)
    assert get(recordings, "/3/movie/tt99000777").body == get(recordings, "/3/movie/9000777").body
    assert get(recordings, "/3/movie/tt99000777").status == 200


def test_a_series_answers_to_its_own_id(tmp_path: Path) -> None:
    assert get(write(tmp_path, whatever=SERIES), "/3/tv/9000778").status == 200


def test_folders_may_tell_the_request(tmp_path: Path) -> None:
    recordings = write(tmp_path, find__tt99000001={"movie_results": []}, tv__12=SERIES)
    assert json.loads(get(recordings, "/3/find/tt99000001").body) == {"movie_results": []}
    assert get(recordings, "/3/tv/12").status == 200


def test_a_name_that_ends_in_a_status_gives_that_status(tmp_path: Path) -> None:
    recordings = write(
        tmp_path, rec_movie_9000777_200=FILM, find_tt99000002_401={"status_code": 7}
    )
    assert get(recordings, "/3/movie/9000777").status == 200
    assert get(recordings, "/3/find/tt99000002").status == 401


def test_a_telling_name_outranks_the_content_of_another_file(tmp_path: Path) -> None:
    recordings = write(tmp_path, aaa=FILM, rec_movie_9000777=FILM | {"title": "Told by Name"})
    assert b"Told by Name" in get(recordings, "/3/movie/9000777").body


def test_a_recorded_body_need_not_be_json(tmp_path: Path) -> None:
    recordings = write(tmp_path, movie_9000001_502="<html>", movie_9000002="[1]")
    assert get(recordings, "/3/movie/9000001") == Answer(502, b"<html>")
    assert get(recordings, "/3/movie/9000002").body == b"[1]"


def test_what_answers_no_request_is_named(tmp_path: Path) -> None:
    recordings = write(tmp_path, movie_1=FILM, genres={"genres": []}, odd={"id": 3})
    assert recordings.skipped == ["genres.json", "odd.json"]
    assert recordings.described() == "recorded bodies (files: 1)"


def test_what_was_not_recorded_is_404_or_an_empty_find(tmp_path: Path) -> None:
    recordings = write(tmp_path, movie_1=FILM)
    assert get(recordings, "/3/movie/2").status == 404
    assert b'"movie_results":[]' in get(recordings, "/3/find/tt99000001").body


@pytest.mark.parametrize(("files", "sizes"), [({}, 7), ({"configuration_200": {"images": {}}}, 0)])
def test_a_recorded_configuration_outranks_the_built_in_one(
    tmp_path: Path, files: dict[str, Any], sizes: int
) -> None:
    body = json.loads(get(write(tmp_path, **files), "/3/configuration").body)
    assert len(body["images"].get("poster_sizes", ())) == sizes


def test_recordings_answer_for_the_key_as_well(tmp_path: Path) -> None:
    assert get(write(tmp_path, movie_1=FILM), "/3/authentication").status == 200


def test_the_imdb_file_lists_the_recorded_films_and_no_outcome_is_foretold(
    tmp_path: Path,
) -> None:
    recordings = write(tmp_path, one=FILM, two=FILM | {"imdb_id": None}, tv_1=SERIES)
    _, *rows = recordings.imdb_lines()
    assert rows == [
        "tt99000777\tmovie\tAn Invented Film\tAn Invented Film\t0\t1999\t\\N\t\\N\t\\N\n"
    ]
    assert recordings.expected() == {}


def test_recordings_are_served_under_the_same_rules(tmp_path: Path) -> None:
    desk = make_desk(write(tmp_path, rec_movie_9000777=FILM))
    assert ask(desk, "/3/movie/tt99000777").body["unheard_of"] == {"key": [1]}
    assert ask(desk, "/3/movie/tt99000777", headers={}).status == 401
    assert ask(desk, "/__sandbox__/report").body["by_title"] == {"tt99000777": 2}


@pytest.mark.recordings
def test_the_real_recordings_are_served(recordings: Path) -> None:
    real = Recordings(recordings / "tmdb")
    for path in ("/3/movie/550", "/3/movie/tt0137523", "/3/find/tt0266543", "/3/configuration"):
        assert get(real, path).status == 200
    assert get(real, "/3/find/tt1375666").status == 401
