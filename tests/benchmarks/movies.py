"""Movies: payloads transformed, and movies stored, per second; each with its share of the floor.

    python -m tests.benchmarks.movies [--movies 6000] [--rounds 3]

The bodies are invented, of the true shape with all that is appended, about 6 kB each. The floor of
transforming is `json.loads` of the same bodies, that of storing the transform and nothing else:
in it are the bodies' compression, payloads, movies, ratings, work rows and the look for conflicts.
Then a crawl by each source against a sandbox, at TMDB's rate.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from popflix.lib.batches import chunk
from tests.benchmarks._crawling import crawls
from tests.benchmarks._report import ratio_line, run_child, say, seconds_of
from tests.services.servers import Missing, start_mariadb
from tests.site import ROOT, Site, create_mysql_database

TRANSFORMED_A_SECOND, STORED_A_SECOND = 5_000, 3_000
BATCH = 1_000
_CHILD = "--child"


def bodies(count: int, note: str = "") -> list[bytes]:
    """`note` makes them differ from the same bodies without it."""
    from tests.sync.movies.invented import movie, person

    made = []
    for number in range(1, count + 1):
        cast = [person(9_000_000 + (number * 31 + n) % 70_000, character="") for n in range(30)]
        crew = [person(9_000_000 + (number * 17 + n) % 70_000, job="Editor") for n in range(20)]
        record = movie(
            number,
            title=f"The Glass Harbour {number}",
            tagline=note,
            popularity=number % 977 / 31 + len(note),
            release_date=f"{1920 + number % 100}-07-15",
            credits={"cast": cast, "crew": crew},
        )
        made.append(json.dumps(record).encode())
    return made


def transforming(made: Sequence[bytes]) -> tuple[float, float]:
    """Seconds of `json.loads` and of the transform, a record each time."""
    from sync.movies.transform import read_movie
    from tests.sync.movies.invented import IMAGES

    floor = seconds_of(lambda: [json.loads(body) for body in made])
    return floor, seconds_of(lambda: [read_movie(body, "movie", IMAGES) for body in made])


def store(made: Sequence[bytes], now: dt.datetime) -> None:
    """As an import does it: batches made in a thread ahead of the one that is written."""
    from popflix.lib.bulk import ahead
    from sync.movies.bodies import pack
    from sync.movies.store import Fetched, store_movies
    from sync.movies.transform import read_movie
    from tests.sync.movies.invented import IMAGES

    def fetched(body: bytes) -> Fetched:
        return Fetched(read_movie(body, "movie", IMAGES), pack(body), now, now)

    for batch in ahead(([*map(fetched, some)] for some in chunk(made, BATCH)), 1):
        store_movies(batch, now=now)


def write_folder(folder: Path, made: Sequence[bytes], now: dt.datetime) -> None:
    """As fetch_movies leaves it."""
    from sync.movies.body_folder import BodyFolder

    with BodyFolder(folder) as into:
        for number, body in enumerate(made, 1):
            into.write("movie", number, body, fetched_at=now)


def import_folder(folder: Path) -> None:
    """As import_movies does it, with a run and its fence."""
    from popflix.engine.runner import run_in_foreground
    from popflix.lib.command import StopRequest

    run_in_foreground("import-movies", {"path": str(folder)}, stop=StopRequest())


def child(count: int, rounds: int) -> None:
    """In a process of its own, with a database's settings: prints seconds by name."""
    import django

    django.setup()
    from django.conf import settings

    from sync.models import ImdbConflict, Movie, MovieFetch, MovieRating, StoredPayload

    best: dict[str, float] = {}
    made, changed = bodies(count), bodies(count, "changed")
    folder = Path(tempfile.mkdtemp(prefix="popflix-bodies-", dir=settings.POPFLIX_VAR))
    write_folder(folder, made, dt.datetime(2026, 11, 1, tzinfo=dt.UTC))

    def empty() -> None:
        for model in (ImdbConflict, MovieRating, MovieFetch, Movie, StoredPayload):
            model._default_manager.all().delete()

    for _ in range(rounds):
        empty()
        floor, transformed = transforming(made)
        told = {"json.loads": floor, "transform": transformed}
        days = (dt.datetime(2026, 11, day, tzinfo=dt.UTC) for day in range(1, 4))
        for name, what in (("new", made), ("unchanged", made), ("changed", changed)):
            told[f"store, {name}"] = seconds_of(partial(store, what, next(days)))
        empty()
        told["import, files"] = seconds_of(partial(import_folder, folder))
        best = {name: min(seconds, best.get(name, seconds)) for name, seconds in told.items()}
    sys.stdout.write(json.dumps(best))


@contextlib.contextmanager
def sites(folder: Path) -> Iterator[dict[str, Site]]:
    """One site per database this machine has."""
    with contextlib.ExitStack() as stack:
        made = {"sqlite": Site(folder / "sqlite")}
        try:
            server = start_mariadb()
        except Missing as missing:
            say(f"without MariaDB: {missing}")
        else:
            stack.callback(server.stop)
            made["mariadb"] = Site(folder / "mariadb", create_mysql_database(server.url))
        for site in made.values():
            site.folder.mkdir()
            site.manage("migrate", "-v0")
        yield made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--movies", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(_CHILD, action="store_true")
    options = parser.parse_args()
    if options.child:
        child(options.movies, options.rounds)
        return
    command = [sys.executable, "-m", "tests.benchmarks.movies", _CHILD]
    command += ["--movies", str(options.movies), "--rounds", str(options.rounds)]
    with tempfile.TemporaryDirectory(prefix="popflix-bench-") as name, sites(Path(name)) as made:
        for database, site in made.items():
            env = {
                **site.env,
                "PYTHONPATH": str(ROOT),
                "DJANGO_SETTINGS_MODULE": "popflix.settings",
            }
            say(f"== {database}: {options.movies:,} movies, best of {options.rounds}")
            report(options.movies, run_child(command, env).data)
            crawls(site)


def report(count: int, seconds: dict[str, float]) -> None:
    for name, floor, target in (
        ("transform", "json.loads", TRANSFORMED_A_SECOND),
        ("store, new", "transform", STORED_A_SECOND),
        ("store, unchanged", "transform", STORED_A_SECOND),
        ("store, changed", "transform", STORED_A_SECOND),
        ("import, files", "store, new", STORED_A_SECOND),
    ):
        rate = count / seconds[name]
        verdict = "kept" if rate >= target else "missed"
        told = f"{rate:8,.0f}/s  (target >= {target:,}: {verdict})"
        say(f"{ratio_line(name, seconds[name], seconds[floor])}  {told}")


if __name__ == "__main__":
    main()
