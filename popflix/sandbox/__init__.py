"""A stand-in TMDB on loopback: true shapes, invented titles, faults on demand.

From a shell, and in a test::

    python manage.py sandbox --titles 300 --faults 429=0.05,500=0.02 --latency-ms 50

    with running(titles=60, faults="429=0.1", retry_after=1) as sandbox:
        client = connect(sandbox.url)          # http://127.0.0.1:PORT/3
        sandbox.imdb_tsv(folder / "title.basics.tsv")
        ...
        assert sandbox.report()["worst_second"] <= 40
        assert outcome == sandbox.expected()   # the right final state of each title

        call_command("load_shows", sandbox.shows_url, "--time-zone", "Asia/Kolkata")

    with running(movies=1500, drift=0.1, discover_cap=20) as sandbox:
        ...                                    # crawl sandbox.url and sandbox.exports_url
        assert held == sandbox.expected_movies()
        assert max(sandbox.report()["by_title"].values()) <= 2  # "movie/30000001": 1, …

    with running(provider="soft_404=0.5") as sandbox:
        settings.POPFLIX_PROVIDERS = [sandbox.provider.entry(mirrors=3)]
        sandbox.provider.set("honest", edition=2)   # a tenth of what it has comes or goes
        assert held == sandbox.provider.truth(ids)

It also has a feed of a cinema programme, /shows.json?edition=N&faults=… (`shows_feed`), whose
times are a wall clock.

What it answers: /3/movie/{id or tconst} and /3/tv/{id}, with append_to_response or followed by
/watch/providers, /3/find/{tconst}, /3/configuration, /3/authentication; with TMDB's own 400, 401,
404 and 405; with --movies also /3/discover/movie and tv, /3/movie/changes and tv, and the files of
ids below /p/exports/. A provider of films lies at /embed/ and /list/ (`provider`). Its own pages
lie under /__sandbox__/: report, expected, movies, provider, title.basics.tsv and (POST) reset.

Titles, films, answers and faults follow from the seed alone. Standard library only; it imports
nothing else of popflix, and binds to 127.0.0.1.
"""

from popflix.sandbox.client import Sandbox, SandboxError, running

__all__ = ["Sandbox", "SandboxError", "running"]
