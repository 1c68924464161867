"""kill -9 while changes are decided, applied and undone: whoever goes on reaches the same end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.reconcile.feed.made import row, write
from tests.site import Site

pytestmark = pytest.mark.either

ROWS = 8_000
OLD, NEW = "A", "U"
BY = ("--param", "why=a test", "--param", "by=ada")
DECIDE = ("run_unit", "decide-changes", "--param", "verdict=approve", *BY)
RATINGS = "SELECT rating, COUNT(*) FROM MasterShow GROUP BY rating ORDER BY rating"
FREE = "SELECT COUNT(*) FROM reconcile_source WHERE lease_token <> ''"


def feed(folder: Path, rating: str) -> str:
    shows = [
        row(n % 40, cinema_id=n // 400, screen_name=f"AUDI {n % 400}", movie_rating=rating)
        for n in range(ROWS)
    ]
    return str(write(folder / "feed.json", shows))


def changes(site: Site, state: str, number: int) -> int:
    found = site.sql(
        "SELECT COUNT(*) FROM reconcile_change "
        f"WHERE change_set_id = {number} AND state = '{state}'"
    )
    return int(found[0][0])


def states(site: Site) -> list[str]:
    found = site.sql("SELECT state FROM reconcile_changeset WHERE purpose <> 'zone' ORDER BY id")
    return [state for (state,) in found]


def killed(site: Site, moment: str, *command: str) -> None:
    """The command, until the statement counts something."""
    process = site.popen(*command)
    end = time.monotonic() + 60
    while process.poll() is None and site.sql(moment) == [(0,)]:
        assert time.monotonic() < end, "it never came so far"
        time.sleep(0.002)
    assert process.poll() is None, f"it was over too soon: {process.communicate()}"
    process.kill()
    process.communicate()


def count_of(number: int, state: str) -> str:
    return (
        "SELECT COUNT(*) FROM (SELECT id FROM reconcile_change "
        f"WHERE change_set_id = {number} AND state = '{state}' LIMIT 1) x"
    )


@pytest.mark.soak
def test_kills_while_it_decides_applies_and_undoes(site: Site, tmp_path: Path) -> None:
    site.manage("load_shows", feed(tmp_path, OLD))
    site.manage("reconcile_shows", "--now", "2026-01-01")
    site.manage("load_shows", feed(tmp_path, NEW))
    site.manage("reconcile_shows", "--now", "2026-01-01", "--review", expect=3)
    made = max(pk for (pk,) in site.sql("SELECT id FROM reconcile_changeset"))
    this = ("--param", f"change_set={made}")

    killed(site, count_of(made, "approved"), *DECIDE, *this)
    assert changes(site, "held", made) + changes(site, "approved", made) == ROWS
    assert states(site)[-1] == "open", "killed between two pages of decisions"

    killed(site, count_of(made, "applied"), *DECIDE, *this)
    assert changes(site, "held", made) == 0
    assert (states(site)[-1], changes(site, "applied", made) < ROWS) == ("applying", True)

    site.manage("run_unit", "apply-changes", *this)
    assert (site.sql(RATINGS), states(site)[-1]) == ([(NEW, ROWS)], "applied")
    assert site.sql(FREE) == [(0,)]

    undo = ("run_unit", "undo-changes", *this, *BY)
    killed(site, count_of(made + 1, "approved"), *undo)
    assert (site.sql(RATINGS), states(site)[-1]) == ([(NEW, ROWS)], "applying")
    killed(site, count_of(made + 1, "applied"), *undo)
    assert 0 < changes(site, "undone", made) < ROWS
    assert states(site)[-1] == "applying", "nothing half applied is shown as applied"

    site.manage(*undo)
    assert site.sql(RATINGS) == [(OLD, ROWS)]
    assert (states(site)[-1], len(states(site))) == ("applied", made + 1)
    assert changes(site, "undone", made) == changes(site, "applied", made + 1) == ROWS
    assert site.sql(FREE) == [(0,)]
    told = site.json("reconcile_shows", "--now", "2026-01-01")
    assert (told["rejected"], told["updated"]) == (ROWS, 0), "what was undone is not done again"
