"""Every address of the site, a row in every table to fill it with, and a look at all tables."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from popflix.console.home import panels as home
from popflix.engine.deadletters import sources
from popflix.engine.deadletters.letters import Group
from popflix.engine.deadletters.sources import Source
from popflix.engine.models import Run, RunStatus

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
UNIT = "prune"  # whose page is looked at: it needs no parameters, key or file to be started
_BY_TYPE: list[tuple[type[models.Field[Any, Any]], object]] = [
    (models.DateTimeField, NOW),
    (models.DateField, NOW.date()),
    (models.DecimalField, 1),
    (models.BooleanField, False),
    (models.BinaryField, b"x"),
    (models.FloatField, 1.0),
    (models.IntegerField, 1),
]
# What a row needs beyond its columns' types to be shown on its page.
_NEEDED: dict[str, dict[str, object]] = {
    "engine.schedule": {"cron": "0 4 * * *"},
    "django_q.failure": {"success": False},
}


@dataclass(frozen=True)
class Page:
    """`owner` is the model whose admin page it belongs to; `name` is empty where it has none.

    `label` tells the page apart from others of its name: "console_panel events".
    """

    path: str
    name: str
    owner: type[models.Model] | None
    label: str = ""


def fill_every_table() -> None:
    for model in apps.get_models():
        row_of(model)
    failed_run()


def failed_run() -> Run:
    """A run that ended badly: a dead letter, and what Retry is for. Made where there is none."""
    found = Run.objects.filter(status=RunStatus.ERROR, dismissed_at=None).order_by("pk").last()
    return found or Run.objects.create(
        unit=UNIT, slot=None, status=RunStatus.ERROR, trigger="command",
        error="The disk is full.", error_group="The disk is full.", queued_at=NOW,
        started_at=NOW, finished_at=NOW,
    )  # fmt: skip


def row_of(model: type[models.Model]) -> models.Model:
    """A row that the model's own page shows; made where there is none."""
    found = model._default_manager.first()
    if found is None:
        model._base_manager.bulk_create([_row(model)])
        found = model._default_manager.first()
    assert found is not None
    return found


def _row(model: type[models.Model]) -> models.Model:
    values = dict(_NEEDED.get(model._meta.label_lower, {}))
    for field in model._meta.concrete_fields:
        if field.name not in values and not (
            field.null or field.has_default() or isinstance(field, models.AutoField)
        ):
            values[field.name] = _value(field, model)
    return model(**values)


def _value(field: models.Field[Any, Any], model: type[models.Model]) -> object:
    if isinstance(field.remote_field, models.ManyToOneRel):
        return row_of(field.related_model)  # type: ignore[arg-type]
    if field.choices:
        return next(iter(field.flatchoices))[0]
    text = str(model._meta.model_name)[: field.max_length or 20]
    return next((value for kind, value in _BY_TYPE if isinstance(field, kind)), text)


def pages() -> list[Page]:
    return list(_pages(get_resolver(), ""))


def _pages(resolver: URLResolver, prefix: str) -> Iterator[Page]:
    for each in resolver.url_patterns:
        route = prefix + str(each.pattern).removeprefix("^").removesuffix("$")
        if isinstance(each, URLResolver):
            yield from _pages(each, route)
        elif isinstance(each, URLPattern):
            owner, name = _owner(route), each.name or ""
            choices = _each_choice(name)
            for values in choices:
                label = " ".join((name, *values.values())) if len(choices) > 1 else name
                yield Page(f"/{_filled(route, owner, values)}", name, owner, label)


def _each_choice(url_name: str) -> list[dict[str, str]]:
    """What a page is looked at with, where its arguments are no keys of rows."""
    if url_name == "console_panel":  # each panel is a page of its own
        return [{"name": panel.name} for panel in home.visible_to(User(is_superuser=True))]
    if url_name.startswith("console_unit"):
        return [{"name": UNIT}]
    if url_name.startswith("console_letter"):
        return [{"source": source.name, "group": group.id} for source, group in _letters()][:1]
    if url_name == "engine_run_retry":
        return [{"run_id": str(failed_run().pk)}]
    return [{}]


def _letters() -> Iterator[tuple[Source, Group]]:
    failed_run()
    for source in sources.registered():
        for group in source.groups():
            yield source, group


def _filled(route: str, owner: type[models.Model] | None, values: Mapping[str, str]) -> str:
    """The route with a value for each argument, of a path (<int:id>) or of an expression."""
    named = r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>"

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return values.get(name) or _argument(name, owner)

    return re.sub(named, value, route)


def _owner(route: str) -> type[models.Model] | None:
    for model in admin.site._registry:
        if f"/{route}".startswith(list_of(model)):
            return model
    return None


def _argument(name: str, owner: type[models.Model] | None) -> str:
    """The key of a row: of the page's own model, else of the model that the name ends with."""
    if owner and name in ("object_id", "id"):
        return str(quote(row_of(owner).pk))
    if name == "app_label":
        return "engine"
    words = name.removesuffix("_id").replace("_", "")
    for model in apps.get_models():
        if name.endswith("_id") and str(model._meta.model_name).endswith(words):
            return str(row_of(model).pk)
    return "1"


def addresses_of_actions(client: Client) -> list[Page]:
    """Pages that are only sent to: they do something."""
    return [page for page in pages() if client.get(page.path).status_code == 405]


def sent() -> dict[str, str]:
    """What the forms before those addresses send, as far as one has a field for it."""
    source, group = next(_letters())
    return {"post": "yes", "why": "for this test", "source": source.name, "group": group.id}


def list_of(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def actions() -> Iterator[tuple[type[models.Model], str, Any]]:
    """Every action of every list, whoever may use it."""
    for model, page in admin.site._registry.items():
        for function, name, _ in page._get_base_actions():  # type: ignore[attr-defined]
            yield model, name, function


def chosen(model: type[models.Model], action: str) -> dict[str, Any]:
    """What the list's form sends for its first row; deleting is confirmed already."""
    return {"action": action, "_selected_action": [str(row_of(model).pk)], "post": "yes"}


_READING = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA", "SHOW", "EXPLAIN")


class Rows:
    """All rows, watched: they are looked at again only where something but a query was executed.

    with Rows() as rows:
        client.get(path)
        rows.assert_same(path)
    """

    def __enter__(self) -> Rows:
        self.before, self._is_touched = all_rows(), False
        self._watching = connection.execute_wrapper(self._watch)
        self._watching.__enter__()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._watching.__exit__(kind, *_)  # type: ignore[arg-type]
        if kind is None:
            assert all_rows() == self.before

    def assert_same(self, after: object) -> None:
        if self._is_touched:
            assert all_rows() == self.before, after
            self._is_touched = False

    def _watch(self, execute: Any, sql: str, *arguments: Any) -> Any:
        self._is_touched |= not sql.lstrip(" (").startswith(_READING)
        return execute(sql, *arguments)


def all_rows() -> dict[str, str]:
    """A checksum of every table."""
    with connection.cursor() as cursor:
        return {
            table: _checksum(cursor, table) for table in connection.introspection.table_names()
        }


def _checksum(cursor: Any, table: str) -> str:
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
    rows = sorted(repr(row) for row in cursor.fetchall())
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
