"""Units as the seed writes them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest

from popflix.engine import forms
from popflix.engine.registry import Mode, Timetable, Unit
from popflix.lib.errors import OperatorError


def call(run: Callable[..., object], ctx: object = "the context") -> Any:
    return cast(Callable[[object], Any], forms.as_body(run))(ctx)


def finish(awaitable: Awaitable[object]) -> object:
    """A coroutine that never really waits."""
    assert inspect.iscoroutine(awaitable)
    with pytest.raises(StopIteration) as ended:
        awaitable.send(None)
    return ended.value.value


def test_a_function_without_arguments_is_a_body() -> None:
    assert call(lambda: {"n": 1}) == {"n": 1}
    assert call(lambda: None) is None


def test_a_function_may_take_the_context() -> None:
    assert call(lambda ctx: {"got": ctx}) == {"got": "the context"}
    assert call(lambda ctx=None: {"got": ctx}) == {"got": "the context"}
    assert call(functools.partial(lambda a, b: {"got": (a, b)}, 1)) == {"got": (1, "the context")}


def test_a_plain_value_that_is_returned_becomes_a_result() -> None:
    assert call(lambda: 100) == {"returned": 100}
    assert call(str) == {"returned": "the context"}


def test_a_coroutine_function_stays_one() -> None:
    async def plain() -> int:
        return 1

    async def with_context(ctx: object) -> Mapping[str, object]:
        return {"got": ctx}

    assert inspect.iscoroutinefunction(forms.as_body(plain))
    assert finish(call(plain)) == {"returned": 1}
    assert finish(call(with_context)) == {"got": "the context"}
    assert finish(call(lambda: plain())) == {"returned": 1}


def test_a_worker_and_a_process_of_names() -> None:
    worker = forms.read({"id": "a", "status": "idle", "run": print, "slots": 2, "title": "A"})
    assert (worker.unit.name, worker.unit.slots, worker.unit.title) == ("a", 2, "A")
    assert (worker.source, worker.is_paused) == (print, False)
    process = forms.read({"id": "p", "workers": ["a", "b"]})
    assert (process.unit.mode, process.unit.workers) == (Mode.PARALLEL, ("a", "b"))
    assert forms.read({"id": "p", "workers": ["a"], "mode": "sequential"}).unit.mode == (
        Mode.SEQUENTIAL
    )


def test_a_process_may_hold_its_workers() -> None:
    form = forms.read({"id": "p", "workers": [{"id": "a", "run": print}, "b"]})
    assert form.unit.workers == ("a", "b")
    assert [worker.unit.name for worker in form.workers] == ["a"]


def test_an_object_with_these_attributes_is_a_unit_too() -> None:
    @dataclass
    class Worker:
        id: str
        status: str
        run: Callable[[], object]

    form = forms.read(Worker("a", "paused", lambda: None))
    assert (form.unit.name, form.is_paused) == ("a", True)


def test_a_unit_stays_what_it_is() -> None:
    unit = Unit("a", lambda ctx: None)
    assert forms.read(unit).unit is unit


def test_a_unit_may_say_when_it_runs_by_itself() -> None:
    assert forms.read({"id": "a", "run": print}).unit.timetable is None
    each_minute = forms.read({"id": "a", "run": print, "every_seconds": 60}).unit.timetable
    assert each_minute == Timetable(every_seconds=60)
    nightly = forms.read({"id": "p", "workers": ["a"], "cron": "0 4 * * *"}).unit.timetable
    assert nightly == Timetable(cron="0 4 * * *")


@pytest.mark.parametrize("status", ["idle", "running", "paused", "completed", "error", "", None])
def test_the_seeds_five_words_are_taken_and_only_paused_means_something(status: object) -> None:
    form = forms.read({"id": "a", "status": status, "run": print})
    assert form.is_paused == (status == "paused")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"id": "a", "status": "sleeping", "run": print}, "has the status 'sleeping'"),
        ({"status": "idle", "run": print}, "has none"),
        ({"id": "a"}, "either `run` or `workers`"),
        ({"id": "a", "run": print, "workers": ["b"]}, "either `run` or `workers`"),
        ({"id": "a", "run": "print"}, "`run` is no function: 'print'"),
        ({"id": "a", "run": print, "retries": 3}, "unknown keys: retries"),
        ({"id": "a", "workers": ["b"], "mode": "spread"}, "has the mode 'spread'"),
        (object(), "has none"),
    ],
)
def test_a_form_that_cannot_be_is_refused_with_its_fault(given: object, why: str) -> None:
    with pytest.raises(OperatorError, match=why):
        forms.read(given)
