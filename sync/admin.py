"""The pages of this app, found by Django under this name."""

from __future__ import annotations

from sync.availability.screens.availability import AvailabilityAdmin
from sync.availability.screens.providers import ProviderAdmin
from sync.links.screens import trail
from sync.links.screens.links import MediaLinksAdmin
from sync.links.screens.titles import TitleAdmin
from sync.movies.screens import trail as trail_of_movies
from sync.movies.screens.certificates import CertificateAdmin
from sync.movies.screens.crawls import CrawlAdmin
from sync.movies.screens.movies import MovieAdmin

__all__ = [
    "AvailabilityAdmin", "CertificateAdmin", "CrawlAdmin", "MediaLinksAdmin", "MovieAdmin",
    "ProviderAdmin", "TitleAdmin", "trail", "trail_of_movies",
]  # fmt: skip
