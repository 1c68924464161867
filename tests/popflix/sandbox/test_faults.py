"""Faults: read from a line, decided by seed, path and number, and given in TMDB's forms."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from popflix.sandbox.desk import Desk
from popflix.sandbox.faults import FAULTS, FaultPlan, FaultSpecError, parse_faults
from popflix.sandbox.replies import Ending, Manners
from tests.popflix.sandbox.desks import ask, make_desk

PATH = "/3/movie/tt99000002"
PLAIN = Manners()


def failing(name: str, manners: Manners = PLAIN) -> Desk:
    """A desk where every request meets this fault."""
    return make_desk(faults={name: 1.0}, fault_limit=1000, manners=manners)


def test_a_specification_is_names_and_shares() -> None:
    assert parse_faults(" 429=0.05, slow=1e-2,reset=0 ,") == {
        "429": 0.05,
        "slow": 0.01,
        "reset": 0,
    }
    assert parse_faults("") == {}


@pytest.mark.parametrize("part", ["42x=0.1", "=0.1", "teapot", "429 = 0.1"])
def test_an_unknown_fault_is_named_beside_the_known_ones(part: str) -> None:
    with pytest.raises(FaultSpecError) as caught:
        parse_faults(f"500=0.1,{part}")
    assert repr(part) in str(caught.value)
    assert all(name in str(caught.value) for name in FAULTS)


@pytest.mark.parametrize("part", ["429", "429=", "429=a", "429=-0.1", "429=1.1", "429=nan"])
def test_a_bad_share_is_named(part: str) -> None:
    with pytest.raises(FaultSpecError) as caught:
        parse_faults(f"slow=0.1,{part}")
    assert repr(part) in str(caught.value)


def test_shares_add_up_to_one_at_most_and_no_fault_stands_twice() -> None:
    assert parse_faults("429=0.5,500=0.5")
    with pytest.raises(FaultSpecError, match=r"add up to 1\.2"):
        parse_faults("429=0.5,500=0.7")
    with pytest.raises(FaultSpecError, match="429 stands twice"):
        parse_faults("429=0.5,429=0.1")


def fates(plan: FaultPlan, path: str, count: int) -> list[str | None]:
    return [plan.next(path) for _ in range(count)]


def test_the_fate_of_a_request_depends_on_seed_path_and_number_alone() -> None:
    rates = {"429": 0.3, "500": 0.3}
    one, other = FaultPlan(rates, 1), FaultPlan(rates, 1)
    alone = fates(one, "/3/a", 50)
    for _ in range(50):
        other.next("/3/b")
    assert fates(other, "/3/a", 50) == alone
    assert fates(FaultPlan(rates, 2), "/3/a", 50) != alone
    assert fates(FaultPlan(rates, 1), "/3/c", 50) != alone
    one.reset()
    assert fates(one, "/3/a", 50) == alone


def test_the_shares_are_kept() -> None:
    plan = FaultPlan({"429": 0.05, "slow": 0.10}, 1)
    seen = Counter(plan.next(f"/3/movie/{number}") for number in range(4000))
    assert seen["429"] / 4000 == pytest.approx(0.05, abs=0.012)
    assert seen["slow"] / 4000 == pytest.approx(0.10, abs=0.016)


def test_no_path_meets_more_faults_in_a_row_than_the_limit() -> None:
    assert fates(FaultPlan({"500": 1.0}, 1, limit=3), "/3/a", 8) == [
        "500", "500", "500", None, "500", "500", "500", None,
    ]  # fmt: skip


def test_without_rates_nothing_goes_wrong() -> None:
    assert fates(FaultPlan({"429": 0.0}, 1), "/3/a", 5) == [None] * 5


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("429", 429, 25), ("500", 500, 11), ("503", 503, 9), ("504", 504, 24)],
)
def test_an_error_comes_in_tmdbs_own_words(fault: str, status: int, code: int) -> None:
    got = ask(failing(fault), PATH)
    assert (got.status, got.body["status_code"]) == (status, code)
    assert got.ending is Ending.KEEP


def test_the_429_names_no_time_to_wait_unless_told_to() -> None:
    assert "Retry-After" not in ask(failing("429"), PATH).headers
    assert ask(failing("429", Manners(retry_after="2")), PATH).headers["Retry-After"] == "2"
    assert "Retry-After" not in ask(failing("503", Manners(retry_after="2")), PATH).headers


def test_a_502_is_a_gateways_page() -> None:
    got = ask(failing("502"), PATH)
    assert (got.status, got.headers["Content-Type"]) == (502, "text/html")


def test_notjson_is_a_page_under_status_200() -> None:
    got = ask(failing("notjson"), PATH)
    assert got.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(got.raw)


def test_slow_is_the_right_answer_late() -> None:
    got = ask(failing("slow", Manners(latency=0.1, slow=2.0)), PATH)
    assert got.body["imdb_id"] == "tt99000002"
    assert got.delay == pytest.approx(2.1)


def test_truncated_promises_more_than_it_sends_and_hangs_up() -> None:
    got = ask(failing("truncated"), PATH)
    assert got.status == 200
    assert 0 < len(got.raw) < int(got.headers["Content-Length"])
    assert got.ending is Ending.CLOSE


def test_reset_sends_nothing() -> None:
    got = ask(failing("reset"), PATH)
    assert got.ending is Ending.RESET
    assert got.raw == b""


def test_a_refused_request_meets_no_fault() -> None:
    desk = failing("500")
    assert ask(desk, PATH, headers={}).status == 401
    assert ask(desk, PATH, method="POST").status == 405


def test_a_retry_of_the_same_request_succeeds_in_the_end() -> None:
    desk = make_desk(faults={"500": 0.9}, fault_limit=3)
    for number in range(2, 20):
        statuses = [ask(desk, f"/3/tv/{number}").status for _ in range(4)]
        assert 404 in statuses


def test_over_the_hard_limit_every_request_is_429() -> None:
    desk = make_desk(manners=Manners(hard_limit=40))
    statuses = [ask(desk, PATH, now=number / 50).status for number in range(50)]
    assert statuses == [200] * 40 + [429] * 10
    got = ask(desk, PATH, now=0.985)
    assert got.body["status_message"] == (
        "Your request count (51) is over the allowed limit of 40."
    )
    assert ask(desk, PATH, now=3.0).status == 200
