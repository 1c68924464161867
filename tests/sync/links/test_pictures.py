"""Which addresses a page shows, and in which size."""

from __future__ import annotations

import pytest

from sync.links.pictures import sized, tmdb_page, to_watch

HOST = "https://images.example.org/p"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://image.tmdb.org/t/p/w500/abc.jpg", f"{HOST}/w92/abc.jpg"),
        ("https://image.tmdb.org/t/p/original/a-b_c.png", f"{HOST}/w92/a-b_c.png"),
        (f"{HOST}/h632/abc.jpg", f"{HOST}/w92/abc.jpg"),
        ("https://image.tmdb.org/t/p/w500/../../abc.jpg", ""),
        ("https://image.tmdb.org.evil.example/t/p/w500/abc.jpg", ""),
        ("https://example.org/w500/abc.jpg", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_only_tmdbs_posters_are_shown(url: str | None, shown: str) -> None:
    assert sized(url, "w92", HOST) == shown


@pytest.mark.parametrize(
    ("player", "page"),
    [
        ("https://www.youtube.com/embed/a-b_1", "https://www.youtube.com/watch?v=a-b_1"),
        ("https://www.youtube-nocookie.com/embed/a", "https://www.youtube.com/watch?v=a"),
        ("https://player.vimeo.com/video/12", "https://vimeo.com/12"),
        ("https://example.org/trailer", "https://example.org/trailer"),
        ("", ""),
    ],
)
def test_a_trailer_is_watched_on_its_own_page(player: str, page: str) -> None:
    assert to_watch(player) == page


def test_a_record_without_a_known_type_is_looked_for_among_films() -> None:
    assert tmdb_page("", 7) == "https://www.themoviedb.org/movie/7"
