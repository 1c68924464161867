"""A site's process for `tests.benchmarks.screens`: answers one JSON line per JSON line it reads.

["fill", rows]   fills the empty site
["pages"]        every page as {name: path}: each list with its filters, searches, orders and pages
["time", path]   milliseconds of one look at it, and how many rows of tables it shows
["plan", path]   its slowest query: seconds, SQL and the database's plan
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "popflix.settings")

import django

django.setup()

from django.contrib import admin  # noqa: E402 - after the set-up
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client, RequestFactory  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import NoReverseMatch, reverse  # noqa: E402

from popflix.console.home import panels as home  # noqa: E402
from popflix.engine.deadletters import selecting  # noqa: E402
from popflix.engine.deadletters.letters import Wanted  # noqa: E402
from popflix.engine.registry import registry  # noqa: E402
from tests.benchmarks._filling import RARE, fill  # noqa: E402

APPS = ("sync", "engine", "lib")
MOST_CHOICES = 8  # of one filter
_ROW = "tt0004321"
_TITLES = {
    "exact id": _ROW,
    "id prefix": "tt00043",
    "IMDb address": f"https://m.imdb.com/title/{_ROW}/?ref_=x",
    "common prefix": "The",
    "rare prefix": RARE[:10],
    "no such title": "Qqqqzz",
}
_SEARCHES = {
    "title": _TITLES,
    "medialinks": {**_TITLES, "TMDB address": "https://www.themoviedb.org/movie/4321"},
    "auditentry": {"target": _ROW, "target prefix": "tt00043"},
}
_ADDRESSES = {
    "medialinks": {
        "of a long run": "?run=1",
        "of a long run, page 20": "?run=1&p=20",
        "of a long run, where type movie": "?run=1&type=movie",
        "of a long run, search common prefix": "?run=1&q=The",
        "search common prefix, where type movie": "?q=The&type=movie",
        "three filters": "?kind=not_found&type=movie&processed_status__exact=FAILED",
        "two filters that nothing fits": "?kind=not_found&processed_status__exact=SUCCESS",
        "retry of all of two filters": "retry-all/?kind=not_found&type=movie",
        "retry of all of a filter": "retry-all/?type=movie",
    },
}


class Browser:
    """Somebody who may see everything."""

    def __init__(self) -> None:
        user = User.objects.filter(username="bench").first()
        self.user = user or User.objects.create_superuser("bench")
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(self.user)

    def look(self, path: str) -> tuple[float, int] | None:
        """Milliseconds and rows; None where it leads elsewhere, as a page beyond the last does."""
        began = time.perf_counter()
        answer = self.client.get(path)
        page = b"".join(answer)
        seconds = time.perf_counter() - began
        if answer.status_code == 302:
            return None
        if answer.status_code not in (200, 286):
            raise RuntimeError(f"{path} answered {answer.status_code}")
        return seconds * 1000, page.count(b"<tr")

    def plan(self, path: str) -> dict[str, Any]:
        with CaptureQueriesContext(connection) as caught:
            self.look(path)
        slowest = max(caught.captured_queries, key=lambda query: float(query["time"]))
        explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        with connection.cursor() as cursor:
            try:
                cursor.execute(f"{explain} {slowest['sql']}".replace("%", "%%"), ())
                plan = [list(map(str, row)) for row in cursor.fetchall()]
            except Exception as error:  # what Django tells of a query is not always valid SQL
                plan = [[str(error)]]
        return {"seconds": slowest["time"], "sql": slowest["sql"], "plan": plan}

    def pages(self) -> dict[str, str]:
        found = dict(self._console())
        for model, page in admin.site._registry.items():
            if model._meta.app_label in APPS:
                found |= dict(self._of_list(page, str(model._meta.model_name)))
        return found

    def _console(self) -> Iterator[tuple[str, str]]:
        yield "home", reverse("admin:index")
        for panel in home.visible_to(self.user):
            yield from _named(f"panel {panel.name}", "console_panel", panel.name)
        yield from _named("units", "console_units")
        for unit in registry.names()[:3]:
            yield from _named(f"unit {unit}", "console_unit", unit)
        yield from _named("dead letters", "console_letters")
        for source, group in selecting.meant(Wanted()):
            label = f"dead letters of {source.name} {group.unit} {group.kind}"
            yield from _named(label, "console_letter_group", source.name, group.id)
            asked = f"?source={source.name}&group={group.id}"
            yield f"discard {label}", reverse("console_letters_discard") + asked

    def _of_list(self, page: Any, name: str) -> Iterator[tuple[str, str]]:
        path = reverse(f"admin:{page.opts.app_label}_{name}_changelist")
        request = RequestFactory().get(path)
        request.user = self.user
        changes = page.get_changelist_instance(request)
        yield name, path
        for number in {2, changes.paginator.num_pages} - {1}:
            if number <= changes.paginator.num_pages:
                label = "page 2" if number == 2 else "last page"
                yield f"{name} {label}", f"{path}?p={number}"
        yield from self._filtered(changes, name, path)
        for label, address in _ADDRESSES.get(name, {}).items():
            yield f"{name} {label}", f"{path}{address}"
        for label, term in _SEARCHES.get(name, {}).items():
            yield f"{name} search {label}", f"{path}?q={term}"
        for place, column in enumerate(changes.list_display):
            if (
                changes.get_ordering_field(column)
                and changes.sortable_by
                and (column in changes.sortable_by)
            ):
                for sign, word in (("", "up"), ("-", "down")):
                    yield f"{name} sorted by {column} {word}", f"{path}?o={sign}{place}"
        row = changes.queryset.order_by("pk").values_list("pk", flat=True)[:1]
        for key in row:
            yield f"{name} one row", reverse(f"{path_name(page)}_change", args=[key])

    def _filtered(self, changes: Any, name: str, path: str) -> Iterator[tuple[str, str]]:
        for filtered in changes.filter_specs:
            choices = [one for one in filtered.choices(changes) if not one.get("selected")]
            for choice in choices[:MOST_CHOICES]:
                label = f"{name} where {filtered.title} {choice['display']}"
                chosen = f"{path}{choice['query_string']}"
                yield label, chosen
        for pair in itertools.combinations(changes.filter_specs, 2):
            for place in (0, -1):
                both = [each for spec in pair for each in _choice(changes, spec, place)]
                label = " and ".join(f"{title} {shown}" for title, shown, _ in both)
                asked = "&".join(query.removeprefix("?") for _, _, query in both)
                yield f"{name} where {label}", f"{path}?{asked}"
        if changes.filter_specs:
            last = list(changes.filter_specs[0].choices(changes))[-1]
            yield f"{name} where …, page 20", f"{path}{last['query_string']}&p=20"


def _choice(changes: Any, spec: Any, place: int) -> list[tuple[str, str, str]]:
    """None where the filter has no choice yet."""
    choices = [one for one in spec.choices(changes) if not one.get("selected")]
    chosen = choices[:MOST_CHOICES][place:][:1]
    return [(str(spec.title), str(one["display"]), str(one["query_string"])) for one in chosen]


def path_name(page: Any) -> str:
    return f"admin:{page.opts.app_label}_{page.opts.model_name}"


def _named(label: str, url_name: str, *arguments: str) -> Iterator[tuple[str, str]]:
    try:
        yield label, reverse(url_name, args=arguments)
    except NoReverseMatch:
        return


def main() -> None:
    browser: list[Browser] = []

    def eyes() -> Browser:
        if not browser:
            browser.append(Browser())
        return browser[0]

    answers: dict[str, Callable[..., object]] = {
        "fill": fill,
        "pages": lambda: eyes().pages(),
        "time": lambda path: eyes().look(path),
        "plan": lambda path: eyes().plan(path),
    }
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        sys.stdout.write(json.dumps(answers[what](*arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
