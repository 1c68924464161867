"""What the sandbox counts and reports, and that it tells nobody's query."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from popflix.sandbox.answers import Answer
from popflix.sandbox.api import CatalogueApi
from popflix.sandbox.catalogue import Catalogue
from popflix.sandbox.counting import Counts
from popflix.sandbox.replies import Manners
from tests.popflix.sandbox.desks import ask, make_desk

OWN = "/__sandbox__/"


def test_the_worst_second_slides() -> None:
    counts = Counts()
    for instant in (0.0, 0.9, 1.5, 1.6, 1.7, 1.89, 3.5):
        counts.arrived(instant, None)
    assert counts.worst_second == 5  # from 0.9 to 1.89, which no clock second holds


def test_requests_exactly_a_second_apart_do_not_share_one() -> None:
    counts = Counts()
    assert [counts.arrived(float(instant), None) for instant in range(5)] == [1] * 5


def test_connections_are_counted_at_their_most() -> None:
    counts = Counts()
    for change in (1, 1, 1, -1, -1, 1):
        counts.connected(change)
    assert counts.most_connections == 3
    counts.reset()
    assert counts.most_connections == 2


def test_the_report_tells_requests_by_status_and_title() -> None:
    desk = make_desk()
    ask(desk, "/3/movie/tt99000002", now=0.0)
    ask(desk, "/3/movie/9000002", now=0.5)
    ask(desk, "/3/movie/tt99000002", now=5.0, headers={})
    ask(desk, "/3/movie/550", now=9.0)
    assert ask(desk, OWN + "report").body == {
        "requests": 4,
        "worst_second": 2,
        "most_connections": 0,
        "by_status": {"200": 2, "401": 1, "404": 1},
        "by_title": {"tt99000002": 3},
        "answered_by_title": {"tt99000002": 2},
        "faults": {},
    }


def test_faults_are_counted_apart_from_true_answers() -> None:
    desk = make_desk(faults={"slow": 0.3, "reset": 0.3, "truncated": 0.3}, fault_limit=2)
    for _ in range(60):
        ask(desk, "/3/movie/tt99000002")
    report = ask(desk, OWN + "report").body
    assert set(report["faults"]) == {"slow", "reset", "truncated"}
    wasted = report["faults"]["reset"] + report["faults"]["truncated"]
    assert report["by_title"] == {"tt99000002": 60}
    assert report["answered_by_title"] == {"tt99000002": 60 - wasted}
    assert report["by_status"]["reset"] == report["faults"]["reset"]


def test_a_reset_clears_the_counts_and_begins_the_faults_anew() -> None:
    desk = make_desk(faults={"500": 0.5})

    def statuses() -> list[int]:
        return [ask(desk, "/3/movie/tt99000002").status for _ in range(12)]

    before = statuses()
    assert ask(desk, OWN + "reset", method="POST").body["requests"] == 0
    assert statuses() == before


def test_the_sandboxs_own_pages_are_free_and_uncounted() -> None:
    desk = make_desk(manners=Manners(latency=5.0))
    got = ask(desk, OWN + "expected", headers={})
    assert got.delay == 0
    assert len(got.body) == 100
    assert ask(desk, OWN + "title.basics.tsv").raw.count(b"\n") == 101
    assert ask(desk, OWN + "report").body["requests"] == 0


def test_own_pages_that_do_not_exist_or_want_another_method_say_so() -> None:
    desk = make_desk()
    assert ask(desk, OWN + "nothing").status == 404
    assert ask(desk, OWN + "reset").status == 405
    assert ask(desk, OWN + "report", method="POST").status == 405


def test_the_summary_is_one_line_for_people() -> None:
    desk = make_desk()
    assert desk.counts.summary() == "0 requests; worst sliding second 0."
    ask(desk, "/3/movie/tt99000002")
    ask(desk, "/3/movie/550")
    assert desk.counts.summary() == "2 requests (1 x 200, 1 x 404); worst sliding second 2."


def test_other_methods_than_get_are_405_and_a_head_gets_no_body() -> None:
    desk = make_desk()
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        got = ask(desk, "/3/movie/tt99000002", method=method)
        assert (got.status, got.body["status_code"], got.headers["Allow"]) == (405, 42, "GET")
    head = ask(desk, "/3/movie/tt99000002", method="HEAD")
    assert (head.status, head.raw) == (405, b"")


def test_the_access_log_names_paths_and_never_a_query() -> None:
    log: list[str] = []
    desk = make_desk(log=log, faults={"500": 1.0}, fault_limit=1)
    for _ in range(2):
        ask(desk, "/3/movie/tt99000002", api_key="planted", append_to_response="videos")
    ask(desk, "/3/movie/x%3Fapi_key=planted")
    ask(desk, "/3/movie/%0Aforged")
    ask(desk, OWN + "report", api_key="planted")
    assert log == [
        "GET /3/movie/tt99000002 500 500",
        "GET /3/movie/tt99000002 200",
        "GET /3/movie/x 500 500",
        "GET /3/movie/\\nforged 500 500",
    ]


class CountingSource(CatalogueApi):
    def __init__(self) -> None:
        super().__init__(Catalogue(10, 1))
        self.asked: list[str] = []

    def answer(self, path: str, params: Mapping[str, str]) -> Answer:
        self.asked.append(path)
        return super().answer(path, params)


def test_answers_are_kept_ready_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("popflix.sandbox.desk._MOST_ROUTES", 3)
    source = CountingSource()
    desk = make_desk(source)
    for path in "/1", "/2", "/3", "/1", "/4", "/4", "/1":
        assert ask(desk, path).status == 404
    assert source.asked == ["/1", "/2", "/3", "/4", "/1"]
