"""The main job against a stand-in TMDB: each title ends where it should, and says why."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from django.test import override_settings
from pytest_django import Settings

from popflix.engine.models import Event, Run, RunStatus
from popflix.lib.command import StopRequest
from popflix.lib.errors import ConfigurationError, OperatorError
from sync.links.ensure_links import ensure_links
from sync.links.models import Enrichment, MediaLinks, Title
from tests.sync.links.rows import LONG_AGO, NOW
from tests.sync.links.sandboxed import (
    Lines,
    days_after,
    enrichable,
    enriched,
    expected_state,
    final_state,
    snapshot,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
TITLES = 60


def known(sandbox: Any, status: str = "SUCCESS", kind: str = "") -> list[str]:
    """The titles that shall end so."""
    return [
        name
        for name, told in sandbox.expected().items()
        if (told["status"], told["kind"]) == (status, kind)
    ]


def test_every_title_ends_in_its_right_state_and_a_second_run_asks_nothing() -> None:
    with enrichable(TITLES) as sandbox:
        first = enriched()
        assert final_state() == expected_state(sandbox)
        failed = sum(row["status"] == "FAILED" for row in final_state().values())
        assert first.result["success"] == TITLES - failed
        assert first.result["failed"] == failed
        assert first.result["pending"] == 0
        assert first.result["requests"] == sandbox.report()["requests"]
        assert first.run.status == RunStatus.COMPLETED
        before = snapshot()
        second = enriched()
        assert second.result["requests"] == 0
        assert (second.result["success"], second.result["failed"]) == (0, 0)
        assert snapshot() == before


def test_settled_rows_are_due_again_by_the_rules() -> None:
    with enrichable(TITLES):
        enriched()
    for row in Enrichment.objects.select_related("link"):
        assert row.lease_token == ""
        assert row.attempts == 0
        if row.failure_kind == "not_found":
            assert days_after(row.due_at, row.fetched_at) == 30
        elif row.failure_kind == "ambiguous":
            assert row.due_at is None
            assert len(row.candidates) == 2
        else:
            assert days_after(row.due_at, row.fetched_at) == 150
            assert row.poster_reason
            assert row.trailer_reason


def test_faults_on_the_way_change_nothing_at_the_end() -> None:
    faults = "429=0.03,500=0.03,502=0.01,truncated=0.01,notjson=0.01,reset=0.01"
    with enrichable(TITLES, faults=faults, retry_after=0) as sandbox:
        outcome = enriched()
        assert final_state() == expected_state(sandbox)
        assert outcome.result["retries"] == sum(sandbox.report()["faults"].values())


def test_a_limit_settles_so_many_and_leaves_the_rest() -> None:
    with enrichable(TITLES):
        lines = Lines()
        outcome = enriched({"limit": 7, "batch_size": 3}, lines=lines)
        assert (Run.objects.get().done_count, outcome.result["pending"]) == (7, TITLES - 7)
        assert (lines.done, lines.total) == (7, 7)
        assert outcome.result["next_due_at"] is not None


def test_only_the_titles_asked_for_are_asked() -> None:
    with enrichable(TITLES) as sandbox:
        first, second = known(sandbox)[:2]
        url = f"https://www.imdb.com/title/{second}/?ref_=x"
        enriched({"imdb_ids": [first.removeprefix("tt"), url, first]})
        asked = {name for name, count in sandbox.report()["by_title"].items() if count}
        assert asked == {first, second}
        assert MediaLinks.objects.get(pk=first).processed_status == "SUCCESS"


def test_a_title_asked_for_is_asked_whatever_its_state_and_type() -> None:
    with enrichable(TITLES) as sandbox:
        settled, unwanted = known(sandbox)[:2]
        Title.objects.filter(pk=unwanted).update(title_type="short")
        enriched({"imdb_ids": [settled]})
        MediaLinks.objects.filter(pk=settled).update(processed_status="FAILED", poster_url=None)
        enriched({"imdb_ids": [settled, unwanted]})
        assert final_state()[settled] == expected_state(sandbox)[settled]
        assert final_state()[unwanted] == expected_state(sandbox)[unwanted]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"imdb_ids": ["tt0000001", "99000001"]}, "TitleBasics does not hold tt0000001."),
        ({"imdb_ids": ["nm0000001"]}, "No IMDb id: nm0000001."),
        ({"imdb_ids": "tt99000001"}, "imdb_ids is no list."),
        ({"limit": 0}, "--limit is 0. Give a whole number of at least 1."),
        ({"batch_size": 5000}, "--batch-size is 5000. Give a whole number from 1 to 1000."),
        ({"concurrency": "8"}, "--concurrency is 8. Give a whole number from 1 to 20."),
        ({"stale_days": 200}, "--stale-days is 200. Give a whole number from 1 to 179."),
        ({"retry_failed": "lost"}, "There is no failure kind lost. Choose one of not_found,"),
        ({"colour": "red"}, "There is no parameter colour. Known are limit,"),
    ],
)
def test_a_wrong_parameter_is_named_before_anything_runs(
    params: dict[str, Any], words: str
) -> None:
    Title.objects.create(tconst="tt99000001")
    with pytest.raises(OperatorError) as raised:
        enriched(params)
    assert str(raised.value).startswith(words)
    assert not Run.objects.exists()


def test_many_unknown_ids_are_counted_after_the_first_ten() -> None:
    with pytest.raises(OperatorError, match=r"tt0000010 and 2 more\."):
        enriched({"imdb_ids": [f"tt{number:07d}" for number in range(1, 13)]})


def test_failed_titles_of_one_kind_are_asked_again() -> None:
    with enrichable(TITLES) as sandbox:
        enriched()
        sandbox.reset()
        lines = Lines()
        enriched({"retry_failed": "ambiguous"}, lines=lines)
        ambiguous = known(sandbox, "FAILED", "ambiguous")
        asked = {name for name, count in sandbox.report()["by_title"].items() if count}
        assert asked == set(ambiguous)
        assert lines.notes == [f"{len(ambiguous)} failed titles (ambiguous) are asked again."]
        assert final_state() == expected_state(sandbox)


def test_failed_titles_of_any_kind_are_asked_again() -> None:
    with enrichable(TITLES) as sandbox:
        enriched()
        sandbox.reset()
        outcome = enriched({"retry_failed": ""})
        failed = known(sandbox, "FAILED", "ambiguous") + known(sandbox, "FAILED", "not_found")
        assert outcome.result["failed"] == len(failed)
        assert sum(map(bool, sandbox.report()["by_title"].values())) == len(failed)


def test_answers_older_than_the_stale_days_are_refreshed_with_one_request() -> None:
    with enrichable(TITLES) as sandbox:
        enriched()
        old = known(sandbox)[:3]
        Enrichment.objects.filter(pk__in=old).update(fetched_at=LONG_AGO)
        MediaLinks.objects.update(last_updated=LONG_AGO)
        sandbox.reset()
        outcome = enriched({"stale_days": 10})
        assert outcome.result["requests"] == outcome.result["success"] == 3
        assert final_state() == expected_state(sandbox)
        assert set(MediaLinks.objects.values_list("last_updated", flat=True)) == {LONG_AGO}


def test_movies_that_direct_look_ups_miss_switch_the_run_to_find() -> None:
    with enrichable(TITLES, no_direct=True) as sandbox:
        lines = Lines()
        outcome = enriched({"concurrency": 1}, lines=lines)
        assert final_state() == expected_state(sandbox)
        told = [note for note in lines.notes if "direct look-ups in a row missed" in note]
        assert len(told) == 1
        events = Event.objects.filter(run=outcome.run, kind="note")
        assert [event.payload["text"] for event in events] == told
        assert sandbox.report()["by_status"]["404"] < TITLES


@pytest.mark.parametrize("variable", ["TMDB_API_KEY", "TMDB_READ_TOKEN"])
def test_a_refused_key_stops_at_once_with_every_row_intact(variable: str) -> None:
    with (
        enrichable(TITLES, api_key="another-key", read_token="another-token") as sandbox,
        override_settings(**{variable: "wrong-invented-key"}),
    ):
        enriched_before = snapshot_after_ensuring()
        with pytest.raises(OperatorError) as raised:
            enriched({"concurrency": 4})
        assert raised.value.cause.startswith(
            f"The key in {variable} is refused (TMDB answered 401"
        )
        assert "every row is left as it was" in raised.value.cause
        assert "https://www.themoviedb.org/settings/api" in raised.value.cure
        assert "wrong-invented-key" not in str(raised.value)
        assert raised.value.__cause__ is None
        assert sandbox.report()["requests"] <= 4
        after = {row[0]: row[2:] for row in snapshot()}
        assert after == {row[0]: row[2:] for row in enriched_before}
        run = Run.objects.get()
        assert (run.status, run.done_count) == (RunStatus.ERROR, 0)


def snapshot_after_ensuring() -> list[tuple[Any, ...]]:
    ensure_links(["movie", "tvMovie", "tvSeries", "tvMiniSeries"], NOW)
    return snapshot()


def test_no_key_is_told_before_any_row_is_touched() -> None:
    with enrichable(TITLES) as sandbox, override_settings(TMDB_API_KEY=""):
        with pytest.raises(ConfigurationError, match="Neither TMDB_READ_TOKEN nor TMDB_API_KEY"):
            enriched()
        assert not Enrichment.objects.exists()
        assert sandbox.report()["requests"] == 0


def test_an_empty_database_says_what_to_do(settings: Settings) -> None:
    settings.TMDB_API_KEY = "invented-key"
    with pytest.raises(OperatorError, match="import_imdb"):
        enriched()


def test_a_stop_before_the_first_title_leaves_all_for_the_next_run() -> None:
    with enrichable(TITLES) as sandbox:
        stop = StopRequest()
        stop.ask(signal.SIGTERM)
        outcome = enriched(stop=stop)
        assert outcome.stopped_by == signal.SIGTERM
        assert outcome.run.status == RunStatus.CANCELLED
        assert outcome.result["pending"] == TITLES
        assert sandbox.report()["requests"] == 0
        assert not Enrichment.objects.exclude(lease_token="").exists()


def test_a_long_pause_that_tmdb_asks_for_ends_the_run_saying_so() -> None:
    with enrichable(TITLES, faults="429=1", fault_limit=1000, retry_after=120):
        lines = Lines()
        outcome = enriched(lines=lines)
        assert outcome.run.status == RunStatus.COMPLETED
        assert outcome.result["pending"] == TITLES
        assert any(note.startswith("Not waiting") and "429" in note for note in lines.notes)
        assert not Enrichment.objects.exclude(attempts=0).exists()


def test_a_locked_field_survives_a_refresh() -> None:
    with enrichable(TITLES) as sandbox:
        chosen = known(sandbox)[0]
        enriched({"imdb_ids": [chosen]})
        mine = "https://example.org/mine.jpg"
        MediaLinks.objects.filter(pk=chosen).update(poster_url=mine, last_updated=LONG_AGO)
        Enrichment.objects.filter(pk=chosen).update(locked_fields=["poster_url"])
        enriched({"imdb_ids": [chosen]})
        link = MediaLinks.objects.get(pk=chosen)
        assert (link.poster_url, link.last_updated) == (mine, LONG_AGO)
        assert "locked it" in Enrichment.objects.get(pk=chosen).poster_reason


def test_an_id_that_an_operator_locked_is_believed() -> None:
    with enrichable(TITLES) as sandbox:
        ambiguous = known(sandbox, "FAILED", "ambiguous")[0]
        movie = next(
            number
            for kind, number in sandbox.expected()[ambiguous]["candidates"]
            if kind == "movie"
        )
        enriched({"imdb_ids": [ambiguous]})
        MediaLinks.objects.filter(pk=ambiguous).update(tmdb_id=movie)
        Enrichment.objects.filter(pk=ambiguous).update(locked_fields=["tmdb_id"])
        enriched({"imdb_ids": [ambiguous]})
        link = MediaLinks.objects.get(pk=ambiguous)
        assert (link.processed_status, link.tmdb_id) == ("SUCCESS", movie)
        assert Enrichment.objects.get(pk=ambiguous).candidates == []


def test_a_fault_that_lasts_gives_up_in_words_and_keeps_the_row_for_an_operator(
    settings: Settings,
) -> None:
    settings.POPFLIX_MAX_ATTEMPTS, settings.TMDB_RETRIES = 1, 0
    with enrichable(TITLES, faults="503=1", fault_limit=1000) as sandbox:
        name = known(sandbox)[0]
        outcome = enriched({"imdb_ids": [name]})
        assert outcome.result["failed"] == 1
        work = Enrichment.objects.get(pk=name)
        assert (work.failure_kind, work.due_at) == ("gave_up", None)
        assert work.last_error.startswith("Gave up after 1 attempts: TMDB answered 503")


def test_a_row_that_fails_transiently_is_tried_again_in_the_same_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TMDB_RETRIES = 0
    monkeypatch.setattr("sync.links.decide._FIRST_RETRY_SECONDS", 0.1)
    with enrichable(TITLES, faults="500=0.3") as sandbox:
        enriched()
        assert final_state() == expected_state(sandbox)
        assert sandbox.report()["faults"]["500"] > 0
