"""TMDB's watch providers, by JustWatch: one answer for all regions, read whole. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType, field

from popflix.lib.http.errors import UpstreamError
from sync.tmdb.payloads import Offer, Region, WatchProviders, parse

OFFER_KINDS = ("flatrate", "rent", "buy", "ads", "free")
Offers = Mapping[str, Any]
"""Of one region: `link` (to TMDB, never to the provider), and of each kind its services."""


class _Record(Struct, frozen=True):
    """A whole record, of which only this is looked at."""

    appended: Raw | UnsetType = field(default=UNSET, name="watch/providers")


def read_watch(body: bytes) -> dict[str, Offers]:
    """By region, in TMDB's order, all that it names. Raises as `payloads.parse` does."""
    return {code: _offers(region) for code, region in parse(WatchProviders, body).results.items()}


def appended_watch(record: bytes) -> bytes | None:
    """The answer that was appended to a whole record, as it was sent.

    None where nothing was appended or it cannot be read: then nothing is known.
    """
    try:
        found = parse(_Record, record).appended
        if isinstance(found, UnsetType):
            return None
        answer = bytes(found)
        read_watch(answer)
    except UpstreamError:
        return None
    return answer


def has_offers(offers: Offers) -> bool:
    """Whether it can be watched at all: a link alone leads to a page that says it cannot."""
    return any(offers[kind] for kind in OFFER_KINDS)


def _offers(region: Region) -> Offers:
    kinds: dict[str, Sequence[Offer]] = {
        "flatrate": region.flatrate,
        "rent": region.rent,
        "buy": region.buy,
        "ads": region.ads,
        "free": region.free,
    }
    services = {
        kind: [{"id": one.provider_id, "name": one.provider_name} for one in offers]
        for kind, offers in kinds.items()
    }
    return {"link": region.link or "", **services}
