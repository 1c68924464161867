"""Rows that cannot be taken, and feeds that are none: staging stays as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from pytest_django.fixtures import Settings

from popflix.engine.models import Run
from popflix.lib.errors import OperatorError
from popflix.lib.models import QuarantinedRow
from reconcile.feed.models import Load, LoadRow, LoadState
from reconcile.shows.models import SyncShow
from tests.reconcile.feed.loading import load, staged, told
from tests.reconcile.feed.made import feed, row, rows, write

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shows.json"


def test_what_cannot_be_read_waits_in_quarantine_until_the_next_load(path: Path) -> None:
    bad = row(1, movie_showTime="soon", movie_title="")
    load(write(path, [row(), bad, 5]))
    first, second = QuarantinedRow.objects.order_by("line")
    assert (first.source, first.line, first.reader) == ("default", 2, "show feed")
    assert json.loads(first.raw) == bad
    assert first.reason.startswith("movie_title is empty; movie_showTime is 'soon'")
    assert (second.raw, second.reason) == ("5", "it is no object")
    load(write(path, [row()]))
    assert not QuarantinedRow.objects.exists()


def test_every_row_is_staged_merged_or_in_quarantine(path: Path) -> None:
    found = told(write(path, [*rows(4), row(), row(2), row(movie_ID=None), None]))
    assert found["read"] == found["staged"] + found["merged"] + found["quarantined"] == 8


@pytest.mark.parametrize(
    ("shows", "words"),
    [([], "It lists no show at all"), ([None, {}], "None of its 2 rows can be read")],
    ids=["empty", "nothing readable"],
)
def test_a_feed_without_a_show_is_held(path: Path, shows: list[Any], words: str) -> None:
    load(write(path, rows(2)))
    with pytest.raises(SystemExit) as ended:
        load(write(path, shows))
    assert ended.value.code == 3
    assert SyncShow.objects.count() == 2
    newest = Load.objects.latest("pk")
    assert newest.state == LoadState.HELD
    assert words in newest.error


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>Sorry</html>", "web page"),
        (b"no json", "no JSON"),
        (b'{"data": {"shows": []}}', "no list data.allShows"),
        (feed(rows(3))[:-9], "cut off after row"),
        (feed([row(), row(1, movie_ID=None), row(3)], status=False, message="Nope"), "Nope"),
        (feed(rows(1), statusCode=500), "it says itself that it failed"),
        (b"\x1f\x8b\x08broken", "breaks off"),
    ],
    ids=["page", "text", "envelope", "cut", "status", "code", "gzip"],
)
def test_what_is_no_feed_touches_nothing(path: Path, body: bytes, words: str) -> None:
    load(write(path, [*rows(2), row(8, cinema_id="x")]))
    before = staged(), list(QuarantinedRow.objects.values_list())
    path.write_bytes(body)
    with pytest.raises(OperatorError, match=words):
        load(path, "--batch-size", 1)
    assert (staged(), list(QuarantinedRow.objects.values_list())) == before
    assert Load.objects.latest("pk").state == LoadState.FAILED
    assert not LoadRow.objects.exists()


@pytest.mark.parametrize(
    "arguments", [["--time-zone", "Mars"], ["--batch-size", "0"], ["--batch-size", "x"]],
    ids=lambda value: " ".join(value),
)  # fmt: skip
def test_what_cannot_be_meant_is_a_usage_error(path: Path, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        load(path, *arguments)


def test_a_query_of_an_address_is_never_stored(settings: Settings) -> None:
    settings.POPFLIX_FEEDS = []
    with pytest.raises(OperatorError):
        load("http://user:geheim@127.0.0.1:9/shows?token=geheim")
    assert Load.objects.get().where == "http://127.0.0.1:9/shows"
    stored = str([*Run.objects.values_list("params", "error"), *Load.objects.values_list()])
    assert "geheim" not in stored
