"""The demo: the main job on invented titles, in a folder of its own, from one command.

    start the stand-in TMDB with mild faults, and its feed of a cinema programme
    reset → import_imdb samples/… → sync_tmdb → crawl_movies → check_availability   each a child
    load_shows → reconcile_shows, and both again with the feed as it is later
    demo --show
    print the totals, a few telling rows and the line that opens the admin

The operator's database is never touched: the children get an environment that holds none of the
operator's settings. Every run starts from an empty database, so it can be repeated at any time.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from popflix import sandbox
from popflix.console.tables import Table
from popflix.lib.children import manage_command, run_to_end
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import EXIT_NEEDS_PERSON, OperatorError
from popflix.sandbox.provider_client import url_entry

MOVIES = 60  # of the catalogue that is crawled
SAMPLE = Path("samples") / "title.basics.tsv"
FAULTS = {"429": 0.01, "500": 0.03, "truncated": 0.02, "reset": 0.02}
# The feed of shows: as it is first, and as it is later, with a cinema that it forgot.
EDITIONS = ("edition=1", "edition=2&faults=missing-cinema,bad-rows")
OPEN_IT = "make serve DEMO=1"
_OPERATORS_OWN = (
    "DATABASE_URL", "DB_", "TMDB_", "OMDB_", "POPFLIX_", "REDIS_URL", "SECRET_KEY", "DEBUG",
    "EMAIL_URL", "DEFAULT_FROM_EMAIL",
)  # fmt: skip


class DemoStepError(OperatorError):
    """A command of the demo failed; it said why on stderr."""

    def __init__(self, command: str, exit_code: int) -> None:
        super().__init__(
            f"The demo's step `{command}` ended with {exit_code}.",
            "Its own words stand in the lines above.",
        )


@dataclass(frozen=True)
class DemoSite:
    """Where the demo keeps its files, and the environment of its commands."""

    folder: Path
    base: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str, stop: StopRequest, **variables: str) -> dict[str, Any]:
        """Run one command to its end; returns the JSON object it prints, {} when stopped.

        What waits for a person is no failure. Raises DemoStepError.
        """
        ended = run_to_end(
            manage_command(self.base, *arguments, "--json"),
            env={**self.environment, **variables},
            stop=stop,
        )
        if stop:
            return {}
        if ended.exit_code not in (0, EXIT_NEEDS_PERSON):
            raise DemoStepError(arguments[0], ended.exit_code)
        return dict(json.loads(ended.out))

    def feeds(self, edition: str) -> str:
        """The setting POPFLIX_FEEDS with the feed as it is in this edition."""
        return feeds(self.environment["TMDB_BASE_URL"], edition)


@contextmanager
def demo_site(var: Path, base: Path) -> Iterator[DemoSite]:
    """A demo site whose TMDB is the sandbox, running as long as the block does.

    The sandbox draws the same titles as those of the shipped sample.
    """
    with ExitStack() as stack:
        try:
            stand_in = stack.enter_context(
                sandbox.running(
                    titles=60, seed=1, movies=MOVIES, latency_ms=20, retry_after=1, faults=FAULTS
                )
            )
        except sandbox.SandboxError as error:
            raise OperatorError(
                f"The stand-in for TMDB did not start ({error}).",
                "Run `manage.py sandbox` to see what keeps it from starting.",
            ) from None
        yield DemoSite(var / "demo", base, demo_environment(var / "demo", stand_in.url))


def demo_environment(folder: Path, tmdb_url: str) -> dict[str, str]:
    """Ours without the operator's settings: own files, no `.env`, the stand-in for TMDB."""
    kept = {name: value for name, value in os.environ.items() if not _is_operators(name)}
    return kept | {
        "POPFLIX_VAR": str(folder),
        "POPFLIX_DOTENV": os.devnull,
        "TMDB_BASE_URL": tmdb_url,
        "TMDB_EXPORT_URL": f"{tmdb_url.removesuffix('/3')}/p/exports",
        "TMDB_API_KEY": "the-sandbox-takes-any-key",
        "TMDB_IMAGES_SHOWN_FROM": f"{tmdb_url.removesuffix('/3')}/t/p/",
        "POPFLIX_FEEDS": feeds(tmdb_url, EDITIONS[-1]),
        "POPFLIX_PROVIDERS": providers(tmdb_url),
    }


def feeds(tmdb_url: str, edition: str) -> str:
    """The one feed of the demo; its times are the wall clock of its cinemas."""
    url = f"{tmdb_url.removesuffix('/3')}/shows.json?{edition}"
    feed = {"name": "city", "url": url, "time_zone": "Asia/Kolkata", "times": "local"}
    return json.dumps([feed])


def providers(tmdb_url: str) -> str:
    """What the stand-in's TMDB says, and the provider that it invents beside it."""
    root = tmdb_url.removesuffix("/3")
    invented = url_entry(root, "invented-screen", mirrors=2, rate_per_second=40)
    return json.dumps([{"name": "tmdb", "kind": "tmdb", "regions": ["US", "GB"]}, invented])


def _is_operators(name: str) -> bool:
    return name.startswith(_OPERATORS_OWN)


PROGRAMME = (("load_shows",), ("reconcile_shows",))


def steps(base: Path) -> list[tuple[str, ...]]:
    return [
        ("reset", "--yes"),
        ("import_imdb", str(base / SAMPLE)),
        ("sync_tmdb",),
        ("crawl_movies",),
        ("check_availability",),
        *PROGRAMME,
        *PROGRAMME,
        ("demo", "--show"),
    ]


def preview_demo(
    var: Path, base: Path, *, stop: StopRequest, say: Callable[[str], None]
) -> Report:
    """Say what `run_demo` would do."""
    say(f"Would work in {var / 'demo'}, with a stand-in for TMDB, and run:")
    for step in steps(base):
        say(f"  manage.py {' '.join(step)}")
    return Report({"folder": str(var / "demo"), "steps": [" ".join(step) for step in steps(base)]})


def run_demo(var: Path, base: Path, *, stop: StopRequest, say: Callable[[str], None]) -> Report:
    """Run the whole demo. Raises DemoStepError."""
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with demo_site(var, base) as site:
        say(f"The demo works in {site.folder} and touches nothing else.")
        for step in steps(base):
            before = told[step[0]]
            edition = site.feeds(EDITIONS[min(len(before), len(EDITIONS) - 1)])
            is_reset = str(step[0] == "reset")
            before.append(site.run(*step, stop=stop, DEBUG=is_reset, POPFLIX_FEEDS=edition))
            if stop:
                return _stopped(stop)
    return _told(told, say)


def _stopped(stop: StopRequest) -> Report:
    return Report(
        stopped_by=stop.signal_number or signal.SIGTERM,
        how_to_go_on="The demo was stopped; `make demo` starts it afresh.",
    )


def _told(told: Mapping[str, list[dict[str, Any]]], say: Callable[[str], None]) -> Report:
    """`told` has by command what each of its calls printed."""
    imported, totals, tables = (
        told["import_imdb"][0], told["sync_tmdb"][0], told["demo"][0]["tables"]
    )  # fmt: skip
    counts = [(name.replace("_", " "), str(value)) for name, value in totals.items()]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for table in (Table("Totals", ("", ""), counts), *(Table(**each) for each in tables)):
        for line in ("", *table.lines(width)):
            say(line)
    movies, answers = told["crawl_movies"][0], told["check_availability"][0]
    say(f"\nMovies: {movies['fetched']} fetched, {movies['percent']} % of those in the export.")
    found = ", ".join(
        f"{answers[name]} {name}" for name in ("available", "unavailable", "unknown")
    )
    say(f"Where to watch them: {answers['checked']} checks, {found}.")
    say(f"\nOpen the admin of this data with:  {OPEN_IT}")
    shows = {"loaded": told["load_shows"], "reconciled": told["reconcile_shows"]}
    return Report(
        {
            "imported": imported,
            "totals": totals,
            "movies": movies,
            "availability": answers,
            "shows": shows,
            "tables": tables,
            "open": OPEN_IT,
        }
    )


def serve_demo(arguments: list[str], var: Path, base: Path, *, stop: StopRequest) -> int:
    """Serve the data of the last demo until `stop`; returns the exit code."""
    if not (var / "demo" / "popflix.sqlite3").is_file():
        raise OperatorError("There is no demo data yet.", "Run `make demo` first.")
    with demo_site(var, base) as site:
        command = manage_command(base, "serve", *arguments)
        ended = run_to_end(command, env=site.environment, stop=stop, capture=False)
    return 128 + stop.signal_number if stop.signal_number else ended.exit_code
