"""Filters and search of the list of movies, each by an index, at millions of rows."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst

from popflix.lib.admin import key_prefix
from popflix.lib.filters import FixedFilter
from sync.links.tconst import parse_tconst
from sync.movies.models import MediaType, Movie, MovieRating, RatingSource, UpstreamState

MOST_FOUND = 1000
_FEW = 10_000  # rows that are sorted in milliseconds
_RECENT_YEARS = 12
_MOST_DIGITS = 9
_YEARS = range(1870, 2200)
_GAPS = {
    "poster": ("No poster", Q(poster_path="")),
    "date": ("No date", Q(year=None)),  # which has no year either, and the year has an index
    "imdb": ("No IMDb id", Q(imdb_id="")),
}


class TypeFilter(FixedFilter):
    title, parameter_name = "type", "media_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in MediaType.choices]


class StateFilter(FixedFilter):
    title, parameter_name = "upstream", "upstream_state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in UpstreamState.choices]


class YearFilter(FixedFilter):
    """The last years, and any other that the address names: ?year=1962."""

    title, parameter_name = "year", "year"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        last = timezone.now().year + 1
        years = [str(last - back) for back in range(_RECENT_YEARS)]
        named = request.GET.get("year", "")
        is_other = named.isascii() and named.isdigit() and len(named) == 4 and named not in years
        return [(each, each) for each in [*years, *([named] if is_other else [])]]


class RatingFilter(FixedFilter):
    title, parameter_name = "ratings", "rated"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        both = (("", "{}"), ("no-", "no {}"))
        return [
            (f"{sign}{source}", words.format(label))
            for sign, words in both
            for source, label in RatingSource.choices
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        if chosen not in {value for value, _ in self.lookup_choices}:
            return queryset
        source = chosen.removeprefix("no-")
        rated = Exists(MovieRating.objects.filter(movie=OuterRef("pk"), source=source))
        return queryset.filter(~rated if chosen.startswith("no-") else rated)


class GapFilter(FixedFilter):
    title, parameter_name = "incomplete", "without"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in _GAPS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        return queryset.filter(_GAPS[chosen][1]) if chosen in _GAPS else queryset


class ExcludedFilter(FixedFilter):
    """What is excluded is hidden unless it is asked for."""

    title, parameter_name = "excluded", "excluded"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Excluded alone"), ("all", "Both")]

    def choices(self, changelist: Any) -> Any:
        """Without a choice it is not all that is shown."""
        for each in super().choices(changelist):
            is_default = each["query_string"] == changelist.get_query_string(
                remove=[self.parameter_name]
            )
            yield {**each, "display": "Not excluded"} if is_default else each

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(excluded_at__isnull=self.value() != "yes")


FILTERS = (TypeFilter, StateFilter, YearFilter, RatingFilter, GapFilter, ExcludedFilter)


def found(request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
    """The movies that the search means; says so where there are more of them."""
    term = term.strip()
    if not term:
        return rows
    keys = list(Movie.objects.filter(meant(term)).order_by().values_list("pk", flat=True)[
        : MOST_FOUND + 1
    ])  # fmt: skip
    if len(keys) > MOST_FOUND and request.method == "GET":
        messages.info(
            request, f"More than {MOST_FOUND:,} movies are meant; {MOST_FOUND:,} of them are "
            "shown. Write more of the title.",
        )  # fmt: skip
    return rows.filter(pk__in=keys[:MOST_FOUND])


def popular_first(media_type: str, *, live_only: bool = False) -> QuerySet[Movie]:
    """Those of a type that are not excluded, to be gone through by the index of popularity.

    What most movies have in common is hidden from the planners: by an index of it they sort a
    million rows for the first page. A type of which there are few is found by its own.
    """
    movies = Movie.objects.alias(
        kind=Coalesce("media_type", Value("")),
        state=Coalesce("upstream_state", Value("")),
        hidden_at=Coalesce("excluded_at", "excluded_at"),
    ).filter(hidden_at__isnull=True)
    if live_only:
        movies = movies.filter(state=UpstreamState.LIVE)
    of_type = Movie.objects.filter(media_type=media_type).order_by()
    has_few = of_type[: _FEW + 1].count() <= _FEW
    return movies.filter(media_type=media_type) if has_few else movies.filter(kind=media_type)


def meant(term: str) -> Q:
    """How a title begins, an id of TMDB or of IMDb; each by an index."""
    title = Q()
    for beginning in dict.fromkeys((term, capfirst(term), term.title())):
        title |= key_prefix("title", beginning)
    if term.isascii() and term.isdigit() and len(term) <= _MOST_DIGITS:
        return title | Q(media_type__in=MediaType.values, tmdb_id=int(term))
    tconst = parse_tconst(term) if term.lower().startswith(("tt", "http")) else None
    return Q(imdb_id=tconst) if tconst else title
