"""Start the sandbox, say where it is, serve until a signal comes, sum up."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import signal
import sys
from collections.abc import Callable, Sequence

from popflix.sandbox.answers import Source
from popflix.sandbox.api import CatalogueApi
from popflix.sandbox.catalogue import Catalogue
from popflix.sandbox.desk import Desk
from popflix.sandbox.faults import FaultPlan
from popflix.sandbox.keys import Keys
from popflix.sandbox.movies_api import MovieApi
from popflix.sandbox.movies_api import Setting as MovieSetting
from popflix.sandbox.options import Options, add_options
from popflix.sandbox.provider import Provider
from popflix.sandbox.provider_truth import Truth
from popflix.sandbox.recordings import Recordings
from popflix.sandbox.replies import Manners
from popflix.sandbox.server import HOST, Server
from popflix.sandbox.shows import Programme
from popflix.sandbox.shows_feed import Setting, ShowFeed

Say = Callable[[str], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run `python -m popflix.sandbox`; usage errors end the process with code 2."""
    parser = argparse.ArgumentParser(
        prog="python -m popflix.sandbox", description="A stand-in TMDB on this machine alone."
    )
    add_options(parser)
    return serve(
        Options.of(vars(parser.parse_args(argv))), announce=announce_json, say=say_on_stderr
    )


def serve(options: Options, *, announce: Callable[[int, str], None], say: Say) -> int:
    """Serve until SIGINT or SIGTERM and return the exit code.

    `announce` gets the port and what is served as soon as requests are answered; `say` gets the
    lines meant for people.
    """
    source = _source(options, say)
    movies = MovieApi(_movie_setting(options))
    desk = Desk(
        source,
        keys=Keys(options.api_key, options.read_token),
        faults=FaultPlan(options.faults, options.seed, options.fault_limit),
        manners=_manners(options),
        shows=ShowFeed(
            Programme(options.seed, options.cinemas, options.shows),
            Setting(options.edition, options.show_faults),
        ),
        movies=movies,
        provider=Provider(
            Truth(movies.films, options.seed),
            options.seed,
            options.provider,
            options.provider_latency_ms / 1000,
        ),
        log=say if options.verbose else None,
    )
    gc.freeze()  # a collection over the modules loaded so far would delay a request
    served = asyncio.run(
        _serve(desk, options, lambda port: announce(port, _described(source, options)))
    )
    if isinstance(served, OSError):
        reason = served.strerror or type(served).__name__
        say(f"Error: port {options.port} of {HOST} cannot be used ({reason}).")
        say("Fix: choose another with --port, or --port 0 for any free one.")
        return 1
    say(f"Stopped: {desk.counts.summary()}")
    return 0


async def _serve(desk: Desk, options: Options, announce: Callable[[int], None]) -> OSError | None:
    """Serve until a signal; return what kept the server from listening, if anything did."""
    server = Server(desk, options.port)
    try:
        port = await server.start()
    except OSError as error:
        return error
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if options.until_stdin_closes:
        loop.add_reader(sys.stdin, stop.set)
    announce(port)
    await stop.wait()
    await server.stop()
    return None


def _source(options: Options, say: Say) -> Source:
    if options.data is None:
        catalogue = Catalogue(options.titles, options.seed, no_direct=options.no_direct)
        return CatalogueApi(catalogue)
    recordings = Recordings(options.data)
    if recordings.skipped:
        say(f"Not served, their names tell no request: {', '.join(recordings.skipped)}")
    return recordings


def _movie_setting(options: Options) -> MovieSetting:
    return MovieSetting(
        seed=options.seed,
        movies=options.movies,
        discover_cap=options.discover_cap,
        drift=options.drift,
        export_hour=options.export_hour,
        broken=options.broken_movies,
    )


def _described(source: Source, options: Options) -> str:
    told = source.described()
    return f"{told} and {options.movies} films to crawl" if options.movies else told


def _manners(options: Options) -> Manners:
    return Manners(
        latency=options.latency_ms / 1000,
        slow=options.slow_ms / 1000,
        retry_after="" if options.retry_after is None else str(options.retry_after),
        hard_limit=options.hard_limit,
    )


def announce_json(port: int, described: str) -> None:
    """The first and only line of stdout, for programs that started the sandbox."""
    sys.stdout.write(f"{address_json(port)}\n")
    sys.stdout.flush()


def address_json(port: int) -> str:
    return json.dumps({"url": f"http://{HOST}:{port}/3", "port": port})


def say_on_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")
