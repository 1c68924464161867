"""A poster as pages may load it: in two sizes, from the one host that they are allowed."""

from __future__ import annotations

from django.conf import settings

from sync.links import pictures


class Pictured:
    """What has a poster; `picture` is its whole address, empty or None where there is none."""

    @property
    def picture(self) -> str | None:
        raise NotImplementedError

    @property
    def thumbnail(self) -> str:
        return self._sized(pictures.SMALL)

    @property
    def poster(self) -> str:
        return self._sized(pictures.LARGE)

    def _sized(self, size: str) -> str:
        return pictures.sized(self.picture, size, settings.TMDB_IMAGES_SHOWN_FROM)
