"""The models of all rooms, for Django's app loading."""

from sync.availability.models import Availability, AvailabilityFlip, Provider, ProviderHour
from sync.links.models import Coverage, Enrichment, MediaLinks, Title, TitleRating
from sync.movies.crawl_models import Certificate, Crawl, CrawlGap, CrawlWindow
from sync.movies.models import ImdbConflict, Movie, MovieFetch, MovieRating, StoredPayload

__all__ = [
    "Availability",
    "AvailabilityFlip",
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
    "Provider",
    "ProviderHour",
    "StoredPayload",
    "Title",
    "TitleRating",
]
