"""The right final state of each title, told without running popflix."""

from __future__ import annotations

from popflix.sandbox.catalogue import Known, Title
from popflix.sandbox.entries import Entry, entries
from popflix.sandbox.videos import EMBED_URLS, best_video

POSTER_BASE_URL = "https://image.tmdb.org/t/p/w500"


def expected_outcome(title: Title) -> dict[str, object]:
    """`status` SUCCESS or FAILED with `kind` "", not_found or ambiguous; ids and URLs, or None.

    `poster_path`, `trailer_site` and `trailer_key` are what the URLs were made of.
    """
    known = entries(title)
    if title.known in (Known.UNKNOWN, Known.AMBIGUOUS):
        failed = {"status": "FAILED", "kind": "ambiguous" if known else "not_found"}
        return failed | _found(None) | {"candidates": [[e.media_type, e.tmdb_id] for e in known]}
    return {"status": "SUCCESS", "kind": ""} | _found(known[0]) | {"candidates": []}


def _found(entry: Entry | None) -> dict[str, object]:
    path = entry and entry.poster_path
    video = entry and best_video(entry)
    return {
        "media_type": entry and entry.media_type,
        "tmdb_id": entry and entry.tmdb_id,
        "poster_path": path,
        "poster_url": path and POSTER_BASE_URL + path,
        "trailer_site": video and video["site"],
        "trailer_key": video and video["key"],
        "trailer_embed_url": video and EMBED_URLS[video["site"]].format(key=video["key"]),
    }
