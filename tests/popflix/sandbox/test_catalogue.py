"""The invented titles: repeatable, mixed as promised, and hard on whoever reads them."""

from __future__ import annotations

from collections import Counter

import pytest

from popflix.sandbox.api import CatalogueApi
from popflix.sandbox.catalogue import MOST_TITLES, Catalogue, Known, Media, Title
from popflix.sandbox.entries import entries
from popflix.sandbox.expected import expected_outcome
from popflix.sandbox.imdb import HEADER, tsv_lines
from popflix.sandbox.videos import best_video, videos


def all_of(known: Known, *, titles: int = 500) -> list[Title]:
    return [title for title in Catalogue(titles, 1) if title.known is known]


def test_the_same_seed_draws_the_same_titles() -> None:
    assert list(Catalogue(120, 7)) == list(Catalogue(120, 7))
    assert list(Catalogue(120, 7)) != list(Catalogue(120, 8))


def test_a_smaller_catalogue_is_the_beginning_of_a_larger_one() -> None:
    assert list(Catalogue(60, 3)) == list(Catalogue(300, 3))[:60]


def test_the_mix_is_exact_in_every_hundred_titles() -> None:
    share = Counter(title.known for title in Catalogue(1000, 5))
    assert share == {
        Known.DIRECT: 790,
        Known.SERIES: 100,
        Known.FIND: 60,
        Known.UNKNOWN: 30,
        Known.AMBIGUOUS: 20,
    }


def test_fifty_titles_already_hold_every_kind() -> None:
    first = list(Catalogue(50, 1))
    assert {title.known for title in first} == set(Known)
    assert {title.media for title in first} == set(Media)


def test_ids_stand_in_the_bands_no_real_title_uses() -> None:
    for title in Catalogue(200, 1):
        assert title.tconst == f"tt99{title.index + 1:06d}"
        assert title.tmdb_id >= 9_000_001


def test_a_series_bears_the_number_of_another_film_as_tmdbs_spaces_overlap() -> None:
    catalogue = Catalogue(300, 1)
    films = {t.tmdb_id for t in catalogue if not t.is_series}
    series = {t.tmdb_id for t in catalogue if t.is_series}
    assert len(series) == 30
    assert films & series


def test_every_title_is_found_again_by_its_ids() -> None:
    catalogue = Catalogue(300, 1)
    for title in catalogue:
        assert catalogue.by_tconst(title.tconst) == title
        for entry in entries(title):
            look_up = catalogue.by_tv_id if entry.media_type == "tv" else catalogue.by_movie_id
            assert look_up(entry.tmdb_id) == title


@pytest.mark.parametrize("tconst", ["tt99000101", "tt99000000", "tt0111161", "tt990000001", "x"])
def test_ids_outside_the_catalogue_are_nobodys(tconst: str) -> None:
    assert Catalogue(100, 1).by_tconst(tconst) is None


def test_numbers_outside_the_catalogue_are_nobodys() -> None:
    catalogue = Catalogue(100, 1)
    for number in (-1, 0, 550, 9_000_000, 9_000_101 + 1, 19_000_500):
        assert catalogue.by_movie_id(number) is None
        assert catalogue.by_tv_id(number) is None


def test_a_number_leads_to_nothing_in_the_other_space() -> None:
    for title in all_of(Known.AMBIGUOUS):
        rival = entries(title)[1]
        other = {"movie": "tv", "tv": "movie"}[rival.media_type]
        assert getattr(Catalogue(500, 1), f"by_{other}_id")(rival.tmdb_id) is None


def test_without_direct_look_up_every_known_film_has_to_be_found() -> None:
    with_it, without = Catalogue(200, 1), Catalogue(200, 1, no_direct=True)
    assert Known.DIRECT not in {title.known for title in without}
    assert [expected_outcome(t) for t in without if t.is_series] == [
        expected_outcome(t) for t in with_it if t.is_series
    ]


def test_what_only_find_names_is_recognised_by_our_id_or_by_name_and_year() -> None:
    ids: Counter[str] = Counter()
    for title in all_of(Known.FIND):
        (entry,) = entries(title)
        ids["ours" if entry.imdb_id == title.tconst else "none"] += 1
        assert entry.imdb_id in (title.tconst, None)
        assert (entry.name, entry.year) == (title.name, title.year)
        assert title.year
    assert ids["ours"]
    assert ids["none"]


def test_neither_candidate_of_an_ambiguous_title_carries_our_id() -> None:
    forms = set()
    for title in all_of(Known.AMBIGUOUS):
        one, other = entries(title)
        assert title.tconst not in (one.imdb_id, other.imdb_id)
        agree = [(entry.name, entry.year) == (title.name, title.year) for entry in (one, other)]
        assert agree in ([True, True], [False, False])
        forms.add((one.media_type, other.media_type, agree[0]))
    assert forms == {("movie", "movie", True), ("movie", "tv", False)}


def test_strangers_ids_belong_to_no_title() -> None:
    for title in all_of(Known.AMBIGUOUS, titles=2000):
        for entry in entries(title):
            assert entry.imdb_id is None or int(entry.imdb_id[4:]) > MOST_TITLES


def test_the_best_video_beats_every_other_in_every_respect() -> None:
    seen = 0
    for title in Catalogue(200, 1):
        for entry in entries(title):
            best = best_video(entry)
            for other in videos(entry):
                if best is None or other == best:
                    continue
                seen += 1
                assert best["published_at"] > other["published_at"]
                assert best["size"] >= other["size"]
                assert (best["iso_639_1"], best["type"], best["official"]) == (
                    "en",
                    "Trailer",
                    True,
                )
    assert seen


def test_every_kind_of_outcome_is_expected_in_a_small_catalogue() -> None:
    outcomes = CatalogueApi(Catalogue(100, 1)).expected().values()
    kinds = {(outcome["status"], outcome["kind"]) for outcome in outcomes}
    assert kinds == {("SUCCESS", ""), ("FAILED", "not_found"), ("FAILED", "ambiguous")}
    good = [outcome for outcome in outcomes if outcome["status"] == "SUCCESS"]
    assert {outcome["poster_url"] is None for outcome in good} == {True, False}
    hosts = {str(o["trailer_embed_url"]).rpartition("/")[0] for o in good}
    assert hosts == {"", "https://www.youtube.com/embed", "https://player.vimeo.com/video"}
    assert all(len(str(o["candidates"])) > 2 for o in outcomes if o["kind"] == "ambiguous")


def test_youtube_keys_have_eleven_characters_and_are_all_different() -> None:
    keys = [
        video["key"]
        for title in Catalogue(500, 1)
        for entry in entries(title)
        for video in videos(entry)
        if video["site"] == "YouTube"
    ]
    assert {len(key) for key in keys} == {11}
    assert len(set(keys)) == len(keys)


def test_the_imdb_file_has_nine_columns_and_imdbs_header() -> None:
    header, *rows = tsv_lines(Catalogue(300, 1))
    assert header == HEADER + "\n"
    assert len(rows) == 300
    assert all(row.count("\t") == 8 and row.endswith("\n") for row in rows)


def test_the_imdb_file_holds_what_breaks_careless_readers() -> None:
    rows = [line.rstrip("\n").split("\t") for line in tsv_lines(Catalogue(300, 1))][1:]
    names = [row[2] for row in rows]
    assert any(name.startswith('"') and name.endswith('"') for name in names)
    assert any(name.startswith('"') and not name.endswith('"') for name in names)
    assert any(name.endswith('"') and not name.startswith('"') for name in names)
    assert any("\u4e00" <= name[0] <= "\u9fff" for name in names)
    assert any(name.startswith("+") for name in names)
    assert any("<i>" in name and "&" in name for name in names)
    assert any(row[2] != row[3] for row in rows)
    for column in (5, 6, 7, 8):
        assert any(row[column] == r"\N" for row in rows)
        assert any(row[column] != r"\N" for row in rows)
    assert {row[1] for row in rows} == {"movie", "tvMovie", "tvSeries", "tvMiniSeries"}
