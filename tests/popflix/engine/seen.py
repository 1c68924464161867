"""What the tables say about a run."""

from __future__ import annotations

from popflix.engine.models import Run


def last() -> Run:
    return Run.objects.latest("id")


def kinds(run: Run) -> list[str]:
    return list(run.events.order_by("id").values_list("kind", flat=True))


def last_payload(run: Run) -> object:
    event = run.events.order_by("id").last()
    assert event is not None
    return event.payload
