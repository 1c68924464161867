"""Units by name."""

from __future__ import annotations

import pytest

from popflix.engine import registry
from popflix.engine.context import RunContext
from popflix.engine.registry import Mode, Registry, Unit
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import registered


def nothing(ctx: RunContext) -> None:
    """A body that has nothing to do."""


def test_the_decorator_registers_the_body_and_leaves_it_callable() -> None:
    try:
        decorated = registry.unit("decorated", slots=3, title="Decorated")(nothing)
        assert decorated is nothing
        assert registry.get("decorated") == Unit("decorated", nothing, 3, "Decorated")
    finally:
        registry.registry.release("decorated")


def test_an_unknown_unit_is_refused_with_the_names_there_are() -> None:
    with registered(nothing, "known"), pytest.raises(OperatorError) as refused:
        registry.get("unknown")
    assert "unknown" in refused.value.cause
    assert "known" in refused.value.cure


def test_an_empty_registry_says_so() -> None:
    with pytest.raises(OperatorError, match="none"):
        Registry().get("any")


@pytest.mark.parametrize("name", ["", "Upper", "two words", "9lives", "x" * 101, "a:b"])
def test_a_name_that_cannot_be_part_of_a_key_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="lower case"):
        Registry().register(Unit(name, nothing))


def test_a_name_is_taken_once_and_free_again_after_release() -> None:
    units = Registry()
    units.register(Unit("once", nothing))
    with pytest.raises(ValueError, match="twice"):
        units.register(Unit("once", nothing))
    units.release("once")
    assert units.names() == []


def test_a_unit_without_slots_could_never_run() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Registry().register(Unit("none", nothing, slots=0))


def test_a_process_names_its_workers_before_they_are_known() -> None:
    made = registry.process("film-day", ["left", "right"], mode="sequential", title="A day")
    try:
        assert (made.mode, made.workers, made.slots) == (Mode.SEQUENTIAL, ("left", "right"), 1)
        assert made.is_process
        assert made.body is None
    finally:
        registry.registry.release("film-day")


def test_a_worker_that_spreads_has_a_body_of_its_own() -> None:
    try:
        registry.unit("wide", slots=3, spread=True)(nothing)
        made = registry.get("wide")
        assert (made.mode, made.is_process) == (Mode.SPREAD, False)
        assert made.split({"n": 1}, 2) == [{"n": 1}, {"n": 1}]
        assert made.ready() == ""
    finally:
        registry.registry.release("wide")


@pytest.mark.parametrize(
    "unit",
    [
        Unit("no-body", None),
        Unit("no-workers", None, mode=Mode.PARALLEL),
        Unit("both", nothing, mode=Mode.PARALLEL, workers=["left"]),
        Unit("too-many", nothing, workers=["left"]),
    ],
    ids=lambda unit: unit.name,
)
def test_a_unit_is_either_a_worker_or_a_process(unit: Unit) -> None:
    with pytest.raises(ValueError, match="either a body or workers"):
        Registry().register(unit)


def test_units_are_listed_by_name() -> None:
    units = Registry()
    for name in ("b", "a"):
        units.register(Unit(name, nothing))
    assert [unit.name for unit in units.units()] == units.names() == ["a", "b"]
    assert units.find("c") is None
