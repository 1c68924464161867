"""The invented cinema programme: a feed of the true shape, and how it differs by its edition.

Days follow from the seed and their date alone, so a feed that is read tomorrow has dropped today
and goes on with the same days. Each edition after the first has a day more, takes films off,
moves some, calls one film otherwise, and shows the pictures of one cinema from another host.
Times are the wall clock of the cinemas, mislabelled Z, as in the feed that this is modelled on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import Any

from popflix.sandbox.shows_words import CINEMA_NAMES, GENRES, RATINGS, SCREENS, VERSIONS
from popflix.sandbox.words import ADJECTIVES, NOUNS

Json = dict[str, Any]
SCREENS_A_CINEMA = 4
FIRST_CINEMA, FIRST_FILM = 9001, 90101
_FILMS = 24
_SHOWS_A_DAY = 22  # of one cinema, about
_OPENS, _LAST_START = 9 * 60, 22 * 60 + 50
_HOST, _NEW_HOST = "https://images_new.example", "https://pictures.example"
_RETITLED_AS = " (RE-RELEASE)"
# Shares of all shows.
_CANCELLED, _MOVED = 0.02, 0.04
_TWICE, _SUPERSEDED, _SPACED = 0.013, 0.03, 0.004


@dataclass(frozen=True, slots=True)
class Film:
    """One film in one version; of the same film each version has an id of its own."""

    number: int
    title: str
    format: str
    rating: str
    length: int
    genre: str


@dataclass(frozen=True, slots=True)
class Show:
    """One show as a person would tell it; `minute` is of the day, of the wall clock."""

    cinema: int
    screen: int
    day: dt.date
    number: int  # on this screen that day
    minute: int
    film: Film

    @property
    def name(self) -> str:
        """The same in every edition."""
        return f"{self.cinema} {self.screen} {self.day} {self.number}"


@dataclass(frozen=True)
class Programme:
    """`shows` is about how many the first edition lists; whole days are listed."""

    seed: int = 1
    cinemas: int = 8
    shows: int = 500

    @property
    def days(self) -> int:
        return max(1, round(self.shows / (self.cinemas * _SHOWS_A_DAY)))

    def rows(self, edition: int, first: dt.date) -> list[Json]:
        """The rows of the feed in its order; some keys stand there twice, as in the real one."""
        found, late = [], []
        for show in self._shows(edition, first):
            rows = self._rows(show, edition)
            found += rows[:1]
            late += rows[1:]
        return found + late

    def _shows(self, edition: int, first: dt.date) -> Iterator[Show]:
        for offset in range(self.days + edition - 1):
            for cinema in range(self.cinemas):
                for screen in range(SCREENS_A_CINEMA):
                    day = first + dt.timedelta(offset)
                    for show in self._of_screen(cinema, screen, day):
                        if changed := self._edited(show, edition):
                            yield changed

    def _of_screen(self, cinema: int, screen: int, day: dt.date) -> Iterator[Show]:
        lots = Random(f"{self.seed} {cinema} {screen} {day}")
        minute, number = _OPENS + 5 * lots.randrange(12), 0
        while minute <= _LAST_START:
            film = _film(lots.randrange(_FILMS), lots.randrange(3))
            yield Show(cinema, screen, day, number, minute, film)
            minute += -(-(film.length + lots.randrange(15, 35)) // 5) * 5
            number += 1

    def _edited(self, show: Show, edition: int) -> Show | None:
        """What later editions made of it; None where it was taken off."""
        minute = show.minute
        for number in range(2, edition + 1):
            lot = self._lot(f"edition {number}", show.name)
            if lot < _CANCELLED:
                return None
            if lot < _CANCELLED + _MOVED:
                minute += 10
        return Show(show.cinema, show.screen, show.day, show.number, minute, show.film)

    # --- rows -----------------------------------------------------------------------------

    def _rows(self, show: Show, edition: int) -> list[Json]:
        """The row, and one that belongs at the end of the feed where there is such."""
        row = self._row(show, edition)
        lot = self._lot("oddity", show.name)
        if lot < _TWICE:  # superseded first, and there again at the end
            return [{**row, "is_active": "N"}, row]
        if lot < _TWICE + _SUPERSEDED:
            other = _film((show.film.number + 7) % _FILMS, 0)
            return [row, {**row, **self._of_film(other, show, edition), "is_active": "N"}]
        if lot < _TWICE + _SUPERSEDED + _SPACED:
            return [{**row, "screen_name": f"{row['screen_name']} "}]
        return [row]

    def _row(self, show: Show, edition: int) -> Json:
        midnight = dt.datetime.combine(show.day, dt.time())
        begins = midnight + dt.timedelta(minutes=show.minute)
        name = _cinema_name(show.cinema)
        if self._lot("name", show.name) < 0.02:
            name = f"{name.replace(' ', chr(0xA0), 1)} "
        spelling = SCREENS[show.cinema % len(SCREENS)]
        told = {
            "movie_showTime": f"{begins:%Y-%m-%dT%H:%M:%S}.000Z",
            "screen_name": spelling.format(show.screen + 1),
            "is_active": "Y",
            "cinema_name": name,
            "cinema_id": FIRST_CINEMA + show.cinema,
        }
        return {**dict.fromkeys(_KEYS), **told, **self._of_film(show.film, show, edition)}

    def _of_film(self, film: Film, show: Show, edition: int) -> Json:
        number = FIRST_FILM + film.number
        host = _HOST
        if any(show.cinema == self._cinema_of(each) for each in range(2, edition + 1)):
            host = _NEW_HOST
        title = film.title
        if any(film.number == self._film_of(each) for each in range(2, edition + 1)):
            title += _RETITLED_AS
        file = f"{number}-{film.title}.jpg.jpg"
        address = f"{host}/uploads/movies/{file}"
        return {
            "movie_ID": f"HO{90_000_000 + film.number}",
            "movie_title": title,
            "movie_rating": film.rating,
            "movie_length": film.length,
            "movie_format": film.format,
            "movie_genere": film.genre,
            "movie_id": number,
            "HOFilmCode_id": f"FM99{film.number:04}",
            "FilmNameUrl": f"{film.title}.jpg",
            "image_url_1": file,
            "image_url_2": f"{number}-poster.jpg",
            "movie_image": address,
            "movie_poster_image": address,
            "movie_image_new": address,
        }

    def _cinema_of(self, edition: int) -> int:
        """Whose pictures come from another host since that edition."""
        return (self.seed + edition) % self.cinemas

    def _film_of(self, edition: int) -> int:
        """Which film in one version is called otherwise since that edition."""
        return (self.seed * 5 + edition) % _FILMS * len(VERSIONS)

    def _lot(self, of: str, name: str) -> float:
        drawn = blake2b(f"{self.seed} {of} {name}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn, "big") / 2**64


_KEYS = (
    "movie_showTime", "screen_name", "is_active", "movie_ID", "movie_title", "movie_rating",
    "movie_length", "movie_cast_new", "image_url_1", "image_url_2", "image_url_3", "movie_cast",
    "movie_format", "cinema_name", "cinema_id", "movie_genere", "movie_id", "HOFilmCode_id",
    "FilmNameUrl", "movie_image", "movie_poster_image", "movie_image_new",
)  # fmt: skip


@lru_cache(maxsize=1024)
def _film(which: int, version: int) -> Film:
    """The version by its place among those of the film, whose first one is the commonest."""
    kind = (which + version * 3) % len(VERSIONS) if version else 0
    suffix, format_ = VERSIONS[kind]
    title = f"THE {ADJECTIVES[which]} {NOUNS[which]}".upper()
    return Film(
        which * len(VERSIONS) + kind, f"{title}{suffix}", format_, RATINGS[which % len(RATINGS)],
        91 + which * 29 % 90, GENRES[which % len(GENRES)],
    )  # fmt: skip


def _cinema_name(cinema: int) -> str:
    again, which = divmod(cinema, len(CINEMA_NAMES))
    return CINEMA_NAMES[which] + (f" {again + 1}" if again else "")
