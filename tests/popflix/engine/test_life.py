"""Whatever is done in whatever order: each transition is one legal event, and no run is lost."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.popflix.engine.life import Life

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def _walk(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=_QUIET,
            print_blob=True,
        ),
    )


def test_no_random_life_breaks_a_rule() -> None:
    _walk(examples=15, steps=40)


@pytest.mark.soak
def test_no_random_life_breaks_a_rule_however_long() -> None:
    _walk(examples=600, steps=80)
