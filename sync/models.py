"""The models of all rooms, for Django's app loading."""

from sync.links.models import Coverage, Enrichment, MediaLinks, Title, TitleRating

__all__ = ["Coverage", "Enrichment", "MediaLinks", "Title", "TitleRating"]
