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

It also has a feed of a cinema programme, /shows.json?edition=N&faults=… (`shows_feed`), whose
times are a wall clock.

What it answers: /3/movie/{id or tconst} and /3/tv/{id} with append_to_response, /3/find/{tconst},
/3/configuration, /3/authentication; with TMDB's own 400, 401, 404 and 405. Its own pages lie
under /__sandbox__/: report, expected, title.basics.tsv and (POST) reset. Titles, answers and
faults follow from the seed alone. Standard library only; it imports nothing else of popflix, and
binds to 127.0.0.1.
"""

from popflix.sandbox.client import Sandbox, SandboxError, running

__all__ = ["Sandbox", "SandboxError", "running"]
