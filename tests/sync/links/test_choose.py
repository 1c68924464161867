"""Posters and trailers are ranked, and every choice says why."""

from __future__ import annotations

import random

import pytest

from sync.links.choose import choose_poster, choose_trailer
from sync.tmdb.payloads import Poster, Video

PREFIX = "https://image.tmdb.org/t/p/w500"


def video(key: str = "AbCdEf12345", **facts: object) -> Video:
    given: dict[str, object] = {
        "site": "YouTube",
        "type": "Trailer",
        "name": "Main",
        "official": True,
        "size": 1080,
        "published_at": "2024-05-01T10:00:00.000Z",
        "language": "en",
    }
    return Video(key=key, **{**given, **facts})  # type: ignore[arg-type]


def chosen(*videos: Video, languages: tuple[str, ...] = ("en",)) -> str | None:
    return choose_trailer(videos, languages).url


def youtube(key: str) -> str:
    return f"https://www.youtube.com/embed/{key}"


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"language": "en", "official": False}, {"language": "fr", "official": True}),
        ({"language": "en"}, {"language": None}),
        ({"language": None}, {"language": "fr"}),
        ({"language": "xx"}, {"language": "fr"}),
        ({"official": True, "type": "Teaser"}, {"official": False, "type": "Trailer"}),
        ({"type": "Trailer", "published_at": "2001-01-01T00:00:00.000Z"}, {"type": "Teaser"}),
        ({"type": "Teaser"}, {"type": "Clip"}),
        ({"published_at": "2024-05-02T00:00:00.000Z", "size": 360}, {"size": 2160}),
        ({"published_at": None, "size": 1080}, {"published_at": None, "size": 720}),
    ],
)
def test_a_better_video_wins_wherever_it_stands(
    better: dict[str, object], worse: dict[str, object]
) -> None:
    good, bad = video("betterbette", **better), video("worseworsew", **worse)
    assert chosen(good, bad) == chosen(bad, good) == youtube("betterbette")


def test_the_language_chain_is_followed_in_order() -> None:
    german = video("ddddddddddd", language="de")
    english = video("eeeeeeeeeee", language="en")
    french = video("fffffffffff", language="fr")
    assert chosen(english, french, german, languages=("de-AT", "en")) == youtube("ddddddddddd")
    assert chosen(english, french, languages=("de-AT", "en")) == youtube("eeeeeeeeeee")


def test_a_trailer_in_another_language_is_taken_last_and_the_reason_says_so() -> None:
    choice = choose_trailer([video(language="ja")], ("en", "de"))
    assert choice.url is not None
    assert "in ja (none in en, de)" in choice.reason


def test_the_same_videos_in_any_order_give_the_same_trailer() -> None:
    videos = [video(f"key{number:08d}") for number in range(9)]
    random.Random(4).shuffle(videos)
    assert chosen(*videos) == chosen(*reversed(videos)) == youtube("key00000008")


def test_the_reason_names_the_evidence() -> None:
    choice = choose_trailer([video(name="Final Trailer"), video(type="Clip")], ("en",))
    assert choice.reason == (
        'Official Trailer on YouTube in en 1080p of 2024-05-01 "Final Trailer"; '
        "best of 2 by language, official, kind, date, size."
    )


def test_a_bare_old_video_is_described_without_what_it_lacks() -> None:
    bare = Video(site="YouTube", key="AbCdEf12345", type="Teaser")
    assert choose_trailer([bare], ("en",)).reason.startswith(
        "Unofficial Teaser on YouTube without language; best of 1"
    )


def test_a_vimeo_trailer_becomes_vimeos_player() -> None:
    assert chosen(video("76979871", site="Vimeo")) == "https://player.vimeo.com/video/76979871"


@pytest.mark.parametrize(
    "odd",
    [
        'x"onload="alert(1)',
        "../../evil",
        "AbCdEf12345?autoplay=1",
        "AbCdEf12345\n",
        "",
        None,
        "short",
        "k" * 21,
    ],
)
def test_a_key_of_an_odd_form_never_enters_a_url(odd: str | None) -> None:
    choice = choose_trailer([Video(site="YouTube", key=odd, type="Trailer")], ("en",))
    assert choice.url is None
    assert "with a key that YouTube would not give" in choice.reason


def test_a_vimeo_key_is_only_digits() -> None:
    assert chosen(video("7697987a", site="Vimeo")) is None


def test_nothing_usable_says_what_was_there_instead() -> None:
    choice = choose_trailer(
        [
            video(type="Featurette"),
            video(type="Featurette"),
            video(type=None),
            video(site="Dailymotion"),
            video(site=None),
        ],
        ("en",),
    )
    assert choice.url is None
    assert choice.reason == (
        "None of TMDB's 5 videos is a trailer: 2 Featurette, 1 on the unknown site Dailymotion, "
        "1 on the unknown site without name, 1 without kind."
    )


def test_no_video_and_no_list_of_videos_are_different_reasons() -> None:
    assert choose_trailer([], ("en",)).reason == "TMDB lists no video."
    assert choose_trailer(None, ("en",)).reason == "TMDB's answer carried no list of videos."


def test_tmdbs_own_poster_is_taken_with_the_configured_size() -> None:
    choice = choose_poster("/aBc-9_x.jpg", [], ("en-GB",), PREFIX)
    assert choice.url == f"{PREFIX}/aBc-9_x.jpg"
    assert choice.reason == "TMDB's own pick for en."


def test_no_poster_is_a_reason() -> None:
    assert choose_poster(None, [], ("en",), PREFIX).reason == "TMDB has no poster."


@pytest.mark.parametrize("path", ["//evil.example/x.jpg", "/../x.jpg", "/x.jpg?y", "/x.exe", "x"])
def test_a_poster_path_that_is_no_file_name_is_not_used(path: str) -> None:
    choice = choose_poster(path, [Poster(file_path=path)], ("en",), PREFIX)
    assert choice.url is None
    assert "not a file name" in choice.reason


def test_posters_are_ranked_by_language_chain_then_votes_then_size() -> None:
    posters = [
        Poster("/fr.jpg", "fr", 9.0, 2000),
        Poster("/none.jpg", None, 9.0, 2000),
        Poster("/en_small.jpg", "en", 5.0, 500),
        Poster("/en_large.jpg", "en", 5.0, 2000),
        Poster("/en_liked.jpg", "en", 6.0, 500),
        Poster("/de.jpg", "de", None, None),
    ]
    chain = ("de", "en")
    order = ["/de.jpg", "/en_liked.jpg", "/en_large.jpg", "/en_small.jpg", "/none.jpg", "/fr.jpg"]
    for expected in order:
        assert choose_poster("/own.jpg", posters, chain, PREFIX).url == PREFIX + expected
        posters = [poster for poster in posters if poster.file_path != expected]


def test_a_ranked_posters_reason_names_language_votes_and_width() -> None:
    with_text = choose_poster(None, [Poster("/p.jpg", "en", 5.5, 2000)], ("en",), PREFIX)
    without = choose_poster(None, [Poster("/p.jpg")], ("en",), PREFIX)
    assert with_text.reason.startswith("Poster in en (votes 5.5, width 2000); best of 1")
    assert without.reason.startswith("Poster without text (votes 0, width 0)")
