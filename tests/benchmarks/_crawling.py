"""A crawl at TMDB's own rate: how much of the rate it uses, what it asks, when it ends."""

from __future__ import annotations

from typing import Any

from popflix.sandbox import Sandbox
from tests.benchmarks._report import say
from tests.site import Site
from tests.sync.movies.killed import crawlable_site

RATE, MOVIES, CAP = 38.0, 4_500, 60
SHARE, MOST_OFF = 0.985, 0.10
_TABLES = ("imdbconflict", "movierating", "moviefetch", "movie", "storedpayload", "crawlgap",
           "crawlwindow", "certificate", "crawl")  # fmt: skip


def crawls(site: Site) -> None:
    for source in ("export", "discover"):
        for table in _TABLES:
            site.sql(f"DELETE FROM sync_{table}")
        with crawlable_site(site, MOVIES, cap=CAP, latency_ms=30) as sandbox:
            site.env["TMDB_RATE_PER_SECOND"] = str(RATE)
            plan = site.json("crawl_movies", "--source", source, "--dry-run")
            sandbox.reset()
            told = site.json("crawl_movies", "--source", source, timeout=600)
            _tell(source, plan, told, sandbox)


def _tell(source: str, plan: dict[str, Any], told: dict[str, Any], sandbox: Sandbox) -> None:
    share = told["requests"] / told["seconds"] / RATE
    name = f"crawl by {source}, requests / allowed"
    say(f"{name:<44} {share:8.3f}    {_verdict(share >= SHARE)}")
    asked = sandbox.report()["by_title"]
    movies = [count for name, count in asked.items() if name.startswith("movie/")]
    pages = asked.get("discover/movie", 0)
    # What another id was merged into may be held before its own turn comes.
    is_once = sum(movies) == len(movies) == told["requests"] - pages <= told["listed"]
    counted = f"{len(movies):,} movies and {pages:,} pages in {told['requests']:,} requests"
    say(f"{'  one request per movie, and pages':<44} {counted}    {_verdict(is_once)}")
    off = told["seconds"] / plan["seconds"] - 1
    eta = f"{plan['seconds']:.1f} s, took {told['seconds']:.1f} s: {off:+.1%}"
    say(f"{'  the plan said':<44} {eta}    {_verdict(abs(off) <= MOST_OFF)}")


def _verdict(is_kept: bool) -> str:
    return "kept" if is_kept else "missed"
