"""Providers that publish a list: from files, and from a real site on loopback."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from popflix.lib import redact
from popflix.lib.errors import OperatorError
from popflix.lib.http import RateLimited, Unavailable
from popflix.lib.limiter import Limiter, Parked, build_limiter
from sync.availability import list_checker
from sync.availability.list_checker import ListChecker
from sync.availability.types import Target
from tests.popflix.lib import pages
from tests.popflix.lib.clocks import NOON, FakeClock
from tests.popflix.lib.pages import Handler, Pages, says
from tests.sync.availability.configs import LIST, config

KEY = "5be81fd2a07c4496"
Make = Callable[..., ListChecker]


@pytest.fixture(scope="module")
def running() -> Iterator[Pages]:
    with pages.running() as made:
        yield made


@pytest.fixture
def site(running: Pages) -> Pages:
    running.forget()
    return running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def limiter() -> Limiter:
    return build_limiter("ids", 10_000, backend="memory")


@pytest.fixture
def make(clock: FakeClock, limiter: Limiter, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setattr(redact, "_known", ())
    made: list[ListChecker] = []

    def checker(template: str) -> ListChecker:
        made.append(ListChecker(config(LIST, template=template), limiter, clock))
        return made[-1]

    yield checker
    for each in made:
        each.close()


def body(*items: Any, pages: int | None = None) -> bytes:
    whole = list(items) if pages is None else {"result": list(items), "pages": pages}
    return json.dumps(whole).encode()


def says_of(checker: ListChecker, tmdb_id: int, imdb_id: str = "") -> tuple[str, str]:
    judged = checker.check(Target("movie", tmdb_id, imdb_id), 3).overall
    return judged.found.value, judged.rule


def mistake(checker: ListChecker) -> str:
    """After which nothing is checked."""
    with pytest.raises(OperatorError) as caught:
        checker.begin()
    with pytest.raises(RuntimeError):
        checker.check(Target("movie", 1), 3)
    assert caught.value.cure
    return caught.value.cause


def test_what_is_in_a_file_is_available_and_all_else_is_not(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "ids.json"
    path.write_bytes(body(1, {"tmdb_id": 2, "imdb_id": "tt22"}))
    checker = make(str(path))
    checker.begin()
    assert says_of(checker, 1) == ("available", "in the list")
    assert says_of(checker, 9, "tt0000022") == ("available", "in the list")
    assert says_of(checker, 3) == ("unavailable", "not in the list")
    checked = checker.check(Target("movie", 1), 3)
    assert (checked.at, checked.was_sent, checked.overall.final_host) == (NOON, False, "")
    assert checked.overall.words == "one of 2 titles in the list"
    assert checker.request_count == 0


def test_what_is_missing_may_be_the_item_that_cannot_be_read(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "ids.json"
    path.write_bytes(body(*range(1, 12), "13 (new)"))
    checker = make(str(path))
    checker.begin()
    assert says_of(checker, 11) == ("available", "in the list")
    assert says_of(checker, 13) == ("unknown", "unreadable items")
    words = checker.check(Target("movie", 13), 3).overall.words
    assert words.startswith("1 of 12 items cannot be read, the first is item 12")


def test_a_title_whose_imdb_id_is_not_known_may_be_in_a_list_of_imdb_ids(
    make: Make, tmp_path: Path
) -> None:
    path = tmp_path / "ids.json"
    path.write_bytes(body("tt22", 1))
    checker = make(str(path))
    checker.begin()
    assert says_of(checker, 3) == ("unknown", "no imdb_id")
    assert says_of(checker, 3, "tt0000023") == ("unavailable", "not in the list")
    assert says_of(checker, 1) == ("available", "in the list")


def test_files_may_be_pages(make: Make, tmp_path: Path) -> None:
    for number, ids in enumerate(([1], [2], []), 1):
        (tmp_path / f"page-{number}.json").write_bytes(body(*ids))
    checker = make(str(tmp_path / "page-{page}.json"))
    checker.begin()
    assert says_of(checker, 2)[0] == "available"


def test_a_list_of_so_many_pages_is_read_whole(site: Pages, make: Make) -> None:
    for number in (1, 2, 3):
        site.pages[f"/page-{number}.json"] = says(200, body(number, pages=3))
    checker, signs = make(f"{site.base}/page-{{page}}.json"), []
    checker.begin(lambda: signs.append(1))  # says None: go on
    assert [says_of(checker, at)[0] for at in (1, 2, 3, 4)] == ["available"] * 3 + ["unavailable"]
    assert checker.check(Target("movie", 4), 3).overall.final_host == "127.0.0.1"
    assert checker.request_count == len(signs) == 3


def test_a_list_that_does_not_say_ends_with_an_empty_page(site: Pages, make: Make) -> None:
    site.pages |= {"/l?p=1": says(200, body(1)), "/l?p=2": says(200, body(2)),
                   "/l?p=3": says(200, body())}  # fmt: skip
    checker = make(f"{site.base}/l?p={{page}}")
    checker.begin()
    assert says_of(checker, 2)[0] == "available"
    assert len(site.asked) == 3


def test_a_list_that_grows_while_it_is_read_is_read_to_its_new_end(
    site: Pages, make: Make
) -> None:
    for number, told in ((1, 2), (2, 3), (3, 2)):
        site.pages[f"/{number}"] = says(200, body(number, pages=told))
    checker = make(f"{site.base}/{{page}}")
    checker.begin()
    assert says_of(checker, 3)[0] == "available"
    assert len(site.asked) == 3


def test_a_stop_ends_the_reading_and_nothing_is_checked(site: Pages, make: Make) -> None:
    site.pages["*"] = says(200, body(1, pages=9))
    checker = make(f"{site.base}/{{page}}")
    checker.begin(lambda: len(site.asked) == 2)
    assert len(site.asked) == 2
    with pytest.raises(RuntimeError):
        checker.check(Target("movie", 1), 3)


def test_without_a_page_in_the_template_one_page_is_read(site: Pages, make: Make) -> None:
    site.pages |= {"/one": says(200, body(1, pages=1)), "/three": says(200, body(1, pages=3))}
    make(f"{site.base}/one").begin()
    assert "tells of 3 pages, and its template has no {page}" in mistake(
        make(f"{site.base}/three")
    )


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (says(404), "cannot be had: page 2: ids answered 404"),
        (says(403, b"no"), "cannot be had: page 2: ids answered 403"),
        (says(302, b"", Location="/"), "cannot be had: page 2: ids answered 302"),
        (says(200, body(pages=3)), "ids is empty on page 2 of 3"),
        (says(200, b'{"result":[2],"pages":"x"}'), 'ids on page 2 has "pages" that is no number'),
        (says(200, b'{"error":"busy"}'), "ids on page 2 is neither an array nor an object"),
    ],
    ids=["not there", "refused", "elsewhere", "empty", "another form", "an error"],
)
def test_of_a_list_with_a_hole_nothing_is_believed(
    site: Pages, make: Make, second: pages.Play, words: str
) -> None:
    site.pages |= {"/1": says(200, body(1, pages=3)), "/2": second,
                   "/3": says(200, body(3, pages=3))}  # fmt: skip
    assert words in mistake(make(f"{site.base}/{{page}}"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [(body(), "names no title at all"), (body("x", "y"), "has 2 items of 2 without an id")],
    ids=["empty", "not ids"],
)
def test_an_empty_or_odd_list_says_nothing_of_any_title(
    site: Pages, make: Make, answer: bytes, words: str
) -> None:
    site.pages["/ids"] = says(200, answer)
    assert words in mistake(make(f"{site.base}/ids"))


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "cannot be read (No such file or directory)"), ("[1,", "is no whole JSON")],
    ids=["missing", "cut"],
)
def test_a_file_that_cannot_be_read_is_told(
    make: Make, tmp_path: Path, text: str | None, words: str
) -> None:
    path = tmp_path / "ids.json"
    if text is not None:
        path.write_text(text)
    assert words in mistake(make(str(path)))


def test_a_file_that_is_far_too_large_is_not_read(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "ids.json"
    with path.open("wb") as file:
        file.truncate(64_000_001)
    assert "is larger than 64 MB" in mistake(make(str(path)))


def test_a_list_without_end_is_left(
    site: Pages, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_checker, "MOST_PAGES", 5)
    site.pages["*"] = says(200, body(1))
    assert "comes to no end within 5 pages" in mistake(make(f"{site.base}/{{page}}"))
    assert len(site.asked) == 5


def test_a_page_is_asked_for_again_after_a_passing_fault(
    site: Pages, make: Make, clock: FakeClock
) -> None:
    def at_the_third_time(page: Handler) -> None:
        page.page(503) if len(site.asked) < 3 else page.page(200, body(1))

    site.pages["/ids"] = at_the_third_time
    checker = make(f"{site.base}/ids")
    checker.begin()
    assert says_of(checker, 1)[0] == "available"
    assert len(clock.slept) == 2


@pytest.mark.parametrize("answer", [says(503), says(200, b"[1,2")], ids=["fault", "cut"])
def test_a_fault_that_stays_is_left_to_the_run(
    site: Pages, make: Make, answer: pages.Play
) -> None:
    site.pages["/ids"] = answer
    checker = make(f"{site.base}/ids")
    with pytest.raises(Unavailable):
        checker.begin()
    assert len(site.asked) == 4
    with pytest.raises(RuntimeError):
        checker.check(Target("movie", 1), 3)


def test_a_429_makes_the_run_wait(site: Pages, make: Make) -> None:
    site.pages["/ids"] = says(429, Retry_After="200")
    with pytest.raises((Parked, RateLimited)):
        make(f"{site.base}/ids").begin()
    assert len(site.asked) == 1


def test_what_was_read_before_is_not_held_when_reading_again_fails(
    make: Make, tmp_path: Path
) -> None:
    path = tmp_path / "ids.json"
    path.write_bytes(body(1))
    checker = make(str(path))
    checker.begin()
    path.write_bytes(b"[]")
    assert "names no title" in mistake(checker)


def test_a_key_in_the_template_is_sent_and_shows_nowhere(
    site: Pages, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="popflix")
    checker = make(f"{site.base}/ids?type=movies&key={KEY}")
    told = mistake(checker)
    assert site.asked == [("GET", f"/ids?type=movies&key={KEY}")]
    assert KEY not in told + caplog.text
    assert redact.redact("movies") == "movies"
