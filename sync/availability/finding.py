"""Which rows the list's filters mean, as its pages show them and as a run stores them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q, QuerySet

from popflix.lib.errors import OperatorError
from sync.availability.models import Answer, Availability, Outcome, Provider
from sync.links.tconst import parse_tconst
from sync.movies.models import MediaType, Movie

NOT_CHECKED = "not-checked"  # no answer is known: never asked, or never answered
STATES = {
    NOT_CHECKED: "Not checked",
    Answer.AVAILABLE.value: "Checked & available",
    Answer.UNAVAILABLE.value: "Checked & unavailable",
}
YES = "yes"
ALL_REGIONS = "all"
_MOST_DIGITS = 9
_EVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_REGION_LENGTH = 2


@dataclass(frozen=True)
class Choice:
    """What the list was narrowed to; empty is everything.

    `region` empty: the rows that hold for no region in particular, which alone are checked.
    """

    provider: str = ""
    region: str = ""
    state: str = ""  # the seed's three, of STATES
    outcome: str = ""  # of Outcome
    waits: str = ""  # YES: one check found the opposite, and the second look is to come
    given_up: str = ""  # YES
    search: str = ""

    @property
    def is_narrowed(self) -> bool:
        return any(asdict(self).values())

    def rows(self) -> QuerySet[Availability]:
        """Without an order."""
        return self.narrow(Availability.objects.order_by())

    def narrow(self, rows: QuerySet[Availability]) -> QuerySet[Availability]:
        """Those of the rows that are meant; what narrows most stands at the head of an index.

        An answer that every other check finds is met soon by going through the rows as they are
        listed; by an index all of them were sorted first.
        """
        if self.provider or self.state or self.waits or self.outcome == Outcome.UNKNOWN:
            rows = rows.filter(provider_id__in=_providers(self.provider))
        if self.region != ALL_REGIONS:
            rows = rows.filter(region=self.region)
        if self.state:
            rows = rows.filter(status="" if self.state == NOT_CHECKED else self.state)
        if self.outcome:
            rows = rows.filter(last_outcome=self.outcome)
        if self.waits:
            rows = rows.filter(differs_since__gt=_EVER)  # a range: SQLite takes no index else
        if self.given_up:
            rows = rows.filter(failure_kind__gt="", given_up_at__isnull=False)
        return rows.filter(movie_id__in=movies_of_id(self.search)) if self.search else rows

    def words(self) -> list[tuple[str, str]]:
        """Each part in words, for who is to confirm it."""
        region = "all" if self.region == ALL_REGIONS else self.region
        told = (
            ("Provider", self.provider),
            ("Region", region),
            ("State", STATES.get(self.state, "")),
            ("Last check", self.outcome and str(Outcome(self.outcome).label)),
            ("Waits for a second look", self.waits),
            ("Given up", self.given_up),
            ("Search", self.search),
        )
        return [(name, value) for name, value in told if value]


def clean_choice(params: Mapping[str, object]) -> Choice:
    """Raises OperatorError naming the filter and what it may be."""
    known = Choice.__dataclass_fields__
    given = {name: str(params.get(name) or "").strip() for name in known}
    for name, values in _allowed().items():
        if given[name] and given[name] not in values:
            raise OperatorError(
                f"The filter {name} cannot be {given[name]}.",
                f"Choose one of {', '.join(values) or 'none: there is none yet'}.",
            )
    if given["region"] and not is_region(given["region"]):
        raise OperatorError(
            f"The filter region cannot be {given['region']}.",
            f"Give two capital letters, such as DE, or {ALL_REGIONS}.",
        )
    return Choice(**given)


def _allowed() -> dict[str, list[str]]:
    names = list(Provider.objects.order_by("name").values_list("name", flat=True))
    return {
        "provider": names,
        "state": list(STATES),
        "outcome": list(Outcome.values),
        "waits": [YES],
        "given_up": [YES],
    }


def is_region(text: str) -> bool:
    """A code of ISO 3166-1 by its form, or the word for all of them."""
    is_code = len(text) == _REGION_LENGTH and text.isascii() and text.isalpha() and text.isupper()
    return is_code or text == ALL_REGIONS


def movies_of_id(term: str) -> list[int]:
    """The keys of the movies that have this id of TMDB or IMDb (or its page's address)."""
    term = term.strip()
    if term.isascii() and term.isdigit():
        number = int(term) if len(term) <= _MOST_DIGITS else -1
        return _keys(Q(media_type__in=MediaType.values, tmdb_id=number))
    tconst = parse_tconst(term)
    return _keys(Q(imdb_id=tconst)) if tconst else []


def _keys(condition: Q) -> list[int]:
    return list(Movie.objects.filter(condition).order_by().values_list("pk", flat=True))


def _providers(name: str) -> Any:
    """They are few; each index begins with them."""
    known = Provider.objects.all()
    if name:
        known = known.filter(name=name)
    return list(known.values_list("pk", flat=True))
