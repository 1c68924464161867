"""The seed's lecture on projectile motion: seven steps whose numbers are right."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from popflix.engine import create_manager, files
from popflix.engine.models import Event, Run
from popflix.engine.runner import RunOutcome
from tests.popflix.engine.fakes import FakeClock
from tests.popflix.engine.lessons import lesson

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
PROCESS, G = "projectile-motion-lecture", 9.81
STEPS = [
    "initial-conditions", "velocity-components", "time-to-peak", "maximum-height",
    "time-of-flight", "horizontal-range", "lecture-notes",
]  # fmt: skip


@pytest.fixture(autouse=True)
def units() -> Iterator[None]:
    with lesson('"initial-conditions"'):
        yield


def hold(v0: float, angle: float, clock: FakeClock) -> RunOutcome:
    return create_manager(clock=clock).run_process(PROCESS, {"v0": v0, "angle": angle})


def expected(v0: float, angle: float) -> dict[str, float]:
    """By other formulas than the steps', so that one error does not hide the other."""
    theta = math.radians(angle)
    return {
        "v0": v0,
        "angle": angle,
        "g": G,
        "vx": v0 * math.sin(math.pi / 2 - theta),
        "vy": v0 * math.sin(theta),
        "time_to_peak": v0 * math.sin(theta) / G,
        "maximum_height": (v0 * math.sin(theta)) ** 2 / G / 2,
        "time_of_flight": 2 * v0 * math.sin(theta) / G,
        "horizontal_range": v0**2 * math.sin(2 * theta) / G,
    }


@pytest.mark.parametrize(("v0", "angle"), [(20, 45), (50, 30), (0.5, 89), (343, 1), (10, 90)])
def test_the_numbers_are_right(v0: float, angle: float, clock: FakeClock) -> None:
    outcome = hold(v0, angle, clock)
    found: dict[str, object] = {}
    for result in outcome.result.values():
        assert isinstance(result, dict)
        found |= result
    assert found.pop("file") == "projectile_motion_lecture.txt"
    assert found == pytest.approx(expected(v0, angle), rel=1e-9, abs=1e-9)


def test_the_steps_run_in_their_order_and_tell_their_numbers(clock: FakeClock) -> None:
    run = hold(20, 45, clock).run
    children = list(run.children.order_by("pk"))
    assert [child.unit for child in children] == STEPS
    assert {child.status for child in children} == {"completed"}
    assert (run.status, run.done_count, run.ok_count) == ("completed", 7, 7)
    told = Event.objects.filter(kind="milestone").order_by("id")
    assert [event.unit for event in told] == STEPS
    numbers = {name: value for event in told for name, value in event.payload.items()}
    assert numbers.pop("lines") == 9
    assert numbers == pytest.approx(expected(20, 45), rel=1e-9)


def test_the_notes_are_attached(clock: FakeClock) -> None:
    run = hold(20, 45, clock).run
    notes = files.open_file(run.pk, "projectile_motion_lecture.txt").read().decode()
    assert notes.splitlines()[:2] == ["Projectile motion", ""]
    written = dict(line.split(" = ") for line in notes.splitlines()[2:])
    assert written == {name: f"{value:.4f}" for name, value in expected(20, 45).items()}
    attached = files.files_of(run.pk).get()
    assert attached.run == Run.objects.get(unit="lecture-notes")
    assert attached.content_type == "text/plain; charset=utf-8"


def test_a_lecture_without_an_angle_ends_at_its_first_step(clock: FakeClock) -> None:
    outcome = create_manager(clock=clock).run_process(PROCESS, {"v0": 20})
    assert outcome.run.status == "error"
    assert "initial-conditions" in outcome.run.error
    assert [child.unit for child in outcome.run.children.all()] == STEPS[:1]
