"""Asking TMDB where a title can be watched: one request for all regions, or none at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from popflix.lib.clock import Clock
from popflix.lib.http import BadPayload, NotFound, Rejected
from sync.availability.types import Checked, Found, Judged, ProviderConfig, Stored, Target
from sync.availability.verdict import NO_SUCH_TITLE, judge_error, unknown
from sync.tmdb.catalogue import CatalogueClient
from sync.tmdb.watch import Offers, appended_watch, has_offers, read_watch

OFFERS, NO_OFFERS = "offers", "no offers"


class TmdbChecker:
    """Thread-safe. Refused, for a key that TMDB does not take, goes through to the caller."""

    def __init__(self, config: ProviderConfig, client: CatalogueClient, clock: Clock) -> None:
        self._config, self._client, self._clock = config, client, clock

    def begin(self, between: Callable[[], object] = lambda: None) -> None:
        """Nothing has to be read ahead."""

    def check(
        self, target: Target, lane: int, *, stored: Stored | None = None, mirror: str = ""
    ) -> Checked:
        held = appended_watch(stored.body) if stored is not None else None
        if stored is not None and held is not None:
            return self._read(target, held, stored.fetched_at, 0.0, was_sent=False)
        began = self._clock.monotonic()
        error: BadPayload | NotFound | Rejected
        try:
            body = self._client.watch_providers(target.media_type, target.tmdb_id, lane)
            seconds = self._clock.monotonic() - began
            return self._read(target, body, self._clock.now(), seconds, was_sent=True)
        except (BadPayload, NotFound, Rejected) as raised:
            error = raised
        return self._not_known(target, error, self._clock.monotonic() - began)

    @property
    def request_count(self) -> int:
        return self._client.request_count

    def close(self) -> None:
        self._client.close()

    def _read(
        self, target: Target, body: bytes, at: dt.datetime, seconds: float, *, was_sent: bool
    ) -> Checked:
        by_region = read_watch(body)
        return Checked(
            target,
            overall=_overall(by_region, was_sent),
            at=at,
            regions={code: _of(by_region.get(code), code) for code in self._config.regions},
            seconds=seconds,
            was_sent=was_sent,
            document=body,
        )

    def _not_known(
        self, target: Target, error: BadPayload | NotFound | Rejected, seconds: float
    ) -> Checked:
        is_gone = isinstance(error, NotFound)
        judged = (
            unknown(NO_SUCH_TITLE, str(error), error.status) if is_gone else judge_error(error)
        )
        return Checked(
            target,
            overall=judged,
            at=self._clock.now(),
            regions=dict.fromkeys(self._config.regions, judged),
            seconds=seconds,
            is_gone=is_gone,
        )


def _overall(by_region: Mapping[str, Offers], was_sent: bool) -> Judged:
    code = 200 if was_sent else None
    where = [region for region, offers in by_region.items() if has_offers(offers)]
    if not where:
        return Judged(Found.UNAVAILABLE, NO_OFFERS, "no region has an offer", code=code)
    words = f"offers in {len(where)} region{'s' if len(where) > 1 else ''}"
    return Judged(Found.AVAILABLE, OFFERS, words, code=code)


def _of(offers: Offers | None, region: str) -> Judged:
    if offers is None or not has_offers(offers):
        return Judged(Found.UNAVAILABLE, NO_OFFERS, f"no offer in {region}", offers=offers)
    return Judged(Found.AVAILABLE, OFFERS, f"offers in {region}", offers=offers)
