"""Dead letters: what failed for good and waits for a person to retry or discard it.

    sources    runs that failed; given-up work rows, one source per domain that registers them
    desk       what an operator does: list, retry, discard, export
    retrying   the body of the unit `retry-dead-letters`: one, staggered or sampled

An app registers its rows in `units.py`:

    deadletters.register(WorkRowSource("titles", "Titles", Enrichment, unit="sync-media-links"))
"""

from popflix.engine.deadletters.sources import Source, forget, page_of, register

__all__ = ["Source", "forget", "page_of", "register"]
