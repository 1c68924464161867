"""An invented chain of 81 cinemas on one day, with the shape and the oddities of a real feed.

Few films with most of the shows, a film under several numbers, odd spellings of screens, rows
that were superseded, keys that come twice. Always the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

CINEMAS = 81
FILMS = 103
TWICE, ALIKE = 27, 2  # keys whose second row says active, and rows that come whole again
_SCREENS = ("AUDI {}", "AUDI 0{}", "AUDI{}", "Audi {}", "SCREEN {}", "Screen0{}")
_WORDS = ("HARBOUR", "LANTERN", "MONSOON", "ORCHARD", "PAPER", "RIVER", "SALT", "TIN")
_LANGUAGES = ("(HINDI)", "(TELUGU)", "(3D-4DX)(HINDI)", "(English)", "WITH ENG SUB")
_GENRES = ("Action", "Action", "Action", "Comedy", "Drama", "Horror")
_RATINGS = ("U/A 13+", "U/A 13+", "U/A 13+", "A", "U", "U/A 16+")
Show = dict[str, Any]


def programme() -> list[Show]:
    chance = random.Random(1896)
    films = [_film(chance, number) for number in range(FILMS)]
    shows = [
        show for number in range(CINEMAS) for show in _of_cinema(chance, 1001 + number, films)
    ]
    taken = {(show["cinema_id"], show["screen_name"], show["movie_showTime"]) for show in shows}
    assert len(taken) == len(shows), "no screen has two active shows at once"
    superseded = [_superseded(chance, show, films) for show in chance.sample(shows, 350)]
    twice = [{**show, "is_active": "N"} for show in chance.sample(shows, TWICE)]
    alike = [dict(show) for show in chance.sample(shows, ALIKE)]
    return [*superseded, *twice, *shows, *alike]


def _film(chance: random.Random, number: int) -> Show:
    title = f"{chance.choice(_WORDS)} {chance.randrange(1, 9)} {chance.choice(_LANGUAGES)}"
    picture = f"https://images_new.example/uploads/17688858{number:02}-{title}.jpg.jpg"
    return {
        "movie_ID": f"HO{number * 190 + 945:08}",
        "movie_title": title,
        "movie_rating": chance.choice(_RATINGS),
        "movie_length": chance.randrange(91, 211),
        "movie_format": "3D" if "3D" in title else "2D",
        "movie_genere": chance.choice(_GENRES),
        "movie_id": 11000 + number,
        "HOFilmCode_id": f"FM{number:08}",
        "movie_image": picture,
        "movie_poster_image": picture,
        "movie_image_new": picture,
        **dict.fromkeys(("movie_cast", "movie_cast_new", "image_url_2", "image_url_3")),
    }


def _of_cinema(chance: random.Random, cinema_id: int, films: list[Show]) -> Iterator[Show]:
    """Screen after screen, each with a show after the other."""
    shown = films[: chance.randrange(1, 8)] + chance.sample(films[8:], chance.randrange(12))
    weights = [1 / (1 + place) for place in range(len(shown))]
    spelling = chance.choice(_SCREENS)
    name = f"Kinoré {cinema_id}" + chance.choice(["", "", "\xa0", " "])
    for screen in range(1, chance.randrange(3, 9)):
        minute = chance.randrange(510, 640, 5)  # since midnight
        while minute < 23 * 60 + 30:
            [film] = chance.choices(shown, weights)
            edge = " " if chance.random() < 0.003 else ""
            yield {
                "movie_showTime": f"2026-01-28T{minute // 60:02}:{minute % 60:02}:00.000Z",
                "screen_name": spelling.format(screen) + edge,
                "is_active": "Y",
                "cinema_name": name,
                "cinema_id": cinema_id,
                **film,
            }
            minute += (film["movie_length"] + chance.randrange(15, 30)) // 5 * 5 + 5


def _superseded(chance: random.Random, show: Show, films: list[Show]) -> Show:
    """Another film was to be shown there and then."""
    other = chance.choice([film for film in films if film["movie_ID"] != show["movie_ID"]])
    return {**show, **other, "is_active": "N"}
