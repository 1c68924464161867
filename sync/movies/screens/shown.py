"""One movie as its row, its tile and its page show it."""

from __future__ import annotations

from functools import cached_property

from sync.links import pictures
from sync.links.screens.pictured import Pictured
from sync.movies.models import Movie, MovieRating
from sync.movies.screens.words import EXCLUDED


class Shown(Pictured):
    """What templates ask for; `movie` comes with its ratings where they are shown."""

    def __init__(self, movie: Movie) -> None:
        self.movie = movie

    @property
    def name(self) -> str:
        return self.movie.title or "Without a title"

    @property
    def full_name(self) -> str:
        return f"{self.name} ({self.movie.year})" if self.movie.year else self.name

    @property
    def key(self) -> str:
        return f"{self.movie.media_type} {self.movie.tmdb_id}"

    @property
    def state(self) -> str:
        return EXCLUDED if self.movie.excluded_at else self.movie.upstream_state

    @property
    def picture(self) -> str:
        return self.movie.main_poster

    @property
    def tmdb_page(self) -> str:
        return pictures.tmdb_page(self.movie.media_type, self.movie.tmdb_id)

    @property
    def imdb_page(self) -> str:
        return pictures.imdb_page(self.movie.imdb_id) if self.movie.imdb_id else ""

    @cached_property
    def ratings(self) -> list[MovieRating]:
        return sorted(self.movie.ratings.all(), key=lambda rating: rating.source)

    @property
    def rated(self) -> str:
        """In one line: whose rating of how many."""
        told = (f"{each.get_source_display()} {words}" for words, each in self.rating_rows)
        return ", ".join(told)

    @property
    def rating_rows(self) -> list[tuple[str, MovieRating]]:
        """Each with its value in words: 3.9/5."""
        return [(f"{each.value.normalize():f}/{each.scale}", each) for each in self.ratings]
