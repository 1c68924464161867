"""Where films can be watched: true after the round that confirms, and never wrong by a provider
that misbehaves.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest

from popflix.sandbox import Sandbox, running
from sync.availability.models import Availability, Provider
from tests.flows.availability import (
    CONFIRM_HOURS,
    LeapingClock,
    changes,
    check,
    fill,
    known,
    movies,
    provided,
    statuses,
)
from tests.site import Site

here = pytest.mark.django_db(transaction=True)  # in this process
CHECKS = 300
A_DAY = 25.3  # hours: what was checked together is due again, all of it
# Each kind of it, in the worst share of requests; with one of them half of the time.
MISBEHAVIOURS = (
    "soft_404", "bot_wall=0.5", "limited_mirror", "login_page", "foreign_redirect",
    "always_200", "always_404", "faults=0.4",
)  # fmt: skip
# Without a rule of the body nothing but the controls tells these from the truth.
UNSEEN = ("soft_404", "login_page", "always_200", "always_404")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(titles=1, slow_ms=20, retry_after=1) as started:
        yield started


def yesterday(clock: LeapingClock) -> dt.datetime:
    return clock.now() - dt.timedelta(hours=A_DAY)


@here
@pytest.mark.both_databases
def test_every_answer_is_right_and_follows_the_truth_after_the_round_that_confirms(
    sandbox: Sandbox,
) -> None:
    clock, ids = LeapingClock(), movies(CHECKS)
    with provided(sandbox):
        check(clock)
        before = sandbox.provider.truth(ids)
        assert statuses(ids) == before
        assert changes() == []

        sandbox.provider.set(edition=2)
        after = sandbox.provider.truth(ids)
        changed = {number for number in ids if before[number] != after[number]}
        assert changed
        clock.leap(A_DAY)
        check(clock)
        assert statuses(ids) == before  # one look alone takes nothing back
        assert Availability.objects.filter(agreement_count=1).count() == len(changed)
        clock.leap(CONFIRM_HOURS + 0.1)
        check(clock)
        assert statuses(ids) == after
        assert {number for number, *_ in changes()} == changed


@here
@pytest.mark.parametrize("behaviour", MISBEHAVIOURS)
def test_no_answer_is_taken_back_because_a_provider_misbehaves(
    sandbox: Sandbox, behaviour: str
) -> None:
    clock, ids = LeapingClock(), movies(CHECKS)
    with provided(sandbox):
        truth = sandbox.provider.truth(ids)
        known(truth, yesterday(clock))
        sandbox.provider.set(behaviour)
        for _ in range(2):
            check(clock)
            assert statuses(ids) == truth
            clock.leap(CONFIRM_HOURS + 0.1)
        assert sandbox.provider.report()["requests"] >= 2
        require_right_when_honest(sandbox, clock, truth)


@here
@pytest.mark.parametrize("behaviour", UNSEEN)
def test_the_controls_find_out_what_no_rule_does(sandbox: Sandbox, behaviour: str) -> None:
    clock, ids = LeapingClock(), movies(CHECKS)
    with provided(sandbox, body_contains=[], hosts=["127.0.0.1"]):
        truth = sandbox.provider.truth(ids)
        known(truth, yesterday(clock))
        sandbox.provider.set(behaviour)
        for _ in range(2):
            assert check(clock) is None
            assert statuses(ids) == truth
            clock.leap(CONFIRM_HOURS + 0.1)
        provider = Provider.objects.get()
        assert provider.controls_agree is False
        assert "ought to be" in provider.controls_told
        require_right_when_honest(sandbox, clock, truth)


def require_right_when_honest(
    sandbox: Sandbox, clock: LeapingClock, truth: dict[int, bool]
) -> None:
    """Honest again, everything is confirmed, what was given up included."""
    sandbox.provider.set("honest")
    clock.leap(A_DAY)
    assert check(clock, retry_unknown=True) is not None
    assert statuses(truth) == truth
    assert changes() == []
    confirmed = Availability.objects.filter(confirmed_at__gte=yesterday(clock))
    assert confirmed.count() == len(truth)


@here
@pytest.mark.both_databases
def test_of_movies_never_checked_no_wrong_answer_is_stored(sandbox: Sandbox) -> None:
    clock, ids = LeapingClock(), movies(CHECKS)
    with provided(sandbox):
        sandbox.provider.set("always_404")
        check(clock)
        assert set(statuses(ids).values()) == {None}


QUICK: dict[str, Any] = {"rate_per_second": 40.0, "concurrency": 3}
SLOW: dict[str, Any] = {"rate_per_second": 10.0, "concurrency": 2}
TMDB_RATE = 20.0
FILMS, FEW = 120, 30  # of the quick provider all, of the others a few


def settings_of(sandbox: Sandbox) -> dict[str, str]:
    """Two providers, each an address of its own, and TMDB's."""
    root = f"{sandbox.provider.root}/{{}}/embed/movie/{{{{tmdb_id}}}}"
    entries = [
        sandbox.provider.entry("quick", template=root.format("m1"), **QUICK),
        sandbox.provider.entry("slow", template=root.format("m2"), **SLOW),
        {"name": "tmdb", "kind": "tmdb", "regions": ["US"]},
    ]
    return {
        "POPFLIX_PROVIDERS": json.dumps(entries),
        "TMDB_BASE_URL": sandbox.url,
        "TMDB_API_KEY": "invented-key",
        "TMDB_RATE_PER_SECOND": str(TMDB_RATE),
    }


@pytest.mark.paced
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # MariaDB: the benchmark
def test_each_provider_keeps_its_rate_and_concurrency_beside_tmdbs_own(site: Site) -> None:
    """Three processes at once, and a fourth that finds its provider taken."""
    with running(titles=1, movies=200, provider_latency_ms=120, latency_ms=50) as sandbox:
        fill(site, sorted(sandbox.expected_movies())[:FILMS])
        site.env |= settings_of(sandbox)
        quick = ("check_availability", "--provider", "quick")
        few = ("--limit", str(FEW))
        others = [("check_availability", "--provider", name, *few) for name in ("slow", "tmdb")]
        started = [site.popen(*each) for each in (quick, quick, *others)]
        ended = [process.communicate(timeout=100) for process in started]
        codes = [process.returncode for process in started]
        assert (sorted(codes[:2]), codes[2:]) == ([0, 1], [0, 0]), ended
        mirrors, tmdb = sandbox.provider.report()["mirrors"], sandbox.report()
    for mirror, entry, count in (("m1", QUICK, FILMS), ("m2", SLOW, FEW)):
        told = mirrors[mirror]
        assert told["requests"] >= count
        assert told["worst_second"] <= entry["rate_per_second"] + 2
        assert told["most_at_once"] <= entry["concurrency"]
    assert tmdb["requests"] >= FEW
    assert tmdb["worst_second"] <= TMDB_RATE + 2
