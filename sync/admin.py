"""The pages of this app, found by Django under this name."""

from __future__ import annotations

from sync.links.screens import trail
from sync.links.screens.links import MediaLinksAdmin
from sync.links.screens.titles import TitleAdmin
from sync.movies.screens.crawls import CertificateAdmin, CrawlAdmin
from sync.movies.screens.movies import MovieAdmin

__all__ = [
    "CertificateAdmin", "CrawlAdmin", "MediaLinksAdmin", "MovieAdmin", "TitleAdmin", "trail",
]  # fmt: skip
