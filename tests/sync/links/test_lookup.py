"""Which requests a title takes, and what they amount to."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from popflix.lib.http import BadPayload, RateLimited, Refused, Unavailable
from sync.links.decide import Answer, Failure, Kind
from sync.links.lookup import DirectLookUps, LookUp, Question
from sync.links.match import Wanted
from sync.tmdb.client import TmdbClient
from tests.sync.tmdb import invented
from tests.sync.tmdb.invented import FakeHttp

TCONST = "tt99000001"
PREFIX = "https://image.tmdb.org/t/p/w500"


class Desk:
    """A look-up over invented answers that keeps what was asked."""

    def __init__(self, answers: dict[str, Any], *, misses: int = 20, chain: str = "en") -> None:
        self.http = FakeHttp(answers)
        self.direct = DirectLookUps(misses)
        languages = tuple(chain.split(","))
        client = TmdbClient(self.http, languages)
        self.look_up = LookUp(client, self.direct, languages, PREFIX)

    def ask(self, question: Question) -> Answer | Failure:
        return self.look_up.ask(question)

    @property
    def asked(self) -> list[str]:
        return self.http.asked


def question(title_type: str = "movie", tconst: str = TCONST, **facts: Any) -> Question:
    wanted = Wanted(tconst, title_type, "The Glass Harbour", "The Glass Harbour", 2019)
    return Question(wanted, lane=3, attempts=1, **facts)


def answered(outcome: Answer | Failure) -> Answer:
    assert isinstance(outcome, Answer), outcome
    return outcome


def failed(outcome: Answer | Failure) -> Failure:
    assert isinstance(outcome, Failure), outcome
    return outcome


# --- films ------------------------------------------------------------------------------------


def test_a_movie_takes_one_request() -> None:
    desk = Desk({f"/movie/{TCONST}": invented.movie()})
    answer = answered(desk.ask(question()))
    assert (answer.media_type, answer.tmdb_id) == ("movie", 9_000_001)
    assert answer.poster.url == f"{PREFIX}/glassharbour.jpg"
    assert answer.trailer.url == "https://www.youtube.com/embed/AbCdEf12345"
    assert desk.asked == [f"/movie/{TCONST}"]


def test_a_movie_that_misses_directly_is_found() -> None:
    desk = Desk(
        {f"/find/{TCONST}": invented.find([invented.movie()]), "/movie/9000001": invented.movie()}
    )
    assert answered(desk.ask(question())).tmdb_id == 9_000_001
    assert desk.asked == [f"/movie/{TCONST}", f"/find/{TCONST}", "/movie/9000001"]


def test_a_movie_without_imdb_id_is_matched_by_title_and_year() -> None:
    desk = Desk({f"/movie/{TCONST}": invented.movie(imdb_id=None)})
    answer = answered(desk.ask(question()))
    assert answer.tmdb_id == 9_000_001
    assert answer.poster.reason.endswith("TMDB names no id; title and year agree.")


def test_another_imdb_id_of_tmdbs_is_told_and_never_taken_over() -> None:
    desk = Desk({f"/movie/{TCONST}": invented.movie(imdb_id="tt99000777")})
    answer = answered(desk.ask(question()))
    assert answer.poster.reason == (
        "TMDB's own pick for en. TMDB names tt99000777, but title and year agree."
    )


def test_a_movie_of_another_id_title_and_year_is_ambiguous_and_kept() -> None:
    other = invented.movie(
        imdb_id="tt99000777", title="Night", original_title="Night", release_date="1950-01-01"
    )
    failure = failed(Desk({f"/movie/{TCONST}": other}).ask(question()))
    assert failure.kind is Kind.AMBIGUOUS
    assert [kept["imdb_id"] for kept in failure.candidates] == ["tt99000777"]


def test_a_title_that_tmdb_does_not_know_is_not_found() -> None:
    failure = failed(Desk({f"/find/{TCONST}": invented.find()}).ask(question()))
    assert failure.kind is Kind.NOT_FOUND
    assert failure.words == f"TMDB names nothing for {TCONST}."


def test_an_episode_is_not_found_as_a_title() -> None:
    found = invented.find(episodes=[{"id": 1, "show_id": 2}])
    failure = failed(Desk({f"/find/{TCONST}": found}).ask(question("tvEpisode")))
    assert failure.kind is Kind.NOT_FOUND
    assert "an episode only" in failure.words


def test_a_found_record_that_is_gone_is_not_found() -> None:
    desk = Desk({f"/find/{TCONST}": invented.find([invented.movie()])})
    failure = failed(desk.ask(question()))
    assert failure.kind is Kind.NOT_FOUND
    assert "movie 9000001" in failure.words


def test_of_two_found_movies_the_one_with_our_id_is_taken() -> None:
    twin, ours = invented.movie(5, imdb_id="tt99000777"), invented.movie(6)
    desk = Desk(
        {f"/find/{TCONST}": invented.find([twin, ours]), "/movie/5": twin, "/movie/6": ours}
    )
    assert answered(desk.ask(question())).tmdb_id == 6


def test_two_found_movies_that_both_fit_are_ambiguous_with_both_kept() -> None:
    first, second = invented.movie(5, imdb_id=None), invented.movie(6, imdb_id=None)
    desk = Desk(
        {f"/find/{TCONST}": invented.find([first, second]), "/movie/5": first, "/movie/6": second}
    )
    failure = failed(desk.ask(question()))
    assert failure.kind is Kind.AMBIGUOUS
    assert [kept["tmdb_id"] for kept in failure.candidates] == [5, 6]


def test_a_record_of_the_other_type_is_kept_as_candidate_without_a_request() -> None:
    desk = Desk({f"/find/{TCONST}": invented.find(series=[invented.tv()])})
    failure = failed(desk.ask(question()))
    assert failure.kind is Kind.AMBIGUOUS
    assert "another type" in failure.words
    assert [kept["media_type"] for kept in failure.candidates] == ["tv"]
    assert len(desk.asked) == 2


def test_at_most_three_found_records_are_looked_into() -> None:
    movies = [invented.movie(number, imdb_id=None) for number in range(1, 6)]
    answers = {f"/movie/{movie['id']}": movie for movie in movies}
    desk = Desk({f"/find/{TCONST}": invented.find(movies), **answers})
    failure = failed(desk.ask(question()))
    assert len(desk.asked) == 5
    assert len(failure.candidates) == 5


def test_find_answering_404_is_no_fact_about_the_title() -> None:
    failure = failed(Desk({}).ask(question()))
    assert failure.kind is Kind.REJECTED
    assert "TMDB_BASE_URL" in failure.words


# --- series -----------------------------------------------------------------------------------


def test_a_series_is_found_and_then_asked_for() -> None:
    desk = Desk(
        {f"/find/{TCONST}": invented.find(series=[invented.tv()]), "/tv/9000002": invented.tv()}
    )
    answer = answered(desk.ask(question("tvMiniSeries")))
    assert (answer.media_type, answer.tmdb_id) == ("tv", 9_000_002)
    assert answer.trailer.reason == "TMDB lists no video."
    assert desk.asked == [f"/find/{TCONST}", "/tv/9000002"]


# --- rows that hold a record already ----------------------------------------------------------


def test_a_refresh_asks_by_the_record_it_holds() -> None:
    desk = Desk({"/tv/9000002": invented.tv()})
    held = question("tvSeries", known_type="tv", known_id=9_000_002)
    assert answered(desk.ask(held)).tmdb_id == 9_000_002
    assert desk.asked == ["/tv/9000002"]


@pytest.mark.parametrize(
    "now", [404, invented.movie(5, imdb_id="tt99000777", title="Night", original_title="Night")]
)
def test_a_held_record_that_is_gone_or_another_film_is_looked_up_anew(now: Any) -> None:
    desk = Desk({"/movie/5": now, f"/movie/{TCONST}": invented.movie(6)})
    assert answered(desk.ask(question(known_type="movie", known_id=5))).tmdb_id == 6


def test_a_locked_id_is_asked_for_without_a_doubt_about_the_match() -> None:
    stranger = invented.movie(5, imdb_id="tt99000777", title="Night", original_title="Night")
    desk = Desk({"/movie/5": stranger})
    assert answered(desk.ask(question(known_id=5, is_pinned=True))).tmdb_id == 5
    assert desk.asked == ["/movie/5"]


def test_a_locked_id_that_tmdb_does_not_have_is_told() -> None:
    failure = failed(Desk({}).ask(question("tvSeries", known_id=5, is_pinned=True)))
    assert failure.kind is Kind.NOT_FOUND
    assert failure.words == "TMDB has no tv 5, the id that an operator locked."


# --- pictures and videos ----------------------------------------------------------------------


def test_what_an_answer_lacks_is_a_reason_of_its_own() -> None:
    bare = invented.movie()
    del bare["poster_path"], bare["videos"]
    answer = answered(Desk({f"/movie/{TCONST}": bare}).ask(question()))
    assert answer.poster.reason == "TMDB's answer carried no poster field."
    assert answer.trailer.reason == "TMDB's answer carried no list of videos."


def test_posters_of_the_chain_are_ranked_where_they_were_asked_for() -> None:
    images = {"posters": [{"file_path": "/en.jpg", "iso_639_1": "en"}]}
    desk = Desk({f"/movie/{TCONST}": invented.movie(images=images)}, chain="de,en")
    assert answered(desk.ask(question())).poster.url == f"{PREFIX}/en.jpg"


# --- faults and retries -----------------------------------------------------------------------


def test_a_retry_repeats_only_the_request_that_failed() -> None:
    desk = Desk(
        {
            f"/find/{TCONST}": [503, invented.find([invented.movie()])],
            "/movie/9000001": [500, invented.movie()],
        }
    )
    asked = question()
    for _ in range(2):
        with pytest.raises(Unavailable):
            desk.ask(asked)
    assert answered(desk.ask(asked)).tmdb_id == 9_000_001
    assert desk.asked == [
        f"/movie/{TCONST}",
        f"/find/{TCONST}",
        f"/find/{TCONST}",
        "/movie/9000001",
        "/movie/9000001",
    ]


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Refused), (403, Refused), (429, RateLimited), (502, Unavailable)]
)
def test_errors_come_through_by_kind(status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        Desk({f"/movie/{TCONST}": status}).ask(question())


def test_a_body_of_another_form_names_its_field() -> None:
    with pytest.raises(BadPayload, match="poster_path"):
        Desk({f"/movie/{TCONST}": invented.movie(poster_path=7)}).ask(question())


# --- giving up the direct look-up -------------------------------------------------------------


def missing_movies(count: int) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for number in range(1, count + 1):
        movie = invented.movie(number, imdb_id=f"tt{number}")
        answers |= {f"/find/tt{number}": invented.find([movie]), f"/movie/{number}": movie}
    return answers


def test_after_so_many_misses_in_a_row_movies_are_looked_up_by_find() -> None:
    desk = Desk(missing_movies(4), misses=3)
    for number in range(1, 4):
        assert desk.direct.on
        assert desk.direct.note == ""
        desk.ask(question(tconst=f"tt{number}"))
    assert not desk.direct.on
    assert desk.direct.note.startswith("3 direct look-ups in a row missed movies")
    desk.ask(question(tconst="tt4"))
    assert desk.asked[-2:] == ["/find/tt4", "/movie/4"]


def test_a_direct_hit_begins_the_count_anew() -> None:
    desk = Desk(missing_movies(4) | {f"/movie/{TCONST}": invented.movie(9)}, misses=3)
    for tconst in ("tt1", "tt2", TCONST, "tt3", "tt4"):
        desk.ask(question(tconst=tconst))
    assert desk.direct.on


def test_titles_that_tmdb_does_not_know_are_no_misses() -> None:
    desk = Desk({f"/find/tt{number}": invented.find() for number in range(9)}, misses=3)
    for number in range(9):
        desk.ask(question(tconst=f"tt{number}"))
    assert desk.direct.on


def test_a_retried_title_counts_as_one_miss() -> None:
    desk = Desk(missing_movies(1), misses=2)
    desk.http.answers["/movie/1"] = [500, 500, desk.http.answers["/movie/1"]]
    asked = question(tconst="tt1")
    for _ in range(2):
        with pytest.raises(Unavailable):
            desk.ask(asked)
    desk.ask(asked)
    assert desk.direct.on


def test_misses_are_counted_across_threads() -> None:
    desk = Desk(missing_movies(40), misses=40)
    threads = [
        threading.Thread(target=desk.ask, args=[question(tconst=f"tt{number}")])
        for number in range(1, 41)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not desk.direct.on


# --- real bodies ------------------------------------------------------------------------------


@pytest.mark.recordings
def test_a_real_movie_gets_its_poster_and_official_trailer(recordings: Path) -> None:
    body = (recordings / "tmdb/bitshow_movie_419704_append_videos.json").read_bytes()
    asked = Question(Wanted("tt2935510", "movie", "Ad Astra", "Ad Astra", 2019), 3, 1)
    answer = answered(Desk({"/movie/tt2935510": body}).ask(asked))
    assert answer.tmdb_id == 419704
    assert answer.poster.url == f"{PREFIX}/xBHvZcjRiWyobQ9kxBhO6B2dtRI.jpg"
    assert (answer.trailer.url or "").startswith("https://www.youtube.com/embed/")
    assert "Trailer on YouTube in en" in answer.trailer.reason


@pytest.mark.recordings
def test_a_real_empty_find_is_not_found(recordings: Path) -> None:
    body = (recordings / "tmdb/rec_find_no_results.json").read_bytes()
    assert failed(Desk({f"/find/{TCONST}": body}).ask(question())).kind is Kind.NOT_FOUND


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("name", "status", "kind", "words"),
    [
        ("rust_invalid-api-key.json", 401, Refused, "You must be granted a valid key"),
        ("rec_find_tt1375666__tvdb_id_401.json", 401, Refused, "Invalid API key"),
        ("rec_error_429_code25_2017.json", 429, RateLimited, "over the allowed limit of 40"),
    ],
)
def test_a_real_error_body_leads_to_its_kind_and_words(
    recordings: Path, name: str, status: int, kind: type[Exception], words: str
) -> None:
    body = (recordings / "tmdb" / name).read_bytes()
    with pytest.raises(kind, match=words):
        Desk({f"/movie/{TCONST}": (status, body)}).ask(question())


@pytest.mark.parametrize(
    ("body", "status", "kind", "words"),
    [
        (invented.INVALID_KEY, 401, Refused, "You must be granted a valid key"),
        (invented.TOO_MANY, 429, RateLimited, "over the allowed limit of 40"),
    ],
)
def test_an_invented_error_body_leads_to_its_kind_and_words(
    body: Any, status: int, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        Desk({f"/movie/{TCONST}": (status, body)}).ask(question())
