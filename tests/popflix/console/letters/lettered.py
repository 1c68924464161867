"""Dead letters of both kinds, as the tests of their pages make them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from popflix.engine.deadletters import selecting
from popflix.engine.deadletters.letters import Group, Wanted
from popflix.engine.grouping import error_group
from popflix.engine.models import Run, RunStatus
from sync.links.models import Enrichment, MediaLinks, Title

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SOURCE = "titles"


def give_up(count: int, error: str = "TMDB answered 503 for tt{}.", first: int = 1) -> None:
    """Titles that were given up, a minute after one another, the first one first."""
    for number in range(first, first + count):
        tconst = f"tt{number:07d}"
        Title.objects.create(tconst=tconst, primary_title=f"Film {number}")
        MediaLinks.objects.create(title_id=tconst, processed_status="FAILED")
        said = error.format(number)
        Enrichment.objects.create(
            link_id=tconst, due_at=None, failure_kind="gave_up", last_error=said, attempts=5,
            error_group=error_group(said), given_up_at=NOW + dt.timedelta(minutes=number),
        )  # fmt: skip


def failed_run(error: str = "broke", unit: str = "import-imdb", **columns: Any) -> Run:
    words: dict[str, Any] = {
        "unit": unit, "trigger": "admin", "status": RunStatus.ERROR, "queued_at": NOW,
        "finished_at": NOW, "error": error, "error_group": error_group(error),
    }  # fmt: skip
    return Run.objects.create(**{**words, **columns})


def group(source: str = SOURCE) -> Group:
    """The largest one of the source."""
    return selecting.meant(Wanted(source=source))[0][1]
