"""The long campaigns of availability: ten thousand checks against each misbehaviour, kills."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator

import pytest

from popflix.sandbox import Sandbox, running
from sync.availability.models import Availability
from tests.flows.availability import (
    CONFIRM_HOURS,
    NAME,
    LeapingClock,
    changes,
    check,
    fill,
    known,
    movies,
    provided,
    statuses,
)
from tests.flows.test_availability import A_DAY, MISBEHAVIOURS, yesterday
from tests.site import Site
from tests.soak.telling import print_line, vendor

pytestmark = pytest.mark.soak
CHECKS = 10_000
ROUNDS = 3  # of each misbehaviour, hours apart
KILLS = 20
RATE = 400.0
LONGEST_SECONDS = 1_500
Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    def told(line: str) -> None:
        with capsys.disabled():
            print_line(line)

    return told


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(titles=1, slow_ms=20, retry_after=1) as started:
        yield started


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("behaviour", [*MISBEHAVIOURS, "bot_wall", "login_page=0.5"])
def test_ten_thousand_checks_against_a_misbehaving_provider_take_no_answer_back(
    sandbox: Sandbox, behaviour: str, tell: Tell
) -> None:
    clock, ids = LeapingClock(), movies(CHECKS)
    with provided(sandbox):
        truth = sandbox.provider.truth(ids)
        known(truth, yesterday(clock))
        sandbox.provider.set(behaviour)
        for _ in range(ROUNDS):
            check(clock, retry_unknown=True)
            assert statuses(ids) == truth
            clock.leap(CONFIRM_HOURS + 0.1)
        asked = sandbox.provider.report()["requests"]
        sandbox.provider.set("honest")
        clock.leap(A_DAY)
        assert check(clock, retry_unknown=True) is not None
        confirmed = Availability.objects.filter(confirmed_at__gte=yesterday(clock)).count()
        tell(f"{behaviour}: {asked} requests, {len(changes())} flips, {confirmed} confirmed after")
        assert (statuses(ids), changes()) == (truth, [])
        assert confirmed == CHECKS


@pytest.mark.django_db(transaction=True)
def test_ten_thousand_answers_follow_the_truth_after_the_round_that_confirms(
    sandbox: Sandbox, tell: Tell
) -> None:
    clock, ids = LeapingClock(), movies(CHECKS)
    with provided(sandbox):
        check(clock)
        before = sandbox.provider.truth(ids)
        assert statuses(ids) == before
        for edition in (2, 3):
            sandbox.provider.set(edition=edition)
            after = sandbox.provider.truth(ids)
            clock.leap(A_DAY)
            check(clock)
            assert statuses(ids) == before
            clock.leap(CONFIRM_HOURS + 0.1)
            check(clock)
            assert statuses(ids) == after
            before = after
        tell(f"honest: {len(changes())} flips of {CHECKS} movies, all of them right")


def test_checks_killed_twenty_times_lose_nothing_and_store_nothing_twice(
    site: Site, tell: Tell
) -> None:
    seed = int(os.environ.get("POPFLIX_SOAK_SEED") or random.randrange(10**6))
    draw = random.Random(seed)
    with running(titles=1) as sandbox:
        entry = sandbox.provider.entry(NAME, rate_per_second=RATE, concurrency=16)
        site.env["POPFLIX_PROVIDERS"] = json.dumps([entry])
        ids = range(1, CHECKS + 1)
        fill(site, ids)
        for moment in sorted(draw.sample(range(5, CHECKS), KILLS)):
            kill_at(site, moment, draw.uniform(0, 1.5))
        site.json("check_availability", timeout=LONGEST_SECONDS)
        truth, report = sandbox.provider.truth(ids), sandbox.provider.report()
    held = site.sql(
        "SELECT m.tmdb_id, a.status FROM sync_movie m JOIN sync_availability a "
        "ON a.movie_id = m.id AND a.region = ''"
    )
    assert {number: status == "available" for number, status in held} == truth, seed
    assert len(held) == CHECKS
    # What a run stores it counts in the same commit: each movie once, however many kills.
    assert site.sql("SELECT sum(done_count), sum(failed_count) FROM engine_run") == [(CHECKS, 0)]
    assert site.sql("SELECT count(*) FROM sync_availabilityflip") == [(CHECKS,)]
    assert site.sql("SELECT count(*) FROM sync_availability WHERE lease_token <> ''") == [(0,)]
    beyond = report["requests"] - CHECKS
    tell(f"seed {seed}, {vendor(site)}: {beyond} requests beyond one per movie, controls too")


def kill_at(site: Site, moment: int, seconds: float) -> None:
    """Start the checks anew and kill them so long after so many rows are stored."""
    process = site.popen("check_availability")
    stored = "SELECT count(*) FROM sync_availability WHERE last_outcome <> ''"
    while process.poll() is None and site.sql(stored)[0][0] < moment:
        time.sleep(0.05)
    time.sleep(seconds)
    process.kill()
    process.communicate()
