"""Rows in every table, as many as are wanted and no two alike, so that a query per row shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import models

from popflix.engine.models.pauses import Holder
from popflix.engine.registry import registry
from popflix.engine.states import FAILED, TERMINAL, Status
from tests.popflix.console.walking import UNIT

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
AnyModel = type[models.Model]
# Django fills these, or finds the one row that it looks for.
_DJANGOS = {"contenttypes.contenttype", "auth.permission", "sessions.session"}
_OWN = {"sync.MovieRating.movie"}  # there are few ratings that one movie can have
# Of these one of each kind is there at once: whether there is any decides what a page asks.
_KINDS = {"engine.run": len(Status)}
_ERROR = "TMDB answered {} for {}."


class Population:
    """What it has made, by model; `grow` makes more of each."""

    def __init__(self) -> None:
        self._made: dict[AnyModel, list[Any]] = {}

    def grow(self, count: int) -> None:
        """Until every table has so many of its rows."""
        for model in apps.get_models():
            if not model._meta.proxy and model._meta.label_lower not in _DJANGOS:
                self._grow(model, count)

    def _grow(self, model: AnyModel, count: int) -> None:
        count = max(count, _KINDS.get(model._meta.label_lower, 1))
        made = self._made.setdefault(model, [])
        if len(made) >= count:
            return
        for field in model._meta.concrete_fields:
            if field.related_model not in (None, model) and not _is_djangos(field):
                self._grow(field.related_model, count)
        more = [self._row(model, number) for number in range(len(made), count)]
        made += model._base_manager.bulk_create(more)

    def _row(self, model: AnyModel, number: int) -> models.Model:
        given = _GIVEN.get(model._meta.label_lower, _nothing)(number)
        for field in model._meta.concrete_fields:
            if field.name not in given and not isinstance(field, models.AutoField):
                given[field.name] = self._value(field, model, number)
        return model(**given)

    def _value(self, field: models.Field[Any, Any], model: AnyModel, number: int) -> Any:
        if isinstance(field, models.ForeignKey):
            return self._related(field, model, number)
        if field.choices:
            return list(dict(field.flatchoices))[number % len(field.flatchoices)]
        if field.has_default() and not field.unique:
            return field.get_default()
        if isinstance(field, models.CharField | models.TextField):
            return f"{model._meta.model_name} {number}"[: field.max_length or 40]
        for kind, value in _BY_TYPE:
            if isinstance(field, kind):
                return value(number)
        return field.get_default()

    def _related(self, field: Any, model: AnyModel, number: int) -> Any:
        """Every second row belongs to the first of the others, so that this one has many."""
        if _is_djangos(field):
            return field.related_model._default_manager.all()[number]
        made = self._made.get(field.related_model, [])
        is_own = field.unique or str(field) in _OWN
        if is_own or (number % 2 and field.related_model is not model):
            return made[number]
        return made[0] if made else None


def _is_djangos(field: Any) -> bool:
    related = field.related_model
    return related is not None and related._meta.label_lower in _DJANGOS


_BY_TYPE: list[tuple[type[models.Field[Any, Any]], Callable[[int], object]]] = [
    (models.DateTimeField, lambda number: NOW - dt.timedelta(minutes=number)),
    (models.DateField, lambda number: NOW.date() - dt.timedelta(days=number)),
    (models.BooleanField, lambda number: number % 2 == 0),
    (models.DecimalField, lambda number: 1 + number % 9),
    (models.FloatField, lambda number: 1.0 + number),
    (models.BinaryField, lambda number: b"x" * (number + 1)),
    (models.IntegerField, lambda number: number + 1),
]


def _nothing(number: int) -> dict[str, Any]:
    return {}


def _unit(number: int) -> str:
    """Every second row is of the unit whose page is looked at."""
    names = registry.names()
    return names[number % len(names)] if number % 2 else UNIT


def _run(number: int) -> dict[str, Any]:
    """The first one failed; the others are in every state."""
    statuses = [Status.ERROR, *(each for each in Status if each != Status.ERROR)]
    status = statuses[number % len(statuses)]
    is_over = status in TERMINAL
    return {
        "unit": _unit(number),
        "slot": None,
        "status": status,
        "active_key": None if is_over else f"{_unit(number)}:queue:{number}",
        "trigger": "command",
        "error": _ERROR.format(500 + number, number) if status in FAILED else "",
        "error_group": f"group {number % 3}" if status in FAILED else "",
        "dismissed_at": None,
        "cancel_requested_at": None,
        "finished_at": NOW - dt.timedelta(minutes=number) if is_over else None,
        "total_count": 10,
        "done_count": number % 10,
    }


def _work(number: int) -> dict[str, Any]:
    """Of an enrichment: every second one is a dead letter."""
    failed = number % 2 == 0
    return {
        "due_at": None if failed else NOW,
        "failure_kind": "gave_up" if failed else "",
        "error_group": f"group {number % 3}" if failed else "",
        "last_error": _ERROR.format(500 + number, number) if failed else "",
        "given_up_at": NOW if failed else None,
    }


def _pause(number: int) -> dict[str, Any]:
    """Some of units that are gone: a pause outlives its unit."""
    names, holders = registry.names(), list(Holder)
    place = number // len(holders)
    return {
        "unit": names[place] if place < len(names) else f"gone-{place}",
        "holder": holders[number % len(holders)],
        "condition": "",
        "check_at": None,
    }


_GIVEN: dict[str, Callable[[int], dict[str, Any]]] = {
    "engine.run": _run,
    "engine.event": lambda number: {"unit": _unit(number), "milestone_id": ""},
    "engine.pause": _pause,
    "engine.schedule": lambda number: {
        "unit": _unit(number), "cron": "0 4 * * *", "every_seconds": None,
        "declared_unit": None, "error": "",
    },
    "reconcile.change": lambda number: {"state": "held", "group": 1 + number // 2},
    "sync.title": lambda number: {
        "tconst": f"tt99{number:05}", "title_type": "movie", "genres": "Drama",
    },
    "sync.medialinks": lambda number: {
        "poster_url": f"https://image.tmdb.org/t/p/w500/{number}.jpg",
        "trailer_embed_url": f"https://www.youtube.com/embed/{number}",
    },
    "sync.enrichment": _work,
    "sync.movie": lambda number: {
        "main_poster": f"https://image.tmdb.org/t/p/w500/{number}.jpg", "media_type": "movie",
        "excluded_at": None,
    },
    "sync.provider": lambda number: {"name": f"provider-{number}", "kind": "url"},
    # Every second one is another region of the first.
    "sync.availability": lambda number: {
        "region": "" if number % 2 or not number else f"{number:02}", "status": "available",
        "last_outcome": "unknown", "lease_token": "",
    },
    "lib.quarantinedrow": lambda number: {
        "source": "title.basics.tsv.gz", "raw": "tt1\tmovie\tA\tA\t0\tno\t\\N\t\\N\t\\N",
    },
    "auth.user": lambda number: {"is_active": True, "is_staff": True, "is_superuser": False},
    "django_q.task": lambda number: {"id": f"{number:032}", "success": number % 2 == 1},
    "django_q.schedule": lambda number: {"cron": None, "cluster": None},
}  # fmt: skip
