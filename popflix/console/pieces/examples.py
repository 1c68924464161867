"""What the page of pieces shows: invented, and at every edge."""

from __future__ import annotations

import datetime as dt
from typing import Any

from popflix.console.pieces import vocabulary
from popflix.console.pieces.render import Entry

LONG_ID = "tt99000055/enrichment/2026-03-01T12:00:05.123456Z/attempt-5/of-5"
LONG_ERROR = (
    "TMDB answered 502 to GET /movie/tt99000055?append_to_response=videos after 3 tries within "
    "one claim, the last one 14.8 seconds after the first; the address that answered was that of "
    "a proxy.\nTraceback (most recent call last):\n  File \"enrich.py\", line 88, in fetch\n"
    "    answer = client.movie(tconst)\nUnavailable: 502 Bad Gateway <html>…</html>"
)  # fmt: skip
ARABIC = "قصة مدينة لا تنام (الجزء الثاني)"
JAPANESE = "千と千尋の神隠し 特別版：湯屋の夜と朝のあいだに"
_FIELDS = [
    ("Title", "The Postman Doesn't Wait", "The Postman Does Not Wait"),
    ("Poster", None, "https://image.tmdb.org/t/p/w500/sandboxt09000056poster.jpg"),
    ("Trailer", "https://www.youtube.com/embed/aaaaaaaaaaa", None),
    ("Original title", ARABIC, "قصة مدينة لا تنام (الجزء الثالث)"),
    ("Also known as", JAPANESE, f"{JAPANESE} 2"),
]
_RATE = [38, 37.6, 37.9, 38, 37.2, 19, 22, 25.5, 29, 32, 34.8, 36, 37.4, 37.6]
_DAYS = [
    (1900, 0), (2300, 0), (2050, 12), (2750, 160), (2600, 0), (3000, 4), (1400, 820), (3250, 0),
    (3600, 0), (3400, 0), (3800, 0), (3950, 140), (3500, 0), (4310, 1),
]  # fmt: skip


def examples(now: dt.datetime) -> dict[str, Any]:
    """The context of the page; every instant is told from `now`."""
    return {
        "now": now,
        "groups": [(name, list(states)) for name, states in vocabulary.groups().items()],
        "moments": [now + dt.timedelta(seconds=seconds) for seconds in _DISTANCES],
        "changes": _FIELDS,
        "entries": _entries(now),
        "rate": [(f"{minute} min", value) for minute, value in zip(range(14), _RATE, strict=True)],
        "days": [(f"{day} Mar", good, bad) for day, (good, bad) in enumerate(_DAYS, start=1)],
        "coverage": [(f"{day} Mar", 88 + day * 0.386) for day in range(1, 15)],
        "one_point": [("1 Mar", 93.4)],
        "no_points": [],
        "quiet_days": [("1 Mar", 0, 0), ("2 Mar", 0, 0), ("3 Mar", 0, 0)],
        "long_id": LONG_ID,
        "long_error": LONG_ERROR,
        "arabic": ARABIC,
        "japanese": JAPANESE,
    }


_DISTANCES = (0, -40, -200, -7_500, -90_000, -400_000, -9_000_000, 35, 1_100, 30_000, 9_000_000)


def _entries(now: dt.datetime) -> list[Entry]:
    def entry(seconds: int, kind: str, text: str, detail: str = "", href: str = "") -> Entry:
        at = now - dt.timedelta(seconds=seconds)
        return Entry(at, vocabulary.state("event", kind), text, detail, href)

    return [
        entry(2, "complete", "31,870 settled, 27 failed", "ok=31843 failed=27"),
        entry(64, "milestone", f"{ARABIC} · {JAPANESE}", "title=tt99000055"),
        entry(120, "waiting", "TMDB answered 429; everyone waits 2 s", "rate=38 now=19"),
        entry(1_800, "error", LONG_ERROR.splitlines()[0], LONG_ID),
        entry(7_200, "pause", "by anna: TMDB is being mended", href="#timeline"),
        entry(90_000, "start", "by schedule, every 15 minutes"),
    ]
