"""What an operator sees of each fault that a feed can have, with the stand-in's feed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command

from popflix.lib.errors import OperatorError
from popflix.lib.models import QuarantinedRow
from popflix.sandbox import Sandbox, running
from reconcile.feed.models import Load
from tests.reconcile.feed.loading import staged, told

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = "first=2026-01-28"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(cinemas=3, shows=60) as made:
        yield made


def address(sandbox: Sandbox, faults: str = "", edition: int = 1) -> str:
    return f"{sandbox.shows_url}?{FIRST}&edition={edition}&faults={faults}"


def loaded(sandbox: Sandbox, faults: str = "", zone: str = "Asia/Kolkata") -> dict[str, Any]:
    found = told(address(sandbox, faults), "--time-zone", zone)
    assert found["read"] == found["staged"] + found["merged"] + found["quarantined"]
    return found


def failing(address: str) -> tuple[int, str]:
    """The exit code and what was said."""
    said = io.StringIO()
    try:
        call_command(
            "load_shows", address, "--time-zone", "Asia/Kolkata", stdout=said, stderr=said
        )
    except OperatorError as error:
        return error.exit_code, str(error)
    except SystemExit as ended:
        return int(str(ended.code)), said.getvalue()
    raise AssertionError(said.getvalue())


@pytest.fixture
def _a_load(sandbox: Sandbox) -> None:
    loaded(sandbox)


@pytest.mark.usefixtures("_a_load")
@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("html", 1, "is no feed of shows"),
        ("cut", 1, "breaks off"),
        ("empty", 3, "Held: It lists no show at all. Staging is as it was"),
    ],
)
def test_what_is_no_whole_feed_touches_nothing(
    sandbox: Sandbox, fault: str, code: int, words: str
) -> None:
    before = staged()
    ended, said = failing(address(sandbox, fault))
    assert (ended, words in said) == (code, True), said
    assert staged() == before
    assert Load.objects.order_by("-pk").values_list("state", flat=True)[0] != "loaded"


def test_an_edition_is_loaded_by_its_difference(sandbox: Sandbox) -> None:
    first = loaded(sandbox)
    assert first["inserted"] == first["staged"] > 50
    again = loaded(sandbox)
    assert (again["inserted"], again["updated"], again["removed"]) == (0, 0, 0)
    found = told(address(sandbox, edition=2), "--time-zone", "Asia/Kolkata")
    assert min(found["inserted"], found["updated"], found["removed"]) > 0


def test_a_missing_cinema_takes_its_rows_along(sandbox: Sandbox) -> None:
    whole = loaded(sandbox)
    assert loaded(sandbox, "missing-cinema")["removed"] > whole["staged"] / 5


def test_shifted_times_are_other_shows(sandbox: Sandbox) -> None:
    """Loading cannot know better; reconciling pairs them."""
    whole = loaded(sandbox)
    found = loaded(sandbox, "shifted")
    assert found["staged"] == whole["staged"]
    assert found["inserted"] > 0.5 * whole["staged"]


def test_duplicates_are_merged_and_the_active_ones_win(sandbox: Sandbox) -> None:
    loaded(sandbox)
    before = staged()
    found = loaded(sandbox, "duplicates")
    assert found["merged"] > len(before) / 4
    assert [row[:4] for row in staged()] == [row[:4] for row in before]
    assert [row[-1] for row in staged()].count("N") == [row[-1] for row in before].count("N")


def test_a_time_in_the_gap_waits_and_one_in_the_fold_is_told(sandbox: Sandbox) -> None:
    found = loaded(sandbox, "dst-night", "Europe/Berlin")
    assert (found["quarantined"], found["folds"]) == (1, 1)
    row = QuarantinedRow.objects.get()
    assert "which the clocks of Europe/Berlin leave out that night" in row.reason


def test_bad_rows_wait_in_quarantine_and_the_others_go_on(sandbox: Sandbox) -> None:
    whole = loaded(sandbox)
    found = loaded(sandbox, "bad-rows")
    assert (found["quarantined"], found["staged"]) == (5, whole["staged"])
    assert QuarantinedRow.objects.count() == 5


def test_it_can_be_told_to_misbehave_while_it_runs(sandbox: Sandbox) -> None:
    sandbox.set_shows(edition=2, faults="html")
    try:
        assert failing(sandbox.shows_url)[0] == 1
    finally:
        sandbox.set_shows(edition=1, faults="")
