"""Every door that stores a schedule refuses what could not fire; declared ones make themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.forms import modelform_factory

from popflix.engine.models import Schedule
from popflix.engine.models.schedules import GONE
from popflix.engine.registry import Mode, Params, Registry, Timetable, Unit
from popflix.engine.registry import registry as all_units
from popflix.engine.schedules.checking import next_firings, problems, told_next
from popflix.engine.schedules.declared import Declared
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import NOON, FakeClock
from tests.popflix.engine.watching import every, known, nothing, seconds

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("no_other_units"),
    pytest.mark.both_databases,
]

QUARTER = seconds(900)


def whole_limit(params: Params) -> dict[str, object]:
    if "boom" in params:
        raise KeyError("boom")
    if not isinstance(params.get("limit", 1), int):
        raise OperatorError("limit is not a whole number.", "Give limit=100.")
    return dict(params)


@pytest.fixture(autouse=True)
def units(no_other_units: None) -> Iterator[None]:
    with known(
        Unit("demo", nothing, clean_params=whole_limit),
        Unit("both", None, mode=Mode.PARALLEL, workers=("demo",)),
    ):
        yield


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"cron": "61 4 * * *"}, "cron", "'61 4 * * *' is no cron expression: Bad minute."),
    ({"cron": "0 4 * * *", "every_seconds": 9}, "cron", "not both"),
    ({"every_seconds": None}, "cron", "not neither"),
    ({"every_seconds": 0}, "every_seconds", "at least 1"),
    ({"every_seconds": 10**9 * 2, "jitter_seconds": 10**9 * 2}, "jitter_seconds", "shorter"),
    ({"unit": "nobody", "every_seconds": 9}, "unit", "There is no unit nobody."),
    ({"every_seconds": 9, "time_zone": "Mars/Olympus"}, "time_zone", "Mars/Olympus"),
    ({"every_seconds": 9, "params": {"limit": "many"}}, "params", "limit is not a whole"),
    ({"every_seconds": 9, "params": {"boom": 1}}, "params", "demo refuses these parameters"),
    ({"every_seconds": 9, "params": [1]}, "params", "a JSON object"),
    ({"unit": "both", "every_seconds": 9, "params": {"limit": "x"}}, "params", "limit is not"),
    ({"every_seconds": 60, "jitter_seconds": 60}, "jitter_seconds", "must be shorter"),
    ({"every_seconds": 60, "overlap": "both"}, "overlap", "both"),
]


@pytest.mark.parametrize(("columns", "field", "why"), REFUSED)
def test_what_cannot_fire_is_refused_at_its_field(
    columns: dict[str, Any], field: str, why: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Schedule.objects.create(**{"unit": "demo", **columns})
    assert why in " ".join(refused.value.message_dict[field])
    assert not Schedule.objects.exists()


def test_a_form_shows_what_is_wrong_at_its_field() -> None:
    names = ["unit", "cron", "every_seconds", "time_zone", "overlap", "jitter_seconds", "params"]
    form = modelform_factory(Schedule, fields=names)(
        {"unit": "nobody", "cron": "0 4 * *", "time_zone": "UTC", "overlap": "skip",
         "jitter_seconds": "0", "params": "{}"}
    )  # fmt: skip
    assert set(form.errors) == {"unit", "cron"}


def test_a_new_schedule_fires_next_at_its_first_slot_from_now_on(clock: FakeClock) -> None:
    schedule = every(900, clock)
    assert (schedule.slot_at, schedule.next_at) == (NOON + QUARTER, NOON + QUARTER)
    nightly = Schedule(unit="demo", cron="0 4 * * *", time_zone="Europe/Berlin")
    nightly.save(clock=clock)
    assert nightly.next_at == dt.datetime(2026, 3, 2, 3, tzinfo=dt.UTC)


def test_saving_tells_what_fires_next(clock: FakeClock) -> None:
    nightly = Schedule(unit="demo", cron="0 4 * * *", time_zone="Europe/Berlin")
    nightly.save(clock=clock)
    assert told_next(nightly, NOON) == (
        "demo starts next on Mon 2026-03-02 04:00:00, then Tue 2026-03-03 04:00:00, "
        "then Wed 2026-03-04 04:00:00 (Europe/Berlin)."
    )
    nightly.is_enabled = False
    assert told_next(nightly, NOON) == "demo is not started: this schedule is disabled."


def test_the_next_firings_go_on_behind_the_one_that_is_planned(clock: FakeClock) -> None:
    schedule = every(900, clock, jitter_seconds=60)
    assert schedule.next_at is not None
    planned, second, *_ = next_firings(schedule, NOON, 5)
    assert planned == schedule.next_at
    assert NOON + 2 * QUARTER <= second < NOON + 2 * QUARTER + seconds(60)
    forced = Schedule(unit="demo", every_seconds=900)  # not planned yet
    assert next_firings(forced, NOON, 2) == [NOON + QUARTER, NOON + 2 * QUARTER]
    assert next_firings(Schedule(unit="demo", cron="nonsense"), NOON) == []


def test_a_changed_cadence_is_planned_anew_and_nothing_else_is(clock: FakeClock) -> None:
    schedule = every(900, clock)
    clock(100)
    schedule.params = {"limit": 5}
    schedule.save(clock=clock)
    assert schedule.next_at == NOON + QUARTER
    schedule.every_seconds = 120
    schedule.save(clock=clock, update_fields=["every_seconds"])
    schedule.refresh_from_db()
    assert (schedule.next_at, schedule.params) == (NOON + seconds(120), {"limit": 5})


def test_an_edit_never_puts_back_what_the_watcher_moved_on(clock: FakeClock) -> None:
    schedule = every(900, clock)
    Schedule.objects.update(slot_at=NOON + 2 * QUARTER, next_at=NOON + 2 * QUARTER)
    schedule.params = {"limit": 5}  # a form that was opened before the slot and saved after it
    schedule.save(clock=clock)
    schedule.refresh_from_db()
    assert (schedule.next_at, schedule.params) == (NOON + 2 * QUARTER, {"limit": 5})


def test_slots_that_passed_while_it_was_disabled_are_not_made_up_for(clock: FakeClock) -> None:
    schedule = every(900, clock, is_enabled=False)
    clock(10_000)
    schedule.is_enabled = True
    schedule.save(clock=clock)
    assert schedule.next_at is not None
    assert schedule.next_at > clock.now()


def test_saving_a_mended_schedule_clears_its_error(clock: FakeClock) -> None:
    schedule = every(900, clock)
    Schedule.objects.update(error="it was broken", next_at=NOON)
    schedule.refresh_from_db()
    schedule.save(clock=clock)
    schedule.refresh_from_db()
    assert (schedule.error, schedule.next_at) == ("", NOON + QUARTER)


def test_a_units_own_jitter_is_drawn_by_the_schedules_number(clock: FakeClock) -> None:
    drawn = {every(900, clock, jitter_seconds=800).next_at for _ in range(8)}
    assert len(drawn) > 4
    stored = set(Schedule.objects.values_list("next_at", flat=True))
    assert stored == drawn


def test_whatever_a_row_holds_checking_it_does_not_break() -> None:
    odd: Any = Schedule(unit="demo", every_seconds=10**18, jitter_seconds=5)
    assert "cannot be computed" in problems(odd, all_units, NOON)["every_seconds"]


class TestDeclared:
    hourly = Unit("hourly", nothing, timetable=Timetable(every_seconds=3600))
    nightly = Unit("hourly", nothing, timetable=Timetable("0 4 * * *", jitter_seconds=60))
    bare = Unit("hourly", nothing)

    def keep(self, *units: Unit, is_sites_own: bool = True) -> Schedule | None:
        registry = Registry()
        for unit in units:
            registry.register(unit)
        Declared(registry, is_sites_own=is_sites_own).keep(NOON)
        return Schedule.objects.filter(declared_unit="hourly").first()

    def kept(self, *units: Unit) -> Schedule:
        row = self.keep(*units)
        assert row is not None
        return row

    def test_a_unit_with_a_timetable_gets_one_row_by_itself(self) -> None:
        row = self.kept(self.hourly)
        assert (row.unit, row.every_seconds, row.origin) == ("hourly", 3600, "code")
        assert row.is_enabled
        assert self.kept(self.hourly) == row
        assert Schedule.objects.count() == 1

    def test_what_an_operator_changed_is_kept(self, clock: FakeClock) -> None:
        row = self.kept(self.hourly)
        row.every_seconds, row.is_enabled, row.unit = 60, False, "demo"
        row.save(clock=clock)
        row = self.kept(self.nightly)
        assert (row.every_seconds, row.cron, row.is_enabled) == (60, "", False)
        assert (row.origin, row.declared_unit) == ("code", "hourly")

    def test_a_changed_declaration_reaches_a_row_that_nobody_changed(self) -> None:
        first = self.kept(self.hourly)
        Schedule.objects.update(is_enabled=False, next_at=NOON)
        row = self.kept(self.nightly)
        assert row.pk == first.pk
        assert (row.cron, row.every_seconds, row.jitter_seconds) == ("0 4 * * *", None, 60)
        assert (row.is_enabled, row.next_at) == (False, None)

    def test_a_declaration_that_is_gone_disables_its_row_until_it_is_back(self) -> None:
        self.keep(self.hourly)
        row = self.kept(self.bare)
        assert (row.is_enabled, row.error) == (False, GONE)
        assert not self.kept(self.bare).is_enabled
        assert not self.kept().is_enabled
        row = self.kept(self.hourly)
        assert (row.is_enabled, row.error) == (True, "")

    def test_whoever_enables_a_row_whose_declaration_is_gone_makes_it_their_own(
        self, clock: FakeClock
    ) -> None:
        self.keep(self.hourly)
        row = self.kept(self.bare)
        row.is_enabled, row.unit = True, "demo"
        row.save(clock=clock)
        assert self.keep(self.bare) is None
        row.refresh_from_db()
        assert (row.is_enabled, row.origin, row.error) == (True, "", "")

    def test_a_registry_of_somebodys_own_disables_nothing(self) -> None:
        self.keep(self.hourly)
        row = self.keep(is_sites_own=False)
        assert row is not None
        assert row.is_enabled

    def test_the_rows_are_looked_at_once_a_minute_or_when_units_change(
        self, django_assert_num_queries: Any
    ) -> None:
        registry = Registry()
        registry.register(self.hourly)
        declared = Declared(registry, is_sites_own=True)
        declared.keep(NOON)
        Schedule.objects.all().delete()
        with django_assert_num_queries(0):
            declared.keep(NOON + seconds(59))
        declared.keep(NOON + seconds(60))
        assert Schedule.objects.count() == 1
        registry.release("hourly")
        declared.keep(NOON + seconds(61))
        assert not Schedule.objects.get().is_enabled

    def test_two_watchers_that_begin_together_make_one_row(self) -> None:
        self.keep(self.hourly)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Schedule.objects, "filter", lambda **columns: Schedule.objects.none())
            registry = Registry()
            registry.register(self.hourly)
            Declared(registry, is_sites_own=True).keep(NOON)
        assert Schedule.objects.count() == 1
