"""docs/engine.md teaches by an example that works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from popflix.engine import registry
from popflix.engine.models import Event, Run
from popflix.engine.runner import run_in_foreground
from tests.popflix.engine.fakes import FakeClock, FakeStop

DOCUMENT = Path(__file__).parents[3] / "docs" / "engine.md"


@pytest.mark.django_db
def test_the_example_unit_counts_in_chunks() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    clock = FakeClock()
    exec(compile(example, str(DOCUMENT), "exec"), {})
    try:
        outcome = run_in_foreground("count-up", {"to": 25}, stop=FakeStop(clock), clock=clock)
    finally:
        registry.registry.release("count-up")
    assert outcome.result == {"counted": 25}
    run = Run.objects.get()
    assert (run.done_count, run.total_count) == (25, 25)
    told = Event.objects.filter(milestone_id="counted").order_by("id")
    assert [event.payload["last"] for event in told] == [9, 19, 24]
    assert [str(run), str(told[0])] == [f"count-up #{run.pk}", "milestone count-up"]
