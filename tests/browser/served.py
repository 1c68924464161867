"""A site of its own as `manage.py serve` opens it, with every kind of failure on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from popflix.console.demo import EDITIONS, feeds
from popflix.sandbox import Sandbox, running
from tests.browser.answered import fill_answers
from tests.popflix.console.serving import Serving, serving, wait_for
from tests.site import SHARED, Site, copy_sqlite, shared

NAME, PASSWORD = "ada", "engine-no-1"
TITLES = 60
MOVIES, CRAWLED = 40, 24  # in the catalogue, and asked for: the certificate names the rest
SLOW_RATE = "15"  # requests a second: a run over all titles can be watched for some seconds
_BROKEN_ROWS = (
    "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\t"
    "runtimeMinutes\tgenres\n"
    "tt7700001\tmovie\tThe Broken Row\tThe Broken Row\t0\tnineteen\t\\N\t90\tDrama\n"
    "tt7700002\tmovie\tToo Few Fields\n"
)


@dataclass(frozen=True)
class Served:
    """`url` has no slash at its end."""

    url: str
    site: Site
    process: Serving
    sandbox: Sandbox

    def make_pending(self, titles: int = TITLES) -> None:
        """So many titles are due again, as if they had never been asked about."""
        # A table within: MariaDB takes no LIMIT in the list itself.
        first = f"SELECT tconst FROM TitleBasics ORDER BY tconst LIMIT {titles}"
        these = f"IN (SELECT tconst FROM ({first}) AS these)"
        self.site.sql(f"UPDATE MediaLinks SET processed_status = 'PENDING' WHERE imdb_id {these}")
        self.site.sql(
            "UPDATE sync_enrichment SET due_at = '2020-01-01 00:00:00', lane = 0, attempts = 0, "
            "given_up_at = NULL, failure_kind = '', last_error = '', error_group = '' "
            f"WHERE imdb_id {these}"
        )

    def make_letters(self, titles: int) -> None:
        """TMDB refuses what it is asked about so many titles: they are given up, all alike."""
        self.make_pending(titles)
        with refusing_server() as url:
            command = ("sync_tmdb", "--limit", str(titles))
            self.site.manage(*command, expect=None, TMDB_BASE_URL=url, POPFLIX_MAX_ATTEMPTS="1")

    def settle(self) -> None:
        """What was begun before has ended, and every title has its answer."""
        active = (
            "SELECT count(*) FROM engine_run WHERE active_key IS NOT NULL "
            "AND unit IN ('sync-media-links', 'retry-media-links')"
        )
        pending = "SELECT count(*) FROM MediaLinks WHERE processed_status = 'PENDING'"
        wait_for(lambda: self.site.sql(active) == [(0,)])
        if self.site.sql(pending) != [(0,)]:
            self.site.manage("sync_tmdb", expect=None)


class _Refusal(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"status_message": "Invalid parameters", "success": false}'
        self.send_response(422)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the tests' own output."""


@contextmanager
def refusing_server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusal)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/3"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def served_site(folder: Path, database_url: str = "") -> Iterator[Served]:
    """60 invented titles, asked about; ambiguous and unknown ones among them; a failed run,
    quarantined rows; movies, of which a certificate names some as missing; a cinema programme,
    some of it held; a web server and a worker."""
    site = Site(folder, database_url, ALLOWED_HOSTS="127.0.0.1", PYTHONHASHSEED="0")
    with running(titles=TITLES, seed=1, movies=MOVIES, latency_ms=60) as sandbox:
        site.env |= {
            "TMDB_BASE_URL": sandbox.url,
            "TMDB_EXPORT_URL": f"{sandbox.url.removesuffix('/3')}/p/exports",
            "TMDB_API_KEY": "the-sandbox-takes-any-key",
            "TMDB_RATE_PER_SECOND": "200",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            "POPFLIX_PROVIDERS": "[]",  # nobody is asked: the answers are filled in
        }
        _fill_once(site, sandbox)
        site.env["TMDB_RATE_PER_SECOND"] = SLOW_RATE
        with serving(site) as process:
            address = process.read_until("The admin is open at").split()[-1]
            parts = urlsplit(address)
            yield Served(f"{parts.scheme}://{parts.netloc}", site, process, sandbox)


def _fill_once(site: Site, sandbox: Sandbox) -> None:
    """By one process of `make test` alone: the others copy what it made."""
    if not SHARED or site.env.get("DATABASE_URL"):
        _fill(site, sandbox)
        return

    def make() -> str:
        _fill(site, sandbox)
        filled = Path(SHARED, "served.sqlite3")
        copy_sqlite(site.database_file, filled)
        return str(filled)

    template = shared("served site", make)
    if not site.database_file.exists():
        copy_sqlite(template, site.database_file)


def _fill(site: Site, sandbox: Sandbox) -> None:
    site.migrate()
    site.manage("createsuperuser", "--noinput", "--username", NAME, "--email", "")
    site.manage("import_imdb", str(sandbox.imdb_tsv(site.folder / "title.basics.tsv")))
    broken = site.folder / "broken.tsv"
    broken.write_text(_BROKEN_ROWS)
    site.manage("import_imdb", str(broken), expect=None)
    site.manage("sync_tmdb", expect=None)
    site.manage("crawl_movies", "--limit", str(CRAWLED), expect=None)
    site.manage("coverage", expect=None)
    fill_answers(site)
    site.manage("run_unit", "import-imdb", "--param", "file=/nowhere/title.basics.tsv", expect=1)
    for edition in EDITIONS:
        feed = feeds(sandbox.url, edition)
        site.manage("load_shows", expect=None, POPFLIX_FEEDS=feed)
        site.manage("reconcile_shows", expect=None, POPFLIX_FEEDS=feed)
