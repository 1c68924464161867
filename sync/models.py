"""The models of all rooms, for Django's app loading."""

from sync.links.models import Enrichment, MediaLinks, Title, TitleRating

__all__ = ["Enrichment", "MediaLinks", "Title", "TitleRating"]
