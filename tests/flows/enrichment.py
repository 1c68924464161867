"""A site with a sandbox's titles loaded, and what its tables hold afterwards.

The tables are read over a connection of the test's own, never through the code under test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from popflix.sandbox import Sandbox, running
from popflix.sandbox.catalogue import Catalogue, Known
from tests.site import Site

# One request in ten goes wrong; each path recovers after at most three faults in a row.
TEN_PERCENT = "429=0.003,500=0.037,502=0.02,503=0.01,truncated=0.01,notjson=0.01,reset=0.01"
KEY = "invented-flow-key"
NAMES = ("status", "kind", "tmdb_id", "poster_url", "trailer_embed_url")
_STATE = (
    "SELECT m.imdb_id, m.processed_status, e.failure_kind, m.tmdb_id, m.poster_url, "
    "m.trailer_embed_url FROM {q}MediaLinks{q} m JOIN sync_enrichment e ON e.imdb_id = m.imdb_id"
)
State = dict[str, dict[str, Any]]


@contextmanager
def sandboxed(
    site: Site, titles: int = 300, rate: float = 38, **options: Any
) -> Iterator[Sandbox]:
    """A running sandbox, its titles imported, the site's settings leading to it."""
    with running(titles=titles, **options) as sandbox:
        site.env |= {
            "TMDB_BASE_URL": sandbox.url,
            "TMDB_API_KEY": KEY,
            "TMDB_RATE_PER_SECOND": str(rate),
        }
        site.manage("import_imdb", str(sandbox.imdb_tsv(site.folder / "title.basics.tsv")))
        yield sandbox


def state(site: Site) -> State:
    """What each title ended as, in the sandbox's words."""
    rows = query(site, _STATE)
    return {row[0]: dict(zip(NAMES, row[1:], strict=True)) for row in rows}


def expected(sandbox: Sandbox) -> State:
    return {
        tconst: {name: told[name] for name in NAMES} for tconst, told in sandbox.expected().items()
    }


def query(site: Site, sql: str) -> list[tuple[Any, ...]]:
    """`{q}` in the statement is the database's quotation mark for names."""
    return site.sql(sql.format(q="`" if site.env.get("DATABASE_URL") else '"'))


def requests_needed(titles: int) -> Counter[str]:
    """True answers that each title takes when nothing is asked twice."""
    catalogue = Catalogue(titles, seed=1)
    return Counter({title.tconst: _needed(title) for title in catalogue})


def _needed(title: Any) -> int:
    if title.known is Known.AMBIGUOUS:  # 404, /find, and the films of the two that fit
        return 4 if title.rivals_are_twins else 3
    return {Known.DIRECT: 1, Known.SERIES: 2, Known.UNKNOWN: 2, Known.FIND: 3}[title.known]


def asked_in_vain(sandbox: Sandbox, titles: int) -> int:
    """True answers beyond the needed ones (a 404 that was cut in half is no true answer)."""
    answered = Counter(sandbox.report()["answered_by_title"])
    return (answered - requests_needed(titles)).total()
