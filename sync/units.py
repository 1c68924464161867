"""The units of this app: what the engine can run by name."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from popflix.engine.context import RunContext
from popflix.engine.leases import on_run_lost
from popflix.engine.models import Run
from popflix.engine.registry import unit
from popflix.engine.work import release_rows
from popflix.lib.clock import SYSTEM_CLOCK
from sync.links.campaign import UNIT
from sync.links.enrich import enrich
from sync.links.models import Enrichment
from sync.links.wish import clean_params


@unit(name=UNIT, slots=4, title="Posters and trailers", clean_params=clean_params)
def sync_media_links(ctx: RunContext) -> Mapping[str, object]:
    """Ask TMDB about each title that is due; several runs share rows and rate."""
    return enrich(ctx)


@on_run_lost
def return_media_links(run: Run, token_prefix: str) -> None:
    """A run died: what it had claimed is due at once, the attempts not counted."""
    release_rows(
        Enrichment,
        token_prefix=token_prefix,
        now=SYSTEM_CLOCK.now(),
        since=run.heartbeat_at,
        lease_seconds=settings.POPFLIX_LEASE_SECONDS,
    )
