"""The models of all rooms, for Django's app loading."""

from sync.links.models import Coverage, Enrichment, MediaLinks, Title, TitleRating
from sync.movies.crawl_models import Certificate, Crawl, CrawlGap, CrawlWindow
from sync.movies.models import ImdbConflict, Movie, MovieFetch, MovieRating, StoredPayload

__all__ = [
    "Certificate",
    "Coverage",
    "Crawl",
    "CrawlGap",
    "CrawlWindow",
    "Enrichment",
    "ImdbConflict",
    "MediaLinks",
    "Movie",
    "MovieFetch",
    "MovieRating",
    "StoredPayload",
    "Title",
    "TitleRating",
]
