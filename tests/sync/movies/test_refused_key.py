"""A key that TMDB refuses: one sentence, its cure, no attempt counted; all goes on after."""

from __future__ import annotations

import pytest
from django.test import override_settings

from popflix.engine.models import Pause, Run
from popflix.engine.pauses import Paused
from popflix.lib.errors import EXIT_ERROR, OperatorError
from sync.movies.crawl_models import Crawl, CrawlState
from sync.movies.models import MovieFetch
from tests.sync.movies.crawled import crawlable, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
RIGHT, WRONG = "the-right-key", "wrong-invented-key"
COMMANDS = {
    "crawl-movies": ("crawl_movies",),
    "refresh-movies": ("refresh_movies", "--tmdb-id", "30000001"),
    "import-movies": ("import_movies", "--tmdb-id", "30000001"),
}


@pytest.mark.parametrize("unit", COMMANDS)
def test_a_refused_key_ends_a_run_and_the_next_with_its_cure(unit: str) -> None:
    with crawlable(40, api_key=RIGHT), override_settings(TMDB_API_KEY=RIGHT):
        with override_settings(TMDB_API_KEY=WRONG):
            for _ in range(2):  # the second finds the unit paused
                with pytest.raises(OperatorError) as raised:
                    run(*COMMANDS[unit])
                assert not isinstance(raised.value, Paused)
                assert raised.value.exit_code == EXIT_ERROR
                assert raised.value.cause.startswith("The key in TMDB_API_KEY is refused (TMDB")
                assert raised.value.cure.startswith("Correct TMDB_API_KEY in .env; ")
        assert Pause.objects.get().unit == unit
        assert WRONG not in f"{Pause.objects.get().memory} {Run.objects.get().error}"
        work = MovieFetch.objects.all()
        assert work.exists()
        assert not work.exclude(attempts=0, lease_token="", failure_kind="").exists()
        assert run(*COMMANDS[unit])["requests"] > 0  # with the right one
        assert not Pause.objects.exists()


def test_a_crawl_that_was_refused_goes_on_where_it_was() -> None:
    with crawlable(40, api_key=RIGHT):
        with override_settings(TMDB_API_KEY=WRONG), pytest.raises(OperatorError):
            run("crawl_movies")
        with override_settings(TMDB_API_KEY=RIGHT):
            assert run("crawl_movies")["missing"] == 0
        assert Crawl.objects.get().state == CrawlState.DONE
