"""A sandbox's titles in the test's own database, and the use case run on them in this process."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.test import override_settings

from popflix.engine.runner import RunOutcome, run_in_foreground
from popflix.lib.command import StopRequest
from popflix.sandbox import Sandbox, running
from sync.links.models import Enrichment, MediaLinks, Title

UNIT = "sync-media-links"
FASTEST = 400.0  # requests per second; the sandbox bears more


@contextmanager
def enrichable(titles: int = 60, **options: Any) -> Iterator[Sandbox]:
    """A running sandbox, its titles loaded, the settings leading to it at FASTEST."""
    with running(titles=titles, **options) as sandbox, tempfile.TemporaryDirectory() as var:
        load_titles(sandbox)
        with override_settings(
            POPFLIX_VAR=Path(var),  # the limiter's own file: no pause of another test
            TMDB_API_KEY="invented-key",
            TMDB_BASE_URL=sandbox.url,
            TMDB_RATE_PER_SECOND=FASTEST,
        ):
            yield sandbox


def load_titles(sandbox: Sandbox) -> None:
    with tempfile.NamedTemporaryFile() as file:
        text = sandbox.imdb_tsv(Path(file.name)).read_text("utf-8")
    Title.objects.bulk_create([_title(line.split("\t")) for line in text.splitlines()[1:]])


def _title(cells: list[str]) -> Title:
    known = [None if cell == r"\N" else cell for cell in cells]
    return Title(
        tconst=cells[0],
        title_type=known[1],
        primary_title=known[2],
        original_title=known[3],
        start_year=known[5],
    )


class Lines:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.done = 0
        self.total: int | None = None

    def progress(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total

    def note(self, text: str) -> None:
        self.notes.append(text)


def enriched(
    params: Mapping[str, object] | None = None,
    *,
    lines: Lines | None = None,
    stop: StopRequest | None = None,
) -> RunOutcome:
    return run_in_foreground(
        UNIT, params or {}, stop=stop or StopRequest(), reporter=lines or Lines()
    )


def final_state() -> dict[str, dict[str, Any]]:
    """Status, kind, id and URLs of every row, by tconst, as the sandbox words them."""
    rows = Enrichment.objects.values_list(
        "pk", "link__processed_status", "failure_kind", "link__tmdb_id", "link__poster_url",
        "link__trailer_embed_url",
    )  # fmt: skip
    names = ("status", "kind", "tmdb_id", "poster_url", "trailer_embed_url")
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def expected_state(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    names = ("status", "kind", "tmdb_id", "poster_url", "trailer_embed_url")
    return {
        tconst: {name: told[name] for name in names} for tconst, told in sandbox.expected().items()
    }


def snapshot() -> list[tuple[Any, ...]]:
    """Everything stored of every row but the run that last wrote it."""
    work = Enrichment.objects.order_by("pk").values_list(
        "pk", "due_at", "lane", "lease_token", "attempts", "failure_kind", "last_error",
        "fetched_at", "locked_fields",
    )  # fmt: skip
    links = MediaLinks.objects.order_by("pk").values_list()
    return [*work, *links]


def days_after(moment: dt.datetime | None, since: dt.datetime | None) -> int:
    assert moment is not None
    assert since is not None
    return (moment - since).days
